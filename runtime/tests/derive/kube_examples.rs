//! Resources as kube's published examples write them (`crd_derive*`, `crd_api`, `crd_apply`), with the import changed. The
//! definitions are those of kube's own derive; where ours is better, the test says how.

use kube_core::CustomResourceExt;
use kube_core::object::{HasSpec, HasStatus};
use kubegraft::__private::schemars::{self, JsonSchema};
use kubegraft::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

fn version(crd: impl Serialize) -> Value {
    serde_json::to_value(crd).unwrap()["spec"]["versions"][0].clone()
}

fn spec(crd: impl Serialize) -> Value {
    version(crd)["schema"]["openAPIV3Schema"]["properties"]["spec"].clone()
}

/// As `crd_derive`: a root of another name, attributes passed on, and a schema written by hand for one field.
mod derive {
    use super::*;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

    /// The wish.
    #[derive(CustomResource, KubeSchema, Serialize, Deserialize, Default, Debug, PartialEq, Eq, Clone)]
    #[kube(
        group = "example.dev",
        version = "v1",
        kind = "Wish",
        plural = "wishez",
        root = "WishObject",
        namespaced,
        doc = "A wish, granted or not",
        status = "WishStatus",
        derive = "PartialEq",
        derive = "Default",
        attr = "allow(deprecated)",
        attr = "cfg_attr(docsrs,doc(cfg(feature = \"latest\")))",
        shortname = "w",
        printcolumn(name = "Wish", type_ = "string", description = "what is wished", json_path = ".spec.name"),
        selectable = "spec.name",
        test = false
    )]
    pub(super) struct WishSpec {
        name: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        info: Option<String>,
    }

    #[derive(Debug, Clone, Serialize, Deserialize, PartialEq, KubeSchema)]
    pub(super) struct WishStatus {
        granted: bool,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[schemars(schema_with = "conditions")]
        conditions: Vec<Condition>,
    }

    fn conditions(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"],
            "items": {"type": "object", "required": ["type"], "properties": {"type": {"type": "string"}}}})
    }

    #[test]
    fn the_definition_is_kubes() {
        let v = version(WishObject::crd());
        // Better: the path has the dot without which Kubernetes takes no selectable field.
        assert_eq!(v["selectableFields"], json!([{"jsonPath": ".spec.name"}]));
        assert_eq!(
            v["schema"]["openAPIV3Schema"],
            json!({
                "description": "A wish, granted or not", "title": "WishObject", "type": "object", "required": ["spec"],
                "properties": {
                    "spec": {"type": "object", "description": "The wish.", "required": ["name"], "properties": {
                        "name": {"type": "string"}, "info": {"type": "string", "nullable": true}}},
                    "status": {"type": "object", "nullable": true, "required": ["granted"], "properties": {
                        "granted": {"type": "boolean"},
                        "conditions": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"],
                            "items": {"type": "object", "required": ["type"], "properties": {"type": {"type": "string"}}}}}}}})
        );
        let mut object = WishObject::new("a", WishSpec { name: "b".into(), info: None });
        object.status_mut().replace(WishStatus { granted: true, conditions: Vec::new() });
        assert_eq!(object.spec().name, "b");
        assert_eq!(serde_json::to_value(&object).unwrap()["status"], json!({"granted": true}));
    }
}

/// As `crd_derive_schema`: defaults, nullable fields, merge strategies and rules.
mod schema {
    use super::*;

    #[derive(CustomResource, Serialize, Deserialize, Default, Debug, PartialEq, Clone, KubeSchema)]
    #[kube(group = "example.dev", version = "v1", kind = "Shelf", namespaced, derive = "PartialEq", derive = "Default")]
    #[kube(validation = Rule::new("self.metadata.name != 'forbidden'"))]
    #[serde(rename_all = "camelCase")]
    #[x_kube(validation = Rule::new("self.nonNullable == oldSelf.nonNullable").field_path(".nonNullable"))]
    pub(super) struct ShelfSpec {
        non_nullable: String,
        #[serde(default = "default_value")]
        non_nullable_with_default: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        nullable_skipped: Option<String>,
        #[serde(default = "default_nullable")]
        nullable_with_default: Option<String>,
        #[x_kube(merge_strategy = ListMerge::Set)]
        set_list: Vec<u32>,
        #[serde(default)]
        #[x_kube(max_items = 9, validation = ("self.size() < 5", "at most four"))]
        limited: Vec<String>,
        #[validate(length(min = 1))]
        checked: Vec<String>,
        #[schemars(range(min = 1, max = 10))]
        ranged: i32,
    }

