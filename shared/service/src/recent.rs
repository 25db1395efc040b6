//! What was used last, up to a number of entries.

use std::{
    hash::Hash,
    num::NonZeroUsize,
    ops::{Deref, DerefMut},
};

use lru::LruCache;

/// The `MOST` entries that were used last.
pub struct Recent<K: Eq + Hash, V, const MOST: usize>(LruCache<K, V>);

impl<K: Eq + Hash, V, const MOST: usize> Default for Recent<K, V, MOST> {
    fn default() -> Self {
        Self(LruCache::new(const { NonZeroUsize::new(MOST).unwrap() }))
    }
}

impl<K: Eq + Hash, V, const MOST: usize> Deref for Recent<K, V, MOST> {
    type Target = LruCache<K, V>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<K: Eq + Hash, V, const MOST: usize> DerefMut for Recent<K, V, MOST> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_used_for_longest_goes_first() {
        let mut recent = Recent::<_, _, 2>::default();
        recent.put("a", 1);
        recent.put("b", 2);
        assert_eq!(recent.get("a"), Some(&1));
        recent.put("c", 3);
        assert_eq!(["a", "b", "c"].map(|key| recent.get(key).copied()), [Some(1), None, Some(3)]);
    }
}
