//! A part of an object as a value, by its schema (apiserver `cel/common/valuesunstructured.go`).

use super::map::Map;
use super::time::{self, Timestamp};
use super::{Error, List, Result, Str, Value};
use crate::resource::codec::go::type_of;
use crate::schema::node::{ListType, Node, Type};
use base64::Engine;
use serde_json::Value as Json;

pub(super) fn read<'a>(value: &'a Json, node: &'a Node, resource: bool) -> Result<'a> {
    if value.is_null() {
        return if node.nullable {
            Ok(Value::Null)
        } else {
            Err(Error::new("invalid data, got null for schema with nullable=false"))
        };
    }
    if node.int_or_string {
        return match value {
            Json::String(s) => Ok(Value::String(Str::Borrowed(s))),
            Json::Number(n) if integer(n).is_some() => Ok(Value::Int(integer(n).unwrap_or_default())),
            _ => Err(Error::new("invalid data, expected XIntOrString value to be either a string or integer")),
        };
    }
    match node.type_ {
        Some(Type::Object) => match value {
            Json::Object(map) => Ok(Value::Map(Map::json(map, node, resource || node.embedded))),
            _ => Err(Error::new("invalid data, expected a map for the provided schema with type=object")),
        },
        Some(Type::Array) => match value {
            Json::Array(_) if node.items.is_none() => {
                Err(Error::new("invalid array type, expected Items with a non-empty Schema"))
            }
            Json::Array(items) => {
                let seen = (node.list_type == Some(ListType::Set)).then(Default::default);
                Ok(Value::List(List::Json { items, node, seen }))
            }
            _ => Err(Error::new("invalid data, expected an array for the provided schema with type=array")),
        },
        Some(Type::String) => match value {
            Json::String(s) => string(s, node.format.as_deref().unwrap_or_default()),
            v => Err(Error::new(format!("invalid data, expected string, got {}", type_of(v)))),
        },
        Some(Type::Number) => match value.as_f64() {
            Some(d) => Ok(Value::Double(d)),
            None => Err(Error::new(format!("invalid data, expected float, got {}", type_of(value)))),
        },
        Some(Type::Integer) => match value {
            Json::Number(n) if integer(n).is_some() => Ok(Value::Int(integer(n).unwrap_or_default())),
            v => Err(Error::new(format!("invalid data, expected int, got {}", type_of(v)))),
        },
        Some(Type::Boolean) => match value {
            Json::Bool(b) => Ok(Value::Bool(*b)),
            v => Err(Error::new(format!("invalid data, expected bool, got {}", type_of(v)))),
        },
        None if node.preserve_unknown => Ok(Value::Preserved(value)),
        None => Err(Error::new(
            "invalid type, expected object, array, number, integer, boolean or string, or no type with \
             x-kubernetes-int-or-string or x-kubernetes-preserve-unknown-fields is true, got ",
        )),
    }
}

/// Whole floats count as integers: decoding makes no difference between `1` and `1.0`.
fn integer(n: &serde_json::Number) -> Option<i64> {
    n.as_i64().or_else(|| {
        let f = n.as_f64().filter(|f| f.fract() == 0.0 && f.abs() < 9_007_199_254_740_992.0)?;
        Some(f as i64)
    })
}

fn string<'a>(s: &'a str, format: &str) -> Result<'a> {
    match format {
        "duration" => match time::duration_field(s) {
            Some(d) => Ok(Value::Duration(d)),
            None => Err(Error::new(format!("Invalid duration {s}: unable to parse {s} as duration"))),
        },
        "date" => match Timestamp::date(s) {
            Some(t) => Ok(Value::Timestamp(t)),
            None => Err(Error::new(format!("Invalid date formatted string {s}"))),
        },
        "date-time" => match Timestamp::date_time_field(s) {
            Some(t) => Ok(Value::Timestamp(t)),
            None => Err(Error::new(format!("Invalid date-time formatted string {s}"))),
        },
        "byte" => match base64::engine::general_purpose::STANDARD.decode(s) {
            Ok(b) => Ok(Value::Bytes(b.into())),
            Err(e) => Err(Error::new(format!("Invalid byte formatted string {s}: {e}"))),
        },
        _ => Ok(Value::String(Str::Borrowed(s))),
    }
}
