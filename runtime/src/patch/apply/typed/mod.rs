//! Values walked by their schema. `Type` says how a place is merged; the walks are one file each: what cannot be typed
//! (`check`), the fields of a value (`fields`), what changed between two (`compare`), the merge of one into another
//! (`merge`), the removal of fields (`remove`), and sets of an older schema (`reconcile`).
//!
//! A structural schema is read as upstream reads the OpenAPI it makes of it (kube-openapi's schemaconv): maps are granular
//! unless atomic, lists atomic unless sets or keyed; what has no schema is deduced, with granular maps and atomic lists.

mod check;
mod compare;
mod fields;
mod items;
mod merge;
mod reconcile;
mod remove;

pub(super) use check::check;
pub(super) use compare::{Changes, compare};
pub(super) use fields::fields;
pub(super) use merge::merge;
pub(super) use reconcile::reconcile;
pub(super) use remove::{remove, with_named_fields};

/// The step that selects an item of a list.
#[cfg(test)]
pub(super) fn items_key(list: Type<'_>, item: &Value) -> Option<super::element::Element<'static>> {
    items::Key::of(list, item).ok().map(|k| k.element())
}

use crate::schema::node::{Additional, ListType, MapType, Node, Type as Declared};
use serde_json::{Value, json};
use std::sync::{Arc, LazyLock};

/// ObjectMeta, as the OpenAPI of Kubernetes has it.
static META: LazyLock<Node> = LazyLock::new(|| {
    let (text, time, map) = (
        json!({"type": "string"}),
        json!({"type": "string", "format": "date-time"}),
        json!({"type": "object", "additionalProperties": {"type": "string"}}),
    );
    let any =
        json!({"type": "object", "x-kubernetes-map-type": "atomic", "x-kubernetes-preserve-unknown-fields": true});
    let entry = json!({"type": "object", "properties": {
        "apiVersion": text, "fieldsType": text, "fieldsV1": any, "manager": text, "operation": text, "subresource": text,
        "time": time}});
    let named = json!({"type": "string", "default": ""});
    let owner = json!({"type": "object", "x-kubernetes-map-type": "atomic", "properties": {
        "apiVersion": named, "blockOwnerDeletion": {"type": "boolean"}, "controller": {"type": "boolean"}, "kind": named,
        "name": named, "uid": named}});
    Node::parse(&json!({"type": "object", "properties": {
        "annotations": map, "creationTimestamp": time, "deletionGracePeriodSeconds": {"type": "integer"},
        "deletionTimestamp": time,
        "finalizers": {"type": "array", "x-kubernetes-list-type": "set", "items": text},
        "generateName": text, "generation": {"type": "integer"}, "labels": map,
        "managedFields": {"type": "array", "x-kubernetes-list-type": "atomic", "items": entry},
        "name": text, "namespace": text,
        "ownerReferences": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["uid"],
            "items": owner},
        "resourceVersion": text, "selfLink": text, "uid": text}}))
});

/// apiVersion and kind.
static TEXT: LazyLock<Node> = LazyLock::new(|| Node::parse(&json!({"type": "string"})));

/// How a place in an object is merged.
#[derive(Clone, Copy)]
pub(super) enum Type<'s> {
    /// By a schema. `open` where it or one above preserves unknown fields.
    Node { node: &'s Node, open: bool, whole: bool },
    /// Nothing is known: maps are granular, lists atomic.
    Deduced,
    /// Nothing is known within something atomic.
    Atomic,
}

/// What a value is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Map,
    List,
    Scalar,
}

/// How the items of a list relate.
#[derive(Clone, Copy)]
pub(super) enum Items<'s> {
    Atomic,
    Set,
    Keyed(&'s [Arc<str>]),
}

/// What a scalar may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scalar {
    Number,
    Text,
    Boolean,
    Any,
}

impl<'s> Type<'s> {
    /// The type of a whole object, which has apiVersion, kind and metadata.
    pub(super) fn root(node: &'s Node) -> Self {
        Self::Node { node, open: node.preserve_unknown, whole: true }
    }

    fn below(node: &'s Node, open: bool) -> Self {
        Self::Node { node, open: open || node.preserve_unknown, whole: node.embedded }
    }

    /// What a value is taken for here. Null is whatever the type says, and a map where it says nothing.
    pub(super) fn shape(self, value: &Value) -> Shape {
        match self {
            Self::Node { node: Node { type_: Some(t), .. }, .. } => match t {
                Declared::Object => Shape::Map,
                Declared::Array => Shape::List,
                _ => Shape::Scalar,
            },
            _ => match value {
                Value::Null | Value::Object(_) => Shape::Map,
                Value::Array(_) => Shape::List,
                _ => Shape::Scalar,
            },
        }
    }

