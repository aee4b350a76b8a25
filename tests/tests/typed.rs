//! Types served as they are: one of our derive and one of kube's own, side by side on one server, through `kube::Api`.

use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kubegraft::testing::Server;
use kubegraft::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug)]
#[kube(group = "example.com", version = "v1", kind = "Gadget", namespaced, status = "GadgetStatus")]
#[kube(selectable = ".spec.colour")]
struct GadgetSpec {
    #[x_kube(pattern = "^[a-z]+$")]
    colour: String,
    #[serde(default = "one")]
    replicas: i32,
    shape: Option<Shape>,
}

fn one() -> i32 {
    1
}

/// Both a name and data: kube's own derive has no schema for it.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
enum Shape {
    Round,
    Square { side: i32 },
}

#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug)]
struct GadgetStatus {
    ready: bool,
}

#[derive(kube::CustomResource, schemars::JsonSchema, Serialize, Deserialize, Clone, Debug)]
#[kube(group = "example.org", version = "v1", kind = "Foreign", namespaced)]
struct ForeignSpec {
    size: u8,
}

async fn server() -> Server {
    let builder = Server::builder().resource::<Gadget>().resource::<Foreign>();
    builder.start().await.expect("a server")
}

fn gadget(name: &str, shape: Option<Shape>) -> Gadget {
    Gadget::new(name, GadgetSpec { colour: "red".into(), replicas: 1, shape })
}

#[tokio::test]
async fn a_derived_type_is_created_read_and_refused_as_its_schema_says() {
    let server = server().await;
    let api: Api<Gadget> = Api::namespaced(server.client(), "default");
    for (name, shape) in [("none", None), ("round", Some(Shape::Round)), ("square", Some(Shape::Square { side: 2 }))] {
        let made = api.create(&PostParams::default(), &gadget(name, shape.clone())).await.expect("a gadget");
        assert_eq!(made.spec.shape, shape);
    }
    let mut wrong = gadget("wrong", None);
    wrong.spec.colour = "Red".into();
    let refused = api.create(&PostParams::default(), &wrong).await.expect_err("in upper case");
    let kube::Error::Api(status) = refused else { panic!("no Status: {refused:?}") };
    assert_eq!(status.code, 422);
    assert!(status.message.contains("spec.colour"), "{}", status.message);

    let patch = json!({"spec": {"shape": {"Triangle": {}}}});
    let refused = api.patch("none", &PatchParams::default(), &Patch::Merge(patch)).await;
    assert!(refused.is_err(), "{refused:?}");
    let patch = json!({"status": {"ready": true}});
    let patched = api.patch_status("none", &PatchParams::default(), &Patch::Merge(patch)).await.expect("a status");
    assert!(patched.status.is_some_and(|s| s.ready));
    let red = api.list(&ListParams::default().fields("spec.colour=red")).await.expect("a list");
    assert_eq!(red.items.len(), 3);
    api.delete("none", &DeleteParams::default()).await.expect("gone");
}

#[tokio::test]
async fn a_type_of_kubes_own_derive_is_served_as_it_is() {
    let server = server().await;
    let api: Api<Foreign> = Api::namespaced(server.client(), "default");
    let made =
        api.create(&PostParams::default(), &Foreign::new("a", ForeignSpec { size: 3 })).await.expect("an object");
    assert_eq!(made.spec.size, 3);
    assert_eq!(api.get("a").await.expect("an object").metadata.generation, Some(1));
}
