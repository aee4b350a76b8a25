//! The examples with kube's derives.

mod imports {
    pub(super) use kube::{CustomResource, KubeSchema};
    pub(super) use schemars::JsonSchema;
}

#[path = "source.rs"]
pub(super) mod source;
