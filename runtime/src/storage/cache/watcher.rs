//! Cursors in the events of a cache, and what they find: batches, which are made once for all who stand at the same place.

use super::state::Slot;
use super::{Cache, Codec, Event};
use crate::storage::contract::Revision;
use bytes::Bytes;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// A batch of more bytes is not kept for others: each makes one of the events, which are shared in any case.
const KEPT_BYTES: usize = 256 << 10;
/// A batch is kept ready in so many forms; who has a form of his own (a selector that nobody else has) makes it ready for himself.
const FORMS: usize = 8;

/// What a watcher finds.
pub enum Next<E> {
    /// Events in revision order, at least one; everything up to the revision has been seen.
    Events(Arc<Batch<E>>, Revision),
    /// The watcher fell out of the window: it must list again.
    Lagged,
    /// The kind is no longer served from here.
    Closed,
}

/// What a change is to a watcher that may have chosen among the objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is there, or came into what was chosen.
    Added,
    /// It is another now.
    Modified,
    /// It is gone, or left what was chosen.
    Deleted,
}

/// Events that are told together.
pub struct Batch<E> {
    /// In the order of their revisions.
    pub events: Vec<Arc<Event<E>>>,
    /// Everything between this and the first of them is nothing.
    after: Revision,
    made: Mutex<Vec<Made>>,
}

/// For whom a batch has been made ready.
struct Made {
    version: usize,
    changes: Vec<Option<Change>>,
    chunks: Arc<Chunks>,
}

/// A batch as it is sent.
pub struct Chunks {
    /// One after the other.
    pub parts: Vec<Bytes>,
    /// Whether that is all of the batch.
    pub whole: bool,
}

impl<E> Batch<E> {
    fn new(events: Vec<Arc<Event<E>>>, after: Revision) -> Self {
        Self { events, after, made: Mutex::default() }
    }

    fn upto(&self) -> Revision {
        self.events.last().map_or(self.after, |e| e.revision)
    }

    /// Whether it is what comes after a cursor, as far as a limit.
    fn follows(&self, cursor: Revision, limit: Revision) -> bool {
        let first = self.events.first().map_or(self.after, |e| e.revision);
        (self.after..first).contains(&cursor) && self.upto() <= limit
    }

    /// The batch as it is sent in a version to those for whom the events are these changes, made by whoever needs it first.
    pub fn chunks(&self, version: usize, changes: &[Option<Change>], make: impl FnOnce() -> Chunks) -> Arc<Chunks> {
        let mut all = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(made) = all.iter().find(|made| made.version == version && made.changes == changes) {
            return made.chunks.clone();
        }
        let chunks = Arc::new(make());
        if all.len() < FORMS {
            all.push(Made { version, changes: changes.to_vec(), chunks: chunks.clone() });
        }
        chunks
    }
}

/// A cursor in the events of a cache. It holds no events: a slow one costs nothing and falls out of the window at last.
pub struct Watcher<C: Codec> {
    cache: Arc<Cache<C>>,
    told: watch::Receiver<Revision>,
    cursor: Revision,
}

impl<C: Codec> Watcher<C> {
    /// At most this many events a turn.
    const BATCH: usize = 128;

    pub(super) fn new(cache: &Arc<Cache<C>>, after: Revision) -> Self {
        Self { cache: cache.clone(), told: cache.crowd.join(), cursor: after }
    }

    /// What there is past the cursor now; `None` when nothing.
    pub fn poll(&mut self) -> Option<Next<C::Entry>> {
        self.look(Revision::MAX)
    }

    fn look(&mut self, limit: Revision) -> Option<Next<C::Entry>> {
        let state = self.cache.read();
        if self.cursor < state.oldest {
            return Some(Next::Lagged);
        }
        let closed = state.closed;
        let limit = if closed { Revision::MAX } else { limit };
        let latest = || self.cache.latest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(batch) = latest().as_ref().filter(|b| b.follows(self.cursor, limit)) {
            self.cursor = batch.upto();
            return Some(Next::Events(batch.clone(), self.cursor));
        }
        let from = state.ring.partition_point(|e| e.revision() <= self.cursor);
        let after = from.checked_sub(1).and_then(|i| state.ring.get(i)).map_or(state.oldest, Slot::revision);
        let waiting = state.ring.range(from..).take(Self::BATCH).take_while(|e| e.revision() <= limit);
        let cold: Vec<_> = waiting.clone().map_while(|slot| state.recipe(slot)).collect();
        let batch = if cold.is_empty() {
            let mut size = 0;
            let hot = waiting.map_while(|slot| match slot {
                Slot::Hot { event, bytes } => {
                    size += bytes;
                    Some(event.clone())
                }
                Slot::Cold { .. } => None,
            });
            let batch = Arc::new(Batch::new(hot.collect(), after));
            if !batch.events.is_empty() && size <= KEPT_BYTES {
                *latest() = Some(batch.clone());
            }
            batch
        } else {
            drop(state);
            match cold.into_iter().map(|recipe| self.cache.warm(recipe)).collect() {
                Ok(events) => Arc::new(Batch::new(events, after)),
                Err(lost) => {
                    self.cache.lose(lost);
                    return Some(Next::Lagged);
                }
            }
        };
        match batch.events.last() {
            Some(e) => {
                self.cursor = e.revision;
                Some(Next::Events(batch, self.cursor))
            }
            None if closed => Some(Next::Closed),
            None => None,
        }
    }

    /// Waits for what comes next.
    pub async fn next(&mut self) -> Next<C::Entry> {
        loop {
            let limit = *self.told.borrow_and_update();
            if let Some(next) = self.look(limit) {
                return next;
            }
            if self.told.changed().await.is_err() {
                return Next::Closed;
            }
        }
    }

    /// A revision up to which nothing is left to see, for bookmarks.
    pub fn progress(&mut self) -> Revision {
        let delivered = self.cache.backend.delivered();
        let state = self.cache.read();
        let waiting = state.ring.back().is_some_and(|e| e.revision() > self.cursor);
        if !waiting {
            self.cursor = self.cursor.max(delivered.min(state.revision.max(delivered)));
        }
        self.cursor
    }
}
