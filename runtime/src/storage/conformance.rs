//! The contract as a suite: any backend must pass `run`, alone and with the cache over it, at peace and disturbed. A failure is
//! a panic that names the rule, as in a test. What can befall a store is its own affair: the caller of `run` lets it happen.

mod disturbed;
mod linear;
mod watched;

use super::cache::{Cache, Codec, Next};
use super::contract::{Attachment, Backend, Error, Event, Outcome, Range, Revision, Sink, Write};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The kind that the suite writes to.
const KIND: &str = "conformance.example/things/";
/// Seeds of the random histories.
const SEEDS: u64 = 4;
/// Writes per random history.
const STEPS: u64 = 300;
/// So few events are kept with their objects where the store recalls values: it is asked often.
const HOT: usize = 8;
/// Events that watchers are held against.
const WATCHED: u64 = 2_000;

type State = BTreeMap<String, (Revision, Bytes)>;

/// Runs every rule, each on a new and empty store that `make` returns. The last of these stores is disturbed while clients use
/// it: `disturb` is given it and the number of the disturbance, lets something happen (a kill, a failing disk, a lost leader),
/// and returns the store that clients go on with, the same or one opened anew. [`nothing_happens`] is for stores that nothing
/// can befall.
///
/// ```
/// use kubegraft::storage::{Backend, Memory, conformance};
/// use std::sync::Arc;
///
/// # #[tokio::main]
/// # async fn main() {
/// conformance::run(async || Arc::new(Memory::new()) as Arc<dyn Backend>, conformance::nothing_happens).await;
/// # }
/// ```
///
/// # Panics
/// When a rule is broken.
pub async fn run(
    mut make: impl AsyncFnMut() -> Arc<dyn Backend>,
    disturb: impl AsyncFnMut(Arc<dyn Backend>, u32) -> Arc<dyn Backend>,
) {
    compares_before_it_writes(&make().await).await;
    refuses_revisions_it_does_not_have(&make().await).await;
    keeps_kinds_apart(&make().await).await;
    one_of_many_writers_wins(make().await).await;
    for seed in 1..=SEEDS {
        agrees_with_a_model(make().await, seed).await;
    }
    watchers_see_every_event_once(make().await).await;
    watched(make().await, WATCHED).await;
    linearizable(make().await, disturb).await;
}

/// The last of the rules alone: concurrent clients of an empty store that is disturbed are told what one order of all writes
/// explains, nothing acknowledged is lost, and nothing is made up.
///
/// # Panics
/// When the rule is broken.
pub async fn linearizable(
    store: Arc<dyn Backend>,
    mut disturb: impl AsyncFnMut(Arc<dyn Backend>, u32) -> Arc<dyn Backend>,
) {
    disturbed::run(store, &mut disturb).await;
}

/// The rule on watches alone, over as many events as are asked for, on an empty store: each once, in order, none missing, each
/// with the object before and after it; bookmarks are true; a watch goes on from any revision that was told; who falls out of the
/// window of a cache lists again and misses nothing. The store must keep the history of all.
///
/// # Panics
/// When the rule is broken.
pub async fn watched(store: Arc<dyn Backend>, events: u64) {
    watched::run(store, events).await;
}

/// No disturbance.
pub async fn nothing_happens(store: Arc<dyn Backend>, _: u32) -> Arc<dyn Backend> {
    store
}

async fn put(b: &Arc<dyn Backend>, key: &str, expected: Revision, value: Option<&str>) -> Outcome {
    let value = value.map(|v| Bytes::from(v.to_owned()));
    let write = Write { key: format!("{KIND}{key}").into(), expected, value, attachment: None };
    b.write(write).await.expect("a healthy store takes writes")
}

fn committed(outcome: Outcome) -> Revision {
    match outcome {
        Outcome::Committed(r) => r,
        Outcome::Conflict(r) => panic!("a write that expects the right revision conflicts with {r}"),
    }
}

