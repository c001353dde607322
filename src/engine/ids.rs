//! Ids from a seed that is handed in, so that a run can be repeated.

use super::input::Text;

/// A source of ids (splitmix64).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Ids(u64);

impl Ids {
    pub(super) fn new(seed: u64) -> Ids {
        Ids(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A UUID (version 4): what NetEase's newer clients use for request and call ids.
    pub(super) fn uuid(&mut self) -> Text {
        let (a, b) = (self.next(), self.next());
        let d = (b >> 48) & 0x3fff | 0x8000;
        let text = format!(
            "{:08x}-{:04x}-4{:03x}-{d:04x}-{:012x}",
            a >> 32,
            (a >> 16) & 0xffff,
            a & 0xfff,
            b & 0xffff_ffff_ffff
        );
        text.into()
    }
}
