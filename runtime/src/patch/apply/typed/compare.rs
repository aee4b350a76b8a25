//! What changed between two values: fields that were added or modified, and fields that were removed
//! (SMD/typed/compare.go). One walk over both; only differences allocate.

use super::super::element::Element;
use super::super::set::{Node, Set};
use super::items::At::{Once, Twice};
use super::items::{Key, index, keyed};
use super::{Items, Scalar, Shape, Type};
use serde_json::{Map, Value};

/// What changed between two objects.
#[derive(Debug, Default)]
pub(in super::super) struct Changes<'v> {
    /// Added or modified.
    pub(in super::super) changed: Set<'v>,
    /// Removed.
    pub(in super::super) removed: Set<'v>,
}

impl Changes<'_> {
    pub(in super::super) fn without(self, ignored: &Set<'_>) -> Self {
        Self {
            changed: self.changed.recursive_difference(ignored),
            removed: self.removed.recursive_difference(ignored),
        }
    }

    /// The same, independent of what was compared.
    pub(in super::super) fn into_owned(self) -> Changes<'static> {
        Changes { changed: self.changed.into_owned(), removed: self.removed.into_owned() }
    }
}

/// Compares two objects.
pub(in super::super) fn compare<'v>(
    root: Type<'_>,
    old: &'v Map<String, Value>,
    new: &'v Map<String, Value>,
) -> Changes<'v> {
    let mut level = Level::default();
    maps(root, Some(old), Some(new), &mut level);
    Changes { changed: Set::of(level.changed), removed: Set::of(level.removed) }
}

/// Equality of values: numbers are equal by what they count.
pub(in super::super) fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => x == y || x.as_f64() == y.as_f64() && !(x.is_i64() && y.is_i64()),
        (Value::Array(x), Value::Array(y)) => x.len() == y.len() && x.iter().zip(y).all(|(x, y)| equal(x, y)),
        (Value::Object(x), Value::Object(y)) => {
            x.len() == y.len() && x.iter().zip(y).all(|((k, x), (l, y))| k == l && equal(x, y))
        }
        (a, b) => a == b,
    }
}

/// What was found about the fields of one place.
#[derive(Default)]
struct Level<'v> {
    changed: Vec<Node<'v>>,
    removed: Vec<Node<'v>>,
}

/// What was found about one place itself.
#[derive(Clone, Copy, Default)]
struct Own {
    changed: bool,
    removed: bool,
}

impl<'v> Level<'v> {
    /// Takes in what was found about a field.
    fn take(&mut self, element: impl Fn() -> Element<'v>, own: Own, below: Level<'v>) {
        if own.changed || !below.changed.is_empty() {
            self.changed.push(Node { element: element(), member: own.changed, below: Set::of(below.changed) });
        }
        if own.removed || !below.removed.is_empty() {
            self.removed.push(Node { element: element(), member: own.removed, below: Set::of(below.removed) });
        }
    }
}

fn step<'v>(
    ty: Type<'_>,
    old: Option<&'v Value>,
    new: Option<&'v Value>,
    element: impl Fn() -> Element<'v>,
    out: &mut Level<'v>,
) {
    let mut below = Level::default();
    let own = values(ty, old, new, &mut below);
    out.take(element, own, below);
}

/// Compares two values of which at least one is there.
fn values<'v>(ty: Type<'_>, old: Option<&'v Value>, new: Option<&'v Value>, out: &mut Level<'v>) -> Own {
    let shapes = (old.map(|v| ty.shape(v)), new.map(|v| ty.shape(v)));
    let leaf = match shapes {
        (Some(a), Some(b)) if a != b => {
            // As what each of them is; the old one's fields go, the new one's come.
            let mut own = if as_shape(a, ty, old, new, out) { leaf(old, new) } else { Own::default() };
            if as_shape(b, ty, old, new, out) {
                own = leaf(old, new);
            }
            return own;
        }
        (_, Some(shape)) | (Some(shape), None) => as_shape(shape, ty, old, new, out),
        (None, None) => return Own::default(),
    };
    if leaf {
        return self::leaf(old, new);
    }
    Own { changed: old.is_none(), removed: new.is_none() }
}

fn leaf(old: Option<&Value>, new: Option<&Value>) -> Own {
    match (old, new) {
        (None, _) => Own { changed: true, removed: false },
        (_, None) => Own { changed: false, removed: true },
        (Some(a), Some(b)) => Own { changed: !equal(a, b), removed: false },
    }
}

