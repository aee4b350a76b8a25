//! Types of other crates in a schema: Kubernetes' own, times, identifiers; and types that change while objects are stored.

use k8s_openapi::api::core::v1::PodTemplateSpec;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, LabelSelector, ObjectMeta, Time};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kubegraft::__private::kube_core::CustomResourceExt;
use kubegraft::__private::schemars;
use kubegraft::schema::Schema;
use kubegraft::{CustomResource, KubeSchema, structural_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug)]
#[kube(
    group = "example.com",
    version = "v1",
    kind = "Workload",
    namespaced,
    status = "WorkloadStatus",
    descriptions = "none"
)]
#[serde(rename_all = "camelCase")]
struct WorkloadSpec {
    template: PodTemplateSpec,
    selector: Option<LabelSelector>,
    metadata: Option<ObjectMeta>,
    memory: Quantity,
    port: IntOrString,
    limits: BTreeMap<String, Quantity>,
}

#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug)]
#[serde(rename_all = "camelCase")]
struct WorkloadStatus {
    #[x_kube(list_map_keys("type"))]
    conditions: Vec<Condition>,
    since: Option<Time>,
}

#[test]
fn kubernetes_own_types_are_as_kubernetes_has_them() {
    let crd = serde_json::to_value(Workload::crd()).unwrap();
    let spec = crd.pointer("/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties").unwrap();
    assert_eq!(spec["selector"]["x-kubernetes-map-type"], "atomic");
    assert_eq!(spec["selector"]["properties"]["matchExpressions"]["x-kubernetes-list-type"], "atomic");
    assert_eq!(spec["port"]["x-kubernetes-int-or-string"], true);
    let containers = &spec["template"]["properties"]["spec"]["properties"]["containers"];
    assert_eq!(containers["x-kubernetes-list-map-keys"], json!(["name"]));
    let ports = &containers["items"]["properties"]["ports"];
    assert_eq!(ports["x-kubernetes-list-map-keys"], json!(["containerPort", "protocol"]));
    let status = crd.pointer("/spec/versions/0/schema/openAPIV3Schema/properties/status/properties").unwrap();
    assert_eq!(status["since"]["format"], "date-time");
    assert_eq!(status["conditions"]["x-kubernetes-list-map-keys"], json!(["type"]));
    assert!(crd.to_string().len() < 150_000, "without descriptions: {}", crd.to_string().len());
}

#[derive(KubeSchema, Serialize, Deserialize)]
struct Foreign {
    jiff: jiff::Timestamp,
    id: uuid::Uuid,
    bytes: bytes::Bytes,
    address: std::net::Ipv4Addr,
    duration: std::time::Duration,
    letter: char,
    wide: u64,
    path: std::path::PathBuf,
}

#[test]
fn types_of_other_crates_have_their_formats() {
    let schema = structural_schema::<Foreign>();
    let p = &schema["properties"];
    assert_eq!(p["jiff"]["format"], "date-time");
    assert_eq!(p["id"]["format"], "uuid");
    assert_eq!(p["address"]["format"], "ipv4");
    assert_eq!(p["wide"], json!({"type": "integer", "format": "int64", "minimum": 0}));
    assert_eq!(p["letter"], json!({"type": "string", "minLength": 1, "maxLength": 1}));
    assert_eq!(p["duration"]["type"], "object");
    let value = Foreign {
        jiff: jiff::Timestamp::UNIX_EPOCH,
        id: uuid::Uuid::nil(),
        bytes: bytes::Bytes::from_static(b"ab"),
        address: std::net::Ipv4Addr::LOCALHOST,
        duration: std::time::Duration::from_millis(1500),
        letter: 'ß',
        wide: 1 << 60,
        path: "/tmp".into(),
    };
    let written = serde_json::to_value(value).unwrap();
    let errors = Schema::compile(&schema).unwrap().validate(&written, None).errors;
    assert!(errors.is_empty(), "{errors:?}");
}

/// Types of a crate that derives schemars' own trait.
mod schemars_own {
    use super::*;

    #[derive(schemars::JsonSchema, Serialize, Deserialize, Clone, Debug)]
    #[schemars(crate = "kubegraft::__private::schemars")]
    pub(super) enum Kind {
        /// Nothing.
        Off,
        On {
            level: i32,
        },
        Both(Inner),
    }

    #[derive(schemars::JsonSchema, Serialize, Deserialize, Clone, Debug)]
    #[schemars(crate = "kubegraft::__private::schemars")]
    pub(super) struct Inner {
        a: Option<Box<Kind>>,
        b: Option<u16>,
    }

    #[derive(KubeSchema, Serialize, Deserialize)]
    struct Holder {
        kind: Inner,
    }

