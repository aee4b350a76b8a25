//! Keys in byte order with the places of their chains, in blocks. Each block knows how many of its objects live and what of that
//! changed inside the window, so that how many follow a key at a revision is a sum over blocks, not a walk over objects.

use crate::storage::contract::Revision;
use std::collections::VecDeque;
use std::sync::Arc;

/// Keys of a block at most: a block is split in two, or another begun behind the last. Tests have many small ones.
const MOST: usize = if cfg!(test) { 16 } else { 512 };
/// Blocks of fewer are joined to one beside them.
const FEW: usize = MOST / 8;

#[derive(Default)]
pub(super) struct Keys {
    /// In order; none is empty.
    blocks: Vec<Block>,
    len: usize,
}

struct Block {
    /// No key is less, and none of the block before is as large.
    from: Arc<str>,
    keys: Vec<(Arc<str>, usize)>,
    /// Objects that live now.
    live: usize,
    /// Those that began or ceased to live inside the window, oldest first.
    changes: VecDeque<Change>,
}

struct Change {
    revision: Revision,
    key: Arc<str>,
    born: bool,
}

impl Block {
    fn new(key: Arc<str>, place: usize) -> Self {
        Self { from: key.clone(), keys: vec![(key, place)], live: 0, changes: VecDeque::new() }
    }

    fn find(&self, key: &str) -> Result<usize, usize> {
        self.keys.binary_search_by(|(k, _)| (**k).cmp(key))
    }

    fn changed(&mut self, born: bool) {
        self.live = if born { self.live + 1 } else { self.live.saturating_sub(1) };
    }

    fn living(&self, at: Revision) -> usize {
        let since = self.changes.iter().rev().take_while(|c| c.revision > at);
        let (born, died) = since.fold((0, 0), |(b, d), c| if c.born { (b + 1, d) } else { (b, d + 1) });
        (self.live + died).saturating_sub(born)
    }

    /// The second half, as a block of its own.
    fn split(&mut self, lives: impl Fn(usize) -> bool) -> Self {
        let keys = self.keys.split_off(self.keys.len() / 2);
        let from = keys[0].0.clone();
        let (later, earlier) = std::mem::take(&mut self.changes).into_iter().partition(|c| c.key >= from);
        self.changes = earlier;
        let live = keys.iter().filter(|(_, place)| lives(*place)).count();
        self.live = self.live.saturating_sub(live);
        Self { from, keys, live, changes: later }
    }

    fn join(&mut self, next: Self) {
        self.keys.extend(next.keys);
        self.live += next.live;
        self.changes.extend(next.changes);
        self.changes.make_contiguous().sort_by_key(|c| c.revision);
    }
}

impl Keys {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The block that has a key, if any has.
    fn block(&self, key: &str) -> usize {
        self.blocks.partition_point(|b| *b.from <= *key).saturating_sub(1)
    }

    pub(super) fn get(&self, key: &str) -> Option<(&Arc<str>, usize)> {
        let block = self.blocks.get(self.block(key))?;
        let (key, place) = &block.keys[block.find(key).ok()?];
        Some((key, *place))
    }

    /// Adds a key whose object does not live yet; `lives` says of the others' places whether theirs do now.
    pub(super) fn insert(&mut self, key: Arc<str>, place: usize, lives: impl Fn(usize) -> bool) {
        let mut i = self.block(&key);
        let last = i + 1 == self.blocks.len();
        match self.blocks.get_mut(i) {
            None => self.blocks.push(Block::new(key, place)),
            Some(block) => {
                let Err(mut at) = block.find(&key) else { return };
                if block.keys.len() >= MOST && last && at == block.keys.len() {
                    // Keys that come in order fill their blocks.
                    self.blocks.push(Block::new(key, place));
                } else {
                    if block.keys.len() >= MOST {
                        let next = block.split(lives);
                        if at > block.keys.len() {
                            at -= block.keys.len();
                            self.blocks.insert(i + 1, next);
                            i += 1;
                        } else {
                            self.blocks.insert(i + 1, next);
                        }
                    }
                    let block = &mut self.blocks[i];
                    if key < block.from {
                        block.from = key.clone();
                    }
                    block.keys.insert(at, (key, place));
                }
            }
        }
        self.len += 1;
    }

    pub(super) fn remove(&mut self, key: &str) {
        let i = self.block(key);
        let Some(block) = self.blocks.get_mut(i) else { return };
        let Ok(at) = block.find(key) else { return };
        block.keys.remove(at);
        self.len -= 1;
        if block.keys.is_empty() {
            self.blocks.remove(i);
            return;
        }
        if block.keys.len() < FEW {
            let fits =
                |a: usize| matches!(self.blocks.get(a..a + 2), Some([a, b]) if a.keys.len() + b.keys.len() <= MOST / 2);
            if let Some(a) = [Some(i), i.checked_sub(1)].into_iter().flatten().find(|a| fits(*a)) {
                let next = self.blocks.remove(a + 1);
                self.blocks[a].join(next);
            }
        }
    }

    /// An object began or ceased to live at a revision; 0: before all revisions of the window.
    pub(super) fn changed(&mut self, key: &Arc<str>, revision: Revision, born: bool) {
        let i = self.block(key);
        let Some(block) = self.blocks.get_mut(i) else { return };
        block.changed(born);
        if revision > 0 {
            block.changes.push_back(Change { revision, key: key.clone(), born });
        }
    }

