//! The standard library (cel-go `common/stdlib`): operators, sizes, conversions and the tests of strings.

use super::super::value::{Error, List, Map, Result, To, Value};
use super::{Arg, Function, Overload, list, map, overloads, take, text, whole};
use std::cmp::Ordering;

macro_rules! conversion {
    ($id:expr, $arg:expr, $to:expr) => {
        Overload($id, &[$arg], |a| a[0].convert($to))
    };
}

fn any(_: &Value<'_>) -> bool {
    true
}

fn adds(v: &Value<'_>) -> bool {
    subtracts(v) || matches!(v, Value::String(_) | Value::Bytes(_) | Value::List(_))
}

fn subtracts(v: &Value<'_>) -> bool {
    multiplies(v) || matches!(v, Value::Timestamp(_) | Value::Duration(_))
}

fn multiplies(v: &Value<'_>) -> bool {
    matches!(v, Value::Int(_) | Value::Uint(_) | Value::Double(_))
}

fn ordered(v: &Value<'_>) -> bool {
    v.is_ordered()
}

fn compare<'a>(a: &[Value<'a>], wanted: fn(Ordering) -> bool) -> Result<'a> {
    Ok(Value::Bool(wanted(a[0].compare(&a[1])?)))
}

fn contains<'a>(a: &mut [Value<'a>]) -> Result<'a> {
    Ok(Value::Bool(match &a[1] {
        Value::List(l) => super::sets::has(l, &a[0])?,
        Value::Map(m @ Map::Json(_)) => m.get(&a[0]).transpose()?.is_some(),
        Value::Map(m) => m.get(&a[0]).is_some(),
        _ => return Err(Error::no_such_overload()),
    }))
}

fn insert<'a>(m: Value<'a>, key: Value<'a>, value: Value<'a>) -> Result<'a> {
    let Value::Map(m) = m else { return Err(Error::no_such_overload()) };
    if m.get(&key).is_some() {
        return Err(Error::new(format!("insert failed: key {key} already exists")));
    }
    m.insert(key, value).map(Value::Map)
}

