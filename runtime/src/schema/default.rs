//! Structural defaulting (apiextensions `schema/defaulting`). Where defaults may stand is judged when a CRD is written.

use super::node::Node;
use serde_json::Value;

/// Sets defaults below `x`; the node's own default is its parent's to set.
pub(super) fn default(x: &mut Value, node: &Node) {
    if !node.has_defaults {
        return;
    }
    match x {
        Value::Object(map) => {
            for (name, prop) in &node.properties {
                let Some(value) = &prop.default else { continue };
                match map.get_mut(name.as_ref()) {
                    Some(v) if !v.is_null() || prop.nullable => {}
                    Some(v) => *v = Value::clone(value),
                    None => {
                        map.insert(name.as_ref().to_owned(), Value::clone(value));
                    }
                }
            }
            for (name, v) in map.iter_mut() {
                if let Some(prop) = node.property(name) {
                    default(v, prop);
                } else if let Some(prop) = node.additional_schema() {
                    fill(v, prop);
                }
            }
        }
        Value::Array(items) => {
            if let Some(node) = &node.items {
                items.iter_mut().for_each(|v| fill(v, node));
            }
        }
        _ => {}
    }
}

fn fill(v: &mut Value, node: &Node) {
    if v.is_null()
        && !node.nullable
        && let Some(d) = &node.default
    {
        *v = Value::clone(d);
    }
    default(v, node);
}
