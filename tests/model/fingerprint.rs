//! Fingerprints: one number for all states that behave alike.
//!
//! An id is a function of the device that made it and of which of its calls it is for (the service numbers
//! channels so; engines draw their ids in that order), so ids need no renaming, and the part of a fingerprint
//! that a device has in it changes only with that device. Two states are merged if their 64-bit fingerprints
//! are equal: with the ten million states of the largest world, by chance about once in 400,000 searches.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};

use nertc_callkit::engine::time::Time;
use nertc_callkit::engine::{Engine, Renamer};
use nertc_callkit_signaling::{Req, Text};

use crate::monitor::Monitor;

/// Multiplies and folds. Each step can be undone, so what comes later never makes two states alike.
#[derive(Default)]
pub(crate) struct Mix(u64);

impl Mix {
    fn add(&mut self, word: u64) {
        self.0 = (self.0 ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 ^= self.0 >> 32;
    }
}

impl Hasher for Mix {
    fn write(&mut self, bytes: &[u8]) {
        let mut words = bytes.chunks_exact(8);
        for word in &mut words {
            self.add(word.iter().fold(0, |all, byte| all << 8 | u64::from(*byte)));
        }
        let rest = words.remainder().iter().fold(1, |all, byte| all << 8 | u64::from(*byte));
        self.add(rest);
    }

    fn write_u8(&mut self, n: u8) {
        self.add(u64::from(n));
    }

    fn write_u32(&mut self, n: u32) {
        self.add(u64::from(n));
    }

    fn write_u64(&mut self, n: u64) {
        self.add(n);
    }

    fn write_usize(&mut self, n: usize) {
        self.add(n as u64);
    }

    fn finish(&self) -> u64 {
        let mut end = (self.0 ^ 0x5851_f42d_4c95_7f2d).wrapping_mul(0xd6e8_feb8_6659_fd93);
        end ^= end >> 32;
        end = end.wrapping_mul(0xd6e8_feb8_6659_fd93);
        end ^ end >> 32
    }
}

/// Mixes whatever can be hashed.
pub(crate) fn mixed(what: &impl Hash) -> u64 {
    let mut hasher = Mix::default();
    what.hash(&mut hasher);
    hasher.finish()
}

/// By fingerprint, or by another number that is mixed.
pub(crate) type ByFingerprint<T> = HashMap<u64, T, BuildHasherDefault<AsIs>>;

/// Fingerprints are mixed already.
#[derive(Default)]
pub(crate) struct AsIs(u64);

impl Hasher for AsIs {
    fn write(&mut self, _: &[u8]) {}

    fn write_u64(&mut self, n: u64) {
        self.0 = n;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Channels are called `c1-1` to `c4-7`, by the device that made it and their ordinal; anything else is no
/// channel.
pub(crate) fn channel_bit(id: &Text) -> u64 {
    let parts = id.strip_prefix('c').and_then(|parts| parts.split_once('-'));
    let number = parts.and_then(|(port, ordinal)| {
        let (port, ordinal): (u64, u64) = (port.parse().ok()?, ordinal.parse().ok()?);
        Some(8 * port.checked_sub(1)? + ordinal)
    });
    number.filter(|number| *number < 64).map_or(0, |number| 1 << number)
}

/// What a device adds to the fingerprint.
#[derive(Debug)]
pub(crate) struct Fingerprint {
    digest: u64,
    /// Channels that it names.
    pub(crate) channels: u64,
    /// Ends of channels that it remembers: they count as long as something names the channel.
    ends: Vec<(u64, u64)>,
    names: Renamer,
}

impl Fingerprint {
    pub(crate) fn new(now: u64, engine: &Engine, monitor: &Monitor) -> Fingerprint {
        let now = Time(now);
        let mut names = Renamer::of_world(now);
        let mut hasher = Mix::default();
        engine.canonical_in(&mut names).hash(&mut hasher);
        monitor.digest(&mut hasher);
        let channels = names.met().iter().fold(0, |all, id| all | channel_bit(id));
        let mut ends: Vec<(u64, u64)> =
            engine.tombstones::<Mix>(now).map(|(channel, digest)| (channel_bit(channel), digest)).collect();
        ends.extend(monitor.ends().map(|end| (channel_bit(&end.0), mixed(end))));
        Fingerprint { digest: hasher.finish(), channels, ends, names }
    }

    /// `living` = channels that anything in the scenario names.
    pub(crate) fn digest(&self, living: u64) -> u64 {
        let ends = self.ends.iter().filter(|(channel, _)| channel & living != 0);
        ends.fold(self.digest, |all, (_, digest)| all.wrapping_add(*digest))
    }

    /// What the device calls this operation; 0 = its completion means nothing any more.
    pub(crate) fn name_of(&self, req: Req) -> u64 {
        self.names.known_req(req)
    }
}
