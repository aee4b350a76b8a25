//! Kubernetes' semver library, version 1.

use super::super::value::semver::Semver;
use super::super::value::{Error, Opaque, Result, Value};
use super::{Arg, Function, Overload, overloads, text};
use std::cmp::Ordering;

fn version<'v>(v: &'v Value<'_>) -> std::result::Result<&'v Semver, Error> {
    match v {
        Value::Opaque(o) => match &**o {
            Opaque::Semver(v) => Ok(v),
            _ => Err(Error::no_such_overload()),
        },
        _ => Err(Error::no_such_overload()),
    }
}

fn parse(a: &[Value<'_>]) -> std::result::Result<Semver, Error> {
    let s = text(&a[0])?;
    let tolerant = matches!(a.get(1), Some(Value::Bool(true)));
    if tolerant { Semver::parse_tolerant(s) } else { Semver::parse(s) }.map_err(Error::new)
}

fn read<'a>(a: &mut [Value<'a>]) -> Result<'a> {
    parse(a).map(|v| Value::opaque(Opaque::Semver(v)))
}

fn is<'a>(a: &mut [Value<'a>]) -> Result<'a> {
    Ok(Value::Bool(parse(a).is_ok()))
}

fn compare(a: &[Value<'_>]) -> std::result::Result<Ordering, Error> {
    Ok(version(&a[0])?.cmp(version(&a[1])?))
}

const ONE: &[Arg] = &[Arg::Semver];
const TWO: &[Arg] = &[Arg::Semver, Arg::Semver];
const NORMALIZED: &[Arg] = &[Arg::Str, Arg::Bool];

pub(super) const FUNCTIONS: &[Function] = &[
    overloads(
        "semver",
        &[Overload("string_to_semver", &[Arg::Str], read), Overload("string_bool_to_semver", NORMALIZED, read)],
    ),
    overloads(
        "isSemver",
        &[Overload("is_semver_string", &[Arg::Str], is), Overload("is_semver_string_bool", NORMALIZED, is)],
    ),
    overloads(
        "isGreaterThan",
        &[Overload("semver_is_greater_than", TWO, |a| Ok(Value::Bool(compare(a)? == Ordering::Greater)))],
    ),
    overloads(
        "isLessThan",
        &[Overload("semver_is_less_than", TWO, |a| Ok(Value::Bool(compare(a)? == Ordering::Less)))],
    ),
    overloads("compareTo", &[Overload("semver_compare_to", TWO, |a| Ok(Value::Int(compare(a)? as i64)))]),
    overloads("major", &[Overload("semver_major", ONE, |a| Ok(Value::Int(version(&a[0])?.major as i64)))]),
    overloads("minor", &[Overload("semver_minor", ONE, |a| Ok(Value::Int(version(&a[0])?.minor as i64)))]),
    overloads("patch", &[Overload("semver_patch", ONE, |a| Ok(Value::Int(version(&a[0])?.patch as i64)))]),
];
