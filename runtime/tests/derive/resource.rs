//! A resource with every attribute: its definition, its traits and its objects.

use kube_core::{CustomResourceExt, Resource as _};
use kubegraft::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[kube(
    group = "shop.example.com",
    version = "v1beta1",
    kind = "Policy",
    root = "PolicyObject",
    namespaced,
    doc = "A policy of the shop",
    status = "PolicyStatus",
    derive = "PartialEq",
    derive = "Default",
    shortname = "pol",
    shortname = "polly",
    category = "shop",
    annotation("example.com/team", "shop"),
    label("tier", "core"),
    scale(spec_replicas_path = ".spec.replicas", status_replicas_path = ".status.replicas"),
    printcolumn(name = "Replicas", type_ = "integer", json_path = ".spec.replicas", priority = 1, format = "int32"),
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#,
    selectable = "spec.mode",
    served = true,
    storage = false,
    deprecated = "use v1",
    validation = "self.metadata.name.size() < 20",
    validation = Rule::new("self.spec.replicas >= 0").message("no debts"),
    validation = ("true", "never"),
    attr = "allow(clippy::all)"
)]
#[serde(rename_all = "camelCase")]
struct PolicySpec {
    /// How it is
    /// meant.
    ///
    /// More.
    mode: Option<Mode>,
    #[serde(default)]
    replicas: i32,
    #[x_kube(merge_strategy = ListMerge::Set)]
    tag_list: Vec<String>,
    #[x_kube(list_map_keys("name"))]
    rules: Vec<Rule>,
}

#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
struct Rule {
    name: String,
}

#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
enum Mode {
    #[default]
    Strict,
    Loose,
}

#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
struct PolicyStatus {
    replicas: u32,
}

#[test]
fn a_definition_says_what_the_attributes_say() {
    let crd = serde_json::to_value(PolicyObject::crd()).unwrap();
    assert_eq!(
        crd,
        json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": "policies.shop.example.com", "annotations": {"example.com/team": "shop"}, "labels": {"tier": "core"}},
            "spec": {
                "group": "shop.example.com", "scope": "Namespaced",
                "names": {"kind": "Policy", "plural": "policies", "singular": "policy", "shortNames": ["pol", "polly"], "categories": ["shop"]},
                "versions": [{
                    "name": "v1beta1", "served": true, "storage": false, "deprecated": true, "deprecationWarning": "use v1",
                    "additionalPrinterColumns": [
                        {"name": "Replicas", "type": "integer", "jsonPath": ".spec.replicas", "priority": 1, "format": "int32"},
                        {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}],
                    "selectableFields": [{"jsonPath": ".spec.mode"}],
                    "subresources": {"status": {}, "scale": {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"}},
                    "schema": {"openAPIV3Schema": {
                        "type": "object", "title": "PolicyObject", "description": "A policy of the shop", "required": ["spec"],
                        "x-kubernetes-validations": [
                            {"rule": "self.metadata.name.size() < 20"},
                            {"rule": "self.spec.replicas >= 0", "message": "no debts"},
                            {"rule": "true", "message": "never"}],
                        "properties": {
                            "spec": {"type": "object", "required": ["tagList", "rules"], "properties": {
                                "mode": {"type": "string", "enum": ["Strict", "Loose"], "description": "How it is meant.\n\nMore."},
                                "replicas": {"type": "integer", "format": "int32", "default": 0},
                                "tagList": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
                                "rules": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
                                    "items": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}}}},
                            "status": {"type": "object", "nullable": true, "required": ["replicas"], "properties": {
                                "replicas": {"type": "integer", "format": "int64", "minimum": 0.0, "maximum": 4294967295.0}}}}}}
                }]
            }
        })
    );
}

#[test]
fn the_root_type_is_what_kube_works_with() {
    assert_eq!(PolicyObject::group(&()), "shop.example.com");
    assert_eq!(PolicyObject::plural(&()), "policies");
    assert_eq!(PolicyObject::crd_name(), "policies.shop.example.com");
    assert_eq!(PolicyObject::shortnames(), ["pol", "polly"]);
    assert_eq!(PolicyObject::api_resource().api_version, "shop.example.com/v1beta1");
    let mut object = PolicyObject::new("a", PolicySpec::default());
    object.status = Some(PolicyStatus { replicas: 2 });
    let json = serde_json::to_value(&object).unwrap();
    assert_eq!(json["apiVersion"], "shop.example.com/v1beta1");
    assert_eq!(json["kind"], "Policy");
    assert_eq!(json["status"], json!({"replicas": 2}));
    assert_eq!(json["metadata"]["labels"], json!({"tier": "core"}));
    let back: PolicyObject = serde_json::from_value(json).unwrap();
    assert_eq!(back, object);
    assert_eq!(PolicyObject::default().spec, PolicySpec::default());
}

