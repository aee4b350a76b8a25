//! Storage migration: what is stored in an old version is rewritten in the storage version, by any number of tries, while
//! clients write; and the old version can go.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, DynamicObject, Patch, PatchParams, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use kubegraft::resource::GroupResource;
use kubegraft::storage::embedded::Retention;
use kubegraft::storage::{Backend, Embedded, Memory};
use kubegraft::testing::Server;
use kubegraft::verbs::migrate::{migrate, stored_versions};
use kubegraft_examples::versions::{v1, v1alpha1, websites};
use kubegraft_tests::program;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

const OBJECTS: u64 = 12;

fn resource() -> GroupResource {
    GroupResource::new("web.example.com", "websites")
}

fn counts(all: &[(&str, u64)]) -> BTreeMap<String, u64> {
    all.iter().map(|(version, n)| ((*version).to_owned(), *n)).collect()
}

/// A store with websites that a server of another time put there in v1alpha1.
async fn old(store: Arc<dyn Backend>) -> Server {
    let builder = Server::builder().store(store).versions(websites().stored::<v1alpha1::Website>());
    let server = builder.start().await.expect("a server");
    let api: Api<v1::Website> = Api::default_namespaced(server.client());
    for i in 0..OBJECTS {
        let image = v1::Image { name: format!("site-{i}"), tag: Some("0".into()) };
        let spec = v1::WebsiteSpec { image, ports: Vec::new(), update: v1::Update::Canary };
        api.create(&PostParams::default(), &v1::Website::new(&format!("site-{i:02}"), spec)).await.expect("made");
    }
    server
}

async fn new(store: Arc<dyn Backend>) -> Server {
    Server::builder().store(store).versions(websites()).start().await.expect("a server")
}

#[tokio::test]
async fn a_migration_that_is_cut_off_goes_on_where_it_was() {
    let store: Arc<dyn Backend> = Arc::new(Memory::new());
    drop(old(store.clone()).await);
    let server = new(store).await;
    assert_eq!(stored_versions(server.engine(), &resource()).await.expect("counts"), counts(&[("v1alpha1", OBJECTS)]));

    let engine = server.engine().clone();
    let cut = tokio::spawn(async move {
        migrate(&engine, &resource(), 5, |p| assert!(p.seen < 10, "the power goes off here")).await.map(drop)
    });
    assert!(cut.await.is_err());
    let half = stored_versions(server.engine(), &resource()).await.expect("counts");
    assert_eq!(half, counts(&[("v1", 10), ("v1alpha1", 2)]));

    let mut lines = Vec::new();
    let done = migrate(server.engine(), &resource(), 5, |p| lines.push((p.seen, p.rewritten))).await.expect("done");
    assert_eq!((done.seen, done.rewritten, done.failed), (OBJECTS, 2, Vec::new()));
    assert_eq!(lines[..3], [(5, 0), (10, 0), (12, 2)]);
    assert_eq!(stored_versions(server.engine(), &resource()).await.expect("counts"), counts(&[("v1", OBJECTS)]));
    let again = migrate(server.engine(), &resource(), 5, |_| {}).await.expect("done");
    assert_eq!(again.rewritten, 0);
    let api: Api<v1::Website> = Api::default_namespaced(server.client());
    let seen = api.get("site-07").await.expect("there").spec;
    assert_eq!((seen.image.name.as_str(), seen.update), ("site-7", v1::Update::Canary), "nothing is lost");
}

