//! The suite on the backends here, and what only a file and a process show: reopening, refusals, kill -9.

mod faults;

use super::cache::{Cache, Change, Chunks, Next};
use super::contract::{Backend, BoxFuture, Error, History, Outcome, Range, Revision, Sink, Subscription, Write};
use super::embedded::{Embedded, Retention};
use super::{Memory, conformance};
use bytes::Bytes;
use std::io::{BufRead, BufReader};
use std::sync::Arc;

fn open(dir: &std::path::Path) -> Embedded {
    Embedded::open(dir, Retention::default()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn memory_keeps_the_contract() {
    conformance::run(async || Arc::new(Memory::new()) as Arc<dyn Backend>, conformance::nothing_happens).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn embedded_keeps_the_contract() {
    let dir = tempfile::tempdir().unwrap();
    let mut n = 0;
    let make = async || {
        n += 1;
        let sub = dir.path().join(n.to_string());
        std::fs::create_dir(&sub).unwrap();
        Arc::new(open(&sub)) as Arc<dyn Backend>
    };
    conformance::run(make, conformance::nothing_happens).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_store_whose_disk_fails_and_whose_power_goes_keeps_the_contract() {
    let disk = std::cell::RefCell::new(Disk::default());
    let make = async || {
        *disk.borrow_mut() = Disk::default();
        Arc::new(Embedded::over(disk.borrow().clone()).unwrap()) as Arc<dyn Backend>
    };
    let disturb = async |_, n: u32| {
        let (fault, nth) = [(Fault::Fsync, 1), (Fault::Full, 2), (Fault::Fsync, 3), (Fault::Full, 1)][n as usize % 4];
        disk.borrow().fault(fault);
        // Clients meet the fault before the power goes.
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
        let after = disk.borrow().after_power_cut(nth);
        *disk.borrow_mut() = after.clone();
        Arc::new(Embedded::over(after).unwrap()) as Arc<dyn Backend>
    };
    conformance::run(make, disturb).await;
}

/// `KUBEGRAFT_EVENTS` says how many; `just watches` has ten times as many.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_million_events_are_watched_without_gap_or_repeat() {
    let events = std::env::var("KUBEGRAFT_EVENTS").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    conformance::watched(Arc::new(Memory::new()), events).await;
}

async fn put(b: &Embedded, key: &str, expected: u64, value: Option<&str>) -> u64 {
    let value = value.map(|v| Bytes::from(v.to_owned()));
    match b.write(Write { key: key.into(), expected, value, attachment: None }).await.unwrap() {
        Outcome::Committed(r) => r,
        Outcome::Conflict(r) => panic!("conflict with {r}"),
    }
}

#[tokio::test]
async fn reopening_keeps_state_history_and_compaction() {
    let dir = tempfile::tempdir().unwrap();
    let (old, new);
    {
        let b = open(dir.path());
        let gone = put(&b, "g/k/gone", 0, Some("x")).await;
        put(&b, "g/k/gone", gone, None).await;
        old = put(&b, "g/k/a", 0, Some("1")).await;
        b.compact(old).await.unwrap();
        new = put(&b, "g/k/a", old, Some("2")).await;
    }
    let b = open(dir.path());
    assert_eq!(b.revision().await.unwrap(), new);
    let at_old = b.range("g/k/", None, 0, Some(old)).await.unwrap();
    assert_eq!(at_old.items.iter().map(|kv| &*kv.value).collect::<Vec<_>>(), [b"1"]);
    let before = b.range("g/k/", None, 0, Some(old - 1)).await.map(|_| ());
    assert_eq!(before, Err(Error::Compacted { wanted: old - 1, oldest: old }));
    let now = b.range("g/k/", None, 0, None).await.unwrap();
    assert_eq!(now.items.iter().map(|kv| &*kv.value).collect::<Vec<_>>(), [b"2"]);
}

#[tokio::test]
async fn a_file_in_use_or_of_another_program_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let first = open(dir.path());
    let second = Embedded::open(dir.path(), Retention::default()).err().unwrap().to_string();
    assert!(second.contains("kubegraft.redb is open in another process"), "{second}");
    drop(first);
    let path = dir.path().join("kubegraft.redb");
    std::fs::write(&path, "not a database, and long enough to have a header".repeat(200)).unwrap();
    let foreign = Embedded::open(dir.path(), Retention::default()).err().unwrap();
    assert!(matches!(&foreign, Error::Corrupt(m) if m.contains("kubegraft.redb")), "{foreign:?}");
    std::fs::remove_file(&path).unwrap();
    {
        let db = redb::Database::create(&path).unwrap();
        let txn = db.begin_write().unwrap();
        txn.open_table(redb::TableDefinition::<u64, u64>::new("theirs")).unwrap();
        txn.commit().unwrap();
    }
    let foreign = Embedded::open(dir.path(), Retention::default()).err().unwrap();
    assert!(matches!(&foreign, Error::Corrupt(m) if m.contains("another program")), "{foreign:?}");
}

/// Where the child of the kill test writes; not set in an ordinary run.
const CHILD: &str = "KUBEGRAFT_KILL_DIR";

/// Not a test of its own: the process that `what_is_acknowledged_survives_kill` kills.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_child() {
    let Some(dir) = std::env::var_os(CHILD) else { return };
    let b = open(dir.as_ref());
    let run = b.revision().await.unwrap();
    let writers: Vec<_> = (0..8)
        .map(|w| {
            let b = b.clone();
            tokio::spawn(async move {
                for i in 0u64.. {
                    let (key, value) = (format!("g/k/{run}-{w}-{i}"), format!("{run}-{w}-{i}").repeat(20));
                    let r = put(&b, &key, 0, Some(&value)).await;
                    println!("ack {r} {key}");
                }
            })
        })
        .collect();
    for w in writers {
        w.await.unwrap();
    }
}

#[tokio::test]
async fn what_is_acknowledged_survives_kill() {
    let rounds = std::env::var("KUBEGRAFT_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(20u64);
    let mut dir = tempfile::tempdir().unwrap();
    let (mut acked, mut before) = (std::collections::BTreeMap::new(), 0);
    // Few rounds are alike, and neither they nor the store grow so long that a thousand of them are not to be waited for.
    let writes = |round: u64| 1 + round * 7 % 211;
    for round in 0..rounds {
        if round > 0 && round % 100 == 0 {
            dir = tempfile::tempdir().unwrap();
            before += acked.len() as u64;
            acked.clear();
        }
        let mut child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "storage::tests::kill_child", "--nocapture"])
            .env(CHILD, dir.path())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut count = 0;
        while let Some(Ok(line)) = lines.next() {
            if let Some((r, key)) = line.split_once("ack ").and_then(|(_, l)| l.split_once(' ')) {
                acked.insert(r.parse::<u64>().unwrap(), key.to_owned());
                count += 1;
            }
            if count == writes(round) {
                child.kill().unwrap();
                break;
            }
        }
        // A line cut by the kill is no acknowledgement.
        let rest: Vec<_> = lines.map_while(Result::ok).collect();
        for line in rest.iter().take(rest.len().saturating_sub(1)) {
            if let Some((r, key)) = line.split_once("ack ").and_then(|(_, l)| l.split_once(' ')) {
                acked.insert(r.parse().unwrap(), key.to_owned());
            }
        }
        child.wait().unwrap();
        let b = open(dir.path());
        let range = b.range("g/k/", None, 0, None).await.unwrap();
        let stored: std::collections::BTreeMap<_, _> = range.items.iter().map(|kv| (kv.revision, kv)).collect();
        for (r, key) in &acked {
            assert_eq!(stored.get(r).map(|kv| &*kv.key), Some(key.as_str()), "round {round}: acknowledged, then lost");
        }
        for kv in &range.items {
            assert_eq!(kv.value, kv.key["g/k/".len()..].repeat(20), "round {round}: nobody wrote this");
        }
        let revisions: Vec<_> = stored.keys().copied().collect();
        assert!(revisions.windows(2).all(|w| w[1] == w[0] + 1), "round {round}: the history has no gap");
    }
    let least: u64 = (0..rounds).map(writes).sum();
    let all = before + acked.len() as u64;
    assert!(all >= least, "the child was killed under load: {all} acknowledged");
}

