//! kube-rs on the in-process server: Api, watcher with and without streaming lists, reflector, and a Controller.

use futures::{StreamExt, TryStreamExt};
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{
    Api, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams,
};
use kube::core::{ApiResource, GroupVersionKind};
use kube::runtime::controller::Action;
use kube::runtime::reflector::{self, store::Writer};
use kube::runtime::{Controller, WatchStreamExt, watcher};
use kubegraft::testing::Server;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

fn definition() -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "boxes.test.example.com"},
        "spec": {"group": "test.example.com", "scope": "Namespaced", "names": {"plural": "boxes", "kind": "Box"},
            "versions": [{"name": "v1", "served": true, "storage": true, "subresources": {"status": {}},
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {
                    "spec": {"type": "object", "required": ["size"], "properties": {"size": {"type": "integer", "minimum": 1}}},
                    "status": {"type": "object", "properties": {"seen": {"type": "integer"}}}}}}}]}
    })
}

fn kind() -> ApiResource {
    let mut r = ApiResource::from_gvk(&GroupVersionKind::gvk("test.example.com", "v1", "Box"));
    r.plural = "boxes".into();
    r
}

async fn boxes() -> (Server, Api<DynamicObject>) {
    let server = Server::builder().definition(definition()).start().await.expect("a server");
    let api = Api::namespaced_with(server.client(), "default", &kind());
    (server, api)
}

fn a_box(name: &str, size: i64) -> DynamicObject {
    let v =
        json!({"apiVersion": "test.example.com/v1", "kind": "Box", "metadata": {"name": name}, "spec": {"size": size}});
    serde_json::from_value(v).expect("an object")
}

#[tokio::test]
async fn objects_are_validated_as_their_schema_says() {
    let (_server, api) = boxes().await;
    let made = api.create(&PostParams::default(), &a_box("a", 1)).await.expect("a box");
    assert_eq!(made.metadata.generation, Some(1));
    let refused = api.create(&PostParams::default(), &a_box("b", 0)).await.expect_err("too small");
    let kube::Error::Api(status) = refused else { panic!("no Status: {refused:?}") };
    assert_eq!(status.code, 422);
    assert!(status.message.contains("spec.size in body should be greater than or equal to 1"), "{}", status.message);
}

#[tokio::test]
async fn namespaces_come_with_the_server_and_refuse_strangers() {
    let server = Server::builder().definition(definition()).start().await.expect("a server");
    let all: Api<Namespace> = Api::all(server.client());
    assert!(
        all.list(&ListParams::default())
            .await
            .expect("namespaces")
            .items
            .iter()
            .any(|n| n.metadata.name.as_deref() == Some("default"))
    );
    let elsewhere: Api<DynamicObject> = Api::namespaced_with(server.client(), "nowhere", &kind());
    let refused = elsewhere.create(&PostParams::default(), &a_box("a", 1)).await.expect_err("no such namespace");
    let kube::Error::Api(status) = refused else { panic!("no Status: {refused:?}") };
    assert_eq!((status.code, status.message.as_str()), (404, "namespaces \"nowhere\" not found"));
}

/// A long state is told in parts, and each is looked up when the reader comes to it: as it was when the watch began.
#[tokio::test]
async fn a_watch_begins_with_one_state_however_slowly_it_is_read() {
    const MANY: usize = 1_100;
    let name = |i: usize| format!("b{i:04}");
    let (_server, api) = boxes().await;
    let (api, params) = (&api, &PostParams::default());
    let creates = (0..MANY).map(|i| async move { api.create(params, &a_box(&name(i), 1)).await.map(drop) });
    let creates: Vec<_> = futures::stream::iter(creates).buffer_unordered(16).collect().await;
    assert!(creates.into_iter().all(|made| made.is_ok()), "a box is refused");

    let mut events = std::pin::pin!(api.watch(&WatchParams::streaming_lists(), "").await.expect("a watch"));
    let mut next = async || events.try_next().await.expect("no error").expect("an event");
    assert!(matches!(next().await, WatchEvent::Added(o) if o.metadata.name == Some(name(0))));
    // None of this belongs to the state, of which almost all is still to be read.
    api.delete(&name(MANY - 1), &DeleteParams::default()).await.expect("deleted");
    let patch = Patch::Merge(json!({"spec": {"size": 2}}));
    api.patch(&name(MANY - 2), &PatchParams::default(), &patch).await.expect("changed");
    api.create(params, &a_box("c", 1)).await.expect("a box");
    for i in 1..MANY {
        let WatchEvent::Added(o) = next().await else { panic!("no state any more after {i}") };
        assert_eq!((o.metadata.name, &o.data["spec"]["size"]), (Some(name(i)), &json!(1)));
    }
    assert!(matches!(next().await, WatchEvent::Bookmark(_)), "the state has an end");
    assert!(matches!(next().await, WatchEvent::Deleted(o) if o.metadata.name == Some(name(MANY - 1))));
    assert!(matches!(next().await, WatchEvent::Modified(o) if o.metadata.name == Some(name(MANY - 2))));
    assert!(matches!(next().await, WatchEvent::Added(o) if o.metadata.name.as_deref() == Some("c")));
}

