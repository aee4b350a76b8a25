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
