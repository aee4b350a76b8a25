//! What discovery and OpenAPI tell of kinds, as definitions: for servers that have no definitions as objects. Columns, paths of
//! the scale subresource, deprecations and versions that are not served are told by neither.

use super::Failure;
use crate::api::discovery::{self, Served};
use crate::generate::openapi::{self, Published};
use crate::schema::Definition;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is told of the kinds of a group and version.
struct Told {
    group: String,
    version: String,
    /// The APIResourceList.
    resources: Value,
    /// The OpenAPI document, version 3.
    document: Value,
}

/// The definitions that a running server describes.
#[cfg(feature = "client")]
pub(super) async fn by(server: &super::remote::Remote) -> Result<Vec<Value>, Failure> {
    let groups = server.document("/apis").await?;
    let mut all = Vec::new();
    for versions in list(&groups, "groups").iter().map(|group| list(group, "versions")) {
        for at in versions.iter().map(|v| text(v, "groupVersion")) {
            let Some((group, version)) = at.split_once('/') else { continue };
            let resources = server.document(&format!("/apis/{at}")).await?;
            if list(&resources, "resources").iter().any(is_kind) {
                let document = server.document(&format!("/openapi/v3/apis/{at}")).await?;
                all.push(Told { group: group.to_owned(), version: version.to_owned(), resources, document });
            }
        }
    }
    Ok(definitions(&all))
}

/// Definitions as a server that serves them would describe them.
pub(super) fn as_if_served(crds: &[Value]) -> Result<Vec<Value>, Failure> {
    let mut all = Vec::new();
    for crd in crds {
        let definition = Definition::from_crd(crd).map_err(|errors| {
            let why: Vec<String> = errors.iter().map(ToString::to_string).collect();
            format!("{}: {}", text(&crd["metadata"], "name"), why.join("; "))
        })?;
        let served = [Served::new(Arc::new(definition))];
        let definition = &*served[0].definition;
        let published = [Published { definition, verbs: &["get", "list"] }];
        for version in definition.versions.iter().filter(|v| v.served) {
            let resources = discovery::api_resource_list(&served, &definition.group, &version.name);
            let document = openapi::v3(&published, &definition.group, &version.name);
            all.push(Told {
                group: definition.group.clone(),
                version: version.name.clone(),
                resources: resources.unwrap_or_default(),
                document: document.unwrap_or_default(),
            });
        }
    }
    Ok(definitions(&all))
}

fn definitions(all: &[Told]) -> Vec<Value> {
    let mut definitions: BTreeMap<String, Value> = BTreeMap::new();
    for told in all {
        for resource in list(&told.resources, "resources").iter().filter(|r| is_kind(r)) {
            let name = format!("{}.{}", text(resource, "name"), told.group);
            let definition = definitions.entry(name).or_insert_with_key(|name| told.definition(name, resource));
            if let Some(versions) = definition.pointer_mut("/spec/versions").and_then(Value::as_array_mut) {
                versions.push(told.version(resource));
            }
        }
    }
    definitions.into_values().collect()
}

impl Told {
    /// What is the same in all versions of a kind, without any.
    fn definition(&self, name: &str, resource: &Value) -> Value {
        let scope = if resource["namespaced"] == true { "Namespaced" } else { "Cluster" };
        let told = ["singularName", "name", "kind", "shortNames", "categories"];
        let names = ["singular", "plural", "kind", "shortNames", "categories"].into_iter().zip(told);
        let names: Map<String, Value> =
            names.filter_map(|(key, told)| Some((key.to_owned(), resource.get(told)?.clone()))).collect();
        json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": name},
            "spec": {"group": self.group, "scope": scope, "names": names, "versions": []}})
    }

    fn version(&self, resource: &Value) -> Value {
        let (plural, kind) = (text(resource, "name"), text(resource, "kind"));
        let has = |part: &&str| {
            list(&self.resources, "resources").iter().any(|r| text(r, "name") == format!("{plural}/{part}"))
        };
        let parts = ["status", "scale"].into_iter().filter(has).map(|part| (part.to_owned(), json!({})));
        let mut version = json!({
            "name": self.version,
            "served": true,
            "storage": text(resource, "storageVersionHash") == discovery::storage_hash(&self.group, &self.version, kind),
            "subresources": parts.collect::<Map<String, Value>>(),
        });
        if let Some(mut schema) = schema(self, kind) {
            schema.remove("x-kubernetes-group-version-kind");
            if let Some(fields) = schema.remove("x-kubernetes-selectable-fields") {
                version["selectableFields"] = fields;
            }
            version["schema"] = json!({"openAPIV3Schema": schema});
        }
        version
    }
}

/// A kind's schema, without what every object has.
fn schema(told: &Told, kind: &str) -> Option<Map<String, Value>> {
    let is =
        |v: &Value| text(v, "group") == told.group && text(v, "version") == told.version && text(v, "kind") == kind;
    let schemas = told.document.pointer("/components/schemas")?.as_object()?;
    let schema = schemas.values().find(|s| list(s, "x-kubernetes-group-version-kind").iter().any(is))?;
    let mut schema = schema.as_object()?.clone();
    if let Some(Value::Object(members)) = schema.get_mut("properties") {
        members.retain(|name, _| !["apiVersion", "kind", "metadata"].contains(&name.as_str()));
    }
    Some(schema)
}

/// Whether a resource is one of objects: neither a part of others nor a question.
fn is_kind(resource: &Value) -> bool {
    !text(resource, "name").contains('/') && list(resource, "verbs").iter().any(|verb| verb == "list")
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}
