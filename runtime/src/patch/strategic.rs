//! Strategic merge patch, for the kinds that Kubernetes has itself: a merge patch whose lists merge where the schema says
//! so, with directives for what a merge cannot say (M/util/strategicpatch/patch.go).
//!
//! The schema is OpenAPI with `x-kubernetes-patch-strategy` and `x-kubernetes-patch-merge-key`, as Kubernetes publishes it:
//!
//! ```
//! use kubegraft::patch::strategic;
//! use serde_json::json;
//!
//! let schema = json!({"properties": {"spec": {"properties": {"ports": {
//!     "type": "array", "x-kubernetes-patch-strategy": "merge", "x-kubernetes-patch-merge-key": "port"}}}}});
//! let mut object = json!({"spec": {"ports": [{"port": 80, "name": "http"}, {"port": 443}]}});
//! let patch = json!({"spec": {"ports": [{"port": 443, "name": "https"}, {"port": 80, "$patch": "delete"}]}});
//! strategic::merge(&schema, &mut object, patch).expect("a patch");
//! assert_eq!(object, json!({"spec": {"ports": [{"port": 443, "name": "https"}]}}));
//! ```

use super::merge::drop_nulls;
use crate::resource::codec::go::{shown, type_of};
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

const PATCH: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const DELETE_FROM: &str = "$deleteFromPrimitiveList";
const ELEMENT_ORDER: &str = "$setElementOrder";

/// Why a patch cannot be applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// It is not a strategic merge patch: a bad request.
    Malformed(&'static str),
    /// It asks for what there is no way to do.
    Unprocessable(&'static str),
    /// Patch and object do not fit. Upstream answers this with 500.
    Unfit(String),
}

const BAD_DOCUMENT: Error = Error::Malformed("invalid JSON document");
const BAD_PRIMITIVES: Error = Error::Malformed("invalid patch format of primitive list");
const BAD_RETAIN_KEYS: Error = Error::Malformed("invalid patch format of retainKeys");
const BAD_ORDER: Error = Error::Malformed("invalid patch format of setElementOrder list");
const LISTS_OF_LISTS: Error = Error::Unprocessable("lists of lists are not supported");

/// How ObjectMeta is patched.
static META: LazyLock<Value> = LazyLock::new(|| {
    json!({"properties": {
        "finalizers": {"x-kubernetes-patch-strategy": "merge"},
        "ownerReferences": {"x-kubernetes-patch-strategy": "merge", "x-kubernetes-patch-merge-key": "uid"}}})
});

/// The schema of a place, where there is one.
#[derive(Clone, Copy)]
struct Place<'s> {
    node: Option<&'s Value>,
    /// Whether it is a whole object, which has metadata.
    root: bool,
}

/// How a list or a map is patched.
struct Strategy<'s> {
    merge: bool,
    replace: bool,
    key: &'s str,
}

impl<'s> Place<'s> {
    fn field(self, name: &str) -> (Self, Strategy<'s>) {
        let node = if self.root && name == "metadata" {
            Some(&*META)
        } else {
            let of = |key: &str| self.node.and_then(|n| n.get(key));
            of("properties").and_then(|p| p.get(name)).or_else(|| of("additionalProperties"))
        };
        let text = |key: &str| node.and_then(|n| n.get(key)).and_then(Value::as_str).unwrap_or_default();
        let strategies = text("x-kubernetes-patch-strategy");
        let has = |name: &str| strategies.split(',').any(|s| s == name);
        let strategy =
            Strategy { merge: has("merge"), replace: has("replace"), key: text("x-kubernetes-patch-merge-key") };
        (Self { node, root: false }, strategy)
    }

    fn item(self) -> Self {
        Self { node: self.node.and_then(|n| n.get("items")), root: false }
    }
}

/// Merges a patch into an object of a schema.
///
/// # Errors
/// What is wrong with the patch. The object may be changed in part.
pub fn merge(schema: &Value, object: &mut Value, patch: Value) -> Result<(), Error> {
    let (Value::Object(map), Value::Object(patch)) = (object, patch) else { return Err(BAD_DOCUMENT) };
    maps(map, patch, Place { node: Some(schema), root: true })
}

