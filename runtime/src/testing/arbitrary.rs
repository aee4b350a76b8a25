//! Arbitrary objects of a version, made from its schema: what a client could send and the server would store. Values are drawn
//! to fit types, bounds, patterns, enums and unions; what CEL rules or the rest of the schema refuse is drawn again.

use crate::resource::GroupVersion;
use crate::schema::node::{Additional, Checks, ListType, Type};
use crate::schema::{Definition, Node, Version};
use proptest::collection::{btree_map, vec};
use proptest::option::{of, weighted};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Lists and maps have this many more entries than they must, at most.
const MORE: i64 = 3;
/// Texts have this many more characters than they must, at most.
const LONGER: i64 = 12;

/// Objects of a version that a server would store as they are: valid, pruned and with defaults.
pub(super) fn object(definition: &Arc<Definition>, version: &Version) -> impl Strategy<Value = Value> + use<> {
    let api_version = GroupVersion::new(&definition.group, &version.name).to_string();
    let kind = definition.names.kind.clone();
    let content = of_node(version.schema.node(), &[]);
    let notes = weighted(0.2, Just(json!({"note": "kept"})));
    let definition = definition.clone();
    (content, notes).prop_filter_map("the schema or a rule refuses it", move |(mut object, notes)| {
        let map = object.as_object_mut()?;
        map.insert("apiVersion".into(), api_version.as_str().into());
        map.insert("kind".into(), kind.as_str().into());
        let mut metadata = json!({"name": "arbitrary"});
        notes.and_then(|n| metadata.as_object_mut()?.insert("annotations".into(), n));
        map.insert("metadata".into(), metadata);
        let verdict = definition.validate(object, None);
        verdict.is_accepted().then_some(verdict.object)
    })
}

/// Values of a node, and of what one branch of its union says beyond it.
fn of_node(node: &Node, beyond: &[&Node]) -> BoxedStrategy<Value> {
    let all = || std::iter::once(node).chain(beyond.iter().copied());
    let value = match all().find_map(|n| n.checks.as_deref().filter(|c| !c.enum_.is_empty())) {
        Some(checks) => select(checks.enum_.to_vec()).boxed(),
        None => match node.type_ {
            _ if node.int_or_string => {
                prop_oneof![any::<i32>().prop_map(Value::from), "[a-z]{1,6}".prop_map(Value::from)].boxed()
            }
            _ if node.embedded => embedded(),
            Some(Type::Object) => union(node, beyond),
            Some(Type::Array) => array(node),
            Some(Type::String) => string(node, all().filter_map(|n| n.checks.as_deref())),
            Some(Type::Integer) => integer(node, all().filter_map(|n| n.checks.as_deref())),
            Some(Type::Number) => number(all().filter_map(|n| n.checks.as_deref())),
            Some(Type::Boolean) => any::<bool>().prop_map(Value::from).boxed(),
            None => anything(),
        },
    };
    if node.nullable { prop_oneof![9 => value, 1 => Just(Value::Null)].boxed() } else { value }
}

fn embedded() -> BoxedStrategy<Value> {
    Just(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"key": "value"}})).boxed()
}

/// Where a schema says nothing.
fn anything() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-z]{0,4}".prop_map(Value::from)
    ];
    prop_oneof![
        leaf.clone(),
        vec(leaf.clone(), 0..3).prop_map(Value::from),
        btree_map("[a-z]{1,3}", leaf, 0..3).prop_map(to_object)
    ]
    .boxed()
}

fn to_object(members: std::collections::BTreeMap<String, Value>) -> Value {
    Value::Object(members.into_iter().collect())
}

/// An object with one branch of a union chosen, if there is one: what it requires is there, what it forbids is not.
fn union(node: &Node, beyond: &[&Node]) -> BoxedStrategy<Value> {
    let branches: Vec<&Node> =
        node.checks.iter().flat_map(|c| if c.one_of.is_empty() { &*c.any_of } else { &*c.one_of }).collect();
    if branches.is_empty() {
        return members(node, beyond);
    }
    Union::new(branches.iter().map(|b| members(node, &[beyond, &[*b]].concat()))).boxed()
}

