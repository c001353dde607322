//! A list that is only ever appended to: readable without a lock, so from any thread and in a forked child.

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// Values that live as long as the process. Meant for a few.
pub(crate) struct Chain<T: 'static> {
    newest: AtomicPtr<Link<T>>,
}

struct Link<T: 'static> {
    value: T,
    older: Option<&'static Link<T>>,
}

impl<T> Chain<T> {
    pub(crate) const fn new() -> Chain<T> {
        Chain { newest: AtomicPtr::new(ptr::null_mut()) }
    }

    /// The newest value for which `wanted` holds.
    pub(crate) fn find(&self, wanted: impl Fn(&T) -> bool) -> Option<&'static T> {
        let mut link = self.newest();
        while let Some(this) = link {
            if wanted(&this.value) {
                return Some(&this.value);
            }
            link = this.older;
        }
        None
    }

    /// Adds a value, for ever.
    pub(crate) fn add(&self, value: T) -> &'static T {
        let link = Box::into_raw(Box::new(Link { value, older: None }));
        loop {
            let older = self.newest();
            // SAFETY: ours alone until the exchange below succeeds.
            unsafe { (*link).older = older };
            let expected = older.map_or(ptr::null_mut(), |older| ptr::from_ref(older).cast_mut());
            if self.newest.compare_exchange(expected, link, Ordering::AcqRel, Ordering::Acquire).is_ok() {
                // SAFETY: never freed, and from here on never written.
                return unsafe { &(*link).value };
            }
        }
    }

    fn newest(&self) -> Option<&'static Link<T>> {
        // SAFETY: links are never freed, and never written once they are here.
        unsafe { self.newest.load(Ordering::Acquire).as_ref() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_match_is_found() {
        static CHAIN: Chain<(u32, u32)> = Chain::new();
        assert!(CHAIN.find(|_| true).is_none());
        CHAIN.add((1, 10));
        assert_eq!(*CHAIN.add((2, 20)), (2, 20));
        CHAIN.add((1, 11));
        assert_eq!(CHAIN.find(|pair| pair.0 == 1), Some(&(1, 11)));
        assert_eq!(CHAIN.find(|pair| pair.0 == 2), Some(&(2, 20)));
    }
}
