//! The state of one kind inside the window: chains of versions, the ring of events, and what objects are found by. What is no
//! longer new is kept cold where the backend has it: a trace of the object, and the revision that its value is recalled by.

use super::keys::Keys;
use super::{Codec, Event, FRAMES, KEEP, LEAST, WINDOW};
use crate::storage::contract::Revision;
use smallvec::SmallVec;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

/// An object from a revision on.
pub(super) enum Version<C: Codec> {
    Hot(Arc<C::Entry>),
    /// One that another has followed.
    Cold(C::Trace),
    Gone,
}

impl<C: Codec> Version<C> {
    pub(super) fn trace<'a>(&'a self, codec: &'a C) -> Option<&'a C::Trace> {
        match self {
            Self::Hot(entry) => Some(codec.trace(entry)),
            Self::Cold(trace) => Some(trace),
            Self::Gone => None,
        }
    }
}

/// The chain of an object's versions inside the window, newest last. Most objects have one.
type Chain<C> = SmallVec<[(Revision, Version<C>); 1]>;

/// Whether the newest version of a chain is an object.
fn lives<C: Codec>(chain: &Chain<C>) -> bool {
    chain.last().is_some_and(|(_, version)| !matches!(version, Version::Gone))
}

/// An event of the window.
pub(super) enum Slot<C: Codec> {
    Hot {
        event: Arc<Event<C::Entry>>,
        /// Of its value.
        bytes: usize,
    },
    /// Its objects are in the chain of its key.
    Cold { revision: Revision, key: Arc<str>, at: Instant },
}

impl<C: Codec> Slot<C> {
    pub(super) fn revision(&self) -> Revision {
        match self {
            Self::Hot { event, .. } => event.revision,
            Self::Cold { revision, .. } => *revision,
        }
    }

    fn key(&self) -> &Arc<str> {
        match self {
            Self::Hot { event, .. } => &event.key,
            Self::Cold { key, .. } => key,
        }
    }

    fn at(&self) -> Instant {
        match self {
            Self::Hot { event, .. } => event.at,
            Self::Cold { at, .. } => *at,
        }
    }
}

/// An object as it is loaded: its key, its revision, itself.
pub(super) type Loaded<E> = (Arc<str>, Revision, Arc<E>);

/// A write as it is taken.
pub(super) struct Put<E> {
    pub(super) revision: Revision,
    pub(super) key: Arc<str>,
    /// `None` when deleted.
    pub(super) new: Option<Arc<E>>,
    /// Of the stored value.
    pub(super) bytes: usize,
}

/// One side of a cold event.
pub(super) enum Half<E> {
    Hot(Arc<E>),
    Cold(Revision),
    Gone,
}

/// What a cold event is made of again.
pub(super) struct Recipe<E> {
    pub(super) revision: Revision,
    pub(super) key: Arc<str>,
    pub(super) at: Instant,
    pub(super) old: Half<E>,
    pub(super) new: Half<E>,
}

pub(super) struct State<C: Codec> {
    pub(super) objects: Keys,
    /// Chains by place, and places that are free.
    pub(super) chains: Vec<Chain<C>>,
    free: Vec<usize>,
    /// Objects by the terms that any of their versions here has.
    pub(super) index: HashMap<String, Keys>,
    pub(super) ring: VecDeque<Slot<C>>,
    /// Events after this revision are all in the ring.
    pub(super) oldest: Revision,
    pub(super) revision: Revision,
    pub(super) live: usize,
    pub(super) closed: bool,
    /// How many events at the front of the ring are cold.
    cold: usize,
    /// Values of the hot ones, in bytes.
    pub(super) bytes: usize,
    /// The newest events that are kept hot, and how much they may weigh.
    hot: usize,
    most: usize,
}

impl<C: Codec> State<C> {
    /// So many of the newest events are kept hot, while their values are of so many bytes at most. With `usize::MAX` of them
    /// nothing is ever cold: what weighs too much is forgotten.
    pub(super) fn new(hot: usize, most: usize) -> Self {
        Self {
            objects: Keys::default(),
            chains: Vec::new(),
            free: Vec::new(),
            index: HashMap::new(),
            ring: VecDeque::new(),
            oldest: 0,
            revision: 0,
            live: 0,
            closed: false,
            cold: 0,
            bytes: 0,
            hot,
            most,
        }
    }

    /// Takes a state of which nothing older is known.
    pub(super) fn restart(&mut self, codec: &C, revision: Revision, entries: Vec<Loaded<C::Entry>>) {
        *self = Self {
            closed: self.closed,
            revision,
            oldest: revision,
            live: entries.len(),
            ..Self::new(self.hot, self.most)
        };
        for (key, revision, entry) in entries {
            let place = self.chains.len();
            self.note(codec, &key, place, codec.trace(&entry));
            self.chains.push(Chain::from_iter([(revision, Version::Hot(entry))]));
            self.objects.insert(key.clone(), place, |place| lives(&self.chains[place]));
            self.objects.changed(&key, 0, true);
        }
    }

