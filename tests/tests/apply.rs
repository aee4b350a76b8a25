//! Server-side apply end to end: two managers of kubectl with a conflict between them, the upgrade from client-side apply,
//! a kube-rs controller that applies spec and status as two managers, and strategic merge patches of namespaces.

use futures::StreamExt;
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{Api, DynamicObject, ObjectMeta, Patch, PatchParams, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use kube::runtime::controller::Action;
use kube::runtime::{Controller, watcher};
use kubegraft::testing::Server as InProcess;
use kubegraft_tests::{Server, kubectls};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

fn definition() -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "lamps.apply.example.com"},
        "spec": {"group": "apply.example.com", "scope": "Namespaced", "names": {"plural": "lamps", "kind": "Lamp"},
            "versions": [{"name": "v1", "served": true, "storage": true, "subresources": {"status": {}},
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {
                    "spec": {"type": "object", "properties": {
                        "color": {"type": "string"}, "level": {"type": "integer"}, "checked": {"type": "boolean"},
                        "ports": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
                            "items": {"type": "object", "required": ["name"], "properties": {
                                "name": {"type": "string"}, "port": {"type": "integer"}}}}}},
                    "status": {"type": "object", "properties": {"seen": {"type": "integer"}}}}}}}]}
    })
}

fn lamp(spec: Value) -> Value {
    json!({"apiVersion": "apply.example.com/v1", "kind": "Lamp", "metadata": {"name": "lamp"}, "spec": spec})
}

fn kind() -> ApiResource {
    let mut r = ApiResource::from_gvk(&GroupVersionKind::gvk("apply.example.com", "v1", "Lamp"));
    r.plural = "lamps".into();
    r
}

/// One kubectl against one server, in a directory of its own.
struct Kubectl<'a> {
    program: PathBuf,
    server: &'a Server,
    home: &'a Path,
}

impl Kubectl<'_> {
    fn run(&self, args: &[&str], object: &Value) -> Output {
        let file = self.home.join("object.json");
        std::fs::write(&file, object.to_string()).expect("a file");
        Command::new(&self.program)
            .args(args)
            .env("KUBECONFIG", &self.server.kubeconfig)
            .env("HOME", self.home)
            .env("KUBE_EDITOR", "sed -i s/red/green/")
            .current_dir(self.home)
            .output()
            .expect("kubectl runs")
    }

    fn ok(&self, args: &[&str], object: &Value) -> String {
        let done = self.run(args, object);
        let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        assert!(done.status.success(), "kubectl {}: {out}{err}", args.join(" "));
        out.into_owned()
    }

    fn lamp(&self) -> Value {
        let out = self.ok(&["get", "lamp", "lamp", "-o", "json", "--show-managed-fields"], &Value::Null);
        serde_json::from_str(&out).expect("JSON")
    }
}

