//! JSON merge patch (RFC 7386) as kube-apiserver applies it: nulls go from objects inside of lists too.

use serde_json::Value;

/// Merges `patch` into `target`: objects field by field, null removes, all else replaces.
pub fn merge(target: &mut Value, patch: Value) {
    match (target, patch) {
        (Value::Object(map), Value::Object(patch)) => {
            for (k, v) in patch {
                match map.get_mut(&k) {
                    _ if v.is_null() => {
                        map.remove(&k);
                    }
                    Some(old) => merge(old, v),
                    None => {
                        map.insert(k, without_nulls(v));
                    }
                }
            }
        }
        (target, patch) => *target = without_nulls(patch),
    }
}

fn without_nulls(mut value: Value) -> Value {
    drop_nulls(&mut value);
    value
}

/// Drops the nulls of what is new, in either kind of merge patch: there is nothing that they could remove.
pub(in crate::patch) fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, v| !v.is_null());
            map.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::merge;
    use serde_json::{Value, json};

    fn check(mut target: Value, patch: Value, want: Value) {
        merge(&mut target, patch);
        assert_eq!(target, want);
    }

    #[test]
    fn objects_merge_null_removes_all_else_replaces() {
        check(json!({"a": {"b": 1, "c": 2}}), json!({"a": {"b": null, "d": 3}}), json!({"a": {"c": 2, "d": 3}}));
        check(json!({"a": [1, 2]}), json!({"a": [3]}), json!({"a": [3]}));
        check(json!({"a": 1}), json!({"a": {"b": null}}), json!({"a": {}}));
        check(json!({"a": null}), json!({"a": {"b": null}}), json!({"a": {}}));
    }

    #[test]
    fn nulls_inside_lists_stay_but_not_those_of_objects_there() {
        check(json!({}), json!({"l": [null, {"a": null, "b": 1}]}), json!({"l": [null, {"b": 1}]}));
    }
}
