//! Kubernetes' quantity library.

use super::super::value::quantity::Quantity;
use super::super::value::{Error, Opaque, Result, Value};
use super::{Arg, Function, Overload, overloads, text};
use std::cmp::Ordering;

fn quantity<'v>(v: &'v Value<'_>) -> std::result::Result<&'v Quantity, Error> {
    match v {
        Value::Opaque(o) => match &**o {
            Opaque::Quantity { quantity, .. } => Ok(quantity),
            _ => Err(Error::no_such_overload()),
        },
        _ => Err(Error::no_such_overload()),
    }
}

fn compare(a: &[Value<'_>]) -> std::result::Result<Ordering, Error> {
    Ok(quantity(&a[0])?.cmp(quantity(&a[1])?))
}

fn add<'a>(a: &[Value<'a>], negate: bool) -> Result<'a> {
    let whole;
    let other = match &a[1] {
        Value::Int(i) => {
            whole = Quantity::from_int(*i);
            &whole
        }
        v => quantity(v)?,
    };
    let quantity = quantity(&a[0])?.add(other, negate).ok_or_else(Error::cancelled)?;
    Ok(Value::opaque(Opaque::Quantity { quantity, derived: true }))
}

const ONE: &[Arg] = &[Arg::Quantity];
const TWO: &[Arg] = &[Arg::Quantity, Arg::Quantity];
const WITH_INT: &[Arg] = &[Arg::Quantity, Arg::Int];

pub(super) const FUNCTIONS: &[Function] = &[
    overloads(
        "quantity",
        &[Overload("string_to_quantity", &[Arg::Str], |a| match Quantity::parse(text(&a[0])?) {
            Ok(quantity) => Ok(Value::opaque(Opaque::Quantity { quantity, derived: false })),
            Err(e) => Err(Error::new(e)),
        })],
    ),
    overloads(
        "isQuantity",
        &[Overload("is_quantity_string", &[Arg::Str], |a| Ok(Value::Bool(Quantity::parse(text(&a[0])?).is_ok())))],
    ),
    overloads("sign", &[Overload("quantity_sign", ONE, |a| Ok(Value::Int(quantity(&a[0])?.sign())))]),
    overloads(
        "isGreaterThan",
        &[Overload("quantity_is_greater_than", TWO, |a| Ok(Value::Bool(compare(a)? == Ordering::Greater)))],
    ),
    overloads(
        "isLessThan",
        &[Overload("quantity_is_less_than", TWO, |a| Ok(Value::Bool(compare(a)? == Ordering::Less)))],
    ),
    overloads("compareTo", &[Overload("quantity_compare_to", TWO, |a| Ok(Value::Int(compare(a)? as i64)))]),
    overloads(
        "asApproximateFloat",
        &[Overload("quantity_get_float", ONE, |a| Ok(Value::Double(quantity(&a[0])?.as_float())))],
    ),
    overloads(
        "asInteger",
        &[Overload("quantity_get_int", ONE, |a| {
            let int = quantity(&a[0])?.as_int();
            int.map(Value::Int).ok_or_else(|| Error::new("cannot convert value to integer"))
        })],
    ),
    overloads(
        "isInteger",
        &[Overload("quantity_is_integer", ONE, |a| Ok(Value::Bool(quantity(&a[0])?.as_int().is_some())))],
    ),
    overloads(
        "add",
        &[Overload("quantity_add", TWO, |a| add(a, false)), Overload("quantity_add_int", WITH_INT, |a| add(a, false))],
    ),
    overloads(
        "sub",
        &[Overload("quantity_sub", TWO, |a| add(a, true)), Overload("quantity_sub_int", WITH_INT, |a| add(a, true))],
    ),
];
