//! What identifies the items of lists: their order, by which equal ones are found without comparing each with each.

use crate::schema::node::Node;
use serde_json::{Number, Value};
use std::cmp::Ordering;
use std::sync::Arc;

/// An order in which equal values, and no others, are equal.
fn order(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Number(a), Value::Number(b)) => numbers(a, b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Array(a), Value::Array(b)) => first_of(a.iter().zip(b).map(|(a, b)| order(a, b)), a.len(), b.len()),
        (Value::Object(a), Value::Object(b)) => {
            let entries = a.iter().zip(b).map(|((k, v), (l, w))| k.cmp(l).then_with(|| order(v, w)));
            first_of(entries, a.len(), b.len())
        }
        _ => rank(a).cmp(&rank(b)),
    }
}

fn first_of(mut parts: impl Iterator<Item = Ordering>, a: usize, b: usize) -> Ordering {
    parts.find(|o| o.is_ne()).unwrap_or_else(|| a.cmp(&b))
}

/// Integers come before floats: `1` and `1.0` are two keys.
fn numbers(a: &Number, b: &Number) -> Ordering {
    let parts = |n: &Number| (n.is_f64(), n.as_i64().is_none(), n.as_i64(), n.as_u64());
    let float = |n: &Number| n.as_f64().unwrap_or_default();
    match (a.is_f64(), b.is_f64()) {
        (true, true) => float(a).total_cmp(&float(b)),
        _ => parts(a).cmp(&parts(b)),
    }
}

fn rank(v: &Value) -> u8 {
    match v {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) => 4,
        Value::Object(_) => 5,
    }
}

/// The order of items by their keys; an absent key comes before all others.
fn by_keys(keys: &[Arc<str>], a: &Value, b: &Value) -> Ordering {
    let part = |key: &str| match (a.get(key), b.get(key)) {
        (Some(a), Some(b)) => order(a, b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    };
    keys.iter().map(|k| part(k)).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
}

/// The indexes of the second occurrence of everything that occurs more than once.
fn repeated(n: usize, order: impl Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut sorted: Vec<usize> = (0..n).collect();
    // Stable: of equal ones the first comes first.
    sorted.sort_by(|a, b| order(*a, *b));
    let groups = sorted.chunk_by(|a, b| order(*a, *b).is_eq());
    let mut found: Vec<usize> = groups.filter_map(|g| g.get(1).copied()).collect();
    found.sort_unstable();
    found
}

/// The indexes of values that are in the list a second time.
pub(super) fn repeated_values(items: &[Value]) -> Vec<usize> {
    repeated(items.len(), |a, b| order(&items[a], &items[b]))
}

/// The indexes of items whose keys are in the list a second time.
pub(super) fn repeated_keys(keys: &[Arc<str>], items: &[Value]) -> Vec<usize> {
    repeated(items.len(), |a, b| by_keys(keys, &items[a], &items[b]))
}

/// The objects of a list, found by their keys.
pub(in crate::schema) struct ByKeys<'a> {
    keys: &'a [Arc<str>],
    sorted: Vec<&'a Value>,
}

impl<'a> ByKeys<'a> {
    /// Of the items of a list of this schema.
    pub(in crate::schema) fn of(node: &'a Node, items: &'a [Value]) -> Self {
        let keys = &node.list_map_keys;
        let mut sorted: Vec<&Value> = items.iter().filter(|v| v.is_object()).collect();
        sorted.sort_by(|a, b| by_keys(keys, a, b));
        Self { keys, sorted }
    }

    /// The first object with the keys of this one.
    pub(in crate::schema) fn get(&self, item: &Value) -> Option<&'a Value> {
        let first = self.sorted.partition_point(|o| by_keys(self.keys, o, item).is_lt());
        let found = self.sorted.get(first).copied()?;
        (item.is_object() && by_keys(self.keys, found, item).is_eq()).then_some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::{ByKeys, repeated_keys, repeated_values};
    use crate::schema::node::Node;
    use serde_json::{Value, json};

    fn items(list: &Value) -> &[Value] {
        list.as_array().map(Vec::as_slice).unwrap_or_default()
    }

    #[test]
    fn a_value_is_repeated_if_it_is_the_same_json() {
        let list = json!([1, 1.0, "1", true, 1.0, [1, 2], {"a": 1}, [1, 2], {"a": 1}, [1], null, 1, 1]);
        assert_eq!(repeated_values(items(&list)), [4, 7, 8, 11]);
        let list = json!([18446744073709551615u64, -1, 9223372036854775807u64, 18446744073709551614u64, -1]);
        assert_eq!(repeated_values(items(&list)), [4]);
    }

    #[test]
    fn absent_keys_are_keys_too() {
        let list = json!([{"a": 1, "b": 1}, {"a": 1}, {"b": 1}, {}, {"a": 1, "c": 2}, null, {"a": null}]);
        assert_eq!(repeated_keys(&["a".into(), "b".into()], items(&list)), [4, 5]);
    }

    #[test]
    fn the_first_of_equal_keys_is_found() {
        let node = Node::parse(&json!({"type": "array", "items": {"type": "object"},
            "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}));
        let list = json!([{"name": "b"}, {"name": "a", "n": 1}, "a", {"name": "a", "n": 2}, {"n": 3}]);
        let by = ByKeys::of(&node, items(&list));
        assert_eq!(by.get(&json!({"name": "a"})), Some(&list[1]));
        assert_eq!(by.get(&json!({})), Some(&list[4]));
        assert_eq!((by.get(&json!({"name": "c"})), by.get(&json!("a"))), (None, None));
    }
}
