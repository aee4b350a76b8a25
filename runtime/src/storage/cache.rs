//! The cache of one kind over any backend: every version of every object inside the window, decoded once, and the events
//! that led from one to the next. Readers copy pointers, watchers keep a cursor; nobody queues for anybody. `state` owns what is
//! kept, `watcher` the cursors, and `crowd` when they look.

mod check;
mod crowd;
mod keys;
mod load;
mod state;
mod watcher;

use super::contract::{
    Attachment, Backend, Error, Event as Raw, History, KeyValue, Range, Revision, Sink, Subscription,
};
use bytes::Bytes;
use crowd::Crowd;
use state::{Half, Loaded, Put, Recipe, State, Version};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak};
use std::time::{Duration, Instant};
use tokio::sync::watch;
pub use watcher::{Batch, Change, Chunks, Next, Watcher};

/// How stored bytes become what is served.
pub trait Codec: Send + Sync + 'static {
    /// What is kept per object and revision.
    type Entry: Send + Sync + 'static;
    /// The part of an entry that it is selected and found by, which stays in memory while the entry is in the window.
    type Trace: Clone + Send + Sync + 'static;
    /// Decodes a value; `attachment` is what the writer left, when it was in this process. A value that cannot be decoded
    /// is left out of the cache, which says so in the log.
    fn decode(
        &self,
        key: &str,
        value: &Bytes,
        revision: Revision,
        attachment: Option<&Attachment>,
    ) -> Result<Self::Entry, String>;
    /// An entry's trace.
    fn trace<'a>(&self, entry: &'a Self::Entry) -> &'a Self::Trace;
    /// What an entry can be found by, such as its labels: texts that [`Cache::select`] is given.
    fn terms(&self, trace: &Self::Trace) -> Vec<String>;
    /// Whether two entries are found by the same; cheaper than to compare their terms.
    fn same_terms(&self, a: &Self::Trace, b: &Self::Trace) -> bool;
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
    /// The object as it is shown when it is gone, made by whoever needs it first.
    pub departed: OnceLock<Arc<E>>,
    frames: Mutex<Vec<(usize, u8, Bytes)>>,
    at: Instant,
}

impl<E> Event<E> {
    /// The event as it is sent in a version and a form, encoded by whoever needs it first. Both are the caller's numbers.
    ///
    /// # Errors
    /// That of `make`.
    pub fn frame<X>(&self, version: usize, form: u8, make: impl FnOnce() -> Result<Bytes, X>) -> Result<Bytes, X> {
        let mut frames = self.frames.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((.., frame)) = frames.iter().find(|(v, f, _)| *v == version && *f == form) {
            return Ok(frame.clone());
        }
        let frame = make()?;
        frames.push((version, form, frame.clone()));
        Ok(frame)
    }
}

/// A list as of one revision.
pub struct Page<E> {
    /// In byte order of keys.
    pub items: Vec<Arc<E>>,
    /// The key of the last item, when more follow.
    pub more_after: Option<Arc<str>>,
    /// How many follow, selected or not.
    pub remaining: usize,
}

impl<E> Default for Page<E> {
    fn default() -> Self {
        Self { items: Vec::new(), more_after: None, remaining: 0 }
    }
}

/// Events younger than this are kept, so that clients can resume (W26): a bookmark period and a quarter.
const WINDOW: Duration = Duration::from_secs(75);
/// Events kept at least, and at most, whatever their age.
const KEEP: std::ops::Range<usize> = 1024..102_400;
/// The newest events keep their frames; a watcher further behind encodes for itself.
const FRAMES: usize = 256;

/// The newest events are kept as they are; of what is older, the backend may be asked again.
const HOT: usize = 1024;
/// Values of events that are kept at most, in bytes: where the backend can be asked again, and where it cannot.
const BYTES: [usize; 2] = [64 << 20, 256 << 20];
/// So many events are kept whatever they weigh.
const LEAST: usize = 100;

/// The cache of one kind.
pub struct Cache<C: Codec> {
    state: RwLock<State<C>>,
    changed: watch::Sender<Revision>,
    crowd: Crowd,
    /// What watchers were told last: most of them are told the same.
    latest: Mutex<Option<Arc<Batch<C::Entry>>>>,
    backend: Arc<dyn Backend>,
    codec: C,
    prefix: String,
    subscription: OnceLock<Subscription>,
    /// Differences that checks have found.
    wrong: AtomicU64,
}

/// What a backend told before the base state was in.
enum Early {
    Events(Vec<Raw>),
    Restart(Range),
}

