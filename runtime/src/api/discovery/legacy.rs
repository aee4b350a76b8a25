//! Legacy discovery (wire contract 1.2).

use super::{Resource, Served, groups, resources, versions};
use serde_json::{Map, Value, json};

fn group_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

/// `/api`. `address` is what clients outside reach the server by, `host:port`.
pub fn api_versions(served: &[Served], address: &str) -> Value {
    json!({
        "kind": "APIVersions",
        "versions": versions(served, ""),
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}],
    })
}

fn group_entry(served: &[Served], group: &str) -> Option<Map<String, Value>> {
    let names = versions(served, group);
    let entry = |v: &&str| json!({"groupVersion": group_version(group, v), "version": v});
    let list: Vec<Value> = names.iter().map(entry).collect();
    let mut out = Map::new();
    out.insert("name".into(), group.into());
    out.insert("preferredVersion".into(), list.first()?.clone());
    out.insert("versions".into(), list.into());
    Some(out)
}

/// `/apis`. The core group is not in it.
pub fn api_group_list(served: &[Served]) -> Value {
    let groups: Vec<Value> = groups(served)
        .into_iter()
        .filter(|g| !g.is_empty())
        .filter_map(|g| group_entry(served, g).map(Value::Object))
        .collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

/// `/apis/GROUP`; `None` for a group that is not served.
pub fn api_group(served: &[Served], group: &str) -> Option<Value> {
    let mut entry = group_entry(served, group)?;
    entry.insert("kind".into(), "APIGroup".into());
    entry.insert("apiVersion".into(), "v1".into());
    Some(Value::Object(entry))
}

/// `/apis/GROUP/VERSION` and `/api/v1`; `None` for one that is not served.
pub fn api_resource_list(served: &[Served], group: &str, version: &str) -> Option<Value> {
    let list = resources(served, group, version);
    if list.is_empty() {
        return None;
    }
    let entries: Vec<Value> = list.iter().flat_map(entries).collect();
    let mut out =
        json!({"kind": "APIResourceList", "groupVersion": group_version(group, version), "resources": entries});
    // Upstream leaves apiVersion out of the core group's list, which has always been so.
    if let Some(o) = out.as_object_mut().filter(|_| !group.is_empty()) {
        o.insert("apiVersion".into(), "v1".into());
    }
    Some(out)
}

fn entries(r: &Resource<'_>) -> Vec<Value> {
    let names = &r.served.definition.names;
    let mut main = json!({
        "name": names.plural,
        "singularName": names.singular,
        "namespaced": r.namespaced(),
        "kind": names.kind,
        "verbs": r.verbs(),
    });
    if let Some(o) = main.as_object_mut() {
        for (key, list) in [("shortNames", &names.short_names), ("categories", &names.categories)] {
            if !list.is_empty() {
                o.insert(key.into(), list.clone().into());
            }
        }
        o.extend(r.storage_hash().map(|h| ("storageVersionHash".to_owned(), h.into())));
    }
    let mut out = vec![main];
    for sub in r.subresources() {
        let kind = sub.answers.map_or(names.kind.as_str(), |(_, _, kind)| kind);
        let mut entry = json!({
            "name": format!("{}/{}", names.plural, sub.name),
            "singularName": "",
            "namespaced": r.namespaced(),
            "kind": kind,
            "verbs": sub.verbs,
        });
        if let (Some(o), Some((group, version, _))) = (entry.as_object_mut(), sub.answers) {
            o.insert("group".into(), group.into());
            o.insert("version".into(), version.into());
        }
        out.push(entry);
    }
    out
}
