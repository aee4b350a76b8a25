//! Maps: objects of a schema, read through it, and those that expressions make.

use super::super::escape::{escape, unescape};
use super::{Error, Result, Str, Value, json};
use crate::schema::node::{Node, Type};
use serde_json::Value as Json;
use std::borrow::Borrow;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

/// A map.
#[derive(Clone, Debug)]
pub enum Map<'a> {
    /// An object, with its schema.
    Json(Members<'a>),
    /// Made by an expression.
    Owned(Arc<BTreeMap<Key<'a>, Value<'a>>>),
}

/// An object and its schema.
#[derive(Clone, Copy, Debug)]
pub struct Members<'a> {
    pub(super) map: &'a serde_json::Map<String, Json>,
    pub(super) node: &'a Node,
    /// The schema is that of a resource: apiVersion, kind, and name and generateName of metadata are known.
    resource: bool,
}

/// A key of a map that an expression made.
#[derive(Clone, Debug)]
pub enum Key<'a> {
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// An unsigned integer.
    Uint(u64),
    /// A double: found only by a double of the same bits.
    Double(f64),
    /// A string.
    String(Str<'a>),
    /// Null.
    Null,
    /// A value without identity, which nothing finds again; the number keeps them apart.
    Other(usize, Value<'a>),
}

impl<'a> Key<'a> {
    /// The key for a value; `n` numbers the keys that nothing finds again.
    pub(in crate::schema::cel) fn new(value: Value<'a>, n: usize) -> std::result::Result<Self, Error> {
        Ok(match value {
            Value::Bool(b) => Self::Bool(b),
            Value::Int(i) => Self::Int(i),
            Value::Uint(u) => Self::Uint(u),
            Value::Double(d) => Self::Double(d),
            Value::String(s) => Self::String(s),
            Value::Null => Self::Null,
            v @ Value::Bytes(_) => {
                let text = format!("internal error: runtime error: hash of unhashable type {}", v.go_type());
                return Err(Error::new(text));
            }
            v => Self::Other(n, v),
        })
    }

    /// The value.
    pub(in crate::schema::cel) fn value(&self) -> Value<'a> {
        match self {
            Self::Bool(b) => Value::Bool(*b),
            Self::Int(i) => Value::Int(*i),
            Self::Uint(u) => Value::Uint(*u),
            Self::Double(d) => Value::Double(*d),
            Self::String(s) => Value::String(s.clone()),
            Self::Null => Value::Null,
            Self::Other(_, v) => v.clone(),
        }
    }

    fn as_ref(&self) -> Find<'_> {
        match self {
            Self::Bool(b) => Find::Bool(*b),
            Self::Int(i) => Find::Int(*i),
            Self::Uint(u) => Find::Uint(*u),
            Self::Double(d) => Find::Double(d.to_bits()),
            Self::String(s) => Find::String(s),
            Self::Null => Find::Null,
            Self::Other(n, _) => Find::Other(*n),
        }
    }
}

/// A key to look for.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Find<'k> {
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(u64),
    String(&'k str),
    Null,
    Other(usize),
}

/// Lets a borrowed key find an owned one.
trait AsFind {
    fn find(&self) -> Find<'_>;
}

impl AsFind for Key<'_> {
    fn find(&self) -> Find<'_> {
        self.as_ref()
    }
}

impl AsFind for Find<'_> {
    fn find(&self) -> Find<'_> {
        match self {
            Self::Bool(b) => Find::Bool(*b),
            Self::Int(i) => Find::Int(*i),
            Self::Uint(u) => Find::Uint(*u),
            Self::Double(d) => Find::Double(*d),
            Self::String(s) => Find::String(s),
            Self::Null => Find::Null,
            Self::Other(n) => Find::Other(*n),
        }
    }
}

