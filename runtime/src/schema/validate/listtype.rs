//! Uniqueness in lists of type set and map (apiextensions `schema/listtype`).

use super::keys::{repeated_keys, repeated_values};
use super::place::Place;
use crate::schema::node::{ListType, Node};
use crate::status::field::FieldError;
use serde_json::{Map, Value};

pub(super) fn validate(place: &Place<'_>, node: &Node, x: &Value, errors: &mut Vec<FieldError>) {
    if !node.has_lists {
        return;
    }
    match x {
        Value::Object(map) => {
            for (k, v) in map {
                if !matches!(v, Value::Object(_) | Value::Array(_)) {
                    continue;
                }
                if let Some(n) = node.additional_schema() {
                    validate(&place.key(k), n, v, errors);
                }
                if let Some(n) = node.property(k) {
                    validate(&place.child(k), n, v, errors);
                }
            }
        }
        Value::Array(items) => {
            match node.list_type {
                Some(ListType::Set) => {
                    let found = repeated_values(items).into_iter();
                    errors.extend(found.map(|i| FieldError::duplicate(place.index(i).path(), items[i].clone())));
                }
                Some(ListType::Map) => maps(place, node, items, errors),
                _ => {}
            }
            if let Some(n) = node.items.as_deref().filter(|n| n.has_lists) {
                for (i, v) in items.iter().enumerate() {
                    validate(&place.index(i), n, v, errors);
                }
            }
        }
        _ => {}
    }
}

fn maps(place: &Place<'_>, node: &Node, items: &[Value], errors: &mut Vec<FieldError>) {
    if let Some((i, x)) = items.iter().enumerate().find(|(_, x)| !x.is_object() && !x.is_null()) {
        let detail = "must be an object for an array of list-type map";
        errors.push(FieldError::invalid(place.index(i).path(), x.clone(), detail));
        return;
    }
    let key = |x: &Value| -> Value {
        let parts = node.list_map_keys.iter().filter_map(|k| Some((k.as_ref().to_owned(), x.get(k.as_ref())?.clone())));
        parts.collect::<Map<_, _>>().into()
    };
    let found = repeated_keys(&node.list_map_keys, items).into_iter();
    errors.extend(found.map(|i| FieldError::duplicate(place.index(i).path(), key(&items[i]))));
}
