//! `Object`: a JSON object with Kubernetes metadata, and short ways to read and write that metadata. It does not validate;
//! whoever decodes an object from a request does (`verbs`).

use super::names::GroupVersionKind;
use serde_json::{Map, Value};

/// A JSON object with `apiVersion`, `kind` and `metadata`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object(pub Map<String, Value>);

impl Object {
    /// Takes a value that is a JSON object; anything else comes back.
    pub fn from_value(v: Value) -> Result<Self, Value> {
        match v {
            Value::Object(m) => Ok(Self(m)),
            other => Err(other),
        }
    }

    /// Lets it be looked at as a plain value, without a copy of it.
    pub fn lend<R>(&mut self, look: impl FnOnce(&Value) -> R) -> R {
        let value = Value::Object(std::mem::take(&mut self.0));
        let seen = look(&value);
        if let Value::Object(fields) = value {
            self.0 = fields;
        }
        seen
    }

    /// The object as a plain value.
    pub fn into_value(self) -> Value {
        Value::Object(self.0)
    }

    /// A top-level string, empty when absent or of another type.
    pub fn str(&self, field: &str) -> &str {
        self.0.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    /// `apiVersion`.
    pub fn api_version(&self) -> &str {
        self.str("apiVersion")
    }

    /// `kind`.
    pub fn kind(&self) -> &str {
        self.str("kind")
    }

    /// Sets `apiVersion` and `kind`.
    pub fn set_gvk(&mut self, gvk: &GroupVersionKind) {
        self.0.insert("apiVersion".into(), gvk.group_version().to_string().into());
        self.0.insert("kind".into(), gvk.kind.clone().into());
    }

    /// `metadata`, when it is an object.
    pub fn metadata(&self) -> Option<&Map<String, Value>> {
        self.0.get("metadata").and_then(Value::as_object)
    }

    /// `metadata`, made when absent or of another type.
    pub fn metadata_mut(&mut self) -> &mut Map<String, Value> {
        let m = self.0.entry("metadata").or_insert_with(|| Value::Object(Map::new()));
        if !m.is_object() {
            *m = Value::Object(Map::new());
        }
        match m {
            Value::Object(m) => m,
            _ => unreachable!("made an object just above"),
        }
    }

    /// A field of the metadata.
    pub fn meta(&self, field: &str) -> Option<&Value> {
        self.metadata().and_then(|m| m.get(field))
    }

    /// A string field of the metadata, empty when absent.
    pub fn meta_str(&self, field: &str) -> &str {
        self.meta(field).and_then(Value::as_str).unwrap_or_default()
    }

    /// Sets a field of the metadata; an empty string, empty collection or null removes it.
    pub fn set_meta(&mut self, field: &str, value: impl Into<Value>) {
        let value = value.into();
        let empty = match &value {
            Value::Null => true,
            Value::String(s) => s.is_empty(),
            Value::Array(a) => a.is_empty(),
            Value::Object(o) => o.is_empty(),
            _ => false,
        };
        if empty {
            if let Some(m) = self.0.get_mut("metadata").and_then(Value::as_object_mut) {
                m.remove(field);
            }
        } else {
            self.metadata_mut().insert(field.into(), value);
        }
    }

    /// `metadata.name`.
    pub fn name(&self) -> &str {
        self.meta_str("name")
    }

    /// `metadata.namespace`.
    pub fn namespace(&self) -> &str {
        self.meta_str("namespace")
    }

    /// `metadata.uid`.
    pub fn uid(&self) -> &str {
        self.meta_str("uid")
    }

    /// `metadata.resourceVersion`.
    pub fn resource_version(&self) -> &str {
        self.meta_str("resourceVersion")
    }

    /// `metadata.generation`, 0 when absent.
    pub fn generation(&self) -> i64 {
        self.meta("generation").and_then(Value::as_i64).unwrap_or_default()
    }

    /// `metadata.finalizers`.
    pub fn finalizers(&self) -> Vec<&str> {
        self.meta("finalizers").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// Whether `metadata.deletionTimestamp` is set.
    pub fn is_terminating(&self) -> bool {
        self.meta("deletionTimestamp").is_some_and(|v| !v.is_null())
    }
}
