//! The CustomResourceDefinition that a derived resource declares.

use super::structural;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceColumnDefinition, CustomResourceDefinition, CustomResourceDefinitionNames,
    CustomResourceDefinitionSpec, CustomResourceDefinitionVersion, CustomResourceSubresourceScale,
    CustomResourceSubresourceStatus, CustomResourceSubresources, CustomResourceValidation, JSONSchemaProps,
    SelectableField,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// How much of the documentation goes into a definition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Descriptions {
    /// All of it.
    #[default]
    Full,
    /// The first paragraph of each.
    Short,
    /// None: definitions of large types are limited to what etcd and clients bear.
    None,
}

/// A printer column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Header.
    pub name: &'static str,
    /// Its OpenAPI type.
    pub type_: &'static str,
    /// Its OpenAPI format.
    pub format: Option<&'static str>,
    /// What it shows.
    pub description: Option<&'static str>,
    /// Above 0, it is shown by `-o wide` only.
    pub priority: Option<i32>,
    /// Where it is.
    pub json_path: &'static str,
}

/// Where the scale subresource finds its values.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// Path of the wanted replicas, below `.spec`.
    pub spec_replicas: &'static str,
    /// Path of the actual replicas, below `.status`.
    pub status_replicas: &'static str,
    /// Path of the serialized label selector.
    pub label_selector: Option<&'static str>,
}

/// What a derive says about a resource, checked at compile time.
#[derive(Clone, Copy, Debug)]
pub struct Declared {
    /// API group.
    pub group: &'static str,
    /// Version.
    pub version: &'static str,
    /// Kind.
    pub kind: &'static str,
    /// Plural name, as in paths.
    pub plural: &'static str,
    /// Singular name.
    pub singular: &'static str,
    /// Namespaced, or of the cluster.
    pub namespaced: bool,
    /// Short names for kubectl.
    pub shortnames: &'static [&'static str],
    /// Groups of resources, as in `kubectl get all`.
    pub categories: &'static [&'static str],
    /// Printer columns.
    pub columns: &'static [Column],
    /// JSON paths that field selectors may name.
    pub selectable: &'static [&'static str],
    /// Whether it has the status subresource.
    pub status: bool,
    /// Its scale subresource.
    pub scale: Option<Scale>,
    /// Whether this version is stored.
    pub storage: bool,
    /// Whether this version is served.
    pub served: bool,
    /// Whether this version is deprecated, and the warning if not the usual one.
    pub deprecated: Option<Option<&'static str>>,
    /// Annotations of the definition.
    pub annotations: &'static [(&'static str, &'static str)],
    /// Labels of the definition.
    pub labels: &'static [(&'static str, &'static str)],
}

fn strings(all: &[&str]) -> Option<Vec<String>> {
    (!all.is_empty()).then(|| all.iter().map(|s| (*s).to_owned()).collect())
}

fn pairs(all: &[(&str, &str)]) -> Option<BTreeMap<String, String>> {
    (!all.is_empty()).then(|| all.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
}

impl Declared {
    /// The metadata that every object made by `new` starts with.
    pub fn metadata(&self, name: &str) -> ObjectMeta {
        ObjectMeta {
            name: Some(name.to_owned()),
            annotations: pairs(self.annotations),
            labels: pairs(self.labels),
            ..ObjectMeta::default()
        }
    }

    /// The definition, of one version.
    pub fn crd(&self, schema: Option<JSONSchemaProps>) -> CustomResourceDefinition {
        let columns = self.columns.iter().map(|c| CustomResourceColumnDefinition {
            name: c.name.into(),
            type_: c.type_.into(),
            format: c.format.map(Into::into),
            description: c.description.map(Into::into),
            priority: c.priority,
            json_path: c.json_path.into(),
        });
        let columns: Vec<_> = columns.collect();
        let selectable: Vec<_> = self.selectable.iter().map(|p| SelectableField { json_path: (*p).into() }).collect();
        let scale = self.scale.map(|s| CustomResourceSubresourceScale {
            spec_replicas_path: s.spec_replicas.into(),
            status_replicas_path: s.status_replicas.into(),
            label_selector_path: s.label_selector.map(Into::into),
        });
        let subresources = (self.status || scale.is_some()).then(|| CustomResourceSubresources {
            status: self.status.then(|| CustomResourceSubresourceStatus(json!({}))),
            scale,
        });
        let version = CustomResourceDefinitionVersion {
            name: self.version.into(),
            served: self.served,
            storage: self.storage,
            deprecated: self.deprecated.map(|_| true),
            deprecation_warning: self.deprecated.flatten().map(Into::into),
            schema: Some(CustomResourceValidation { open_api_v3_schema: schema }),
            subresources,
            additional_printer_columns: (!columns.is_empty()).then_some(columns),
            selectable_fields: (!selectable.is_empty()).then_some(selectable),
        };
        CustomResourceDefinition {
            metadata: ObjectMeta {
                name: Some(format!("{}.{}", self.plural, self.group)),
                annotations: pairs(self.annotations),
                labels: pairs(self.labels),
                ..ObjectMeta::default()
            },
            spec: CustomResourceDefinitionSpec {
                group: self.group.into(),
                names: CustomResourceDefinitionNames {
                    kind: self.kind.into(),
                    plural: self.plural.into(),
                    singular: Some(self.singular.into()),
                    short_names: strings(self.shortnames),
                    categories: strings(self.categories),
                    ..CustomResourceDefinitionNames::default()
                },
                scope: if self.namespaced { "Namespaced" } else { "Cluster" }.into(),
                versions: vec![version],
                ..CustomResourceDefinitionSpec::default()
            },
            ..CustomResourceDefinition::default()
        }
    }
}

/// The structural schema of a type, and what of the type it could not say.
pub fn schema_value<T: JsonSchema + ?Sized>(descriptions: Descriptions) -> (Value, Vec<String>) {
    let mut generator = SchemaSettings::draft2020_12().with(|s| s.meta_schema = None).into_generator();
    let schema = T::json_schema(&mut generator);
    let definitions = generator.take_definitions(true);
    let structural::Lowered { mut schema, problems } = structural::lower(&schema.to_value(), &definitions);
    trim(&mut schema, descriptions);
    (Value::Object(schema), problems)
}

/// The structural schema of a type, as it stands in a definition.
pub fn structural_schema<T: JsonSchema + ?Sized>() -> Value {
    schema_value::<T>(Descriptions::Full).0
}

/// The structural schema of a whole resource.
pub fn root_schema<T: JsonSchema + ?Sized>(descriptions: Descriptions) -> Option<JSONSchemaProps> {
    serde_json::from_value(schema_value::<T>(descriptions).0).ok()
}

fn trim(node: &mut Map<String, Value>, how: Descriptions) {
    match (how, node.get_mut("description")) {
        (Descriptions::Full, _) => return,
        (Descriptions::None, Some(Value::String(_))) => {
            node.remove("description");
        }
        (Descriptions::Short, Some(Value::String(text))) => {
            if let Some(end) = text.find("\n\n") {
                text.truncate(end);
            }
            let line = text.split(". ").next().unwrap_or_default();
            if line.len() < text.len() {
                *text = format!("{line}.");
            }
        }
        _ => {}
    }
    for (k, v) in node.iter_mut() {
        match (k.as_str(), v) {
            ("properties", Value::Object(p)) => {
                p.values_mut().filter_map(Value::as_object_mut).for_each(|n| trim(n, how));
            }
            ("items" | "additionalProperties", Value::Object(n)) => trim(n, how),
            _ => {}
        }
    }
}
