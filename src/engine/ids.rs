//! Request ids and call ids. While a trace is written they come from a separate stream, because the
//! trace's header contains the engine's state: its reader must not be able to compute later ids.

use nertc_callkit_ids::{IdGenerator, Seed};
use serde::{Deserialize, Serialize};

use nertc_callkit_signaling::Text;

/// The source of ids.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Ids {
    /// The next id is drawn here.
    pub(super) stream: IdGenerator,
    /// While a trace is written: the secret stream. Never serialized.
    #[serde(skip)]
    pub(super) secret: Option<Box<IdGenerator>>,
}

impl Ids {
    pub(super) fn new(seed: Seed) -> Ids {
        Ids { stream: IdGenerator::new(seed), secret: None }
    }

    /// Two ids: of a request and of its call.
    pub(super) fn uuids(&mut self) -> [Text; 2] {
        self.stream.uuids().map(|uuid| uuid.as_str().into())
    }
}
