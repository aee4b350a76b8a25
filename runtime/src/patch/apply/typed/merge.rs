//! The merge of an applied value into a live one (SMD/typed/merge.go).

use super::items::{At, Key, index, keyed};
use super::{Items, Shape, Type};
use serde_json::{Map, Value};

/// Merges an applied object into a live one. Both have been checked.
pub(in super::super) fn merge(
    root: Type<'_>,
    mut live: Map<String, Value>,
    applied: &Map<String, Value>,
) -> Map<String, Value> {
    maps(root, &mut live, applied);
    live
}

fn values(ty: Type<'_>, live: &mut Value, applied: &Value) {
    match (ty.shape(applied), &mut *live, applied) {
        (Shape::Map, Value::Object(l), Value::Object(a)) if !ty.is_atomic_map() => maps(ty, l, a),
        (Shape::List, Value::Array(l), Value::Array(a)) if !matches!(ty.items(), Items::Atomic) => lists(ty, l, a),
        // A null says nothing about what is in something that is merged.
        (Shape::Map, Value::Object(l), Value::Null) if !ty.is_atomic_map() && !l.is_empty() => {}
        (Shape::List, Value::Array(l), Value::Null) if !matches!(ty.items(), Items::Atomic) && !l.is_empty() => {}
        (_, old, new) => {
            if old != new {
                *old = new.clone();
            }
        }
    }
}

fn maps(ty: Type<'_>, live: &mut Map<String, Value>, applied: &Map<String, Value>) {
    let (mut types, mut there, mut new) = (ty.fields(), live.iter_mut().peekable(), Vec::new());
    for (name, value) in applied {
        while there.next_if(|(k, _)| *k < name).is_some() {}
        match there.next_if(|(k, _)| *k == name) {
            Some((_, old)) => values(types.next(name).map_or(Type::Deduced, |(of, _)| of), old, value),
            None => new.push((name.clone(), value.clone())),
        }
    }
    live.extend(new);
}

/// Items of both lists. The applied ones keep their order, and live ones their place among those that both have.
fn lists(ty: Type<'_>, live: &mut Vec<Value>, applied: &[Value]) {
    // Most often they have the same items. Those that are applied have been checked to be there once.
    if live.len() == applied.len() && live.iter().zip(applied).all(|(l, r)| same_item(ty, l, r)) {
        live.iter_mut().zip(applied).for_each(|(l, r)| values(ty.item(), l, r));
        return;
    }
    let (l, r) = (keyed(ty, live), keyed(ty, applied));
    let (in_l, in_r) = (index(&l), index(&r));
    let right_of: Vec<Option<usize>> = l.iter().map(|(k, _)| in_r.get(k).map(|at| at.first())).collect();
    let left_of: Vec<Option<At>> = r.iter().map(|(k, _)| in_l.get(k)).collect();
    let mut shared = (0..r.len()).filter(|i| left_of[*i].is_some());
    let mut next = shared.next();
    let mut done = vec![false; r.len()];
    let mut out: Vec<From> = Vec::with_capacity(l.len().max(r.len()));
    let (mut i, mut j) = (0, 0);
    while i < l.len() || j < r.len() {
        if i < l.len() && j < r.len() {
            if right_of[i] == Some(j) {
                done[j] = true;
                out.push(From::Applied(j));
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
                    out.push(From::Live(i));
                    i += 1;
                    continue;
                }
                Some(at) if done[at] => i += 1,
                Some(_) => {}
            }
        }
        if j < r.len() {
            done[j] = true;
            out.push(From::Applied(j));
            if next == Some(j) {
                next = shared.next();
            }
            j += 1;
        }
    }
    drop((in_l, in_r));
    // `keyed` leaves out what has no key, which in a list that was checked is nothing.
    let mut old: Vec<Option<Value>> = std::mem::take(live).into_iter().map(Some).collect();
    let mut take = |i: usize| old.get_mut(i).and_then(Option::take).unwrap_or_default();
    let merged = out.into_iter().map(|from| match from {
        From::Live(i) => take(i),
        From::Applied(j) => match left_of[j] {
            None => applied[j].clone(),
            Some(at) => {
                // Twins are replaced by the one that is applied.
                let mut item = if let At::Once(i) = at { take(i) } else { Value::Null };
                values(ty.item(), &mut item, &applied[j]);
                item
            }
        },
    });
    *live = merged.collect();
}

fn same_item(list: Type<'_>, a: &Value, b: &Value) -> bool {
    matches!((Key::of(list, a), Key::of(list, b)), (Ok(a), Ok(b)) if a == b)
}

/// Where an item of a merged list comes from.
enum From {
    Live(usize),
    Applied(usize),
}
