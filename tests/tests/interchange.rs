//! One etcd for a kube-apiserver and for this server: what kube-apiserver's handler of custom resources writes is served, and what
//! is written here is what that one would have written. Keys and bytes are read and written past the server, by etcd's own API.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::{StreamExt, TryStreamExt};
use kube::api::{Api, DynamicObject, ListParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams};
use kube::core::{ApiResource, GroupVersionKind};
use kubegraft_tests::{Cluster, Server, etcd};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A call of etcd's API in JSON.
fn call(member: &str, path: &str, body: &Value) -> Value {
    let address = member.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).expect("etcd listens");
    let body = body.to_string();
    let length = body.len();
    write!(stream, "POST /v3/kv/{path} HTTP/1.0\r\nHost: {address}\r\nContent-Length: {length}\r\n\r\n{body}")
        .expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    assert!(head.contains(" 200 "), "{answer}");
    serde_json::from_str(body).expect("JSON")
}

fn put(member: &str, key: &str, value: &str) -> u64 {
    let answer = call(member, "put", &json!({"key": STANDARD.encode(key), "value": STANDARD.encode(value)}));
    answer["header"]["revision"].as_str().and_then(|r| r.parse().ok()).expect("a revision")
}

fn get(member: &str, key: &str) -> Option<(String, u64)> {
    let answer = call(member, "range", &json!({"key": STANDARD.encode(key)}));
    let kv = &answer["kvs"].as_array()?.first()?;
    let value = STANDARD.decode(kv["value"].as_str()?).expect("base64");
    Some((String::from_utf8(value).expect("text"), kv["mod_revision"].as_str()?.parse().ok()?))
}

/// As kube-apiserver encodes a custom resource: sorted keys, no resourceVersion, a newline at the end.
const STORED: &str = concat!(
    r#"{"apiVersion":"swap.example.com/v1","kind":"Part","metadata":{"creationTimestamp":"2025-01-02T03:04:05Z","generation":1,"#,
    r#""labels":{"made-by":"upstream"},"managedFields":[{"apiVersion":"swap.example.com/v1","fieldsType":"FieldsV1","#,
    r#""fieldsV1":{"f:spec":{".":{},"f:size":{}}},"manager":"kubectl","operation":"Update","time":"2025-01-02T03:04:05Z"}],"#,
    r#""name":"theirs","namespace":"default","uid":"8a1b2c3d-0000-4000-8000-000000000001"},"spec":{"size":3}}"#,
    "\n"
);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn objects_of_kube_apiserver_are_served_and_ours_are_stored_as_its_own() {
    let Some(program) = etcd() else { return };
    let cluster = Cluster::start(&program);
    let member = cluster.urls.split(',').next().expect("a member").to_owned();
    let directory = tempfile::tempdir().expect("a directory");
    let server = Server::start(
        "crd-host",
        directory.path(),
        &[&format!("--etcd-servers={}", cluster.urls), "--etcd-prefix=/shared"],
    );
    let client = server.client().await.expect("the admin kubeconfig");
    let crd = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "parts.swap.example.com"},
        "spec": {"group": "swap.example.com", "scope": "Namespaced", "names": {"plural": "parts", "kind": "Part"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {
                "type": "object", "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}}}}}]}
    });
    let crds = ApiResource::from_gvk(&GroupVersionKind::gvk("apiextensions.k8s.io", "v1", "CustomResourceDefinition"));
    let crds: Api<DynamicObject> = Api::all_with(client.clone(), &crds);
    crds.create(&PostParams::default(), &serde_json::from_value(crd).expect("a definition")).await.expect("taken");
    let kind = ApiResource::from_gvk(&GroupVersionKind::gvk("swap.example.com", "v1", "Part"));
    let parts: Api<DynamicObject> = Api::namespaced_with(client, "default", &kind);
    let mut list = parts.list(&ListParams::default()).await;
    for _ in 0..250 {
        if list.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        list = parts.list(&ListParams::default()).await;
    }
    let from = list.expect("the kind is served").metadata.resource_version.expect("a revision");

    // Theirs is watched, got and found by its label, with etcd's revision as its own.
    let key = "/shared/swap.example.com/parts/default/theirs";
    let revision = put(&member, key, STORED);
    let mut events = parts.watch(&WatchParams::default().timeout(60), &from).await.expect("a watch").boxed();
    let Ok(Some(WatchEvent::Added(seen))) = events.try_next().await else { panic!("no event of the object") };
    let mut wanted: Value = serde_json::from_str(STORED).expect("JSON");
    wanted["metadata"]["resourceVersion"] = revision.to_string().into();
    assert_eq!(serde_json::to_value(&seen).expect("JSON"), wanted);
    let got = parts.get("theirs").await.expect("it is there");
    assert_eq!(serde_json::to_value(&got).expect("JSON"), wanted);
    let found = parts.list(&ListParams::default().labels("made-by=upstream")).await.expect("a list");
    assert_eq!(found.items.len(), 1);

    // What is changed here is theirs again.
    let patch = Patch::Merge(json!({"spec": {"size": 4}}));
    let patched = parts.patch("theirs", &PatchParams::default(), &patch).await.expect("a patch");
    let (bytes, revision) = get(&member, key).expect("the key");
    assert_eq!(patched.metadata.resource_version, Some(revision.to_string()));
    as_kube_apiserver_stores(&bytes, patched);

    // And what is made here.
    let mine =
        json!({"apiVersion": "swap.example.com/v1", "kind": "Part", "metadata": {"name": "ours"}, "spec": {"size": 1}});
    let mine =
        parts.create(&PostParams::default(), &serde_json::from_value(mine).expect("an object")).await.expect("made");
    let (bytes, revision) = get(&member, "/shared/swap.example.com/parts/default/ours").expect("the key");
    assert_eq!(mine.metadata.resource_version, Some(revision.to_string()));
    as_kube_apiserver_stores(&bytes, mine);
}

/// JSON with sorted keys: the object without its resourceVersion.
fn as_kube_apiserver_stores(bytes: &str, mut object: DynamicObject) {
    object.metadata.resource_version = None;
    let value: Value = serde_json::from_str(bytes).expect("JSON");
    assert_eq!(value, serde_json::to_value(&object).expect("JSON"));
    assert_eq!(bytes.trim_end(), value.to_string(), "keys are sorted, nothing is spaced");
}
