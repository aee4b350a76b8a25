//! Watchers held against the writers, over as many events as are asked for: each event once, in order, none missing, each with
//! the object before and after it, bookmarks true, and a watch goes on from any revision or bookmark as if it had never ended.

use super::{KIND, Random, committed};
use crate::storage::cache::{Cache, Codec, Event, Next};
use crate::storage::contract::{Attachment, Backend, Event as Raw, Range, Revision, Sink, Write};
use bytes::Bytes;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

const WRITERS: u64 = 32;
/// Keys of each writer, which nobody else writes.
const KEYS: u64 = 8;
/// Written now and then, so that the revisions of the kind that is watched have holes, which only bookmarks tell of.
const OTHER: &str = "conformance.example/others/";
/// Writers wait for watchers that shall see everything: less than a cache keeps.
const AHEAD: u64 = 50_000;
/// More than a cache keeps: who is so far behind has to list again.
const TOO_FAR: u64 = 120_000;

/// What a writer says of an object.
struct Thing {
    key: usize,
    revision: Revision,
    /// How often it has been written, deletes included.
    count: u64,
}

struct Counted;

impl Codec for Counted {
    type Entry = Thing;
    type Trace = ();
    fn decode(&self, key: &str, v: &Bytes, revision: Revision, _: Option<&Attachment>) -> Result<Thing, String> {
        let key = key.parse().map_err(|_| "no key of the writers".to_owned())?;
        Ok(Thing { key, revision, count: number(v).ok_or("no number")? })
    }

    fn trace<'a>(&self, _: &'a Thing) -> &'a () {
        &()
    }

    fn terms(&self, (): &()) -> Vec<String> {
        Vec::new()
    }

    fn same_terms(&self, (): &(), (): &()) -> bool {
        true
    }
}

fn number(value: &[u8]) -> Option<u64> {
    value.get(..8)?.try_into().ok().map(u64::from_le_bytes)
}

/// What the events so far come to; those of two watchers that saw the same are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Digest {
    events: u64,
    last: Revision,
    hash: u64,
}

impl Digest {
    fn add(&mut self, revision: Revision, value: Option<u64>) {
        assert!(revision > self.last, "event {revision} comes after that of {}", self.last);
        (self.events, self.last) = (self.events + 1, revision);
        let mixed = self.hash ^ revision.rotate_left(32) ^ value.map_or(u64::MAX, |n| n);
        self.hash = mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23);
    }
}

/// The events as the backend itself tells them.
#[derive(Default)]
struct Told(Mutex<Digest>);

impl Sink for Told {
    fn deliver(&self, events: &[Raw]) {
        let mut digest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for e in events {
            digest.add(e.revision, e.value.as_deref().and_then(number));
        }
    }

    fn restart(&self, state: &Range) {
        panic!("a store that is not disturbed loses no events, this one starts anew at {}", state.revision);
    }
}

/// What all share.
struct World {
    backend: Arc<dyn Backend>,
    cache: Arc<Cache<Counted>>,
    start: Revision,
    written: AtomicU64,
    wanted: u64,
    /// Events that the watchers which shall see everything have seen.
    seen: [AtomicU64; 2],
}