async fn compares_before_it_writes(b: &Arc<dyn Backend>) {
    let start = b.revision().await.expect("revision");
    assert!(start > 0, "revisions are positive");
    assert_eq!(put(b, "a", 0, None).await, Outcome::Conflict(0), "what is absent cannot be deleted");
    assert_eq!(put(b, "a", 7, Some("x")).await, Outcome::Conflict(0), "an absent key has revision 0");
    let first = committed(put(b, "a", 0, Some("1")).await);
    assert_eq!(first, start + 1, "only writes take revisions, one each");
    assert_eq!(put(b, "a", 0, Some("2")).await, Outcome::Conflict(first), "create wants absence");
    let second = committed(put(b, "a", first, Some("2")).await);
    assert_eq!(put(b, "a", first, None).await, Outcome::Conflict(second), "a stale delete conflicts");
    let third = committed(put(b, "a", second, None).await);
    assert_eq!(b.revision().await, Ok(third), "a delete has a revision");
    assert_eq!(b.delivered(), third, "what is acknowledged is delivered");
    assert!(committed(put(b, "a", 0, Some("3")).await) > third, "a deleted key is absent");
    assert_eq!(b.healthy(), Ok(()), "healthy");
}

async fn refuses_revisions_it_does_not_have(b: &Arc<dyn Backend>) {
    let mut at = 0;
    for i in 0..5 {
        at = committed(put(b, "k", at, Some(&i.to_string())).await);
    }
    let future = b.range(KIND, None, 0, Some(at + 1)).await.map(|_| ());
    assert_eq!(future, Err(Error::FutureRevision { wanted: at + 1, current: at }), "the future is refused");
    b.compact(at - 1).await.expect("compact");
    let past = b.range(KIND, None, 0, Some(at - 2)).await.map(|_| ());
    assert_eq!(past, Err(Error::Compacted { wanted: at - 2, oldest: at - 1 }), "compacted revisions are refused");
    let kept = b.range(KIND, None, 0, Some(at - 1)).await.expect("the compacted-to revision is readable");
    assert_eq!(kept.items.first().map(|kv| kv.revision), Some(at - 1), "with its own state");
    b.compact(at - 2).await.expect("compacting backwards does nothing");
}

/// A kind whose name begins as that of another is another.
async fn keeps_kinds_apart(b: &Arc<dyn Backend>) {
    let recorder = Arc::new(Recorder::default());
    let (before, _subscription) = b.replay(KIND, recorder.clone()).await.expect("replay");
    assert!(before.items.is_empty(), "a new store is empty");
    let mine = committed(put(b, "a", 0, Some("mine")).await);
    let neighbour = format!("{}-too/a", KIND.trim_end_matches('/'));
    let write = Write { key: neighbour.into(), expected: 0, value: Some("theirs".into()), attachment: None };
    committed(b.write(write).await.expect("a healthy store takes writes"));
    let found = b.range(KIND, None, 0, None).await.expect("range");
    let found: Vec<_> = found.items.iter().map(|kv| kv.revision).collect();
    assert_eq!(found, [mine], "a range is of one kind");
    let told: Vec<_> = recorder.0.lock().unwrap_or_else(PoisonError::into_inner).iter().map(|e| e.revision).collect();
    assert_eq!(told, [mine], "events are of one kind");
}

async fn one_of_many_writers_wins(b: Arc<dyn Backend>) {
    const WRITERS: u64 = 16;
    const EACH: u64 = 8;
    let start = b.revision().await.expect("revision");
    let writers = (0..WRITERS).map(|w| {
        let b = b.clone();
        tokio::spawn(async move {
            let (mut last, mut mine) = (0, Vec::new());
            while mine.len() < usize::try_from(EACH).unwrap_or(0) {
                match put(&b, "hot", last, Some(&w.to_string())).await {
                    Outcome::Committed(r) => {
                        mine.push(r);
                        last = r;
                    }
                    Outcome::Conflict(r) => last = r,
                }
            }
            mine
        })
    });
    let mut all = Vec::new();
    for writer in writers.collect::<Vec<_>>() {
        all.extend(writer.await.expect("writer"));
    }
    all.sort_unstable();
    let wanted: Vec<_> = (start + 1..=start + WRITERS * EACH).collect();
    assert_eq!(all, wanted, "each revision is given once, without holes");
}

#[derive(Default)]
struct Recorder(Mutex<Vec<Event>>);

impl Sink for Recorder {
    fn deliver(&self, events: &[Event]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(events);
    }

    fn restart(&self, state: &Range) {
        panic!("a store that is not disturbed loses no events, this one starts anew at {}", state.revision);
    }
}

/// What values are found by: how they end.
fn term(value: &[u8]) -> String {
    value.last().map(|b| char::from(*b).to_string()).unwrap_or_default()
}

