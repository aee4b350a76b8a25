//! What a version cannot hold: the difference between an object and what is left of it after a way through another version,
//! as a tree that finds its place again. Pure; which versions there are is the graph's, lists are `lists`'.
//!
//! A difference remembers what stood there when it was taken. Where the client has changed that since, the client's value
//! stays: what was kept never undoes an edit.

use super::lists::{self, List};
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
    /// A list that differs.
    List(List),
}

/// A JSON null is a value, not an absence.
fn present<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(d).map(Some)
}

/// What must be known beside `came_back` to have `original` again; `None` when nothing. The schema of both, where it is known,
/// says by which keys items of lists are told apart.
pub(super) fn difference(came_back: Option<&Value>, original: Option<&Value>, schema: Option<&Value>) -> Option<Kept> {
    if came_back == original {
        return None;
    }
    match (came_back, original) {
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            let keys = a.keys().chain(b.keys().filter(|k| !a.contains_key(*k)));
            let members = keys.filter_map(|k| Some((k.clone(), difference(a.get(k), b.get(k), member(schema, k))?)));
            let members: BTreeMap<_, _> = members.collect();
            (!members.is_empty()).then_some(Kept::Map(members))
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) => lists::difference(a, b, schema).map(Kept::List),
        // 1 and 1.0 are one number, and encoded alike.
        (Some(Value::Number(a)), Some(Value::Number(b))) if a.as_f64() == b.as_f64() && (a.is_f64() || b.is_f64()) => {
            None
        }
        _ => Some(Kept::Value { was: came_back.cloned(), is: original.cloned() }),
    }
}

/// The schema of a member.
fn member<'a>(schema: Option<&'a Value>, key: &str) -> Option<&'a Value> {
    let schema = schema?;
    schema.get("properties").and_then(|p| p.get(key)).or_else(|| schema.get("additionalProperties"))
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
        (Kept::List(list), Some(Value::Array(now))) => Some(Value::Array(lists::restore(now, list))),
        // It is something else now: the client's.
        (_, now) => now,
    }
}

fn put(map: &mut Map<String, Value>, key: &str, kept: &Kept) {
    if let Some(v) = restore(map.remove(key), kept) {
        map.insert(key.to_owned(), v);
    }
}

impl Kept {
    /// Differences of one place each.
    pub(super) fn pieces(&self) -> Vec<Kept> {
        match self {
            Self::Map(members) => {
                let within = |(key, kept): (&String, &Kept)| {
                    let alone = |piece| Self::Map(BTreeMap::from([(key.clone(), piece)]));
                    kept.pieces().into_iter().map(alone).collect::<Vec<_>>()
                };
                members.iter().flat_map(within).collect()
            }
            other => vec![other.clone()],
        }
    }

    /// The same without items that were not to be seen: only what those had that were.
    pub(super) fn of_seen_items(&self) -> Kept {
        match self {
            Self::Map(members) => Self::Map(members.iter().map(|(k, v)| (k.clone(), v.of_seen_items())).collect()),
            Self::List(list) => Self::List(list.of_seen_items()),
            other => other.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn kept(came_back: &Value, original: &Value) -> Kept {
        let kept = difference(Some(came_back), Some(original), None).expect("they differ");
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
    fn members_of_maps_stay_with_their_keys() {
        let k = kept(
            &json!({"a": {"n": 1}, "b": {"n": 2}}),
            &json!({"a": {"n": 1, "x": 1}, "b": {"n": 2, "x": 2}, "c": 3}),
        );
        let now = json!({"b": {"n": 5}, "d": {"n": 7}});
        assert_eq!(restore(Some(now), &k), Some(json!({"b": {"n": 5, "x": 2}, "c": 3, "d": {"n": 7}})));
    }

    #[test]
    fn pieces_are_the_whole() {
        let (a, b) = (json!({"a": 1, "b": {"c": 1}, "l": []}), json!({"a": 2, "b": {"c": 2, "d": 3}, "l": [1]}));
        let pieces = kept(&a, &b).pieces();
        assert_eq!(pieces.len(), 4);
        assert_eq!(pieces.iter().fold(Some(a), restore), Some(b));
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
            let back = match difference(Some(&a), Some(&b), None) {
                None => Some(a),
                Some(k) => restore(Some(a), &k),
            };
            prop_assert_eq!(back, Some(b));
        }
    }
}
