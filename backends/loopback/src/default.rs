//! The hub of components that ask for none: the crate's only process-wide state.

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use crate::hub::Hub;

/// The default hub lives from the first backend on it to the last, so this only knows where it is.
type Place = Mutex<Weak<Hub>>;

/// Made on first use and never freed; a forked child starts with a new one.
static PLACE: AtomicPtr<Place> = AtomicPtr::new(ptr::null_mut());

/// The default hub; a new one if no backend is on it.
pub fn default_hub() -> Arc<Hub> {
    let mut place = place().lock();
    place.upgrade().unwrap_or_else(|| {
        let hub = Hub::new();
        *place = Arc::downgrade(&hub);
        hub
    })
}

/// The default hub, if a backend is on it.
pub fn running_default_hub() -> Option<Arc<Hub>> {
    place().lock().upgrade()
}

/// For the child after a fork: it gets a default hub of its own. What the parent's threads were in the middle
/// of is never touched again, and so never freed. Safe in a fork handler.
pub fn after_fork_in_child() {
    PLACE.store(ptr::null_mut(), Ordering::Release);
}

fn place() -> &'static Place {
    let mut place = PLACE.load(Ordering::Acquire);
    if place.is_null() {
        let fresh = Box::into_raw(Box::default());
        place = match PLACE.compare_exchange(ptr::null_mut(), fresh, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => fresh,
            Err(winner) => {
                // SAFETY: made above and never published.
                drop(unsafe { Box::from_raw(fresh) });
                winner
            }
        };
    }
    // SAFETY: what was published is never freed.
    unsafe { &*place }
}