pub(super) const FUNCTIONS: &[Function] = &[
    whole("!_", any, |a| match a[0] {
        Value::Bool(b) => Ok(Value::Bool(!b)),
        _ => Err(Error::no_such_overload()),
    }),
    whole(
        "-_",
        |v| matches!(v, Value::Bool(_) | Value::Int(_) | Value::Double(_) | Value::Duration(_)),
        |a| match &a[0] {
            Value::Bool(_) => Err(Error::no_such_overload()),
            v => v.negate(),
        },
    ),
    whole("_+_", adds, |a| {
        let other = take(&mut a[1]);
        take(&mut a[0]).add(other)
    }),
    whole("_-_", subtracts, |a| a[0].subtract(&a[1])),
    whole("_*_", multiplies, |a| a[0].multiply(&a[1])),
    whole("_/_", multiplies, |a| a[0].divide(&a[1])),
    whole("_%_", |v| matches!(v, Value::Int(_) | Value::Uint(_)), |a| a[0].modulo(&a[1])),
    whole("_<_", ordered, |a| compare(a, Ordering::is_lt)),
    whole("_<=_", ordered, |a| compare(a, Ordering::is_le)),
    whole("_>_", ordered, |a| compare(a, Ordering::is_gt)),
    whole("_>=_", ordered, |a| compare(a, Ordering::is_ge)),
    whole("@in", any, contains),
    whole(
        "size",
        |v| v.size().is_some(),
        |a| match a[0].size() {
            Some(n) => Ok(Value::Int(i64::try_from(n).unwrap_or(i64::MAX))),
            None => Err(Error::no_such_overload()),
        },
    ),
    whole("type", any, |a| Ok(a[0].type_value())),
    whole("dyn", any, |a| Ok(take(&mut a[0]))),
    overloads(
        "bool",
        &[conversion!("bool_to_bool", Arg::Bool, To::Bool), conversion!("string_to_bool", Arg::Str, To::Bool)],
    ),
    overloads(
        "bytes",
        &[conversion!("bytes_to_bytes", Arg::Bytes, To::Bytes), conversion!("string_to_bytes", Arg::Str, To::Bytes)],
    ),
    overloads(
        "double",
        &[
            conversion!("double_to_double", Arg::Double, To::Double),
            conversion!("int64_to_double", Arg::Int, To::Double),
            conversion!("string_to_double", Arg::Str, To::Double),
            conversion!("uint64_to_double", Arg::Uint, To::Double),
        ],
    ),
    overloads(
        "duration",
        &[
            conversion!("duration_to_duration", Arg::Duration, To::Duration),
            // Declared, but not possible.
            conversion!("int64_to_duration", Arg::Int, To::Duration),
            conversion!("string_to_duration", Arg::Str, To::Duration),
        ],
    ),
    overloads(
        "int",
        &[
            conversion!("int64_to_int64", Arg::Int, To::Int),
            conversion!("double_to_int64", Arg::Double, To::Int),
            conversion!("duration_to_int64", Arg::Duration, To::Int),
            conversion!("string_to_int64", Arg::Str, To::Int),
            conversion!("timestamp_to_int64", Arg::Timestamp, To::Int),
            conversion!("uint64_to_int64", Arg::Uint, To::Int),
        ],
    ),
    overloads(
        "string",
        &[
            conversion!("string_to_string", Arg::Str, To::String),
            conversion!("bool_to_string", Arg::Bool, To::String),
            conversion!("bytes_to_string", Arg::Bytes, To::String),
            conversion!("double_to_string", Arg::Double, To::String),
            conversion!("duration_to_string", Arg::Duration, To::String),
            conversion!("int64_to_string", Arg::Int, To::String),
            conversion!("timestamp_to_string", Arg::Timestamp, To::String),
            conversion!("uint64_to_string", Arg::Uint, To::String),
        ],
    ),
    overloads(
        "timestamp",
        &[
            conversion!("timestamp_to_timestamp", Arg::Timestamp, To::Timestamp),
            conversion!("int64_to_timestamp", Arg::Int, To::Timestamp),
            conversion!("string_to_timestamp", Arg::Str, To::Timestamp),
        ],
    ),
    overloads(
        "uint",
        &[
            conversion!("uint64_to_uint64", Arg::Uint, To::Uint),
            conversion!("double_to_uint64", Arg::Double, To::Uint),
            conversion!("int64_to_uint64", Arg::Int, To::Uint),
            conversion!("string_to_uint64", Arg::Str, To::Uint),
        ],
    ),
    // These three check their operands themselves and do not say their names.
    whole("contains", any, |a| Ok(Value::Bool(text(&a[0])?.contains(text(&a[1])?)))),
    whole("endsWith", any, |a| Ok(Value::Bool(text(&a[0])?.ends_with(text(&a[1])?)))),
    whole("startsWith", any, |a| Ok(Value::Bool(text(&a[0])?.starts_with(text(&a[1])?)))),
    overloads(
        "cel.@mapInsert",
        &[
            Overload("@mapInsert_map_map", &[Arg::Map, Arg::Map], |a| {
                let entries = take(&mut a[1]);
                let mut all = take(&mut a[0]);
                let entries = map(&entries)?;
                for key in entries.keys() {
                    let value = entries.get(&key).transpose()?.unwrap_or(Value::Null);
                    all = insert(all, key, value)?;
                }
                Ok(all)
            }),
            Overload("@mapInsert_map_key_value", &[Arg::Map, Arg::Any, Arg::Any], |a| {
                let (m, key) = (take(&mut a[0]), take(&mut a[1]));
                insert(m, key, take(&mut a[2]))
            }),
        ],
    ),
    overloads("first", &[Overload("list_first", &[Arg::List(&Arg::Any)], |a| at(list(&a[0])?, 0))]),
    overloads(
        "last",
        &[Overload("list_last", &[Arg::List(&Arg::Any)], |a| {
            let l = list(&a[0])?;
            at(l, l.len().wrapping_sub(1))
        })],
    ),
];

fn at<'a>(l: &List<'a>, i: usize) -> Result<'a> {
    Ok(match l.get(i) {
        Some(v) => Value::some(v?),
        None => Value::Optional(None),
    })
}
