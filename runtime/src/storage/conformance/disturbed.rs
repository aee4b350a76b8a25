//! Concurrent clients on a store that is disturbed: killed, cut off, compacted, its disk failing. Half of the reads go through a
//! cache. What they were told must be linearizable, by the events that the store told meanwhile and those it replays at the end.

use super::linear::{self, Call, Logged, Operation, Told};
use super::{KIND, Random, Recorder, State};
use crate::storage::cache::{Cache, Codec};
use crate::storage::contract::{Attachment, Backend, Error, Outcome, Range, Revision, Subscription, Write};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

const CLIENTS: u64 = 8;
const KEYS: u64 = 5;
/// Writes acknowledged before, between and after disturbances.
const CALM: u64 = 100;
/// How often a store is disturbed.
const DISTURBANCES: u32 = 4;
/// A store that takes no writes for so long has not recovered.
const PATIENCE: Duration = Duration::from_secs(60);

/// Keeps keys with what is under them.
struct Keyed;

impl Codec for Keyed {
    type Entry = (String, Revision, Bytes);
    type Trace = Self::Entry;
    fn decode(&self, key: &str, v: &Bytes, at: Revision, _: Option<&Attachment>) -> Result<Self::Entry, String> {
        Ok((key.to_owned(), at, v.clone()))
    }

    fn trace<'a>(&self, entry: &'a Self::Entry) -> &'a Self::Entry {
        entry
    }

    fn terms(&self, _: &Self::Entry) -> Vec<String> {
        Vec::new()
    }

    fn same_terms(&self, _: &Self::Entry, _: &Self::Entry) -> bool {
        true
    }
}

struct Open {
    store: Arc<dyn Backend>,
    cache: Arc<Cache<Keyed>>,
    /// The state that its events begin with, and the events, as they come.
    base: Range,
    told: Arc<Recorder>,
    _subscription: Subscription,
}

