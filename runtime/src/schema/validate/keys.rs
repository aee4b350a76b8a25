//! What identifies the items of lists: their order, by which equal ones are found without comparing each with each.

use crate::resource::codec::json;
use crate::schema::node::Node;
use serde_json::{Number, Value};
use std::cmp::Ordering;
use std::sync::Arc;

/// Which numbers are one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Numbers {
    /// As Go compares what it decodes: `1` and `1.0` are two, `0.0` and `-0.0` one.
    Values,
    /// As JSON writes them, which is how upstream compares what is in lists and objects, and keys of several parts: `1` and
    /// `1.0` are one, `0.0` and `-0.0` two.
    Texts,
}

/// An order in which equal values, and no others, are equal.
fn order(a: &Value, b: &Value, as_: Numbers) -> Ordering {
    match (a, b) {
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Number(a), Value::Number(b)) => numbers(a, b, as_),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Array(a), Value::Array(b)) => {
            first_of(a.iter().zip(b).map(|(a, b)| order(a, b, Numbers::Texts)), a.len(), b.len())
        }
        (Value::Object(a), Value::Object(b)) => {
            let entries = a.iter().zip(b).map(|((k, v), (l, w))| k.cmp(l).then_with(|| order(v, w, Numbers::Texts)));
            first_of(entries, a.len(), b.len())
        }
        _ => rank(a).cmp(&rank(b)),
    }
}

fn first_of(mut parts: impl Iterator<Item = Ordering>, a: usize, b: usize) -> Ordering {
    parts.find(|o| o.is_ne()).unwrap_or_else(|| a.cmp(&b))
}

/// Where one is a float, integers come before floats, or all go by their texts.
fn numbers(a: &Number, b: &Number, as_: Numbers) -> Ordering {
    // What is too large for an int64 is a float for Go. Adding zero makes a positive one of the negative.
    let float = |n: &Number| n.as_f64().unwrap_or_default() + 0.0;
    match (as_, a.as_i64(), b.as_i64()) {
        (Numbers::Values, Some(a), Some(b)) => a.cmp(&b),
        (Numbers::Values, None, None) => float(a).total_cmp(&float(b)),
        (Numbers::Values, a, b) => a.is_none().cmp(&b.is_none()),
        (Numbers::Texts, ..) => text(a).cmp(&text(b)),
    }
}

fn text(n: &Number) -> Vec<u8> {
    json::encode(&Value::Number(n.clone()))
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

/// A number that equal values share, and that tells most others apart: comparing texts, which share beginnings, is dear.
fn mark(v: &Value, as_: Numbers) -> u64 {
    match v {
        Value::String(s) => {
            let chunks = s.as_bytes().chunks_exact(8);
            let end = chunks.remainder().iter().fold(0, |word, b| word << 8 | u64::from(*b));
            chunks.fold(mix(s.len() as u64, end), |seed, c| mix(seed, c.try_into().map_or(0, u64::from_le_bytes)))
        }
        Value::Number(n) => {
            let written = || std::str::from_utf8(&text(n)).ok().and_then(|t| t.parse::<i64>().ok());
            let whole = n.as_i64().or_else(|| written().filter(|_| as_ == Numbers::Texts));
            whole.map_or(2, |i| mix(3, i as u64))
        }
        Value::Bool(b) => 4 + u64::from(*b),
        // The order tells these apart.
        Value::Null | Value::Array(_) | Value::Object(_) => u64::from(rank(v)),
    }
}

fn mix(seed: u64, word: u64) -> u64 {
    (seed.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95)
}

/// What identifies an item: a value as it is, or what an object has at some keys.
trait Identity: Copy {
    fn mark(self) -> u64;
    fn order(self, other: Self) -> Ordering;
}

impl Identity for &Value {
    fn mark(self) -> u64 {
        mark(self, Numbers::Values)
    }

    fn order(self, other: Self) -> Ordering {
        order(self, other, Numbers::Values)
    }
}

/// An item by its keys, the first of which has been looked up.
#[derive(Clone, Copy)]
struct Keyed<'a> {
    first: Option<&'a Value>,
    rest: &'a [Arc<str>],
    item: &'a Value,
    numbers: Numbers,
}

impl<'a> Keyed<'a> {
    fn of(keys: &'a [Arc<str>], item: &'a Value, numbers: Numbers) -> Self {
        match keys.split_first() {
            Some((first, rest)) => Self { first: item.get(&**first), rest, item, numbers },
            None => Self { first: None, rest: keys, item, numbers },
        }
    }
}

impl Identity for Keyed<'_> {
    fn mark(self) -> u64 {
        let mark = |v: &Value| mark(v, self.numbers);
        let mut seed = mix(0, self.first.map_or(0, mark));
        for k in self.rest {
            seed = mix(seed, self.item.get(&**k).map_or(0, mark));
        }
        seed
    }

    /// An absent key comes before all others.
    fn order(self, other: Self) -> Ordering {
        let part = |a: Option<&Value>, b: Option<&Value>| match (a, b) {
            (Some(a), Some(b)) => order(a, b, self.numbers),
            (a, b) => a.is_some().cmp(&b.is_some()),
        };
        let more = self.rest.iter().map(|k| part(self.item.get(&**k), other.item.get(&**k)));
        std::iter::once(part(self.first, other.first)).chain(more).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
    }
}

