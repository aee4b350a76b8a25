//! Patches as pure functions: a value and a patch in, a value out. Which patch a request may send, and what happens to the
//! result, is `verbs`'.

pub mod apply;
pub mod json;
pub mod merge;
pub mod strategic;