/// Runs a test with every kubectl there is, each with a server of its own that serves the definition.
fn with_kubectls(test: impl Fn(&Kubectl<'_>)) {
    for program in kubectls() {
        let dir = tempfile::tempdir().expect("a directory");
        let server = Server::start("crd-host", &dir.path().join("data"), &[]);
        let program =
            if program.components().count() > 1 { program.canonicalize().expect("a kubectl") } else { program };
        let kubectl = Kubectl { program, server: &server, home: dir.path() };
        kubectl.ok(&["apply", "--server-side", "-f", "object.json"], &definition());
        kubectl
            .ok(&["wait", "--for=condition=Established", "crd/lamps.apply.example.com", "--timeout=10s"], &Value::Null);
        test(&kubectl);
    }
}

/// Manager, operation and fields of each entry.
fn owners(object: &Value) -> Vec<(String, String, Value)> {
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let list = object["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
    list.iter().map(|e| (text(&e["manager"]), text(&e["operation"]), e["fieldsV1"].clone())).collect()
}

fn owned_by(object: &Value, manager: &str) -> Value {
    owners(object).into_iter().find(|(m, ..)| m == manager).map(|(.., fields)| fields).unwrap_or_default()
}

#[test]
fn two_managers_of_kubectl_own_their_parts_and_conflict() {
    with_kubectls(|kubectl| {
        let apply =
            |manager: &'static str| vec!["apply", "--server-side", "--field-manager", manager, "-f", "object.json"];
        kubectl.ok(&apply("alice"), &lamp(json!({"color": "red", "ports": [{"name": "a", "port": 1}]})));
        kubectl.ok(&apply("bob"), &lamp(json!({"level": 3, "ports": [{"name": "b", "port": 2}]})));
        let both = kubectl.lamp();
        assert_eq!(
            both["spec"],
            json!({"color": "red", "level": 3, "ports": [{"name": "a", "port": 1}, {"name": "b", "port": 2}]})
        );
        assert_eq!(
            owned_by(&both, "bob"),
            json!({"f:spec": {"f:level": {}, "f:ports": {"k:{\"name\":\"b\"}": {".": {}, "f:name": {}, "f:port": {}}}}})
        );

        let taking = lamp(json!({"color": "blue", "level": 3}));
        let refused = kubectl.run(&apply("bob"), &taking);
        let err = String::from_utf8_lossy(&refused.stderr);
        assert!(!refused.status.success());
        assert!(err.contains("conflict with \"alice\": .spec.color"), "{err}");
        assert_eq!(kubectl.lamp()["spec"], both["spec"]);

        let mut forced = apply("bob");
        forced.push("--force-conflicts");
        kubectl.ok(&forced, &taking);
        let taken = kubectl.lamp();
        // Bob's port goes with his saying so no more; the colour is his now.
        assert_eq!(taken["spec"], json!({"color": "blue", "level": 3, "ports": [{"name": "a", "port": 1}]}));
        assert_eq!(owned_by(&taken, "bob"), json!({"f:spec": {"f:color": {}, "f:level": {}}}));
        assert_eq!(owned_by(&taken, "alice")["f:spec"]["f:color"], Value::Null);
    });
}

#[test]
fn client_side_apply_is_upgraded_without_conflicts() {
    with_kubectls(|kubectl| {
        let last = |kubectl: &Kubectl<'_>| -> Value {
            let out = kubectl.ok(&["apply", "view-last-applied", "lamp/lamp", "-o", "json"], &Value::Null);
            serde_json::from_str(&out).expect("JSON")
        };
        kubectl.ok(&["apply", "-f", "object.json"], &lamp(json!({"color": "red", "level": 1})));
        assert_eq!(last(kubectl)["spec"], json!({"color": "red", "level": 1}));
        kubectl.ok(&["apply", "-f", "object.json"], &lamp(json!({"color": "red", "level": 2})));

        kubectl.ok(&["apply", "--server-side", "-f", "object.json"], &lamp(json!({"color": "green"})));
        let upgraded = kubectl.lamp();
        assert_eq!(upgraded["spec"]["color"], "green");
        assert_eq!(last(kubectl)["spec"], json!({"color": "green"}), "the annotation follows");
        assert!(
            owners(&upgraded).iter().any(
                |(m, o, f)| (m.as_str(), o.as_str()) == ("kubectl", "Apply") && f["f:spec"]["f:color"] == json!({})
            )
        );
    });
}

#[test]
fn the_last_applied_configuration_is_set_and_edited() {
    with_kubectls(|kubectl| {
        let last = |kubectl: &Kubectl<'_>| -> Value {
            let out = kubectl.ok(&["apply", "view-last-applied", "lamp/lamp", "-o", "json"], &Value::Null);
            serde_json::from_str(&out).expect("JSON")
        };
        kubectl.ok(&["create", "-f", "object.json"], &lamp(json!({"color": "red", "level": 1})));
        let set = ["apply", "set-last-applied", "-f", "object.json"];
        let refused = kubectl.run(&set, &lamp(json!({"color": "red"})));
        assert!(!refused.status.success(), "nothing was applied yet");
        kubectl.ok(&[&set[..], &["--create-annotation"]].concat(), &lamp(json!({"color": "red"})));
        assert_eq!(last(kubectl)["spec"], json!({"color": "red"}));
        kubectl.ok(&["apply", "edit-last-applied", "lamp/lamp"], &Value::Null);
        assert_eq!(last(kubectl)["spec"], json!({"color": "green"}));
        assert_eq!(kubectl.lamp()["spec"], json!({"color": "red", "level": 1}), "the lamp itself stays as it is");

        // What is removed from the configuration goes only now that it says that it was applied.
        kubectl.ok(&set, &lamp(json!({"color": "red", "level": 1})));
        kubectl.ok(&["apply", "-f", "object.json"], &lamp(json!({"color": "red"})));
        assert_eq!(kubectl.lamp()["spec"], json!({"color": "red"}));
    });
}

/// What a controller does here: a default into the spec, what it saw into the status, each under a name of its own.
async fn reconcile(lamp: Arc<DynamicObject>, api: Arc<Api<DynamicObject>>) -> Result<Action, kube::Error> {
    let name = lamp.metadata.name.clone().unwrap_or_default();
    let of = |rest: Value| {
        let mut object = json!({"apiVersion": "apply.example.com/v1", "kind": "Lamp", "metadata": {"name": name}});
        for (k, v) in rest.as_object().cloned().unwrap_or_default() {
            object[k] = v;
        }
        Patch::Apply(object)
    };
    api.patch(&name, &PatchParams::apply("lamp-defaults"), &of(json!({"spec": {"checked": true}}))).await?;
    let seen = lamp.data.pointer("/spec/level").cloned().unwrap_or_default();
    api.patch_status(&name, &PatchParams::apply("lamp-status"), &of(json!({"status": {"seen": seen}}))).await?;
    Ok(Action::await_change())
}

