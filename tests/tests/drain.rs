//! SIGTERM while clients write and watch: what was begun is answered, watches end as streams end, the process ends with 0, and
//! what was acknowledged is there when it comes back.

use futures::TryStreamExt;
use kube::api::{Api, DynamicObject, ListParams, PostParams, WatchParams};
use kube::core::{ApiResource, GroupVersionKind};
use kubegraft_tests::Server;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const WRITERS: usize = 8;
const WATCHERS: usize = 20;

fn namespaces(client: kube::Client) -> Api<DynamicObject> {
    Api::all_with(client, &ApiResource::from_gvk(&GroupVersionKind::gvk("", "v1", "Namespace")))
}

/// Creates one after the other until the server takes no more: the names that were acknowledged.
async fn write(api: Api<DynamicObject>, writer: usize, stopping: Arc<AtomicBool>) -> Vec<String> {
    let mut acknowledged = Vec::new();
    for n in 0.. {
        let name = format!("w{writer}-{n}");
        let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        match api.create(&PostParams::default(), &serde_json::from_value(body).expect("an object")).await {
            Ok(_) => acknowledged.push(name),
            Err(e) => {
                assert!(stopping.load(Ordering::Relaxed), "{name} is refused before shutdown: {e}");
                // Refused or never sent, but no answer is cut short.
                assert!(!matches!(e, kube::Error::SerdeError(_) | kube::Error::ReadEvents(_)), "{name}: {e:?}");
                break;
            }
        }
    }
    acknowledged
}

/// Follows until the stream ends: how many events there were.
async fn follow(api: Api<DynamicObject>) -> Result<usize, kube::Error> {
    let stream = api.watch(&WatchParams::default(), "0").await?;
    stream.try_fold(0, |n, _| async move { Ok(n + 1) }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_answers_what_was_begun_and_ends_with_0() {
    let data = tempfile::tempdir().expect("a directory");
    let server = Server::start("crd-host", data.path(), &[]);
    let stopping = Arc::new(AtomicBool::new(false));
    let (mut writers, mut watchers) = (Vec::new(), Vec::new());
    for _ in 0..WATCHERS {
        watchers.push(tokio::spawn(follow(namespaces(server.client().await.expect("a client")))));
    }
    for writer in 0..WRITERS {
        let api = namespaces(server.client().await.expect("a client"));
        writers.push(tokio::spawn(write(api, writer, stopping.clone())));
    }
    let api = namespaces(server.client().await.expect("a client"));
    while api.list(&ListParams::default()).await.expect("a list").items.len() < 40 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stopping.store(true, Ordering::Relaxed);
    let code = tokio::task::spawn_blocking(move || server.terminate()).await.expect("no panic");
    assert_eq!(code, Some(0), "the exit code");
    let mut acknowledged = BTreeSet::new();
    for writer in writers {
        acknowledged.extend(writer.await.expect("no panic"));
    }
    for watcher in watchers {
        let seen = watcher.await.expect("no panic").expect("a watch that ends as a stream ends");
        assert!(seen > 4, "a watch saw {seen} events");
    }

    let server = Server::start("crd-host", data.path(), &[]);
    let there =
        namespaces(server.client().await.expect("a client")).list(&ListParams::default()).await.expect("a list");
    let there: BTreeSet<String> = there.items.into_iter().filter_map(|n| n.metadata.name).collect();
    let lost: Vec<_> = acknowledged.difference(&there).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
}
