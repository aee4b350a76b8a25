//! Two servers on one etcd cluster of three: clients go to whichever answers, as behind a balancer. A server is killed, then
//! each member of etcd in turn, the leader among them: what was acknowledged stays, and a watch goes on without gap or repeat.

use futures::{StreamExt, TryStreamExt};
use kube::api::{Api, DynamicObject, ListParams, PostParams, WatchEvent, WatchParams};
use kube::core::{ApiResource, GroupVersionKind};
use kubegraft_tests::{Cluster, Server, etcd};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn resource(group: &str, kind: &str) -> ApiResource {
    ApiResource::from_gvk(&GroupVersionKind::gvk(group, "v1", kind))
}

/// The servers, and which one is asked until it fails.
struct Balancer {
    apis: Vec<Api<DynamicObject>>,
    current: AtomicUsize,
    acknowledged: AtomicU64,
}

impl Balancer {
    fn api(&self) -> (usize, &Api<DynamicObject>) {
        let at = self.current.load(Ordering::Relaxed);
        (at, &self.apis[at % self.apis.len()])
    }

    /// The next call goes elsewhere, unless somebody has moved on already.
    fn leave(&self, failed: usize) {
        let _ = self.current.compare_exchange(failed, failed + 1, Ordering::Relaxed, Ordering::Relaxed);
    }

    async fn until(&self, acknowledged: u64) {
        for _ in 0..3000 {
            if self.acknowledged.load(Ordering::Relaxed) >= acknowledged {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("writes stopped at {}, not {acknowledged}", self.acknowledged.load(Ordering::Relaxed));
    }
}

const WRITES: u64 = 500;

/// Creates objects until so many are acknowledged; returns their revisions.
async fn write(servers: Arc<Balancer>, writer: usize) -> BTreeMap<String, u64> {
    let mut made = BTreeMap::new();
    for n in 0.. {
        if servers.acknowledged.load(Ordering::Relaxed) >= WRITES {
            break;
        }
        let name = format!("w{writer}-{n}");
        let object = json!({"apiVersion": "ha.example.com/v1", "kind": "Part", "metadata": {"name": name}});
        let object: DynamicObject = serde_json::from_value(object).expect("an object");
        let (at, api) = servers.api();
        match tokio::time::timeout(Duration::from_secs(15), api.create(&PostParams::default(), &object)).await {
            Ok(Ok(stored)) => {
                let revision = stored.metadata.resource_version.expect("a revision").parse().expect("a number");
                made.insert(name, revision);
                servers.acknowledged.fetch_add(1, Ordering::Relaxed);
            }
            // It may have happened or not; the name is not used again.
            _ => {
                servers.leave(at);
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    made
}

type Seen = Arc<Mutex<Vec<(u64, String)>>>;

/// Watches from a revision, and goes on where it was when a server or a connection is lost.
async fn follow(servers: Arc<Balancer>, mut from: u64, seen: Seen) {
    loop {
        let (at, api) = servers.api();
        let parameters = WatchParams::default().timeout(20).disable_bookmarks();
        if let Ok(events) = api.watch(&parameters, &from.to_string()).await {
            let mut events = events.boxed();
            while let Ok(Some(event)) = events.try_next().await {
                match event {
                    WatchEvent::Added(o) => {
                        let revision = o.metadata.resource_version.expect("a revision").parse().expect("a number");
                        assert!(revision > from, "{revision} after {from}: a repeat, or out of order");
                        from = revision;
                        seen.lock().expect("no panics").push((revision, o.metadata.name.expect("a name")));
                    }
                    WatchEvent::Error(e) => panic!("the watch is refused: {e:?}"),
                    other => panic!("nobody does this: {other:?}"),
                }
            }
        }
        servers.leave(at);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn losing_a_server_and_the_leader_of_etcd_loses_nothing() {
    let Some(program) = etcd() else { return };
    let mut cluster = Cluster::start(&program);
    let directories = [(); 2].map(|()| tempfile::tempdir().expect("a directory"));
    let flags = format!("--etcd-servers={}", cluster.urls);
    let mut servers = Vec::new();
    let mut apis = Vec::new();
    for directory in &directories {
        let server = Server::start("crd-host", directory.path(), &[&flags]);
        let client = server.client().await.expect("the admin kubeconfig");
        if servers.is_empty() {
            let crd = json!({
                "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
                "metadata": {"name": "parts.ha.example.com"},
                "spec": {"group": "ha.example.com", "scope": "Namespaced", "names": {"plural": "parts", "kind": "Part"},
                    "versions": [{"name": "v1", "served": true, "storage": true,
                        "schema": {"openAPIV3Schema": {"type": "object"}}}]}
            });
            let crd: DynamicObject = serde_json::from_value(crd).expect("a definition");
            let crds = resource("apiextensions.k8s.io", "CustomResourceDefinition");
            let crds = Api::all_with(client.clone(), &crds);
            crds.create(&PostParams::default(), &crd).await.expect("the definition is taken");
        }
        apis.push(Api::<DynamicObject>::namespaced_with(client, "default", &resource("ha.example.com", "Part")));
        servers.push(server);
    }
    // What one server was told, the other one serves too.
    let mut from = Err("not asked".to_owned());
    for api in &apis {
        for _ in 0..250 {
            let list = api.list(&ListParams::default()).await;
            from = list.map(|l| l.metadata.resource_version.unwrap_or_default()).map_err(|e| e.to_string());
            if from.is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    let from = from.expect("the kind is served by both").parse().expect("a revision");

    let balancer = Arc::new(Balancer { apis, current: AtomicUsize::new(0), acknowledged: AtomicU64::new(0) });
    let seen = Seen::default();
    let watcher = tokio::spawn(follow(balancer.clone(), from, seen.clone()));
    let writers: Vec<_> = (0..4).map(|w| tokio::spawn(write(balancer.clone(), w))).collect();
    balancer.until(100).await;
    servers.remove(0).kill();
    for member in 0..3 {
        balancer.until(200 + 100 * member as u64).await;
        cluster.kill(member);
        balancer.until(250 + 100 * member as u64).await;
        cluster.restart(member);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let mut acknowledged = BTreeMap::new();
    for writer in writers {
        acknowledged.extend(writer.await.expect("a writer"));
    }

    let mut list = balancer.apis[1].list(&ListParams::default()).await;
    for _ in 0..100 {
        if list.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        list = balancer.apis[1].list(&ListParams::default()).await;
    }
    let mut stored: Vec<(u64, String)> = list
        .expect("a list")
        .into_iter()
        .map(|o| {
            (
                o.metadata.resource_version.and_then(|v| v.parse().ok()).expect("a revision"),
                o.metadata.name.expect("a name"),
            )
        })
        .collect();
    stored.sort_unstable();
    for (name, revision) in &acknowledged {
        assert!(stored.contains(&(*revision, name.clone())), "{name} was acknowledged at {revision} and is gone");
    }
    for _ in 0..1500 {
        if seen.lock().expect("no panics").len() >= stored.len() {
            break;
        }
        assert!(!watcher.is_finished(), "the watch has failed");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(*seen.lock().expect("no panics"), stored, "every write is one event, in order");
    watcher.abort();
}
