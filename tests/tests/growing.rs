//! A served type grows without another version: objects that are stored already, and clients that know the old type, go on as
//! before. Each test serves the old type, stores something, and serves the new type on the same store.

use kube::api::{Api, ApiResource, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kubegraft::storage::{Backend, Memory};
use kubegraft::testing::Server;
use serde_json::{Value, json};
use std::sync::Arc;

mod before {
    use kubegraft::{CustomResource, KubeSchema};
    use serde::{Deserialize, Serialize};

    #[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
    #[kube(group = "growing.example.com", version = "v1", kind = "Tree", namespaced)]
    pub(super) struct TreeSpec {
        pub(super) species: String,
    }
}

mod after {
    use kubegraft::{CustomResource, KubeSchema};
    use serde::{Deserialize, Serialize};

    #[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
    #[kube(group = "growing.example.com", version = "v1", kind = "Tree", namespaced)]
    pub(super) struct TreeSpec {
        /// A rule that what is stored may break.
        #[x_kube(max_length = 5)]
        pub(super) species: String,
        /// Absent, null or there.
        pub(super) height: Option<u32>,
        /// Absent or there, never null.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[x_kube(nullable = false)]
        pub(super) age: Option<u32>,
        /// With Rust's default.
        #[serde(default)]
        pub(super) rings: Vec<u32>,
        /// With a default of its own type.
        #[serde(default)]
        pub(super) soil: Soil,
    }

    #[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
    #[serde(default)]
    pub(super) struct Soil {
        pub(super) kind: String,
        pub(super) wet: bool,
    }

    impl Default for Soil {
        fn default() -> Self {
            Self { kind: "loam".into(), wet: true }
        }
    }
}

struct Trees {
    old: Api<before::Tree>,
    new: Api<after::Tree>,
    _server: Server,
}

/// A store in which trees of the old type are, served as the new one.
async fn grown() -> Trees {
    let store: Arc<dyn Backend> = Arc::new(Memory::new());
    let server = Server::builder().store(store.clone()).resource::<before::Tree>().start().await.expect("a server");
    let trees: Api<before::Tree> = Api::default_namespaced(server.client());
    for (name, species) in [("oak", "oak"), ("long", "chestnut")] {
        let tree = before::Tree::new(name, before::TreeSpec { species: species.into() });
        trees.create(&PostParams::default(), &tree).await.expect("planted");
    }
    drop(server);
    let server = Server::builder().store(store).resource::<after::Tree>().start().await.expect("a server");
    let (old, new) = (Api::default_namespaced(server.client()), Api::default_namespaced(server.client()));
    Trees { old, new, _server: server }
}

/// The same objects as JSON.
fn raw(trees: &Api<after::Tree>) -> Api<DynamicObject> {
    Api::default_namespaced_with(trees.clone().into_client(), &ApiResource::erase::<after::Tree>(&()))
}

fn patch(spec: Value) -> Patch<Value> {
    Patch::Merge(json!({"spec": spec}))
}

#[tokio::test]
async fn stored_objects_are_read_with_defaults_and_without_what_has_none() {
    let Trees { new, .. } = grown().await;
    let wanted = after::TreeSpec {
        species: "oak".into(),
        height: None,
        age: None,
        rings: Vec::new(),
        soil: after::Soil { kind: "loam".into(), wet: true },
    };
    assert_eq!(new.get("oak").await.expect("there").spec, wanted);
    let seen = raw(&new).get("oak").await.expect("there").data;
    assert_eq!(seen["spec"], json!({"species": "oak", "rings": [], "soil": {"kind": "loam", "wet": true}}));
    assert_eq!(new.list(&ListParams::default()).await.expect("a list").items.len(), 2);
}

#[tokio::test]
async fn an_option_may_be_missing_null_or_there_as_its_type_says() {
    let Trees { new, .. } = grown().await;
    let params = PatchParams::default();
    let tree = after::Tree::new("new", new.get("oak").await.expect("there").spec);
    new.create(&PostParams::default(), &tree).await.expect("null for what is None, as serde writes it");
    assert_eq!(new.patch("oak", &params, &patch(json!({"height": 3}))).await.expect("there").spec.height, Some(3));
    assert_eq!(new.patch("oak", &params, &patch(json!({"height": null}))).await.expect("absent").spec.height, None);
    let set = |path: &str, value: Value| {
        let operations = json!([{"op": "add", "path": path, "value": value}]);
        Patch::<Value>::Json(serde_json::from_value(operations).expect("a patch"))
    };
    for (field, stays) in [("height", true), ("age", false)] {
        let seen = new.patch("oak", &params, &set(&format!("/spec/{field}"), Value::Null)).await.expect("null");
        assert_eq!((seen.spec.height, seen.spec.age), (None, None));
        let spec = &raw(&new).get("oak").await.expect("there").data["spec"];
        assert_eq!(spec.get(field), stays.then_some(&Value::Null), "null is dropped where it may not be");
    }
}

#[tokio::test]
async fn a_rule_that_came_later_holds_for_what_is_changed() {
    let Trees { new, .. } = grown().await;
    let params = PatchParams::default();
    let seen = new.patch("long", &params, &patch(json!({"age": 9}))).await.expect("the species is as it was");
    assert_eq!((seen.spec.species.as_str(), seen.spec.age), ("chestnut", Some(9)));
    let refused = new.patch("long", &params, &patch(json!({"species": "chestnuts"}))).await.expect_err("too long");
    assert!(refused.to_string().contains("spec.species: Too long"), "{refused}");
    new.patch("long", &params, &patch(json!({"species": "elm"}))).await.expect("short enough");
}

#[tokio::test]
async fn a_client_of_the_old_type_does_not_undo_the_new_fields() {
    let Trees { old, new, .. } = grown().await;
    let params = PatchParams::default();
    new.patch("oak", &params, &patch(json!({"height": 3, "soil": {"kind": "sand"}}))).await.expect("patched");
    assert_eq!(old.get("oak").await.expect("there").spec, before::TreeSpec { species: "oak".into() });
    old.patch("oak", &params, &patch(json!({"species": "ash"}))).await.expect("patched by the old client");
    let seen = new.get("oak").await.expect("there").spec;
    assert_eq!((seen.species.as_str(), seen.height, seen.soil.kind.as_str()), ("ash", Some(3), "sand"));
    let mine = json!({"apiVersion": "growing.example.com/v1", "kind": "Tree", "metadata": {"name": "oak"}, "spec": {"species": "elm"}});
    old.patch("oak", &PatchParams::apply("gardener").force(), &Patch::Apply(mine))
        .await
        .expect("applied by the old client");
    let seen = new.get("oak").await.expect("there").spec;
    assert_eq!((seen.species.as_str(), seen.height, seen.soil.kind.as_str()), ("elm", Some(3), "sand"));
}
