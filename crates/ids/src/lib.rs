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

/// A UUID as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uuid([u8; 36]);

impl Uuid {
    fn from_random(bytes: &[u8]) -> Uuid {
        /// Where the digits of each byte are.
        const PLACES: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [b'-'; 36];
        for (byte, place) in bytes.iter().zip(PLACES) {
            text[place] = DIGITS[usize::from(byte >> 4)];
            text[place + 1] = DIGITS[usize::from(byte & 15)];
        }
        text[14] = b'4';
        // The variant: 10 and two random bits.
        text[19] = DIGITS[usize::from(bytes[8] >> 4 & 3 | 8)];
        Uuid(text)
    }

    /// Digits and dashes.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
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

    /// Two UUIDs (version 4) from one block: what NetEase's newer clients use for request and call ids.
    pub fn uuids(&mut self) -> [Uuid; 2] {
        let block = self.draw::<32>();
        let (first, second) = block.split_at(16);
        [first, second].map(Uuid::from_random)
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
        for _ in 0..100 {
            let uuids = ids.uuids();
            assert_ne!(uuids[0], uuids[1]);
            for uuid in uuids.iter().map(Uuid::as_str) {
                let groups: Vec<usize> = uuid.split('-').map(str::len).collect();
                assert_eq!((groups, &uuid[14..15]), (vec![8, 4, 4, 4, 12], "4"));
                assert!(matches!(&uuid[19..20], "8" | "9" | "a" | "b"), "{uuid}");
                assert!(uuid.bytes().all(|it| it == b'-' || it.is_ascii_hexdigit()), "{uuid}");
            }
        }
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
