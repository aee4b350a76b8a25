//! The cache of one kind over any backend: every version of every object inside the window, decoded once, and the events
//! that led from one to the next. Readers copy pointers, watchers keep a cursor; nobody queues for anybody.

use super::contract::{Attachment, Backend, Error, Event as Raw, Revision, Sink, Subscription};
use bytes::Bytes;
use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::{Arc, OnceLock, RwLock, RwLockReadGuard, Weak};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How stored bytes become what is served.
pub trait Codec: Send + Sync + 'static {
    /// What is kept per object and revision.
    type Entry: Send + Sync + 'static;
    /// Decodes a value; `attachment` is what the writer left, when it was in this process. A value that cannot be decoded
    /// is left out of the cache, which says so in the log.
    fn decode(
        &self,
        key: &str,
        value: &Bytes,
        revision: Revision,
        attachment: Option<&Attachment>,
    ) -> Result<Self::Entry, String>;
}

/// A change of one object, shared by all its watchers.
pub struct Event<E> {
    /// Its revision.
    pub revision: Revision,
    /// Key below the kind's prefix.
    pub key: Arc<str>,
    /// The object before.
    pub old: Option<Arc<E>>,
    /// The object after; `None` when deleted.
    pub new: Option<Arc<E>>,
    /// Watch frames by form, encoded by whoever needs one first.
    pub frames: [OnceLock<Bytes>; 4],
    at: Instant,
}

/// A list as of one revision.
pub struct Page<E> {
    /// In byte order of keys.
    pub items: Vec<Arc<E>>,
    /// The key of the last item, when more follow.
    pub more_after: Option<Arc<str>>,
    /// How many follow.
    pub remaining: usize,
}

/// The chain of an object's versions inside the window, newest last.
type Chain<E> = Vec<(Revision, Option<Arc<E>>)>;

struct State<E> {
    objects: BTreeMap<Arc<str>, Chain<E>>,
    ring: VecDeque<Arc<Event<E>>>,
    /// Events after this revision are all in the ring.
    oldest: Revision,
    revision: Revision,
    live: usize,
    closed: bool,
}

/// Events younger than this are kept, so that clients can resume (W26): a bookmark period and a quarter.
const WINDOW: Duration = Duration::from_secs(75);
/// Events kept at least, and at most, whatever their age.
const KEEP: std::ops::Range<usize> = 1024..102_400;

/// The cache of one kind.
pub struct Cache<C: Codec> {
    state: RwLock<State<C::Entry>>,
    changed: watch::Sender<Revision>,
    backend: Arc<dyn Backend>,
    codec: C,
    prefix: String,
    subscription: OnceLock<Subscription>,
}

struct Feed<C: Codec>(Weak<Cache<C>>);

impl<C: Codec> Sink for Feed<C> {
    fn deliver(&self, events: &[Raw]) {
        if let Some(cache) = self.0.upgrade() {
            cache.take(events);
        }
    }
}

/// Holds early events until the base state is in.
struct Gate<C: Codec> {
    cache: Weak<Cache<C>>,
    early: std::sync::Mutex<Option<Vec<Raw>>>,
}

impl<C: Codec> Sink for Gate<C> {
    fn deliver(&self, events: &[Raw]) {
        let mut early = self.early.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match &mut *early {
            Some(held) => held.extend_from_slice(events),
            None => Feed(self.cache.clone()).deliver(events),
        }
    }
}

impl<C: Codec> Cache<C> {
    /// Loads a kind and follows its changes.
    pub async fn start(backend: Arc<dyn Backend>, prefix: String, codec: C) -> Result<Arc<Self>, Error> {
        let cache = Arc::new(Self {
            state: RwLock::new(State {
                objects: BTreeMap::new(),
                ring: VecDeque::new(),
                oldest: 0,
                revision: 0,
                live: 0,
                closed: false,
            }),
            changed: watch::Sender::new(0),
            backend: backend.clone(),
            codec,
            prefix,
            subscription: OnceLock::new(),
        });
        let gate = Arc::new(Gate { cache: Arc::downgrade(&cache), early: std::sync::Mutex::new(Some(Vec::new())) });
        let (base, subscription) = backend.replay(&cache.prefix, gate.clone()).await?;
        {
            let mut state = cache.state.write().unwrap_or_else(std::sync::PoisonError::into_inner);
            (state.oldest, state.revision) = (base.revision, base.revision);
            for kv in base.items {
                let key = &kv.key[cache.prefix.len()..];
                if let Some(entry) = cache.decode(key, &kv.value, kv.revision, None) {
                    state.live += 1;
                    state.objects.insert(key.into(), vec![(kv.revision, Some(entry))]);
                }
            }
        }
        let mut early = gate.early.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(held) = early.take() {
            cache.take(&held);
        }
        drop(early);
        let _ = cache.subscription.set(subscription);
        Ok(cache)
    }