pub(super) struct Plain;

impl Codec for Plain {
    type Entry = (Revision, Bytes);
    type Trace = Self::Entry;
    fn decode(&self, _: &str, v: &Bytes, at: Revision, _: Option<&Attachment>) -> Result<Self::Entry, String> {
        Ok((at, v.clone()))
    }

    fn trace<'a>(&self, entry: &'a Self::Entry) -> &'a Self::Entry {
        entry
    }

    fn terms(&self, entry: &Self::Entry) -> Vec<String> {
        vec![term(&entry.1)]
    }

    fn same_terms(&self, a: &Self::Entry, b: &Self::Entry) -> bool {
        term(&a.1) == term(&b.1)
    }
}

/// A small generator (xorshift), so that a history is told by its seed.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

async fn agrees_with_a_model(b: Arc<dyn Backend>, seed: u64) {
    let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let recorder = Arc::new(Recorder::default());
    let (_, subscription) = b.replay(KIND, recorder.clone()).await.expect("replay");
    let early = Cache::start_keeping(b.clone(), KIND.to_owned(), Plain, HOT).await.expect("cache");
    let mut compacted = b.revision().await.expect("revision");
    let mut model: BTreeMap<Revision, State> = BTreeMap::from([(compacted, State::new())]);
    for step in 0..STEPS {
        let (last, state) = model.last_key_value().map(|(r, s)| (*r, s.clone())).expect("never empty");
        let key = format!("ns{}/n{}", random.below(3), random.below(12));
        let current = state.get(&key).map_or(0, |(r, _)| *r);
        let expected = if random.below(5) == 0 { current + 1 + random.below(2) } else { current };
        let value = (random.below(3) > 0).then(|| format!("{step}"));
        let fits = expected == current && (current > 0 || value.is_some());
        match put(&b, &key, expected, value.as_deref()).await {
            Outcome::Conflict(r) => assert!(!fits && r == current, "seed {seed}, step {step}: conflict with {r}"),
            Outcome::Committed(r) => {
                assert!(fits && r == last + 1, "seed {seed}, step {step}: committed at {r}");
                let mut state = state;
                match value {
                    Some(v) => state.insert(key, (r, v.into())),
                    None => state.remove(&key),
                };
                model.insert(r, state);
            }
        }
        if step % 100 == 99 {
            compacted = last - random.below(20).min(last - compacted);
            b.compact(compacted).await.expect("compact");
        }
        let newest = b.revision().await.expect("revision");
        let at = compacted + random.below(newest - compacted + 1);
        pages_agree(&b, &early, &model[&at], at, 1 + usize::try_from(random.below(7)).unwrap_or(0), seed).await;
    }
    assert_eq!(early.disagreements().await, Ok(0), "seed {seed}: cache and store agree");
    drop(subscription);
    // The events lead from each state to the next.
    let events = std::mem::take(&mut *recorder.0.lock().unwrap_or_else(PoisonError::into_inner));
    assert_eq!(events.len() + 1, model.len(), "seed {seed}: every write is one event");
    let mut state = State::new();
    for e in events {
        let key = e.key[KIND.len()..].to_owned();
        match e.value {
            Some(v) => state.insert(key, (e.revision, v)),
            None => state.remove(&key),
        };
        assert_eq!(Some(&state), model.get(&e.revision), "seed {seed}: events tell the history");
    }
    // A cache that starts late knows all that is kept and nothing more.
    let late = Cache::start_keeping(b.clone(), KIND.to_owned(), Plain, HOT).await.expect("cache");
    assert!(matches!(late.watch(compacted - 1), Err(Error::Compacted { .. })), "seed {seed}: compacted watch");
    let newest = b.revision().await.expect("revision");
    let mut watcher = late.watch(compacted).expect("the oldest revision can be watched from");
    let mut seen = compacted;
    while seen < newest {
        let Some(Next::Events(events, _)) = watcher.poll() else { panic!("seed {seed}: history ends at {seen}") };
        for e in &events.events {
            assert_eq!(e.revision, seen + 1, "seed {seed}: replay has no gap");
            seen = e.revision;
            let (before, after) = (&model[&(seen - 1)], &model[&seen]);
            assert_eq!(e.old.as_deref(), before.get(&*e.key), "seed {seed}: the object before {seen}");
            assert_eq!(e.new.as_deref(), after.get(&*e.key), "seed {seed}: the object after {seen}");
        }
    }
    for (at, state) in model.range(compacted..) {
        for (revision, value) in state.values().filter(|_| b.recalls()) {
            assert_eq!(
                b.recall(*revision).as_ref(),
                Some(value),
                "seed {seed}: what was put at {revision} is recalled"
            );
        }
        pages_agree(&b, &late, state, *at, 5, seed).await;
    }
    assert_eq!(late.len(), model[&newest].len(), "seed {seed}: the count of live objects");
}

