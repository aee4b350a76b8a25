//! Sets that were made by an older schema: where a list or map has become atomic since, its manager owns it whole
//! (SMD/typed/reconcile_schema.go). The other way nothing is done: what was owned whole stays so until it is applied again.

use super::super::set::{Node, Set};
use super::{Items, Shape, Type};
use serde_json::Value;

/// The set as the schema of now would have it; `None` when it is that already.
pub(in super::super) fn reconcile<'a>(root: Type<'_>, set: &Set<'a>) -> Option<Set<'a>> {
    below(root, set)
}

/// What a node becomes: `Some(None)` when it is now owned whole.
fn node<'a>(ty: Type<'_>, n: &Node<'a>) -> Option<Option<Set<'a>>> {
    let whole = n.member && n.below.is_empty();
    // Where the schema does not say, a map is meant, as for null.
    match ty.shape(&Value::Null) {
        Shape::Scalar => None,
        Shape::List if matches!(ty.items(), Items::Atomic) => (!whole).then_some(None),
        Shape::List => below(ty, &n.below).map(Some),
        Shape::Map if ty.is_untyped_map() => None,
        Shape::Map if ty.is_atomic_map() => (!whole && !n.below.is_empty()).then_some(None),
        Shape::Map => below(ty, &n.below).map(Some),
    }
}

fn below<'a>(ty: Type<'_>, set: &Set<'a>) -> Option<Set<'a>> {
    let shape = ty.shape(&Value::Null);
    let mut types = ty.fields();
    let mut changed = |n: &Node<'a>| {
        let of = match (shape, n.element.name()) {
            (Shape::Map, Some(name)) => types.next(name).map(|(of, _)| of),
            (Shape::List, _) => Some(ty.item()),
            _ => None,
        };
        node(of?, n)
    };
    // Most often nothing changed, and then nothing is copied.
    let mut new: Vec<(usize, Option<Set<'a>>)> = Vec::new();
    for (i, n) in set.nodes().iter().enumerate() {
        new.extend(changed(n).map(|below| (i, below)));
    }
    if new.is_empty() {
        return None;
    }
    let mut nodes = set.nodes().to_vec();
    for (i, below) in new {
        nodes[i].member |= below.is_none();
        nodes[i].below = below.unwrap_or_default();
    }
    Some(Set::of(nodes))
}
