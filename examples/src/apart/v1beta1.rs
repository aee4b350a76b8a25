//! The second: name and tag apart, any number of ports, and whether an update starts anew.

use crate::versions::WebsiteStatus;
use kubegraft::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

/// A website.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[kube(group = "web.example.com", version = "v1beta1", kind = "Website", namespaced, status = "WebsiteStatus")]
#[kube(printcolumn(name = "Image", type_ = "string", json_path = ".spec.image.name"))]
pub struct WebsiteSpec {
    /// What runs.
    pub image: Image,
    /// Where it listens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(list_type = "set", max_items = 16)]
    pub ports: Vec<PortNumber>,
    /// How an update goes.
    #[serde(default)]
    pub recreate: bool,
}

/// A port number.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(transparent)]
pub struct PortNumber(#[x_kube(minimum = 1, maximum = 65535)] pub u16);

/// An image of a registry.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Image {
    /// `nginx`, `registry.example.com:5000/shop`
    #[x_kube(pattern = "^[a-z0-9]+([._/:-][a-z0-9]+)*$")]
    pub name: String,
    /// The newest where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[x_kube(pattern = "^[a-z0-9]+([._-][a-z0-9]+)*$")]
    pub tag: Option<String>,
}
