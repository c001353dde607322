//! Messages on their way, and digests of states.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use nertc_callkit_mqtt::protocol::TopicKind;
use nertc_callkit_signaling::Text;

/// A message on its way to one device.
#[derive(Debug, Hash)]
pub(crate) struct InFlightMessage {
    pub(crate) to: usize,
    pub(crate) kind: TopicKind,
    pub(crate) account: Text,
    pub(crate) device: Text,
    pub(crate) payload: String,
}

pub(crate) fn digest(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
