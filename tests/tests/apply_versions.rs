//! Server-side apply of a kind in two typed versions, one of whose fields has another name in each: managers that write in
//! different versions conflict, share and remove as if there were one. And what becomes of owners for whom there is no room.

use futures::future::BoxFuture;
use kube::api::{Api, DynamicObject, Patch, PatchParams, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use kubegraft::Versions;
use kubegraft::storage::{Backend, Error, Memory, Outcome, Range, Revision, Sink, Subscription, Write};
use kubegraft::testing::Server;
use serde_json::{Value, json};
use std::sync::Arc;

mod v1 {
    use kubegraft::{CustomResource, KubeSchema};
    use serde::{Deserialize, Serialize};

    #[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug)]
    #[kube(group = "versions.example.com", version = "v1", kind = "Pane", namespaced)]
    pub(super) struct PaneSpec {
        pub(super) colour: Option<String>,
        pub(super) size: Option<i64>,
    }
}

mod v2 {
    use kubegraft::{CustomResource, KubeSchema};
    use serde::{Deserialize, Serialize};

    /// `colour` is `color` here, and `depth` is new.
    #[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug)]
    #[kube(group = "versions.example.com", version = "v2", kind = "Pane", namespaced)]
    pub(super) struct PaneSpec {
        pub(super) color: Option<String>,
        pub(super) size: Option<i64>,
        pub(super) depth: Option<i64>,
    }
}

impl From<v1::Pane> for v2::Pane {
    fn from(old: v1::Pane) -> Self {
        let mut new = Self::new("", v2::PaneSpec { color: old.spec.colour, size: old.spec.size, depth: None });
        new.metadata = old.metadata;
        new
    }
}

impl From<v2::Pane> for v1::Pane {
    fn from(new: v2::Pane) -> Self {
        let mut old = Self::new("", v1::PaneSpec { colour: new.spec.color, size: new.spec.size });
        old.metadata = new.metadata;
        old
    }
}

fn panes(server: &Server, version: &str) -> Api<DynamicObject> {
    let mut kind = ApiResource::from_gvk(&GroupVersionKind::gvk("versions.example.com", version, "Pane"));
    kind.plural = "panes".into();
    Api::namespaced_with(server.client(), "default", &kind)
}

async fn apply(api: &Api<DynamicObject>, manager: &str, version: &str, spec: Value) -> Result<Value, kube::Error> {
    let config = json!({"apiVersion": format!("versions.example.com/{version}"), "kind": "Pane",
        "metadata": {"name": "pane"}, "spec": spec});
    let done = api.patch("pane", &PatchParams::apply(manager), &Patch::Apply(config)).await?;
    Ok(serde_json::to_value(done).expect("JSON"))
}

/// Manager, version and fields of each entry.
fn owners(object: &Value) -> Vec<(String, String, Value)> {
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let list = object["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
    list.iter().map(|e| (text(&e["manager"]), text(&e["apiVersion"]), e["fieldsV1"].clone())).collect()
}

/// The spec without the nulls that types write for what they have not.
fn spec(object: &Value) -> Value {
    let fields = object["spec"].as_object().cloned().unwrap_or_default();
    Value::Object(fields.into_iter().filter(|(_, v)| !v.is_null()).collect())
}

#[tokio::test]
async fn managers_of_two_versions_meet_in_a_field_that_has_two_names() {
    // The older version is stored: neither direction is special.
    for versions in [
        Versions::oldest::<v1::Pane>().then::<v2::Pane>(),
        Versions::oldest::<v1::Pane>().then::<v2::Pane>().stored::<v1::Pane>(),
    ] {
        let server = Server::builder().versions(versions).start().await.expect("a server");
        let (old, new) = (panes(&server, "v1"), panes(&server, "v2"));
        apply(&old, "one", "v1", json!({"colour": "red", "size": 1})).await.expect("created");
        let shared = apply(&new, "two", "v2", json!({"color": "red", "depth": 4})).await.expect("shared");
        let v = |name: &str| format!("versions.example.com/{name}");
        assert_eq!(
            owners(&shared),
            [
                ("one".into(), v("v1"), json!({"f:spec": {"f:colour": {}, "f:size": {}}})),
                ("two".into(), v("v2"), json!({"f:spec": {"f:color": {}, "f:depth": {}}})),
            ]
        );

        let refused = apply(&new, "two", "v2", json!({"color": "blue", "depth": 4})).await.expect_err("a conflict");
        let kube::Error::Api(status) = refused else { panic!("no Status: {refused:?}") };
        assert_eq!(status.message, "Apply failed with 1 conflict: conflict with \"one\": .spec.colour");

        // Applied in the other version, what is left out goes, unless somebody has it by its other name.
        let less = apply(&new, "one", "v2", json!({})).await.expect("nothing to conflict");
        assert_eq!(spec(&less), json!({"color": "red", "depth": 4}));
        let seen = apply(&old, "one", "v1", json!({"size": 2})).await.expect("nothing to conflict");
        assert_eq!(spec(&seen), json!({"colour": "red", "size": 2}));
        let gone = apply(&old, "two", "v1", json!({})).await.expect("nothing to conflict");
        assert_eq!(spec(&gone), json!({"size": 2}));
        // An empty spec is a field for itself.
        let nothing = ("two".to_owned(), v("v1"), json!({"f:spec": {}}));
        assert_eq!(owners(&gone), [("one".into(), v("v1"), json!({"f:spec": {"f:size": {}}})), nothing.clone()]);

        // A plain write takes from whoever has it, in whatever version.
        let patch = Patch::Merge(json!({"spec": {"size": 3}}));
        let params = PatchParams { field_manager: Some("hand".into()), ..PatchParams::default() };
        let edited = new.patch("pane", &params, &patch).await.expect("patched");
        let edited = serde_json::to_value(edited).expect("JSON");
        assert_eq!(owners(&edited), [nothing, ("hand".into(), v("v2"), json!({"f:spec": {"f:size": {}}}))]);
    }
}

/// A store that takes values up to a size.
struct Small(Memory, usize);

impl Backend for Small {
    fn revision(&self) -> BoxFuture<'_, Result<Revision, Error>> {
        self.0.revision()
    }

    fn delivered(&self) -> Revision {
        self.0.delivered()
    }

    fn write(&self, write: Write) -> BoxFuture<'_, Result<Outcome, Error>> {
        if write.value.as_ref().is_some_and(|v| v.len() > self.1) {
            return Box::pin(async { Err(Error::TooLarge("etcdserver: request is too large".into())) });
        }
        self.0.write(write)
    }

    fn range<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a str>,
        limit: usize,
        at: Option<Revision>,
    ) -> BoxFuture<'a, Result<Range, Error>> {
        self.0.range(prefix, after, limit, at)
    }

    fn replay<'a>(
        &'a self,
        prefix: &'a str,
        sink: Arc<dyn Sink>,
    ) -> BoxFuture<'a, Result<(Range, Subscription), Error>> {
        self.0.replay(prefix, sink)
    }

    fn compact(&self, up_to: Revision) -> BoxFuture<'_, Result<(), Error>> {
        self.0.compact(up_to)
    }

    fn healthy(&self) -> Result<(), Error> {
        self.0.healthy()
    }
}

