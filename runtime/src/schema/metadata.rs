//! Coercion and validation of ObjectMeta at the root and in embedded resources (apiextensions `schema/objectmeta`).

use super::node::Node;
use super::typed::{self, Empty, Struct, Type};
use crate::resource::Object;
use crate::resource::codec::MAX_OBJECTIONS;
use crate::resource::validate::{NameRule, metadata, path_segment};
use crate::status::field::{FieldError, Path};
use serde_json::{Map, Value, json};

const STR: Type = Type::Str("string");
static STRING: Type = STR;
const STRINGS: Type = Type::Map(&STRING, "map[string]string");

static OWNER: Struct = Struct {
    name: "v1.OwnerReference",
    fields: &[
        ("apiVersion", STR, Empty::Keep),
        ("blockOwnerDeletion", Type::Bool, Empty::Null),
        ("controller", Type::Bool, Empty::Null),
        ("kind", STR, Empty::Keep),
        ("name", STR, Empty::Keep),
        ("uid", Type::Str("types.UID"), Empty::Keep),
    ],
};
static OWNER_TYPE: Type = Type::Struct(&OWNER);

static MANAGED: Struct = Struct {
    name: "v1.ManagedFieldsEntry",
    fields: &[
        ("apiVersion", STR, Empty::Omit),
        ("fieldsType", STR, Empty::Omit),
        ("fieldsV1", Type::Any, Empty::Null),
        ("manager", STR, Empty::Omit),
        ("operation", Type::Str("v1.ManagedFieldsOperationType"), Empty::Omit),
        ("subresource", STR, Empty::Omit),
        ("time", Type::Time, Empty::Null),
    ],
};
static MANAGED_TYPE: Type = Type::Struct(&MANAGED);

/// `metav1.ObjectMeta`.
pub(crate) static OBJECT_META: Struct = Struct {
    name: "v1.ObjectMeta",
    fields: &[
        ("annotations", STRINGS, Empty::Omit),
        ("creationTimestamp", Type::Time, Empty::Omit),
        ("deletionGracePeriodSeconds", Type::Int(64), Empty::Null),
        ("deletionTimestamp", Type::Time, Empty::Null),
        ("finalizers", Type::List(&STRING, "[]string"), Empty::Omit),
        ("generateName", STR, Empty::Omit),
        ("generation", Type::Int(64), Empty::Omit),
        ("labels", STRINGS, Empty::Omit),
        ("managedFields", Type::List(&MANAGED_TYPE, "[]v1.ManagedFieldsEntry"), Empty::Omit),
        ("name", STR, Empty::Omit),
        ("namespace", STR, Empty::Omit),
        ("ownerReferences", Type::List(&OWNER_TYPE, "[]v1.OwnerReference"), Empty::Omit),
        ("resourceVersion", STR, Empty::Omit),
        ("selfLink", STR, Empty::Omit),
        ("uid", Type::Str("types.UID"), Empty::Omit),
    ],
};

/// Decodes a resource's own metadata. Unknown members go to `report`; one of the wrong type is dropped with
/// `drop_malformed`, otherwise it is the error.
pub(super) fn coerce_root(
    object: &mut Value,
    drop_malformed: bool,
    report: Option<&mut Vec<String>>,
) -> Result<(), String> {
    match object.get_mut("metadata") {
        Some(meta) => Coercer { drop_malformed, report }.meta(meta, "metadata"),
        None => Ok(()),
    }
}

/// Decodes the metadata of embedded resources at or below `x`, and with `is_resource` that of `x` too.
pub(super) fn coerce_embedded(
    x: &mut Value,
    node: &Node,
    is_resource: bool,
    path: &Path,
    drop_malformed: bool,
    report: Option<&mut Vec<String>>,
) -> Result<(), FieldError> {
    let mut coercer = Coercer { drop_malformed, report };
    if let Value::Object(map) = x
        && is_resource
        && !node.embedded
    {
        coercer.resource(map, path)?;
    }
    if node.has_embedded {
        coercer.embedded(x, node, path)?;
    }
    Ok(())
}

struct Coercer<'a> {
    drop_malformed: bool,
    report: Option<&'a mut Vec<String>>,
}