    /// Nobody asks for what was before a revision any more, which is that of a write of this key.
    pub(super) fn settle(&mut self, key: &str, revision: Revision) {
        let i = self.block(key);
        let Some(block) = self.blocks.get_mut(i) else { return };
        while block.changes.front().is_some_and(|c| c.revision <= revision) {
            block.changes.pop_front();
        }
        if block.changes.is_empty() && block.changes.capacity() > 0 {
            block.changes = VecDeque::new();
        }
    }

    /// Keys with their places that start with `under` and come after `after`.
    pub(super) fn range<'a>(
        &'a self,
        under: &'a str,
        after: Option<&str>,
    ) -> impl Iterator<Item = (&'a Arc<str>, usize)> {
        let (from, skip) = match after {
            Some(a) if a >= under => (a, true),
            _ => (under, false),
        };
        let block = self.block(from);
        let at = self.blocks.get(block).map_or(0, |b| b.find(from).map_or_else(|at| at, |at| at + usize::from(skip)));
        let first = self.blocks.get(block).map_or(&[][..], |b| &b.keys[at..]);
        let rest = self.blocks.get(block + 1..).unwrap_or_default().iter().flat_map(|b| &b.keys);
        let all = first.iter().chain(rest).map(|(key, place)| (key, *place));
        all.take_while(move |(key, _)| key.starts_with(under))
    }

    /// How many objects live at a revision whose keys start with `under` and come after `after`, which does so too; `lives` says
    /// it of a place.
    pub(super) fn living_after(&self, after: &str, under: &str, at: Revision, lives: impl Fn(usize) -> bool) -> usize {
        let within = |key: &str| key < under || key.starts_with(under);
        let (first, end) = (self.block(after), self.blocks.partition_point(|b| within(&b.from)));
        // Only the first and the last block can be cut.
        let one_by_one = |block: &Block| {
            let from = block.keys.partition_point(|(k, _)| **k <= *after);
            let to = block.keys.partition_point(|(k, _)| within(k));
            block.keys.get(from..to).unwrap_or_default().iter().filter(|(_, place)| lives(*place)).count()
        };
        let blocks = self.blocks.get(first..end).unwrap_or_default();
        match blocks {
            [] => 0,
            [one] => one_by_one(one),
            [first, whole @ .., last] => {
                one_by_one(first) + whole.iter().map(|b| b.living(at)).sum::<usize>() + one_by_one(last)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    /// A key by its place.
    fn name(place: usize) -> String {
        format!("{}/{place:05}", ["a", "b", "bb", "c"][place % 4])
    }

    #[test]
    fn counts_at_any_revision_are_those_of_a_model() {
        let mut random = fastrand::Rng::with_seed(7);
        let (mut keys, mut places) = (Keys::default(), BTreeMap::<String, usize>::new());
        // By revision, what lived.
        let mut states = vec![BTreeSet::<String>::new()];
        let mut oldest = 0;
        for revision in 1..3_000_u64 {
            // First more and more of them, in order and not; then fewer.
            let place = if revision < 400 { revision as usize } else { random.usize(0..800) };
            let (key, mut now) = (name(place), states[states.len() - 1].clone());
            let born = if revision < 1_500 { random.u8(0..8) > 0 } else { random.u8(0..8) == 0 };
            if born && !now.contains(&key) {
                keys.insert(key.as_str().into(), place, |place| now.contains(&name(place)));
                places.insert(key.clone(), place);
                keys.changed(&key.as_str().into(), revision, true);
                now.insert(key);
            } else if !born && now.remove(&key) {
                keys.changed(&key.as_str().into(), revision, false);
                // Nobody looks back any more: what is dead goes.
                if random.u8(0..16) == 0 {
                    places.keys().for_each(|key| keys.settle(key, revision));
                    oldest = revision;
                    places.keys().filter(|k| !now.contains(*k)).for_each(|key| keys.remove(key));
                    places.retain(|k, _| now.contains(k));
                }
            }
            states.push(now);
            if revision % 7 == 0 {
                check(&keys, &places, &states, oldest, &mut random);
            }
        }
        assert!(oldest > 0 && keys.len() < 200, "keys went");
    }

    fn check(
        keys: &Keys,
        places: &BTreeMap<String, usize>,
        states: &[BTreeSet<String>],
        oldest: u64,
        random: &mut fastrand::Rng,
    ) {
        let model = |under: &str, after: &str| -> Vec<(String, usize)> {
            let inside = places.iter().filter(|(k, _)| k.starts_with(under) && k.as_str() > after);
            inside.map(|(k, p)| (k.clone(), *p)).collect()
        };
        assert_eq!(keys.len(), places.len());
        let of = |(key, place): (&Arc<str>, usize)| (key.to_string(), place);
        for under in ["", "a/", "b/", "c/", "d/"] {
            let all: Vec<_> = keys.range(under, None).map(of).collect();
            assert_eq!(all, model(under, ""), "under {under:?}");
            let Some((after, place)) = all.get(random.usize(0..all.len().max(1))) else { continue };
            assert_eq!(keys.get(after).map(of), Some((after.clone(), *place)));
            assert!(keys.range(under, Some(after)).map(of).eq(model(under, after)), "under {under:?} after {after}");
            let at = random.u64(oldest..states.len() as u64);
            let state = &states[at as usize];
            let follow = state.iter().filter(|k| k.starts_with(under) && *k > after).count();
            let counted = keys.living_after(after, under, at, |place| state.contains(&name(place)));
            assert_eq!(counted, follow, "under {under:?} after {after} at {at}");
        }
    }
}
