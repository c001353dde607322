//! Unguessable ids from a given seed, so that a run can be repeated.
//!
//! Any number of ids reveals nothing about the ones before or after them: the generator is
//! ChaCha20 with a 256-bit seed. A state is the seed and a counter, not the cipher's buffers, so that it is
//! cheap to clone, to hash and to search.

mod chacha;

/// What a generator starts from. Secret: ids follow from it.
pub type Seed = [u8; 32];

/// A source of ids and media uids.
#[derive(Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct IdGenerator {
    seed: Seed,
    counter: u64,
}

/// Without the seed, which a log must not show.
impl std::fmt::Debug for IdGenerator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IdGenerator").field("counter", &self.counter).finish_non_exhaustive()
    }
}

impl IdGenerator {
    /// A generator at the start of `seed`'s stream.
    pub fn new(seed: Seed) -> IdGenerator {
        IdGenerator { seed, counter: 0 }
    }

    /// A seed for tests and simulations, where ids need to differ but not to be secret.
    pub fn test_seed(number: u64) -> Seed {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&number.to_le_bytes());
        seed
    }

    /// Fills `bytes`, 64 at most, from a block that is never used again.
    fn draw<const N: usize>(&mut self) -> [u8; N] {
        const { assert!(N <= 64) };
        let block = chacha::block(&self.seed, self.counter);
        self.counter = self.counter.wrapping_add(1);
        let mut bytes = [0; N];
        bytes.copy_from_slice(&block[..N]);
        bytes
    }

    /// A random number.
    pub fn number(&mut self) -> u64 {
        u64::from_le_bytes(self.draw())
    }

    /// A new seed, for a generator that cannot be linked to this one.
    pub fn seed(&mut self) -> Seed {
        self.draw()
    }

    /// 22 letters and digits, evenly distributed: 131 bits.
    pub fn id(&mut self) -> String {
        const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let mut text = String::with_capacity(22);
        while text.len() < 22 {
            // Six bits that are no digit are thrown away: 62 does not divide 64.
            let digits = self.draw::<64>();
            let digits = digits.iter().filter_map(|byte| DIGITS.get(usize::from(byte & 63)));
            text.extend(digits.take(22 - text.len()).map(|digit| char::from(*digit)));
        }
        text
    }

    /// A UUID (version 4): what NetEase's newer clients use for request and call ids.
    pub fn uuid(&mut self) -> String {
        let mut bytes: [u8; 16] = self.draw();
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let mut text = [b'-'; 36];
        let mut places = text.iter_mut();
        for (at, byte) in bytes.iter().enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                places.next();
            }
            for (digit, place) in [byte >> 4, byte & 15].into_iter().zip(&mut places) {
                *place = b"0123456789abcdef"[usize::from(digit)];
            }
        }
        String::from_utf8_lossy(&text).into_owned()
    }

    /// A media uid other than `taken`: not 0, and a number that every service's SDK can hold.
    pub fn uid(&mut self, taken: u64) -> u64 {
        loop {
            let uid = self.number() & 0x7fff_ffff;
            if uid != 0 && uid != taken {
                return uid;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key stream of ChaCha20 with a key and nonce of zeros (RFC 8439, A.1, test vectors 1 and 2).
    #[test]
    fn blocks_are_those_of_chacha20() {
        let mut ids = IdGenerator::new([0; 32]);
        assert_eq!(ids.draw::<4>(), [0x76, 0xb8, 0xe0, 0xad]);
        assert_eq!(ids.draw::<4>(), [0x9f, 0x07, 0xe7, 0xbe]);
    }

    #[test]
    fn ids_have_their_form() {
        let mut ids = IdGenerator::new([7; 32]);
        let (one, two) = (ids.id(), ids.id());
        assert!(one != two && one.len() == 22 && one.bytes().all(|it| it.is_ascii_alphanumeric()));
        let uuid = ids.uuid();
        assert_eq!((uuid.len(), &uuid[14..15]), (36, "4"));
        assert!(matches!(&uuid[19..20], "8" | "9" | "a" | "b"), "{uuid}");
        let uid = ids.uid(0);
        assert!(uid > 0 && uid < 1 << 31 && ids.uid(uid) != uid);
    }

    #[test]
    fn a_copy_goes_on_alike_and_another_seed_does_not() {
        let mut one = IdGenerator::new(IdGenerator::test_seed(1));
        one.id();
        let (mut copy, mut other) = (one.clone(), IdGenerator::new(IdGenerator::test_seed(2)));
        other.id();
        let next = one.id();
        assert_eq!(next, copy.id());
        assert_ne!(next, other.id());
        assert_ne!(one.seed(), one.seed());
    }

    #[test]
    fn the_seed_is_not_shown() {
        assert_eq!(format!("{:?}", IdGenerator::new([7; 32])), "IdGenerator { counter: 0, .. }");
    }
}