/// Holds what comes early until the base state is in.
struct Gate<C: Codec> {
    cache: Weak<Cache<C>>,
    early: Mutex<Option<Vec<Early>>>,
}

impl<C: Codec> Gate<C> {
    /// What came so far; the gate stays closed.
    fn held(&self) -> Vec<Early> {
        self.early.lock().unwrap_or_else(PoisonError::into_inner).as_mut().map(std::mem::take).unwrap_or_default()
    }

    fn open(&self) {
        let mut early = self.early.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(cache) = self.cache.upgrade() else { return };
        for told in early.take().unwrap_or_default() {
            match told {
                Early::Events(events) => cache.take(&events),
                Early::Restart(state) => cache.restart(&state),
            }
        }
    }
}

impl<C: Codec> Sink for Gate<C> {
    fn deliver(&self, events: &[Raw]) {
        let mut early = self.early.lock().unwrap_or_else(PoisonError::into_inner);
        match (&mut *early, self.cache.upgrade()) {
            (Some(held), _) => held.push(Early::Events(events.to_vec())),
            (None, Some(cache)) => cache.take(events),
            (None, None) => {}
        }
    }

    fn restart(&self, state: &Range) {
        let mut early = self.early.lock().unwrap_or_else(PoisonError::into_inner);
        match (&mut *early, self.cache.upgrade()) {
            (Some(held), _) => held.push(Early::Restart(state.clone())),
            (None, Some(cache)) => cache.restart(state),
            (None, None) => {}
        }
    }
}

impl<C: Codec> Cache<C> {
    /// Loads a kind and follows its changes.
    pub async fn start(backend: Arc<dyn Backend>, prefix: String, codec: C) -> Result<Arc<Self>, Error> {
        Self::start_keeping(backend, prefix, codec, HOT).await
    }

