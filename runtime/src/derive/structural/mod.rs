//! Any JSON schema, ours or schemars' own, as a structural schema that admits the same values. Unions are factored into one
//! structure with value validations below `oneOf`/`anyOf`; what no structural schema can say is left open and reported.

mod factor;
mod keywords;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};

type Node = Map<String, Value>;

/// On a flattened schema: all of it may be missing.
pub(super) const OPTIONAL: &str = "x-kubegraft-optional";
/// On a flattened schema: fields that it does not name are those around it.
pub(super) const FLAT: &str = "x-kubegraft-flat";
/// On an object: fields that are not named are refused. Kubernetes prunes such fields, so this only tells variants apart.
const CLOSED: &str = "x-kubegraft-closed";
const PRESERVE: &str = "x-kubernetes-preserve-unknown-fields";
const INT_OR_STRING: &str = "x-kubernetes-int-or-string";
const RULES: &str = "x-kubernetes-validations";

/// A structural schema, and what of the original it could not say.
pub(super) struct Lowered {
    pub schema: Node,
    pub problems: Vec<String>,
}

/// Lowers a schema whose references are names of `definitions`.
pub(super) fn lower(schema: &Value, definitions: &Map<String, Value>) -> Lowered {
    let mut l = Lower { definitions, open: Vec::new(), path: Vec::new(), problems: Vec::new() };
    let mut schema = l.lower(schema);
    tidy(&mut schema, Place::Field);
    Lowered { schema, problems: l.problems }
}

struct Lower<'a> {
    definitions: &'a Map<String, Value>,
    open: Vec<String>,
    path: Vec<String>,
    problems: Vec<String>,
}

fn open_node() -> Node {
    json!({PRESERVE: true, "nullable": true}).as_object().cloned().unwrap_or_default()
}