/// The indexes of the second occurrence of everything that occurs more than once.
fn repeated<I: Identity>(items: impl Iterator<Item = I> + Clone) -> Vec<usize> {
    let mut marks: Vec<u64> = items.clone().map(Identity::mark).collect();
    marks.sort_unstable();
    if marks.windows(2).all(|two| two[0] != two[1]) {
        return Vec::new();
    }
    let mut sorted: Vec<(u64, usize, I)> = items.enumerate().map(|(i, item)| (item.mark(), i, item)).collect();
    sorted.sort_unstable_by_key(|(mark, i, _)| (*mark, *i));
    let mut found = Vec::new();
    for alike in sorted.chunk_by_mut(|a, b| a.0 == b.0).filter(|alike| alike.len() > 1) {
        // Stable: of equal ones the first comes first.
        alike.sort_by(|a, b| a.2.order(b.2));
        let groups = alike.chunk_by(|a, b| a.2.order(b.2).is_eq());
        found.extend(groups.filter_map(|g| Some(g.get(1)?.1)));
    }
    found.sort_unstable();
    found
}

/// The indexes of values that are in the list a second time.
pub(super) fn repeated_values(items: &[Value]) -> Vec<usize> {
    repeated(items.iter())
}

/// The indexes of items whose keys are in the list a second time.
pub(super) fn repeated_keys(keys: &[Arc<str>], items: &[Value]) -> Vec<usize> {
    let numbers = if keys.len() > 1 { Numbers::Texts } else { Numbers::Values };
    repeated(items.iter().map(|item| Keyed::of(keys, item, numbers)))
}

/// The objects of a list, found by their keys.
pub(in crate::schema) struct ByKeys<'a> {
    keys: &'a [Arc<str>],
    sorted: Vec<(u64, Keyed<'a>)>,
}

impl<'a> ByKeys<'a> {
    /// Of the items of a list of this schema.
    pub(in crate::schema) fn of(node: &'a Node, items: &'a [Value]) -> Self {
        let keys = &*node.list_map_keys;
        let keyed = items.iter().filter(|v| v.is_object()).map(|v| Keyed::of(keys, v, Numbers::Values));
        let mut sorted: Vec<(u64, Keyed<'a>)> = keyed.map(|k| (k.mark(), k)).collect();
        sorted.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.order(b.1)));
        Self { keys, sorted }
    }

    /// The first object with the keys of this one.
    pub(in crate::schema) fn get(&self, item: &Value) -> Option<&'a Value> {
        if !item.is_object() {
            return None;
        }
        let wanted = Keyed::of(self.keys, item, Numbers::Values);
        let mark = wanted.mark();
        let to = |(m, k): &(u64, Keyed<'_>)| m.cmp(&mark).then_with(|| k.order(wanted));
        let first = self.sorted.partition_point(|o| to(o).is_lt());
        self.sorted.get(first).filter(|o| to(o).is_eq()).map(|(_, k)| k.item)
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
        assert_eq!(repeated_values(items(&list)), [3, 4], "beyond int64 they are floats");
    }

    #[test]
    fn numbers_alone_are_values_and_numbers_in_something_are_texts() {
        let check = |list: Value, want: &[usize]| assert_eq!(repeated_values(items(&list)), want, "{list}");
        check(json!([0, 0.0, -0.0, 1, 1.0]), &[2]);
        check(json!([[0], [0.0], [-0.0], [1e21], [{"a": 1e21}]]), &[1]);
        let keys = |keys: &[&str], list: Value, want: &[usize]| {
            let keys: Vec<_> = keys.iter().map(|k| (*k).into()).collect();
            assert_eq!(repeated_keys(&keys, items(&list)), want, "{list}");
        };
        keys(&["a"], json!([{"a": 1}, {"a": 1.0}, {"a": 0.0}, {"a": -0.0}]), &[3]);
        keys(&["a", "b"], json!([{"a": 1}, {"a": 1.0}, {"a": 0.0}, {"a": -0.0}, {"a": 1e21}, {"a": 1}]), &[1]);
    }

    #[test]
    fn values_of_one_mark_are_still_told_apart() {
        let list = json!([[1], [2], {"a": 1}, [1], {"a": 2}, 1.5, 2.5, 1.5, [2], {"a": 1}]);
        assert_eq!(repeated_values(items(&list)), [3, 7, 8, 9]);
        let many: Value = (0..2_000).map(|i| json!({"a": [i % 1_500], "b": format!("{:09}", i % 1_000)})).collect();
        assert_eq!(repeated_keys(&["a".into()], items(&many)).len(), 500);
        assert_eq!(repeated_keys(&["b".into()], items(&many)).len(), 1_000);
        assert!(repeated_keys(&["b".into(), "a".into()], items(&many)).is_empty());
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
