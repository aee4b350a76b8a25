//! The first try: an image as one text, one port.

use crate::versions::WebsiteStatus;
use kubegraft::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

/// A website.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[kube(group = "web.example.com", version = "v1alpha1", kind = "Website", namespaced, status = "WebsiteStatus")]
#[kube(deprecated = "web.example.com/v1alpha1 Website is deprecated; use v1, which has all ports and how to update")]
#[kube(printcolumn(name = "Image", type_ = "string", json_path = ".spec.image"))]
pub struct WebsiteSpec {
    /// What runs.
    #[x_kube(pattern = "^[a-z0-9]+([._/:-][a-z0-9]+)*$")]
    pub image: String,
    /// Where it listens.
    #[x_kube(minimum = 1, maximum = 65535)]
    pub port: Option<u16>,
}
