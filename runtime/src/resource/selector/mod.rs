//! Label and field selectors: Kubernetes' grammar, messages and matching.

pub mod field;
pub mod label;

pub use field::FieldSelector;
pub use label::LabelSelector;
