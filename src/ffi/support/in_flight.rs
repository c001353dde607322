//! Counts the threads inside something that may take long, so that a closer can wait for them
//! without a lock.

use std::ptr;
use std::sync::{Condvar, Mutex};

use super::handle_table::{lock, wait};

/// Admits callers by number. `shut` refuses small numbers and waits for those that are
/// inside.
#[derive(Default)]
pub(crate) struct InFlight {
    state: Mutex<State>,
    left: Condvar,
}

#[derive(Default)]
struct State {
    /// Only numbers above it enter.
    shut: u64,
    /// Their threads.
    inside: Vec<usize>,
    /// Threads in `shut`. Without one nobody is notified: each time would be a system call.
    waiting: usize,
}

/// Distinguishes threads. Not `thread::current`, which allocates on a thread that std did not
/// create.
fn me() -> usize {
    thread_local!(static ME: u8 = const { 0 });
    ME.with(|me| ptr::from_ref(me).addr())
}

/// Being inside.
pub(crate) struct InFlightGuard<'a>(&'a InFlight);

impl InFlight {
    /// Enters, unless `number` is shut out.
    pub(crate) fn enter(&self, number: u64) -> Option<InFlightGuard<'_>> {
        let mut state = lock(&self.state);
        if number <= state.shut {
            return None;
        }
        state.inside.push(me());
        Some(InFlightGuard(self))
    }

    /// From now on no thread enters with `number` or less. Returns when no other thread is inside.
    pub(crate) fn shut(&self, number: u64) {
        let me = me();
        let mut state = lock(&self.state);
        state.shut = state.shut.max(number);
        state.waiting += 1;
        while state.inside.iter().any(|inside| *inside != me) {
            state = wait(&self.left, state);
        }
        state.waiting -= 1;
    }
}

impl Drop for InFlightGuard<'_> {
    fn drop(&mut self) {
        let mut state = lock(&self.0.state);
        let me = me();
        if let Some(mine) = state.inside.iter().position(|inside| *inside == me) {
            state.inside.swap_remove(mine);
        }
        if state.waiting > 0 {
            self.0.left.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    #[test]
    fn after_shut_only_larger_numbers_enter() {
        let in_flight = InFlight::default();
        assert!(in_flight.enter(1).is_some());
        in_flight.shut(1);
        assert!(in_flight.enter(1).is_none());
        assert!(in_flight.enter(2).is_some());
        in_flight.shut(u64::MAX);
        assert!(in_flight.enter(u64::MAX).is_none());
    }

    #[test]
    fn shut_waits_for_other_threads_only() {
        let in_flight = InFlight::default();
        let (entered, left) = (Barrier::new(2), AtomicBool::new(false));
        let mine = in_flight.enter(1);
        thread::scope(|scope| {
            scope.spawn(|| {
                let pass = in_flight.enter(1);
                entered.wait();
                left.store(true, Ordering::SeqCst);
                drop(pass);
            });
            entered.wait();
            in_flight.shut(1);
            assert!(left.load(Ordering::SeqCst));
        });
        drop(mine);
    }
}
