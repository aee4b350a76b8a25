//! A kind that has grown up: three versions, each a struct of its own, served together. One file per version; `convert` says
//! what becomes of one in its neighbour. Objects are stored as v1.

mod convert;
pub mod v1;
pub mod v1alpha1;
pub mod v1beta1;

#[cfg(test)]
mod tests;

use kubegraft::{KubeSchema, Versions};
use serde::{Deserialize, Serialize};

/// What has become of a website, the same in all versions.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
pub struct WebsiteStatus {
    /// Where it answers.
    pub url: Option<String>,
}

/// All versions of Website, oldest first.
pub fn websites() -> Versions<v1::Website> {
    Versions::oldest::<v1alpha1::Website>().then_spec::<v1beta1::Website>().then_spec::<v1::Website>()
}
