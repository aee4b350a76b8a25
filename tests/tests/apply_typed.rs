//! Typed server-side apply through `kube::Api`: two managers share an object, each owns what it set, and a status is a third's.

use kube::api::{Api, Patch, PatchParams};
use kubegraft::testing::Server;
use kubegraft::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug)]
#[kube(group = "example.com", version = "v1", kind = "Gateway", namespaced, status = "GatewayStatus", apply)]
struct GatewaySpec {
    #[serde(default)]
    class: String,
    #[serde(default)]
    replicas: Option<i32>,
    #[serde(default)]
    #[x_kube(list_map_keys("name"))]
    listeners: Vec<Listener>,
    #[serde(default)]
    note: Option<String>,
}

#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug)]
#[x_kube(apply)]
struct Listener {
    name: String,
    #[serde(default)]
    port: Option<u16>,
    #[serde(default)]
    tls: bool,
}

#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug)]
#[x_kube(apply)]
struct GatewayStatus {
    #[serde(default)]
    address: Option<String>,
    #[serde(default)]
    ready: Option<bool>,
}

struct Managers {
    _server: Server,
    api: Api<Gateway>,
}

impl Managers {
    async fn start() -> Self {
        let server = Server::builder().resource::<Gateway>().start().await.expect("a server");
        let api = Api::default_namespaced(server.client());
        Self { _server: server, api }
    }

    async fn apply(&self, manager: &str, spec: GatewaySpecApply) -> kube::Result<Gateway> {
        let given = GatewayApply::new("edge").with_spec(spec);
        self.api.patch("edge", &PatchParams::apply(manager), &Patch::Apply(given)).await
    }

    /// The paths that a manager owns, as the server writes them.
    async fn owned(&self, manager: &str) -> Value {
        let gateway = self.api.get("edge").await.expect("an object");
        let all = gateway.metadata.managed_fields.unwrap_or_default();
        let one = all.into_iter().find(|m| m.manager.as_deref() == Some(manager));
        one.and_then(|m| m.fields_v1).map_or(Value::Null, |f| f.0)
    }
}

fn spec() -> GatewaySpecApply {
    GatewaySpecApply::new()
}

fn listener(name: &str) -> ListenerApply {
    ListenerApply::new().with_name(name)
}

#[tokio::test]
async fn managers_own_what_they_set_and_share_a_list_by_its_keys() {
    let m = Managers::start().await;
    m.apply("owner", spec().with_class("big").with_listeners([listener("http").with_port(80)])).await.expect("applied");
    let both = m.apply("guest", spec().with_listeners([listener("metrics").with_port(9090)])).await.expect("applied");
    let names: Vec<&str> = both.spec.listeners.iter().map(|l| l.name.as_str()).collect();
    assert_eq!((both.spec.class.as_str(), names), ("big", vec!["http", "metrics"]));
    assert_eq!(
        m.owned("guest").await,
        json!({"f:spec": {"f:listeners": {"k:{\"name\":\"metrics\"}": {".": {}, "f:name": {}, "f:port": {}}}}})
    );

    // What one no longer sets is gone; what the other set stays.
    let after = m.apply("guest", spec().with_replicas(2)).await.expect("applied");
    let names: Vec<&str> = after.spec.listeners.iter().map(|l| l.name.as_str()).collect();
    assert_eq!((after.spec.replicas, names), (Some(2), vec!["http"]));
}

#[tokio::test]
async fn a_conflict_names_the_field_and_the_owner_and_force_takes_it() {
    let m = Managers::start().await;
    m.apply("owner", spec().with_class("big")).await.expect("applied");
    let conflict = m.apply("guest", spec().with_class("small")).await.expect_err("owned by another");
    let kube::Error::Api(status) = conflict else { panic!("no Status: {conflict:?}") };
    assert_eq!((status.code, status.reason.as_str()), (409, "Conflict"));
    assert!(status.message.contains("\"owner\"") && status.message.contains(".spec.class"), "{}", status.message);
    // The same value is no conflict, and shared.
    m.apply("guest", spec().with_class("big")).await.expect("shared");
    let given = GatewayApply::new("edge").with_spec(spec().with_class("small"));
    let params = PatchParams::apply("guest").force();
    let taken = m.api.patch("edge", &params, &Patch::Apply(&given)).await.expect("forced");
    assert_eq!(taken.spec.class, "small");
    assert_eq!(m.owned("owner").await, Value::Null);
}

#[tokio::test]
async fn null_is_applied_when_it_is_asked_for() {
    let m = Managers::start().await;
    m.apply("owner", spec().with_note("a").with_replicas(1)).await.expect("applied");
    let after = m.apply("owner", spec().with_note_null()).await.expect("applied");
    assert_eq!((after.spec.note, after.spec.replicas), (None, None));
    assert_eq!(m.owned("owner").await, json!({"f:spec": {"f:note": {}}}));
}

#[tokio::test]
async fn a_status_and_metadata_are_applied_by_managers_of_their_own() {
    let m = Managers::start().await;
    m.apply("owner", spec().with_class("big")).await.expect("applied");
    let given = GatewayApply::new("edge").with_status(GatewayStatusApply::new().with_ready(true));
    let controller = PatchParams::apply("controller");
    m.api.patch_status("edge", &controller, &Patch::Apply(given)).await.expect("applied");
    let given = GatewayApply::new("edge").with_labels([("team", "core")]).with_finalizers(["example.com/keep"]);
    let labelled = m.api.patch("edge", &PatchParams::apply("labeller"), &Patch::Apply(given)).await.expect("applied");
    assert_eq!(labelled.status.and_then(|s| s.ready), Some(true));
    assert_eq!(labelled.spec.class, "big");
    assert_eq!(
        m.owned("labeller").await,
        json!({"f:metadata": {"f:labels": {"f:team": {}}, "f:finalizers": {"v:\"example.com/keep\"": {}}}})
    );
    assert_eq!(m.owned("controller").await, json!({"f:status": {"f:ready": {}}}));
}

#[tokio::test]
async fn an_object_that_was_read_can_be_applied_as_a_whole() {
    let m = Managers::start().await;
    m.apply("owner", spec().with_class("big").with_listeners([listener("http")])).await.expect("applied");
    let mut read = m.api.get("edge").await.expect("an object");
    read.spec.listeners[0].tls = true;
    let whole = GatewayApply::from(read);
    let params = PatchParams::apply("owner").force();
    let after = m.api.patch("edge", &params, &Patch::Apply(whole)).await.expect("applied");
    assert!(after.spec.listeners[0].tls);
}
