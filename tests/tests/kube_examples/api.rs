//! What `crd_api`, `crd_apply`, `crd_derive_schema` and `crd_derive_cel` do, most of it with `kube::Api`, on a server in the same process.

use super::ours::source::{api::*, apply::*, cel::*, schema::*};
use kube::api::{Api, ApiResource, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::{CustomResourceExt, ResourceExt};
use kubegraft::testing::Server;
use serde_json::json;

async fn server() -> Server {
    let builder = Server::builder().resource::<Foo>().resource::<Bar>().resource::<Shelf>();
    builder.start().await.expect("a server")
}

/// The status error of a refused request.
fn refusal<T: std::fmt::Debug>(result: kube::Result<T>) -> (u16, String) {
    match result {
        Err(kube::Error::Api(e)) => (e.code, e.message.clone()),
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn crd_api_creates_replaces_patches_scales_lists_and_deletes() {
    let server = server().await;
    let foos: Api<Foo> = Api::namespaced(server.client(), "default");
    let (post, patch) = (PostParams::default(), PatchParams::default());
    let foo = |name: &str| Foo::new(name, FooSpec { name: name.into(), info: "old".into(), replicas: 1 });

    let made = foos.create(&post, &foo("baz")).await.expect("created");
    assert_eq!(made.name_any(), "baz");
    let mut changed = foos.get("baz").await.expect("read");
    changed.spec.info = "new".into();
    let replaced = foos.replace("baz", &post, &changed).await.expect("replaced");
    assert_eq!((replaced.spec.info.as_str(), replaced.status.is_none()), ("new", true));

    let mut with_status = replaced.clone();
    with_status.status = Some(FooStatus { is_bad: true, replicas: 0 });
    let with_status = foos.replace_status("baz", &post, &with_status).await.expect("status replaced");
    assert!(with_status.status.expect("a status").is_bad);
    let status = json!({"status": FooStatus { is_bad: false, replicas: 1 }});
    foos.patch_status("baz", &patch, &Patch::Merge(&status)).await.expect("status patched");
    assert!(!foos.get_status("baz").await.expect("read").status.expect("a status").is_bad);

    let scale = foos.get_scale("baz").await.expect("a scale");
    assert_eq!(scale.status.expect("a status").replicas, 1);
    let wanted = json!({"spec": {"replicas": 2}});
    let scale = foos.patch_scale("baz", &patch, &Patch::Merge(&wanted)).await.expect("scaled");
    assert_eq!(scale.spec.and_then(|s| s.replicas), Some(2));

    let info = json!({"spec": {"info": "patched"}});
    let patched = foos.patch("baz", &patch, &Patch::Merge(&info)).await.expect("patched");
    assert_eq!((patched.spec.info.as_str(), patched.spec.name.as_str(), patched.spec.replicas), ("patched", "baz", 2));

    assert_eq!(foos.list(&ListParams::default()).await.expect("a list").items.len(), 1);
    assert!(foos.delete("baz", &DeleteParams::default()).await.expect("deleted").is_right());
    let (code, message) = refusal(foos.create(&post, &foo("x")).await);
    assert_eq!(code, 422);
    assert!(message.contains("spec.name in body should be at least 3 chars long"), "{message}");
    foos.create(&post, &foo("again")).await.expect("created");
    foos.delete_collection(&DeleteParams::default(), &ListParams::default()).await.expect("deleted");
    assert!(foos.list(&ListParams::default()).await.expect("a list").items.is_empty());
}

#[tokio::test]
async fn crd_apply_applies_a_whole_object_and_then_fewer_fields() {
    let server = server().await;
    let bars: Api<Bar> = Api::namespaced(server.client(), "default");
    let apply = PatchParams::apply("example").force();
    let whole = Bar::new("baz", BarSpec { name: "baz".into(), info: Some("old".into()), replicas: 3 });
    let first = bars.patch("baz", &apply, &Patch::Apply(&whole)).await.expect("applied");
    assert_eq!(first.spec.info.as_deref(), Some("old"));
    let fewer = json!({"apiVersion": "example.dev/v1", "kind": "Bar", "spec": {"name": "foo", "replicas": 2}});
    let second = bars.patch("baz", &apply, &Patch::Apply(fewer)).await.expect("applied");
    assert_eq!((second.spec.name.as_str(), second.spec.info, second.spec.replicas), ("foo", None, 2));
}

#[tokio::test]
async fn crd_derive_schema_defaults_merges_and_refuses() {
    let server = server().await;
    let shelves: Api<Shelf> = Api::namespaced(server.client(), "default");
    let post = PostParams::default();
    let resource: ApiResource = Shelf::api_resource();
    let dynamic: Api<DynamicObject> = Api::namespaced_with(server.client(), "default", &resource);

    let typed = shelves.create(&post, &Shelf::new("typed", ShelfSpec::default())).await.expect("created");
    assert_eq!(typed.spec.nullable_skipped_with_default.as_deref(), Some("default_nullable"));
    assert_eq!(typed.spec.nullable_with_default, None, "null was written, and the field is nullable");
    let spec = dynamic.get("typed").await.expect("read").data["spec"].clone();
    assert!(spec.get("nullableSkipped").is_none() && spec["nullable"].is_null() && spec.get("nullable").is_some());

    let some = json!({"spec": {"nonNullable": "here", "list": [2], "set": [2], "merged": [2]}});
    let made = dynamic.create(&post, &DynamicObject::new("some", &resource).data(some)).await.expect("created");
    assert_eq!(made.data["spec"]["nonNullableWithDefault"], "default_value");
    assert_eq!(
        (&made.data["spec"]["checked"], &made.data["spec"]["associatedDefault"]),
        (&json!("legal"), &json!(true))
    );

    let (code, message) =
        refusal(dynamic.create(&post, &DynamicObject::new("none", &resource).data(json!({"spec": {}}))).await);
    assert_eq!(code, 422);
    assert!(message.contains("spec.nonNullable: Required value"), "{message}");
    assert_eq!(refusal(shelves.create(&post, &Shelf::new("forbidden", ShelfSpec::default())).await).0, 422);

    let apply = PatchParams::apply("example").force();
    let apply_spec = async |spec: serde_json::Value| {
        let object = json!({"apiVersion": "example.dev/v1", "kind": "Shelf", "spec": spec});
        shelves.patch("some", &apply, &Patch::Apply(object)).await
    };
    let merged = apply_spec(json!({"list": [3], "set": [3], "merged": [3]})).await.expect("applied");
    assert_eq!((merged.spec.list, merged.spec.set, merged.spec.merged), (vec![3], vec![2, 3], vec![2, 3]));
    for (spec, wanted) in [
        (json!({"checked": "illegal"}), "spec.checked: Forbidden: string cannot be illegal"),
        (json!({"checked": "not legal"}), "failed rule: self != 'not legal'"),
        (json!({"inner": {"field": "not legal"}}), "spec.inner.field: Invalid value"),
        (json!({"inner": {"field": "nor that"}}), "for some reason"),
        (json!({"nonNullable": "changed"}), "failed rule: self.nonNullable == oldSelf.nonNullable"),
    ] {
        let (code, message) = refusal(apply_spec(spec).await);
        assert_eq!(code, 422);
        assert!(message.contains(wanted), "{message}");
    }
    apply_spec(json!({"immutable": "once"})).await.expect("set once");
    assert!(refusal(apply_spec(json!({"immutable": "twice"})).await).1.contains("set once"));
}

#[test]
fn crd_derive_cel_validates_without_a_server() {
    let flock = |min_birds, max_birds, species: &str| {
        Flock::new("geese", FlockSpec { min_birds, max_birds, species: species.into() })
    };
    let valid = flock(1, 5, "goose");
    assert!(valid.validate_cel().is_ok());
    let refused = flock(9, 5, "goose").validate_cel().expect_err("too few places");
    assert!(refused.to_string().contains("self.spec.minBirds <= self.spec.maxBirds"), "{refused}");
    assert!(flock(1, 5, "duck").validate_cel_update(&valid).is_err(), "a rule of transition");
    let part = json!({"minBirds": 3, "maxBirds": 1, "species": "goose"});
    assert!(FlockSpec::validate_cel(&part, None).is_err());
}
