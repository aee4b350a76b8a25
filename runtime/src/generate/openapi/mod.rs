//! OpenAPI documents of served kinds (wire contract 1.5-1.7): version 3 per group and version, version 2 over all of them, and
//! the protobuf form of both. Shape and words are those of a kube-apiserver, since clients look for them: kubectl finds an
//! explanation by group-version-kind, chooses a patch by the listed content types, and trusts server-side validation where
//! `fieldValidation` is a parameter. When a document is made anew, and how it is cached, is `api`'s.

mod discovery;
mod operations;
pub mod protobuf;
mod schema;
mod shared;

pub use discovery::Root;

use crate::schema::{Definition, Version};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Which OpenAPI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flavour {
    V2,
    V3,
}

/// A kind that documents describe.
#[derive(Clone, Copy, Debug)]
pub struct Published<'a> {
    /// The kind.
    pub definition: &'a Definition,
    /// What can be done with its main resource, in discovery's words.
    pub verbs: &'a [&'a str],
}

/// One served version of a kind.
#[derive(Clone, Copy)]
struct Kind<'a> {
    published: Published<'a>,
    version: &'a Version,
}

impl<'a> Published<'a> {
    fn at(self, version: &str) -> Option<Kind<'a>> {
        let version = self.definition.version(version).filter(|v| v.served)?;
        Some(Kind { published: self, version })
    }
}

impl<'a> Kind<'a> {
    fn definition(&self) -> &'a Definition {
        self.published.definition
    }

    /// The name of a component: reversed group, version, kind; of compiled-in kinds the path of their Go package.
    fn model(&self, kind: &str) -> String {
        let (group, version) = (&self.definition().group, &self.version.name);
        match shared::package(group) {
            Some(package) => format!("{package}.{version}.{kind}"),
            None => {
                let parts: Vec<&str> = group.rsplit('.').collect();
                format!("{}.{version}.{kind}", parts.join("."))
            }
        }
    }

    fn is_builtin(&self) -> bool {
        shared::package(&self.definition().group).is_some()
    }

    fn can(&self, verb: &str) -> bool {
        self.published.verbs.contains(&verb)
    }

    fn gvk(&self, kind: &str) -> Value {
        json!({"group": self.definition().group, "version": self.version.name, "kind": kind})
    }
}

/// The version 3 document of a group and version; `None` when nothing is served in it.
pub fn v3(published: &[Published<'_>], group: &str, version: &str) -> Option<Value> {
    let mine = published.iter().filter(|p| p.definition.group == group);
    let kinds: Vec<Kind<'_>> = mine.filter_map(|p| p.at(version)).collect();
    let first = kinds.first()?;
    // What upstream compiles in and what comes from definitions is published by two builders.
    let info = if first.is_builtin() {
        json!({"title": "Kubernetes", "version": "unversioned"})
    } else {
        json!({"title": "Kubernetes CRD Swagger", "version": "v0.1.0"})
    };
    let (paths, schemas) = parts(&kinds, Flavour::V3);
    Some(json!({"openapi": "3.0.0", "info": info, "paths": paths, "components": {"schemas": schemas}}))
}

/// The version 2 document of everything that is served; `server` is the version it says.
pub fn v2(published: &[Published<'_>], server: &str) -> Value {
    let versions = published.iter().flat_map(|p| p.definition.versions.iter().map(|v| (*p, v.name.as_str())));
    let kinds: Vec<Kind<'_>> = versions.filter_map(|(p, v)| p.at(v)).collect();
    let (mut paths, mut definitions) = parts(&kinds, Flavour::V2);
    paths.extend(Root::all(groups(published).into_iter()).iter().map(|root| root.path(Flavour::V2)));
    shared::close(&paths, &mut definitions, Flavour::V2);
    json!({"swagger": "2.0", "info": {"title": "Kubernetes", "version": server}, "paths": paths, "definitions": definitions})
}

/// The groups of these kinds, each once.
fn groups<'a>(published: &[Published<'a>]) -> BTreeSet<&'a str> {
    published.iter().map(|p| p.definition.group.as_str()).collect()
}

/// Paths, and schemas with all that they and the paths refer to.
fn parts(kinds: &[Kind<'_>], flavour: Flavour) -> (Map<String, Value>, Map<String, Value>) {
    let (mut paths, mut schemas) = (Map::new(), Map::new());
    for kind in kinds {
        paths.extend(operations::paths(kind, flavour));
        if kind.is_builtin() {
            paths.extend([discovery::resources(&kind.definition().group, &kind.version.name, flavour)]);
        } else {
            let names = &kind.definition().names;
            schemas.insert(kind.model(&names.kind), schema::kind(kind, flavour));
            schemas.insert(kind.model(&names.list_kind), schema::list(kind, flavour));
        }
    }
    shared::close(&paths, &mut schemas, flavour);
    (paths, schemas)
}

fn reference(model: &str, flavour: Flavour) -> Value {
    match flavour {
        Flavour::V2 => json!({"$ref": format!("#/definitions/{model}")}),
        Flavour::V3 => json!({"$ref": format!("#/components/schemas/{model}")}),
    }
}

#[cfg(test)]
mod tests;
