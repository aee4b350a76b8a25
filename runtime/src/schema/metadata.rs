//! Coercion of ObjectMeta at the root and in embedded resources (apiextensions `schema/objectmeta`).

use super::node::Node;
use serde_json::Value;

/// See [`super::Schema::coerce_metadata`].
pub(super) fn coerce(
    _object: &mut Value,
    _node: &Node,
    _drop_malformed: bool,
    _report: Option<&mut Vec<String>>,
) -> Result<(), String> {
    Ok(())
}
