//! Which part of the old object a part of the new one corresponds to, and whether it is unchanged (apiserver
//! `cel/common/equality`).

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
    pub(in crate::schema) fn index(&self, i: usize) -> Option<Self> {
        if self.node.list_type != Some(ListType::Map) {
            return None;
        }
        let new = self.new.as_array()?.get(i)?;
        let node = self.node.items.as_deref()?;
        let wanted = new.as_object()?;
        let keys = &self.node.list_map_keys;
        let same = |o: &&Value| {
            o.as_object().is_some_and(|o| keys.iter().all(|k| o.get(k.as_ref()) == wanted.get(k.as_ref())))
        };
        let old = self.old.as_array()?.iter().find(same)?;
        Some(Self { old, new, node })
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
                (0..new.len()).all(|i| self.index(i).is_some_and(|p| p.equal()))
            }
            (Value::Object(old), Value::Object(new)) => {
                old.len() == new.len() && new.keys().all(|k| self.key(k).is_some_and(|p| p.equal()))
            }
            (old, new) => old == new,
        }
    }
}
