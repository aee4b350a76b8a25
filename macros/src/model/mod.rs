//! What was written, checked: types as serde reads them, resources as Kubernetes takes them.

mod apply;
mod case;
mod container;
pub(crate) mod leads;
mod names;
pub(crate) mod paths;
mod resource;
mod rules;
pub(crate) mod values;
mod versioned;

pub(crate) use apply::{
    Apply, ApplyBody, ApplyField, ApplyForm, ApplyVariant, LISTS, MAPS, Setter, configuration, is_plain,
};
pub(crate) use case::snake;
pub(crate) use container::{Body, Container, Field, Form, Tagging, Variant, arguments, inside, unraw};
pub(crate) use resource::Resource;
pub(crate) use versioned::{
    Data as VersionedData, Fallback, Field as VersionedField, Fields as VersionedFields, Kind as VersionedKind, Life,
    Type as VersionedType, Variant as VersionedVariant, Versioned,
};
