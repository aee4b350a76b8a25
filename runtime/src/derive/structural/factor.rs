//! Several structural nodes as one that has the structure of all, and for each what it says beyond that, in value validations
//! alone: the only form in which Kubernetes takes a union.

use super::{CLOSED, INT_OR_STRING, Node, PRESERVE, RULES, open_node};
use serde_json::{Map, Value, json};

/// Keywords that may stand below a junctor. Those of a group go together.
const VALIDATIONS: &[&[&str]] = &[
    &["enum"],
    &["format"],
    &["minimum", "exclusiveMinimum"],
    &["maximum", "exclusiveMaximum"],
    &["multipleOf"],
    &["minLength"],
    &["maxLength"],
    &["pattern"],
    &["minItems"],
    &["maxItems"],
    &["minProperties"],
    &["maxProperties"],
    &["required"],
    &["not"],
    &["allOf"],
    &["anyOf"],
    &["oneOf"],
];

/// The node that only null fits.
pub(super) fn null() -> Node {
    json!({PRESERVE: true, "nullable": true, "not": {}}).as_object().cloned().unwrap_or_default()
}

pub(super) fn is_null(node: &Node) -> bool {
    node.get("not") == Some(&json!({})) && node.get("nullable") == Some(&Value::Bool(true))
}

/// One node that admits what any of them admits.
pub(super) fn union(nodes: &[Node], exclusive: bool, problems: &mut Vec<String>) -> Node {
    let nodes: Vec<&Node> = nodes.iter().collect();
    let (mut out, mut rest) = factor(&nodes, exclusive, problems);
    out.remove(CLOSED);
    if rest.iter().all(|r| r.keys().all(|k| k == "enum")) && out.contains_key("enum") {
        return out;
    }
    if !exclusive {
        if rest.iter().any(Map::is_empty) {
            return out;
        }
        let mut distinct: Vec<Node> = Vec::new();
        for r in rest {
            if !distinct.contains(&r) {
                distinct.push(r);
            }
        }
        rest = distinct;
    }
    let rest: Vec<Value> = rest.into_iter().map(Value::Object).collect();
    let keyword = if exclusive { "oneOf" } else { "anyOf" };
    if out.contains_key(keyword) {
        super::push_all(&mut out, json!({keyword: rest}));
    } else {
        out.insert(keyword.into(), Value::Array(rest));
    }
    out
}

/// Tells a closed branch from fields that only others have. Where the union is open, nothing is pruned, so there the number of
/// fields is bounded; that says the same only if all are required.
fn close(nodes: &[&Node], rest: &mut [Node], exclusive: bool, open: bool, problems: &mut Vec<String>) {
    let names = |n: &Node| -> Vec<String> {
        n.get("properties").and_then(Value::as_object).map(|p| p.keys().cloned().collect()).unwrap_or_default()
    };
    let required = |n: &Node| n.get("required").and_then(Value::as_array).map_or(0, Vec::len);
    if open {
        for (n, r) in nodes.iter().zip(rest.iter_mut()).filter(|(n, _)| n.contains_key(CLOSED)) {
            let all = names(n).len();
            r.insert("maxProperties".into(), all.into());
            if required(n) != all {
                problems.push(
                    "unknown fields cannot be denied where a variant is no object and some fields are optional; \
                     remove deny_unknown_fields, or make all variants structs"
                        .into(),
                );
            }
        }
    }
    let objects: Vec<&&Node> = nodes.iter().filter(|n| n.get("type") == Some(&json!("object"))).collect();
    // Externally tagged: each needs its own single key, so two keys already fit two branches.
    if exclusive && objects.iter().all(|n| names(n).len() == 1 && n.contains_key("required")) {
        return;
    }
    let all: Vec<String> = nodes.iter().flat_map(|n| names(n)).collect();
    for (n, r) in nodes.iter().zip(rest.iter_mut()).filter(|(n, _)| n.contains_key(CLOSED)) {
        let own = names(n);
        let mut foreign: Vec<&String> = all.iter().filter(|a| !own.contains(a)).collect();
        foreign.sort();
        foreign.dedup();
        let mut banned: Vec<Value> = foreign.iter().map(|f| json!({"required": [f]})).collect();
        let not = match banned.len() {
            0 => continue,
            1 => banned.remove(0),
            _ => json!({"anyOf": banned}),
        };
        if r.contains_key("not") {
            super::push_all(r, json!({"not": not}));
        } else {
            r.insert("not".into(), not);
        }
    }
}

