//! What the derives make: schemas of every form that serde has, and definitions like those of kube's own derive.
#![allow(dead_code, missing_docs, unreachable_pub, clippy::unwrap_used)]
#![recursion_limit = "256"]

mod apply;
mod foreign;
mod forms;
mod resource;
mod types;