fn maps(original: &mut Map<String, Value>, mut patch: Map<String, Value>, place: Place<'_>) -> Result<(), Error> {
    match patch.get(PATCH) {
        None => {}
        Some(Value::String(s)) if s == "replace" => {
            patch.remove(PATCH);
            *original = patch;
            return Ok(());
        }
        Some(Value::String(s)) if s == "delete" => {
            original.clear();
            return Ok(());
        }
        Some(other) => return Err(unknown_directive(other, &patch)),
    }
    retain_keys(original, &mut patch)?;
    orders(original, &mut patch, place)?;
    for (key, value) in patch {
        let (key, is_delete) = match key.strip_prefix(DELETE_FROM) {
            Some(rest) => (rest.strip_prefix('/').ok_or(BAD_PRIMITIVES)?.to_owned(), true),
            None => (key, false),
        };
        if value.is_null() {
            original.remove(&key);
            continue;
        }
        let (below, strategy) = place.field(&key);
        match (original.get_mut(&key), value) {
            (Some(Value::Object(o)), Value::Object(p)) if !strategy.replace => maps(o, p, below)?,
            (Some(o @ Value::Object(_)), p @ Value::Object(_)) => *o = p,
            (Some(Value::Array(o)), Value::Array(p)) => {
                *o = if strategy.merge || is_delete {
                    lists(std::mem::take(o), p, below, strategy.key, is_delete)?
                } else {
                    p
                };
            }
            // Nothing to delete from.
            _ if is_delete => {}
            (_, mut value) => {
                drop_nulls(&mut value);
                match without_directives(value) {
                    Some(value) => original.insert(key, value),
                    None => original.remove(&key),
                };
            }
        }
    }
    Ok(())
}

fn unknown_directive(directive: &Value, map: &Map<String, Value>) -> Error {
    let directive = directive.as_str().map_or_else(|| directive.to_string(), str::to_owned);
    Error::Unfit(format!("unknown patch type: {directive} in map: {}", shown(&Value::Object(map.clone()))))
}

/// `$retainKeys`: what it does not name goes.
fn retain_keys(original: &mut Map<String, Value>, patch: &mut Map<String, Value>) -> Result<(), Error> {
    let Some(list) = patch.remove(RETAIN_KEYS) else { return Ok(()) };
    let Value::Array(list) = list else { return Err(BAD_RETAIN_KEYS) };
    let named = |key: &str| list.iter().any(|v| v.as_str() == Some(key));
    let directive = |key: &str| key.starts_with(DELETE_FROM) || key.starts_with(ELEMENT_ORDER);
    if patch.iter().any(|(k, v)| !v.is_null() && !directive(k) && !named(k)) {
        return Err(BAD_RETAIN_KEYS);
    }
    original.retain(|k, _| named(k));
    Ok(())
}

/// `$setElementOrder/FIELD`: merges the lists of those fields and puts them in order; they are done with then.
fn orders(original: &mut Map<String, Value>, patch: &mut Map<String, Value>, place: Place<'_>) -> Result<(), Error> {
    let directives: Vec<String> = patch.keys().filter(|k| k.starts_with(ELEMENT_ORDER)).cloned().collect();
    for directive in directives {
        let list = |v: Value| match v {
            Value::Array(items) => Ok(items),
            other => Err(Error::Unfit(format!("expected a []interface {{}}, but received a {}", type_of(&other)))),
        };
        let order = list(patch.remove(&directive).unwrap_or_default())?;
        let field = directive[ELEMENT_ORDER.len()..].strip_prefix('/').ok_or(BAD_ORDER)?;
        let old = original.get(field).cloned().map(list).transpose()?;
        let new = patch.get(field).cloned().map(list).transpose()?;
        let (below, strategy) = place.field(field);
        let key = strategy.key;
        in_that_order(new.as_deref().unwrap_or_default(), &order, key)?;
        let merged = match (&old, new) {
            (None, None) => continue,
            (Some(old), None) => old.clone(),
            (None, Some(new)) => new.into_iter().filter_map(without_directives).collect(),
            (Some(old), Some(new)) if strategy.merge => lists(old.clone(), new, below, key, false)?,
            (Some(_), Some(new)) => new,
        };
        let ordered = normalize(merged, &order, old.as_deref().unwrap_or_default(), key)?;
        original.insert(field.to_owned(), ordered.into());
        patch.remove(field);
    }
    Ok(())
}