/// The common structure, and for each node what is left of it.
fn factor(nodes: &[&Node], exclusive: bool, problems: &mut Vec<String>) -> (Node, Vec<Node>) {
    let mut rest = vec![Node::new(); nodes.len()];
    let Some(first) = nodes.first() else { return (open_node(), rest) };
    if nodes.iter().all(|n| n == first) {
        return ((*first).clone(), rest);
    }
    let mut bounded: Vec<Node> = Vec::new();
    if nodes.iter().any(|n| kinds(n) != kinds(first) || n.get("format") != first.get("format")) {
        bounded.extend(nodes.iter().map(|n| by_bounds(n)));
    }
    let bounded: Vec<&Node> = bounded.iter().collect();
    let nodes = if bounded.is_empty() { nodes } else { &bounded };
    let mut out = Node::new();
    types(nodes, &mut out, &mut rest);
    for k in ["description", "title", "x-kubernetes-embedded-resource", "example", "externalDocs"] {
        if let Some(v) = nodes.iter().find_map(|n| n.get(k)) {
            out.insert(k.into(), v.clone());
        }
    }
    for k in ["default", "x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-map-type", RULES] {
        match first.get(k) {
            Some(v) if nodes.iter().all(|n| n.get(k) == Some(v)) => {
                out.insert(k.into(), v.clone());
            }
            _ if k == RULES && nodes.iter().any(|n| n.contains_key(RULES)) => {
                problems.push("rules of one variant only cannot be kept in a union; put them on its fields".into());
            }
            _ => {}
        }
    }
    if nodes.iter().any(|n| n.get("nullable") == Some(&Value::Bool(true))) {
        out.insert("nullable".into(), true.into());
    }
    if nodes.iter().any(|n| n.contains_key(PRESERVE)) && !out.contains_key(INT_OR_STRING) {
        out.insert(PRESERVE.into(), true.into());
    }
    validations(nodes, &mut out, &mut rest);
    properties(nodes, &mut out, &mut rest, problems);
    items(nodes, &mut out, &mut rest, problems);
    values(nodes, &mut out, problems);
    close(nodes, &mut rest, exclusive, out.contains_key(PRESERVE), problems);
    (out, rest)
}

/// The type of a node: one, both of an int-or-string, or none for an open one.
fn kinds(n: &Node) -> Vec<&str> {
    match n.get("type").and_then(Value::as_str) {
        Some(t) => vec![t],
        None if n.contains_key(INT_OR_STRING) => vec!["integer", "string"],
        None => Vec::new(),
    }
}

fn types(nodes: &[&Node], out: &mut Node, rest: &mut [Node]) {
    let each: Vec<Vec<&str>> = nodes.iter().map(|n| kinds(n)).collect();
    let mut all: Vec<&str> = each.iter().flatten().copied().collect();
    all.sort_unstable();
    all.dedup();
    let open = each.iter().any(Vec::is_empty);
    match all.as_slice() {
        [one] if !open => {
            out.insert("type".into(), (*one).into());
            return;
        }
        ["integer", "number"] if !open => {
            out.insert("type".into(), "number".into());
            return integers(&each, rest);
        }
        ["integer", "string"] if !open => {
            out.insert(INT_OR_STRING.into(), true.into());
        }
        _ => {
            out.insert(PRESERVE.into(), true.into());
        }
    }
    // No type may stand below a junctor. But a validation of a kind of value holds only for that kind: one that no value
    // can meet refuses the kind.
    for (kinds, r) in each.iter().zip(rest.iter_mut()).filter(|(k, _)| !k.is_empty()) {
        let refuse = |kind: &str| !kinds.contains(&kind) && (all.contains(&kind) || out.contains_key(PRESERVE));
        let mut impossible = |low: &str, high: &str| {
            r.insert(low.into(), 1.into());
            r.insert(high.into(), 0.into());
        };
        if refuse("string") {
            impossible("minLength", "maxLength");
        }
        if !kinds.contains(&"number") && refuse("integer") {
            impossible("minimum", "maximum");
        }
        if refuse("array") {
            impossible("minItems", "maxItems");
        }
        if refuse("object") {
            impossible("minProperties", "maxProperties");
        }
        if refuse("boolean") {
            r.insert("not".into(), json!({"enum": [true, false]}));
        }
    }
    if out.contains_key(PRESERVE) {
        integers(&each, rest);
    }
}

/// A format of numbers is looked at where there is a type. Below a junctor, where there is none, bounds say the same.
fn by_bounds(n: &Node) -> Node {
    let mut out = n.clone();
    if out.get("type") == Some(&json!("integer")) {
        if out.get("format") == Some(&json!("int32")) {
            out.entry("minimum").or_insert(i32::MIN.into());
            out.entry("maximum").or_insert(i32::MAX.into());
        }
        out.remove("format");
    }
    out
}

