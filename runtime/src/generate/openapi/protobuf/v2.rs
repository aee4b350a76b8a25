//! gnostic's `openapi.v2` messages.

use super::Type::{Any, ByPlace, Double, Flag, Integer, Message, Named, OrFlag, Repeated, Text, Within};
use super::{Field, Type};

pub(super) static DOCUMENT: Type = Message {
    fields: &[("swagger", 1, &Text), ("info", 2, &INFO), ("paths", 8, &PATHS), ("definitions", 9, &Named(1, &SCHEMA))],
    extensions: 16,
};

static INFO: Type = Message { fields: &[("title", 1, &Text), ("version", 2, &Text)], extensions: 7 };

static PATHS: Type = Named(2, &PATH);

static PATH: Type = Message {
    fields: &[
        ("get", 2, &OPERATION),
        ("put", 3, &OPERATION),
        ("post", 4, &OPERATION),
        ("delete", 5, &OPERATION),
        ("patch", 8, &OPERATION),
        ("parameters", 9, &Repeated(&PARAMETER)),
    ],
    extensions: 10,
};

static OPERATION: Type = Message {
    fields: &[
        ("tags", 1, &Repeated(&Text)),
        ("description", 3, &Text),
        ("operationId", 5, &Text),
        ("produces", 6, &Repeated(&Text)),
        ("consumes", 7, &Repeated(&Text)),
        ("parameters", 8, &Repeated(&PARAMETER)),
        ("responses", 9, &Named(1, &Within(1, &RESPONSE))),
        ("schemes", 10, &Repeated(&Text)),
    ],
    extensions: 13,
};

/// ParametersItem { parameter: Parameter { body | non-body { query | path } } }
static PARAMETER: Type = Within(1, &ByPlace(PLACES));

static PLACES: &[Field] = &[
    ("body", 1, &BODY),
    ("query", 2, &Within(3, &Message { fields: QUERY, extensions: 23 })),
    ("path", 2, &Within(4, &Message { fields: IN_PATH, extensions: 22 })),
];

static BODY: Type = Message {
    fields: &[
        ("description", 1, &Text),
        ("name", 2, &Text),
        ("in", 3, &Text),
        ("required", 4, &Flag),
        ("schema", 5, &SCHEMA),
    ],
    extensions: 6,
};

const QUERY: &[Field] = &[
    ("required", 1, &Flag),
    ("in", 2, &Text),
    ("description", 3, &Text),
    ("name", 4, &Text),
    ("type", 6, &Text),
    ("uniqueItems", 20, &Flag),
];

const IN_PATH: &[Field] = &[
    ("required", 1, &Flag),
    ("in", 2, &Text),
    ("description", 3, &Text),
    ("name", 4, &Text),
    ("type", 5, &Text),
    ("uniqueItems", 19, &Flag),
];

static RESPONSE: Type =
    Message { fields: &[("description", 1, &Text), ("schema", 2, &Within(1, &SCHEMA))], extensions: 5 };

static SCHEMA: Type = Message {
    fields: &[
        ("$ref", 1, &Text),
        ("format", 2, &Text),
        ("title", 3, &Text),
        ("description", 4, &Text),
        ("default", 5, &Any),
        ("multipleOf", 6, &Double),
        ("maximum", 7, &Double),
        ("exclusiveMaximum", 8, &Flag),
        ("minimum", 9, &Double),
        ("exclusiveMinimum", 10, &Flag),
        ("maxLength", 11, &Integer),
        ("minLength", 12, &Integer),
        ("pattern", 13, &Text),
        ("maxItems", 14, &Integer),
        ("minItems", 15, &Integer),
        ("uniqueItems", 16, &Flag),
        ("maxProperties", 17, &Integer),
        ("minProperties", 18, &Integer),
        ("required", 19, &Repeated(&Text)),
        ("enum", 20, &Repeated(&Any)),
        ("additionalProperties", 21, &OrFlag(&SCHEMA)),
        ("type", 22, &Within(1, &Text)),
        ("items", 23, &Within(1, &SCHEMA)),
        ("properties", 25, &Named(1, &SCHEMA)),
        ("externalDocs", 29, &DOCS),
        ("example", 30, &Any),
    ],
    extensions: 31,
};

static DOCS: Type = Message { fields: &[("description", 1, &Text), ("url", 2, &Text)], extensions: 3 };
