//! What the documents say of discovery and of `/version`: version 3 has a document of its own for each root, and one per
//! group that is compiled in; a compiled-in group's version lists itself among its paths (A/endpoints/discovery, KO/builder3).

use super::shared::{self, meta};
use super::{Flavour, reference};
use serde_json::{Map, Value, json};

/// A document that describes no kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Root {
    /// `/api`
    Core,
    /// `/apis`
    Groups,
    /// `/apis/GROUP`, of a group that is compiled in.
    Group(String),
    /// `/version`
    Version,
}

impl Root {
    /// The roots of a server of these groups. Those that come from definitions have no document of the group, as upstream's.
    pub fn all<'a>(groups: impl Iterator<Item = &'a str>) -> Vec<Self> {
        let mut out = vec![Self::Core, Self::Groups, Self::Version];
        let builtin = groups.filter(|g| !g.is_empty() && shared::package(g).is_some());
        out.extend(builtin.map(|g| Self::Group(g.to_owned())));
        out
    }

    /// Its key in the index.
    pub fn key(&self) -> String {
        match self {
            Self::Core => "api".into(),
            Self::Groups => "apis".into(),
            Self::Group(group) => format!("apis/{group}"),
            Self::Version => "version".into(),
        }
    }

    /// Its version 3 document.
    pub fn v3(&self) -> Value {
        let (paths, mut schemas) = (Map::from_iter([self.path(Flavour::V3)]), Map::new());
        shared::close(&paths, &mut schemas, Flavour::V3);
        let info = json!({"title": "Kubernetes", "version": "unversioned"});
        json!({"openapi": "3.0.0", "info": info, "paths": paths, "components": {"schemas": schemas}})
    }

    /// Its path with what is there.
    pub(super) fn path(&self, flavour: Flavour) -> (String, Value) {
        let versions = "get available API versions";
        let (id, tag, description, answer): (String, &str, &str, String) = match self {
            Self::Core => ("getCoreAPIVersions".into(), "core", versions, meta("APIVersions")),
            Self::Groups => ("getAPIVersions".into(), "apis", versions, meta("APIGroupList")),
            Self::Group(group) => {
                let short = short(group);
                let id = format!("get{}APIGroup", super::operations::identifier(short, true));
                (id, short, "get information of a group", meta("APIGroup"))
            }
            Self::Version => {
                let words = "get the version information for this server";
                ("getCodeVersion".into(), "version", words, "io.k8s.apimachinery.pkg.version.Info".into())
            }
        };
        (format!("/{}/", self.key()), get(&id, tag, description, &answer, *self != Self::Version, flavour))
    }
}

fn short(group: &str) -> &str {
    if group.is_empty() { "core" } else { group.strip_suffix(".k8s.io").unwrap_or(group) }
}

/// The path of a compiled-in group's version itself, which lists its resources.
pub(super) fn resources(group: &str, version: &str, flavour: Flavour) -> (String, Value) {
    use super::operations::identifier;
    let path = if group.is_empty() { format!("/api/{version}/") } else { format!("/apis/{group}/{version}/") };
    let short = short(group);
    let id = format!("get{}{}APIResources", identifier(short, true), identifier(version, true));
    let tag = format!("{}_{}", identifier(short, false), identifier(version, false));
    (path, get(&id, &tag, "get available resources", &meta("APIResourceList"), true, flavour))
}

fn get(id: &str, tag: &str, description: &str, answer: &str, negotiated: bool, flavour: Flavour) -> Value {
    let all = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];
    let media = if negotiated { &all[..] } else { &all[..1] };
    let schema = reference(answer, flavour);
    let mut out = json!({"description": description, "operationId": id, "tags": [tag]});
    let ok = match flavour {
        Flavour::V3 => json!({"description": "OK", "content": super::operations::content(media, &schema)}),
        Flavour::V2 => {
            out["consumes"] = json!(media);
            out["produces"] = json!(media);
            out["schemes"] = json!(["https"]);
            json!({"description": "OK", "schema": schema})
        }
    };
    out["responses"] = json!({"200": ok, "401": {"description": "Unauthorized"}});
    json!({"get": out})
}
