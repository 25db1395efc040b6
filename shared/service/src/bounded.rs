//! A map that forgets its oldest entry when it is full.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
};

pub(crate) struct Bounded<K, V> {
    capacity: usize,
    entries: HashMap<K, V>,
    order: VecDeque<K>,
}

impl<K: Hash + Eq + Clone, V> Bounded<K, V> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { capacity, entries: HashMap::new(), order: VecDeque::new() }
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key)
    }

    pub(crate) fn insert(&mut self, key: K, value: V) {
        if self.entries.insert(key.clone(), value).is_some() {
            return;
        }
        self.order.push_back(key);
        if self.order.len() > self.capacity
            && let Some(oldest) = self.order.pop_front()
        {
            self.entries.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_entry_goes_when_the_map_is_full() {
        let mut map = Bounded::new(2);
        for key in 0..3 {
            map.insert(key, key);
        }
        map.insert(2, 20);
        assert_eq!((map.get(&0), map.get(&1), map.get(&2)), (None, Some(&1), Some(&20)));
        assert_eq!(map.order.len(), map.entries.len());
    }
}
