//! The stored one: ports have names, and there are three ways to update.

pub use super::v1beta1::Image;
use crate::versions::WebsiteStatus;
use kubegraft::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

/// A website.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[kube(group = "web.example.com", version = "v1", kind = "Website", namespaced, status = "WebsiteStatus")]
#[kube(printcolumn(name = "Image", type_ = "string", json_path = ".spec.image.name"))]
#[kube(selectable = ".spec.update")]
pub struct WebsiteSpec {
    /// What runs.
    pub image: Image,
    /// Where it listens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(list_type = "map", list_map_keys("name"), max_items = 16)]
    pub ports: Vec<Port>,
    /// How an update goes.
    #[serde(default)]
    pub update: Update,
}

/// A port that has a name.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Port {
    /// What it is for.
    #[x_kube(pattern = "^[a-z0-9-]+$", max_length = 30)]
    pub name: String,
    /// Its number.
    #[x_kube(minimum = 1, maximum = 65535)]
    pub port: u16,
}

/// How a new image takes the place of the old one.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Update {
    /// Stop, then start.
    Recreate,
    /// One after the other.
    #[default]
    Rolling,
    /// A few first, the others when those do well. No version before could say so.
    Canary,
}
