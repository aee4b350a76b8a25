//! Which part of the old object a part of the new one corresponds to, and whether it is unchanged (apiserver
//! `cel/common/equality`).

use super::keys::ByKeys;
use crate::schema::node::{ListType, Node};
use serde_json::Value;

/// A value and its old self. No `Pair` means that they cannot be told to correspond.
#[derive(Clone, Copy)]
pub(in crate::schema) struct Pair<'a> {
    pub(in crate::schema) old: &'a Value,
    pub(in crate::schema) new: &'a Value,
    /// The schema by which children correspond.
    pub(in crate::schema) node: &'a Node,
}

impl<'a> Pair<'a> {
    pub(in crate::schema) fn key(&self, name: &str) -> Option<Self> {
        let old = self.old.as_object()?.get(name)?;
        let new = self.new.as_object()?.get(name)?;
        Some(Self { old, new, node: self.node.field(name)? })
    }

    /// Items correspond only in lists of type map, by their keys.
    pub(in crate::schema) fn items(&self) -> Option<Items<'a>> {
        if self.node.list_type != Some(ListType::Map) {
            return None;
        }
        Some(Items { old: ByKeys::of(self.node, self.old.as_array()?), node: self.node.items.as_deref()? })
    }

    /// Equal as far as the schema reaches: a map with an undeclared member is never equal.
    pub(in crate::schema) fn equal(&self) -> bool {
        match (self.old, self.new) {
            (Value::Array(old), Value::Array(new)) => {
                if old.len() != new.len() {
                    return false;
                }
                if self.node.list_type != Some(ListType::Map) {
                    return old == new;
                }
                self.items().is_some_and(|items| new.iter().all(|new| items.of(new).is_some_and(|p| p.equal())))
            }
            (Value::Object(old), Value::Object(new)) => {
                old.len() == new.len() && new.keys().all(|k| self.key(k).is_some_and(|p| p.equal()))
            }
            (old, new) => old == new,
        }
    }
}

/// The old items of a map list.
pub(in crate::schema) struct Items<'a> {
    old: ByKeys<'a>,
    node: &'a Node,
}

impl<'a> Items<'a> {
    /// A new item with its old self.
    pub(in crate::schema) fn of(&self, new: &'a Value) -> Option<Pair<'a>> {
        Some(Pair { old: self.old.get(new)?, new, node: self.node })
    }
}
