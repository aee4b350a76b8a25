//! Parts of an object by a path such as `.spec.replicas`, with the errors of apimachinery's `unstructured.NestedInt64` and its
//! kin. Paths of other forms have their own readers: `jsonpath`, and `schema::fieldpath`.

use super::codec::go::{shown, type_of};
use serde_json::{Map, Value};

/// The integer at a path, if there is one.
///
/// # Errors
/// Something else is there, or on the way.
pub(crate) fn int(object: &Map<String, Value>, path: &str) -> Result<Option<i64>, String> {
    part(object, path, "int64", Value::as_i64)
}

/// The text at a path, if there is one.
///
/// # Errors
/// Something else is there, or on the way.
pub(crate) fn text<'a>(object: &'a Map<String, Value>, path: &str) -> Result<Option<&'a str>, String> {
    part(object, path, "string", Value::as_str)
}

fn part<'a, T>(
    object: &'a Map<String, Value>,
    path: &str,
    expected: &str,
    read: impl Fn(&'a Value) -> Option<T>,
) -> Result<Option<T>, String> {
    let steps: Vec<&str> = path.strip_prefix('.').unwrap_or(path).split('.').collect();
    let wrong = |depth: usize, value: &Value, expected: &str| {
        let (to, shown, type_) = (steps[..depth].join("."), shown(value), type_of(value));
        format!(".{to} accessor error: {shown} is of the type {type_}, expected {expected}")
    };
    let mut fields = object;
    for (i, step) in steps.iter().enumerate() {
        let depth = i + 1;
        let Some(value) = fields.get(*step) else { return Ok(None) };
        match value {
            value if depth == steps.len() => return read(value).map(Some).ok_or_else(|| wrong(depth, value, expected)),
            Value::Null => return Ok(None),
            Value::Object(below) => fields = below,
            value => return Err(wrong(depth + 1, value, "map[string]interface{}")),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_there_instead_is_named_as_go_prints_it() {
        for (object, want) in [
            (json!({"spec": {"replicas": 3}}), Ok(Some(3))),
            (json!({"spec": {}}), Ok(None)),
            (json!({"spec": null}), Ok(None)),
            (
                json!({"spec": {"replicas": null}}),
                Err(".spec.replicas accessor error: <nil> is of the type <nil>, expected int64"),
            ),
            (
                json!({"spec": {"replicas": 1e20}}),
                Err(".spec.replicas accessor error: 1e+20 is of the type float64, expected int64"),
            ),
            (
                json!({"spec": {"replicas": {"b": [1, "a"], "a": true}}}),
                Err(
                    ".spec.replicas accessor error: map[a:true b:[1 a]] is of the type map[string]interface {}, expected int64",
                ),
            ),
            (
                json!({"spec": "s"}),
                Err(".spec.replicas accessor error: s is of the type string, expected map[string]interface{}"),
            ),
        ] {
            let object = object.as_object().expect("an object");
            assert_eq!(int(object, ".spec.replicas"), want.map_err(str::to_owned));
        }
        let object = json!({"status": {"selector": "a=b"}});
        assert_eq!(text(object.as_object().expect("an object"), ".status.selector"), Ok(Some("a=b")));
    }
}
