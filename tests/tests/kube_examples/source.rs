//! Resources as kube's published examples declare them, in our own words. Compiled twice: with kube's derives and with ours.
//! `imports` is all that differs.

use super::imports::{CustomResource, JsonSchema, KubeSchema};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::core::crd::merge_crds;
use kube::{CustomResourceExt, Resource};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// As `crd_derive`: a root of another name, attributes passed on, a schema by hand for one field.
pub mod derive {
    use super::*;

    /// A wish.
    ///
    /// With a second paragraph.
    #[derive(CustomResource, Serialize, Deserialize, Default, Debug, PartialEq, Eq, Clone, JsonSchema)]
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
        scale(spec_replicas_path = ".spec.replicas", status_replicas_path = ".status.replicas"),
        printcolumn(name = "Wish", type_ = "string", description = "what is wished", json_path = ".spec.name"),
        selectable = "spec.name"
    )]
    pub struct Wished {
        pub name: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub info: Option<String>,
        #[serde(default)]
        pub replicas: i32,
    }

    #[derive(Debug, Clone, Serialize, Deserialize, PartialEq, JsonSchema)]
    pub struct WishStatus {
        pub is_granted: bool,
        #[serde(default)]
        pub replicas: i32,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[schemars(schema_with = "conditions")]
        pub conditions: Vec<Condition>,
    }

    fn conditions(_: &mut schemars::generate::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["type"],
            "items": {"type": "object", "required": ["type", "status"],
                "properties": {"type": {"type": "string"}, "status": {"type": "string"}}},
        })
    }
}

/// As `crd_derive_schema`: defaults, nullable fields, merge strategies and rules in every way of writing.
pub mod schema {
    use super::*;

    #[derive(CustomResource, KubeSchema, Serialize, Deserialize, Default, Debug, PartialEq, Eq, Clone)]
    #[kube(
        group = "example.dev",
        version = "v1",
        kind = "Shelf",
        namespaced,
        derive = "PartialEq",
        derive = "Default",
        validation = "self.metadata.name != 'forbidden'"
    )]
    #[serde(rename_all = "camelCase")]
    #[x_kube(validation = "self.nonNullable == oldSelf.nonNullable")]
    pub struct ShelfSpec {
        pub non_nullable: String,
        #[serde(default = "default_value")]
        pub non_nullable_with_default: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub nullable_skipped: Option<String>,
        pub nullable: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[serde(default = "default_nullable")]
        pub nullable_skipped_with_default: Option<String>,
        #[serde(default = "default_nullable")]
        pub nullable_with_default: Option<String>,
        #[serde(default)]
        pub list: Vec<u32>,
        #[serde(default)]
        #[schemars(schema_with = "set_schema")]
        pub set: Vec<u32>,
        #[serde(default)]
        #[x_kube(merge_strategy = ListMerge::Set)]
        pub merged: Vec<u32>,
        #[serde(default = "legal")]
        #[x_kube(
            validation = Rule::new("self != 'illegal'").message(Message::Expression("'string cannot be illegal'".into())).reason(Reason::FieldValueForbidden),
            validation = Rule::new("self != 'not legal'").reason(Reason::FieldValueInvalid),
        )]
        pub checked: Option<String>,
        #[serde(default)]
        #[x_kube(
            validation = Rule::new("oldSelf.optMap(o, o == self).orValue(true)").optional_old_self(true).message("set once")
        )]
        pub immutable: Option<String>,
        #[x_kube(validation = Rule::new("self == oldSelf").message("is immutable"))]
        pub inner: Option<Inner>,
        #[serde(default = "ShelfSpec::yes")]
        pub associated_default: bool,
    }

    #[derive(KubeSchema, Serialize, Deserialize, Default, Debug, PartialEq, Eq, Clone)]
    pub struct Inner {
        #[x_kube(validation = "self != 'not legal'", validation = Rule::new("self != 'not that'"))]
        #[x_kube(validation = ("self != 'nor that'", "for some reason"))]
        pub field: String,
        pub other: Option<String>,
    }

    impl ShelfSpec {
        fn yes() -> bool {
            true
        }
    }

    fn set_schema(_: &mut schemars::generate::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "array", "items": {"format": "u32", "minimum": 0, "type": "integer"}, "x-kubernetes-list-type": "set"})
    }

    pub fn default_value() -> String {
        "default_value".into()
    }

    fn legal() -> Option<String> {
        Some("legal".into())
    }

    fn default_nullable() -> Option<String> {
        Some("default_nullable".into())
    }
}

/// As `crd_derive_multi`: versions in modules, merged.
pub mod multi {
    use super::*;

    pub mod v1 {
        use super::*;

        #[derive(CustomResource, Serialize, Deserialize, Default, Debug, Clone, JsonSchema)]
        #[kube(group = "example.dev", version = "v1", kind = "Many", status = "ManyStatus", namespaced)]
        pub struct ManySpec {
            pub name: String,
            pub old: u32,
        }

        #[derive(Serialize, Deserialize, Default, Debug, Clone, JsonSchema)]
        pub struct ManyStatus {
            pub condition: Option<bool>,
        }
    }

    pub mod v2 {
        use super::*;