#[tokio::test]
async fn a_controller_applies_spec_and_status_as_two_managers() {
    let server = InProcess::builder().definition(definition()).start().await.expect("a server");
    let api: Api<DynamicObject> = Api::namespaced_with(server.client(), "default", &kind());
    let controller = Controller::new_with(api.clone(), watcher::Config::default(), kind());
    let run = controller.run(reconcile, |_, _, _| Action::requeue(Duration::from_secs(1)), Arc::new(api.clone()));
    tokio::spawn(run.for_each(|_| async {}));
    let made: DynamicObject = serde_json::from_value(lamp(json!({"level": 7}))).expect("an object");
    api.create(&PostParams { field_manager: Some("user".into()), ..PostParams::default() }, &made)
        .await
        .expect("a lamp");

    let mut now = Value::Null;
    for _ in 0..500 {
        now = serde_json::to_value(api.get("lamp").await.expect("the lamp")).expect("JSON");
        if now.pointer("/status/seen") == Some(&json!(7)) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(now.pointer("/status/seen"), Some(&json!(7)), "{now}");
    assert_eq!(now.pointer("/spec"), Some(&json!({"level": 7, "checked": true})));
    assert_eq!(owned_by(&now, "lamp-defaults"), json!({"f:spec": {"f:checked": {}}}));
    assert_eq!(owned_by(&now, "lamp-status"), json!({"f:status": {"f:seen": {}}}));
    assert_eq!(owned_by(&now, "user"), json!({"f:spec": {".": {}, "f:level": {}}}));

    // A reconciliation that changes nothing writes nothing.
    let version = now["metadata"]["resourceVersion"].clone();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let later = api.get("lamp").await.expect("the lamp");
    assert_eq!(later.metadata.resource_version.as_deref(), version.as_str());
}

#[tokio::test]
async fn namespaces_take_strategic_merge_patches_and_custom_resources_do_not() {
    let server = InProcess::builder().definition(definition()).start().await.expect("a server");
    let all: Api<Namespace> = Api::all(server.client());
    let metadata = ObjectMeta {
        name: Some("patched".into()),
        finalizers: Some(vec!["apply.example.com/a".into(), "apply.example.com/b".into()]),
        ..ObjectMeta::default()
    };
    all.create(&PostParams::default(), &Namespace { metadata, ..Namespace::default() }).await.expect("a namespace");
    let patch = json!({"metadata": {
        "labels": {"x": "1"}, "finalizers": ["apply.example.com/c"],
        "$setElementOrder/finalizers": ["apply.example.com/a", "apply.example.com/b", "apply.example.com/c"]}});
    let done = all.patch("patched", &PatchParams::default(), &Patch::Strategic(patch)).await.expect("a patch");
    let wanted = ["apply.example.com/a", "apply.example.com/b", "apply.example.com/c"].map(String::from);
    assert_eq!(done.metadata.finalizers, Some(wanted.to_vec()));
    let patch = json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["apply.example.com/b"]}});
    let done = all.patch("patched", &PatchParams::default(), &Patch::Strategic(patch)).await.expect("a patch");
    assert_eq!(done.metadata.finalizers, Some(vec!["apply.example.com/a".into(), "apply.example.com/c".into()]));
    let bad = json!({"metadata": {"$retainKeys": ["name"], "labels": {}}});
    let refused =
        all.patch("patched", &PatchParams::default(), &Patch::Strategic(bad)).await.expect_err("not retained");
    let kube::Error::Api(status) = refused else { panic!("no Status: {refused:?}") };
    assert_eq!((status.code, status.message.as_str()), (400, "invalid patch format of retainKeys"));

    let api: Api<DynamicObject> = Api::namespaced_with(server.client(), "default", &kind());
    let made: DynamicObject = serde_json::from_value(lamp(json!({}))).expect("an object");
    api.create(&PostParams::default(), &made).await.expect("a lamp");
    let patch = Patch::Strategic(json!({"spec": {"level": 1}}));
    let refused = api.patch("lamp", &PatchParams::default(), &patch).await.expect_err("unsupported");
    let kube::Error::Api(status) = refused else { panic!("no Status: {refused:?}") };
    assert_eq!(status.code, 415);
    assert_eq!(
        status.message,
        "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml"
    );
}
