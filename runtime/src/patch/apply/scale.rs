//! Ownership seen through the scale subresource: who owns an object's replicas owns the Scale's, and the other way around
//! (P41, M/util/managedfields/scalehandler.go).

use super::managed::{Entry, Managed};
use super::set::Set;
use crate::resource::Object;
use crate::schema::Definition;
use serde_json::{Value, json};

/// Group and version of Scale.
const SCALE_VERSION: &str = "autoscaling/v1";

/// The definition of Scale itself, for the [`FieldManager`](super::FieldManager) of scale subresources.
///
/// # Panics
/// Never: the definition is written here.
pub fn scale_definition() -> Definition {
    let integer = json!({"type": "integer", "format": "int32"});
    Definition::builtin(&json!({"spec": {
        "group": "autoscaling", "scope": "Namespaced", "names": {"plural": "scales", "singular": "scale", "kind": "Scale"},
        "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {
            "type": "object", "properties": {
                "spec": {"type": "object", "properties": {"replicas": integer}},
                "status": {"type": "object", "properties": {"replicas": integer, "selector": {"type": "string"}}}}}}}]}}))
    .unwrap_or_else(|_| unreachable!("it has a version with a schema"))
}

/// Where the replicas are in objects of a version: `None` for a version that is not known, an empty path for one without
/// scale.
fn replicas<'d>(definition: &'d Definition, api_version: &str) -> Option<Vec<&'d str>> {
    let name = api_version.strip_prefix(&definition.group)?.strip_prefix('/')?;
    let version = definition.versions.iter().find(|v| v.name == name)?;
    let path = version.scale.as_ref().map_or("", |s| s.spec_replicas_path.as_str());
    Some(path.split('.').filter(|s| !s.is_empty()).collect())
}

/// Gives a Scale the managers of the object's replicas.
///
/// # Errors
/// Managed fields that cannot be read.
pub fn to_scale(definition: &Definition, parent: &Object, scale: &mut Object) -> Result<(), String> {
    let mut managed = Managed::read(parent.meta("managedFields"))?;
    managed.entries.retain(|e| replicas(definition, e.api_version).is_some_and(|path| e.set.has(&path)));
    for e in &mut managed.entries {
        e.api_version = SCALE_VERSION;
        e.change(|_| Set::of_path(&["spec", "replicas"]));
    }
    managed.write(scale);
    Ok(())
}

/// Gives the object, of that version of its definition, the managers that its Scale has now: whoever is no longer among
/// them loses the replicas, who is new among them gets an entry without a time.
///
/// # Errors
/// Managed fields that cannot be read.
pub fn to_parent(definition: &Definition, version: usize, scale: &Object, parent: &mut Object) -> Result<(), String> {
    let before = parent.metadata_mut().remove("managedFields");
    let mut managed = Managed::read(before.as_ref())?;
    let mut scaled = Managed::read(scale.meta("managedFields"))?.entries;
    scaled.retain(|e| e.set.has(&["spec", "replicas"]));
    managed.entries.retain_mut(|e| {
        let Some(path) = replicas(definition, e.api_version) else { return false };
        if path.is_empty() || !e.set.has(&path) {
            return true;
        }
        let same = |s: &Entry<'_>| (s.manager, s.apply, s.subresource) == (e.manager, e.apply, e.subresource);
        match scaled.iter().position(same) {
            Some(at) => drop(scaled.swap_remove(at)),
            None => e.change(|set| set.difference(&Set::of_path(&path))),
        }
        !e.set.is_empty()
    });
    let api_version = format!("{}/{}", definition.group, definition.versions[version].name);
    let path = replicas(definition, &api_version).unwrap_or_default();
    for e in scaled {
        managed.put(Entry { api_version: &api_version, time: None, set: Set::of_path(&path), written: None, ..e });
    }
    let mut out = Object::default();
    managed.write(&mut out);
    parent.set_meta("managedFields", out.meta("managedFields").cloned().unwrap_or(Value::Null));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replicas_change_hands_through_the_scale() {
        let definition =
            Definition::from_crd(&json!({"spec": {"group": "ex.io", "names": {"plural": "things", "kind": "Thing"},
            "versions": [{"name": "v1", "served": true, "storage": true,
                "subresources": {"scale": {"specReplicasPath": ".spec.count", "statusReplicasPath": ".status.count"}},
                "schema": {"openAPIV3Schema": {"type": "object"}}}]}}))
            .expect("a definition");
        let entry = |manager: &str, operation: &str, subresource: &str, version: &str, fields: Value| {
            json!({"manager": manager, "operation": operation, "apiVersion": version, "fieldsType": "FieldsV1",
                "subresource": subresource, "fieldsV1": fields})
        };
        let mut parent = Object::from_value(json!({"metadata": {"managedFields": [
            entry("main", "Apply", "", "ex.io/v1", json!({"f:spec": {"f:count": {}, "f:other": {}}})),
            entry("other", "Apply", "", "ex.io/v1", json!({"f:spec": {"f:other": {}}}))]}}))
        .expect("an object");
        let mut scale = Object::default();
        to_scale(&definition, &parent, &mut scale).expect("readable");
        let managers = scale.meta("managedFields").and_then(Value::as_array).expect("some").clone();
        assert_eq!(managers.len(), 1);
        assert_eq!(managers[0]["fieldsV1"], json!({"f:spec": {"f:replicas": {}}}));

        let taken = [entry("hpa", "Update", "scale", "autoscaling/v1", json!({"f:spec": {"f:replicas": {}}}))];
        scale.set_meta("managedFields", taken.to_vec());
        to_parent(&definition, 0, &scale, &mut parent).expect("readable");
        let fields: Vec<_> = parent
            .meta("managedFields")
            .and_then(Value::as_array)
            .expect("some")
            .iter()
            .map(|e| (e["manager"].clone(), e["fieldsV1"].clone()))
            .collect();
        assert_eq!(
            fields,
            [
                (json!("main"), json!({"f:spec": {"f:other": {}}})),
                (json!("other"), json!({"f:spec": {"f:other": {}}})),
                (json!("hpa"), json!({"f:spec": {"f:count": {}}})),
            ]
        );
    }
}
