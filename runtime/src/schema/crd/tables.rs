//! CustomResourceDefinition as upstream's structs read it (X/apis/apiextensions/v1/types.go and types_jsonschema.go): which
//! members there are, their types, and what becomes of empty ones. Decoding is `schema::typed`'s.

use crate::schema::typed::{Empty, Struct, Type};

const STR: Type = Type::Str("string");
static STRING: Type = STR;
const STRINGS: Type = Type::List(&STRING, "[]string");
static ANY: Type = Type::Any;
static SCHEMA_TYPE: Type = Type::Struct(&SCHEMA);
static DEPENDENCY: Type = Type::OrStrings(&SCHEMA);
static RULE_TYPE: Type = Type::Struct(&RULE);
static VERSION_TYPE: Type = Type::Struct(&VERSION);
static COLUMN_TYPE: Type = Type::Struct(&COLUMN);
static SELECTABLE_TYPE: Type = Type::Struct(&SELECTABLE);
static CONDITION_TYPE: Type = Type::Struct(&CONDITION);

/// The whole object; its metadata is typed before.
pub(super) static DEFINITION: Struct = Struct {
    name: "v1.CustomResourceDefinition",
    fields: &[
        ("apiVersion", STR, Empty::Omit),
        ("kind", STR, Empty::Omit),
        ("metadata", Type::Any, Empty::Omit),
        ("spec", Type::Struct(&SPEC), Empty::Keep),
        ("status", Type::Struct(&STATUS), Empty::Keep),
    ],
};

static SPEC: Struct = Struct {
    name: "v1.CustomResourceDefinitionSpec",
    fields: &[
        ("conversion", Type::Struct(&CONVERSION), Empty::Null),
        ("group", STR, Empty::Keep),
        ("names", Type::Struct(&NAMES), Empty::Keep),
        ("preserveUnknownFields", Type::Bool, Empty::Omit),
        ("scope", Type::Str("v1.ResourceScope"), Empty::Keep),
        ("versions", Type::List(&VERSION_TYPE, "[]v1.CustomResourceDefinitionVersion"), Empty::Keep),
    ],
};

static NAMES: Struct = Struct {
    name: "v1.CustomResourceDefinitionNames",
    fields: &[
        ("categories", STRINGS, Empty::Omit),
        ("kind", STR, Empty::Keep),
        ("listKind", STR, Empty::Omit),
        ("plural", STR, Empty::Keep),
        ("shortNames", STRINGS, Empty::Omit),
        ("singular", STR, Empty::Omit),
    ],
};

static CONVERSION: Struct = Struct {
    name: "v1.CustomResourceConversion",
    fields: &[
        ("strategy", Type::Str("v1.ConversionStrategyType"), Empty::Keep),
        ("webhook", Type::Struct(&WEBHOOK), Empty::Null),
    ],
};

static WEBHOOK: Struct = Struct {
    name: "v1.WebhookConversion",
    fields: &[("clientConfig", Type::Struct(&CLIENT), Empty::Null), ("conversionReviewVersions", STRINGS, Empty::Keep)],
};

static CLIENT: Struct = Struct {
    name: "v1.WebhookClientConfig",
    fields: &[
        ("caBundle", Type::Bytes, Empty::Omit),
        ("service", Type::Struct(&SERVICE), Empty::Null),
        ("url", STR, Empty::Null),
    ],
};

static SERVICE: Struct = Struct {
    name: "v1.ServiceReference",
    fields: &[
        ("name", STR, Empty::Keep),
        ("namespace", STR, Empty::Keep),
        ("path", STR, Empty::Null),
        ("port", Type::Int(32), Empty::Null),
    ],
};

static VERSION: Struct = Struct {
    name: "v1.CustomResourceDefinitionVersion",
    fields: &[
        ("additionalPrinterColumns", Type::List(&COLUMN_TYPE, "[]v1.CustomResourceColumnDefinition"), Empty::Omit),
        ("deprecated", Type::Bool, Empty::Omit),
        ("deprecationWarning", STR, Empty::Null),
        ("name", STR, Empty::Keep),
        ("schema", Type::Struct(&VALIDATION), Empty::Null),
        ("selectableFields", Type::List(&SELECTABLE_TYPE, "[]v1.SelectableField"), Empty::Omit),
        ("served", Type::Bool, Empty::Keep),
        ("storage", Type::Bool, Empty::Keep),
        ("subresources", Type::Struct(&SUBRESOURCES), Empty::Null),
    ],
};

static VALIDATION: Struct =
    Struct { name: "v1.CustomResourceValidation", fields: &[("openAPIV3Schema", Type::Struct(&SCHEMA), Empty::Null)] };

static SUBRESOURCES: Struct = Struct {
    name: "v1.CustomResourceSubresources",
    fields: &[("scale", Type::Struct(&SCALE), Empty::Null), ("status", Type::Struct(&STATUS_SUBRESOURCE), Empty::Null)],
};

static STATUS_SUBRESOURCE: Struct = Struct { name: "v1.CustomResourceSubresourceStatus", fields: &[] };

static SCALE: Struct = Struct {
    name: "v1.CustomResourceSubresourceScale",
    fields: &[
        ("labelSelectorPath", STR, Empty::Null),
        ("specReplicasPath", STR, Empty::Keep),
        ("statusReplicasPath", STR, Empty::Keep),
    ],
};