    /// The object of a chain at a revision.
    pub(super) fn version(&self, place: usize, at: Revision) -> Option<&(Revision, Version<C>)> {
        self.chains[place].iter().rev().find(|(r, _)| *r <= at)
    }

    /// Whether a chain has an object at a revision.
    pub(super) fn lives(&self, place: usize, at: Revision) -> bool {
        self.version(place, at).is_some_and(|(_, version)| !matches!(version, Version::Gone))
    }

    pub(super) fn put(&mut self, codec: &C, put: Put<C::Entry>, at: Instant) {
        let Put { revision, key, new, bytes } = put;
        self.revision = revision;
        // One copy of a key, however many versions there are.
        let (key, place) = match self.objects.get(&key) {
            Some((key, place)) => (key.clone(), place),
            None => {
                let place = self.free.pop().unwrap_or(self.chains.len());
                if place == self.chains.len() {
                    self.chains.push(Chain::new());
                }
                self.objects.insert(key.clone(), place, |place| lives(&self.chains[place]));
                (key, place)
            }
        };
        let old = match self.chains[place].last() {
            Some((_, Version::Hot(old))) => Some(old.clone()),
            _ => None,
        };
        if old.is_some() != new.is_some() {
            self.live = if new.is_some() { self.live + 1 } else { self.live - 1 };
            self.objects.changed(&key, revision, new.is_some());
        }
        // The terms that a new version brings; the old one's stay as long as it does.
        if let Some(new) = &new
            && !old.as_deref().is_some_and(|old| codec.same_terms(codec.trace(old), codec.trace(new)))
        {
            self.note(codec, &key, place, codec.trace(new));
        }
        self.chains[place].push((revision, new.clone().map_or(Version::Gone, Version::Hot)));
        let (departed, frames) = (OnceLock::new(), Mutex::default());
        let event = Arc::new(Event { revision, key, old, new, departed, frames, at });
        self.ring.push_back(Slot::Hot { event, bytes });
        self.bytes += bytes;
        if let Some(Slot::Hot { event, .. }) = self.ring.len().checked_sub(FRAMES + 1).and_then(|i| self.ring.get(i)) {
            *event.frames.lock().unwrap_or_else(PoisonError::into_inner) = Vec::new();
        }
        while self.hot < usize::MAX && self.is_too_much(self.hot) {
            self.cool(codec);
        }
    }

    /// Whether more is hot than so many events, or than so many bytes.
    fn is_too_much(&self, events: usize) -> bool {
        let hot = self.ring.len() - self.cold;
        hot > events || (hot > LEAST && self.bytes > self.most)
    }

    /// Lets go of the objects of the oldest event that is hot: of the one before it, that is; the one after it is the newest
    /// still, or goes with the event that followed.
    fn cool(&mut self, codec: &C) {
        let Some(slot) = self.ring.get_mut(self.cold) else { return };
        self.cold += 1;
        let Slot::Hot { event, bytes } = slot else { return };
        self.bytes -= *bytes;
        let (revision, key, at) = (event.revision, event.key.clone(), event.at);
        if let Some((_, place)) = self.objects.get(&key) {
            let chain = &mut self.chains[place];
            let before = chain.iter().rposition(|(r, _)| *r < revision);
            if let Some((_, version)) = before.and_then(|i| chain.get_mut(i))
                && let Version::Hot(entry) = version
            {
                *version = Version::Cold(codec.trace(entry).clone());
            }
        }
        *slot = Slot::Cold { revision, key, at };
    }

    /// How a cold event is told again.
    pub(super) fn recipe(&self, slot: &Slot<C>) -> Option<Recipe<C::Entry>> {
        let Slot::Cold { revision, key, at } = slot else { return None };
        let chain = &self.chains[self.objects.get(key)?.1];
        let i = chain.iter().rposition(|(r, _)| r == revision)?;
        let half = |(at, version): &(Revision, Version<C>)| match version {
            Version::Hot(entry) => Half::Hot(entry.clone()),
            Version::Cold(_) => Half::Cold(*at),
            Version::Gone => Half::Gone,
        };
        let old = i.checked_sub(1).map_or(Half::Gone, |i| half(&chain[i]));
        Some(Recipe { revision: *revision, key: key.clone(), at: *at, old, new: half(&chain[i]) })
    }

    fn note(&mut self, codec: &C, key: &Arc<str>, place: usize, trace: &C::Trace) {
        for term in codec.terms(trace) {
            self.index.entry(term).or_default().insert(key.clone(), place, |_| false);
        }
    }

