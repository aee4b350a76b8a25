//! A server that may be restarted under its writers and observers, and how both speak to it.

use futures::{AsyncBufReadExt, StreamExt, stream::BoxStream};
use kubegraft::storage::embedded::Retention;
use kubegraft::storage::{Backend, Embedded, Memory};
use kubegraft::testing::Server;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{RwLock, RwLockReadGuard, watch};

/// The namespaces written to.
pub(super) const NAMESPACES: [&str; 2] = ["default", "other"];

/// Where objects are kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Store {
    Memory,
    Embedded,
}

/// A server, its store, and when it is down.
pub(super) struct World {
    store: Store,
    dir: tempfile::TempDir,
    server: RwLock<Option<Server>>,
    restarts: watch::Sender<u64>,
    acknowledged: AtomicU64,
}

fn definition() -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "boxes.model.example.com"},
        "spec": {"group": "model.example.com", "scope": "Namespaced", "names": {"plural": "boxes", "kind": "Box"},
            "versions": [{"name": "v1", "served": true, "storage": true,
                "selectableFields": [{"jsonPath": ".spec.size"}],
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {
                    "spec": {"type": "object", "properties": {"size": {"type": "integer"}, "note": {"type": "string"}}}}}}}]}
    })
}

impl World {
    pub(super) async fn new(store: Store) -> Arc<Self> {
        let dir = tempfile::tempdir().expect("a directory");
        let server = Server::builder().definition(definition()).store(open(store, &dir).await);
        let server = server.start().await.expect("a server");
        let world = Self {
            store,
            dir,
            server: RwLock::new(Some(server)),
            restarts: watch::Sender::new(0),
            acknowledged: AtomicU64::new(0),
        };
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACES[1]}});
        world.call("POST", "/api/v1/namespaces", Some(&namespace)).await.expect("a namespace");
        Arc::new(world)
    }

    /// The server, which stays up as long as the guard is held.
    async fn up(&self) -> RwLockReadGuard<'_, Option<Server>> {
        self.server.read().await
    }

    /// One request; the Status of a refusal is the error.
    pub(super) async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, Value> {
        let up = self.up().await;
        let client = up.as_ref().expect("a server").client();
        let mut request = http::Request::builder().method(method).uri(path);
        if method == "PATCH" {
            request = request.header("content-type", "application/merge-patch+json");
        } else if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map(|b| serde_json::to_vec(b).expect("JSON")).unwrap_or_default();
        let answer = client.send(request.body(body.into()).expect("a request")).await.expect("an answer");
        let ok = answer.status().is_success();
        let bytes = answer.into_body().collect_bytes().await.expect("a body");
        let value: Value = serde_json::from_slice(&bytes).expect("JSON");
        if ok { Ok(value) } else { Err(value) }
    }

    /// The lines of a watch, until the server ends it, `patience` passes without one, or the server is to restart.
    pub(super) async fn watch(&self, path: &str, patience: Duration, mut each: impl FnMut(Value) -> bool) {
        let mut restarts = self.restarts.subscribe();
        let up = self.up().await;
        let client = up.as_ref().expect("a server").client();
        let request = http::Request::get(path).body(Vec::new()).expect("a request");
        let stream = client.request_stream(request).await.unwrap_or_else(|e| panic!("{path}: {e}"));
        let mut lines: BoxStream<'_, _> = stream.lines().boxed();
        loop {
            tokio::select! {
                line = lines.next() => match line {
                    Some(Ok(line)) => {
                        if !each(serde_json::from_str(&line).expect("an event")) {
                            return;
                        }
                    }
                    _ => return,
                },
                _ = restarts.changed() => return,
                () = tokio::time::sleep(patience) => return,
            }
        }
    }

    /// Stops the server once nobody speaks to it, and starts it on what it has stored.
    pub(super) async fn restart(&self) {
        assert_eq!(self.store, Store::Embedded, "a store in memory does not outlive its server");
        let mut server = loop {
            self.restarts.send_modify(|n| *n += 1);
            if let Ok(guard) = tokio::time::timeout(Duration::from_millis(20), self.server.write()).await {
                break guard;
            }
        };
        *server = None;
        let store = open(self.store, &self.dir).await;
        *server = Some(Server::builder().definition(definition()).store(store).start().await.expect("a server"));
    }

    /// Notes that a writer has been told of a revision.
    pub(super) fn acknowledge(&self, revision: u64) {
        self.acknowledged.fetch_max(revision, Ordering::SeqCst);
    }

    /// The newest revision a writer has been told of: what a list without a resourceVersion must not be older than.
    pub(super) fn acknowledged(&self) -> u64 {
        self.acknowledged.load(Ordering::SeqCst)
    }
}

async fn open(store: Store, dir: &tempfile::TempDir) -> Arc<dyn Backend> {
    if store == Store::Memory {
        return Arc::new(Memory::new());
    }
    let mut refused = None;
    // The server before it lets go of the file when its last task ends.
    for _ in 0..500 {
        match Embedded::open(dir.path(), Retention::default()) {
            Ok(store) => return Arc::new(store),
            Err(e) => refused = Some(e),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the store stays closed: {refused:?}");
}
