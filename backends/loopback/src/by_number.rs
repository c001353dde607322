//! Values by number.

/// A number that is given out in order and never reused.
pub(crate) trait Number: Copy + Ord {
    fn number(self) -> u64;
}

/// A map by such numbers: a sorted list. Of a few entries, as in most processes, it takes less code, time and
/// memory than a tree.
#[derive(Clone, Debug, Hash)]
pub(crate) struct ByNumber<K, T>(Vec<(K, T)>);

impl<K, T> Default for ByNumber<K, T> {
    fn default() -> ByNumber<K, T> {
        ByNumber(Vec::new())
    }
}

impl<K: Number, T> ByNumber<K, T> {
    /// Where it lies if none between it and the first has gone.
    #[inline]
    fn guess(&self, key: K) -> Option<usize> {
        let (first, _) = self.0.first()?;
        let guess = key.number().wrapping_sub(first.number()) as usize;
        self.0.get(guess).is_some_and(|(other, _)| *other == key).then_some(guess)
    }

    /// Where it is, or would be.
    #[inline(never)]
    fn find(&self, key: K) -> Result<usize, usize> {
        self.0.binary_search_by_key(&key, |(key, _)| *key)
    }

    /// Adds a value, or replaces it.
    pub(crate) fn insert(&mut self, key: K, value: T) {
        match self.find(key) {
            Ok(at) => self.0[at].1 = value,
            Err(at) => self.0.insert(at, (key, value)),
        }
    }

    #[inline]
    pub(crate) fn get(&self, key: K) -> Option<&T> {
        let at = self.guess(key).or_else(|| self.find(key).ok())?;
        self.0.get(at).map(|(_, value)| value)
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, key: K) -> Option<&mut T> {
        let at = self.guess(key).or_else(|| self.find(key).ok())?;
        self.0.get_mut(at).map(|(_, value)| value)
    }

    pub(crate) fn remove(&mut self, key: K) -> Option<T> {
        let at = self.find(key).ok()?;
        Some(self.0.remove(at).1)
    }

    /// All of them, in the order of their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (K, &T)> {
        self.0.iter().map(|(key, value)| (*key, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Number for u64 {
        fn number(self) -> u64 {
            self
        }
    }

    #[test]
    fn values_are_found_by_their_numbers_in_any_order() {
        let mut map = ByNumber::default();
        for number in [3_u64, 1, 4, 1, 5] {
            map.insert(number, number * 10);
        }
        assert!(map.iter().eq([(1, &10), (3, &30), (4, &40), (5, &50)]));
        map.insert(4, 44);
        *map.get_mut(1).expect("there") += 1;
        assert_eq!((map.get(1), map.get(2), map.get(4)), (Some(&11), None, Some(&44)));
        assert_eq!((map.remove(3), map.remove(3), map.get_mut(3)), (Some(30), None, None));
        assert!(map.iter().eq([(1, &11), (4, &44), (5, &50)]));
    }
}
