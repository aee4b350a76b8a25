//! The examples with our derives.

mod imports {
    pub(super) use kubegraft::{CustomResource, KubeSchema};
    pub(super) use schemars::JsonSchema;
}

/// `cel` makes functions that validate.
macro_rules! cel {
    ($example:ident) => {
        $example!(cel,);
    };
}

#[path = "source.rs"]
pub(super) mod source;
