//! Enums whose numbers are those of the C header.

/// Defines an enum with the numbers of the header, and both conversions.
macro_rules! numbered {
    (
        $(#[$about:meta])*
        pub enum $name:ident {
            $($(#[$each:meta])* $variant:ident = $number:literal,)*
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        pub enum $name {
            $($(#[$each])* $variant = $number,)*
        }

        impl $name {
            /// Every value, in the order of the header.
            pub const ALL: &[$name] = &[$($name::$variant),*];

            /// The header's number.
            pub const fn number(self) -> i32 {
                self as i32
            }

            /// The value of a number of the header; None for any other number.
            pub const fn from_number(number: i32) -> Option<$name> {
                match number {
                    $($number => Some($name::$variant),)*
                    _ => None,
                }
            }
        }
    };
}
pub(crate) use numbered;