#[tokio::test]
async fn writes_during_a_migration_are_not_lost() {
    let store: Arc<dyn Backend> = Arc::new(Memory::new());
    let before = old(store.clone()).await;
    let server = new(store).await;
    let writer = |server: &Server| {
        let api: Api<v1::Website> = Api::default_namespaced(server.client());
        tokio::spawn(async move {
            for round in 1..=10 {
                for i in 0..OBJECTS {
                    let tag = Patch::Merge(json!({"spec": {"image": {"tag": format!("{round}")}}}));
                    api.patch(&format!("site-{i:02}"), &PatchParams::default(), &tag).await.expect("patched");
                }
            }
        })
    };
    // One stores v1alpha1 still, the other v1.
    let (old_writer, new_writer) = (writer(&before), writer(&server));
    while !old_writer.is_finished() {
        // A server that goes on storing an old version may keep it from ending, which it then says.
        let _ = migrate(server.engine(), &resource(), 3, |_| {}).await;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    old_writer.await.expect("all written");
    new_writer.await.expect("all written");
    migrate(server.engine(), &resource(), 3, |_| {}).await.expect("done");
    assert_eq!(stored_versions(server.engine(), &resource()).await.expect("counts"), counts(&[("v1", OBJECTS)]));
    let api: Api<v1::Website> = Api::default_namespaced(server.client());
    for i in 0..OBJECTS {
        let seen = api.get(&format!("site-{i:02}")).await.expect("there").spec;
        assert_eq!((seen.image.tag.as_deref(), seen.update), (Some("10"), v1::Update::Canary));
    }
}

fn definition(versions: Value) -> CustomResourceDefinition {
    let crd = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "cups.ex.io"},
        "spec": {"group": "ex.io", "scope": "Cluster", "names": {"plural": "cups", "kind": "Cup"}, "versions": versions}});
    serde_json::from_value(crd).expect("a definition")
}

fn version(name: &str, storage: bool) -> Value {
    let schema = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    json!({"name": name, "served": true, "storage": storage, "schema": {"openAPIV3Schema": schema}})
}

#[tokio::test]
async fn a_stored_definition_forgets_its_old_versions_which_can_then_go() {
    let server = Server::builder().host_definitions().start().await.expect("a server");
    let definitions: Api<CustomResourceDefinition> = Api::all(server.client());
    definitions.create(&PostParams::default(), &definition(json!([version("v1", true)]))).await.expect("made");
    let mut kind = ApiResource::from_gvk(&GroupVersionKind::gvk("ex.io", "v1", "Cup"));
    kind.plural = "cups".into();
    let cups: Api<DynamicObject> = Api::all_with(server.client(), &kind);
    let mut made = false;
    for _ in 0..200 {
        made = cups.create(&PostParams::default(), &DynamicObject::new("a", &kind)).await.is_ok();
        if made {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(made, "the kind is never served");

    let change = |versions: Value| {
        let definitions = definitions.clone();
        async move {
            let patch = Patch::Merge(json!({"spec": {"versions": versions}}));
            definitions.patch("cups.ex.io", &PatchParams::default(), &patch).await
        }
    };
    change(json!([version("v1", false), version("v2", true)])).await.expect("two versions");
    let cups = GroupResource::new("ex.io", "cups");
    for _ in 0..200 {
        let kinds = server.engine().kinds();
        if kinds.all.get(&cups).is_some_and(|k| k.definition.versions[k.storage_version].name == "v2") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(change(json!([version("v2", true)])).await.is_err(), "an object is stored in v1");
    let done = migrate(server.engine(), &cups, 100, |_| {}).await.expect("done");
    assert_eq!(done.rewritten, 1);
    let status = definitions.get("cups.ex.io").await.expect("there").status.expect("a status");
    assert_eq!(status.stored_versions, Some(vec!["v2".to_owned()]));
    change(json!([version("v2", true)])).await.expect("v1 goes");
}

fn run(args: &[&str], data: &Path) -> (Option<i32>, String, String) {
    let done = Command::new(program("versions")).args(args).arg("--data-dir").arg(data).output().expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (done.status.code(), text(&done.stdout), text(&done.stderr))
}

#[tokio::test]
async fn the_command_tells_what_is_stored_and_rewrites_it() {
    let data = tempfile::tempdir().expect("a directory");
    let store = Embedded::open(data.path(), Retention::default()).expect("a store");
    drop(old(Arc::new(store)).await);
    let mut told = run(&["migrate", "--dry-run"], data.path());
    for _ in 0..100 {
        // The server in this process lets go of the store in its own time.
        if !told.2.contains("another process") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        told = run(&["migrate", "--dry-run"], data.path());
    }
    assert_eq!((told.0, told.1.as_str()), (Some(0), "websites.web.example.com: 12 in v1alpha1\n"), "{}", told.2);
    let (code, out, err) = run(&["migrate"], data.path());
    assert_eq!((code, out.as_str()), (Some(0), "websites.web.example.com: 12 seen, 12 rewritten, done\n"), "{err}");
    let (_, out, _) = run(&["migrate", "--dry-run"], data.path());
    assert_eq!(out, "websites.web.example.com: 12 in v1\n");
}