async fn watched(config: watcher::Config) {
    let (_server, api) = boxes().await;
    for i in 1..=3 {
        api.create(&PostParams::default(), &a_box(&format!("b{i}"), i)).await.expect("a box");
    }
    let writer = Writer::new(kind());
    let reader = writer.as_reader();
    let stream = reflector::reflector(writer, watcher(api.clone(), config)).applied_objects().boxed();
    let seen = tokio::spawn(async move { stream.take(4).try_collect::<Vec<_>>().await });
    reader.wait_until_ready().await.expect("the first list");
    api.create(&PostParams::default(), &a_box("b4", 4)).await.expect("a box");
    let seen =
        tokio::time::timeout(Duration::from_secs(10), seen).await.expect("in time").expect("a task").expect("events");
    let names: Vec<_> = seen.iter().map(|o| o.metadata.name.clone().unwrap_or_default()).collect();
    assert_eq!(names, ["b1", "b2", "b3", "b4"]);
    assert_eq!(reader.state().len(), 4);
}

#[tokio::test]
async fn reflectors_follow_by_list_and_watch() {
    watched(watcher::Config::default()).await;
}

#[tokio::test]
async fn reflectors_follow_by_streaming_lists() {
    watched(watcher::Config::default().streaming_lists()).await;
}

#[tokio::test]
async fn controllers_reconcile() {
    let (_server, api) = boxes().await;
    async fn reconcile(o: Arc<DynamicObject>, api: Arc<Api<DynamicObject>>) -> Result<Action, kube::Error> {
        let size = o.data.pointer("/spec/size").and_then(Value::as_i64).unwrap_or_default();
        let patch = json!({"status": {"seen": size}});
        let name = o.metadata.name.clone().unwrap_or_default();
        api.patch_status(&name, &PatchParams::default(), &Patch::Merge(patch)).await?;
        Ok(Action::await_change())
    }
    let controller = Controller::new_with(api.clone(), watcher::Config::default(), kind());
    let run = controller.run(reconcile, |_, _, _| Action::requeue(Duration::from_secs(1)), Arc::new(api.clone()));
    tokio::spawn(run.for_each(|_| async {}));
    api.create(&PostParams::default(), &a_box("a", 7)).await.expect("a box");
    for _ in 0..500 {
        let now = api.get("a").await.expect("the box");
        if now.data.pointer("/status/seen") == Some(&json!(7)) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the controller has not written the status");
}

#[tokio::test]
async fn kinds_come_and_go_at_run_time() {
    let server = Server::builder().host_definitions().start().await.expect("a server");
    let crds: Api<DynamicObject> = Api::all_with(
        server.client(),
        &ApiResource::from_gvk(&GroupVersionKind::gvk("apiextensions.k8s.io", "v1", "CustomResourceDefinition")),
    );
    let crd: DynamicObject = serde_json::from_value(definition()).expect("a definition");
    crds.create(&PostParams::default(), &crd).await.expect("the definition is taken");
    let api: Api<DynamicObject> = Api::namespaced_with(server.client(), "default", &kind());
    let mut served = false;
    for _ in 0..200 {
        if api.list(&ListParams::default()).await.is_ok() {
            served = true;
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(served, "the kind is never served");
    api.create(&PostParams::default(), &a_box("a", 1)).await.expect("a box");
    crds.delete("boxes.test.example.com", &Default::default()).await.expect("the definition goes");
    for _ in 0..300 {
        if api.list(&ListParams::default()).await.is_err()
            && crds.get_opt("boxes.test.example.com").await.expect("an answer").is_none()
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the kind is still there");
}

#[tokio::test]
async fn requests_and_watches_are_counted_under_the_names_dashboards_read() {
    let (server, api) = boxes().await;
    api.create(&PostParams::default(), &a_box("a", 1)).await.expect("a box");
    let mut watch = api.watch(&kube::api::WatchParams::default(), "0").await.expect("a watch").boxed();
    watch.try_next().await.expect("an event");
    let get = |path: &str| http::Request::get(path).body(Vec::new()).expect("a request");
    let text = server.client().request_text(get("/metrics")).await.expect("metrics");
    let of = |verb: &str, scope: &str| {
        format!(
            "group=\"test.example.com\",resource=\"boxes\",scope=\"{scope}\",subresource=\"\",verb=\"{verb}\",version=\"v1\"}} 1"
        )
    };
    let has = |name: &str, rest: &str| text.lines().any(|l| l.starts_with(name) && l.ends_with(rest));
    assert!(has("apiserver_request_total{code=\"201\"", &of("POST", "resource")), "{text}");
    assert!(has("apiserver_longrunning_requests{", &of("WATCH", "namespace")), "{text}");
    assert!(text.contains("apiserver_watch_events_total{group=\"test.example.com\",resource=\"boxes\""), "{text}");
    assert!(has("apiserver_storage_objects{resource=\"boxes.test.example.com\"}", " 1"), "{text}");
    let _ = server.client().request_text(get("/apis/made/up/names")).await;
    let text = server.client().request_text(get("/metrics")).await.expect("metrics");
    assert!(!text.contains("made"), "a client makes series up: {text}");
}
