//! A validated CustomResourceDefinition in memory: what the engine serves. Reading is lenient, since validation came before.

use super::{Outcome, Schema, validate};
use crate::resource::conversion::{ConversionError, Graph};
use crate::resource::{GroupResource, GroupVersion, Object};
use crate::status::field::FieldError;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Where objects live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In a namespace.
    Namespaced,
    /// Beside namespaces.
    Cluster,
}

/// The names of a kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// The resource in paths, `widgets`.
    pub plural: String,
    /// `widget`
    pub singular: String,
    /// `Widget`
    pub kind: String,
    /// `WidgetList`
    pub list_kind: String,
    /// Abbreviations for people.
    pub short_names: Vec<String>,
    /// Groups of kinds for people, `all`.
    pub categories: Vec<String>,
}

/// How versions are converted into one another.
#[derive(Clone, Debug, PartialEq)]
pub enum Conversion {
    /// Only apiVersion changes.
    None,
    /// A webhook is asked: `spec.conversion.webhook` as stored.
    Webhook(Arc<Value>),
}

/// The scale subresource's paths, as written: `.spec.replicas`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scale {
    /// `specReplicasPath`
    pub spec_replicas_path: String,
    /// `statusReplicasPath`
    pub status_replicas_path: String,
    /// `labelSelectorPath`
    pub label_selector_path: Option<String>,
}

/// One of `additionalPrinterColumns`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Column {
    /// Heading.
    pub name: String,
    /// `type`
    pub type_: String,
    /// `format`
    pub format: String,
    /// `description`
    pub description: String,
    /// Columns above 0 are for wide output.
    pub priority: i32,
    /// `jsonPath`
    pub json_path: String,
    /// A date is shown as it is, not as an age: only kinds that are compiled in have such columns.
    pub verbatim: bool,
}

/// One version of a definition.
#[derive(Clone, Debug)]
pub struct Version {
    /// `v1`
    pub name: String,
    /// Whether requests for it are answered.
    pub served: bool,
    /// Whether objects are stored in it.
    pub storage: bool,
    /// Whether answers carry a warning.
    pub deprecated: bool,
    /// The warning's own text.
    pub deprecation_warning: Option<String>,
    /// The compiled schema.
    pub schema: Arc<Schema>,
    /// `openAPIV3Schema` as stored, in JSON: descriptions are most of it, and they are only asked for by documents.
    pub source: Arc<str>,
    /// Whether there is a status subresource.
    pub status: bool,
    /// The scale subresource.
    pub scale: Option<Scale>,
    /// Printer columns as declared; none stands for upstream's `Age`.
    pub columns: Vec<Column>,
    /// JSON paths of selectable fields, `.spec.colour`.
    pub selectable_fields: Vec<String>,
}

impl Version {
    /// `openAPIV3Schema` as stored, descriptions and all.
    pub fn open_api(&self) -> Value {
        let mut reader = serde_json::Deserializer::from_str(&self.source);
        reader.disable_recursion_limit();
        Value::deserialize(&mut reader).unwrap_or_default()
    }

    /// Validates a whole object by schema, scale paths and rules; with `old`, errors of unchanged parts are dropped as upstream's
    /// ratcheting does.
    pub fn validate(&self, new: &Value, old: Option<&Value>) -> Outcome {
        validate::validate(&self.schema, self.scale.as_ref(), new, old)
    }

    /// Validates a write to the status subresource: values below status only, but the rules of the whole object.
    pub fn validate_status(&self, new: &Value, old: &Value) -> Outcome {
        validate::validate_status(&self.schema, self.scale.as_ref(), new, old)
    }
}

/// A definition: one kind with its names, scope and versions.
#[derive(Clone, Debug)]
pub struct Definition {
    /// API group; empty for the core group.
    pub group: String,
    /// Scope.
    pub scope: Scope,
    /// Names.
    pub names: Names,
    /// Versions in declared order.
    pub versions: Vec<Version>,
    /// Conversion.
    pub conversion: Conversion,
}