impl Coercer<'_> {
    fn meta(&mut self, meta: &mut Value, path: &str) -> Result<(), String> {
        if meta.is_null() {
            *meta = Value::Object(Map::new());
        }
        whole_numbers(meta);
        // Decoding changes in place, so what is to be kept on failure is copied, but only where dropping is wanted.
        let before = self.drop_malformed.then(|| meta.clone());
        let known = self.report.as_ref().map_or(0, |r| r.len());
        let Err(e) = typed::decode(meta, &OBJECT_META, path, self.report.as_deref_mut()) else {
            if let Some(report) = &mut self.report {
                report.truncate(known.saturating_add(MAX_OBJECTIONS));
            }
            return Ok(());
        };
        let Some(before) = before else { return Err(e) };
        let mut kept = Map::new();
        if let Value::Object(members) = before {
            for (k, v) in members {
                let mut one = json!({ k: v });
                if typed::decode(&mut one, &OBJECT_META, path, None).is_ok()
                    && let Value::Object(one) = one
                {
                    kept.extend(one);
                }
            }
        }
        *meta = Value::Object(kept);
        Ok(())
    }

    fn embedded(&mut self, x: &mut Value, node: &Node, path: &Path) -> Result<(), FieldError> {
        match x {
            Value::Object(map) => {
                if node.embedded {
                    self.resource(map, path)?;
                }
                for (k, v) in map.iter_mut() {
                    if let Some(n) = node.property(k) {
                        if n.has_embedded {
                            self.embedded(v, n, &path.child(k))?;
                        }
                    } else if let Some(n) = node.additional_schema().filter(|n| n.has_embedded) {
                        self.embedded(v, n, &path.key(k))?;
                    }
                }
            }
            Value::Array(items) => {
                if let Some(n) = node.items.as_deref().filter(|n| n.has_embedded) {
                    for (i, v) in items.iter_mut().enumerate() {
                        self.embedded(v, n, &path.index(i))?;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn resource(&mut self, map: &mut Map<String, Value>, path: &Path) -> Result<(), FieldError> {
        for key in ["apiVersion", "kind"] {
            if map.get(key).is_none_or(Value::is_string) {
                continue;
            }
            if let Some(v) = map.remove(key)
                && !self.drop_malformed
            {
                return Err(FieldError::invalid(path.child(key), v, "must be a string"));
            }
        }
        if let Some(meta) = map.get_mut("metadata") {
            let before = meta.clone();
            let path = path.child("metadata");
            self.meta(meta, path.as_str()).map_err(|e| FieldError::invalid(&path, before, e))?;
        }
        Ok(())
    }
}

/// Upstream writes metadata out before it reads it as what it is, and a whole number is written without a fraction.
fn whole_numbers(meta: &mut Value) {
    // From here on Go writes an exponent.
    const LARGEST: f64 = 1e18;
    for field in ["generation", "deletionGracePeriodSeconds"] {
        if let Some(v) = meta.get_mut(field)
            && let Some(n) = v.as_f64().filter(|n| v.is_f64() && n.fract() == 0.0 && n.abs() <= LARGEST)
        {
            *v = (n as i64).into();
        }
    }
}

/// Validates an embedded resource's metadata: any path segment is a name, and a namespace is optional.
pub(super) fn validate(path: &Path, meta: &Value, errors: &mut Vec<FieldError>) {
    let mut checked = meta.clone();
    if let Err(e) = typed::decode(&mut checked, &OBJECT_META, "", None) {
        errors.push(FieldError::invalid(path, meta.clone(), e));
        return;
    }
    let mut object = Object::default();
    object.0.insert("metadata".into(), checked);
    for key in ["generateName", "name"] {
        let text = object.meta_str(key).to_owned();
        for problem in path_segment(&text, key == "name") {
            errors.push(FieldError::invalid(path.child(key), text.as_str(), problem));
        }
    }
    object.set_meta("generateName", Value::Null);
    object.set_meta("name", "fakename");
    let namespaced = !object.meta_str("namespace").is_empty();
    for mut e in metadata(&object, namespaced, NameRule::Subdomain) {
        e.field = format!("{path}{}", e.field.strip_prefix("metadata").unwrap_or(&e.field));
        errors.push(e);
    }
}
