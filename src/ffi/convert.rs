//! What C hands in becomes a checked Rust value. Nothing else here dereferences a pointer from C.

/// Largest struct_size that makes sense.
const LARGEST_STRUCT: usize = 4096;
/// struct_size and the 32-bit field beside it.
const SMALLEST_STRUCT: usize = 8;

/// Zeroes `struct_size` bytes at `place` and writes the size there.
///
/// # Safety
/// `place` is NULL or has room for `struct_size` bytes.
pub(crate) unsafe fn init<T>(place: *mut T, struct_size: u32) {
    let size = struct_size as usize;
    if place.is_null() || !(SMALLEST_STRUCT..=LARGEST_STRUCT).contains(&size) {
        return;
    }
    // SAFETY: the caller's promise; every public struct begins with its u32 struct_size.
    unsafe {
        place.cast::<u8>().write_bytes(0, size);
        place.cast::<u32>().write_unaligned(struct_size);
    }
}
