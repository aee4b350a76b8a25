//! Structural pruning (apiextensions `schema/pruning`) and removal of nulls that the schema does not allow
//! (`schema/defaulting/prunenulls`). Metadata's own members are `metadata`'s.

use super::dropped::Dropped;
use super::node::Node;
use serde_json::Value;

/// Removes what the schema does not know.
pub(super) fn prune(x: &mut Value, node: &Node, is_root: bool, report: Option<&mut Vec<String>>) {
    let mut pruner = Pruner { dropped: Dropped::below("", report) };
    pruner.prune(x, Some(node), is_root);
    if let Some(report) = pruner.dropped.list {
        report.sort();
    }
}

/// Removes nulls of fields that are neither nullable nor defaulted; items of lists stay.
pub(super) fn nulls(x: &mut Value, node: &Node) {
    match x {
        Value::Object(map) => map.retain(|k, v| match node.field(k) {
            Some(n) if v.is_null() => n.nullable || n.default.is_some(),
            Some(n) => {
                nulls(v, n);
                true
            }
            None => true,
        }),
        Value::Array(items) => {
            if let Some(n) = &node.items {
                items.iter_mut().for_each(|v| nulls(v, n));
            }
        }
        _ => {}
    }
}

fn is_type_or_meta(key: &str) -> bool {
    matches!(key, "apiVersion" | "kind" | "metadata")
}

struct Pruner<'a> {
    dropped: Dropped<'a>,
}

impl Pruner<'_> {
    fn prune(&mut self, x: &mut Value, node: Option<&Node>, root: bool) {
        let embedded = root || node.is_some_and(|n| n.embedded);
        let preserve = node.is_some_and(|n| n.preserve_unknown);
        match x {
            Value::Object(map) => map.retain(|k, v| {
                if embedded && is_type_or_meta(k) {
                    return true;
                }
                let Some(n) = node else {
                    self.dropped.tell(k);
                    return false;
                };
                if let Some(p) = n.property(k) {
                    self.below(k, v, Some(p));
                    return true;
                }
                match &n.additional {
                    // `additionalProperties: true` has no structure below it: everything goes, the key stays.
                    Some(_) => {
                        self.below(k, v, n.additional_schema());
                        true
                    }
                    None if preserve => true,
                    None => {
                        if !is_type_or_meta(k) || !self.dropped.is_at_root() {
                            self.dropped.tell(k);
                        }
                        false
                    }
                }
            }),
            Value::Array(items) => {
                let n = node.and_then(|n| n.items.as_deref());
                for (i, v) in items.iter_mut().enumerate() {
                    let back = self.dropped.enter_item(i);
                    match n {
                        Some(n) if preserve => self.skip(v, n),
                        None if preserve => {}
                        n => self.prune(v, n, false),
                    }
                    self.dropped.leave(back);
                }
            }
            _ => {}
        }
    }

    /// Items below a preserving list are preserved themselves, but their declared properties prune again.
    fn skip(&mut self, x: &mut Value, node: &Node) {
        match x {
            Value::Object(map) => {
                for (k, v) in map.iter_mut() {
                    if node.embedded && is_type_or_meta(k) {
                        continue;
                    }
                    if let Some(p) = node.property(k) {
                        self.below(k, v, Some(p));
                    } else if node.additional.is_some() {
                        self.below(k, v, node.additional_schema());
                    }
                }
            }
            Value::Array(items) => {
                let Some(n) = node.items.as_deref() else { return };
                for (i, v) in items.iter_mut().enumerate() {
                    let back = self.dropped.enter_item(i);
                    self.skip(v, n);
                    self.dropped.leave(back);
                }
            }
            _ => {}
        }
    }

    fn below(&mut self, key: &str, v: &mut Value, node: Option<&Node>) {
        if !matches!(v, Value::Object(_) | Value::Array(_)) {
            return;
        }
        let back = self.dropped.enter(key);
        self.prune(v, node, false);
        self.dropped.leave(back);
    }
}
