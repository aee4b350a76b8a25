//! The examples with kube's derives.

mod imports {
    pub(super) use kube::{CustomResource, KubeSchema};
    pub(super) use schemars::JsonSchema;
}

/// `cel` needs a feature of kube, which changes no definition.
macro_rules! cel {
    ($example:ident) => {
        $example!();
    };
}

#[path = "source.rs"]
pub(super) mod source;
