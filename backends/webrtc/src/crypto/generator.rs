//! Randomness that is handed in.
//!
//! str0m and dimpl ask static providers for randomness, with no place for a generator. So one is *lent* to
//! the thread for the length of a call, and whoever draws outside of such a call gets an error.

use std::cell::RefCell;

use nertc_callkit_ids::{IdGenerator, Seed};
use p256::elliptic_curve::rand_core;

thread_local! {
    static LENT: RefCell<Option<Generator>> = const { RefCell::new(None) };
}

/// An unguessable stream of bytes: what keys, credentials, nonces and ids of one peer are drawn from.
#[derive(Clone)]
pub struct Generator(IdGenerator);

/// Nothing of it: a log must not show it.
impl std::fmt::Debug for Generator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Generator").finish_non_exhaustive()
    }
}

impl Generator {
    /// A generator at the start of `seed`'s stream.
    pub fn new(seed: Seed) -> Generator {
        Generator(IdGenerator::new(seed))
    }

    /// A generator of its own, of which nobody knows that it came from this one.
    pub fn split(&mut self) -> Generator {
        Generator::new(self.0.seed())
    }

    /// Fills `bytes`.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            chunk.copy_from_slice(&self.0.seed()[..chunk.len()]);
        }
    }

    /// Random bytes.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// A random number.
    pub fn number(&mut self) -> u64 {
        self.0.number()
    }

    /// `length` letters and digits, as ICE wants its credentials.
    pub fn letters(&mut self, length: usize) -> String {
        let mut text = String::with_capacity(length + 21);
        while text.len() < length {
            text.push_str(&self.0.id());
        }
        text.truncate(length);
        text
    }

    /// Runs `body` with this generator: `draw` takes from it, and so does fastrand.
    ///
    /// fastrand's generator is cheap to predict from what it gave out, so it is seeded anew for each call.
    pub fn lend<R>(&mut self, body: impl FnOnce() -> R) -> R {
        struct Borrowed<'a> {
            owner: &'a mut Generator,
            outer: Option<Generator>,
        }
        impl Drop for Borrowed<'_> {
            fn drop(&mut self) {
                if let Some(used) = LENT.replace(self.outer.take()) {
                    *self.owner = used;
                }
            }
        }
        fastrand::seed(self.number());
        let outer = LENT.replace(Some(self.clone()));
        let _borrowed = Borrowed { owner: self, outer };
        body()
    }

    /// Draws from the generator that is lent to this thread.
    pub(crate) fn draw<R>(draw: impl FnOnce(&mut Generator) -> R) -> Option<R> {
        LENT.with_borrow_mut(|lent| lent.as_mut().map(draw))
    }
}

impl rand_core::CryptoRng for Generator {}

impl rand_core::RngCore for Generator {
    fn next_u32(&mut self) -> u32 {
        u32::from_le_bytes(self.bytes())
    }

    fn next_u64(&mut self) -> u64 {
        self.number()
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.fill(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill(bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generator() -> Generator {
        Generator::new(IdGenerator::test_seed(1))
    }

    #[test]
    fn a_seed_decides_every_byte() {
        let (mut one, mut two) = (generator(), generator());
        let first: [u8; 70] = one.bytes();
        assert_eq!(first, two.bytes());
        assert_ne!(first, one.bytes());
        assert_ne!(one.split().bytes::<16>(), one.bytes::<16>());
        let letters = one.letters(30);
        assert!(letters.len() == 30 && letters.bytes().all(|it| it.is_ascii_alphanumeric()), "{letters}");
    }

    #[test]
    fn draws_outside_of_a_loan_fail() {
        assert_eq!(Generator::draw(Generator::number), None);
        let mut lent = generator();
        let inside = lent.lend(|| (Generator::draw(Generator::number), fastrand::u64(..)));
        assert!(inside.0.is_some());
        assert_eq!(Generator::draw(Generator::number), None);
        assert_eq!(generator().lend(|| (Generator::draw(Generator::number), fastrand::u64(..))), inside);
        assert_ne!(lent.lend(|| Generator::draw(Generator::number)), inside.0);
    }

    #[test]
    fn a_loan_ends_with_a_panic_and_may_nest() {
        let mut lent = generator();
        let panicked =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| lent.lend(|| panic!("as planned"))));
        assert!(panicked.is_err());
        assert_eq!(Generator::draw(Generator::number), None);
        let mut inner = generator().split();
        let (before, after) = lent.lend(|| {
            let before = Generator::draw(Generator::number);
            inner.lend(|| Generator::draw(Generator::number));
            (before, Generator::draw(Generator::number))
        });
        assert!(before.is_some() && after.is_some() && before != after);
    }

    #[test]
    fn debug_output_hides_the_seed() {
        assert_eq!(format!("{:?}", generator()), "Generator { .. }");
    }
}
