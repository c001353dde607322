//! Questions for a token that wait for the host's answer.

use std::collections::HashMap;
use std::sync::Weak;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use crate::global::Global;

/// Who asked.
pub(crate) trait Asker: Send + Sync {
    /// The host's answer to `ask`; None: it has none.
    fn token(&self, ask: u64, token: Option<&str>);
}

type Asks = Mutex<HashMap<u64, Weak<dyn Asker>>>;

static ASKS: Global<Asks> = Global::new();
/// Goes on in a forked child, so that no number is given twice.
static LAST: AtomicU64 = AtomicU64::new(0);

/// A new question.
pub(crate) fn add(asker: Weak<dyn Asker>) -> u64 {
    let ask = LAST.fetch_add(1, Ordering::Relaxed) + 1;
    ASKS.get().lock().insert(ask, asker);
    ask
}

/// Nobody wants the answer any more.
pub(crate) fn forget(ask: u64) {
    ASKS.get().lock().remove(&ask);
}

/// Answers a question of `on_token`, on any thread. False: nobody asks that.
pub fn set_token(ask: u64, token: Option<&str>) -> bool {
    let asker = ASKS.get().lock().remove(&ask);
    let asker = asker.and_then(|it| it.upgrade());
    asker.inspect(|it| it.token(ask, token)).is_some()
}

/// For the child after a fork: nothing is asked there. Safe in a fork handler.
pub(crate) fn after_fork_in_child() {
    ASKS.start_afresh();
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