fn integers(each: &[Vec<&str>], rest: &mut [Node]) {
    for (kinds, r) in each.iter().zip(rest.iter_mut()) {
        if kinds.contains(&"integer") {
            r.insert("multipleOf".into(), 1.into());
        }
    }
}

fn validations(nodes: &[&Node], out: &mut Node, rest: &mut [Node]) {
    for group in VALIDATIONS {
        let same = group.iter().all(|k| nodes.iter().all(|n| n.get(*k) == nodes[0].get(*k)));
        if same {
            for k in *group {
                if let Some(v) = nodes[0].get(*k) {
                    out.insert((*k).into(), v.clone());
                }
            }
            continue;
        }
        for (n, r) in nodes.iter().zip(rest.iter_mut()) {
            for k in *group {
                match (n.get(*k), r.contains_key(*k)) {
                    (Some(v), false) => {
                        r.insert((*k).into(), v.clone());
                    }
                    (Some(v), true) => super::push_all(r, json!({*k: v})),
                    (None, _) => {}
                }
            }
        }
        // Together for readers: all values that any of them has.
        if *group == ["enum"] && nodes.iter().all(|n| n.contains_key("enum")) {
            let mut all: Vec<Value> = Vec::new();
            for v in nodes.iter().filter_map(|n| n.get("enum")).filter_map(Value::as_array).flatten() {
                if !all.contains(v) {
                    all.push(v.clone());
                }
            }
            out.insert("enum".into(), Value::Array(all));
        }
    }
}

fn properties(nodes: &[&Node], out: &mut Node, rest: &mut [Node], problems: &mut Vec<String>) {
    let of = |n: &Node| n.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    let each: Vec<Map<String, Value>> = nodes.iter().map(|n| of(n)).collect();
    let mut names: Vec<&String> = each.iter().flat_map(Map::keys).collect();
    names.sort();
    names.dedup();
    let mut common = Map::new();
    for name in names {
        let at: Vec<usize> = (0..nodes.len()).filter(|i| each[*i].contains_key(name)).collect();
        let here: Vec<&Node> = at.iter().filter_map(|i| each[*i].get(name)?.as_object()).collect();
        let (mut skeleton, left) = factor(&here, false, problems);
        if here.len() < nodes.len() {
            // It would be set on variants that do not have the field; serde fills it in where it belongs.
            skeleton.remove("default");
        }
        // A null that is not allowed is dropped, so none stays none. One that is allowed would be for all variants.
        if !here.iter().all(|n| n.get("nullable") == Some(&Value::Bool(true))) && !here.iter().any(|n| is_null(n)) {
            skeleton.remove("nullable");
        }
        for (i, r) in at.iter().zip(left).filter(|(_, r)| !r.is_empty()) {
            if let Value::Object(p) = rest[*i].entry("properties").or_insert_with(|| json!({})) {
                p.insert(name.clone(), Value::Object(r));
            }
        }
        common.insert(name.clone(), Value::Object(skeleton));
    }
    if !common.is_empty() {
        out.insert("properties".into(), Value::Object(common));
    }
}

fn items(nodes: &[&Node], out: &mut Node, rest: &mut [Node], problems: &mut Vec<String>) {
    let at: Vec<usize> = (0..nodes.len()).filter(|i| nodes[*i].contains_key("items")).collect();
    let here: Vec<&Node> = at.iter().filter_map(|i| nodes[*i].get("items")?.as_object()).collect();
    if here.is_empty() {
        return;
    }
    let (skeleton, left) = factor(&here, false, problems);
    for (i, r) in at.iter().zip(left).filter(|(_, r)| !r.is_empty()) {
        rest[*i].insert("items".into(), Value::Object(r));
    }
    out.insert("items".into(), Value::Object(skeleton));
}

fn values(nodes: &[&Node], out: &mut Node, problems: &mut Vec<String>) {
    let here: Vec<&Node> = nodes.iter().filter_map(|n| n.get("additionalProperties")?.as_object()).collect();
    if here.is_empty() {
        return;
    }
    let (skeleton, left) = factor(&here, false, problems);
    if left.iter().any(|r| !r.is_empty()) {
        problems.push("maps of different values in one union: their values are validated less".into());
    }
    if out.contains_key("properties") {
        problems.push("a map and a struct in one union: the values of the map are not validated".into());
        out.insert(PRESERVE.into(), true.into());
    } else {
        out.insert("additionalProperties".into(), Value::Object(skeleton));
    }
}
