//! gnostic's `openapi.v3` messages.

use super::Type;
use super::Type::{Any, Double, Flag, Integer, Message, Named, OrFlag, OrReference, Repeated, Scalar, Text, Within};

pub(super) static DOCUMENT: Type = Message {
    fields: &[
        ("openapi", 1, &Text),
        ("info", 2, &INFO),
        ("paths", 4, &Named(1, &PATH)),
        ("components", 5, &COMPONENTS),
    ],
    extensions: 9,
};

static INFO: Type = Message { fields: &[("title", 1, &Text), ("version", 6, &Text)], extensions: 7 };

static COMPONENTS: Type = Message { fields: &[("schemas", 1, &Named(1, &SCHEMA_OR_REFERENCE))], extensions: 10 };

static PATH: Type = Message {
    fields: &[
        ("get", 4, &OPERATION),
        ("put", 5, &OPERATION),
        ("post", 6, &OPERATION),
        ("delete", 7, &OPERATION),
        ("patch", 10, &OPERATION),
        ("parameters", 13, &Repeated(&OrReference(&PARAMETER))),
    ],
    extensions: 14,
};

static OPERATION: Type = Message {
    fields: &[
        ("tags", 1, &Repeated(&Text)),
        ("description", 3, &Text),
        ("operationId", 5, &Text),
        ("parameters", 6, &Repeated(&OrReference(&PARAMETER))),
        ("requestBody", 7, &OrReference(&BODY)),
        ("responses", 8, &Named(2, &OrReference(&RESPONSE))),
    ],
    extensions: 13,
};

static PARAMETER: Type = Message {
    fields: &[
        ("name", 1, &Text),
        ("in", 2, &Text),
        ("description", 3, &Text),
        ("required", 4, &Flag),
        ("schema", 10, &SCHEMA_OR_REFERENCE),
    ],
    extensions: 14,
};

static BODY: Type =
    Message { fields: &[("description", 1, &Text), ("content", 2, &CONTENT), ("required", 3, &Flag)], extensions: 4 };

static RESPONSE: Type = Message { fields: &[("description", 1, &Text), ("content", 3, &CONTENT)], extensions: 5 };

static CONTENT: Type = Named(1, &Message { fields: &[("schema", 1, &SCHEMA_OR_REFERENCE)], extensions: 5 });

static SCHEMA_OR_REFERENCE: Type = OrReference(&SCHEMA);

static SCHEMA: Type = Message {
    fields: &[
        ("nullable", 1, &Flag),
        ("externalDocs", 6, &DOCS),
        ("example", 7, &Any),
        ("title", 9, &Text),
        ("multipleOf", 10, &Double),
        ("maximum", 11, &Double),
        ("exclusiveMaximum", 12, &Flag),
        ("minimum", 13, &Double),
        ("exclusiveMinimum", 14, &Flag),
        ("maxLength", 15, &Integer),
        ("minLength", 16, &Integer),
        ("pattern", 17, &Text),
        ("maxItems", 18, &Integer),
        ("minItems", 19, &Integer),
        ("uniqueItems", 20, &Flag),
        ("maxProperties", 21, &Integer),
        ("minProperties", 22, &Integer),
        ("required", 23, &Repeated(&Text)),
        ("enum", 24, &Repeated(&Any)),
        ("type", 25, &Text),
        ("allOf", 26, &Repeated(&SCHEMA_OR_REFERENCE)),
        ("oneOf", 27, &Repeated(&SCHEMA_OR_REFERENCE)),
        ("anyOf", 28, &Repeated(&SCHEMA_OR_REFERENCE)),
        ("not", 29, &SCHEMA),
        ("items", 30, &Within(1, &SCHEMA_OR_REFERENCE)),
        ("properties", 31, &Named(1, &SCHEMA_OR_REFERENCE)),
        ("additionalProperties", 32, &OrFlag(&SCHEMA_OR_REFERENCE)),
        ("default", 33, &Scalar),
        ("description", 34, &Text),
        ("format", 35, &Text),
    ],
    extensions: 36,
};

static DOCS: Type = Message { fields: &[("description", 1, &Text), ("url", 2, &Text)], extensions: 3 };
