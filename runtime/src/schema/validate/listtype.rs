//! Uniqueness in lists of type set and map (apiextensions `schema/listtype`).

use crate::schema::node::{ListType, Node};
use crate::status::field::{FieldError, Path};
use serde_json::{Map, Value};
use std::collections::HashMap;

pub(super) fn validate(path: &Path, node: &Node, x: &Value, errors: &mut Vec<FieldError>) {
    if !node.has_kubernetes {
        return;
    }
    match x {
        Value::Object(map) => {
            for (k, v) in map {
                if !matches!(v, Value::Object(_) | Value::Array(_)) {
                    continue;
                }
                if let Some(n) = node.additional_schema().filter(|n| n.has_kubernetes) {
                    validate(&path.key(k), n, v, errors);
                }
                if let Some(n) = node.property(k).filter(|n| n.has_kubernetes) {
                    validate(&path.child(k), n, v, errors);
                }
            }
        }
        Value::Array(items) => {
            match node.list_type {
                Some(ListType::Set) => {
                    let texts = items.iter().map(Value::to_string);
                    errors.extend(repeated(texts).map(|i| FieldError::duplicate(path.index(i), items[i].clone())));
                }
                Some(ListType::Map) => maps(path, node, items, errors),
                _ => {}
            }
            if let Some(n) = node.items.as_deref().filter(|n| n.has_kubernetes) {
                for (i, v) in items.iter().enumerate() {
                    validate(&path.index(i), n, v, errors);
                }
            }
        }
        _ => {}
    }
}

fn maps(path: &Path, node: &Node, items: &[Value], errors: &mut Vec<FieldError>) {
    if let Some((i, x)) = items.iter().enumerate().find(|(_, x)| !x.is_object() && !x.is_null()) {
        let detail = "must be an object for an array of list-type map";
        errors.push(FieldError::invalid(path.index(i), x.clone(), detail));
        return;
    }
    let key = |x: &Value| -> Value {
        let mut key = Map::new();
        for k in &node.list_map_keys {
            if let Some(v) = x.get(k.as_ref()) {
                key.insert(k.as_ref().to_owned(), v.clone());
            }
        }
        Value::Object(key)
    };
    let keys: Vec<Value> = items.iter().map(key).collect();
    let found = repeated(keys.iter().map(Value::to_string));
    errors.extend(found.map(|i| FieldError::duplicate(path.index(i), keys[i].clone())));
}

/// The index of the second occurrence of everything that occurs more than once.
fn repeated(texts: impl Iterator<Item = String>) -> impl Iterator<Item = usize> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut found = Vec::new();
    for (i, text) in texts.enumerate() {
        let times = seen.entry(text).or_insert(0);
        *times += 1;
        if *times == 2 {
            found.push(i);
        }
    }
    found.into_iter()
}
