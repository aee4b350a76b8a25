//! Validation of objects: OpenAPI keywords, Kubernetes list types and embedded resources, expression rules, ratcheting.

use super::node::Node;
use crate::status::field::FieldError;
use serde_json::Value;

/// What validation found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Refuse the request with these.
    pub errors: Vec<FieldError>,
    /// Texts for Warning headers.
    pub warnings: Vec<String>,
}

/// See [`super::Schema::validate`].
pub(super) fn validate(_node: &Node, _new: &Value, _old: Option<&Value>) -> Outcome {
    Outcome::default()
}