#[tokio::test]
async fn what_is_too_large_is_stored_without_its_owners_unless_it_was_applied() {
    const LIMIT: usize = 4_000;
    let store = Arc::new(Small(Memory::new(), LIMIT));
    let versions = Versions::oldest::<v1::Pane>();
    let server = Server::builder().versions(versions).store(store).start().await.expect("a server");
    let api = panes(&server, "v1");
    // Labels count twice, as fields and as who has them.
    let labels = |n: usize| -> Value { (0..n).map(|i| (format!("label-{i}"), json!("value"))).collect() };
    let pane = |n: usize| -> DynamicObject {
        let object = json!({"apiVersion": "versions.example.com/v1", "kind": "Pane",
            "metadata": {"name": "pane", "labels": labels(n)}, "spec": {"size": 1}});
        serde_json::from_value(object).expect("an object")
    };
    let refused = |e: kube::Error| {
        let kube::Error::Api(status) = e else { panic!("no Status: {e:?}") };
        assert_eq!((status.code, status.message.as_str()), (500, "etcdserver: request is too large"));
    };
    let made = api.create(&PostParams::default(), &pane(110)).await.expect("stored without owners");
    assert_eq!(made.metadata.managed_fields, None);
    let (fits, large, never) = (pane(10), pane(110), pane(400));
    api.delete("pane", &Default::default()).await.expect("gone");

    let made = api.create(&PostParams::default(), &fits).await.expect("stored");
    assert!(made.metadata.managed_fields.is_some());
    let params = PatchParams::apply("one").force();
    refused(api.patch("pane", &params, &Patch::Apply(&large)).await.expect_err("with its owners or not at all"));
    let patch = Patch::Merge(json!({"metadata": {"labels": labels(110)}}));
    let patched = api.patch("pane", &PatchParams::default(), &patch).await.expect("stored without owners");
    assert_eq!(patched.metadata.managed_fields, None);
    assert_eq!(patched.metadata.labels.map(|l| l.len()), Some(110));
    let mut whole = never;
    whole.metadata.resource_version = patched.metadata.resource_version;
    refused(api.replace("pane", &PostParams::default(), &whole).await.expect_err("too large with or without"));
    assert_eq!(api.get("pane").await.expect("as it was").metadata.labels.map(|l| l.len()), Some(110));
}
