//! kill -9 at any moment loses nothing that was acknowledged, makes nothing up, and leaves no gap for who watches on.

use futures::{StreamExt, TryStreamExt};
use kube::api::{Api, DeleteParams, DynamicObject, ListParams, PatchParams, PostParams, WatchEvent, WatchParams};
use kube::core::{ApiResource, GroupVersionKind};
use kubegraft_tests::Server;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What is known of one object: the last write that was acknowledged, and whether a later one was in flight.
#[derive(Clone, Debug, Default)]
struct Known {
    /// `None`: acknowledged to be absent.
    acknowledged: Option<i64>,
    /// What an unanswered write would have made of it.
    in_flight: Option<Option<i64>>,
}

const WRITERS: usize = 8;
const PER_WRITER: usize = 6;

fn resource() -> ApiResource {
    ApiResource::from_gvk(&GroupVersionKind::gvk("kill.example.com", "v1", "Counter"))
}

fn definition() -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "counters.kill.example.com"},
        "spec": {"group": "kill.example.com", "scope": "Namespaced", "names": {"plural": "counters", "kind": "Counter"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object",
                "properties": {"spec": {"type": "object", "properties": {"n": {"type": "integer"}}}}}}}]}
    })
}

fn counter(name: &str, n: i64) -> DynamicObject {
    let v =
        json!({"apiVersion": "kill.example.com/v1", "kind": "Counter", "metadata": {"name": name}, "spec": {"n": n}});
    serde_json::from_value(v).expect("an object")
}

fn value(o: &DynamicObject) -> i64 {
    o.data.pointer("/spec/n").and_then(Value::as_i64).unwrap_or(-1)
}

type Book = Arc<Mutex<BTreeMap<String, Known>>>;

/// Creates, patches and deletes its own objects until the server is gone.
async fn write(api: Api<DynamicObject>, writer: usize, cycle: i64, book: Book, stop: Arc<AtomicBool>) {
    let mut n = cycle * 1_000_000;
    for step in 0.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        n += 1;
        let name = format!("w{writer}-{}", step % PER_WRITER);
        let known = book.lock().expect("no panics").entry(name.clone()).or_default().acknowledged;
        let after = if known.is_some() && step % 5 == 4 { None } else { Some(n) };
        book.lock().expect("no panics").entry(name.clone()).or_default().in_flight = Some(after);
        let done = match (known, after) {
            (None, Some(n)) => api.create(&PostParams::default(), &counter(&name, n)).await.map(drop),
            (Some(_), Some(n)) => {
                let patch = json!({"spec": {"n": n}});
                api.patch(&name, &PatchParams::default(), &kube::api::Patch::Merge(patch)).await.map(drop)
            }
            (_, None) => api.delete(&name, &DeleteParams::default()).await.map(drop),
        };
        match done {
            Ok(()) => {
                book.lock().expect("no panics").insert(name, Known { acknowledged: after, in_flight: None });
            }
            Err(_) => return,
        }
    }
}

/// Follows events from a revision and keeps the state they lead to.
async fn follow(api: Api<DynamicObject>, seen: Arc<Mutex<(String, BTreeMap<String, i64>)>>) {
    let from = seen.lock().expect("no panics").0.clone();
    let Ok(events) = api.watch(&WatchParams::default().timeout(60), &from).await else { return };
    let mut events = events.boxed();
    while let Ok(Some(event)) = events.try_next().await {
        let mut seen = seen.lock().expect("no panics");
        match event {
            WatchEvent::Added(o) | WatchEvent::Modified(o) => {
                seen.0 = o.metadata.resource_version.clone().expect("a revision");
                seen.1.insert(o.metadata.name.clone().expect("a name"), value(&o));
            }
            WatchEvent::Deleted(o) => {
                seen.0 = o.metadata.resource_version.clone().expect("a revision");
                seen.1.remove(o.metadata.name.as_deref().expect("a name"));
            }
            WatchEvent::Bookmark(_) => {}
            WatchEvent::Error(e) => panic!("the watch was refused: {e:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_kill_9() {
    let cycles: i64 = std::env::var("KUBEGRAFT_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(10);
    let dir = tempfile::tempdir().expect("a directory");
    let book: Book = Arc::default();
    let seen = Arc::new(Mutex::new((String::new(), BTreeMap::new())));
    for cycle in 0..cycles {
        let server = Server::start("crd-host", dir.path(), &[]);
        let client = server.client().await.expect("the admin kubeconfig");
        let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), "default", &resource());
        if cycle == 0 {
            let crds = Api::all_with(
                client.clone(),
                &ApiResource::from_gvk(&GroupVersionKind::gvk(
                    "apiextensions.k8s.io",
                    "v1",
                    "CustomResourceDefinition",
                )),
            );
            let crd: DynamicObject = serde_json::from_value(definition()).expect("a definition");
            crds.create(&PostParams::default(), &crd).await.expect("the definition is taken");
        }
        let mut list = api.list(&ListParams::default()).await;
        for _ in 0..100 {
            if list.is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            list = api.list(&ListParams::default()).await;
        }
        let list = list.expect("the kind is served");
        check(cycle, &book, &list.items);
        if cycle == 0 {
            seen.lock().expect("no panics").0 = list.metadata.resource_version.clone().expect("a revision");
        }
        // What the watch resumed from before the kill leads to, it must be what is there.
        let watcher = tokio::spawn(follow(api.clone(), seen.clone()));
        caught_up(cycle, &seen, &list.items).await;

        let stop = Arc::new(AtomicBool::new(false));
        let writers: Vec<_> =
            (0..WRITERS).map(|w| tokio::spawn(write(api.clone(), w, cycle + 1, book.clone(), stop.clone()))).collect();
        tokio::time::sleep(Duration::from_millis(40 + (cycle as u64 * 37) % 160)).await;
        server.kill();
        stop.store(true, Ordering::Relaxed);
        for w in writers {
            w.await.expect("a writer");
        }
        watcher.await.expect("the watch stays valid");
    }
}

/// Every object is what was acknowledged, or what an unanswered write would have made of it.
fn check(cycle: i64, book: &Book, items: &[DynamicObject]) {
    let there: BTreeMap<&str, i64> =
        items.iter().map(|o| (o.metadata.name.as_deref().expect("a name"), value(o))).collect();
    let mut book = book.lock().expect("no panics");
    for name in there.keys() {
        assert!(book.contains_key(*name), "cycle {cycle}: {name} was never written");
    }
    for (name, known) in book.iter_mut() {
        let now = there.get(name.as_str()).copied();
        let fine = now == known.acknowledged || known.in_flight == Some(now);
        assert!(fine, "cycle {cycle}: {name} is {now:?}, but {known:?}");
        *known = Known { acknowledged: now, in_flight: None };
    }
}

/// The state that events lead to becomes the listed one.
async fn caught_up(cycle: i64, seen: &Arc<Mutex<(String, BTreeMap<String, i64>)>>, items: &[DynamicObject]) {
    let want: BTreeMap<String, i64> =
        items.iter().map(|o| (o.metadata.name.clone().expect("a name"), value(o))).collect();
    for _ in 0..200 {
        if seen.lock().expect("no panics").1 == want {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let seen = seen.lock().expect("no panics");
    assert_eq!(seen.1, want, "cycle {cycle}: a gap in the watch from revision {}", seen.0);
}
