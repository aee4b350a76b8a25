//! The type of a schema's values as rules see them, with what the schema says of sizes: what the checker types `self` with,
//! and what the estimator asks how much there may be.
//!
//! Source: Kubernetes, `apiserver/pkg/cel/common/schemas.go` and `apiextensions-apiserver/pkg/apiserver/schema/cel/model`.

use super::escape::escape;
use super::types::{Object, Type};
use crate::schema::node::{self, Node};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The largest request that the API server takes, in bytes; what has no bound is bounded by it.
pub const MAX_REQUEST: i64 = 3 * 1024 * 1024;
/// The longest name of an object.
const MAX_NAME: i64 = 253;
/// A name that no expression can know; below it stand the paths of the object types.
const SELF_TYPE: &str = "@selfType";

/// What is known of the values of a schema.
#[derive(Debug)]
pub struct Declared {
    /// Their type.
    pub type_: Type,
    /// The most characters, bytes, items or entries; 0 where there are none to count.
    pub max_elements: i64,
    /// The fewest bytes of such a value in JSON.
    pub min_size: i64,
    /// What it holds.
    pub inner: Inner,
}

/// What a declared value holds.
#[derive(Debug)]
pub enum Inner {
    /// Nothing that can be selected.
    Nothing,
    /// Fields by their escaped names.
    Fields(BTreeMap<String, Declared>),
    /// Items of a list.
    Items(Box<Declared>),
    /// Values of a map.
    Values(Box<Declared>),
}

impl Declared {
    /// Reads a schema; nothing if rules cannot see its values. With `is_root` they are whole resources, whose apiVersion, kind
    /// and name every rule sees.
    pub fn of(node: &Node, is_root: bool) -> Option<Self> {
        declare(node, is_root, SELF_TYPE)
    }

    fn simple(type_: Type, min_size: i64) -> Self {
        Self { type_, max_elements: 0, min_size, inner: Inner::Nothing }
    }

    fn text(type_: Type, min_size: i64, max_elements: i64) -> Self {
        Self { max_elements, ..Self::simple(type_, min_size) }
    }

    /// The most values of this size that one request can hold.
    pub fn max_cardinality(&self) -> u64 {
        (MAX_REQUEST / (self.min_size + 1)) as u64
    }
}

fn declare(node: &Node, is_root: bool, path: &str) -> Option<Declared> {
    let max_length = node.checks.as_ref().and_then(|c| c.max_length).map(|n| n.max(0));
    if node.int_or_string {
        let most = max_length.map_or(MAX_REQUEST - 2, |n| n.saturating_mul(4));
        return Some(Declared::text(Type::Dyn, 1, most));
    }
    match (node.type_, is_root) {
        (Some(node::Type::Object), _) => object(node, is_root, path),
        (Some(node::Type::Array), _) => {
            let items = node.items.as_deref()?;
            let items = declare(items, items.embedded, &format!("{path}.@idx"))?;
            let most = node.checks.as_ref().and_then(|c| c.max_items).map(|n| n.max(0));
            Some(Declared {
                type_: Type::list(items.type_.clone()),
                max_elements: most.unwrap_or((MAX_REQUEST - 2) / (items.min_size + 1)),
                min_size: 2,
                inner: Inner::Items(Box::new(items)),
            })
        }
        (Some(node::Type::String), _) => Some(string(node, max_length)),
        (Some(node::Type::Boolean), _) => Some(Declared::simple(Type::Bool, 4)),
        (Some(node::Type::Number), _) => Some(Declared::simple(Type::Double, 1)),
        (Some(node::Type::Integer), _) => Some(Declared::simple(Type::Int, 1)),
        (None, _) => None,
    }
}

