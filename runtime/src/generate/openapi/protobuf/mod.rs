//! The protobuf form of OpenAPI documents, which client-go asks for (`com.github.proto-openapi.spec.v2.v1.0`, and v3). The
//! messages are gnostic's, described in `v2` and `v3` as tables; here is how a JSON document is written by such a table. Only
//! what documents of this crate hold is described: members the tables do not name are left out.

mod v2;
mod v3;

use crate::resource::codec::protobuf::wire::{bytes, number, tag};
use serde_json::Value;

/// The version 2 document in protobuf.
pub fn encode_v2(document: &Value) -> Vec<u8> {
    encode(&v2::DOCUMENT, document)
}

/// The version 3 document in protobuf.
pub fn encode_v3(document: &Value) -> Vec<u8> {
    encode(&v3::DOCUMENT, document)
}

/// A member of a JSON object: its key, the number of its field, and how it is written.
type Field = (&'static str, u32, &'static Type);

/// How a JSON value is written.
enum Type {
    /// A string.
    Text,
    /// A boolean.
    Flag,
    /// An int64.
    Integer,
    /// A double.
    Double,
    /// Anything, as YAML text in field 2.
    Any,
    /// An array as a repeated field.
    Repeated(&'static Type),
    /// An object; members named `x-...` go to the repeated field of extensions.
    Message { fields: &'static [Field], extensions: u32 },
    /// An object as a message whose one repeated field holds pairs of name (1) and value (2).
    Named(u32, &'static Type),
    /// A value as a message with that one field.
    Within(u32, &'static Type),
    /// A boolean in field 2, or else a value in field 1.
    OrFlag(&'static Type),
    /// An object with `$ref` as a reference in field 2, or else a value in field 1.
    OrReference(&'static Type),
    /// A number (1), a boolean (2) or a string (3); anything else is empty.
    Scalar,
    /// A parameter of version 2: what stands where depends on `in`.
    ByPlace(&'static [Field]),
}

const REFERENCE: Type =
    Type::Message { fields: &[("$ref", 1, &Type::Text), ("description", 3, &Type::Text)], extensions: 0 };

/// The content of a message made of a value.
fn encode(message: &Type, value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    match message {
        Type::Message { fields, extensions } => {
            let Value::Object(members) = value else { return out };
            for (key, field, type_) in *fields {
                if let Some(v) = members.get(*key) {
                    write(&mut out, *field, type_, v);
                }
            }
            if *extensions > 0 {
                named(&mut out, *extensions, &Type::Any, members.iter().filter(|(k, _)| k.starts_with("x-")));
            }
        }
        Type::Named(field, type_) => {
            let Value::Object(members) = value else { return out };
            named(&mut out, *field, type_, members.iter());
        }
        Type::Within(field, type_) => write(&mut out, *field, type_, value),
        Type::Any => bytes(&mut out, 2, value.to_string().as_bytes()),
        Type::OrFlag(type_) => match value {
            Value::Bool(_) => write(&mut out, 2, &Type::Flag, value),
            _ => write(&mut out, 1, type_, value),
        },
        Type::OrReference(type_) => match value.get("$ref") {
            Some(_) => write(&mut out, 2, &REFERENCE, value),
            None => write(&mut out, 1, type_, value),
        },
        Type::Scalar => match value {
            Value::Number(_) => write(&mut out, 1, &Type::Double, value),
            Value::Bool(_) => write(&mut out, 2, &Type::Flag, value),
            Value::String(_) => write(&mut out, 3, &Type::Text, value),
            _ => {}
        },
        Type::ByPlace(places) => {
            let place = value.get("in").and_then(Value::as_str).unwrap_or_default();
            if let Some((_, field, type_)) = places.iter().find(|(name, ..)| *name == place) {
                write(&mut out, *field, type_, value);
            }
        }
        // Not messages: written by `write` alone.
        Type::Text | Type::Flag | Type::Integer | Type::Double | Type::Repeated(_) => {}
    }
    out
}

fn named<'a>(out: &mut Vec<u8>, field: u32, type_: &Type, members: impl Iterator<Item = (&'a String, &'a Value)>) {
    for (name, value) in members {
        let mut pair = Vec::new();
        bytes(&mut pair, 1, name.as_bytes());
        write(&mut pair, 2, type_, value);
        bytes(out, field, &pair);
    }
}

/// A field with its tag; a value of another type than the table says is left out.
fn write(out: &mut Vec<u8>, field: u32, type_: &Type, value: &Value) {
    match type_ {
        Type::Text => {
            if let Some(s) = value.as_str() {
                bytes(out, field, s.as_bytes());
            }
        }
        Type::Flag => {
            if let Some(b) = value.as_bool() {
                number(out, field, b.into());
            }
        }
        Type::Integer => {
            if let Some(n) = value.as_i64().or_else(|| value.as_f64().map(|f| f as i64)) {
                number(out, field, n as u64);
            }
        }
        Type::Double => {
            if let Some(n) = value.as_f64() {
                tag(out, field, 1);
                out.extend_from_slice(&n.to_le_bytes());
            }
        }
        Type::Repeated(type_) => {
            value.as_array().into_iter().flatten().for_each(|item| write(out, field, type_, item));
        }
        message => bytes(out, field, &encode(message, value)),
    }
}