impl PartialEq for dyn AsFind + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.find() == other.find()
    }
}
impl Eq for dyn AsFind + '_ {}
impl PartialOrd for dyn AsFind + '_ {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for dyn AsFind + '_ {
    fn cmp(&self, other: &Self) -> Ordering {
        self.find().cmp(&other.find())
    }
}
impl<'k, 'a: 'k> Borrow<dyn AsFind + 'k> for Key<'a> {
    fn borrow(&self) -> &(dyn AsFind + 'k) {
        self
    }
}
impl PartialEq for Key<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.as_ref() == other.as_ref()
    }
}
impl Eq for Key<'_> {}
impl PartialOrd for Key<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Key<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_ref().cmp(&other.as_ref())
    }
}

static TEXT: LazyLock<Node> = LazyLock::new(|| Node { type_: Some(Type::String), ..Node::default() });
static METADATA: LazyLock<Node> = LazyLock::new(|| {
    let text = || Node { type_: Some(Type::String), ..Node::default() };
    Node {
        type_: Some(Type::Object),
        declares_properties: true,
        properties: [("generateName".into(), text()), ("name".into(), text())].into(),
        ..Node::default()
    }
});

impl<'a> Members<'a> {
    /// Objects with declared properties have fields; others are maps.
    fn is_object(&self) -> bool {
        self.resource || self.node.declares_properties
    }

    fn schema(&self, name: &str) -> Option<&'a Node> {
        if self.resource {
            match name {
                "apiVersion" | "kind" => return Some(&TEXT),
                "metadata" if !declares_metadata(self.node) => return Some(&METADATA),
                _ => {}
            }
        }
        if self.is_object() { self.node.property(name) } else { self.node.additional_schema() }
    }

    /// The object that a value is by its schema.
    pub(in crate::schema::cel) fn of(value: &'a Json, node: &'a Node) -> Option<Self> {
        match value {
            Json::Object(map) if node.type_ == Some(Type::Object) && !node.int_or_string => {
                Some(Self { map, node, resource: node.embedded })
            }
            _ => None,
        }
    }

    /// The member of a name as the object has it, with its schema.
    fn member(&self, name: &str) -> Option<(&'a Json, &'a Node)> {
        let value = self.map.get(name)?;
        if self.is_object() && value.is_null() {
            return None;
        }
        Some((value, self.schema(name)?))
    }

    /// The member of an identifier, `name` being the property that it names, if there can be one.
    pub(in crate::schema::cel) fn part(&self, key: &str, name: Option<&str>) -> Option<(&'a Json, &'a Node)> {
        self.member(if self.is_object() { name? } else { key })
    }

    /// The same as a value.
    pub(in crate::schema::cel) fn named(&self, key: &str, name: Option<&str>) -> Option<Result<'a>> {
        self.part(key, name).map(|(value, node)| json::read(value, node, false))
    }

    fn get(&self, name: &str) -> Option<Result<'a>> {
        let (value, node) = if self.is_object() { self.member(&unescape(name)?) } else { self.member(name) }?;
        Some(json::read(value, node, false))
    }
}

/// Upstream adds name and generateName unless both and kind and apiVersion are declared.
fn declares_metadata(node: &Node) -> bool {
    let text = |n: Option<&Node>| n.is_some_and(|n| n.type_ == Some(Type::String));
    text(node.property("kind"))
        && text(node.property("apiVersion"))
        && node.property("metadata").is_some_and(|m| {
            m.type_ == Some(Type::Object) && text(m.property("name")) && text(m.property("generateName"))
        })
}

impl<'a> Map<'a> {
    pub(super) fn json(map: &'a serde_json::Map<String, Json>, node: &'a Node, resource: bool) -> Self {
        Self::Json(Members { map, node, resource })
    }

    /// A map that an expression made.
    pub(in crate::schema::cel) fn owned(entries: BTreeMap<Key<'a>, Value<'a>>) -> Self {
        Self::Owned(Arc::new(entries))
    }

    /// The map with one more entry.
    pub(in crate::schema::cel) fn insert(self, key: Value<'a>, value: Value<'a>) -> std::result::Result<Self, Error> {
        let mut entries = match self {
            Self::Owned(entries) => entries,
            json => {
                let mut all = BTreeMap::new();
                for key in json.keys() {
                    if let Some(value) = json.get(&key) {
                        all.insert(Key::new(key, all.len())?, value?);
                    }
                }
                Arc::new(all)
            }
        };
        let n = entries.len();
        Arc::make_mut(&mut entries).insert(Key::new(key, n)?, value);
        Ok(Self::Owned(entries))
    }

