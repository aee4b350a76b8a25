//! Server-side apply and field management: who owns which fields of an object, and the merge that follows from it
//! (sigs.k8s.io/structured-merge-diff, M/util/managedfields). Pure functions over values and schemas.
//!
//! `set` is the sets of fields, `typed` walks values by their schema, `managed` is `metadata.managedFields`, `manager`
//! ties them together for the verbs.

mod managed;
mod manager;
mod set;
mod typed;

pub use manager::{Applied, ApplyError, FieldManager, Writer, manager_name};
pub use set::Set;
