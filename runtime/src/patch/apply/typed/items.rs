//! Items of sets and keyed lists: what tells one from another, and where the items of one list are in another.

use super::super::element::Element;
use super::{Items, Type};
use serde_json::Value;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{Hash, Hasher};

/// What tells an item from the others of its list. Borrowed, so that lists are matched without copying anything.
#[derive(Clone)]
pub(in super::super) enum Key<'v> {
    /// The item of a set.
    Value(Scalar<'v>),
    /// The one key of an item.
    One(&'v str, Scalar<'v>),
    /// The keys of an item, by name.
    Many(Vec<(&'v str, Scalar<'v>)>),
}

/// A value of a key: numbers are equal by what they count.
#[derive(Clone, Copy)]
pub(in super::super) struct Scalar<'v>(&'v Value);

impl PartialEq for Scalar<'_> {
    fn eq(&self, other: &Self) -> bool {
        super::compare::equal(self.0, other.0)
    }
}

impl Hash for Scalar<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self.0 {
            Value::Number(n) => n.as_f64().unwrap_or_default().to_bits().hash(state),
            Value::String(s) => s.hash(state),
            Value::Bool(b) => b.hash(state),
            // Keys that are no scalars are refused by the definition's rules: they need not be fast.
            _ => {}
        }
    }
}

impl PartialEq for Key<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Value(a), Self::Value(b)) => a == b,
            (Self::One(n, a), Self::One(m, b)) => n == m && a == b,
            (Self::Many(a), Self::Many(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Key<'_> {}

impl Hash for Key<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Value(v) | Self::One(_, v) => v.hash(state),
            Self::Many(all) => all.iter().for_each(|(_, v)| v.hash(state)),
        }
    }
}

impl<'v> Key<'v> {
    /// What tells an item of a list apart; a key that is left out counts by its default.
    ///
    /// # Errors
    /// In upstream's words, when the item cannot be in such a list (SMD/typed/helpers.go).
    pub(in super::super) fn of(list: Type<'v>, item: &'v Value) -> Result<Self, String> {
        let keys = match list.items() {
            Items::Keyed(keys) if !keys.is_empty() => keys,
            _ => {
                let what = match item {
                    Value::Object(_) => "associative list without keys has an element that's a map type",
                    Value::Array(_) => "not supported: associative list with lists as elements",
                    Value::Null => "associative list without keys has an element that's an explicit null",
                    _ => return Ok(Self::Value(Scalar(item))),
                };
                return Err(what.to_owned());
            }
        };
        let map = match item {
            Value::Object(map) => map,
            Value::Null => return Err("associative list with keys may not have a null element".to_owned()),
            _ => return Err("associative list with keys may not have non-map elements".to_owned()),
        };
        let of = list.item();
        let value = |name: &str| map.get(name).or_else(|| of.default(name));
        if let [name] = keys
            && let Some(v) = value(name)
        {
            return Ok(Self::One(name, Scalar(v)));
        }
        let mut all: Vec<_> = keys.iter().filter_map(|n| Some((&**n, Scalar(value(n)?)))).collect();
        if all.is_empty() {
            let names: Vec<String> = keys.iter().map(|k| format!("{k:?}")).collect();
            return Err(format!(
                "associative list with keys has an element that omits all key fields [{}] (and doesn't have default values for any key fields)",
                names.join(" ")
            ));
        }
        all.sort_by_key(|(name, _)| *name);
        Ok(Self::Many(all))
    }

    /// The step of a path that selects it.
    pub(in super::super) fn element(&self) -> Element<'static> {
        match self {
            Self::Value(v) => Element::value(v.0).into_owned(),
            Self::One(name, v) => Element::key(std::iter::once((*name, v.0))).into_owned(),
            Self::Many(all) => Element::key(all.iter().map(|(n, v)| (*n, v.0))).into_owned(),
        }
    }
}

/// The keys of a list's items, of those that have one, with their items.
pub(super) fn keyed<'k, 'v: 'k>(list: Type<'k>, items: &'v [Value]) -> Vec<(Key<'k>, &'v Value)> {
    items.iter().filter_map(|v| Some((Key::of(list, v).ok()?, v))).collect()
}

/// Where a key is in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    Once(usize),
    /// More than once, first here.
    Twice(usize),
}

impl At {
    pub(super) fn first(self) -> usize {
        match self {
            Self::Once(i) | Self::Twice(i) => i,
        }
    }
}

/// Lists up to here are searched through: that is faster than hashing.
pub(super) const SHORT: usize = 12;

/// Finds items by key.
pub(super) enum Index<'x, 'k> {
    Short(&'x [(Key<'k>, &'x Value)]),
    Long(HashMap<&'x Key<'k>, At>),
}

/// Prepares to find items by key.
pub(super) fn index<'x, 'k>(items: &'x [(Key<'k>, &'x Value)]) -> Index<'x, 'k> {
    if items.len() <= SHORT {
        return Index::Short(items);
    }
    let mut all = HashMap::with_capacity(items.len());
    for (i, (key, _)) in items.iter().enumerate() {
        match all.entry(key) {
            Entry::Vacant(e) => {
                e.insert(At::Once(i));
            }
            Entry::Occupied(mut e) => {
                let first = e.get().first();
                e.insert(At::Twice(first));
            }
        }
    }
    Index::Long(all)
}

impl Index<'_, '_> {
    /// Where a key is.
    pub(super) fn get(&self, key: &Key<'_>) -> Option<At> {
        match self {
            Self::Short(items) => {
                let mut found = items.iter().enumerate().filter(|(_, (k, _))| k == key).map(|(i, _)| i);
                let first = found.next()?;
                Some(if found.next().is_some() { At::Twice(first) } else { At::Once(first) })
            }
            Self::Long(all) => all.get(key).copied(),
        }
    }
}