/// Compares what is below two values taken for one shape; true where they are one field with nothing below.
fn as_shape<'v>(
    shape: Shape,
    ty: Type<'_>,
    old: Option<&'v Value>,
    new: Option<&'v Value>,
    out: &mut Level<'v>,
) -> bool {
    match shape {
        Shape::Scalar => {
            let scalar = |v: &Value| match ty.scalar() {
                Scalar::Number => v.is_number() || v.is_null(),
                Scalar::Text => v.is_string() || v.is_null(),
                Scalar::Boolean => v.is_boolean() || v.is_null(),
                Scalar::Any => !v.is_object() && !v.is_array(),
            };
            old.is_none_or(scalar) || new.is_none_or(scalar)
        }
        Shape::Map => {
            let (old, new) = (old.and_then(Value::as_object), new.and_then(Value::as_object));
            // Two empty ones are a leaf: that keeps null and empty apart.
            if ty.is_atomic_map() || (old.is_none_or(Map::is_empty) && new.is_none_or(Map::is_empty)) {
                return true;
            }
            maps(ty, old, new, out);
            false
        }
        Shape::List => {
            let items = |v: Option<&'v Value>| v.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            let (old, new) = (items(old), items(new));
            if matches!(ty.items(), Items::Atomic) || (old.is_empty() && new.is_empty()) {
                return true;
            }
            lists(ty, old, new, out);
            false
        }
    }
}

fn maps<'v>(
    ty: Type<'_>,
    old: Option<&'v Map<String, Value>>,
    new: Option<&'v Map<String, Value>>,
    out: &mut Level<'v>,
) {
    let mut types = ty.fields();
    let mut field = |name: &'v str, old: Option<&'v Value>, new: Option<&'v Value>| {
        let of = types.next(name).map_or(Type::Deduced, |(of, _)| of);
        step(of, old, new, || Element::field(name), out);
    };
    zip(old, new, &mut field);
}

/// Walks two sorted maps side by side.
pub(super) fn zip<'v>(
    a: Option<&'v Map<String, Value>>,
    b: Option<&'v Map<String, Value>>,
    f: &mut impl FnMut(&'v str, Option<&'v Value>, Option<&'v Value>),
) {
    let (mut a, mut b) = (a.into_iter().flatten().peekable(), b.into_iter().flatten().peekable());
    loop {
        let order = match (a.peek(), b.peek()) {
            (None, None) => return,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some((x, _)), Some((y, _))) => x.cmp(y),
        };
        let left = if order.is_le() { a.next() } else { None };
        let right = if order.is_ge() { b.next() } else { None };
        let Some((name, _)) = left.or(right) else { return };
        f(name, left.map(|(_, v)| v), right.map(|(_, v)| v));
    }
}

fn lists<'v>(ty: Type<'_>, old: &'v [Value], new: &'v [Value], out: &mut Level<'v>) {
    // Most often nothing changed. Such lists nest as deep as the schema, not as what is in them.
    if old == new {
        return;
    }
    let (l, r) = (keyed(ty, old), keyed(ty, new));
    // And if something did, nothing moved.
    if l.len() == r.len() && l.iter().zip(&r).all(|((a, _), (b, _))| a == b) && !has_twins(&l) {
        for ((key, a), (_, b)) in l.iter().zip(&r).filter(|((_, a), (_, b))| a != b) {
            step(ty.item(), Some(a), Some(b), || key.element(), out);
        }
        return;
    }
    let (in_l, in_r) = (index(&l), index(&r));
    let firsts = l.iter().enumerate().filter(|(i, (k, _))| in_l.get(k).is_some_and(|at| at.first() == *i));
    let added = r
        .iter()
        .enumerate()
        .filter(|(i, (k, _))| in_l.get(k).is_none() && in_r.get(k).is_some_and(|at| at.first() == *i));
    for (_, (key, _)) in firsts.chain(added) {
        let mut twins = |changed: bool, removed: bool| {
            out.take(|| key.element(), Own { changed, removed }, Level::default());
        };
        match (in_l.get(key), in_r.get(key)) {
            (Some(Twice(_)), Some(Twice(_))) => {
                let (a, b) = (all_of(&l, key), all_of(&r, key));
                twins(a.len() != b.len() || !a.iter().zip(&b).all(|(a, b)| equal(a, b)), false);
            }
            (Some(Twice(_)), one) => {
                twins(false, true);
                if let Some(at) = one {
                    step(ty.item(), None, Some(r[at.first()].1), || key.element(), out);
                }
            }
            (one, Some(Twice(_))) => {
                twins(true, false);
                if let Some(at) = one {
                    step(ty.item(), Some(l[at.first()].1), None, || key.element(), out);
                }
            }
            (a, b) => {
                let (a, b) = (a.map(|at| l[at.first()].1), b.map(|at| r[at.first()].1));
                step(ty.item(), a, b, || key.element(), out);
            }
        }
    }
}

fn all_of<'v>(items: &[(Key<'_>, &'v Value)], key: &Key<'_>) -> Vec<&'v Value> {
    items.iter().filter(|(k, _)| k == key).map(|(_, v)| *v).collect()
}

fn has_twins(items: &[(Key<'_>, &Value)]) -> bool {
    let at = index(items);
    (0..items.len()).any(|i| at.get(&items[i].0).is_some_and(|at| at != Once(i)))
}
