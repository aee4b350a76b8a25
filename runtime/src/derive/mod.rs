//! What derived code stands on: builders of JSON schemas with serde's meaning, their lowering to structural schemas, and the
//! CustomResourceDefinition of a type. The derive itself is the macros crate's; what a schema means is `schema`'s.

mod apply;
mod build;
mod check;
mod crd;
mod lists;
mod probe;
mod shape;
mod structural;

pub use apply::{Apply, MetadataApply, has_configuration};
pub use build::{Branches, HasSchema, Object, Property, subschema, tuple, unit};
pub use check::{Invalid, ValidateExt, check_definition, validate, validate_value};
pub use crd::{Column, Declared, Descriptions, Scale, root_schema, schema_value, structural_schema};
pub use probe::{Default, ViaNothing, ViaSerialize};
pub use shape::{
    AnyFields, Depth, Field, Fields, Form, Shape, ShapeOf, Step, Top, Wanted, default_fits, does_not_contain_itself,
    field_path_leads, key_is_field, path_leads,
};

use schemars::{Schema, SchemaGenerator};

/// What a derived `json_schema` returns: plain JSON schema for a generator that keeps references, which the definition lowers
/// as a whole; structural at once for one that inlines, as kube's own derive does.
pub fn finish(generator: &SchemaGenerator, schema: Schema) -> Schema {
    if !generator.settings().inline_subschemas {
        return schema;
    }
    let lowered = structural::lower(&schema.to_value(), generator.definitions());
    Schema::from(lowered.schema)
}
