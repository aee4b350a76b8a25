//! The examples with our derives.

mod imports {
    pub(super) use kubegraft::{CustomResource, KubeSchema};
    pub(super) use schemars::JsonSchema;
}

#[path = "source.rs"]
pub(super) mod source;
