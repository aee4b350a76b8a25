//! Random writes with concurrent listers and watchers, against a simple model: no gap, no repeat, no disorder, revisions
//! exact, through restarts. `KUBEGRAFT_SEEDS=N` runs N seeds per store; a failure names its seed.

mod model;
mod observe;
mod world;

use fastrand::Rng;
use model::{Key, Log, Query, Selector, Written, key, revision};
use observe::{Observation, follow, list_forms, watch_forms};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use world::{NAMESPACES, Store, World};

const WRITERS: u64 = 3;
const WRITES: usize = 150;
const COLOURS: [&str; 3] = ["red", "green", "blue"];

/// The collection in a namespace.
fn collection(namespace: &str) -> String {
    format!("/apis/model.example.com/v1/namespaces/{namespace}/boxes")
}

/// A writer and the keys that are its own; it knows what is stored under each.
struct WriterOf {
    world: Arc<World>,
    rng: Rng,
    number: u64,
    live: BTreeMap<Key, Value>,
    written: Vec<Written>,
}

impl WriterOf {
    fn object(&mut self, (namespace, name): &Key) -> Value {
        let mut labels = json!({"owner": format!("w{}", self.number)});
        if self.rng.u8(..4) > 0 {
            labels["colour"] = COLOURS[self.rng.usize(..COLOURS.len())].into();
        }
        json!({
            "apiVersion": "model.example.com/v1", "kind": "Box",
            "metadata": {"name": name, "namespace": namespace, "labels": labels},
            "spec": {"size": self.rng.i64(..4), "note": "x".repeat(self.rng.usize(..40))},
        })
    }

    fn done(&mut self, key: Key, object: Option<Value>) {
        if let Some(o) = &object {
            self.world.acknowledge(revision(o));
            self.live.insert(key.clone(), o.clone());
        } else {
            self.live.remove(&key);
        }
        self.written.push(Written { key, object });
    }

    async fn run(mut self) -> Vec<Written> {
        for _ in 0..WRITES {
            let namespace = NAMESPACES[self.rng.usize(..2)].to_owned();
            let at: Key = (namespace.clone(), format!("w{}-{}", self.number, self.rng.u8(..6)));
            let path = format!("{}/{}", collection(&namespace), at.1);
            let Some(old) = self.live.get(&at).cloned() else {
                let object = self.object(&at);
                let made = self.world.call("POST", &collection(&namespace), Some(&object)).await.expect("created");
                self.done(at, Some(made));
                continue;
            };
            match self.rng.u8(..20) {
                0..8 => {
                    let mut object = self.object(&at);
                    object["metadata"]["resourceVersion"] = old["metadata"]["resourceVersion"].clone();
                    let now = self.world.call("PUT", &path, Some(&object)).await.expect("updated");
                    if now["metadata"]["resourceVersion"] != old["metadata"]["resourceVersion"] {
                        self.done(at, Some(now));
                    }
                }
                8..12 => {
                    let object = self.object(&at);
                    let patch = json!({"metadata": {"labels": {"colour": object["metadata"]["labels"]["colour"]}}});
                    let now = self.world.call("PATCH", &path, Some(&patch)).await.expect("patched");
                    if now["metadata"]["resourceVersion"] != old["metadata"]["resourceVersion"] {
                        self.done(at, Some(now));
                    }
                }
                12 => {
                    let now = self.world.call("PUT", &path, Some(&old)).await.expect("a write of what is there");
                    assert_eq!(now, old, "a write that changes nothing keeps the resourceVersion");
                }
                13 => {
                    let got = self.world.call("GET", &path, None).await.expect("an object");
                    assert_eq!(got, old, "a writer reads what it has written");
                }
                14 if self.rng.bool() => {
                    let all = format!("{}?labelSelector=owner%3Dw{}", collection(&namespace), self.number);
                    self.world.call("DELETE", &all, None).await.expect("a collection deleted");
                    let gone: Vec<Key> = self.live.keys().filter(|k| k.0 == namespace).cloned().collect();
                    gone.into_iter().for_each(|k| self.done(k, None));
                }
                15 => {
                    let mut stale = self.object(&at);
                    stale["metadata"]["resourceVersion"] = (revision(&old) - 1).to_string().into();
                    let refused = self.world.call("PUT", &path, Some(&stale)).await.expect_err("a stale write");
                    assert_eq!(refused["reason"], "Conflict", "{refused}");
                }
                _ => {
                    self.world.call("DELETE", &path, None).await.expect("deleted");
                    self.done(at, None);
                }
            }
        }
        self.written
    }
}

