//! Ids from a seed that is handed in, so that a run can be repeated.

use serde::{Deserialize, Serialize};

use super::input::Text;

/// A source of ids (splitmix64).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
        let a = a & !0xf000 | 0x4000;
        let b = b & 0xffff_ffff_ffff | ((b >> 48) & 0x3fff | 0x8000) << 48;
        let mut text = [b'-'; 36];
        let mut at = 0;
        for byte in a.to_be_bytes().into_iter().chain(b.to_be_bytes()) {
            at += usize::from(matches!(at, 8 | 13 | 18 | 23));
            for digit in [byte >> 4, byte & 15] {
                text[at] = b"0123456789abcdef"[usize::from(digit)];
                at += 1;
            }
        }
        std::str::from_utf8(&text).unwrap_or_default().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published first numbers of splitmix64 from seed 0 are e220a8397b1dcdaf, 6e789e6aa1b965f4 and
    /// 06c45d188009454f, f88bb8a8724c81ec.
    #[test]
    fn ids_are_uuids_of_version_4_from_splitmix64() {
        let mut ids = Ids::new(0);
        assert_eq!(&*ids.uuid(), "e220a839-7b1d-4daf-ae78-9e6aa1b965f4");
        assert_eq!(&*ids.uuid(), "06c45d18-8009-454f-b88b-b8a8724c81ec");
    }
}