fn string(node: &Node, max_length: Option<i64>) -> Declared {
    match node.format.as_deref() {
        Some("byte") => Declared::text(Type::Bytes, 2, max_length.unwrap_or(MAX_REQUEST - 2)),
        Some("duration") => Declared::text(Type::Duration, 3, 32),
        Some("date") => Declared::text(Type::Timestamp, 12, 12),
        Some("date-time") => Declared::text(Type::Timestamp, 21, 32),
        _ => {
            let choices = node.checks.as_ref().map(|c| &*c.enum_).unwrap_or_default();
            // A length counts characters, a size counts bytes.
            let most = match max_length {
                Some(n) => n.saturating_mul(4),
                None if choices.is_empty() => MAX_REQUEST - 2,
                None => choices.iter().filter_map(Value::as_str).map(|s| s.len() as i64).max().unwrap_or(0),
            };
            Declared::text(Type::String, 2, most)
        }
    }
}

fn object(node: &Node, is_root: bool, path: &str) -> Option<Declared> {
    if let Some(values) = node.additional_schema() {
        let values = declare(values, values.embedded, &format!("{path}.@elem"))?;
        let most = node.checks.as_ref().and_then(|c| c.max_properties).map(|n| n.max(0));
        return Some(Declared {
            type_: Type::map(Type::String, values.type_.clone()),
            max_elements: most.unwrap_or((MAX_REQUEST - 2) / (values.min_size + 6)),
            min_size: 2,
            inner: Inner::Values(Box::new(values)),
        });
    }
    let mut fields = BTreeMap::new();
    let mut min_size = 2;
    let mut add = |name: &str, declare: &dyn Fn(&str) -> Option<Declared>, has_default: bool| {
        let escaped = escape(name);
        let Some(field) = declare(&format!("{path}.{}", escaped.as_deref().unwrap_or(name))) else { return };
        if !has_default && node.required.iter().any(|r| &**r == name) {
            min_size += name.len() as i64 + field.min_size + 4;
        }
        if let Some(escaped) = escaped {
            fields.insert(escaped.into_owned(), field);
        }
    };
    let adds_metadata = is_root && !has_type_and_metadata(node);
    for (name, property) in &node.properties {
        if !(adds_metadata && matches!(&**name, "kind" | "apiVersion" | "metadata")) {
            add(name, &|path| declare(property, property.embedded, path), property.default.is_some());
        }
    }
    if adds_metadata {
        let text = |most: i64| Some(Declared::text(Type::String, 2, most));
        add("kind", &|_| text(MAX_REQUEST - 2), false);
        add("apiVersion", &|_| text(MAX_REQUEST - 2), false);
        add("metadata", &|path| Some(metadata(node.property("metadata"), path)), false);
    }
    Some(named(path, fields, min_size))
}

/// An object type with these fields.
fn named(path: &str, fields: BTreeMap<String, Declared>, min_size: i64) -> Declared {
    let types = fields.iter().map(|(name, field)| (name.clone(), field.type_.clone())).collect();
    Declared {
        type_: Type::Object(Arc::new(Object { name: path.to_owned(), fields: types })),
        max_elements: 0,
        min_size,
        inner: Inner::Fields(fields),
    }
}

/// The metadata that every rule sees; the schema can make names shorter.
fn metadata(declared: Option<&Node>, path: &str) -> Declared {
    let name = |field: &str, most: i64| {
        let own = declared.and_then(|m| m.property(field)).and_then(|n| n.checks.as_ref()?.max_length);
        let most = own.map_or(most, |own| own.min(most)).max(0) * 4;
        (field.to_owned(), Declared::text(Type::String, 2, most))
    };
    named(path, BTreeMap::from([name("name", MAX_NAME), name("generateName", MAX_NAME - 1)]), 2)
}

fn has_type_and_metadata(node: &Node) -> bool {
    let is = |n: Option<&Node>, t: node::Type| n.is_some_and(|n| n.type_ == Some(t));
    let metadata = node.property("metadata");
    is(node.property("kind"), node::Type::String)
        && is(node.property("apiVersion"), node::Type::String)
        && is(metadata, node::Type::Object)
        && ["name", "generateName"].into_iter().all(|f| is(metadata.and_then(|m| m.property(f)), node::Type::String))
}
