//! Questions for a token that wait for the host's answer: the crate's only process-wide table.

use std::collections::HashMap;
use std::ptr;
use std::sync::Weak;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

use parking_lot::Mutex;

/// Who asked.
pub trait Asker: Send + Sync {
    /// The host's answer to `ask`; None: it has none.
    fn token(&self, ask: u64, token: Option<&str>);
}

type Asks = Mutex<HashMap<u64, Weak<dyn Asker>>>;

/// Made on first use and never freed; a forked child starts with a new one.
static ASKS: AtomicPtr<Asks> = AtomicPtr::new(ptr::null_mut());
/// Goes on in a forked child, so that no number is given twice.
static LAST: AtomicU64 = AtomicU64::new(0);

/// A new question.
pub fn add(asker: Weak<dyn Asker>) -> u64 {
    let ask = LAST.fetch_add(1, Ordering::Relaxed) + 1;
    asks().lock().insert(ask, asker);
    ask
}

/// Nobody wants the answer any more.
pub fn forget(ask: u64) {
    asks().lock().remove(&ask);
}

/// Answers a question of `on_token`, on any thread. False: nobody asks that.
pub fn set_token(ask: u64, token: Option<&str>) -> bool {
    let asker = asks().lock().remove(&ask);
    let asker = asker.and_then(|it| it.upgrade());
    asker.inspect(|it| it.token(ask, token)).is_some()
}

/// For the child after a fork: nothing is asked there. Safe in a fork handler.
pub(crate) fn after_fork_in_child() {
    ASKS.store(ptr::null_mut(), Ordering::Release);
}

fn asks() -> &'static Asks {
    let mut asks = ASKS.load(Ordering::Acquire);
    if asks.is_null() {
        let fresh = Box::into_raw(Box::default());
        asks = match ASKS.compare_exchange(ptr::null_mut(), fresh, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => fresh,
            Err(winner) => {
                // SAFETY: made above and never published.
                drop(unsafe { Box::from_raw(fresh) });
                winner
            }
        };
    }
    // SAFETY: what was published is never freed.
    unsafe { &*asks }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[derive(Default)]
    struct Told(Mutex<Vec<Option<String>>>);

    impl Asker for Told {
        fn token(&self, _: u64, token: Option<&str>) {
            self.0.lock().push(token.map(str::to_owned));
        }
    }

    #[test]
    fn a_question_is_answered_once_by_whoever_knows_its_number() {
        let told = Arc::new(Told::default());
        let ask = |told: &Arc<Told>| add(Arc::downgrade(told) as Weak<dyn Asker>);
        let (first, second, third) = (ask(&told), ask(&told), ask(&told));
        assert!(first != second && !set_token(0, None));
        assert!(set_token(second, Some("two")) && !set_token(second, Some("again")));
        assert!(set_token(first, None));
        forget(third);
        assert!(!set_token(third, Some("late")));
        assert_eq!(*told.0.lock(), [Some("two".to_owned()), None]);
        let gone = ask(&told);
        drop(told);
        assert!(!set_token(gone, Some("nobody")));
    }
}
