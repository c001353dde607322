//! Request ids and call ids. While a trace is written they come from a stream of their own, because the
//! trace's header shows the engine's state: whoever reads it must not know the ids that follow the trace.

use nertc_callkit_ids::{IdGenerator, Seed};
use serde::{Deserialize, Serialize};

use super::Engine;
use nertc_callkit_signaling::Text;

/// Where ids come from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Ids {
    /// The next id is drawn here.
    stream: IdGenerator,
    /// While a trace is written: the stream that nobody else knows. Never written down.
    #[serde(skip)]
    secret: Option<IdGenerator>,
}

impl Ids {
    pub(super) fn new(seed: Seed) -> Ids {
        Ids { stream: IdGenerator::new(seed), secret: None }
    }

    pub(super) fn uuid(&mut self) -> Text {
        self.stream.uuid().into()
    }
}

impl Engine {
    /// Before the engine's state is written to a file that others may read: from here on ids come from a new
    /// stream, which tells nothing about any other. Call it again for each further header.
    pub fn begin_trace(&mut self) {
        let Ids { stream, secret } = &mut self.ids;
        let secret = secret.get_or_insert_with(|| stream.clone());
        *stream = IdGenerator::new(secret.seed());
    }

    /// The trace has ended: ids come from the secret stream again.
    pub fn end_trace(&mut self) {
        if let Some(secret) = self.ids.secret.take() {
            self.ids.stream = secret;
        }
    }
}
