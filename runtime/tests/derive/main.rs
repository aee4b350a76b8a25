//! What the derives make: schemas of every form that serde has, and definitions like those of kube's own derive.
#![recursion_limit = "256"]
#![allow(dead_code, missing_docs, clippy::unwrap_used)]

mod resource;
mod serde_forms;
