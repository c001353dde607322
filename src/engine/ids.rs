//! Request ids and call ids. While a trace is written they come from a separate stream, because the
//! trace's header contains the engine's state: its reader must not be able to compute later ids.

use nertc_callkit_ids::{IdGenerator, Seed};
use serde::{Deserialize, Serialize};

use super::Engine;
use nertc_callkit_signaling::Text;

/// The source of ids.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Ids {
    /// The next id is drawn here.
    stream: IdGenerator,
    /// While a trace is written: the secret stream. Never serialized.
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
    /// To be called before the engine's state is written to a file that others may read: from here on ids
    /// come from a new stream, independent of any other. Call it again for each further header.
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
