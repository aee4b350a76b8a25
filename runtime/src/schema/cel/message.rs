//! Messages of protobuf that expressions can write, `google.protobuf.Int64Value{value: 1}`: each stands for a plain value.

use super::value::{Error, Result, To, Value};

/// The value of a message with those fields.
pub(super) fn make<'a>(name: &str, fields: Vec<(&str, Value<'a>)>) -> Result<'a> {
    let field = |wanted: &str| fields.iter().rev().find(|(n, _)| *n == wanted).map(|(_, v)| v.clone());
    let number = |wanted: &str| match field(wanted) {
        Some(Value::Int(i)) => i,
        _ => 0,
    };
    let value = |default: Value<'a>| Ok(field("value").unwrap_or(default));
    match name {
        "google.protobuf.BoolValue" => value(Value::Bool(false)),
        "google.protobuf.BytesValue" => value(Value::Bytes([].into())),
        "google.protobuf.DoubleValue" | "google.protobuf.FloatValue" => value(Value::Double(0.0)),
        "google.protobuf.Int32Value" | "google.protobuf.Int64Value" => value(Value::Int(0)),
        "google.protobuf.StringValue" => value(Value::string("")),
        "google.protobuf.UInt32Value" | "google.protobuf.UInt64Value" => value(Value::Uint(0)),
        "google.protobuf.Timestamp" => {
            Value::Int(number("seconds")).convert(To::Timestamp)?.add(Value::Duration(number("nanos")))
        }
        "google.protobuf.Duration" => {
            let seconds = number("seconds").checked_mul(1_000_000_000);
            let nanos = seconds.and_then(|s| s.checked_add(number("nanos")));
            nanos.map(Value::Duration).ok_or_else(|| Error::new("integer overflow"))
        }
        "google.protobuf.Struct" => {
            Ok(field("fields").unwrap_or_else(|| Value::Map(super::value::Map::owned(Default::default()))))
        }
        "google.protobuf.ListValue" => Ok(field("values").unwrap_or_else(|| Value::list(Vec::new()))),
        "google.protobuf.Value" => Ok(fields.into_iter().next_back().map_or(Value::Null, |(_, v)| v)),
        "google.protobuf.Any" => Err(Error::new("unsupported conversion to ref.Val: (*dynamicpb.Message)")),
        name => Err(Error::new(format!("unknown type '{name}'"))),
    }
}
