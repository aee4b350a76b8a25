//! The merge of an applied value into a live one (SMD/typed/merge.go).

use super::compare::zip;
use super::items::{At, index, keyed};
use super::{Items, Shape, Type};
use serde_json::{Map, Value};

/// Merges an applied object into a live one. Both have been checked.
pub(in super::super) fn merge(
    root: Type<'_>,
    live: &Map<String, Value>,
    applied: &Map<String, Value>,
) -> Map<String, Value> {
    maps(root, live, applied)
}

fn values(ty: Type<'_>, live: Option<&Value>, applied: &Value) -> Value {
    let Some(live) = live else { return applied.clone() };
    match ty.shape(applied) {
        Shape::Map if !ty.is_atomic_map() => match (live, applied) {
            (Value::Object(l), Value::Object(a)) if !(l.is_empty() && a.is_empty()) => Value::Object(maps(ty, l, a)),
            // A null says nothing about what is in a map that is merged.
            (Value::Object(l), Value::Null) if !l.is_empty() => live.clone(),
            _ => applied.clone(),
        },
        Shape::List if !matches!(ty.items(), Items::Atomic) => match (live, applied) {
            (Value::Array(l), Value::Array(a)) if !(l.is_empty() && a.is_empty()) => Value::Array(lists(ty, l, a)),
            (Value::Array(l), Value::Null) if !l.is_empty() => live.clone(),
            _ => applied.clone(),
        },
        _ => applied.clone(),
    }
}

fn maps(ty: Type<'_>, live: &Map<String, Value>, applied: &Map<String, Value>) -> Map<String, Value> {
    let mut out = Vec::with_capacity(live.len().max(applied.len()));
    zip(Some(live), Some(applied), &mut |name, l, a| {
        let merged = match (l, a) {
            (l, Some(a)) => values(ty.field(name).map_or(Type::Deduced, |(of, _)| of), l, a),
            (Some(l), None) => l.clone(),
            (None, None) => return,
        };
        out.push((name.to_owned(), merged));
    });
    out.into_iter().collect()
}

/// Items of both lists. The applied ones keep their order, and live ones their place among those that both have.
fn lists(ty: Type<'_>, live: &[Value], applied: &[Value]) -> Vec<Value> {
    let (l, r) = (keyed(ty, live), keyed(ty, applied));
    let (in_l, in_r) = (index(&l), index(&r));
    let right_of: Vec<Option<usize>> = l.iter().map(|(k, _)| in_r.get(k).map(|at| at.first())).collect();
    let left_of: Vec<Option<At>> = r.iter().map(|(k, _)| in_l.get(k).copied()).collect();
    let merged = |at: usize| {
        let item = r[at].1;
        match left_of[at] {
            None => item.clone(),
            Some(At::Once(i)) => values(ty.item(), Some(l[i].1), item),
            // Twins are replaced by the one that is applied.
            Some(At::Twice(_)) => values(ty.item(), Some(&Value::Null), item),
        }
    };
    let mut shared = (0..r.len()).filter(|i| left_of[*i].is_some());
    let mut next = shared.next();
    let mut done = vec![false; r.len()];
    let mut out = Vec::with_capacity(l.len().max(r.len()));
    let (mut i, mut j) = (0, 0);
    while i < l.len() || j < r.len() {
        if i < l.len() && j < r.len() {
            if right_of[i] == Some(j) {
                done[j] = true;
                out.push(merged(j));
                (i, j) = (i + 1, j + 1);
                next = shared.next();
                continue;
            }
            if right_of[i].is_some() && next.is_some() && next != right_of[i] {
                // Both have it, but it is not the one whose turn it is.
                i += 1;
                continue;
            }
        }
        if i < l.len() {
            match right_of[i] {
                None => {
                    out.push(l[i].1.clone());
                    i += 1;
                    continue;
                }
                Some(at) if done[at] => i += 1,
                Some(_) => {}
            }
        }
        if j < r.len() {
            done[j] = true;
            out.push(merged(j));
            if next == Some(j) {
                next = shared.next();
            }
            j += 1;
        }
    }
    out
}
