//! Request ids and call ids. While a trace is written they come from a stream of their own, because the
//! trace's header shows the engine's state: whoever reads it must not know the ids that follow the trace.

use nertc_callkit_ids::{IdGenerator, Seed};
use serde::{Deserialize, Serialize};

use nertc_callkit_signaling::Text;

/// Where ids come from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Ids {
    /// The next id is drawn here.
    pub(super) stream: IdGenerator,
    /// While a trace is written: the stream that nobody else knows. Never written down.
    #[serde(skip)]
    pub(super) secret: Option<IdGenerator>,
}

impl Ids {
    pub(super) fn new(seed: Seed) -> Ids {
        Ids { stream: IdGenerator::new(seed), secret: None }
    }

    pub(super) fn uuid(&mut self) -> Text {
        self.stream.uuid().into()
    }
}
