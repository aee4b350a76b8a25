//! Discovery documents as pure functions of the served definitions: the legacy ones per group and version, and the
//! aggregated one. Which form a request wants, and encoding it, is `api`'s.

mod aggregated;
mod legacy;

pub use aggregated::Aggregated;
pub use legacy::{api_group, api_group_list, api_resource_list, api_versions};

use crate::resource::version::by_priority;
use crate::schema::{Definition, Scope, Version};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// A definition that the engine serves.
#[derive(Clone, Debug)]
pub struct Served {
    /// What is served.
    pub definition: Arc<Definition>,
    /// Whether its CRD is being deleted: then objects can be read and deleted only.
    pub terminating: bool,
}

impl Served {
    /// Served in full.
    pub fn new(definition: Arc<Definition>) -> Self {
        Self { definition, terminating: false }
    }

    /// What can be done with the main resource, in the order upstream emits it (D16); of a terminating kind less (D17).
    pub fn verbs(&self) -> &'static [&'static str] {
        if self.is_namespace() {
            &["create", "delete", "get", "list", "patch", "update", "watch"]
        } else if self.definition.storage_version().is_none() {
            &["create"]
        } else if self.is_builtin() {
            &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
        } else {
            &["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"]
        }
    }

    /// Kinds that upstream compiles in are described a little differently.
    fn is_builtin(&self) -> bool {
        matches!(self.definition.group.as_str(), "" | "apiextensions.k8s.io")
    }

    fn is_namespace(&self) -> bool {
        self.definition.group.is_empty() && self.definition.names.plural == "namespaces"
    }
}

/// One resource of one version, or a subresource, in the terms of both forms of discovery.
struct Resource<'a> {
    served: &'a Served,
    version: &'a Version,
}

struct Subresource {
    name: &'static str,
    /// Group, version and kind of the answers where they are not those of the resource.
    answers: Option<(&'static str, &'static str, &'static str)>,
    verbs: &'static [&'static str],
}

impl Resource<'_> {
    fn verbs(&self) -> &'static [&'static str] {
        if self.served.terminating {
            &["delete", "deletecollection", "get", "list", "watch"]
        } else {
            self.served.verbs()
        }
    }

    fn subresources(&self) -> Vec<Subresource> {
        let verbs: &'static [&'static str] = &["get", "patch", "update"];
        let mut out = Vec::new();
        if self.served.is_namespace() {
            out.push(Subresource { name: "finalize", answers: None, verbs: &["update"] });
        }
        if self.version.status {
            out.push(Subresource { name: "status", answers: None, verbs });
        }
        if self.version.scale.is_some() {
            out.push(Subresource { name: "scale", answers: Some(("autoscaling", "v1", "Scale")), verbs });
        }
        out
    }

    fn namespaced(&self) -> bool {
        self.served.definition.scope == Scope::Namespaced
    }

    fn storage_hash(&self) -> Option<String> {
        let d = &self.served.definition;
        Some(storage_hash(&d.group, &d.storage_version()?.name, &d.names.kind))
    }
}

/// What discovery names a storage version by: the first 8 bytes of SHA-256 over `group/version/kind` (D18).
pub fn storage_hash(group: &str, version: &str, kind: &str) -> String {
    BASE64_STANDARD.encode(&Sha256::digest(format!("{group}/{version}/{kind}"))[..8])
}

/// The groups that are served, in the order of discovery: core, then by name.
fn groups(served: &[Served]) -> Vec<&str> {
    let live = served.iter().filter(|s| s.definition.versions.iter().any(|v| v.served));
    let mut groups: Vec<&str> = live.map(|s| s.definition.group.as_str()).collect();
    groups.sort_unstable_by_key(|g| (rank(g), *g));
    groups.dedup();
    groups
}

/// Upstream's group priorities as far as they concern the groups compiled in, which come before all others.
fn rank(group: &str) -> u8 {
    match group {
        "" => 0,
        "authentication.k8s.io" => 1,
        "authorization.k8s.io" => 2,
        "apiextensions.k8s.io" => 3,
        _ => 4,
    }
}

/// Names of a group's served versions, the preferred one first.
pub fn versions<'a>(served: &'a [Served], group: &str) -> Vec<&'a str> {
    let mine = served.iter().filter(|s| s.definition.group == group);
    let mut names: Vec<&str> =
        mine.flat_map(|s| s.definition.versions.iter().filter(|v| v.served).map(|v| v.name.as_str())).collect();
    names.sort_unstable_by(|a, b| by_priority(a, b));
    names.dedup();
    names
}

/// The resources of a group and version, by name.
fn resources<'a>(served: &'a [Served], group: &str, version: &str) -> Vec<Resource<'a>> {
    let mut out: Vec<Resource<'a>> = served
        .iter()
        .filter(|s| s.definition.group == group)
        .filter_map(|s| {
            let version = s.definition.version(version).filter(|v| v.served)?;
            Some(Resource { served: s, version })
        })
        .collect();
    out.sort_by(|a, b| a.served.definition.names.plural.cmp(&b.served.definition.names.plural));
    out
}

#[cfg(test)]
mod tests;
