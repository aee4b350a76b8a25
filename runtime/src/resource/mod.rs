//! What an API resource is called and what its metadata says: names, versions, objects, selectors. Nothing here knows a
//! schema, a store or HTTP.

pub mod codec;
pub mod conversion;
pub mod jsonpath;
pub mod names;
pub(crate) mod nested;
pub mod object;
pub mod selector;
pub mod validate;
pub mod version;

pub use names::{GroupKind, GroupResource, GroupVersion, GroupVersionKind};
pub use object::Object;
