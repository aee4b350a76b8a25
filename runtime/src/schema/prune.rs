//! Structural pruning (apiextensions `schema/pruning`) and removal of nulls that the schema does not allow
//! (`schema/defaulting/prunenulls`). Metadata's own members are `metadata`'s.

use super::node::Node;
use serde_json::Value;
use std::fmt::Write;

/// The most bytes of paths that are reported: deep bodies have a path of kilobytes for each few bytes of their own.
pub(super) const MAX_REPORT: usize = 4 << 20;

/// Removes what the schema does not know.
pub(super) fn prune(x: &mut Value, node: &Node, is_root: bool, report: Option<&mut Vec<String>>) {
    let mut pruner = Pruner { path: String::new(), room: MAX_REPORT, report };
    pruner.prune(x, Some(node), is_root);
    if let Some(report) = pruner.report {
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
    /// Only kept up to date while reporting.
    path: String,
    /// How many bytes of paths may still be reported.
    room: usize,
    report: Option<&'a mut Vec<String>>,
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
                    self.unknown(k);
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
                        if !is_type_or_meta(k) || !self.path.is_empty() {
                            self.unknown(k);
                        }
                        false
                    }
                }
            }),
            Value::Array(items) => {
                let n = node.and_then(|n| n.items.as_deref());
                for (i, v) in items.iter_mut().enumerate() {
                    let len = self.path.len();
                    if self.report.is_some() {
                        let _ = write!(self.path, "[{i}]");
                    }
                    match n {
                        Some(n) if preserve => self.skip(v, n),
                        None if preserve => {}
                        n => self.prune(v, n, false),
                    }
                    self.path.truncate(len);
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
                    let len = self.path.len();
                    if self.report.is_some() {
                        let _ = write!(self.path, "[{i}]");
                    }
                    self.skip(v, n);
                    self.path.truncate(len);
                }
            }
            _ => {}
        }
    }

    fn below(&mut self, key: &str, v: &mut Value, node: Option<&Node>) {
        if !matches!(v, Value::Object(_) | Value::Array(_)) {
            return;
        }
        let len = self.path.len();
        if self.report.is_some() {
            if len > 0 {
                self.path.push('.');
            }
            self.path.push_str(key);
        }
        self.prune(v, node, false);
        self.path.truncate(len);
    }

    fn unknown(&mut self, key: &str) {
        let length = self.path.len() + 1 + key.len();
        if let Some(report) = &mut self.report
            && let Some(room) = self.room.checked_sub(length)
        {
            self.room = room;
            report.push(if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) });
        }
    }
}
