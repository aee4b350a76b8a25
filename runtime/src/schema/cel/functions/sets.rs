//! The sets library (cel-go `ext/sets.go`) and what `in` does with lists.

use super::super::value::{Error, List, Value};
use super::{Arg, Function, Overload, list, overloads};

/// Whether the list has the item. Items that cannot be compared with it are an error only within lists of an object, and
/// only if no other item is equal.
pub(super) fn has<'a>(l: &List<'a>, item: &Value<'a>) -> Result<bool, Error> {
    let mut error = None;
    for v in l.iter() {
        let found = match (l, v) {
            (List::Json { .. }, v) => v.and_then(|v| v.equals(item)),
            (_, v) => Ok(item.equals(&v?).unwrap_or(false)),
        };
        match found {
            Ok(true) => return Ok(true),
            Ok(false) => {}
            Err(e) => error = error.or(Some(e)),
        }
    }
    error.map_or(Ok(false), Err)
}

fn covers<'a>(l: &List<'a>, sub: &List<'a>) -> Result<bool, Error> {
    for v in sub.iter() {
        if !has(l, &v?)? {
            return Ok(false);
        }
    }
    Ok(true)
}

const LISTS: &[Arg] = &[Arg::List(&Arg::Any), Arg::List(&Arg::Any)];

pub(super) const FUNCTIONS: &[Function] = &[
    overloads(
        "sets.contains",
        &[Overload("list_sets_contains_list", LISTS, |a| Ok(Value::Bool(covers(list(&a[0])?, list(&a[1])?)?)))],
    ),
    overloads(
        "sets.equivalent",
        &[Overload("list_sets_equivalent_list", LISTS, |a| {
            let (l, r) = (list(&a[0])?, list(&a[1])?);
            Ok(Value::Bool(covers(l, r)? && covers(r, l)?))
        })],
    ),
    overloads(
        "sets.intersects",
        &[Overload("list_sets_intersects_list", LISTS, |a| {
            let (l, r) = (list(&a[0])?, list(&a[1])?);
            for v in l.iter() {
                if has(r, &v?) == Ok(true) {
                    return Ok(Value::Bool(true));
                }
            }
            Ok(Value::Bool(false))
        })],
    ),
];
