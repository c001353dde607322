//! The hub of clients that do not specify one: the crate's only process-wide state.

use std::sync::{Arc, Weak};

use nertc_callkit_backend::ProcessValue;
use parking_lot::Mutex;

use crate::hub::Hub;

/// The default hub exists from the first backend on it to the last, so this is only a weak reference.
static DEFAULT_HUB: ProcessValue<Mutex<Weak<Hub>>> = ProcessValue::new();

/// The default hub; a new one if no backend is on it.
pub fn default_hub() -> Arc<Hub> {
    let mut place = DEFAULT_HUB.get().lock();
    place.upgrade().unwrap_or_else(|| {
        let hub = Hub::new();
        *place = Arc::downgrade(&hub);
        hub
    })
}

/// The default hub, if a backend is on it.
pub fn running_default_hub() -> Option<Arc<Hub>> {
    DEFAULT_HUB.get().lock().upgrade()
}

/// For the child after a fork: it gets a default hub of its own. Safe in a fork handler.
pub fn after_fork_in_child() {
    DEFAULT_HUB.reset_in_child();
}