    fn decode(&self, key: &str, value: &Bytes, at: Revision, attachment: Option<&Attachment>) -> Option<Arc<C::Entry>> {
        match self.codec.decode(key, value, at, attachment) {
            Ok(entry) => Some(Arc::new(entry)),
            Err(e) => {
                tracing::error!(prefix = %self.prefix, key, revision = at, "a stored object cannot be decoded: {e}");
                None
            }
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, State<C::Entry>> {
        self.state.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn take(&self, events: &[Raw]) {
        let Some(last) = events.last().map(|e| e.revision) else { return };
        // Decoded before the lock is taken: readers wait for pointers only.
        let decoded: Vec<_> = events
            .iter()
            .map(|e| {
                let key: Arc<str> = e.key[self.prefix.len()..].into();
                let new = e.value.as_ref().and_then(|v| self.decode(&key, v, e.revision, e.attachment.as_ref()));
                (e.revision, key, new)
            })
            .collect();
        let now = Instant::now();
        {
            let mut state = self.state.write().unwrap_or_else(std::sync::PoisonError::into_inner);
            for (revision, key, new) in decoded {
                state.put(revision, key, new, now);
            }
            state.forget(now);
        }
        self.changed.send_replace(last);
    }

    /// An object's newest entry.
    pub fn get(&self, key: &str) -> Option<Arc<C::Entry>> {
        self.read().objects.get(key).and_then(|chain| chain.last()).and_then(|(_, e)| e.clone())
    }

    /// The revision that reads without a revision are exact at.
    pub fn revision(&self) -> Revision {
        self.backend.delivered().max(self.read().revision)
    }

    /// Waits until every write acknowledged before this call is in the cache.
    pub async fn catch_up(&self) -> Result<Revision, Error> {
        let wanted = self.backend.revision().await?;
        if self.revision() >= wanted || self.reaches(wanted, Duration::from_secs(3)).await {
            return Ok(wanted);
        }
        Err(Error::Unavailable(format!("the cache of {} has not caught up with revision {wanted}", self.prefix)))
    }

    /// Waits until the cache is at a revision; false when it is not in time.
    pub async fn reaches(&self, wanted: Revision, patience: Duration) -> bool {
        let mut changed = self.changed.subscribe();
        let end = tokio::time::Instant::now() + patience;
        while self.revision() < wanted {
            let step = (tokio::time::Instant::now() + Duration::from_millis(50)).min(end);
            let _ = tokio::time::timeout_at(step, changed.changed()).await;
            if tokio::time::Instant::now() >= end {
                return self.revision() >= wanted;
            }
        }
        true
    }

    /// Objects whose keys start with `under` and come after `after`, at most `limit` (0: all) that `keep` takes, as of a
    /// revision.
    ///
    /// # Errors
    /// `Compacted` when the window no longer holds the revision, `FutureRevision` when it has not happened.
    pub fn page(
        &self,
        under: &str,
        after: Option<&str>,
        limit: usize,
        at: Revision,
        keep: impl Fn(&C::Entry) -> bool,
    ) -> Result<Page<C::Entry>, Error> {
        // Asked before the lock is taken: a backend may hold its own while it delivers to this cache.
        let delivered = self.backend.delivered();
        let state = self.read();
        if at < state.oldest {
            return Err(Error::Compacted { wanted: at, oldest: state.oldest });
        }
        let current = delivered.max(state.revision);
        if at > current {
            return Err(Error::FutureRevision { wanted: at, current });
        }
        let from = match after {
            Some(a) if a >= under => Bound::Excluded(a),
            _ => Bound::Included(under),
        };
        let mut page = Page { items: Vec::new(), more_after: None, remaining: 0 };
        let mut last: Option<&Arc<str>> = None;
        for (key, chain) in state.objects.range::<str, _>((from, Bound::Unbounded)) {
            if !key.starts_with(under) {
                break;
            }
            let Some((_, Some(entry))) = chain.iter().rev().find(|(r, _)| *r <= at) else { continue };
            if !keep(entry) {
                continue;
            }
            if limit > 0 && page.items.len() >= limit {
                page.remaining += 1;
                continue;
            }
            page.items.push(entry.clone());
            last = Some(key);
        }
        if page.remaining > 0 {
            page.more_after = last.cloned();
        }
        Ok(page)
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.read().live
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Events after a revision, as they come.
    ///
    /// # Errors
    /// `Compacted` when the window no longer holds them.
    pub fn watch(self: &Arc<Self>, after: Revision) -> Result<Watcher<C>, Error> {
        let state = self.read();
        if after < state.oldest {
            return Err(Error::Compacted { wanted: after, oldest: state.oldest });
        }
        Ok(Watcher { cache: self.clone(), changed: self.changed.subscribe(), cursor: after })
    }

    /// Ends all watches once they have delivered what is there, and stops following the backend.
    pub fn close(&self) {
        self.state.write().unwrap_or_else(std::sync::PoisonError::into_inner).closed = true;
        self.changed.send_modify(|_| {});
    }
}

impl<E> State<E> {
    fn put(&mut self, revision: Revision, key: Arc<str>, new: Option<Arc<E>>, at: Instant) {
        self.revision = revision;
        let chain = self.objects.entry(key.clone()).or_default();
        let old = chain.last().and_then(|(_, e)| e.clone());
        match (&old, &new) {
            (None, Some(_)) => self.live += 1,
            (Some(_), None) => self.live -= 1,
            _ => {}
        }
        chain.push((revision, new.clone()));
        let frames = Default::default();
        self.ring.push_back(Arc::new(Event { revision, key, old, new, frames, at }));
    }

    /// Drops events past the window, and the versions that only they led to.
    fn forget(&mut self, now: Instant) {
        while self.ring.len() > KEEP.start {
            let Some(front) = self.ring.front() else { break };
            if self.ring.len() <= KEEP.end && now.saturating_duration_since(front.at) < WINDOW {
                break;
            }
            let (key, revision) = (front.key.clone(), front.revision);
            self.ring.pop_front();
            self.oldest = revision;
            if let Some(chain) = self.objects.get_mut(&key) {
                if let Some(last) = chain.iter().rposition(|(r, _)| *r <= revision) {
                    let dead = chain[last].1.is_none();
                    chain.drain(..if dead { last + 1 } else { last });
                }
                if chain.is_empty() {
                    self.objects.remove(&key);
                }
            }
        }
    }
}

/// What a watcher finds.
pub enum Next<E> {
    /// Events in revision order; everything up to the revision has been seen.
    Events(Vec<Arc<Event<E>>>, Revision),
    /// The watcher fell out of the window: it must list again.
    Lagged,
    /// The kind is no longer served from here.
    Closed,
}

/// A cursor in the events of a cache. It holds no events: a slow one costs nothing and falls out of the window at last.
pub struct Watcher<C: Codec> {
    cache: Arc<Cache<C>>,
    changed: watch::Receiver<Revision>,
    cursor: Revision,
}

impl<C: Codec> Watcher<C> {
    /// At most this many events a turn.
    const BATCH: usize = 256;

    /// What there is past the cursor now; `None` when nothing.
    pub fn poll(&mut self) -> Option<Next<C::Entry>> {
        self.changed.mark_unchanged();
        let state = self.cache.read();
        if self.cursor < state.oldest {
            return Some(Next::Lagged);
        }
        let from = state.ring.partition_point(|e| e.revision <= self.cursor);
        let events: Vec<_> = state.ring.iter().skip(from).take(Self::BATCH).cloned().collect();
        match events.last() {
            Some(e) => {
                self.cursor = e.revision;
                Some(Next::Events(events, self.cursor))
            }
            None if state.closed => Some(Next::Closed),
            None => None,
        }
    }

    /// Waits for what comes next.
    pub async fn next(&mut self) -> Next<C::Entry> {
        loop {
            if let Some(next) = self.poll() {
                return next;
            }
            if self.changed.changed().await.is_err() {
                return Next::Closed;
            }
        }
    }

    /// A revision up to which nothing is left to see, for bookmarks.
    pub fn progress(&mut self) -> Revision {
        let delivered = self.cache.backend.delivered();
        let state = self.cache.read();
        let waiting = state.ring.back().is_some_and(|e| e.revision > self.cursor);
        if !waiting {
            self.cursor = self.cursor.max(delivered.min(state.revision.max(delivered)));
        }
        self.cursor
    }
}