impl Lower<'_> {
    fn problem(&mut self, text: &str) {
        let at = self.path.concat();
        let at = if at.is_empty() { ".".to_owned() } else { at };
        self.problems.push(format!("{at}: {text}"));
    }

    fn below(&mut self, step: String, v: &Value) -> Node {
        self.path.push(step);
        let out = self.lower(v);
        self.path.pop();
        out
    }

    fn lower(&mut self, v: &Value) -> Node {
        let map = match v {
            Value::Object(map) if map.keys().any(|k| keywords::says_something(k)) => map,
            Value::Object(map) => {
                // Only words about any value: `true` with a description.
                let mut out = open_node();
                out.extend(map.iter().filter(|(k, _)| *k != "title").map(|(k, v)| (k.clone(), v.clone())));
                return out;
            }
            Value::Bool(false) => return Node::from_iter([("not".into(), json!({}))]),
            _ => return open_node(),
        };
        let mut map = map.clone();
        let mut base = self.reference(&mut map);
        let mut own = Node::new();
        let plain = map.get("type").is_some() || map.contains_key("properties");
        for (keyword, value) in std::mem::take(&mut map) {
            match (keyword.as_str(), value) {
                ("allOf", Value::Array(branches)) => {
                    for b in branches {
                        if is_structural(&b, plain) {
                            let mut part = self.lower(&b);
                            if part.remove(OPTIONAL).is_some() {
                                relax(&mut part);
                            }
                            if part.remove(FLAT).is_some() {
                                part.remove(CLOSED);
                            }
                            overlay(&mut base, part);
                        } else {
                            push_all(&mut own, b);
                        }
                    }
                }
                (k @ ("oneOf" | "anyOf"), Value::Array(branches)) => {
                    if branches.iter().any(|b| is_structural(b, plain)) {
                        let u = self.union(&branches, k == "oneOf");
                        overlay(&mut base, u);
                    } else {
                        own.insert(keyword, Value::Array(branches));
                    }
                }
                ("properties", Value::Object(properties)) => {
                    let lowered = properties.iter().map(|(k, v)| (k.clone(), self.below(format!(".{k}"), v).into()));
                    own.insert("properties".into(), Value::Object(lowered.collect()));
                }
                ("items", v) => {
                    let items = self.below("[*]".into(), &v);
                    own.insert("items".into(), items.into());
                }
                ("prefixItems", Value::Array(all)) => {
                    let items = self.below_each(&all);
                    own.insert("items".into(), items.into());
                }
                ("additionalProperties", Value::Bool(false)) => {
                    own.insert(CLOSED.into(), true.into());
                }
                ("additionalProperties", v) => {
                    let values = self.below("{*}".into(), &v);
                    own.insert("additionalProperties".into(), values.into());
                }
                // Maps whose keys are not just strings. What a key may look like no structural schema can say.
                ("patternProperties", Value::Object(patterns)) => {
                    let values: Vec<Value> = patterns.into_iter().map(|(_, v)| v).collect();
                    let values = self.below_each(&values);
                    own.insert("additionalProperties".into(), values.into());
                }
                ("type", Value::Array(types)) => self.types(&types, &mut own),
                (_, value) => keywords::copy(&keyword, value, &mut own),
            }
        }
        if own.contains_key("additionalProperties") {
            own.remove(CLOSED);
        }
        keywords::numbers(&mut own);
        let mut out = base;
        overlay(&mut out, own);
        self.complete(&mut out);
        out
    }

    /// One node for several of which any may stand: the items of a tuple, the values of a map of several key patterns.
    fn below_each(&mut self, all: &[Value]) -> Node {
        match all {
            [] => open_node(),
            [one] => self.below("[*]".into(), one),
            [first, rest @ ..] if rest.iter().all(|r| r == first) => self.below("[*]".into(), first),
            _ => {
                self.problem("the items of a list of different types cannot be told apart; use a struct");
                self.path.push("[*]".into());
                let u = self.union(all, false);
                self.path.pop();
                u
            }
        }
    }

    fn reference(&mut self, map: &mut Node) -> Node {
        let Some(Value::String(target)) = map.remove("$ref") else { return Node::new() };
        let name = target.rsplit('/').next().unwrap_or_default().replace("~1", "/").replace("~0", "~");
        if self.open.contains(&name) || target == "#" {
            self.problem(&format!(
                "{name} contains itself, which no structural schema can say; its inner values are not validated. \
                 #[x_kube(preserve_unknown_fields)] on the field says that it is meant"
            ));
            return open_node();
        }
        let Some(definition) = self.definitions.get(&name).cloned() else {
            self.problem(&format!("the schema refers to {target:?}, which is not there"));
            return open_node();
        };
        self.open.push(name.clone());
        let mut out = self.lower(&definition);
        self.open.pop();
        super::lists::complete(&name, &mut out);
        out.remove("title");
        out
    }

    fn types(&mut self, types: &[Value], own: &mut Node) {
        let mut names: Vec<&str> = types.iter().filter_map(Value::as_str).collect();
        if names.contains(&"null") {
            names.retain(|n| *n != "null");
            own.insert("nullable".into(), true.into());
        }
        match names.as_slice() {
            [] => *own = factor::null(),
            [one] => {
                own.insert("type".into(), (*one).into());
            }
            many => {
                let branches: Vec<Value> = many.iter().map(|t| json!({"type": t})).collect();
                let u = self.union(&branches, false);
                overlay(own, u);
            }
        }
    }

    fn union(&mut self, branches: &[Value], exclusive: bool) -> Node {
        let mut nullable = false;
        let mut lowered: Vec<Node> = Vec::new();
        for b in branches {
            let mut node = self.lower(b);
            if factor::is_null(&node) {
                nullable = true;
                continue;
            }
            node.remove("title");
            if !lowered.contains(&node) {
                lowered.push(node);
            }
        }
        let mut out = match lowered.len() {
            0 => return factor::null(),
            1 => lowered.remove(0),
            _ => {
                let mut problems = Vec::new();
                let out = factor::union(&lowered, exclusive, &mut problems);
                problems.iter().for_each(|p| self.problem(p));
                out
            }
        };
        if nullable {
            out.insert("nullable".into(), true.into());
        }
        out
    }

    /// Every node has a type, or says that it is open.
    fn complete(&mut self, node: &mut Node) {
        if let Some(Value::Object(p)) = node.get("properties")
            && !p.is_empty()
            && let Some(values) = node.remove("additionalProperties")
        {
            // Kubernetes takes only one of the two.
            node.insert(PRESERVE.into(), true.into());
            let open = values.get(PRESERVE).is_some() && values.get("type").is_none();
            if !open {
                self.problem("named fields beside a map: the values of the map are not validated");
            }
        }
        let has = |k: &str| node.get(k).is_some_and(|v| *v != Value::Bool(false));
        if !has("type") && !has(INT_OR_STRING) && !has(PRESERVE) {
            let inferred = match node.get("enum").and_then(Value::as_array) {
                Some(all) if all.iter().all(Value::is_string) => Some("string"),
                Some(all) if all.iter().all(|v| v.is_i64() || v.is_u64()) => Some("integer"),
                Some(all) if all.iter().all(Value::is_number) => Some("number"),
                Some(all) if all.iter().all(Value::is_boolean) => Some("boolean"),
                Some(_) => None,
                None if has("properties") || has("additionalProperties") || has("required") => Some("object"),
                None if has("items") => Some("array"),
                None => None,
            };
            match inferred {
                Some(t) => node.insert("type".into(), t.into()),
                None => node.insert(PRESERVE.into(), true.into()),
            };
        }
        if node.get("type") == Some(&json!("array")) && !node.contains_key("items") {
            node.insert("items".into(), open_node().into());
        }
    }
}