/// Checks that a patch's list is in the order that its directive asks for.
fn in_that_order(list: &[Value], order: &[Value], key: &str) -> Result<(), Error> {
    if list.is_empty() || order.is_empty() {
        return Ok(());
    }
    let mut rest = order.iter();
    for item in list.iter().filter(|i| i.get(PATCH).is_none()) {
        let id = identity(item, key)?;
        if !rest.any(|o| identity(o, key).is_ok_and(|o| o == id)) {
            let list = shown(&Value::from(list.to_vec()));
            let order = shown(&Value::from(order.to_vec()));
            return Err(Error::Unfit(format!(
                "The order in patch list:\n{list}\n doesn't match {ELEMENT_ORDER} list:\n{order}\n"
            )));
        }
    }
    Ok(())
}

/// What tells an item apart: its merge key, or itself.
fn identity<'v>(item: &'v Value, key: &str) -> Result<&'v Value, Error> {
    match item {
        Value::Object(map) => map.get(key).ok_or_else(|| no_merge_key(map, key)),
        scalar => Ok(scalar),
    }
}

fn no_merge_key(map: &Map<String, Value>, key: &str) -> Error {
    Error::Unfit(format!("map: {} does not contain declared merge key: {key}", shown(&Value::Object(map.clone()))))
}

/// Merges two lists: scalars as a set, maps by their merge key.
fn lists(
    mut original: Vec<Value>,
    patch: Vec<Value>,
    place: Place<'_>,
    key: &str,
    is_delete: bool,
) -> Result<Vec<Value>, Error> {
    let Some(first) = original.iter().chain(&patch).next() else { return Ok(original) };
    let kind = std::mem::discriminant(first);
    if first.is_array() {
        return Err(LISTS_OF_LISTS);
    }
    if original.iter().chain(&patch).any(|v| std::mem::discriminant(v) != kind) {
        let both = shown(&Value::from(vec![Value::from(original), Value::from(patch)]));
        return Err(Error::Unfit(format!("list element types are not identical: {both}")));
    }
    if !first.is_object() {
        if is_delete {
            original.retain(|v| !patch.contains(v));
            return Ok(original);
        }
        let mut merged: Vec<Value> = Vec::with_capacity(original.len() + patch.len());
        for v in original.iter().chain(&patch) {
            if !merged.contains(v) {
                merged.push(v.clone());
            }
        }
        return normalize(merged, &patch, &original, "");
    }
    if key.is_empty() {
        return Err(Error::Unfit("cannot merge lists without merge key".to_owned()));
    }
    let (mut plain, mut replace) = (Vec::with_capacity(patch.len()), false);
    for item in patch {
        let Value::Object(map) = &item else { continue };
        match map.get(PATCH).map(|d| d.as_str().unwrap_or_default()) {
            None => plain.push(item),
            Some("delete") => {
                let id = map.get(key).ok_or_else(|| no_merge_key(map, key))?;
                original.retain(|o| o.get(key) != Some(id));
            }
            Some("replace") => replace = true,
            Some("merge") => {
                return Err(Error::Unfit("merging lists cannot yet be specified in the patch".to_owned()));
            }
            Some(_) => return Err(unknown_directive(&map[PATCH], map)),
        }
    }
    if replace {
        return Ok(plain);
    }
    let before = original.clone();
    for item in &plain {
        let id = identity(item, key)?;
        match original.iter_mut().find(|o| o.get(key) == Some(id)) {
            Some(Value::Object(o)) => {
                let Value::Object(p) = item.clone() else { continue };
                maps(o, p, place.item())?;
            }
            _ => original.push(item.clone()),
        }
    }
    normalize(original, &plain, &before, key)
}

