//! The suite on the backends here, and what only a file and a process show: reopening, refusals, kill -9.

use super::contract::{Backend, Error, Outcome, Write};
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
    conformance::run(|| Arc::new(Memory::new())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn embedded_keeps_the_contract() {
    let dir = tempfile::tempdir().unwrap();
    let mut n = 0;
    conformance::run(|| {
        n += 1;
        let sub = dir.path().join(n.to_string());
        std::fs::create_dir(&sub).unwrap();
        Arc::new(open(&sub))
    })
    .await;
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
    let dir = tempfile::tempdir().unwrap();
    let mut acked = std::collections::BTreeMap::new();
    for round in 0..rounds {
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
            if count == 1 + round * 7 {
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
    let least: u64 = (0..rounds).map(|round| 1 + round * 7).sum();
    assert!(acked.len() as u64 >= least, "the child was killed under load: {} acknowledged", acked.len());
}