    #[test]
    fn schemas_of_schemars_become_structural() {
        let schema = structural_schema::<Holder>();
        let compiled = Schema::compile(&schema).unwrap();
        let admits = |v: Value| compiled.validate(&json!({"kind": v}), None).errors.is_empty();
        assert!(admits(json!({"a": "Off"})), "{schema:#}");
        assert!(admits(json!({"a": {"On": {"level": 1}}})));
        assert!(!admits(json!({"a": "on"})));
        assert!(!admits(json!({"b": 70000})));
    }
}

/// serde's way to read a type of another crate.
mod remote {
    use super::*;

    #[derive(Clone)]
    struct Elsewhere {
        x: i32,
    }

    #[derive(KubeSchema, Serialize, Deserialize)]
    #[serde(remote = "Elsewhere", rename_all = "UPPERCASE")]
    struct ElsewhereDef {
        x: i32,
    }

    #[derive(KubeSchema, Serialize, Deserialize)]
    struct Holder {
        #[serde(with = "ElsewhereDef")]
        there: Elsewhere,
    }

    #[derive(KubeSchema, Serialize, Deserialize, Clone)]
    #[serde(try_from = "String", into = "String")]
    struct Even(i32);

    impl TryFrom<String> for Even {
        type Error = std::num::ParseIntError;

        fn try_from(s: String) -> Result<Self, Self::Error> {
            s.parse().map(Self)
        }
    }

    impl From<Even> for String {
        fn from(e: Even) -> Self {
            e.0.to_string()
        }
    }

    #[test]
    fn types_read_through_others_have_their_schemas() {
        assert_eq!(structural_schema::<Holder>()["properties"]["there"]["properties"]["X"]["type"], "integer");
        assert_eq!(structural_schema::<Even>(), json!({"type": "string"}));
    }
}

#[derive(KubeSchema, Serialize, Deserialize)]
struct Before {
    name: String,
    level: i32,
}

#[derive(KubeSchema, Serialize, Deserialize)]
struct After {
    name: String,
    #[x_kube(maximum = 5)]
    level: i32,
    note: Option<String>,
    #[serde(default = "ten")]
    weight: i32,
}

fn ten() -> i32 {
    10
}

#[test]
fn stored_objects_outlive_new_optional_fields_and_tighter_bounds() {
    let stored = serde_json::to_value(Before { name: "a".into(), level: 9 }).unwrap();
    let schema = Schema::compile(&structural_schema::<After>()).unwrap();
    let mut read = stored.clone();
    schema.default(&mut read);
    let after: After = serde_json::from_value(read.clone()).unwrap();
    assert_eq!((after.weight, after.note.as_deref()), (10, None));
    // An unchanged value is not held to the new bound; a changed one is.
    let mut update = read.clone();
    update["note"] = json!("new");
    assert!(schema.validate(&update, Some(&read)).errors.is_empty());
    update["level"] = json!(8);
    assert!(!schema.validate(&update, Some(&read)).errors.is_empty());
    // What the program writes is taken as well: none is null.
    let written = serde_json::to_value(After { name: "a".into(), level: 1, note: None, weight: 1 }).unwrap();
    assert!(schema.validate(&written, None).errors.is_empty(), "{written}");
}

#[derive(KubeSchema, Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
enum Colour {
    Red,
    Green,
}

#[derive(KubeSchema, Serialize, Deserialize)]
struct Collections {
    map: BTreeMap<String, i32>,
    by_number: BTreeMap<u32, String>,
    by_colour: BTreeMap<Colour, bool>,
    any: BTreeMap<String, Value>,
    set: BTreeSet<String>,
    value: Value,
    bytes: Vec<u8>,
}

#[test]
fn maps_sets_and_open_values() {
    let s = structural_schema::<Collections>();
    let p = &s["properties"];
    assert_eq!(p["map"]["additionalProperties"]["type"], json!("integer"));
    assert_eq!(p["by_number"]["additionalProperties"]["type"], json!("string"));
    assert_eq!(p["any"]["additionalProperties"]["x-kubernetes-preserve-unknown-fields"], json!(true));
    assert_eq!(p["set"]["x-kubernetes-list-type"], json!("set"));
    assert_eq!(p["value"], json!({"x-kubernetes-preserve-unknown-fields": true, "nullable": true}));
}

/** A block
    of two lines.

    And more:
    - a list
*/
#[derive(KubeSchema, Serialize, Deserialize)]
struct Documented {
    /**
     * Stars in front
     * of each line.
     */
    stars: i32,
    #[doc = "An attribute."]
    attribute: i32,
    /// From a macro:
    #[doc = concat!("one", " ", "two")]
    computed: i32,
}

#[test]
fn documentation_of_every_form_is_a_description() {
    let schema = structural_schema::<Documented>();
    assert_eq!(schema["description"], "A block of two lines.\n\nAnd more:\n- a list");
    let p = &schema["properties"];
    assert_eq!(p["stars"]["description"], "Stars in front of each line.");
    assert_eq!(p["attribute"]["description"], "An attribute.");
    assert_eq!(p["computed"]["description"], "From a macro:\none two");
}
