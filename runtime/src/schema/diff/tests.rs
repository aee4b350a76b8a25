//! Changes of a definition, case by case: what is told, and whom it breaks.

use super::diff;
use crate::resource::codec::{Format, decode};
use serde_json::{Map, Value, json};

/// Puts a case's parts into a definition: `spec` below its `spec`, `version` and `field` into its first version and the schema
/// of `spec.f`.
fn definition(part: &Value) -> Value {
    let empty = Map::new();
    let take = |key: &str| part.get(key).and_then(Value::as_object).unwrap_or(&empty).clone();
    let mut field = json!({"type": "string"});
    if let Some(given) = part.get("field") {
        field = given.clone();
    }
    let mut parent = json!({"type": "object", "properties": {"f": field}});
    parent.as_object_mut().expect("an object").extend(take("parent"));
    let mut version = json!({"name": "v1", "served": true, "storage": true,
        "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": parent}}}});
    version.as_object_mut().expect("an object").extend(take("version"));
    let mut versions = vec![version];
    versions.extend(part["versions"].as_array().into_iter().flatten().cloned());
    let mut spec = json!({"group": "ex.io", "scope": "Namespaced", "names": {"plural": "widgets", "kind": "Widget"}, "versions": versions});
    spec.as_object_mut().expect("an object").extend(take("spec"));
    json!({"metadata": {"name": "widgets.ex.io"}, "spec": spec, "status": part["status"]})
}

fn check(case: &Value) -> Result<(), String> {
    let told: Vec<String> =
        diff(&[definition(&case["old"])], &[definition(&case["new"])]).iter().map(ToString::to_string).collect();
    let told: Vec<&str> =
        told.iter().map(|t| t.trim_start_matches("widgets.ex.io").trim_start_matches(": ").trim()).collect();
    let wanted: Vec<&str> = case["told"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if told == wanted { Ok(()) } else { Err(format!("{}:\n  told   {told:#?}\n  wanted {wanted:#?}", case["about"])) }
}

#[test]
fn every_change_is_told_with_whom_it_breaks() {
    let cases = decode(Format::Yaml, include_bytes!("cases.yaml")).expect("cases").value;
    let wrong: Vec<String> = cases.as_array().expect("cases").iter().filter_map(|c| check(c).err()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn definitions_that_come_and_go_are_told() {
    let one = definition(&Value::Null);
    let told = |old: &[Value], new: &[Value]| diff(old, new).iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        told(std::slice::from_ref(&one), &[]),
        ["widgets.ex.io: the definition is gone, and with it all objects (breaks readers, writers, stored objects)"]
    );
    assert_eq!(told(&[], std::slice::from_ref(&one)), ["widgets.ex.io: the definition is new (harmless)"]);
    assert!(told(std::slice::from_ref(&one), std::slice::from_ref(&one)).is_empty());
}
