//! Apply configurations: what is set is written as serde writes the type itself, and nothing else is.

use k8s_openapi::api::core::v1::{PodTemplateSpec, ResourceRequirements};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kubegraft::{Apply, CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A web site.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, Default)]
#[kube(group = "example.com", version = "v1", kind = "Site", namespaced, status = "SiteStatus", apply)]
#[serde(rename_all = "camelCase")]
pub struct SiteSpec {
    /// Where it is.
    pub host_name: String,
    pub replicas: u32,
    pub weight: Option<i64>,
    pub theme: Option<String>,
    #[x_kube(nullable = false)]
    pub note: Option<String>,
    #[x_kube(list_map_keys("name"))]
    pub ports: Vec<Port>,
    pub tags: Option<BTreeSet<String>>,
    pub levels: Vec<u8>,
    pub labels: BTreeMap<String, String>,
    pub by_name: HashMap<String, Port>,
    pub by_number: BTreeMap<u16, u32>,
    pub probe: Option<Probe>,
    pub mode: Mode,
    pub template: Option<PodTemplateSpec>,
    pub resources: ResourceRequirements,
    #[serde(flatten)]
    pub common: Common,
    #[serde(with = "hex", rename = "colour")]
    #[x_kube(schema = String)]
    pub color: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#type: Option<Box<Port>>,
    pub name: Name,
    pub pair: (i32, i32),
    #[x_kube(preserve_unknown_fields)]
    pub open: Option<Unschemed>,
    #[x_kube(apply = "whole")]
    pub address: Address,
    #[serde(skip)]
    pub cache: Vec<u64>,
    #[serde(skip_serializing, default)]
    pub read: String,
}

#[derive(Serialize, Deserialize, Clone, Debug)]
pub struct Unschemed {
    x: i32,
}

#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default)]
pub struct Address {
    street: String,
    number: Option<u8>,
}

mod hex {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(v: &u32, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&format!("{v:x}"))
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(d: D) -> Result<u32, D::Error> {
        u32::from_str_radix(&String::deserialize(d)?, 16).map_err(serde::de::Error::custom)
    }
}

#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default)]
#[x_kube(apply)]
#[serde(rename_all = "camelCase")]
pub struct Port {
    pub name: String,
    pub port_number: u16,
    pub target: Option<u16>,
}

#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default)]
#[x_kube(apply)]
pub struct Common {
    pub paused: Option<bool>,
}

#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default)]
#[x_kube(apply)]
pub struct Name(String);

impl From<&str> for Name {
    fn from(s: &str) -> Self {
        Self(s.to_owned())
    }
}

#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default)]
#[x_kube(apply)]
pub enum Mode {
    #[default]
    Fast,
    Safe,
}

#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug)]
#[x_kube(apply)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Probe {
    HttpGet { path_name: String, port: Option<u16> },
    Tcp(Port),
    None,
}

#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug)]
#[x_kube(apply)]
pub enum Change<T> {
    Set(T),
    Range { from: T, to: Option<T> },
    Both(T, T),
    Remove,
}

#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug)]
#[x_kube(apply)]
pub struct Holder<T, U = ()> {
    pub inner: Option<T>,
    pub list: Vec<T>,
    #[serde(skip)]
    pub unused: std::marker::PhantomData<U>,
}

#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default)]
#[x_kube(apply)]
pub struct SiteStatus {
    #[x_kube(list_map_keys("type"))]
    pub conditions: Vec<Condition>,
    pub since: Option<Time>,
}