/// Pages through backend and cache at a revision and compares with the model.
async fn pages_agree(b: &Arc<dyn Backend>, cache: &Cache<Plain>, model: &State, at: Revision, limit: usize, seed: u64) {
    let wanted: Vec<_> = model.iter().map(|(k, (r, v))| (format!("{KIND}{k}"), *r, v.clone())).collect();
    let (mut got, mut after): (Vec<_>, Option<String>) = (Vec::new(), None);
    loop {
        let page = b.range(KIND, after.as_deref(), limit, Some(at)).await.expect("range");
        assert!(page.items.len() <= limit && page.revision == at, "seed {seed}: a page keeps limit and revision");
        got.extend(page.items.into_iter().map(|kv| (kv.key.to_string(), kv.revision, kv.value)));
        after = got.last().map(|(k, ..)| k.clone());
        if !page.more {
            break;
        }
    }
    assert_eq!(got, wanted, "seed {seed}: the store's pages at {at}");
    let (mut got, mut after): (Vec<(Revision, Bytes)>, Option<Arc<str>>) = (Vec::new(), None);
    loop {
        let page = cache.page("", after.as_deref(), limit, at, |_| true).expect("page");
        got.extend(page.items.iter().map(|e| (**e).clone()));
        assert_eq!(page.remaining, wanted.len() - got.len(), "seed {seed}: what remains at {at}");
        after = page.more_after;
        if after.is_none() {
            break;
        }
    }
    assert!(got.iter().eq(model.values()), "seed {seed}: the cache's pages at {at}");
    for wanted in ["0", "7"].map(str::to_owned) {
        let found = cache.select("", None, 0, at, std::slice::from_ref(&wanted), |e| term(&e.1) == wanted);
        let found = found.expect("select").items;
        let model = model.values().filter(|e| term(&e.1) == wanted);
        assert!(found.iter().map(|e| &**e).eq(model), "seed {seed}: what ends in {wanted} at {at}");
    }
}

async fn watchers_see_every_event_once(b: Arc<dyn Backend>) {
    const WRITES: u64 = 400;
    let cache = Cache::start(b.clone(), KIND.to_owned(), Plain).await.expect("cache");
    let start = b.revision().await.expect("revision");
    let watchers: Vec<_> = (0..8u64)
        .map(|_| {
            let mut watcher = cache.watch(start).expect("watch");
            tokio::spawn(async move {
                let mut seen = start;
                loop {
                    match watcher.next().await {
                        Next::Events(events, upto) => {
                            for e in &events.events {
                                assert_eq!(e.revision, seen + 1, "no gap, no repeat, in order");
                                seen = e.revision;
                            }
                            assert_eq!(upto, seen, "the batch says where it ends");
                        }
                        Next::Lagged => panic!("within the window nobody lags"),
                        Next::Closed => return seen,
                    }
                }
            })
        })
        .collect();
    let writers: Vec<_> = (0..8u64)
        .map(|w| {
            let (b, cache) = (b.clone(), cache.clone());
            tokio::spawn(async move {
                let mut last = 0;
                for i in 0..WRITES / 8 {
                    last = committed(put(&b, &format!("w{w}"), last, Some(&i.to_string())).await);
                    let mine = cache.get(&format!("w{w}")).map(|e| e.0);
                    assert_eq!(mine, Some(last), "who has the acknowledgement reads the write");
                    let _ = cache.page("", None, 3, cache.revision(), |_| true).expect("reads go on under writes");
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.expect("writer");
    }
    assert!(cache.reaches(start + WRITES, Duration::from_secs(5)).await, "the cache catches up");
    cache.close();
    for watcher in watchers {
        assert_eq!(watcher.await.expect("watcher"), start + WRITES, "closing delivers what is there first");
    }
}
