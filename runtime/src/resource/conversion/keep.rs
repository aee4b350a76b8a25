//! What a version cannot hold: the difference between an object and what is left of it after a way through another version,
//! as a tree that finds its place again. Pure; which versions there are is the graph's.
//!
//! A difference remembers what stood there when it was taken. Where the client has changed that since, the client's value
//! stays: what was kept never undoes an edit.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A difference between what came back and what was there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Kept {
    /// One value, absent as `None`: what came back, and what was there.
    Value {
        /// What came back.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
        was: Option<Value>,
        /// What was there.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
        is: Option<Value>,
    },
    /// Members that differ.
    Map(BTreeMap<String, Kept>),
    /// Items that differ, in a list that came back with as many.
    List(Vec<Item>),
}

/// An item of a list that differs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Item {
    /// Its index.
    at: usize,
    /// How many items the list had.
    of: usize,
    /// The item as it came back.
    was: Value,
    /// What differs in it.
    kept: Kept,
}

/// A JSON null is a value, not an absence.
fn present<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(d).map(Some)
}

/// What must be known beside `came_back` to have `original` again; `None` when nothing.
pub(super) fn difference(came_back: Option<&Value>, original: Option<&Value>) -> Option<Kept> {
    if came_back == original {
        return None;
    }
    match (came_back, original) {
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            let keys = a.keys().chain(b.keys().filter(|k| !a.contains_key(*k)));
            let members = keys.filter_map(|k| Some((k.clone(), difference(a.get(k), b.get(k))?)));
            Some(Kept::Map(members.collect()))
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) if a.len() == b.len() => {
            let items = a.iter().zip(b).enumerate().filter_map(|(at, (a_item, b_item))| {
                let kept = difference(Some(a_item), Some(b_item))?;
                Some(Item { at, of: a.len(), was: a_item.clone(), kept })
            });
            Some(Kept::List(items.collect()))
        }
        // 1 and 1.0 are one number, and encoded alike.
        (Some(Value::Number(a)), Some(Value::Number(b))) if a.as_f64() == b.as_f64() && (a.is_f64() || b.is_f64()) => {
            None
        }
        _ => Some(Kept::Value { was: came_back.cloned(), is: original.cloned() }),
    }
}

/// Puts back what was kept, where nobody has changed what stood there.
pub(super) fn restore(value: Option<Value>, kept: &Kept) -> Option<Value> {
    match (kept, value) {
        (Kept::Value { was, is }, now) => {
            if now == *was {
                is.clone()
            } else {
                now
            }
        }
        (Kept::Map(members), Some(Value::Object(mut map))) => {
            for (key, kept) in members {
                put(&mut map, key, kept);
            }
            Some(Value::Object(map))
        }
        (Kept::List(items), Some(Value::Array(mut list))) => {
            let mut taken = vec![false; list.len()];
            for item in items {
                let Some(i) = find(&list, &taken, item) else { continue };
                taken[i] = true;
                // An item never becomes absent: lists of another length are kept whole.
                if let Some(v) = restore(Some(std::mem::take(&mut list[i])), &item.kept) {
                    list[i] = v;
                }
            }
            Some(Value::Array(list))
        }
        // It is something else now: the client's.
        (_, now) => now,
    }
}

fn put(map: &mut Map<String, Value>, key: &str, kept: &Kept) {
    if let Some(v) = restore(map.remove(key), kept) {
        map.insert(key.to_owned(), v);
    }
}

/// Where an item is now: unchanged at its place, unchanged elsewhere, under the same name, or at its place in a list of the
/// same length.
fn find(list: &[Value], taken: &[bool], item: &Item) -> Option<usize> {
    let free = |i: &usize| !taken[*i];
    let at = Some(item.at).filter(|i| *i < list.len()).filter(free);
    at.filter(|i| list[*i] == item.was)
        .or_else(|| (0..list.len()).filter(free).find(|i| list[*i] == item.was))
        .or_else(|| {
            let name = identity(&item.was)?;
            (0..list.len()).filter(free).find(|i| identity(&list[*i]) == Some(name))
        })
        .or_else(|| at.filter(|i| list.len() == item.of && identity(&list[*i]).is_none()))
}

/// The member that Kubernetes lists of objects are keyed by, by convention.
fn identity(item: &Value) -> Option<(&'static str, &Value)> {
    ["name", "key", "id"].into_iter().find_map(|k| Some((k, item.get(k).filter(|v| v.is_string())?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn kept(came_back: &Value, original: &Value) -> Kept {
        let kept = difference(Some(came_back), Some(original)).expect("they differ");
        let text = serde_json::to_string(&kept).expect("JSON");
        serde_json::from_str(&text).expect("it reads what it writes")
    }

    #[test]
    fn what_was_lost_comes_back() {
        let original = json!({"a": 1, "b": {"c": [1, 2], "d": null}, "e": [{"name": "x", "f": 1}]});
        let came_back = json!({"a": 1, "b": {"c": [1]}, "e": [{"name": "x"}]});
        assert_eq!(restore(Some(came_back.clone()), &kept(&came_back, &original)), Some(original));
    }

    #[test]
    fn an_edit_is_never_undone() {
        let k = kept(&json!({"mode": "Fallback", "size": 1}), &json!({"mode": "Precise", "size": 1}));
        let edited = json!({"mode": "Coarse", "size": 2});
        assert_eq!(restore(Some(edited.clone()), &k), Some(edited));
        assert_eq!(
            restore(Some(json!({"mode": "Fallback", "size": 2})), &k),
            Some(json!({"mode": "Precise", "size": 2}))
        );
    }

    #[test]
    fn items_are_found_again_after_others_came_and_went() {
        let k = kept(
            &json!([{"name": "a"}, {"name": "b", "n": 1}]),
            &json!([{"name": "a"}, {"name": "b", "n": 1, "x": 9}]),
        );
        let now = json!([{"name": "new"}, {"name": "b", "n": 2}]);
        assert_eq!(restore(Some(now), &k), Some(json!([{"name": "new"}, {"name": "b", "n": 2, "x": 9}])));
        let k = kept(&json!(["1", "2"]), &json!(["1", 2]));
        assert_eq!(restore(Some(json!(["0", "1", "2"])), &k), Some(json!(["0", "1", 2])));
        assert_eq!(restore(Some(json!(["0"])), &k), Some(json!(["0"])));
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (0..4).prop_map(Value::from),
            "[a-c]{0,2}".prop_map(Value::from)
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-c]|name", inner, 0..4)
                    .prop_map(|m| Value::Object(m.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_difference_restores_the_original(a in value(), b in value()) {
            let back = match difference(Some(&a), Some(&b)) {
                None => Some(a),
                Some(k) => restore(Some(a), &k),
            };
            prop_assert_eq!(back, Some(b));
        }
    }
}