/// A store that tells its sinks nothing.
struct Mute(Memory);

impl Backend for Mute {
    fn revision(&self) -> BoxFuture<'_, Result<Revision, Error>> {
        self.0.revision()
    }

    fn delivered(&self) -> Revision {
        self.0.delivered()
    }

    fn write(&self, write: Write) -> BoxFuture<'_, Result<Outcome, Error>> {
        self.0.write(write)
    }

    fn range<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a str>,
        limit: usize,
        at: Option<Revision>,
    ) -> BoxFuture<'a, Result<Range, Error>> {
        self.0.range(prefix, after, limit, at)
    }

    fn replay<'a>(&'a self, prefix: &'a str, _: Arc<dyn Sink>) -> BoxFuture<'a, Result<(Range, Subscription), Error>> {
        Box::pin(async move { Ok((self.0.range(prefix, None, 0, None).await?, Subscription(None))) })
    }

    fn compact(&self, up_to: Revision) -> BoxFuture<'_, Result<(), Error>> {
        self.0.compact(up_to)
    }

    fn healthy(&self) -> Result<(), Error> {
        self.0.healthy()
    }
}

#[tokio::test]
async fn a_cache_that_missed_changes_is_found_out() {
    let store: Arc<dyn Backend> = Arc::new(Mute(Memory::new()));
    let write = async |key: &str, expected, value: Option<&str>| {
        let value = value.map(|v| Bytes::from(v.to_owned()));
        store.write(Write { key: format!("g/k/{key}").into(), expected, value, attachment: None }).await.unwrap()
    };
    let Outcome::Committed(a) = write("a", 0, Some("1")).await else { panic!("a conflict") };
    let Outcome::Committed(b) = write("b", 0, Some("1")).await else { panic!("a conflict") };
    let cache = Cache::start(store.clone(), "g/k/".into(), conformance::Plain).await.unwrap();
    assert_eq!(cache.disagreements().await, Ok(0));
    write("a", a, Some("2")).await;
    assert_eq!(cache.disagreements().await, Ok(1), "changed");
    write("b", b, None).await;
    assert_eq!(cache.disagreements().await, Ok(2), "deleted");
    write("c", 0, Some("1")).await;
    assert_eq!(cache.disagreements().await, Ok(3), "created");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_sees_everything_once_and_what_it_sees_together_is_made_once() {
    let store: Arc<dyn Backend> = Arc::new(Memory::new());
    let cache = Cache::start(store.clone(), "g/k/".into(), conformance::Plain).await.unwrap();
    let start = cache.revision();
    // Those of a namespace see other changes than all others.
    let watchers: Vec<_> = (0..200usize)
        .map(|i| {
            let mut watcher = cache.watch(start).unwrap();
            tokio::spawn(async move {
                let (mut seen, mut all) = (0, Vec::new());
                while seen < 100 {
                    let Next::Events(batch, _) = watcher.next().await else { panic!("neither behind nor closed") };
                    seen += batch.events.len();
                    let changes = vec![(i % 2 == 0).then_some(Change::Added); batch.events.len()];
                    let make = || Chunks { parts: vec![Bytes::from(vec![i as u8 % 2; seen])], whole: true };
                    all.push(batch.chunks(0, &changes, make));
                }
                (seen, all)
            })
        })
        .collect();
    for i in 0..100 {
        let write = Write { key: format!("g/k/{i}").into(), expected: 0, value: Some("1".into()), attachment: None };
        store.write(write).await.unwrap();
        tokio::task::yield_now().await;
    }
    let mut made = Vec::new();
    for (i, watcher) in watchers.into_iter().enumerate() {
        let (seen, all) = watcher.await.unwrap();
        assert_eq!(seen, 100, "no gap, no repeat");
        assert!(all.iter().all(|c| usize::from(c.parts[0][0]) == i % 2), "what others see is not sent to this one");
        made.extend(all);
    }
    let sent = made.len();
    made.sort_by_key(|chunks| Arc::as_ptr(chunks).addr());
    made.dedup_by(|a, b| Arc::ptr_eq(a, b));
    assert!(made.len() * 4 < sent, "{} batches were made for {sent} that were sent", made.len());
}

#[tokio::test]
async fn history_that_only_the_store_has_is_recalled_until_it_is_compacted() {
    let dir = tempfile::tempdir().unwrap();
    let b = open(dir.path());
    let store: Arc<dyn Backend> = Arc::new(b.clone());
    let cache = Cache::start_keeping(store, "g/k/".into(), conformance::Plain, 4).await.unwrap();
    let first = put(&b, "g/k/a", 0, Some("0")).await;
    let mut last = first;
    for i in 1..20 {
        last = put(&b, "g/k/a", last, Some(&i.to_string())).await;
    }
    let old = |at| cache.page("", None, 0, at, |_| true).map(|page| (*page.items[0]).clone());
    assert_eq!(old(first), Ok((first, Bytes::from("0"))), "an old state");
    let told = |next| match next {
        Some(Next::Events(events, _)) => {
            events.events.iter().map(|e| (e.old.as_deref().cloned(), e.new.as_deref().cloned())).collect()
        }
        _ => Vec::new(),
    };
    let (mut watcher, mut behind) = (cache.watch(first).unwrap(), cache.watch(first).unwrap());
    let mut seen = told(watcher.poll());
    seen.extend(told(watcher.poll()));
    let value = |i: u64| Some((first + i, Bytes::from(i.to_string())));
    assert_eq!(seen, (1..20).map(|i| (value(i - 1), value(i))).collect::<Vec<_>>(), "old events, with their objects");

    b.compact(last).await.unwrap();
    assert!(matches!(behind.poll(), Some(Next::Lagged)), "who is behind lists again");
    assert!(matches!(cache.watch(first), Err(Error::Compacted { .. })), "and is told so when it resumes");
    assert!(matches!(old(first), Err(Error::Compacted { .. })));
    assert_eq!(old(last), Ok((last, Bytes::from("19"))));
}

#[tokio::test]
async fn a_damaged_file_is_refused_by_name_or_has_all_that_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("kubegraft.redb");
    let wanted = {
        let b = open(dir.path());
        for i in 0..60 {
            put(&b, &format!("g/k/{i}"), 0, Some(&i.to_string().repeat(300))).await;
        }
        b.range("g/k/", None, 0, None).await.unwrap().items
    };
    let whole = std::fs::read(&path).unwrap();
    let (mut refused, mut harmless) = (0, 0);
    let mut check = async |bytes: &[u8], what: String| {
        std::fs::write(&path, bytes).unwrap();
        match Embedded::open(dir.path(), Retention::default()) {
            Ok(b) => {
                assert_eq!(
                    b.range("g/k/", None, 0, None).await.unwrap().items,
                    wanted,
                    "{what}: another state, in silence"
                );
                harmless += 1;
            }
            Err(e) => {
                assert!(e.to_string().contains("kubegraft.redb"), "{what}: {e}");
                refused += 1;
            }
        }
    };
    for part in 0..64 {
        let mut bytes = whole.clone();
        let at = part * bytes.len() / 64 + 40 + part;
        bytes[at] ^= 0x55;
        check(&bytes, format!("byte {at}")).await;
    }
    // The values themselves, of which the store reads no more than their bytes.
    for i in [0, 17, 59] {
        let value = i.to_string().repeat(300);
        let at = whole.windows(value.len()).rposition(|w| w == value.as_bytes()).unwrap();
        let mut bytes = whole.clone();
        bytes[at + 100] ^= 1;
        check(&bytes, format!("value {i}")).await;
    }
    check(&whole[..whole.len() / 2], "half of it".into()).await;
    assert!(refused >= 4 && harmless > 0, "{refused} refused, {harmless} harmless");
}

