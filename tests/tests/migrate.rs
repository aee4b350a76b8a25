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
use kubegraft_tests::{Server as Process, program};
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

/// A directory with websites that were stored in an old version, and what `migrate --dry-run` tells of it.
async fn stored_long_ago() -> (tempfile::TempDir, (Option<i32>, String, String)) {
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
    (data, told)
}

#[tokio::test]
async fn the_command_tells_what_is_stored_and_rewrites_it() {
    let (data, told) = stored_long_ago().await;
    assert_eq!((told.0, told.1.as_str()), (Some(0), "websites.web.example.com: 12 in v1alpha1\n"), "{}", told.2);
    let (code, out, err) = run(&["migrate"], data.path());
    assert_eq!((code, out.as_str()), (Some(0), "websites.web.example.com: 12 seen, 12 rewritten, done\n"), "{err}");
    let (_, out, _) = run(&["migrate", "--dry-run"], data.path());
    assert_eq!(out, "websites.web.example.com: 12 in v1\n");
}

/// A client with the rights of the kubeconfig that a server has written.
async fn client(kubeconfig: &Path) -> kube::Client {
    let kubeconfig = kube::config::Kubeconfig::read_from(kubeconfig).expect("a kubeconfig");
    let config = kube::Config::from_custom_kubeconfig(kubeconfig, &Default::default()).await.expect("a configuration");
    kube::Client::try_from(config).expect("a client")
}

fn cups(client: kube::Client, version: &str) -> Api<DynamicObject> {
    let mut kind = ApiResource::from_gvk(&GroupVersionKind::gvk("ex.io", version, "Cup"));
    kind.plural = "cups".into();
    Api::all_with(client, &kind)
}

/// `migrate` of a running server.
fn migration(program_: &str, server: &Process, more: &[&str]) -> Command {
    let mut command = Command::new(program(program_));
    command.arg("migrate").arg("--kubeconfig").arg(&server.kubeconfig).args(more);
    command
}

fn output(mut command: Command) -> (Option<i32>, String, String) {
    let done = command.output().expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (done.status.code(), text(&done.stdout), text(&done.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_server_is_migrated_through_its_api_while_clients_write() {
    let data = tempfile::tempdir().expect("a directory");
    let server = Process::start("crd-host", data.path(), &[]);
    let client = client(&server.kubeconfig).await;
    let definitions: Api<CustomResourceDefinition> = Api::all(client.clone());
    definitions.create(&PostParams::default(), &definition(json!([version("v1", true)]))).await.expect("made");
    let (old, kind) = (cups(client.clone(), "v1"), ApiResource::from_gvk(&GroupVersionKind::gvk("ex.io", "v1", "Cup")));
    let mut made = 0;
    for _ in 0..1500 {
        // The kind is served in a moment.
        let cup = DynamicObject::new(&format!("cup-{made:03}"), &kind);
        match old.create(&PostParams::default(), &cup).await {
            Ok(_) => made += 1,
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
        if made == 600 {
            break;
        }
    }
    assert_eq!(made, 600);
    let both = Patch::Merge(json!({"spec": {"versions": [version("v1", false), version("v2", true)]}}));
    definitions.patch("cups.ex.io", &PatchParams::default(), &both).await.expect("two versions");
    let new = cups(client.clone(), "v2");
    for _ in 0..200 {
        if new.get("cup-000").await.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let (code, out, err) = output(migration("crd-host", &server, &["--dry-run"]));
    assert_eq!((code, out.as_str()), (Some(0), "cups.ex.io: 600 stored in v1, v2; to be stored in v2\n"), "{err}");

    // Cut off after the first 500.
    let mut cut = migration("crd-host", &server, &[]).stdout(std::process::Stdio::piped()).spawn().expect("it runs");
    let mut line = String::new();
    let stdout = cut.stdout.take().expect("a pipe");
    std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line).expect("a line");
    cut.kill().expect("killed");
    cut.wait().expect("ended");
    assert_eq!(line, "cups.ex.io: 500 seen, 500 rewritten\n");
    let stored = |crd: CustomResourceDefinition| crd.status.and_then(|s| s.stored_versions).expect("they are told");
    assert_eq!(stored(definitions.get("cups.ex.io").await.expect("there")), ["v1", "v2"]);

    let writer = tokio::spawn({
        let old = old.clone();
        async move {
            for i in 0..600 {
                let word = Patch::Merge(json!({"spec": {"word": i}}));
                old.patch(&format!("cup-{i:03}"), &PatchParams::default(), &word).await.expect("written meanwhile");
            }
        }
    });
    let (code, out, err) = tokio::task::spawn_blocking({
        let command = migration("crd-host", &server, &[]);
        move || output(command)
    })
    .await
    .expect("it ends");
    writer.await.expect("all written");
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(out.ends_with("done, only v2 is stored\n"), "{out}{err}");
    assert_eq!(stored(definitions.get("cups.ex.io").await.expect("there")), ["v2"]);
    for i in [0, 250, 599] {
        assert_eq!(new.get(&format!("cup-{i:03}")).await.expect("there").data["spec"]["word"], i, "no write is lost");
    }
    let (_, out, _) = output(migration("crd-host", &server, &[]));
    assert!(out.ends_with("cups.ex.io: 600 seen, 0 rewritten, done\n"), "{out}");
    let only = Patch::Merge(json!({"spec": {"versions": [version("v2", true)]}}));
    definitions.patch("cups.ex.io", &PatchParams::default(), &only).await.expect("v1 goes");
}

#[tokio::test]
async fn kinds_of_the_program_itself_are_migrated_through_the_api_too() {
    let (data, told) = stored_long_ago().await;
    assert_eq!(told.1, "websites.web.example.com: 12 in v1alpha1\n", "{}", told.2);
    let server = Process::start("versions", data.path(), &[]);
    let (code, out, err) = output(migration("versions", &server, &[]));
    assert_eq!(code, Some(0), "{err}");
    assert!(out.ends_with("websites.web.example.com: 12 seen, 12 rewritten, done\n"), "{out}");
    let stable: Api<v1::Website> = Api::default_namespaced(client(&server.kubeconfig).await);
    assert_eq!(stable.get("site-07").await.expect("there").spec.update, v1::Update::Canary, "nothing is lost");
    drop(server);
    let (_, out, err) = run(&["migrate", "--dry-run"], data.path());
    assert_eq!(out, "websites.web.example.com: 12 in v1\n", "{err}");
}

#[test]
fn a_server_that_cannot_be_reached_is_one_line() {
    let data = tempfile::tempdir().expect("a directory");
    let server = Process::start("versions", data.path(), &[]);
    let absent = |args: &[&str]| {
        let (code, out, err) = output(migration("versions", &server, args));
        assert_eq!((code, out.as_str()), (Some(1), ""), "{err}");
        assert_eq!(err.lines().count(), 1, "{err}");
        err
    };
    assert!(absent(&["--context", "nobody"]).contains("nobody"));
    let mut command = Command::new(program("versions"));
    command.args(["migrate", "--kubeconfig", "absent.yaml"]);
    assert!(output(command).2.starts_with("error: --kubeconfig: absent.yaml: "));
}
