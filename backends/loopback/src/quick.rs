//! Hash maps with a short hash: the hub looks names up a few dozen times per call, and the names are the
//! host's own, so nobody gains by choosing them badly.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A map by text or number.
pub(crate) type Map<K, V> = HashMap<K, V, BuildHasherDefault<Quick>>;

/// Multiplies and rotates, eight bytes at a time.
#[derive(Default)]
pub(crate) struct Quick(u64);

impl Hasher for Quick {
    fn write(&mut self, bytes: &[u8]) {
        let words = bytes.chunks_exact(8);
        let rest = words.remainder().iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
        words.filter_map(|it| it.try_into().ok()).for_each(|it| self.write_u64(u64::from_le_bytes(it)));
        self.write_u64(rest);
    }

    fn write_usize(&mut self, length: usize) {
        self.write_u64(length as u64);
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    fn finish(&self) -> u64 {
        // The map takes both ends of the number; the low end of a product is poor.
        self.0.rotate_left(26)
    }
}
