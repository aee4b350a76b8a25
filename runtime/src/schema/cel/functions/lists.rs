//! Lists: Kubernetes' own library (apiserver `cel/library/lists.go`, version 0) and cel-go's (`ext/lists.go`, version 3).

use super::super::cost::MAX_MADE;
use super::super::value::{Error, List, Result, Value};
use super::{Arg, Function, Overload, int, is_list, list, overloads, whole};
use std::cmp::Ordering;

fn is_sorted<'a>(a: &mut [Value<'a>]) -> Result<'a> {
    let mut before: Option<Value<'a>> = None;
    for v in list(&a[0])?.iter() {
        let v = v?;
        if !v.is_ordered() {
            return Err(Error::no_such_overload());
        }
        if before.is_some_and(|b| b.compare(&v) == Ok(Ordering::Greater)) {
            return Ok(Value::Bool(false));
        }
        before = Some(v);
    }
    Ok(Value::Bool(true))
}

fn sum<'a>(l: &List<'a>, zero: Value<'a>) -> Result<'a> {
    let mut total = zero;
    for v in l.iter() {
        // An overflow within becomes a mismatch upstream.
        total = total.add(v?)?;
    }
    Ok(total)
}

fn extreme<'a>(l: &List<'a>, name: &str, replace: Ordering) -> Result<'a> {
    let mut best: Option<Value<'a>> = None;
    for v in l.iter() {
        let v = v?;
        if !v.is_ordered() {
            return Err(Error::no_such_overload());
        }
        if best.as_ref().is_none_or(|b| b.compare(&v) == Ok(replace)) {
            best = Some(v);
        }
    }
    best.ok_or_else(|| Error::new(format!("{name} called on empty list")))
}

fn position<'a>(mut items: impl Iterator<Item = (usize, Result<'a>)>, item: &Value<'a>) -> Result<'a> {
    let found = items.find(|(_, v)| v.as_ref().is_ok_and(|v| v.equals(item) == Ok(true)));
    Ok(Value::Int(found.map_or(-1, |(i, _)| i as i64)))
}

fn slice<'a>(a: &mut [Value<'a>]) -> Result<'a> {
    let (l, start, end) = (list(&a[0])?, int(&a[1])?, int(&a[2])?);
    let problem = if start < 0 || end < 0 {
        "negative indexes not supported".to_owned()
    } else if start > end {
        "start index must be less than or equal to end index".to_owned()
    } else if (l.len() as i64) < end {
        format!("list is length {}", l.len())
    } else {
        let items = (start as usize..end as usize).filter_map(|i| l.get(i));
        return Ok(Value::list(items.collect::<std::result::Result<_, _>>()?));
    };
    Err(Error::new(format!("cannot slice({start}, {end}), {problem}")))
}

fn flatten<'a>(l: &List<'a>, depth: i64, out: &mut Vec<Value<'a>>) -> std::result::Result<(), Error> {
    if depth < 0 {
        return Err(Error::new("level must be non-negative"));
    }
    for v in l.iter() {
        match v? {
            Value::List(nested) if depth > 0 => flatten(&nested, depth - 1, out)?,
            v => out.push(v),
        }
        if out.len() > MAX_MADE {
            return Err(Error::cancelled());
        }
    }
    Ok(())
}

fn flattened<'a>(l: &Value<'a>, depth: i64) -> Result<'a> {
    let Value::List(l) = l else { return Err(Error::no_such_overload()) };
    let mut out = Vec::new();
    flatten(l, depth, &mut out)?;
    Ok(Value::list(out))
}

fn sort<'a>(l: &List<'a>, keys: &List<'a>) -> Result<'a> {
    if l.len() != keys.len() {
        return Err(Error::new(format!(
            "@sortByAssociatedKeys() expected a list of the same size as the associated keys list, but got {} and {} \
             elements respectively",
            l.len(),
            keys.len()
        )));
    }
    let keys = keys.to_vec()?;
    let Some(first) = keys.first() else { return Ok(Value::List(l.clone())) };
    if !first.is_ordered() {
        return Err(Error::new("list elements must be comparable"));
    }
    if keys.iter().any(|k| k.type_name() != first.type_name()) {
        return Err(Error::new("list elements must have the same type"));
    }
    let mut order: Vec<usize> = (0..keys.len()).collect();
    // Upstream's sort is not stable; which order equal keys have is nobody's promise.
    order.sort_by(|a, b| keys[*a].compare(&keys[*b]).unwrap_or(Ordering::Equal));
    Ok(Value::list(order.into_iter().filter_map(|i| l.get(i)).collect::<std::result::Result<_, _>>()?))
}

