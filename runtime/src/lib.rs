//! Kubegraft: extend the Kubernetes API in Rust.
//!
//! This page only names the rooms; ARCHITECTURE.md has the map and the rule that layers look down only.

// Layer 0
pub mod resource;
pub mod status;
// Layer 1
pub mod schema;
// Layer 2
#[cfg(feature = "server")]
pub mod access;
#[cfg(feature = "server")]
pub mod admission;
#[doc(hidden)]
pub mod derive;
pub mod patch;
#[cfg(feature = "server")]
pub mod storage;
// Layer 3
pub mod generate;
#[cfg(feature = "server")]
pub mod verbs;
// Layer 4
#[cfg(feature = "server")]
pub mod api;
// Layer 5
#[cfg(feature = "server")]
pub mod server;
// Layer 6
#[cfg(feature = "server")]
pub mod cli;
#[cfg(feature = "testing")]
pub mod testing;

#[cfg(feature = "server")]
pub use cli::App;
pub use generate::Versions;

pub use schema::lint;

pub use derive::{Apply, Invalid, MetadataApply, ValidateExt, check_definition, structural_schema};
pub use kubegraft_macros::{CustomResource, KubeSchema, Resource, versioned};

/// What generated code names, and nobody else: with it a user needs none of these crates, nor matching versions of them.
#[doc(hidden)]
pub mod __private {
    pub use crate::__round_trip as round_trip;
    pub use crate::derive;
    pub use {k8s_openapi, kube_core, schemars, serde, serde_json};

    /// What generated conversions name.
    pub mod conversion {
        pub use crate::generate::Versions;
        pub use crate::resource::conversion::{Container, Keyed, Misfit, Outcome, step};
    }
}

/// The body of a generated test: nothing is lost between these versions.
#[cfg(feature = "testing")]
#[doc(hidden)]
#[macro_export]
macro_rules! __round_trip {
    ($versions:expr) => {
        if let ::core::result::Result::Err(__e) = $crate::testing::round_trip($versions) {
            ::core::panic!("{}", __e);
        }
    };
}

/// Such a test without what it needs.
#[cfg(not(feature = "testing"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __round_trip {
    ($versions:expr) => {
        ::core::compile_error!(
            "the test that no version loses anything needs the feature `testing` of kubegraft among dev-dependencies; \
             or leave it out: `#[versioned(..., test = false)]`"
        )
    };
}

// The attribute reference: its examples are run with the other examples of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../../docs/reference/attributes.md")]
pub mod attribute_reference {}

// The reference and the guide of versions likewise.
#[cfg(doctest)]
#[doc = include_str!("../../docs/reference/versioned.md")]
pub mod versioned_reference {}

#[cfg(all(doctest, feature = "server"))]
#[doc = include_str!("../../docs/versions.md")]
pub mod versions_guide {}

// The guide to the derives, run likewise.
#[cfg(doctest)]
#[doc = include_str!("../../docs/macros.md")]
pub mod macros_guide {}