    /// As [`Cache::start`]; only so many of the newest events are kept with their objects where the backend recalls values.
    pub(super) async fn start_keeping(
        backend: Arc<dyn Backend>,
        prefix: String,
        codec: C,
        hot: usize,
    ) -> Result<Arc<Self>, Error> {
        let hot = if backend.recalls() { hot } else { usize::MAX };
        let cache = Arc::new(Self {
            state: RwLock::new(State::new(hot, BYTES[usize::from(!backend.recalls())])),
            changed: watch::Sender::new(0),
            crowd: Crowd::default(),
            latest: Mutex::default(),
            backend: backend.clone(),
            codec,
            prefix,
            subscription: OnceLock::new(),
            wrong: AtomicU64::new(0),
        });
        let gate = Arc::new(Gate { cache: Arc::downgrade(&cache), early: Mutex::new(Some(Vec::new())) });
        let (base, subscription) = backend.replay(&cache.prefix, gate.clone()).await?;
        cache.load(base, &gate).await?;
        let _ = cache.subscription.set(subscription);
        cache.check_for_ever();
        cache.tell_for_ever();
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

    fn read(&self) -> RwLockReadGuard<'_, State<C>> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> RwLockWriteGuard<'_, State<C>> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the cache keeps of a stored value.
    fn entry(&self, kv: &KeyValue) -> Option<Loaded<C::Entry>> {
        let key: Arc<str> = kv.key[self.prefix.len()..].into();
        let entry = self.decode(&key, &kv.value, kv.revision, None)?;
        Some((key, kv.revision, entry))
    }

    /// What the cache keeps of an event.
    fn write(&self, event: &Raw) -> Put<C::Entry> {
        let key: Arc<str> = event.key[self.prefix.len()..].into();
        let new = event.value.as_ref().and_then(|v| self.decode(&key, v, event.revision, event.attachment.as_ref()));
        Put { revision: event.revision, key, new, bytes: event.value.as_ref().map_or(0, Bytes::len) }
    }

    /// Takes a state of which nothing older is known; watchers that have not seen it fall out of the window.
    fn restart(&self, base: &Range) {
        self.begin(base.revision, base.items.iter().filter_map(|kv| self.entry(kv)).collect());
    }

    fn begin(&self, revision: Revision, entries: Vec<Loaded<C::Entry>>) {
        self.state().restart(&self.codec, revision, entries);
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.changed.send_replace(revision);
        self.crowd.news();
    }

    fn take(&self, events: &[Raw]) {
        // Decoded before the lock is taken: readers wait for pointers only.
        self.put(events.iter().map(|event| self.write(event)).collect());
    }

    fn put(&self, puts: Vec<Put<C::Entry>>) {
        let Some(last) = puts.last().map(|put| put.revision) else { return };
        let now = Instant::now();
        {
            let mut state = self.state();
            for put in puts {
                state.put(&self.codec, put, now);
            }
            state.forget(&self.codec, now);
        }
        self.changed.send_replace(last);
        self.crowd.news();
    }

    /// An object's newest entry.
    pub fn get(&self, key: &str) -> Option<Arc<C::Entry>> {
        let state = self.read();
        match &state.chains[state.objects.get(key)?.1].last()?.1 {
            Version::Hot(entry) => Some(entry.clone()),
            // The newest is never cold.
            Version::Cold(_) | Version::Gone => None,
        }
    }

    /// An object's entry at the revision of one of its writes, from the backend.
    fn recall(&self, key: &str, revision: Revision) -> Option<Arc<C::Entry>> {
        self.decode(key, &self.backend.recall(revision)?, revision, None)
    }

    /// The backend does not have what led to a revision any more: neither has the cache.
    fn lose(&self, up_to: Revision) {
        let mut state = self.state();
        state.oldest = state.oldest.max(up_to);
    }

    /// A cold event with its objects; its revision when the backend does not have them any more.
    fn warm(&self, recipe: Recipe<C::Entry>) -> Result<Arc<Event<C::Entry>>, Revision> {
        let Recipe { revision, key, at, old, new } = recipe;
        let whole = |half| match half {
            Half::Hot(entry) => Ok(Some(entry)),
            Half::Cold(at) => self.recall(&key, at).map(Some).ok_or(revision),
            Half::Gone => Ok(None),
        };
        let (old, new) = (whole(old)?, whole(new)?);
        Ok(Arc::new(Event { revision, key, old, new, departed: OnceLock::new(), frames: Mutex::default(), at }))
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
        keep: impl Fn(&C::Trace) -> bool,
    ) -> Result<Page<C::Entry>, Error> {
        self.select(under, after, limit, at, &[], keep)
    }

    /// As [`Cache::page`], for what has all of some terms: only objects that the rarest of them leads to are looked at.
    /// `keep` still decides.
    ///
    /// # Errors
    /// Those of [`Cache::page`].
    pub fn select(
        &self,
        under: &str,
        after: Option<&str>,
        limit: usize,
        at: Revision,
        terms: &[String],
        keep: impl Fn(&C::Trace) -> bool,
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
        let mut keys = &state.objects;
        for term in terms {
            let Some(having) = state.index.get(term) else { return Ok(Page::default()) };
            if having.len() < keys.len() {
                keys = having;
            }
        }
        let mut page = Page::default();
        // What is cold, and where in the page it belongs: recalled when the lock is gone.
        let mut cold = Vec::new();
        for (key, place) in keys.range(under, after) {
            let Some((revision, version)) = state.version(place, at) else { continue };
            if !version.trace(&self.codec).is_some_and(&keep) {
                continue;
            }
            let taken = page.items.len() + cold.len();
            match version {
                Version::Hot(entry) => page.items.push(entry.clone()),
                _ => cold.push((taken, key.clone(), *revision)),
            }
            if taken + 1 == limit {
                page.remaining = state.objects.living_after(key, under, at, |place| state.lives(place, at));
                page.more_after = (page.remaining > 0).then(|| key.clone());
                break;
            }
        }
        drop(state);
        if !cold.is_empty() && self.fill(&mut page, cold).is_none() {
            self.lose(at + 1);
            return Err(Error::Compacted { wanted: at, oldest: self.read().oldest });
        }
        Ok(page)
    }

    /// Puts what was cold into its places.
    fn fill(&self, page: &mut Page<C::Entry>, cold: Vec<(usize, Arc<str>, Revision)>) -> Option<()> {
        let mut hot = std::mem::take(&mut page.items).into_iter();
        for (place, key, revision) in cold {
            let before = place - page.items.len();
            page.items.extend(hot.by_ref().take(before));
            page.items.push(self.recall(&key, revision)?);
        }
        page.items.extend(hot);
        Some(())
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.read().live
    }

    /// What is held of the past: events, and the bytes of the values that came with them.
    pub fn history(&self) -> History {
        let state = self.read();
        History { events: state.ring.len(), bytes: state.bytes }
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
        Ok(Watcher::new(self, after))
    }

    /// Ends all watches once they have delivered what is there, and stops following the backend.
    pub fn close(&self) {
        self.state().closed = true;
        self.changed.send_modify(|_| {});
        self.crowd.news();
    }
}
