//! Conversions from one type to another, with cel-go's refusals.

use super::time::{self, Timestamp, duration_seconds};
use super::{Error, Opaque, Result, Str, Value, go};

/// A type that values can be converted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::schema::cel) enum To {
    Bool,
    Int,
    Uint,
    Double,
    String,
    Bytes,
    Timestamp,
    Duration,
}

impl To {
    fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Uint => "uint",
            Self::Double => "double",
            Self::String => "string",
            Self::Bytes => "bytes",
            Self::Timestamp => "google.protobuf.Timestamp",
            Self::Duration => "google.protobuf.Duration",
        }
    }
}

fn int_overflow() -> Error {
    Error::new("integer overflow")
}

fn uint_overflow() -> Error {
    Error::new("unsigned integer overflow")
}

impl<'a> Value<'a> {
    /// The value as one of that type.
    pub(in crate::schema::cel) fn convert(&self, to: To) -> Result<'a> {
        let refused = || Error::new(format!("type conversion error from '{}' to '{}'", self.type_name(), to.name()));
        Ok(match (self, to) {
            (Self::Bool(_), To::Bool)
            | (Self::Int(_), To::Int)
            | (Self::Uint(_), To::Uint)
            | (Self::Double(_), To::Double)
            | (Self::String(_), To::String)
            | (Self::Bytes(_), To::Bytes)
            | (Self::Timestamp(_), To::Timestamp)
            | (Self::Duration(_), To::Duration) => self.clone(),
            (Self::Bool(b), To::String) => Self::String(Str::Borrowed(if *b { "true" } else { "false" })),
            (Self::Int(i), To::Uint) => Self::Uint(u64::try_from(*i).map_err(|_| uint_overflow())?),
            (Self::Int(i), To::Double) => Self::Double(*i as f64),
            (Self::Int(i), To::String) => Self::string(i.to_string()),
            (Self::Int(i), To::Timestamp) => Self::Timestamp(Timestamp::from_seconds(*i).ok_or_else(time::overflow)?),
            (Self::Uint(u), To::Int) => Self::Int(i64::try_from(*u).map_err(|_| int_overflow())?),
            (Self::Uint(u), To::Double) => Self::Double(*u as f64),
            (Self::Uint(u), To::String) => Self::string(u.to_string()),
            // The bounds are open on both sides upstream.
            (Self::Double(d), To::Int) if *d > i64::MIN as f64 && *d < i64::MAX as f64 => Self::Int(*d as i64),
            (Self::Double(_), To::Int) => return Err(int_overflow()),
            (Self::Double(d), To::Uint) if *d >= 0.0 && *d < u64::MAX as f64 => Self::Uint(*d as u64),
            (Self::Double(_), To::Uint) => return Err(uint_overflow()),
            (Self::Double(d), To::String) => Self::string(go::float(*d)),
            (Self::String(s), To::Int) => Self::Int(go::parse_int(s).ok_or_else(refused)?),
            (Self::String(s), To::Uint) => Self::Uint(go::parse_uint(s).ok_or_else(refused)?),
            (Self::String(s), To::Double) => Self::Double(go::parse_float(s).ok_or_else(refused)?),
            (Self::String(s), To::Bool) => Self::Bool(go::parse_bool(s).ok_or_else(refused)?),
            (Self::String(s), To::Bytes) => Self::Bytes(s.as_bytes().into()),
            (Self::String(s), To::Duration) => Self::Duration(time::parse_duration(s).ok_or_else(refused)?),
            (Self::String(s), To::Timestamp) => {
                Self::Timestamp(Timestamp::parse(s).ok_or_else(refused)?.ok_or_else(time::overflow)?)
            }
            (Self::Bytes(b), To::String) => match std::str::from_utf8(b) {
                Ok(s) => Self::string(s),
                Err(_) => return Err(Error::new("invalid UTF-8 in bytes, cannot convert to string")),
            },
            (Self::Timestamp(t), To::Int) => Self::Int(t.seconds()),
            (Self::Timestamp(t), To::String) => Self::string(t.rfc3339()),
            (Self::Duration(d), To::Int) => Self::Int(*d),
            (Self::Duration(d), To::String) => Self::string(duration_seconds(*d)),
            (Self::Null, To::String) => Self::String(Str::Borrowed("null")),
            (Self::Type(t), To::String) => Self::String(t.clone()),
            (Self::Opaque(o), To::String) => match &**o {
                Opaque::Ip(ip) => Self::string(ip.to_string()),
                Opaque::Cidr(c) => Self::string(c.to_string()),
                _ => return Err(refused()),
            },
            _ => return Err(refused()),
        })
    }

    /// The type of the value, as a value.
    pub(in crate::schema::cel) fn type_value(&self) -> Value<'a> {
        Value::Type(Str::Shared(self.type_name().into()))
    }
}