        #[derive(CustomResource, Serialize, Deserialize, Default, Debug, Clone, JsonSchema)]
        #[kube(group = "example.dev", version = "v2", kind = "Many", namespaced, status = "v1::ManyStatus")]
        pub struct ManySpec {
            pub name: String,
            pub extra: Option<String>,
        }
    }
}

/// As `crd_derive_no_schema`: no schema, and one by hand afterwards.
pub mod no_schema {
    use super::*;

    #[derive(CustomResource, Serialize, Deserialize, Debug, Clone)]
    #[kube(group = "example.dev", version = "v1", kind = "Bare", namespaced, schema = "disabled")]
    pub struct BareSpec {
        pub bars: u32,
    }
}

/// As `crd_derive_custom_schema`.
pub mod custom_schema {
    use super::*;

    #[derive(CustomResource, Serialize, Deserialize, Debug, Clone)]
    #[kube(group = "example.dev", version = "v1", kind = "Manual", namespaced, schema = "manual")]
    pub struct ManualSpec {
        pub bars: u32,
    }

    impl schemars::JsonSchema for Manual {
        fn schema_name() -> Cow<'static, str> {
            "Manual".into()
        }

        fn json_schema(_: &mut schemars::generate::SchemaGenerator) -> schemars::Schema {
            schemars::json_schema!({
                "title": "Manual", "required": ["spec"],
                "properties": {"spec": {"type": "object", "required": ["bars"], "properties": {"bars": {"type": "integer"}}}}})
        }
    }
}

/// As `crd_api`: bounds, status, scale and a column.
pub mod api {
    use super::*;

    #[derive(CustomResource, Deserialize, Serialize, Clone, Debug, JsonSchema)]
    #[kube(group = "example.dev", version = "v1", kind = "Foo", namespaced)]
    #[kube(status = "FooStatus")]
    #[kube(scale(spec_replicas_path = ".spec.replicas", status_replicas_path = ".status.replicas"))]
    #[kube(printcolumn(name = "Team", json_path = ".spec.info", type_ = "string"))]
    pub struct FooSpec {
        #[schemars(length(min = 3))]
        pub name: String,
        pub info: String,
        pub replicas: i32,
    }

    #[derive(Deserialize, Serialize, Clone, Debug, Default, JsonSchema)]
    pub struct FooStatus {
        pub is_bad: bool,
        pub replicas: i32,
    }
}

/// As `crd_apply`: the older form of scale, as JSON.
pub mod apply {
    use super::*;

    #[derive(CustomResource, Deserialize, Serialize, Clone, Debug, JsonSchema)]
    #[kube(group = "example.dev", version = "v1", kind = "Bar", namespaced)]
    #[kube(status = "BarStatus")]
    #[kube(scale = r#"{"specReplicasPath":".spec.replicas", "statusReplicasPath":".status.replicas"}"#)]
    pub struct BarSpec {
        pub name: String,
        pub info: Option<String>,
        pub replicas: isize,
    }

    #[derive(Deserialize, Serialize, Clone, Debug, Default, JsonSchema)]
    pub struct BarStatus {
        pub is_bad: bool,
        pub replicas: isize,
    }
}

macro_rules! flock {
    ($($cel:ident,)?) => {
        /// As `crd_derive_cel`: rules of the whole object, of the spec and of fields.
        pub mod cel {
            use super::*;

            #[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug)]
            #[kube(
                group = "example.dev", version = "v1", kind = "Flock", namespaced, $($cel,)?
                validation = "self.spec.minBirds <= self.spec.maxBirds"
            )]
            #[x_kube($($cel,)? validation = "self.minBirds <= self.maxBirds")]
            #[serde(rename_all = "camelCase")]
            pub struct FlockSpec {
                #[x_kube(validation = "self >= 0")]
                pub min_birds: i32,
                pub max_birds: i32,
                #[x_kube(validation = "self == oldSelf")]
                pub species: String,
            }
        }
    };
}
cel!(flock);

/// The definitions, by example.
pub fn definitions() -> Vec<(&'static str, CustomResourceDefinition)> {
    let many = merge_crds(vec![multi::v1::Many::crd(), multi::v2::Many::crd()], "v1").expect("two versions");
    vec![
        ("crd_derive", derive::WishObject::crd()),
        ("crd_derive_schema", schema::Shelf::crd()),
        ("crd_derive_multi", many),
        ("crd_derive_no_schema", no_schema::Bare::crd()),
        ("crd_derive_custom_schema", custom_schema::Manual::crd()),
        ("crd_derive_cel", cel::Flock::crd()),
        ("crd_api", api::Foo::crd()),
        ("crd_apply", apply::Bar::crd()),
    ]
}

/// What kube's traits say of the root types.
pub fn names() -> Vec<String> {
    let wish = derive::WishObject::new("hi", derive::Wished { name: "hi".into(), info: None, replicas: 1 });
    vec![
        format!(
            "{} {} {}",
            derive::WishObject::kind(&()),
            derive::WishObject::plural(&()),
            derive::WishObject::crd_name()
        ),
        format!("{:?}", schema::Shelf::api_resource()),
        format!("{:?}", derive::WishObject::shortnames()),
        serde_json::to_string(&wish).expect("JSON"),
        format!("{:?}", api::Foo::new("a", api::FooSpec { name: "abc".into(), info: "b".into(), replicas: 1 })),
    ]
}
