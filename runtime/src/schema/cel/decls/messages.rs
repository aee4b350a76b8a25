//! Messages of protobuf that expressions can write: each stands for a plain value. Unlike upstream's, those for primitive
//! values cannot be compared with null.

use super::super::types::Type;

/// A message: the type of the value it stands for, and its fields.
pub(in super::super) struct Message {
    pub(in super::super) type_: Type,
    pub(in super::super) fields: Vec<(&'static str, Type)>,
}

/// The message of this name.
pub(in super::super) fn message(name: &str) -> Option<Message> {
    let wrapper = |t: Type| Some(Message { type_: t.clone(), fields: vec![("value", t)] });
    let time = |t: Type| Some(Message { type_: t, fields: vec![("seconds", Type::Int), ("nanos", Type::Int)] });
    let (object, list) = (Type::map(Type::String, Type::Dyn), Type::list(Type::Dyn));
    match name.strip_prefix("google.protobuf.")? {
        "BoolValue" => wrapper(Type::Bool),
        "BytesValue" => wrapper(Type::Bytes),
        "DoubleValue" | "FloatValue" => wrapper(Type::Double),
        "Int32Value" | "Int64Value" => wrapper(Type::Int),
        "StringValue" => wrapper(Type::String),
        "UInt32Value" | "UInt64Value" => wrapper(Type::Uint),
        "Timestamp" => time(Type::Timestamp),
        "Duration" => time(Type::Duration),
        "Struct" => Some(Message { type_: object.clone(), fields: vec![("fields", object)] }),
        "ListValue" => Some(Message { type_: list.clone(), fields: vec![("values", list)] }),
        "Any" => Some(Message { type_: Type::Any, fields: vec![("type_url", Type::String), ("value", Type::Bytes)] }),
        "Value" => Some(Message {
            type_: Type::Dyn,
            fields: vec![
                ("null_value", Type::Null),
                ("number_value", Type::Double),
                ("string_value", Type::String),
                ("bool_value", Type::Bool),
                ("struct_value", object),
                ("list_value", list),
            ],
        }),
        _ => None,
    }
}