fn members(node: &Node, beyond: &[&Node]) -> BoxedStrategy<Value> {
    let all = || std::iter::once(node).chain(beyond.iter().copied());
    let required = |name: &str| all().any(|n| n.required.iter().any(|r| **r == *name));
    let forbidden =
        |name: &str| all().filter_map(|n| n.checks.as_deref()?.not.as_deref()).any(|not| forbids(not, name));
    let mut out = Just(Map::new()).boxed();
    for (name, property) in &node.properties {
        if forbidden(name) {
            continue;
        }
        let beyond: Vec<&Node> = beyond.iter().filter_map(|n| n.property(name)).collect();
        let value = of_node(property, &beyond);
        let value = if required(name) { value.prop_map(Some).boxed() } else { of(value).boxed() };
        let name = name.to_string();
        out = (out, value)
            .prop_map(move |(mut map, value)| {
                value.and_then(|v| map.insert(name.clone(), v));
                map
            })
            .boxed();
    }
    let entry = match &node.additional {
        Some(Additional::Schema(value)) => Some(of_node(value, &[])),
        Some(Additional::Allowed(true)) => Some(anything()),
        _ if node.preserve_unknown => Some(anything()),
        _ => None,
    };
    let Some(entry) = entry else { return out.prop_map(Value::Object).boxed() };
    let checks = node.checks.as_deref();
    let count = range(checks.and_then(|c| c.min_properties), checks.and_then(|c| c.max_properties), MORE);
    let taken: Vec<String> = node.properties.iter().map(|(n, _)| n.to_string()).collect();
    (out, btree_map("[a-z]{1,4}", entry, count))
        .prop_map(move |(mut map, entries)| {
            map.extend(entries.into_iter().filter(|(k, _)| !taken.contains(k)));
            Value::Object(map)
        })
        .boxed()
}

/// Whether a `not` is about the presence of a property.
fn forbids(not: &Node, name: &str) -> bool {
    not.required.iter().any(|r| **r == *name)
        || not.checks.as_deref().is_some_and(|c| c.any_of.iter().any(|n| forbids(n, name)))
}

fn array(node: &Node) -> BoxedStrategy<Value> {
    let item = node.items.as_deref().map_or_else(anything, |items| of_node(items, &[]));
    let checks = node.checks.as_deref();
    let count = range(checks.and_then(|c| c.min_items), checks.and_then(|c| c.max_items), MORE);
    let keys: Vec<String> = node.list_map_keys.iter().map(ToString::to_string).collect();
    let unique = node.list_type != Some(ListType::Atomic) && node.list_type.is_some();
    vec(item, count)
        .prop_map(move |mut items| {
            if unique {
                let key = |v: &Value| match keys.is_empty() {
                    true => vec![Some(v.clone())],
                    false => keys.iter().map(|k| v.get(k).cloned()).collect(),
                };
                let mut seen = Vec::new();
                items.retain(|v| {
                    !seen.contains(&key(v)) && {
                        seen.push(key(v));
                        true
                    }
                });
            }
            Value::Array(items)
        })
        .boxed()
}

/// How many, between two bounds where they are given.
fn range(min: Option<i64>, max: Option<i64>, more: i64) -> std::ops::RangeInclusive<usize> {
    let min = min.unwrap_or(0).max(0);
    let max = max.unwrap_or(i64::MAX).min(min.saturating_add(more)).max(min);
    usize::try_from(min).unwrap_or(0)..=usize::try_from(max).unwrap_or(0)
}