#[derive(kubegraft::Resource, Clone, Debug, Deserialize)]
#[resource(inherit = k8s_openapi::api::core::v1::ConfigMap)]
struct Settings {
    metadata: k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta,
    data: Option<Value>,
}

#[test]
fn a_type_inherits_another_resource() {
    assert_eq!(Settings::kind(&()), "ConfigMap");
    assert_eq!(Settings::api_version(&()), "v1");
}

/// Rules evaluated in a test, without a server, under kube's names.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Debug, Clone)]
#[kube(
    group = "example.dev",
    version = "v1",
    kind = "Range",
    namespaced,
    cel,
    validation = "self.spec.min <= self.spec.max"
)]
#[x_kube(cel, validation = "self.min <= self.max")]
struct RangeSpec {
    #[x_kube(minimum = 0)]
    min: i32,
    max: i32,
}

#[test]
fn objects_are_validated_without_a_server() {
    assert!(Range::new("a", RangeSpec { min: 1, max: 2 }).validate_cel().is_ok());
    let wrong = Range::new("a", RangeSpec { min: -1, max: 2 }).validate_cel();
    let message = wrong.map_err(|e| e.to_string());
    assert_eq!(
        message.unwrap_err(),
        "spec.min: Invalid value: -1: spec.min in body should be greater than or equal to 0"
    );
    assert!(RangeSpec::validate_cel(&json!({"min": "x"}), None).is_err());
    assert!(kubegraft::ValidateExt::validate_create(&Range::new("a", RangeSpec { min: 1, max: 2 })).is_ok());
}

/// As kube's example `crd_derive_cel`: rules of the object, of the spec and of fields, on objects and on parts of them.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Debug, Clone)]
#[kube(
    group = "example.dev",
    version = "v1",
    kind = "Crew",
    namespaced,
    cel,
    validation = "self.spec.leastHands <= self.spec.mostHands"
)]
#[x_kube(cel, validation = "self.leastHands <= self.mostHands")]
#[serde(rename_all = "camelCase")]
struct CrewSpec {
    #[x_kube(validation = "self >= 0")]
    least_hands: i32,
    most_hands: i32,
    #[x_kube(validation = "self == oldSelf", max_length = 20)]
    ship: String,
}

#[test]
fn rules_of_transition_are_evaluated_without_a_server() {
    let crew =
        |least, most, ship: &str| Crew::new("a", CrewSpec { least_hands: least, most_hands: most, ship: ship.into() });
    let old = crew(1, 5, "tug");
    assert!(old.validate_cel().is_ok());
    assert!(crew(2, 5, "tug").validate_cel_update(&old).is_ok());
    let check = |refused: Result<(), kubegraft::Invalid>, told: &[&str]| {
        let lines = refused.expect_err("refused").0;
        for (line, told) in lines.iter().zip(told) {
            assert!(line.contains(told), "{lines:?}");
        }
        assert_eq!(lines.len(), told.len(), "{lines:?}");
    };
    check(crew(1, 5, "barge").validate_cel_update(&old), &["spec.ship: Invalid value: \"barge\""]);
    check(crew(-1, 5, "tug").validate_cel(), &["spec.leastHands: Invalid value: -1"]);
    let both = crew(9, 5, "tug").validate_cel().expect_err("refused").0;
    assert_eq!(both.len(), 2, "the object's rule and the spec's: {both:?}");
    let part = json!({"leastHands": 3, "mostHands": 1, "ship": "tug"});
    assert!(CrewSpec::validate_cel(&part, None).is_err());
    let moved = json!({"leastHands": 1, "mostHands": 3, "ship": "barge"});
    assert!(CrewSpec::validate_cel(&moved, Some(&json!({"leastHands": 1, "mostHands": 3, "ship": "tug"}))).is_err());
    assert!(CrewSpec::validate_cel(&moved, None).is_ok());
}
