//! Choices out of bytes. Every byte string is a sequence of choices; when it is used up, each is the first.

/// Bytes, being used up.
#[derive(Clone, Debug)]
pub(crate) struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Bytes<'a> {
        Bytes(bytes)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// Below `limit`, which is at most 256.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::from(self.byte()) % limit.max(1)
    }

    pub(crate) fn flag(&mut self) -> bool {
        self.byte() & 1 != 0
    }

    /// True in `n` of 256 cases.
    pub(crate) fn chance(&mut self, n: u8) -> bool {
        // The high values, so that the end of the bytes means no.
        self.byte() >= 255 - (n - 1)
    }

    /// Mostly 0, else below `limit`.
    pub(crate) fn seldom(&mut self, limit: usize) -> usize {
        if self.chance(72) { self.below(limit) } else { 0 }
    }

    pub(crate) fn pick<'b, T>(&mut self, from: &'b [T]) -> &'b T {
        &from[self.below(from.len())]
    }

    pub(crate) fn u32(&mut self) -> u32 {
        u32::from_le_bytes([self.byte(), self.byte(), self.byte(), self.byte()])
    }

    /// A number at a border, a small one, or any.
    pub(crate) fn number(&mut self) -> u64 {
        const BORDERS: [u64; 12] = [
            0,
            1,
            2,
            3,
            1 << 31,
            (1 << 32) - 1,
            1 << 32,
            (1 << 53) + 1,
            1 << 62,
            (1 << 63) - 1,
            1 << 63,
            u64::MAX,
        ];
        match self.byte() {
            n @ 0..128 => u64::from(n),
            n @ 128..224 => BORDERS[usize::from(n) % BORDERS.len()],
            224.. => u64::from(self.u32()) << 16 | u64::from(self.u32()),
        }
    }

    /// Up to `limit` bytes, at most 255.
    pub(crate) fn take(&mut self, limit: usize) -> &'a [u8] {
        let length = self.below(limit + 1).min(self.0.len());
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        taken
    }

    /// What is left.
    pub(crate) fn rest(self) -> &'a [u8] {
        self.0
    }
}

/// Cuts a text at a number of bytes, or a little before.
pub(crate) fn cut(text: &mut String, mut limit: usize) {
    limit = limit.min(text.len());
    while !text.is_char_boundary(limit) {
        limit -= 1;
    }
    text.truncate(limit);
}