    fn default_value() -> String {
        "default_value".into()
    }

    fn default_nullable() -> Option<String> {
        Some("default_nullable".into())
    }

    #[test]
    fn the_schema_is_kubes() {
        assert_eq!(
            spec(Shelf::crd()),
            json!({
                "type": "object",
                "required": ["nonNullable", "setList", "checked", "ranged"],
                "x-kubernetes-validations": [{"rule": "self.nonNullable == oldSelf.nonNullable", "fieldPath": ".nonNullable"}],
                "properties": {
                    "nonNullable": {"type": "string"},
                    "nonNullableWithDefault": {"type": "string", "default": "default_value"},
                    "nullableSkipped": {"type": "string", "nullable": true},
                    "nullableWithDefault": {"type": "string", "nullable": true, "default": "default_nullable"},
                    // Better: the range of u32 is said; kube says format uint32, which Kubernetes ignores.
                    "setList": {"type": "array", "x-kubernetes-list-type": "set",
                        "items": {"type": "integer", "format": "int64", "minimum": 0.0, "maximum": 4294967295.0}},
                    "limited": {"type": "array", "items": {"type": "string"}, "default": [], "maxItems": 9,
                        "x-kubernetes-validations": [{"rule": "self.size() < 5", "message": "at most four"}]},
                    "checked": {"type": "array", "items": {"type": "string"}, "minItems": 1},
                    "ranged": {"type": "integer", "format": "int32", "minimum": 1.0, "maximum": 10.0}}})
        );
    }
}

/// As `crd_derive_custom_schema` and `crd_derive_no_schema`: a schema by hand, and none.
mod modes {
    use super::*;
    use std::borrow::Cow;

    #[derive(CustomResource, Serialize, Deserialize, Debug, Clone)]
    #[kube(group = "example.dev", version = "v1", kind = "Manual", namespaced, schema = "manual")]
    pub(super) struct ManualSpec {
        #[allow(dead_code)]
        bars: u32,
    }

    impl JsonSchema for Manual {
        fn schema_name() -> Cow<'static, str> {
            "Manual".into()
        }

        fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
            schemars::json_schema!({"type": "object", "properties": {"spec": {"type": "object", "properties": {"bars": {"type": "integer", "maximum": 3}}}}})
        }
    }

    #[derive(CustomResource, Serialize, Deserialize, Debug, Clone)]
    #[kube(group = "example.dev", version = "v1", kind = "Bare", schema = "disabled")]
    pub(super) struct BareSpec {
        bars: u32,
    }

    #[test]
    fn a_schema_is_by_hand_or_absent_as_asked() {
        assert_eq!(spec(Manual::crd())["properties"]["bars"]["maximum"], json!(3.0));
        assert_eq!(version(Bare::crd())["schema"], json!({}));
    }
}

/// As `crd_derive_multi`: versions in modules, merged by kube.
mod multi {
    use super::*;

    mod v1 {
        use super::*;
        #[derive(CustomResource, KubeSchema, Serialize, Deserialize, Debug, Clone)]
        #[kube(group = "example.dev", version = "v1", kind = "Many", namespaced)]
        pub(super) struct ManyV1Spec {
            old_prop: u32,
        }
    }

    mod v2 {
        use super::*;
        #[derive(CustomResource, KubeSchema, Serialize, Deserialize, Debug, Clone)]
        #[kube(group = "example.dev", version = "v2", kind = "Many", namespaced)]
        pub(super) struct ManyV2Spec {
            new_prop: Option<String>,
        }
    }

    #[test]
    fn versions_merge_into_one_definition() {
        let merged = kube_core::crd::merge_crds(vec![v1::Many::crd(), v2::Many::crd()], "v1").unwrap();
        let stored: Vec<bool> = merged.spec.versions.iter().map(|v| v.storage).collect();
        assert_eq!(stored, [true, false]);
    }
}

/// As `crd_derive_cel`: rules evaluated in a test, without a server.
mod cel {
    use super::*;

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
    pub(super) struct RangeSpec {
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
        assert!(kubegraft::validate(&Range::new("a", RangeSpec { min: 1, max: 2 }), None).is_ok());
    }
}
