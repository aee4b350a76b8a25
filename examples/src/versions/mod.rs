//! A kind that has grown up: three versions, written once. What differs between them stands where it differs; `convert` has
//! what cannot be told from names and types. Objects are stored as v1. `apart` has the same versions as structs of their own.

mod convert;
#[cfg(test)]
mod tests;

pub use website::{v1, v1alpha1, v1beta1};

use kubegraft::{KubeSchema, Versions};
use serde::{Deserialize, Serialize};

/// What has become of a website, the same in all versions.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
pub struct WebsiteStatus {
    /// Where it answers.
    pub url: Option<String>,
}

/// All versions of Website.
pub fn websites() -> Versions<v1::Website> {
    v1::Website::versions()
}

/// The types of all versions: each version is a module in this one.
#[kubegraft::versioned(
    version(
        name = "v1alpha1",
        deprecated = "web.example.com/v1alpha1 Website is deprecated; use v1, which has all ports and how to update"
    ),
    version(name = "v1beta1"),
    version(name = "v1", storage)
)]
pub mod website {
    use super::{WebsiteStatus, convert};
    use kubegraft::{CustomResource, KubeSchema};
    use serde::{Deserialize, Serialize};

    /// A website.
    #[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
    #[kube(group = "web.example.com", kind = "Website", namespaced, status = "WebsiteStatus")]
    #[versioned(
        attr(before = "v1beta1", kube(printcolumn(name = "Image", type_ = "string", json_path = ".spec.image"))),
        attr(since = "v1beta1", kube(printcolumn(name = "Image", type_ = "string", json_path = ".spec.image.name"))),
        attr(since = "v1", kube(selectable = ".spec.update"))
    )]
    pub struct WebsiteSpec {
        /// What runs.
        #[versioned(
            changed(
                since = "v1beta1",
                from_type = "String",
                upgrade_with = convert::name_and_tag,
                downgrade_with = convert::one_text
            ),
            attr(before = "v1beta1", x_kube(pattern = "^[a-z0-9]+([._/:-][a-z0-9]+)*$"))
        )]
        pub image: Image,
        /// Where it listens.
        #[versioned(removed(since = "v1beta1", downgrade_with = convert::first))]
        #[x_kube(minimum = 1, maximum = 65535)]
        pub port: Option<u16>,
        /// Where it listens.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[x_kube(max_items = 16)]
        #[versioned(
            added(since = "v1beta1", upgrade_with = convert::only),
            changed(
                since = "v1",
                from_type = "Vec<PortNumber>",
                upgrade_with = convert::named,
                downgrade_with = convert::numbers
            ),
            attr(before = "v1", x_kube(list_type = "set")),
            attr(since = "v1", x_kube(list_type = "map", list_map_keys("name")))
        )]
        pub ports: Vec<Port>,
        /// How an update goes.
        #[serde(default)]
        #[versioned(
            added(since = "v1beta1"),
            changed(
                since = "v1",
                from_name = "recreate",
                from_type = "bool",
                upgrade_with = convert::way,
                downgrade_with = convert::starts_anew
            )
        )]
        pub update: Update,
    }

    /// An image of a registry.
    #[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
    #[versioned(added(since = "v1beta1"))]
    pub struct Image {
        /// `nginx`, `registry.example.com:5000/shop`
        #[x_kube(pattern = "^[a-z0-9]+([._/:-][a-z0-9]+)*$")]
        pub name: String,
        /// The newest where there is none.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[x_kube(pattern = "^[a-z0-9]+([._-][a-z0-9]+)*$")]
        pub tag: Option<String>,
    }

    /// A port number.
    #[derive(KubeSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
    #[serde(transparent)]
    #[versioned(added(since = "v1beta1"), removed(since = "v1"))]
    pub struct PortNumber(#[x_kube(minimum = 1, maximum = 65535)] pub u16);

    /// A port that has a name.
    #[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
    #[versioned(added(since = "v1"))]
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
    #[versioned(added(since = "v1"))]
    pub enum Update {
        /// Stop, then start.
        Recreate,
        /// One after the other.
        #[default]
        Rolling,
        /// A few first, the others when those do well. No version before could say so.
        Canary,
    }
}