    /// Drops events past the window, and the versions that only they led to.
    pub(super) fn forget(&mut self, codec: &C, now: Instant) {
        while let Some(front) = self.ring.front() {
            let heavy = self.cold == 0 && self.is_too_much(KEEP.end);
            let old = now.saturating_duration_since(front.at()) >= WINDOW;
            if !heavy && (self.ring.len() <= KEEP.start || (self.ring.len() <= KEEP.end && !old)) {
                break;
            }
            let (key, revision) = (front.key().clone(), front.revision());
            match self.ring.pop_front() {
                Some(Slot::Hot { bytes, .. }) => self.bytes -= bytes,
                _ => self.cold = self.cold.saturating_sub(1),
            }
            self.oldest = self.oldest.max(revision);
            self.objects.settle(&key, revision);
            let Some((_, place)) = self.objects.get(&key) else { continue };
            let chain = &mut self.chains[place];
            if let Some(last) = chain.iter().rposition(|(r, _)| *r <= revision) {
                let dead = matches!(chain[last].1, Version::Gone);
                let gone: Vec<_> = chain.drain(..if dead { last + 1 } else { last }).map(|(_, v)| v).collect();
                let gone: Vec<_> = gone.iter().filter_map(|v| v.trace(codec)).collect();
                let kept = chain.iter().find_map(|(_, v)| v.trace(codec));
                if !gone.iter().all(|t| kept.is_some_and(|kept| codec.same_terms(t, kept))) {
                    let kept: BTreeSet<_> =
                        chain.iter().filter_map(|(_, v)| v.trace(codec)).flat_map(|t| codec.terms(t)).collect();
                    let gone = gone.iter().flat_map(|t| codec.terms(t)).filter(|t| !kept.contains(t));
                    unlist(&mut self.index, &key, gone);
                }
            }
            if chain.is_empty() {
                *chain = Chain::new();
                self.free.push(place);
                self.objects.remove(&key);
            } else if chain.len() == 1 {
                chain.shrink_to_fit();
            }
        }
    }
}

fn unlist(index: &mut HashMap<String, Keys>, key: &Arc<str>, terms: impl Iterator<Item = String>) {
    for term in terms {
        if let Some(keys) = index.get_mut(&term) {
            keys.remove(key);
            if keys.is_empty() {
                index.remove(&term);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::conformance::Plain;
    use bytes::Bytes;
    use std::time::Duration;

    /// Takes so many writes of three objects, each at the moment that `at` says.
    fn written(hot: usize, most: usize, count: u64, bytes: usize, at: impl Fn(u64) -> Instant) -> State<Plain> {
        let mut state = State::new(hot, most);
        for revision in 1..=count {
            let (key, new) = ((revision % 3).to_string().into(), Some(Arc::new((revision, Bytes::from("v")))));
            state.put(&Plain, Put { revision, key, new, bytes }, at(revision));
            state.forget(&Plain, at(revision));
        }
        state
    }

    #[test]
    fn what_is_held_of_the_past_is_bounded_by_events_and_by_bytes() {
        let now = Instant::now();
        let check = |hot: usize, most: usize, bytes: usize, events: usize, held: usize| {
            let state = written(hot, most, 5_000, bytes, |_| now);
            assert_eq!((state.ring.len(), state.bytes), (events, held), "{hot} events hot, {most} bytes, {bytes} each");
            assert_eq!(state.oldest, 5_000 - events as u64, "what is not there is known to be gone");
        };
        // With what can be recalled, events stay, and their values go.
        check(1_000, 1 << 20, 100, 5_000, 100_000);
        check(1_000, 50_000, 100, 5_000, 50_000);
        check(1_000, 50_000, 10_000, 5_000, LEAST * 10_000);
        // Without, events go with their values.
        check(usize::MAX, 1 << 20, 100, 5_000, 500_000);
        check(usize::MAX, 50_000, 100, 500, 50_000);
        check(usize::MAX, 50_000, 10_000, LEAST, LEAST * 10_000);
    }

    #[test]
    fn a_clock_that_jumps_back_loses_no_history_and_one_that_jumps_on_only_what_is_old() {
        let day = Duration::from_secs(86_400);
        let start = Instant::now() + 10 * day;
        // Half of them before the jump.
        let check = |after: Instant, kept: usize| {
            let state = written(1_000, 1 << 20, 6_000, 1, |r| if r <= 3_000 { start } else { after });
            assert_eq!(state.ring.len(), kept);
            assert_eq!(state.objects.len(), 3);
        };
        check(start, 6_000);
        check(start - 3 * day, 6_000);
        check(start + 3 * day, 3_000);
    }
}