fn written(value: impl Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

fn spec() -> SiteSpecApply {
    SiteSpecApply::new()
}

fn port(name: &str) -> PortApply {
    PortApply::new().with_name(name)
}

#[test]
fn what_is_not_set_is_not_written() {
    assert_eq!(written(spec()), json!({}));
    let site = SiteApply::new("a");
    assert_eq!(written(site), json!({"apiVersion": "example.com/v1", "kind": "Site", "metadata": {"name": "a"}}));
    let site = SiteApply::new("a").with_spec(spec()).with_status(SiteStatusApply::new());
    assert_eq!(
        written(site),
        json!({"apiVersion": "example.com/v1", "kind": "Site", "metadata": {"name": "a"}, "spec": {}, "status": {}})
    );
}

#[test]
fn what_is_set_is_written_as_the_type_writes_it() {
    let check = |given: SiteSpecApply, expected: Value| assert_eq!(written(given), expected);
    check(spec().with_host_name("a"), json!({"hostName": "a"}));
    check(spec().with_replicas(3), json!({"replicas": 3}));
    check(spec().with_weight(-3), json!({"weight": -3}));
    check(spec().with_theme("dark"), json!({"theme": "dark"}));
    check(spec().with_note("a"), json!({"note": "a"}));
    check(spec().with_mode(Mode::Safe), json!({"mode": "Safe"}));
    check(spec().with_color(255), json!({"colour": "ff"}));
    check(spec().with_type(port("a")), json!({"type": {"name": "a"}}));
    check(spec().with_name("a"), json!({"name": "a"}));
    check(spec().with_pair((1, 2)), json!({"pair": [1, 2]}));
    check(spec().with_open(Unschemed { x: 1 }), json!({"open": {"x": 1}}));
    check(spec().with_common(CommonApply::new().with_paused(true)), json!({"paused": true}));
    check(spec().with_common(CommonApply::new()), json!({}));
    check(spec().with_template(PodTemplateSpec::default()), json!({"template": {}}));
    check(spec().with_resources(ResourceRequirements::default()), json!({"resources": {}}));
    let address = Address { street: "a".into(), number: None };
    check(spec().with_address(address), json!({"address": {"street": "a", "number": null}}));
}

#[test]
fn lists_and_maps_are_set_in_parts() {
    let check = |given: SiteSpecApply, expected: Value| assert_eq!(written(given), expected);
    check(
        spec().with_ports([port("a").with_port_number(1)]).with_ports([port("b")]),
        json!({"ports": [{"name": "a", "portNumber": 1}, {"name": "b"}]}),
    );
    check(spec().with_ports(Vec::<PortApply>::new()), json!({"ports": []}));
    check(spec().with_tags(["b", "a"]), json!({"tags": ["b", "a"]}));
    check(spec().with_levels([1, 2]), json!({"levels": [1, 2]}));
    check(spec().with_labels([("a", "b")]).with_labels([("c", "d")]), json!({"labels": {"a": "b", "c": "d"}}));
    check(spec().with_by_name([("a", port("b"))]), json!({"byName": {"a": {"name": "b"}}}));
    check(spec().with_by_number([(80, 1)]), json!({"byNumber": {"80": 1}}));
}

#[test]
fn enums_are_given_by_their_variant_with_some_of_its_fields() {
    let http = ProbeApply::HttpGet { path_name: Some("/".into()), port: None };
    assert_eq!(written(spec().with_probe(http)), json!({"probe": {"kind": "http-get", "pathName": "/"}}));
    assert_eq!(written(spec().with_probe(ProbeApply::Tcp(port("a")))), json!({"probe": {"kind": "tcp", "name": "a"}}));
    assert_eq!(written(spec().with_probe(ProbeApply::None)), json!({"probe": {"kind": "none"}}));
    assert_eq!(written(ChangeApply::<Port>::Set(port("a"))), json!({"Set": {"name": "a"}}));
    let from_all: ChangeApply<i32> = Change::Range { from: 1, to: None }.into();
    assert_eq!(written(from_all), json!({"Range": {"from": 1}}));
}

#[test]
fn null_is_written_when_it_is_asked_for() {
    assert_eq!(written(spec().with_theme_null().with_weight_null()), json!({"theme": null, "weight": null}));
    assert_eq!(written(spec().with_tags_null()), json!({"tags": null}));
    assert_eq!(written(spec().with_tags_null().with_tags(["a"])), json!({"tags": ["a"]}));
}

#[test]
fn generic_types_have_generic_configurations() {
    let holder: HolderApply<Port> = HolderApply::new().with_inner(port("a")).with_list([port("b")]);
    assert_eq!(written(holder), json!({"inner": {"name": "a"}, "list": [{"name": "b"}]}));
}

#[test]
fn a_whole_object_sets_all_but_what_is_none_and_what_the_server_owns() {
    let spec = SiteSpec {
        host_name: "a".into(),
        ports: vec![Port { name: "b".into(), port_number: 1, target: None }],
        color: 255,
        probe: Some(Probe::HttpGet { path_name: "/".into(), port: None }),
        ..SiteSpec::default()
    };
    let mut site = Site::new("site", spec);
    site.metadata.resource_version = Some("5".into());
    site.metadata.uid = Some("u".into());
    site.metadata.managed_fields = Some(Vec::new());
    site.metadata.labels = Some([("l".to_owned(), "v".to_owned())].into());
    assert_eq!(
        written(SiteApply::from(site.clone())),
        json!({
            "apiVersion": "example.com/v1", "kind": "Site", "metadata": {"name": "site", "labels": {"l": "v"}},
            "spec": {
                "hostName": "a", "replicas": 0, "ports": [{"name": "b", "portNumber": 1}], "levels": [], "labels": {},
                "byName": {}, "byNumber": {}, "probe": {"kind": "http-get", "pathName": "/"}, "mode": "Fast",
                "resources": {}, "colour": "ff", "name": "", "pair": [0, 0], "address": {"street": "", "number": null}}
        })
    );
    let configuration: SiteApply = site.into_configuration();
    assert!(configuration.status.is_none());
}

#[test]
fn metadata_is_set_in_parts() {
    let site = SiteApply::new("a")
        .with_namespace("n")
        .with_labels([("a", "b")])
        .with_labels([("c", "d")])
        .with_annotations([("e", "f")])
        .with_finalizers(["example.com/f"])
        .with_owner_references([]);
    assert_eq!(
        written(site.metadata),
        json!({"name": "a", "namespace": "n", "labels": {"a": "b", "c": "d"}, "annotations": {"e": "f"},
            "finalizers": ["example.com/f"], "ownerReferences": []})
    );
}

/// Types that come through a macro, as generated code has them.
macro_rules! made {
    ($name:ident, $field:ident, $ty:ty, $optional:ty, $text:literal) => {
        #[derive(KubeSchema, Serialize, Deserialize, Clone, Debug)]
        #[x_kube(apply)]
        pub struct $name {
            #[x_kube(max_length = 3, doc = $text)]
            pub $field: $ty,
            pub optional: $optional,
            pub list: Vec<Option<$ty>>,
            pub map: BTreeMap<String, Vec<$ty>>,
        }
    };
}

made!(Made, field, String, Option<String>, "A text.");

#[test]
fn types_that_a_macro_makes_have_configurations() {
    let given = MadeApply::new().with_field("a").with_optional("b").with_map([("c", vec!["d".to_owned()])]);
    assert_eq!(written(given), json!({"field": "a", "optional": "b", "map": {"c": ["d"]}}));
    let whole = Made { field: "a".into(), optional: None, list: vec![None, Some("b".into())], map: BTreeMap::new() };
    assert_eq!(written(MadeApply::from(whole)), json!({"field": "a", "list": [null, "b"], "map": {}}));
}