impl Definition {
    /// Reads a defaulted and validated CustomResourceDefinition object.
    pub fn from_crd(crd: &Value) -> Result<Self, Vec<FieldError>> {
        let Some(spec) = crd.get("spec").and_then(Value::as_object) else {
            return Err(vec![FieldError::required("spec", "")]);
        };
        let mut errors = Vec::new();
        let mut versions = Vec::new();
        for v in spec.get("versions").and_then(Value::as_array).into_iter().flatten() {
            match version(v) {
                Ok(v) => versions.push(v),
                Err(e) => errors.extend(e),
            }
        }
        if versions.is_empty() && errors.is_empty() {
            errors.push(FieldError::required("spec.versions", ""));
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(Self {
            group: text(spec, "group"),
            scope: if text(spec, "scope") == "Cluster" { Scope::Cluster } else { Scope::Namespaced },
            names: served_names(crd, spec),
            versions,
            conversion: match spec.get("conversion").and_then(Value::as_object) {
                Some(c) if text(c, "strategy") == "Webhook" => {
                    Conversion::Webhook(Arc::new(c.get("webhook").cloned().unwrap_or_else(|| json!({}))))
                }
                _ => Conversion::None,
            },
        })
    }

    /// A kind that is part of the program: shaped as a CustomResourceDefinition, but the group may be empty and nothing is
    /// validated.
    pub fn builtin(definition: &Value) -> Result<Self, Vec<FieldError>> {
        Self::from_crd(definition)
    }

    /// The same with its dates shown as they are, as upstream's default table has them.
    #[must_use]
    pub fn with_verbatim_dates(mut self) -> Self {
        let dates = self.versions.iter_mut().flat_map(|v| &mut v.columns).filter(|c| c.type_ == "date");
        dates.for_each(|c| c.verbatim = true);
        self
    }

    /// Group and plural.
    pub fn group_resource(&self) -> GroupResource {
        GroupResource { group: self.group.clone(), resource: self.names.plural.clone() }
    }

    /// The version of that name, served or not.
    pub fn version(&self, name: &str) -> Option<&Version> {
        self.versions.iter().find(|v| v.name == name)
    }

    /// The version objects are stored in.
    pub fn storage_version(&self) -> Option<&Version> {
        self.versions.iter().find(|v| v.storage)
    }

    /// An object of one version in another, by its index: converted, or without a graph with its apiVersion rewritten. What
    /// the other version does not know is pruned (S74, S79).
    ///
    /// # Errors
    /// A step of the graph that fails, or a webhook that would have to be asked, which nothing here does.
    pub fn convert(&self, graph: Option<&Graph>, mut object: Object, to: usize) -> Result<Object, ConversionError> {
        let version = &self.versions[to];
        let value = match graph {
            Some(graph) => graph.convert_pruned(object.into_value(), &version.name, |name, value| {
                if let Some(version) = self.version(name) {
                    version.schema.prune(value, true, None);
                }
            })?,
            None => {
                let api_version = GroupVersion::new(&self.group, &version.name).to_string();
                if matches!(self.conversion, Conversion::Webhook(_)) && object.api_version() != api_version {
                    return Err(self.not_asked(&object, &version.name));
                }
                object.0.insert("apiVersion".into(), api_version.into());
                let mut value = object.into_value();
                version.schema.prune(&mut value, true, None);
                value
            }
        };
        Ok(Object::from_value(value).unwrap_or_default())
    }

    /// Rewriting apiVersion alone would lose what only the webhook knows how to convert. In upstream's words (S78).
    fn not_asked(&self, object: &Object, to: &str) -> ConversionError {
        let (api_version, kind) = (object.api_version(), object.kind());
        let from = api_version.rsplit('/').next().unwrap_or_default();
        let why = format!(
            "conversion webhook for {api_version}, Kind={kind} failed: this server calls no webhooks; objects are served in the \
             version that they are stored in"
        );
        ConversionError { from: from.to_owned(), to: to.to_owned(), why }
    }
}

fn version(v: &Value) -> Result<Version, Vec<FieldError>> {
    let empty = Map::new();
    let m = v.as_object().unwrap_or(&empty);
    let flag = |k: &str| m.get(k).and_then(Value::as_bool).unwrap_or(false);
    let open = json!({"type": "object"});
    let source = v.pointer("/schema/openAPIV3Schema").unwrap_or(&open);
    let schema = Schema::compile(source)?;
    let subresources = m.get("subresources").and_then(Value::as_object);
    let columns = m.get("additionalPrinterColumns").and_then(Value::as_array).into_iter().flatten();
    let fields = m.get("selectableFields").and_then(Value::as_array).into_iter().flatten();
    Ok(Version {
        name: text(m, "name"),
        served: flag("served"),
        storage: flag("storage"),
        deprecated: flag("deprecated"),
        deprecation_warning: m.get("deprecationWarning").and_then(Value::as_str).map(str::to_owned),
        schema: Arc::new(schema),
        source: source.to_string().into(),
        status: subresources.is_some_and(|s| s.get("status").is_some_and(|s| !s.is_null())),
        scale: subresources.and_then(|s| s.get("scale")).and_then(Value::as_object).map(|s| Scale {
            spec_replicas_path: text(s, "specReplicasPath"),
            status_replicas_path: text(s, "statusReplicasPath"),
            label_selector_path: s.get("labelSelectorPath").and_then(Value::as_str).map(str::to_owned),
        }),
        columns: columns
            .filter_map(Value::as_object)
            .map(|c| Column {
                name: text(c, "name"),
                type_: text(c, "type"),
                format: text(c, "format"),
                description: text(c, "description"),
                priority: c.get("priority").and_then(Value::as_i64).and_then(|p| p.try_into().ok()).unwrap_or(0),
                json_path: text(c, "jsonPath"),
                verbatim: false,
            })
            .collect(),
        selectable_fields: fields.filter_map(|f| f.get("jsonPath")?.as_str().map(str::to_owned)).collect(),
    })
}

/// The names that are served: those that were accepted where any were, since another definition may have what spec asks for.
fn served_names(crd: &Value, spec: &Map<String, Value>) -> Names {
    let asked = spec.get("names").and_then(Value::as_object).map(names).unwrap_or_default();
    let accepted = crd.pointer("/status/acceptedNames").and_then(Value::as_object).map(names);
    let complete = |n: &Names| [&n.plural, &n.singular, &n.kind, &n.list_kind].iter().all(|n| !n.is_empty());
    accepted.filter(complete).unwrap_or(asked)
}

fn names(m: &Map<String, Value>) -> Names {
    let list = |k: &str| -> Vec<String> {
        m.get(k).and_then(Value::as_array).into_iter().flatten().filter_map(|s| s.as_str().map(str::to_owned)).collect()
    };
    Names {
        plural: text(m, "plural"),
        singular: text(m, "singular"),
        kind: text(m, "kind"),
        list_kind: text(m, "listKind"),
        short_names: list("shortNames"),
        categories: list("categories"),
    }
}

fn text(m: &Map<String, Value>, key: &str) -> String {
    m.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}
