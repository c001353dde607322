//! Ids from a seed that is handed in, so that a run can be repeated.

use super::value::Text;

/// A source of ids and media uids (splitmix64).
#[derive(Clone, Debug, Hash)]
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

    /// 22 letters and digits: 131 bits, of which the seed's 64 are unknown to others.
    pub(super) fn id(&mut self) -> Text {
        const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let mut text = String::with_capacity(22);
        let (mut left, mut value) = (0, 0);
        for _ in 0..22 {
            if left == 0 {
                (left, value) = (10, self.next());
            }
            text.push(char::from(DIGITS[(value % 62) as usize]));
            (left, value) = (left - 1, value / 62);
        }
        text.into()
    }

    /// A media uid other than `taken`: not 0, and a number that every service's SDK can hold.
    pub(super) fn uid(&mut self, taken: u64) -> u64 {
        loop {
            let uid = self.next() & 0x7fff_ffff;
            if uid != 0 && uid != taken {
                return uid;
            }
        }
    }
}