/// Puts the items that `order` has into its order, and the others among them where the server's order has them.
fn normalize(merged: Vec<Value>, order: &[Value], server: &[Value], key: &str) -> Result<Vec<Value>, Error> {
    let at = |list: &[Value], id: &Value| list.iter().position(|v| identity(v, key).is_ok_and(|i| i == id));
    let mut ordered: Vec<(usize, Value)> = Vec::new();
    let mut others: Vec<(usize, Value)> = Vec::new();
    for item in merged {
        let id = identity(&item, key)?;
        match at(order, id) {
            Some(i) => ordered.push((i, item)),
            None => others.push((at(server, id).unwrap_or(usize::MAX), item)),
        }
    }
    ordered.sort_by_key(|(i, _)| *i);
    others.sort_by_key(|(i, _)| *i);
    let mut out = Vec::with_capacity(ordered.len() + others.len());
    let mut others = others.into_iter().peekable();
    for (_, item) in ordered {
        let here = identity(&item, key).ok().and_then(|id| at(server, id));
        // What the server has in front of an item of its own stays there.
        while let Some((i, _)) = others.peek()
            && here.is_some_and(|here| *i < here)
        {
            out.extend(others.next().map(|(_, v)| v));
        }
        out.push(item);
    }
    out.extend(others.map(|(_, v)| v));
    Ok(out)
}

