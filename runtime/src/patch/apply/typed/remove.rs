//! The removal of a set of fields from an object (SMD/typed/remove.go).

use super::super::element::Element;
use super::super::set::{Node, Set};
use super::items::Key;
use super::{Items, Shape, Type};
use serde_json::{Map, Value};

/// Removes the fields of a set, and all below them.
pub(in super::super) fn remove(root: Type<'_>, map: &mut Map<String, Value>, set: &Set<'_>) {
    from_map(root, map, set);
}

/// Removes what is in `set` from below a value. What has nothing left is empty, as is what was atomic.
fn from_value(ty: Type<'_>, value: &mut Value, set: &Set<'_>) {
    match (ty.shape(value), &mut *value) {
        (Shape::Map, Value::Object(map)) if !ty.is_atomic_map() => from_map(ty, map, set),
        (Shape::List, Value::Array(items)) if !matches!(ty.items(), Items::Atomic) => from_list(ty, items, set),
        (Shape::Scalar, _) => {}
        (_, Value::Object(map)) => map.clear(),
        (_, Value::Array(items)) => items.clear(),
        _ => *value = Value::Null,
    }
}

fn from_map(ty: Type<'_>, map: &mut Map<String, Value>, set: &Set<'_>) {
    map.retain(|name, value| match set.step(&Element::field(name)) {
        None => true,
        Some((true, _)) => false,
        Some((false, below)) => {
            from_value(ty.field(name).map_or(Type::Deduced, |(of, _)| of), value, below);
            true
        }
    });
}

fn from_list(ty: Type<'_>, items: &mut Vec<Value>, set: &Set<'_>) {
    items.retain_mut(|item| {
        let Ok(element) = Key::of(ty, item).map(|k| k.element()) else { return true };
        match set.step(&element) {
            None => true,
            Some((true, _)) => false,
            Some((false, below)) => {
                from_value(ty.item(), item, below);
                true
            }
        }
    });
}

/// The set with every named field on the way to one of its fields in it: a struct that held only what is removed goes too.
pub(in super::super) fn with_named_fields<'a>(root: Type<'_>, set: &Set<'a>) -> Set<'a> {
    named(Some(root), set)
}

fn named<'a>(ty: Option<Type<'_>>, set: &Set<'a>) -> Set<'a> {
    let nodes = set.nodes().iter().map(|n| {
        let (of, is_named) = match (n.element.name(), ty) {
            (Some(name), Some(ty)) => match ty.field(name) {
                Some((of, named)) => (Some(of), named),
                None => (None, false),
            },
            (None, Some(ty)) if n.element.is_key() => (Some(ty.item()), false),
            _ => (None, false),
        };
        Node {
            element: n.element.clone(),
            member: n.member || (is_named && !n.below.is_empty()),
            below: named(of, &n.below),
        }
    });
    Set::of(nodes.collect())
}