/// A disk that fails on demand: what is written but not synced is lost, whole or in part, when the power goes.
#[derive(Clone, Debug, Default)]
struct Disk(Arc<std::sync::Mutex<Platter>>);

#[derive(Debug, Default)]
struct Platter {
    seen: Vec<u8>,
    synced: Vec<u8>,
    unsynced: Vec<(usize, Vec<u8>)>,
    fault: Option<Fault>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    Full,
    Fsync,
}

impl Disk {
    fn fault(&self, fault: Fault) {
        self.0.lock().unwrap().fault = Some(fault);
    }

    /// The disk after a power cut that let every `nth` unsynced write through, one of them torn.
    fn after_power_cut(&self, nth: usize) -> Self {
        let p = self.0.lock().unwrap();
        let mut bytes = p.synced.clone();
        for (at, data) in p.unsynced.iter().step_by(nth) {
            let torn = data.len() / nth;
            if at + torn <= bytes.len() {
                bytes[*at..at + torn].copy_from_slice(&data[..torn]);
            }
        }
        Self(Arc::new(std::sync::Mutex::new(Platter { seen: bytes.clone(), synced: bytes, ..Platter::default() })))
    }
}

impl redb::StorageBackend for Disk {
    fn len(&self) -> std::io::Result<u64> {
        Ok(self.0.lock().unwrap().seen.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
        let at = offset as usize;
        out.copy_from_slice(&self.0.lock().unwrap().seen[at..at + out.len()]);
        Ok(())
    }

    fn set_len(&self, len: u64) -> std::io::Result<()> {
        let mut p = self.0.lock().unwrap();
        if p.fault == Some(Fault::Full) && len as usize > p.seen.len() {
            return Err(std::io::ErrorKind::StorageFull.into());
        }
        p.seen.resize(len as usize, 0);
        p.synced.resize(len as usize, 0);
        Ok(())
    }

    fn sync_data(&self) -> std::io::Result<()> {
        let mut p = self.0.lock().unwrap();
        if p.fault == Some(Fault::Fsync) {
            return Err(std::io::Error::other("the disk is on fire"));
        }
        p.synced = p.seen.clone();
        p.unsynced.clear();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> std::io::Result<()> {
        let mut p = self.0.lock().unwrap();
        if p.fault == Some(Fault::Full) {
            return Err(std::io::ErrorKind::StorageFull.into());
        }
        let at = offset as usize;
        p.seen[at..at + data.len()].copy_from_slice(data);
        p.unsynced.push((at, data.to_vec()));
        Ok(())
    }
}

#[tokio::test]
async fn a_failing_disk_is_an_error_and_loses_nothing_acknowledged() {
    for (fault, nth) in [(Fault::Full, 1), (Fault::Fsync, 1), (Fault::Fsync, 2), (Fault::Fsync, 3)] {
        let disk = Disk::default();
        let b = Embedded::over(disk.clone()).unwrap();
        let mut last = 0;
        for i in 0..20 {
            last = put(&b, &format!("g/k/{i}"), 0, Some(&"v".repeat(1600))).await;
        }
        disk.fault(fault);
        let write = |key: &str| Write { key: key.into(), expected: 0, value: Some("x".into()), attachment: None };
        let error = b.write(write("g/k/lost")).await.unwrap_err();
        assert_eq!(matches!(error, Error::NoSpace(_)), fault == Fault::Full, "{error:?}");
        assert_eq!(b.healthy(), Err(error), "the store says that it is not ready");
        assert!(b.write(write("g/k/later")).await.is_err(), "and stays read-only");
        assert_eq!(b.range("g/k/", None, 0, None).await.unwrap().items.len(), 20, "reads go on");
        let after = disk.after_power_cut(nth);
        drop(b);
        let b = Embedded::over(after).unwrap();
        let items = b.range("g/k/", None, 0, Some(last)).await.unwrap().items;
        assert_eq!(items.len(), 20, "{fault:?}/{nth}: everything acknowledged is there");
        put(&b, "g/k/new", 0, Some("y")).await;
    }
}

#[tokio::test]
async fn damage_that_is_met_while_serving_is_told_and_nothing_more_is_written() {
    let disk = Disk::default();
    let b = Embedded::over(disk.clone()).unwrap();
    let old = "the old value ".repeat(40);
    let first = put(&b, "g/k/a", 0, Some(&old)).await;
    let second = put(&b, "g/k/a", first, Some("new")).await;
    {
        let mut platter = disk.0.lock().unwrap();
        for at in 0..platter.seen.len() - old.len() {
            if platter.seen[at..].starts_with(old.as_bytes()) {
                platter.seen[at + 7] ^= 1;
            }
        }
    }
    let read = b.range("g/k/", None, 0, Some(first)).await.map(|_| ());
    let Err(Error::Corrupt(why)) = &read else { panic!("{read:?}") };
    assert!(why.contains(&format!("the record of revision {first}")) && why.contains("restore a backup"), "{why}");
    assert_eq!(b.healthy(), read, "the store says that it is not ready");
    let write = Write { key: "g/k/b".into(), expected: 0, value: Some("x".into()), attachment: None };
    assert_eq!(b.write(write).await.map(|_| ()), read, "and takes no writes");
    let now = b.range("g/k/", None, 0, None).await.unwrap().items;
    assert_eq!(now.iter().map(|kv| (kv.revision, &*kv.value)).collect::<Vec<_>>(), [(second, &b"new"[..])]);
    drop(b);
    assert!(matches!(Embedded::over(disk), Err(Error::Corrupt(_))), "nor is it opened again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_is_told_of_the_newest_events_alone_and_misses_none_after_them() {
    let dir = tempfile::tempdir().unwrap();
    let b = open(dir.path());
    let writers = (0..100).map(|w| {
        let b = b.clone();
        tokio::spawn(async move {
            let mut last = 0;
            for i in 0..110 {
                last = put(&b, &format!("g/k/{w}"), last, Some(&i.to_string())).await;
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    drop(b);
    let b = open(dir.path());
    let end = b.revision().await.unwrap();
    let cache = Cache::start(Arc::new(b.clone()), "g/k/".into(), conformance::Plain).await.unwrap();
    let state =
        |page: super::cache::Page<(Revision, Bytes)>| page.items.iter().map(|e| (**e).clone()).collect::<Vec<_>>();
    for at in [end - 10_000, end - 5_000, end] {
        let wanted = b.range("g/k/", None, 0, Some(at)).await.unwrap().items;
        let cached = state(cache.page("", None, 0, at, |_| true).unwrap());
        assert!(cached.iter().eq(&wanted.into_iter().map(|kv| (kv.revision, kv.value)).collect::<Vec<_>>()), "at {at}");
    }
    let older = cache.page("", None, 0, end - 10_001, |_| true).map(|_| ());
    assert_eq!(older, Err(Error::Compacted { wanted: end - 10_001, oldest: end - 10_000 }));
    assert!(b.range("g/k/", None, 0, Some(end - 10_900)).await.is_ok(), "the store has more");
}

#[tokio::test]
async fn history_in_memory_is_bounded_by_events_and_by_bytes() {
    let keep = History { events: 100, bytes: 10_000 };
    for (size, events, bytes) in [(10, 100..=200, 0..=2_000), (1_000, 5..=20, 4_000..=20_000)] {
        let b = Memory::keeping(keep);
        let mut last = 0;
        for _ in 0..1_000 {
            let value = Some(Bytes::from("v".repeat(size)));
            let write = Write { key: "g/k/a".into(), expected: last, value, attachment: None };
            let Ok(Outcome::Committed(r)) = b.write(write).await else { panic!("a conflict") };
            last = r;
        }
        let kept = b.history();
        assert!(events.contains(&kept.events) && bytes.contains(&kept.bytes), "values of {size}: {kept:?}");
        assert_eq!(b.range("g/k/", None, 0, None).await.unwrap().items.len(), 1, "the state is not history");
        b.compact(last).await.unwrap();
        assert_eq!(b.history(), History::default());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_taken_under_load_is_the_state_of_one_revision() {
    let dir = tempfile::tempdir().unwrap();
    let (live, backup, restored) = (dir.path().join("live"), dir.path().join("backup"), dir.path().join("restored"));
    std::fs::create_dir(&live).unwrap();
    let b = open(&live);
    let writer = tokio::spawn({
        let b = b.clone();
        async move {
            for i in 0..400 {
                put(&b, &format!("g/k/{i}"), 0, Some(&i.to_string())).await;
            }
        }
    });
    while b.revision().await.unwrap() < 50 {
        tokio::task::yield_now().await;
    }
    let revision = b.backup(&backup).unwrap();
    assert!(b.backup(&backup).unwrap_err().to_string().contains("it exists already"), "backups replace nothing");
    writer.await.unwrap();
    let wanted = b.range("g/k/", None, 0, Some(revision)).await.unwrap().items;

    let refused = super::embedded::restore(&backup, &live).unwrap_err().to_string();
    assert!(refused.contains("a store is there"), "{refused}");
    assert_eq!(super::embedded::restore(&backup, &restored), Ok(revision));
    let copy = open(&restored);
    assert_eq!(copy.revision().await, Ok(revision));
    assert_eq!(copy.range("g/k/", None, 0, None).await.unwrap().items, wanted);
    assert!(revision >= 50 && wanted.len() as u64 == revision - 2, "all that was acknowledged by then");

    let text = dir.path().join("text");
    std::fs::write(&text, "not a store".repeat(1000)).unwrap();
    let refused = super::embedded::restore(&text, &dir.path().join("new")).unwrap_err().to_string();
    assert!(refused.contains("text: not a kubegraft store"), "{refused}");
    assert!(!dir.path().join("new/kubegraft.redb").exists());
}

#[tokio::test]
async fn compacting_a_closed_store_keeps_its_state_and_frees_room() {
    let dir = tempfile::tempdir().unwrap();
    let mut last = 0;
    {
        let b = open(dir.path());
        for _ in 0..200 {
            last = put(&b, "g/k/a", last, Some(&"v".repeat(20_000))).await;
        }
        let refused = super::embedded::compact(dir.path()).unwrap_err().to_string();
        assert!(refused.contains("kubegraft.redb is open in another process"), "{refused}");
    }
    let (before, after) = super::embedded::compact(dir.path()).unwrap();
    assert!(after < before / 2, "{before} -> {after}");
    let b = open(dir.path());
    assert_eq!(b.revision().await, Ok(last));
    let gone = b.range("g/k/", None, 0, Some(last - 1)).await.map(|_| ());
    assert_eq!(gone, Err(Error::Compacted { wanted: last - 1, oldest: last }));
    assert_eq!(b.range("g/k/", None, 0, None).await.unwrap().items[0].revision, last);
}

/// A store as it was written in a format, gzipped: its objects and history must be read for ever. `what_is_in` wrote it.
const FORMATS: [(&str, &[u8]); 2] = [
    ("1", include_bytes!("embedded/testdata/format-1.redb.gz")),
    ("2", include_bytes!("embedded/testdata/format-2.redb.gz")),
];

async fn what_is_in(dir: &std::path::Path) -> Vec<u64> {
    let b = open(dir);
    let a = put(&b, "g/k/ns/a", 0, Some(r#"{"n":1}"#)).await;
    let gone = put(&b, "g/k/ns/gone", 0, Some(r#"{"n":2}"#)).await;
    let deleted = put(&b, "g/k/ns/gone", gone, None).await;
    b.compact(deleted).await.unwrap();
    let newer = put(&b, "g/k/ns/a", a, Some(r#"{"n":3,"text":"häßlich"}"#)).await;
    vec![a, gone, deleted, newer]
}

#[test]
#[ignore = "writes the file of the newest format, once, when there is a new one"]
fn write_the_newest_format() {
    use std::io::Write;
    let dir = tempfile::tempdir().unwrap();
    tokio::runtime::Runtime::new().unwrap().block_on(what_is_in(dir.path()));
    let (newest, _) = FORMATS[FORMATS.len() - 1];
    let to = format!("{}/src/storage/embedded/testdata/format-{newest}.redb.gz", env!("CARGO_MANIFEST_DIR"));
    let mut gzip = flate2::write::GzEncoder::new(std::fs::File::create(to).unwrap(), flate2::Compression::best());
    gzip.write_all(&std::fs::read(dir.path().join("kubegraft.redb")).unwrap()).unwrap();
    gzip.finish().unwrap();
}

#[tokio::test]
async fn files_of_earlier_releases_open_with_their_history() {
    for (format, gzipped) in FORMATS {
        let dir = tempfile::tempdir().unwrap();
        let mut file = std::fs::File::create(dir.path().join("kubegraft.redb")).unwrap();
        std::io::copy(&mut flate2::read::GzDecoder::new(gzipped), &mut file).unwrap();
        drop(file);
        let b = open(dir.path());
        let revisions = [3, 4, 5, 6];
        assert_eq!(b.revision().await, Ok(revisions[3]), "format {format}");
        let values = |range: super::contract::Range| -> Vec<(String, u64, Bytes)> {
            range.items.into_iter().map(|kv| (kv.key.to_string(), kv.revision, kv.value)).collect()
        };
        let old = values(b.range("g/k/", None, 0, Some(revisions[2])).await.unwrap());
        assert_eq!(old, [("g/k/ns/a".to_owned(), revisions[0], Bytes::from(r#"{"n":1}"#))], "format {format}");
        let new = values(b.range("g/k/", None, 0, None).await.unwrap());
        let text = Bytes::from(r#"{"n":3,"text":"häßlich"}"#);
        assert_eq!(new, [("g/k/ns/a".to_owned(), revisions[3], text)], "format {format}");
        let past = b.range("g/k/", None, 0, Some(revisions[1])).await.map(|_| ());
        assert!(matches!(past, Err(Error::Compacted { .. })), "format {format}");
        put(&b, "g/k/ns/b", 0, Some("{}")).await;
        drop(b);
        assert_eq!(open(dir.path()).revision().await, Ok(revisions[3] + 1), "format {format}: and is opened again");
    }
}