/// What is new without its directives; `None` when it is nothing but one.
fn without_directives(value: Value) -> Option<Value> {
    match value {
        Value::Object(map) if map.contains_key(PATCH) => None,
        Value::Object(map) => {
            Some(Value::Object(map.into_iter().filter_map(|(k, v)| Some((k, without_directives(v)?))).collect()))
        }
        Value::Array(items) => Some(Value::Array(items.into_iter().filter_map(without_directives).collect())),
        scalar => Some(scalar),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patched(object: Value, patch: Value) -> Result<Value, Error> {
        let keyed = json!({"type": "array", "x-kubernetes-patch-strategy": "merge", "x-kubernetes-patch-merge-key": "n",
            "items": {"properties": {"deep": {"x-kubernetes-patch-strategy": "merge"}}}});
        let schema = json!({"properties": {
            "keyed": keyed, "set": {"x-kubernetes-patch-strategy": "merge"}, "plain": {},
            "whole": {"x-kubernetes-patch-strategy": "replace"}, "map": {"additionalProperties": {}}}});
        let mut object = object;
        merge(&schema, &mut object, patch).map(|()| object)
    }

    fn check(object: Value, patch: Value, want: Value) {
        let shown = patch.to_string();
        assert_eq!(patched(object, patch), Ok(want), "{shown}");
    }

    fn refused(object: Value, patch: Value, want: Error) {
        let shown = patch.to_string();
        assert_eq!(patched(object, patch), Err(want), "{shown}");
    }

    #[test]
    fn maps_merge_and_nulls_remove() {
        check(json!({"map": {"a": 1, "b": 2}}), json!({"map": {"a": null, "c": 3}}), json!({"map": {"b": 2, "c": 3}}));
        check(json!({}), json!({"map": {"a": null, "b": {"c": null}}}), json!({"map": {"b": {}}}));
        check(json!({"whole": {"a": 1}}), json!({"whole": {"b": 1}}), json!({"whole": {"b": 1}}));
        check(json!({"map": {"a": 1}}), json!({"map": {"a": {"b": 1}}}), json!({"map": {"a": {"b": 1}}}));
    }

    #[test]
    fn lists_merge_where_the_schema_says_so() {
        // What is new comes first, for the server's order does not say where it goes.
        check(json!({"plain": [1, 2]}), json!({"plain": [3]}), json!({"plain": [3]}));
        check(json!({"set": [1, 2]}), json!({"set": [3, 2]}), json!({"set": [3, 1, 2]}));
        check(
            json!({"keyed": [{"n": "a", "v": 1}, {"n": "b", "deep": ["x"]}]}),
            json!({"keyed": [{"n": "b", "deep": ["y"]}, {"n": "c"}]}),
            json!({"keyed": [{"n": "a", "v": 1}, {"n": "b", "deep": ["y", "x"]}, {"n": "c"}]}),
        );
        check(
            json!({"metadata": {"finalizers": ["a"], "ownerReferences": [{"uid": "1", "name": "x"}]}}),
            json!({"metadata": {"finalizers": ["b"], "ownerReferences": [{"uid": "1", "name": "y"}]}}),
            json!({"metadata": {"finalizers": ["b", "a"], "ownerReferences": [{"uid": "1", "name": "y"}]}}),
        );
    }

    #[test]
    fn the_patch_directive_replaces_and_deletes() {
        check(json!({"map": {"a": 1}}), json!({"map": {"$patch": "replace", "b": 2}}), json!({"map": {"b": 2}}));
        check(json!({"map": {"a": 1}}), json!({"map": {"$patch": "delete"}}), json!({"map": {}}));
        check(json!({"a": 1}), json!({"map": {"$patch": "delete"}}), json!({"a": 1}));
        let live = json!({"keyed": [{"n": "a"}, {"n": "b"}]});
        check(live.clone(), json!({"keyed": [{"$patch": "delete", "n": "a"}]}), json!({"keyed": [{"n": "b"}]}));
        check(live.clone(), json!({"keyed": [{"$patch": "replace"}, {"n": "z"}]}), json!({"keyed": [{"n": "z"}]}));
        let why = |patch| match patched(live.clone(), patch) {
            Err(Error::Unfit(why)) => why,
            other => format!("{other:?}"),
        };
        let no_key = "map: map[$patch:delete] does not contain declared merge key: n";
        assert_eq!(why(json!({"keyed": [{"$patch": "delete"}]})), no_key);
        assert_eq!(why(json!({"$patch": "odd"})), "unknown patch type: odd in map: map[$patch:odd]");
        let not_a_list = "expected a []interface {}, but received a string";
        assert_eq!(why(json!({"$setElementOrder/keyed": "x"})), not_a_list);
    }

    #[test]
    fn primitives_are_deleted_from_lists() {
        check(json!({"set": [1, 2, 3]}), json!({"$deleteFromPrimitiveList/set": [2, 9]}), json!({"set": [1, 3]}));
        check(json!({}), json!({"$deleteFromPrimitiveList/set": [2]}), json!({}));
        refused(json!({}), json!({"$deleteFromPrimitiveList": [2]}), BAD_PRIMITIVES);
    }

    #[test]
    fn keys_that_are_not_retained_go() {
        let patch = json!({"map": {"$retainKeys": ["a", "b"], "b": 2}});
        check(json!({"map": {"a": 1, "c": 3}}), patch, json!({"map": {"a": 1, "b": 2}}));
        refused(json!({}), json!({"$retainKeys": ["a"], "map": {}}), BAD_RETAIN_KEYS);
        refused(json!({}), json!({"$retainKeys": "a"}), BAD_RETAIN_KEYS);
    }

    #[test]
    fn lists_are_put_in_order() {
        let live = json!({"keyed": [{"n": "a"}, {"n": "b"}, {"n": "c"}]});
        check(
            live.clone(),
            json!({"$setElementOrder/keyed": [{"n": "d"}, {"n": "b"}], "keyed": [{"n": "d"}]}),
            json!({"keyed": [{"n": "d"}, {"n": "a"}, {"n": "b"}, {"n": "c"}]}),
        );
        check(json!({"set": [1, 2, 3]}), json!({"$setElementOrder/set": [3, 1]}), json!({"set": [2, 3, 1]}));
        assert!(matches!(
            patched(live, json!({"$setElementOrder/keyed": [{"n": "a"}], "keyed": [{"n": "d"}]})),
            Err(Error::Unfit(_))
        ));
        refused(json!({}), json!({"$setElementOrder": []}), BAD_ORDER);
    }

    #[test]
    fn lists_of_lists_and_of_mixed_items_do_not_merge() {
        refused(json!({"set": [[1]]}), json!({"set": [[2]]}), LISTS_OF_LISTS);
        let mixed = Error::Unfit("list element types are not identical: [[1] [a]]".into());
        refused(json!({"set": [1]}), json!({"set": ["a"]}), mixed);
        refused(json!({}), json!([]), BAD_DOCUMENT);
    }
}