impl Open {
    async fn new(store: Arc<dyn Backend>) -> Arc<Self> {
        let started = Instant::now();
        loop {
            match Self::attempt(&store).await {
                Ok(open) => return Arc::new(open),
                Err(e) => assert!(started.elapsed() < PATIENCE, "a disturbed store cannot be read again: {e}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn attempt(store: &Arc<dyn Backend>) -> Result<Self, Error> {
        let told = Arc::new(Recorder::default());
        let (base, subscription) = store.replay(KIND, told.clone()).await?;
        let cache = Cache::start(store.clone(), KIND.to_owned(), Keyed).await?;
        Ok(Self { store: store.clone(), cache, base, told, _subscription: subscription })
    }

    async fn read(&self, cached: bool) -> Result<Call, Error> {
        if cached {
            let at = self.cache.catch_up().await?;
            let page = self.cache.page("", None, 0, at, |_| true)?;
            let state = page.items.iter().map(|e| (e.0.clone(), (e.1, e.2.clone()))).collect();
            return Ok(Call::Read { at, state });
        }
        let range = self.store.range(KIND, None, 0, None).await?;
        let items = range.items.into_iter().map(|kv| (kv.key[KIND.len()..].to_owned(), (kv.revision, kv.value)));
        Ok(Call::Read { at: range.revision, state: items.collect() })
    }
}

/// What all clients share.
struct World {
    open: RwLock<Arc<Open>>,
    clock: AtomicU64,
    committed: AtomicU64,
    done: AtomicBool,
}

impl World {
    fn now(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::SeqCst)
    }

    fn open(&self) -> Arc<Open> {
        self.open.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn calm(&self) {
        let (started, from) = (Instant::now(), self.committed.load(Ordering::Relaxed));
        while self.committed.load(Ordering::Relaxed) < from + CALM {
            assert!(started.elapsed() < PATIENCE, "a disturbed store takes no writes any more");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

/// Has clients work on an empty store while it is disturbed; `disturb` returns the store that they go on with.
///
/// # Panics
/// When what they are told cannot be explained, or the store does not recover.
pub(super) async fn run(
    store: Arc<dyn Backend>,
    disturb: &mut impl AsyncFnMut(Arc<dyn Backend>, u32) -> Arc<dyn Backend>,
) {
    let open = Open::new(store).await;
    let mut told = vec![open.told.clone()];
    let world = Arc::new(World {
        open: RwLock::new(open),
        clock: AtomicU64::new(1),
        committed: AtomicU64::new(0),
        done: AtomicBool::new(false),
    });
    let clients: Vec<_> = (0..CLIENTS).map(|n| tokio::spawn(client(world.clone(), n))).collect();
    for n in 0..DISTURBANCES {
        world.calm().await;
        let store = disturb(world.open().store.clone(), n).await;
        let open = Open::new(store).await;
        told.push(open.told.clone());
        *world.open.write().unwrap_or_else(PoisonError::into_inner) = open;
    }
    world.calm().await;
    world.done.store(true, Ordering::Relaxed);
    let mut operations = Vec::new();
    for client in clients {
        operations.extend(client.await.expect("a client"));
    }
    // A write that was given up may happen yet; what is asked for now is after it.
    let open = world.open();
    let last = open.store.revision().await.expect("revision");
    open.cache.reaches(last, Duration::from_secs(5)).await;
    assert_eq!(open.cache.disagreements().await, Ok(0), "cache and store agree");
    let newest = Open::attempt(&open.store).await.expect("a store that has recovered is read");
    told.push(newest.told.clone());
    let log = one_log(&told);
    let mut state = State::new();
    for e in log.iter().filter(|e| e.revision <= newest.base.revision) {
        match &e.value {
            Some(value) => drop(state.insert(e.key.clone(), (e.revision, value.clone()))),
            None => drop(state.remove(&e.key)),
        }
    }
    let base = newest.base.items.iter().map(|kv| (kv.key[KIND.len()..].to_owned(), (kv.revision, kv.value.clone())));
    assert_eq!(base.collect::<State>(), state, "what is left of compacted history is its state");
    if let Err(why) = linear::check(&log, &operations) {
        panic!("not linearizable, of {} operations: {why}", operations.len());
    }
}

/// All that was ever told, history that is compacted by now included; nothing was told in two ways.
fn one_log(told: &[Arc<Recorder>]) -> Vec<Logged> {
    let mut log = BTreeMap::new();
    for recorder in told {
        for e in recorder.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let event = (e.key[KIND.len()..].to_owned(), e.value.clone());
            let before = log.insert(e.revision, event.clone());
            assert!(before.is_none_or(|before| before == event), "revision {} is told in two ways", e.revision);
        }
    }
    log.into_iter().map(|(revision, (key, value))| Logged { revision, key, value }).collect()
}

async fn client(world: Arc<World>, number: u64) -> Vec<Operation> {
    let mut random = Random((number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let (mut known, mut out) = (State::new(), Vec::new());
    for step in 0.. {
        if world.done.load(Ordering::Relaxed) {
            break;
        }
        let open = world.open();
        let began = world.now();
        let call = match random.below(5) {
            n @ 0..=1 => match open.read(n == 0).await {
                Ok(call) => call,
                Err(_) => {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    continue;
                }
            },
            _ => {
                let key = format!("k{}", random.below(KEYS));
                let expected = known.get(&key).map_or(0, |(r, _)| *r);
                let value = (random.below(4) > 0).then(|| Bytes::from(format!("{number}-{step}")));
                let write =
                    Write { key: format!("{KIND}{key}").into(), expected, value: value.clone(), attachment: None };
                let told = match open.store.write(write).await {
                    Ok(Outcome::Committed(r)) => Told::Committed(r),
                    Ok(Outcome::Conflict(r)) => Told::Conflict(r),
                    Err(_) => Told::Nothing,
                };
                Call::Write { key, expected, value, told }
            }
        };
        let ended = world.now();
        match &call {
            Call::Read { state, .. } => known.clone_from(state),
            Call::Write { key, told: Told::Conflict(0), .. } => drop(known.remove(key)),
            Call::Write { key, told: Told::Conflict(r), .. } => drop(known.insert(key.clone(), (*r, Bytes::new()))),
            Call::Write { key, value: Some(v), told: Told::Committed(r), .. } => {
                drop(known.insert(key.clone(), (*r, v.clone())));
            }
            Call::Write { key, told: Told::Committed(_), .. } => drop(known.remove(key)),
            Call::Write { told: Told::Nothing, .. } => {}
        }
        if let Call::Write { told: Told::Committed(_), .. } = &call {
            world.committed.fetch_add(1, Ordering::Relaxed);
        }
        out.push(Operation { call, began, ended });
        // Enough turns for all to meet each other, not so many that checking takes long.
        tokio::time::sleep(Duration::from_micros(random.below(2000))).await;
    }
    out
}
