//! A disk that has no room left: the write that does not fit is an error, reads go on, health and metrics say so, and everything
//! acknowledged is there after a restart on a larger one.

use kube::Client;
use kube::api::{Api, DynamicObject, ListParams, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use kubegraft_tests::Server;
use serde_json::json;
use std::collections::BTreeSet;

async fn text(client: &Client, path: &str) -> String {
    let request = http::Request::get(path).body(Vec::new()).expect("a request");
    match client.request_text(request).await {
        Ok(text) => text,
        Err(e) => format!("{e:?}"),
    }
}

async fn names(api: &Api<DynamicObject>) -> BTreeSet<String> {
    let list = api.list(&ListParams::default()).await.expect("reads go on");
    list.into_iter().filter_map(|o| o.metadata.name).filter(|n| n.starts_with("full-")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_told_and_loses_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    let server = Server::start_on_small_disk("crd-host", dir.path(), 8 << 10);
    let client = server.client_that_gives_up().await.expect("the admin kubeconfig");
    let namespaces = ApiResource::from_gvk(&GroupVersionKind::gvk("", "v1", "Namespace"));
    let api: Api<DynamicObject> = Api::all_with(client.clone(), &namespaces);
    assert!(text(&client, "/metrics").await.contains("kubernetes_healthcheck{name=\"etcd\",type=\"healthz\"} 1"));

    let mut acknowledged = BTreeSet::new();
    let refused = loop {
        let name = format!("full-{}", acknowledged.len());
        let object = json!({"apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": name, "annotations": {"a": "x".repeat(200_000)}}});
        let object: DynamicObject = serde_json::from_value(object).expect("an object");
        match api.create(&PostParams::default(), &object).await {
            Ok(_) => acknowledged.insert(name),
            Err(e) => break e.to_string(),
        };
        assert!(acknowledged.len() < 100, "20 MB fit into 8");
    };
    assert!(refused.contains("store"), "{refused}");
    assert!(acknowledged.len() > 5, "{refused}");
    assert!(names(&api).await.is_superset(&acknowledged));
    assert!(text(&client, "/readyz").await.contains("[-]etcd failed"));
    assert!(text(&client, "/metrics").await.contains("kubernetes_healthcheck{name=\"etcd\",type=\"healthz\"} 0"));
    drop(server);

    let server = Server::start("crd-host", dir.path(), &[]);
    let client = server.client().await.expect("the admin kubeconfig");
    assert!(names(&Api::all_with(client.clone(), &namespaces)).await.is_superset(&acknowledged));
    assert_eq!(text(&client, "/readyz").await, "ok");
}