    /// How many entries.
    pub fn len(&self) -> usize {
        match self {
            Self::Json(m) => m.map.len(),
            Self::Owned(m) => m.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a key; numbers of another type that are equal find it too. An error is a key that an object cannot have,
    /// or a value that does not fit the schema.
    pub fn get(&self, key: &Value<'_>) -> Option<Result<'a>> {
        match self {
            Self::Json(m) => match key {
                Value::String(s) => m.get(s),
                _ => Some(Err(Error::no_such_overload())),
            },
            Self::Owned(m) => {
                let find = |k: Find<'_>| m.get::<dyn AsFind + '_>(&k as &(dyn AsFind + '_)).cloned().map(Ok);
                match key {
                    Value::String(s) => find(Find::String(s)),
                    Value::Bool(b) => find(Find::Bool(*b)),
                    Value::Null => find(Find::Null),
                    Value::Int(i) => {
                        find(Find::Int(*i)).or_else(|| u64::try_from(*i).ok().and_then(|u| find(Find::Uint(u))))
                    }
                    Value::Uint(u) => {
                        find(Find::Uint(*u)).or_else(|| i64::try_from(*u).ok().and_then(|i| find(Find::Int(i))))
                    }
                    Value::Double(d) if d.is_nan() => None,
                    Value::Double(d) => find(Find::Double(d.to_bits()))
                        .or_else(|| super::go::whole_i64(*d).and_then(|i| find(Find::Int(i))))
                        .or_else(|| super::go::whole_u64(*d).and_then(|u| find(Find::Uint(u)))),
                    _ => None,
                }
            }
        }
    }

    /// The keys, sorted.
    pub fn keys(&self) -> Vec<Value<'a>> {
        match self {
            Self::Json(m) => {
                let object = m.is_object();
                let known = m.map.keys().filter(|k| m.schema(k).is_some());
                let name = |k: &'a String| match escape(k) {
                    Some(escaped) if object && *escaped != **k => Value::string(&*escaped),
                    _ => Value::String(Str::Borrowed(k)),
                };
                known.map(name).collect()
            }
            Self::Owned(m) => m.keys().map(Key::value).collect(),
        }
    }

    /// The entries, sorted by their keys.
    pub(in crate::schema::cel) fn entries(&self) -> Vec<(Value<'a>, Result<'a>)> {
        match self {
            Self::Json(_) => {
                let value = |k: Value<'a>| self.get(&k).map(|v| (k, v));
                self.keys().into_iter().filter_map(value).collect()
            }
            Self::Owned(m) => m.iter().map(|(k, v)| (k.value(), Ok(v.clone()))).collect(),
        }
    }

    /// Whether the other has the same entries.
    pub(super) fn equals(&self, other: &Map<'a>) -> std::result::Result<bool, Error> {
        if self.len() != other.len() {
            return Ok(false);
        }
        match self {
            Self::Json(m) => {
                for (name, value) in m.map {
                    if m.schema(name).is_none() {
                        // Undeclared data can only be compared as it stands.
                        let Map::Json(o) = other else { return Err(Error::no_such_overload()) };
                        if o.map.get(name).is_some_and(|v| v != value) {
                            return Ok(false);
                        }
                        continue;
                    }
                    let key = Value::String(Str::Borrowed(name));
                    match (self.get(&key), other.get(&key)) {
                        (None, None) => {}
                        (Some(a), Some(b)) => {
                            if !a?.equals(&b?)? {
                                return Ok(false);
                            }
                        }
                        _ => return Ok(false),
                    }
                }
                Ok(true)
            }
            Self::Owned(m) => {
                for (k, v) in &**m {
                    let Some(o) = other.get(&k.value()) else { return Ok(false) };
                    // An incomparable pair does not make maps differ upstream.
                    if let (v, Ok(o)) = (v, o)
                        && v.equals_or_null(&o) == Ok(false)
                    {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
        }
    }
}