fn distinct<'a>(a: &mut [Value<'a>]) -> Result<'a> {
    let mut out: Vec<Value<'a>> = Vec::new();
    for v in list(&a[0])?.iter() {
        let v = v?;
        if !out.iter().any(|o| v.equals(o) == Ok(true)) {
            out.push(v);
        }
    }
    Ok(Value::list(out))
}

/// One overload for each type that has an order.
macro_rules! each_ordered {
    ($name:expr, $before:literal, $after:literal, $run:expr $(, $result:literal)?) => {
        overloads(
            $name,
            &[
                Overload(concat!($before, "int", $after $(, $result, "int")?), &[Arg::List(&Arg::Int)], $run),
                Overload(concat!($before, "uint", $after $(, $result, "uint")?), &[Arg::List(&Arg::Uint)], $run),
                Overload(concat!($before, "double", $after $(, $result, "double")?), &[Arg::List(&Arg::Double)], $run),
                Overload(concat!($before, "bool", $after $(, $result, "bool")?), &[Arg::List(&Arg::Bool)], $run),
                Overload(
                    concat!($before, "duration", $after $(, $result, "duration")?),
                    &[Arg::List(&Arg::Duration)],
                    $run
                ),
                Overload(
                    concat!($before, "timestamp", $after $(, $result, "timestamp")?),
                    &[Arg::List(&Arg::Timestamp)],
                    $run
                ),
                Overload(concat!($before, "string", $after $(, $result, "string")?), &[Arg::List(&Arg::Str)], $run),
                Overload(concat!($before, "bytes", $after $(, $result, "bytes")?), &[Arg::List(&Arg::Bytes)], $run),
            ],
        )
    };
}

pub(super) const FUNCTIONS: &[Function] = &[
    each_ordered!("isSorted", "list_", "_is_sorted_bool", is_sorted),
    each_ordered!("max", "list_", "_max_", |a| extreme(list(&a[0])?, "max", Ordering::Less), ""),
    each_ordered!("min", "list_", "_min_", |a| extreme(list(&a[0])?, "min", Ordering::Greater), ""),
    overloads(
        "sum",
        &[
            Overload("list_int_sum_int", &[Arg::List(&Arg::Int)], |a| sum(list(&a[0])?, Value::Int(0))),
            Overload("list_uint_sum_uint", &[Arg::List(&Arg::Uint)], |a| sum(list(&a[0])?, Value::Uint(0))),
            Overload("list_double_sum_double", &[Arg::List(&Arg::Double)], |a| sum(list(&a[0])?, Value::Double(0.0))),
            Overload("list_duration_sum_duration", &[Arg::List(&Arg::Duration)], |a| {
                sum(list(&a[0])?, Value::Duration(0))
            }),
        ],
    ),
    overloads(
        "indexOf",
        &[Overload("list_a_index_of_int", &[Arg::List(&Arg::Any), Arg::Any], |a| {
            position(list(&a[0])?.iter().enumerate(), &a[1])
        })],
    ),
    overloads(
        "lastIndexOf",
        &[Overload("list_a_last_index_of_int", &[Arg::List(&Arg::Any), Arg::Any], |a| {
            let l = list(&a[0])?;
            position((0..l.len()).rev().filter_map(|i| Some((i, l.get(i)?))), &a[1])
        })],
    ),
    overloads("slice", &[Overload("list_slice", &[Arg::List(&Arg::Any), Arg::Int, Arg::Int], slice)]),
    overloads(
        "flatten",
        &[
            Overload("list_flatten", &[Arg::Any], |a| flattened(&a[0], 1)),
            Overload("list_flatten_int", &[Arg::Any, Arg::Int], |a| flattened(&a[0], int(&a[1])?)),
        ],
    ),
    whole("sort", is_list, |a| sort(list(&a[0])?, list(&a[0])?)),
    whole("@sortByAssociatedKeys", is_list, |a| sort(list(&a[0])?, list(&a[1])?)),
    overloads(
        "lists.range",
        &[Overload("lists_range", &[Arg::Int], |a| Ok(Value::List(List::Range(int(&a[0])?.max(0)))))],
    ),
    overloads(
        "reverse",
        &[Overload("list_reverse", &[Arg::List(&Arg::Any)], |a| {
            let mut items = list(&a[0])?.to_vec()?;
            items.reverse();
            Ok(Value::list(items))
        })],
    ),
    overloads("distinct", &[Overload("list_distinct", &[Arg::List(&Arg::Any)], distinct)]),
];
