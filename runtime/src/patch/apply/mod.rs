//! Server-side apply: pure functions over a live object, what is applied, a schema and the managers of the object's fields.
//! No server, no storage, no clock: whoever has an object and its definition can merge, own and conflict as
//! kube-apiserver does.
//!
//! The managers are in the live object, as `metadata.managedFields`. A [`FieldManager`] books every write of an object:
//!
//! ```
//! use kubegraft::patch::apply::{ApplyError, FieldManager, Writer};
//! use kubegraft::resource::Object;
//! use kubegraft::schema::Definition;
//! use serde_json::{Value, json};
//! use std::sync::Arc;
//!
//! let definition = Definition::from_crd(&json!({"spec": {
//!     "group": "ex.io", "scope": "Namespaced", "names": {"plural": "widgets", "kind": "Widget"},
//!     "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {
//!         "type": "object", "properties": {"spec": {"type": "object", "properties": {
//!             "colour": {"type": "string"},
//!             "ports": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
//!                 "items": {"type": "object", "properties": {
//!                     "name": {"type": "string"}, "port": {"type": "integer"}}}}}}}}}}],
//! }})).expect("a definition");
//! let fields = FieldManager::new(Arc::new(definition), 0, Object::default(), false);
//! let widget = |spec: Value| Object::from_value(json!({
//!     "apiVersion": "ex.io/v1", "kind": "Widget", "metadata": {"name": "w", "namespace": "default"}, "spec": spec,
//! })).expect("an object");
//! let by = |manager| Writer { manager, subresource: "", time: "2026-01-01T00:00:00Z" };
//!
//! // Two managers apply parts of one object, each its own.
//! let first = widget(json!({"colour": "red", "ports": [{"name": "http", "port": 80}]}));
//! let live = fields.apply(None, &first, false, by("one")).expect("nobody else is there");
//! let second = widget(json!({"ports": [{"name": "https", "port": 443}]}));
//! let live = fields.apply(Some(&live), &second, false, by("two")).expect("nothing in common");
//! assert_eq!(live.0["spec"]["ports"].as_array().map(Vec::len), Some(2));
//!
//! // What another one owns is a conflict, unless it is forced.
//! let third = widget(json!({"colour": "blue"}));
//! let Err(ApplyError::Conflict(conflicts)) = fields.apply(Some(&live), &third, false, by("two")) else { panic!() };
//! assert_eq!((conflicts[0].manager.as_str(), conflicts[0].field.as_str()), ("\"one\"", ".spec.colour"));
//! let live = fields.apply(Some(&live), &third, true, by("two")).expect("forced");
//! assert_eq!(live.0["spec"], json!({"colour": "blue", "ports": [{"name": "http", "port": 80}]}));
//! ```
//!
//! A merge without owners is [`merge`], the fields of a value are [`field_set`].

mod conflict;
mod element;
mod last_applied;
mod managed;
mod manager;
#[cfg(test)]
mod properties;
mod scale;
mod set;
#[cfg(test)]
mod tests;
mod typed;
mod update;

pub use conflict::{Conflict, conflict_status};
pub use managed::keep_times;
pub use manager::{ApplyError, FieldManager, Writer, manager_name};
pub use scale::{scale_definition, to_parent, to_scale};
pub use set::Set;

use crate::resource::Object;
use crate::schema::Schema;
use typed::Type;

/// The fields of an object, as an applier of it would own them; none of its metadata is left out.
///
/// ```
/// use kubegraft::patch::apply::field_set;
/// use kubegraft::resource::Object;
/// use kubegraft::schema::Schema;
/// use serde_json::json;
///
/// let schema = Schema::compile(&json!({"type": "object", "properties": {"spec": {"type": "object", "properties": {
///     "tags": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}}}}}})).expect("a schema");
/// let object = Object::from_value(json!({"spec": {"tags": ["a", "b"]}})).expect("an object");
/// let set = field_set(&schema, &object).expect("typed");
/// assert_eq!(set.paths(), [".spec.tags[=\"a\"]", ".spec.tags[=\"b\"]"]);
/// ```
///
/// # Errors
/// What the schema cannot type, with its path.
pub fn field_set<'v>(schema: &Schema, object: &'v Object) -> Result<Set<'v>, String> {
    let root = Type::root(schema.node());
    typed::check(root, &object.0, false)?;
    Ok(typed::fields(root, &object.0, false))
}

/// Merges an applied object into a live one by the schema, without regard to owners: maps field by field, sets and keyed
/// lists item by item, all else replaced.
///
/// ```
/// use kubegraft::patch::apply::merge;
/// use kubegraft::resource::Object;
/// use kubegraft::schema::Schema;
/// use serde_json::{Value, json};
///
/// let schema = Schema::compile(&json!({"type": "object", "properties": {"spec": {"type": "object", "properties": {
///     "tags": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
///     "list": {"type": "array", "items": {"type": "string"}}}}}})).expect("a schema");
/// let object = |v: Value| Object::from_value(v).expect("an object");
/// let live = object(json!({"spec": {"tags": ["a", "b"], "list": ["a", "b"]}}));
/// let applied = object(json!({"spec": {"tags": ["c"], "list": ["c"]}}));
/// let merged = merge(&schema, &live, &applied).expect("typed");
/// assert_eq!(merged.0["spec"], json!({"tags": ["a", "b", "c"], "list": ["c"]}));
/// ```
///
/// # Errors
/// What the schema cannot type, with its path. A live object may hold equal items, an applied one may not.
pub fn merge(schema: &Schema, live: &Object, applied: &Object) -> Result<Object, String> {
    let root = Type::root(schema.node());
    typed::check(root, &live.0, true)?;
    typed::check(root, &applied.0, false)?;
    Ok(Object(typed::merge(root, live.0.clone(), &applied.0)))
}