/// Whether a branch says more than value validations do. Below a node that has a type, an enum alone says no more.
fn is_structural(v: &Value, below_typed: bool) -> bool {
    let Some(map) = v.as_object() else { return true };
    map.is_empty()
        || map.iter().any(|(k, v)| match k.as_str() {
            "allOf" | "anyOf" | "oneOf" => {
                v.as_array().is_some_and(|a| a.iter().any(|b| is_structural(b, below_typed)))
            }
            "enum" => !below_typed,
            "properties" => {
                v.as_object().is_some_and(|p| p.values().any(|x| is_structural(x, true) && *x != json!({})))
            }
            "items" => is_structural(v, true),
            k => keywords::is_structure(k),
        })
}

fn push_all(node: &mut Node, v: Value) {
    if let Value::Array(all) = node.entry("allOf").or_insert_with(|| json!([])) {
        all.push(v);
    }
}

/// Nothing of it is needed any more.
fn relax(node: &mut Node) {
    for k in ["required", "oneOf", "anyOf", "allOf", "not", "nullable"] {
        node.remove(k);
    }
}

/// Both at once; words of the second win.
fn overlay(base: &mut Node, own: Node) {
    for (k, v) in own {
        let Some(old) = base.get_mut(&k) else {
            base.insert(k, v);
            continue;
        };
        match (k.as_str(), old, v) {
            ("properties", Value::Object(old), Value::Object(new)) => {
                for (name, schema) in new {
                    match (old.get_mut(&name), schema) {
                        (Some(Value::Object(o)), Value::Object(n)) => overlay(o, n),
                        (_, schema) => {
                            old.insert(name, schema);
                        }
                    }
                }
            }
            ("required", Value::Array(old), Value::Array(new)) => {
                let more: Vec<Value> = new.into_iter().filter(|n| !old.contains(n)).collect();
                old.extend(more);
            }
            ("allOf" | RULES, Value::Array(old), Value::Array(new)) => old.extend(new),
            ("items" | "additionalProperties", Value::Object(old), Value::Object(new)) => overlay(old, new),
            ("oneOf" | "anyOf" | "not", old, new) => {
                if *old != new {
                    push_all(base, Value::Object(Node::from_iter([(k, new)])));
                }
            }
            ("type", old, new) => {
                // An integer is a number; otherwise what the type is was said first by the type itself.
                if new == json!("integer") && *old == json!("number") {
                    *old = new;
                }
            }
            (_, old, new) => *old = new,
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Field,
    Item,
}

/// The last pass: what only helped to factor goes, and null is where Kubernetes can take it.
fn tidy(node: &mut Node, place: Place) {
    node.remove(CLOSED);
    node.remove(OPTIONAL);
    node.remove(FLAT);
    if node.get("nullable") == Some(&Value::Bool(false)) {
        node.remove("nullable");
    }
    if node.get("default").is_some_and(Value::is_null) {
        node.remove("default");
    }
    // An enum never holds null to Kubernetes. As a field, null is dropped before validation if it is not nullable; an item or an
    // entry of a map is more than its value, so the enum must stand where null is not looked at.
    if node.get("nullable").is_some()
        && let Some(values) = node.get("enum").cloned()
    {
        match place {
            Place::Field => {
                node.remove("nullable");
            }
            Place::Item => {
                node.remove("enum");
                push_all(node, json!({"enum": values}));
            }
        }
    }
    for (k, v) in node.iter_mut() {
        match (k.as_str(), v) {
            ("properties", Value::Object(p)) => {
                p.values_mut().filter_map(Value::as_object_mut).for_each(|n| tidy(n, Place::Field));
            }
            ("items" | "additionalProperties", Value::Object(n)) => tidy(n, Place::Item),
            _ => {}
        }
    }
}