    pub(super) fn scalar(self) -> Scalar {
        match self {
            Self::Node { node, .. } => match node.type_ {
                Some(Declared::Integer | Declared::Number) => Scalar::Number,
                Some(Declared::Boolean) => Scalar::Boolean,
                Some(Declared::String) if matches!(node.format.as_deref(), None | Some("" | "byte")) => Scalar::Text,
                _ => Scalar::Any,
            },
            _ => Scalar::Any,
        }
    }

    /// Whether a map is one value.
    pub(super) fn is_atomic_map(self) -> bool {
        match self {
            Self::Node { node, .. } => node.map_type == Some(MapType::Atomic),
            Self::Deduced => false,
            Self::Atomic => true,
        }
    }

    /// The type of a field and whether the schema names it; `None` where there can be no such field.
    pub(super) fn field(self, name: &str) -> Option<(Self, bool)> {
        let (node, open) = match self {
            Self::Node { node, open, whole } => {
                if whole {
                    match name {
                        "metadata" => return Some((Self::below(&META, open), true)),
                        "apiVersion" | "kind" => return Some((Self::below(&TEXT, open), true)),
                        _ => {}
                    }
                }
                (node, open)
            }
            Self::Deduced => return Some((Self::Deduced, false)),
            Self::Atomic => return Some((Self::Atomic, false)),
        };
        if let Some(p) = node.property(name) {
            return Some((Self::below(p, open), true));
        }
        self.other_fields().map(|t| (t, false))
    }

    /// The types of a map's fields, for who goes through them in order.
    pub(super) fn fields(self) -> Fields<'s> {
        let named = match self {
            Self::Node { node, .. } => &node.properties[..],
            _ => &[],
        };
        Fields { of: self, named }
    }

    /// The type of the fields that the schema does not name, where there may be any.
    fn other_fields(self) -> Option<Self> {
        match self {
            Self::Node { node, open, whole } => match &node.additional {
                Some(Additional::Schema(n)) => Some(Self::below(n, open)),
                Some(Additional::Allowed(allowed)) => allowed.then_some(Self::Deduced),
                None => (open || (node.properties.is_empty() && !whole)).then_some(Self::Deduced),
            },
            other => Some(other),
        }
    }

    /// Whether a map names no fields and what is in it is of any type: what was atomic once is not known of it.
    pub(super) fn is_untyped_map(self) -> bool {
        let names_none = match self {
            Self::Node { node, whole, .. } => node.properties.is_empty() && !whole,
            _ => true,
        };
        names_none
            && match self.other_fields() {
                Some(Self::Deduced) => true,
                Some(t @ Self::Node { .. }) => t.scalar() == Scalar::Any && t.has_scalars(),
                Some(Self::Atomic) | None => false,
            }
    }

    fn has_scalars(self) -> bool {
        match self {
            Self::Node { node, .. } => !matches!(node.type_, Some(Declared::Object | Declared::Array)),
            _ => true,
        }
    }

    /// How the items of a list relate.
    pub(super) fn items(self) -> Items<'s> {
        match self {
            Self::Node { node, .. } => match node.list_type.unwrap_or_default() {
                ListType::Atomic => Items::Atomic,
                ListType::Set => Items::Set,
                ListType::Map => Items::Keyed(&node.list_map_keys),
            },
            Self::Deduced | Self::Atomic => Items::Atomic,
        }
    }

    /// The type of a list's items.
    pub(super) fn item(self) -> Self {
        match self {
            Self::Node { node, open, .. } => node.items.as_deref().map_or(Self::Atomic, |n| Self::below(n, open)),
            Self::Deduced | Self::Atomic => Self::Atomic,
        }
    }

    /// The default of a field that the schema names.
    fn default(self, name: &str) -> Option<&'s Value> {
        match self {
            Self::Node { node, .. } => node.property(name)?.default.as_deref(),
            _ => None,
        }
    }
}

/// The types of a map's fields, asked for in the order of their names: that of the schema, so that the next one is mostly
/// the one that is wanted.
pub(super) struct Fields<'s> {
    of: Type<'s>,
    /// The named ones that have not gone by.
    named: &'s [(Arc<str>, Node)],
}

impl<'s> Fields<'s> {
    /// Like [`Type::field`]. Names may not descend.
    pub(super) fn next(&mut self, name: &str) -> Option<(Type<'s>, bool)> {
        let Type::Node { open, whole, .. } = self.of else { return self.of.field(name) };
        if whole && matches!(name, "metadata" | "apiVersion" | "kind") {
            return self.of.field(name);
        }
        let at = match self.named.first() {
            Some((first, _)) if **first == *name => Ok(0),
            _ => self.named.binary_search_by(|(k, _)| (**k).cmp(name)),
        };
        self.named = &self.named[at.unwrap_or_else(|next| next)..];
        match (at, self.named.split_first()) {
            (Ok(_), Some(((_, node), rest))) => {
                self.named = rest;
                Some((Type::below(node, open), true))
            }
            _ => self.of.other_fields().map(|t| (t, false)),
        }
    }
}
