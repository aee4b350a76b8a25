//! cel-go's optional values. `or` and `orValue` evaluate their argument only if they must and so are the planner's.

use super::super::value::{Error, Result, Value};
use super::{Arg, Function, Overload, list, overloads, take};
use std::sync::Arc;

fn unwrap<'a>(a: &mut [Value<'a>]) -> Result<'a> {
    let mut out = Vec::new();
    for v in list(&a[0])?.iter() {
        match v? {
            Value::Optional(Some(v)) => out.push(Arc::unwrap_or_clone(v)),
            Value::Optional(None) => {}
            v => return Err(Error::new(format!("value {v} is not optional"))),
        }
    }
    Ok(Value::list(out))
}

const OPTIONALS: &[Arg] = &[Arg::List(&Arg::Optional)];

pub(super) const FUNCTIONS: &[Function] = &[
    overloads("optional.of", &[Overload("optional_of", &[Arg::Any], |a| Ok(Value::some(take(&mut a[0]))))]),
    overloads(
        "optional.ofNonZeroValue",
        &[Overload("optional_ofNonZeroValue", &[Arg::Any], |a| {
            Ok(if a[0].is_zero() { Value::Optional(None) } else { Value::some(take(&mut a[0])) })
        })],
    ),
    overloads("optional.none", &[Overload("optional_none", &[], |_| Ok(Value::Optional(None)))]),
    overloads(
        "value",
        &[Overload("optional_value", &[Arg::Optional], |a| match take(&mut a[0]) {
            Value::Optional(Some(v)) => Ok(Arc::unwrap_or_clone(v)),
            _ => Err(Error::new("optional.none() dereference")),
        })],
    ),
    overloads(
        "hasValue",
        &[Overload("optional_hasValue", &[Arg::Optional], |a| {
            Ok(Value::Bool(matches!(&a[0], Value::Optional(Some(_)))))
        })],
    ),
    overloads("optional.unwrap", &[Overload("optional_unwrap", OPTIONALS, unwrap)]),
    overloads("unwrapOpt", &[Overload("optional_unwrapOpt", OPTIONALS, unwrap)]),
];