impl World {
    /// Waits for watchers that are far behind.
    async fn together(&self) {
        while self.seen.iter().any(|s| s.load(Ordering::Relaxed) + AHEAD < self.written.load(Ordering::Relaxed)) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    async fn write(&self, key: String, expected: Revision, value: Option<u64>) -> Revision {
        let value = value.map(|n| Bytes::copy_from_slice(&n.to_le_bytes()));
        let write = Write { key: key.into(), expected, value, attachment: None };
        committed(self.backend.write(write).await.expect("a healthy store takes writes"))
    }
}

async fn writer(world: Arc<World>, number: u64) {
    let mut random = Random((number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut keys = vec![(0, 0u64); usize::try_from(KEYS).unwrap_or(1)];
    let mut other = 0;
    while world.written.fetch_add(1, Ordering::Relaxed) < world.wanted {
        let n = random.below(KEYS);
        let (last, count) = &mut keys[usize::try_from(n).unwrap_or(0)];
        let deletes = *last > 0 && random.below(5) == 0;
        *count += 1;
        let key = format!("{KIND}{}", number * KEYS + n);
        let at = world.write(key, *last, (!deletes).then_some(*count)).await;
        *last = if deletes { 0 } else { at };
        if random.below(8) == 0 {
            other = world.write(format!("{OTHER}{number}"), other, Some(at)).await;
        }
        if random.below(16) == 0 {
            world.together().await;
            tokio::task::yield_now().await;
        }
    }
}

/// What a watcher believes to be stored, and what it has seen.
struct View {
    /// By key: the newest revision, 0 when there is no such object, and how often it was written, where that is known.
    objects: Vec<(Revision, Option<u64>)>,
    digest: Digest,
    /// The last event or bookmark.
    at: Revision,
}

impl View {
    fn take(&mut self, event: &Event<Thing>) {
        let revision = event.revision;
        assert!(revision > self.at, "event {revision} was told before, or comes after a bookmark of {}", self.at);
        self.at = revision;
        let key: usize = event.key.parse().expect("a key of the writers");
        let (last, count) = &mut self.objects[key];
        let old = event.old.as_deref().map_or(0, |e| e.revision);
        assert_eq!(old, *last, "the object before event {revision} is the one of the last event");
        // One more each time: none is missing between.
        *count = count.map(|n| n + 1);
        match event.new.as_deref() {
            Some(e) => {
                assert_eq!((e.key, e.revision), (key, revision), "event {revision} shows what was written");
                assert_eq!(*count.get_or_insert(e.count), e.count, "no event before {revision} is missing");
            }
            None => assert!(old > 0, "event {revision} deletes what there is"),
        }
        *last = event.new.as_deref().map_or(0, |e| e.revision);
        self.digest.add(revision, event.new.as_deref().map(|e| e.count));
    }

    /// Everything up to here has been told.
    fn bookmark(&mut self, at: Revision) {
        assert!(at >= self.at, "a bookmark of {at} after {}", self.at);
        self.at = at;
    }

    /// Begins anew with a list.
    fn list(&mut self, cache: &Cache<Counted>) {
        let at = cache.revision();
        assert!(at > self.at, "a list of now is newer than what fell out of the window");
        let page = cache.page("", None, 0, at, |_| true).expect("a list of now");
        let none = vec![(0, None); self.objects.len()];
        let before = std::mem::replace(&mut self.objects, none);
        for e in page.items {
            let (revision, count) = before[e.key];
            assert!(e.revision >= revision && Some(e.count) >= count, "a list does not go back");
            self.objects[e.key] = (e.revision, Some(e.count));
        }
        self.at = at;
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Manner {
    /// One watch from the beginning to the end.
    Steady,
    /// Ends its watch at any moment, and begins another where it was.
    Resuming,
    /// Looks only when it must have fallen out of the window.
    Late,
}

/// How many times a watcher began anew with a list, and what it saw.
async fn watcher(world: Arc<World>, manner: Manner) -> (u64, View) {
    let cache = &world.cache;
    let mut random = Random(0xDEAD_BEEF);
    let objects = vec![(0, Some(0)); usize::try_from(WRITERS * KEYS).unwrap_or(0)];
    let mut view = View { objects, digest: Digest::default(), at: world.start };
    let mut watch = cache.watch(world.start).expect("a watch from the start");
    let mut lists = 0;
    loop {
        match watch.next().await {
            Next::Events(events, upto) => {
                events.events.iter().for_each(|e| view.take(e));
                assert_eq!(upto, view.at, "events say where they end");
            }
            Next::Lagged => {
                assert!(manner == Manner::Late, "who keeps up does not fall out of the window");
                view.list(cache);
                lists += 1;
                watch = cache.watch(view.at).expect("a watch from a list");
            }
            Next::Closed => return (lists, view),
        }
        match manner {
            Manner::Steady => world.seen[0].store(view.digest.events, Ordering::Relaxed),
            Manner::Resuming => {
                world.seen[1].store(view.digest.events, Ordering::Relaxed);
                if random.below(2) == 0 {
                    view.bookmark(watch.progress());
                }
                if random.below(3) == 0 {
                    watch = cache.watch(view.at).expect("a watch from where it was");
                }
            }
            Manner::Late => {
                let from = world.written.load(Ordering::Relaxed);
                while world.written.load(Ordering::Relaxed) < (from + TOO_FAR).min(world.wanted) {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
        }
    }
}

/// Has an empty store take `events` writes of one kind, and some of another, under watchers that keep up, watchers that begin
/// anew where they were, and one that is late; holds what they are told against the store's own events.
///
/// # Panics
/// When a watcher misses an event, sees one twice, in disorder or with the wrong objects, or a bookmark was not true.
pub(super) async fn run(backend: Arc<dyn Backend>, events: u64) {
    let cache = Cache::start(backend.clone(), KIND.to_owned(), Counted).await.expect("cache");
    let told = Arc::new(Told::default());
    let (_, subscription) = backend.replay(KIND, told.clone()).await.expect("replay");
    let start = backend.revision().await.expect("revision");
    let world = Arc::new(World {
        backend,
        cache: cache.clone(),
        start,
        written: AtomicU64::new(0),
        wanted: events,
        seen: [const { AtomicU64::new(0) }; 2],
    });
    let watchers = [Manner::Steady, Manner::Resuming, Manner::Late];
    let watchers: Vec<_> = watchers.into_iter().map(|m| (m, tokio::spawn(watcher(world.clone(), m)))).collect();
    let writers: Vec<_> = (0..WRITERS).map(|n| tokio::spawn(writer(world.clone(), n))).collect();
    for writer in writers {
        writer.await.expect("a writer");
    }
    let end = world.backend.revision().await.expect("revision");
    assert!(cache.reaches(end, Duration::from_secs(30)).await, "the cache catches up");
    cache.close();
    drop(subscription);
    let told = *told.0.lock().unwrap_or_else(PoisonError::into_inner);
    assert_eq!(told.events, events, "every write is one event");
    let mut stored = vec![0; usize::try_from(WRITERS * KEYS).unwrap_or(0)];
    for kv in world.backend.range(KIND, None, 0, None).await.expect("range").items {
        stored[kv.key[KIND.len()..].parse::<usize>().expect("a key of the writers")] = kv.revision;
    }
    for (manner, watcher) in watchers {
        let (lists, view) = watcher.await.expect("a watcher");
        if manner == Manner::Late {
            assert!(lists > 0 || events < 2 * TOO_FAR, "who is late has to list again");
        } else {
            assert_eq!(view.digest, told, "every event, once, in order");
        }
        assert!(view.objects.iter().map(|(r, _)| r).eq(&stored), "events lead to what is stored");
    }
}
