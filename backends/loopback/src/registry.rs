//! Hubs by handle, and the hub of components that ask for none: all of the crate's process-wide state.

use std::collections::HashMap;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use crate::hub::Hub;

/// A hub's handle: a number that is never reused. Numbers of hubs have the top bit set, so that a handle of
/// another kind of object is never taken for a hub's.
pub type HubId = usize;

#[derive(Default)]
struct Registry {
    hubs: HashMap<HubId, Arc<Hub>>,
    /// Lives from the first plug on it to the last.
    default: Weak<Hub>,
}

/// Made on first use and never freed; a forked child starts with a new one.
static REGISTRY: AtomicPtr<Mutex<Registry>> = AtomicPtr::new(ptr::null_mut());
/// Goes on counting in a forked child: handles of the parent stay unknown there.
static LAST: AtomicUsize = AtomicUsize::new(0);

/// Keeps `hub` until `release` and names it.
pub fn insert(hub: Arc<Hub>) -> HubId {
    let id = !(usize::MAX >> 1) | (LAST.fetch_add(1, Ordering::Relaxed) + 1);
    registry().lock().hubs.insert(id, hub);
    id
}

/// The hub behind a handle; None = released, or never a handle.
pub fn find(id: HubId) -> Option<Arc<Hub>> {
    registry().lock().hubs.get(&id).cloned()
}

/// Gives a handle back. The hub lives on until the last plug on it is gone. False = not a handle (any more).
pub fn release(id: HubId) -> bool {
    let hub = registry().lock().hubs.remove(&id);
    hub.is_some()
}

/// The default hub; made if no plug is on it.
pub fn default_hub() -> Arc<Hub> {
    let mut registry = registry().lock();
    registry.default.upgrade().unwrap_or_else(|| {
        let hub = Hub::new();
        registry.default = Arc::downgrade(&hub);
        hub
    })
}

/// The default hub, if a plug is on it.
pub fn running_default_hub() -> Option<Arc<Hub>> {
    registry().lock().default.upgrade()
}

/// For the child after a fork: every handle is unknown, the default hub is a new one. What the parent's
/// threads were in the middle of is never touched again, and so never freed. Safe in a fork handler.
pub fn after_fork_in_child() {
    REGISTRY.store(ptr::null_mut(), Ordering::Release);
}

fn registry() -> &'static Mutex<Registry> {
    let mut place = REGISTRY.load(Ordering::Acquire);
    if place.is_null() {
        let fresh = Box::into_raw(Box::default());
        place = match REGISTRY.compare_exchange(ptr::null_mut(), fresh, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => fresh,
            Err(winner) => {
                // SAFETY: made above and never published.
                drop(unsafe { Box::from_raw(fresh) });
                winner
            }
        };
    }
    // SAFETY: published registries are never freed.
    unsafe { &*place }
}