static COLUMN: Struct = Struct {
    name: "v1.CustomResourceColumnDefinition",
    fields: &[
        ("description", STR, Empty::Omit),
        ("format", STR, Empty::Omit),
        ("jsonPath", STR, Empty::Keep),
        ("name", STR, Empty::Keep),
        ("priority", Type::Int(32), Empty::Omit),
        ("type", STR, Empty::Keep),
    ],
};

static SELECTABLE: Struct = Struct { name: "v1.SelectableField", fields: &[("jsonPath", STR, Empty::Keep)] };

static STATUS: Struct = Struct {
    name: "v1.CustomResourceDefinitionStatus",
    fields: &[
        ("acceptedNames", Type::Struct(&NAMES), Empty::Keep),
        ("conditions", Type::List(&CONDITION_TYPE, "[]v1.CustomResourceDefinitionCondition"), Empty::Keep),
        ("observedGeneration", Type::Int(64), Empty::Omit),
        ("storedVersions", STRINGS, Empty::Keep),
    ],
};

static CONDITION: Struct = Struct {
    name: "v1.CustomResourceDefinitionCondition",
    fields: &[
        ("lastTransitionTime", Type::Time, Empty::Omit),
        ("message", STR, Empty::Omit),
        ("observedGeneration", Type::Int(64), Empty::Omit),
        ("reason", STR, Empty::Omit),
        ("status", Type::Str("v1.ConditionStatus"), Empty::Keep),
        ("type", Type::Str("v1.CustomResourceDefinitionConditionType"), Empty::Keep),
    ],
};

static RULE: Struct = Struct {
    name: "v1.ValidationRule",
    fields: &[
        ("fieldPath", STR, Empty::Omit),
        ("message", STR, Empty::Omit),
        ("messageExpression", STR, Empty::Omit),
        ("optionalOldSelf", Type::Bool, Empty::Null),
        ("reason", Type::Str("v1.FieldValueErrorReason"), Empty::Null),
        ("rule", STR, Empty::Keep),
    ],
};

static DOCS: Struct = Struct {
    name: "v1.ExternalDocumentation",
    fields: &[("description", STR, Empty::Omit), ("url", STR, Empty::Omit)],
};

/// `JSONSchemaProps`, in which a schema is written.
pub(super) static SCHEMA: Struct = Struct {
    name: "v1.JSONSchemaProps",
    fields: &[
        ("$ref", STR, Empty::Null),
        ("$schema", Type::Str("v1.JSONSchemaURL"), Empty::Omit),
        ("additionalItems", Type::OrBool(&SCHEMA), Empty::Null),
        ("additionalProperties", Type::OrBool(&SCHEMA), Empty::Null),
        ("allOf", Type::List(&SCHEMA_TYPE, "[]v1.JSONSchemaProps"), Empty::Omit),
        ("anyOf", Type::List(&SCHEMA_TYPE, "[]v1.JSONSchemaProps"), Empty::Omit),
        ("default", Type::Any, Empty::Null),
        ("definitions", Type::Map(&SCHEMA_TYPE, "v1.JSONSchemaDefinitions"), Empty::Omit),
        ("dependencies", Type::Map(&DEPENDENCY, "v1.JSONSchemaDependencies"), Empty::Omit),
        ("description", STR, Empty::Omit),
        ("enum", Type::List(&ANY, "[]v1.JSON"), Empty::Omit),
        ("example", Type::Any, Empty::Null),
        ("exclusiveMaximum", Type::Bool, Empty::Omit),
        ("exclusiveMinimum", Type::Bool, Empty::Omit),
        ("externalDocs", Type::Struct(&DOCS), Empty::Null),
        ("format", STR, Empty::Omit),
        ("id", STR, Empty::Omit),
        ("items", Type::OrArray(&SCHEMA), Empty::Null),
        ("maxItems", Type::Int(64), Empty::Null),
        ("maxLength", Type::Int(64), Empty::Null),
        ("maxProperties", Type::Int(64), Empty::Null),
        ("maximum", Type::Float, Empty::Null),
        ("minItems", Type::Int(64), Empty::Null),
        ("minLength", Type::Int(64), Empty::Null),
        ("minProperties", Type::Int(64), Empty::Null),
        ("minimum", Type::Float, Empty::Null),
        ("multipleOf", Type::Float, Empty::Null),
        ("not", Type::Struct(&SCHEMA), Empty::Null),
        ("nullable", Type::Bool, Empty::Omit),
        ("oneOf", Type::List(&SCHEMA_TYPE, "[]v1.JSONSchemaProps"), Empty::Omit),
        ("pattern", STR, Empty::Omit),
        ("patternProperties", Type::Map(&SCHEMA_TYPE, "map[string]v1.JSONSchemaProps"), Empty::Omit),
        ("properties", Type::Map(&SCHEMA_TYPE, "map[string]v1.JSONSchemaProps"), Empty::Omit),
        ("required", STRINGS, Empty::Omit),
        ("title", STR, Empty::Omit),
        ("type", STR, Empty::Omit),
        ("uniqueItems", Type::Bool, Empty::Omit),
        ("x-kubernetes-embedded-resource", Type::Bool, Empty::Omit),
        ("x-kubernetes-int-or-string", Type::Bool, Empty::Omit),
        ("x-kubernetes-list-map-keys", STRINGS, Empty::Omit),
        ("x-kubernetes-list-type", STR, Empty::Null),
        ("x-kubernetes-map-type", STR, Empty::Null),
        ("x-kubernetes-preserve-unknown-fields", Type::Bool, Empty::Null),
        ("x-kubernetes-validations", Type::List(&RULE_TYPE, "v1.ValidationRules"), Empty::Omit),
    ],
};