fn string<'a>(node: &Node, mut checks: impl Iterator<Item = &'a Checks> + Clone) -> BoxedStrategy<Value> {
    let of_format = match node.format.as_deref() {
        Some("date-time") => Some("20[0-9]{2}-0[1-9]-1[0-9]T0[0-9]:[0-5][0-9]:[0-5][0-9]Z"),
        Some("date") => Some("20[0-9]{2}-0[1-9]-1[0-9]"),
        Some("duration") => Some("[1-9][0-9]?(s|m|h)"),
        Some("ipv4") => Some("1[0-9]{2}\\.[1-9]\\.[1-9]\\.[1-9]"),
        Some("ipv6") => Some("fd00::[1-9a-f]{1,4}"),
        Some("cidr") => Some("10\\.[1-9]\\.0\\.0/16"),
        Some("uuid" | "uuid4") => Some("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"),
        Some("uri") => Some("https://[a-z]{1,8}\\.example\\.com/[a-z]{0,4}"),
        Some("email") => Some("[a-z]{1,8}@example\\.com"),
        Some("hostname") => Some("[a-z]{1,8}\\.example\\.com"),
        Some("byte") => Some("([A-Za-z0-9]{4}){0,4}"),
        _ => None,
    };
    let length = |c: &mut dyn Iterator<Item = &Checks>| {
        let (mut min, mut max) = (None, None);
        for c in c {
            (min, max) = (min.max(c.min_length), max.or(c.max_length));
        }
        range(min, max, LONGER)
    };
    let length = length(&mut checks.clone());
    let pattern = checks.find_map(|c| c.pattern.as_ref()).and_then(|p| drawn(p.source()));
    if let Some(text) = of_format.and_then(drawn).or(pattern) {
        return text.prop_map(Value::from).boxed();
    }
    let (min, max) = (length.start(), length.end());
    let plain = drawn(&format!("[a-z0-9]{{{min},{max}}}"));
    // Whatever characters a client may send: conversions that cut texts apart must bear them.
    let wild = drawn(&format!("[ -~¿-ɏ]{{{min},{max}}}"));
    Union::new(plain.into_iter().chain(wild)).prop_map(Value::from).boxed()
}

/// Texts that match an expression; none where it says more than can be drawn from.
fn drawn(pattern: &str) -> Option<BoxedStrategy<String>> {
    // Anchors at the ends mean nothing to what is drawn whole.
    let whole = pattern.strip_prefix('^').unwrap_or(pattern);
    let whole = whole.strip_suffix('$').filter(|w| !w.ends_with('\\')).unwrap_or(whole);
    let source = kubegraft_syntax::re2::translate(&format!("(?:{whole})")).ok()?;
    proptest::string::string_regex(&source).ok().map(Strategy::boxed)
}

fn integer<'a>(node: &Node, checks: impl Iterator<Item = &'a Checks>) -> BoxedStrategy<Value> {
    let (mut min, mut max) = match node.format.as_deref() {
        Some("int32") => (i64::from(i32::MIN), i64::from(i32::MAX)),
        _ => (i64::MIN, i64::MAX),
    };
    for c in checks {
        if let Some(m) = c.minimum {
            min = min.max((m as i64).saturating_add(i64::from(c.exclusive_minimum)));
        }
        if let Some(m) = c.maximum {
            max = max.min((m as i64).saturating_sub(i64::from(c.exclusive_maximum)));
        }
    }
    let max = max.max(min);
    prop_oneof![min..=max, min..=max.min(min.saturating_add(99))].prop_map(Value::from).boxed()
}

fn number<'a>(checks: impl Iterator<Item = &'a Checks>) -> BoxedStrategy<Value> {
    let (mut min, mut max) = (-1e6, 1e6);
    for c in checks {
        min = c.minimum.unwrap_or(min);
        max = c.maximum.unwrap_or(max).max(min);
    }
    // Quarters are the same number in binary and in decimal.
    (min..=max).prop_map(|n: f64| Value::from((n * 4.0).round() / 4.0)).boxed()
}
