//! The set of a value's fields: what an applied configuration owns (SMD/typed/tofieldset.go).

use super::super::element::Element;
use super::super::set::{Node, Set};
use super::items::{At, index, keyed};
use super::{Items, Shape, Type};
use serde_json::{Map, Value};

/// The fields of an object; `twice` says whether lists in it may have equal items.
pub(in super::super) fn fields<'v>(root: Type<'_>, map: &'v Map<String, Value>, twice: bool) -> Set<'v> {
    of_map(root, map, twice)
}

/// The fields below a value, and whether the value is one itself.
fn of_value<'v>(ty: Type<'_>, value: &'v Value, twice: bool) -> (bool, Set<'v>) {
    match (ty.shape(value), value) {
        (Shape::Map, _) if ty.is_atomic_map() => (true, Set::default()),
        (Shape::Map, Value::Object(map)) => (false, of_map(ty, map, twice)),
        (Shape::List, _) if matches!(ty.items(), Items::Atomic) => (true, Set::default()),
        (Shape::List, Value::Array(items)) => (false, of_list(ty, items, twice)),
        (Shape::Scalar, _) => (true, Set::default()),
        _ => (false, Set::default()),
    }
}

fn of_map<'v>(ty: Type<'_>, map: &'v Map<String, Value>, twice: bool) -> Set<'v> {
    let mut nodes = Vec::with_capacity(map.len());
    let mut types = ty.fields();
    for (name, value) in map {
        let Some((of, named)) = types.next(name) else { continue };
        let (member, below) = of_value(of, value, twice);
        // What is empty, and what the schema does not name, is a field for itself too.
        let member = member || !named || value.is_null() || value.as_object().is_some_and(Map::is_empty);
        nodes.push(Node { element: Element::field(name), member, below });
    }
    Set::of(nodes)
}

fn of_list<'v>(ty: Type<'_>, items: &'v [Value], twice: bool) -> Set<'v> {
    let items = keyed(ty, items);
    let at = twice.then(|| index(&items));
    let mut nodes = Vec::with_capacity(items.len());
    for (i, (key, item)) in items.iter().enumerate() {
        let below = match at.as_ref().map_or(Some(At::Once(i)), |at| at.get(key)) {
            Some(At::Once(_)) => of_value(ty.item(), item, twice).1,
            // Of equal items only that they are there is known.
            Some(At::Twice(first)) if first == i => Set::default(),
            _ => continue,
        };
        nodes.push(Node { element: key.element(), member: true, below });
    }
    Set::of(nodes)
}
