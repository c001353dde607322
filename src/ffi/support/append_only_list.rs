//! A list that is only ever appended to: readable without a lock, so from any thread and in a
//! forked child.

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// Values that live as long as the process. Intended for a few.
pub(crate) struct AppendOnlyList<T: 'static> {
    newest: AtomicPtr<Node<T>>,
}

struct Node<T: 'static> {
    value: T,
    older: Option<&'static Node<T>>,
}

impl<T> AppendOnlyList<T> {
    pub(crate) const fn new() -> AppendOnlyList<T> {
        AppendOnlyList { newest: AtomicPtr::new(ptr::null_mut()) }
    }

    /// The newest value for which `wanted` holds.
    pub(crate) fn find(&self, wanted: impl Fn(&T) -> bool) -> Option<&'static T> {
        let mut node = self.newest();
        while let Some(this) = node {
            if wanted(&this.value) {
                return Some(&this.value);
            }
            node = this.older;
        }
        None
    }

    /// Adds a value, for ever.
    pub(crate) fn add(&self, value: T) -> &'static T {
        let node = Box::into_raw(Box::new(Node { value, older: None }));
        loop {
            let older = self.newest();
            // SAFETY: ours alone until the exchange below succeeds.
            unsafe { (*node).older = older };
            let expected = older.map_or(ptr::null_mut(), |older| ptr::from_ref(older).cast_mut());
            if self.newest.compare_exchange(expected, node, Ordering::AcqRel, Ordering::Acquire).is_ok() {
                // SAFETY: never freed, and from here on never written.
                return unsafe { &(*node).value };
            }
        }
    }

    fn newest(&self) -> Option<&'static Node<T>> {
        // SAFETY: links are never freed, and never written once they are here.
        unsafe { self.newest.load(Ordering::Acquire).as_ref() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_match_is_found() {
        static LIST: AppendOnlyList<(u32, u32)> = AppendOnlyList::new();
        assert!(LIST.find(|_| true).is_none());
        LIST.add((1, 10));
        assert_eq!(*LIST.add((2, 20)), (2, 20));
        LIST.add((1, 11));
        assert_eq!(LIST.find(|pair| pair.0 == 1), Some(&(1, 11)));
        assert_eq!(LIST.find(|pair| pair.0 == 2), Some(&(2, 20)));
    }
}