fn query(rng: &mut Rng) -> Query {
    let colour = |rng: &mut Rng| COLOURS[rng.usize(..COLOURS.len())];
    Query {
        namespace: if rng.bool() { None } else { Some(NAMESPACES[rng.usize(..2)]) },
        selector: match rng.u8(..9) {
            0 => Selector::ColourIs(colour(rng)),
            1 => Selector::ColourIsNot(colour(rng)),
            2 => Selector::ColourIn("red", "blue"),
            3 => Selector::NoColour,
            4 => Selector::SizeIs(rng.i64(..4)),
            5 => Selector::NameIs("w0-1"),
            _ => Selector::Everything,
        },
    }
}

async fn run(store: Store, seed: u64) -> Result<(), String> {
    let world = World::new(store).await;
    let start = world.call("GET", &Query::default().path(), None).await.expect("a list");
    let start = revision(&start);
    world.acknowledge(start);
    let over = Arc::new(AtomicBool::new(false));

    let writers: Vec<_> = (0..WRITERS)
        .map(|number| {
            let rng = Rng::with_seed(seed * 1000 + number);
            let w = WriterOf { world: world.clone(), rng, number, live: BTreeMap::new(), written: Vec::new() };
            tokio::spawn(w.run())
        })
        .collect();
    // Set once the last objects are written, so that a follower that sees nothing more has seen all.
    let written_out = Arc::new(AtomicBool::new(false));
    let reference = tokio::spawn(follow(world.clone(), Query::default(), start, written_out.clone()));
    let mut rng = Rng::with_seed(seed);
    let mut followers = Vec::new();
    for _ in 0..4 {
        followers.push(tokio::spawn(follow(world.clone(), query(&mut rng), start, written_out.clone())));
    }
    let observers: Vec<_> = (0..4)
        .map(|i| {
            let (world, over, mut rng) = (world.clone(), over.clone(), Rng::with_seed(seed * 1000 + 500 + i));
            tokio::spawn(async move {
                let mut seen: Vec<Observation> = Vec::new();
                while !over.load(Ordering::SeqCst) {
                    let query = query(&mut rng);
                    seen.extend(match i % 2 {
                        0 => Some(list_forms(&world, query, &mut rng).await),
                        _ => watch_forms(&world, query, &mut rng).await,
                    });
                    tokio::time::sleep(Duration::from_millis(rng.u64(..4))).await;
                }
                seen
            })
        })
        .collect();
    let restarter = (store == Store::Embedded).then(|| {
        let (world, over, mut rng) = (world.clone(), over.clone(), Rng::with_seed(seed + 7));
        tokio::spawn(async move {
            while !over.load(Ordering::SeqCst) {
                tokio::time::sleep(Duration::from_millis(rng.u64(50..200))).await;
                world.restart().await;
            }
        })
    });

    let mut written = Vec::new();
    for w in writers {
        written.push(w.await.map_err(|e| e.to_string())?);
    }
    over.store(true, Ordering::SeqCst);
    if let Some(r) = restarter {
        r.await.map_err(|e| e.to_string())?;
    }
    let mut seen = Vec::new();
    for o in observers {
        seen.extend(o.await.map_err(|e| e.to_string())?);
    }
    // A last object in each namespace, of which every follower learns that it has seen all before.
    let mut last = Vec::new();
    for namespace in NAMESPACES {
        let end = json!({"apiVersion": "model.example.com/v1", "kind": "Box", "metadata": {"name": "end"}});
        let made = world.call("POST", &collection(namespace), Some(&end)).await.expect("the end");
        last.push(Written { key: key(&made), object: Some(made) });
    }
    written.push(last);
    written_out.store(true, Ordering::SeqCst);
    let Observation::Followed { events, .. } = reference.await.map_err(|e| e.to_string())? else {
        return Err("the reference did not follow".into());
    };
    let log = Log::new(start, events, &written)?;
    for f in followers {
        seen.push(f.await.map_err(|e| e.to_string())?);
    }
    seen.iter().try_for_each(|o| o.check(&log))
}

async fn seeds(store: Store) {
    let many = std::env::var("KUBEGRAFT_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(2);
    let first = std::env::var("KUBEGRAFT_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    for seed in first..first + many {
        if let Err(why) = run(store, seed).await {
            panic!("KUBEGRAFT_SEED={seed} on {store:?}: {why}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_and_watches_show_every_write_once_and_in_order() {
    seeds(Store::Memory).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_and_watches_show_every_write_once_and_in_order_through_restarts() {
    seeds(Store::Embedded).await;
}
