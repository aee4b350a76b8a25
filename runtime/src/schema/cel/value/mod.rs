//! The values of expressions. A value of an object under validation borrows it: lists and maps of JSON are read through the
//! schema only as far as an expression looks. What functions make of values is in `functions`.

mod arith;
mod convert;
mod equal;
mod error;
pub(in crate::schema) mod go;
mod json;
mod keyed;
mod map;
pub(super) mod net;
pub(super) mod quantity;
pub(super) mod semver;
mod show;
pub(super) mod time;
pub(super) mod url;

pub(super) use convert::To;
pub use error::Error;
pub use keyed::Seen;
pub(super) use map::Key;
pub use map::{Map, Members};

use super::functions::formats::NamedFormat;
use crate::schema::node::{ListType, Node};
use serde_json::Value as Json;
use std::net::IpAddr;
use std::sync::Arc;

/// The outcome of an evaluation or of a part of one.
pub type Result<'a> = std::result::Result<Value<'a>, Error>;

/// A value.
#[derive(Clone, Debug)]
pub enum Value<'a> {
    /// `null`
    Null,
    /// `bool`
    Bool(bool),
    /// `int`
    Int(i64),
    /// `uint`
    Uint(u64),
    /// `double`
    Double(f64),
    /// `string`
    String(Str<'a>),
    /// `bytes`
    Bytes(Arc<[u8]>),
    /// `google.protobuf.Timestamp`
    Timestamp(time::Timestamp),
    /// `google.protobuf.Duration`, in nanoseconds.
    Duration(i64),
    /// `type`: the type's name.
    Type(Str<'a>),
    /// `list`
    List(List<'a>),
    /// `map`, and objects of a schema.
    Map(Map<'a>),
    /// `optional_type`
    Optional(Option<Arc<Value<'a>>>),
    /// The types of the Kubernetes libraries.
    Opaque(Arc<Opaque>),
    /// What `x-kubernetes-preserve-unknown-fields` keeps: it can only be compared.
    Preserved(&'a Json),
}

/// A string: borrowed from the object or the program, or made by the expression.
#[derive(Clone, Debug)]
pub enum Str<'a> {
    /// Lives elsewhere.
    Borrowed(&'a str),
    /// Made on the way.
    Shared(Arc<str>),
}

impl std::ops::Deref for Str<'_> {
    type Target = str;
    fn deref(&self) -> &str {
        match self {
            Self::Borrowed(s) => s,
            Self::Shared(s) => s,
        }
    }
}

/// How many characters a text has. Nearly all texts are ASCII, and told so eight bytes at a time.
pub(super) fn characters(s: &str) -> u64 {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let chunks = s.as_bytes().chunks_exact(8);
    let end = chunks.remainder().iter().fold(0, |bits, b| bits | u64::from(*b));
    let bits = chunks.fold(end, |bits, c| bits | c.try_into().map_or(HIGH, u64::from_le_bytes));
    if bits & HIGH == 0 { s.len() as u64 } else { s.chars().count() as u64 }
}

/// A list.
#[derive(Clone, Debug)]
pub enum List<'a> {
    /// An array of an object, with its schema.
    Json {
        /// The items.
        items: &'a [Json],
        /// The schema of the array.
        node: &'a Node,
        /// For a set: what it has been added up with.
        seen: Option<Seen>,
    },
    /// Made by an expression.
    Owned {
        /// The items.
        items: Arc<Vec<Value<'a>>>,
        /// The schema of the set or map list that others were added to: the sum is of its kind.
        node: Option<&'a Node>,
    },
    /// `lists.range(n)`: its items are not stored.
    Range(i64),
}

/// A value of a Kubernetes library.
#[derive(Debug)]
pub enum Opaque {
    /// `kubernetes.Quantity`
    Quantity {
        /// The quantity.
        quantity: quantity::Quantity,
        /// Whether it comes of an operation on quantities. Upstream does not let a parsed one be compared with such by
        /// `==`.
        derived: bool,
    },
    /// `net.IP`
    Ip(IpAddr),
    /// `net.CIDR`
    Cidr(net::Cidr),
    /// `kubernetes.URL`
    Url(url::Url),
    /// `kubernetes.Semver`
    Semver(semver::Semver),
    /// `kubernetes.NamedFormat`
    Format(&'static NamedFormat),
}

impl Opaque {
    fn type_name(&self) -> &'static str {
        match self {
            Self::Quantity { .. } => "kubernetes.Quantity",
            Self::Ip(_) => "net.IP",
            Self::Cidr(_) => "net.CIDR",
            Self::Url(_) => "kubernetes.URL",
            Self::Semver(_) => "kubernetes.Semver",
            Self::Format(_) => "kubernetes.NamedFormat",
        }
    }
}

impl<'a> Value<'a> {
    /// A string that an expression made.
    pub fn string(s: impl Into<Arc<str>>) -> Self {
        Self::String(Str::Shared(s.into()))
    }

    /// A list that an expression made.
    pub fn list(items: Vec<Value<'a>>) -> Self {
        Self::List(List::Owned { items: Arc::new(items), node: None })
    }

    /// `optional.of(value)`
    pub fn some(value: Value<'a>) -> Self {
        Self::Optional(Some(Arc::new(value)))
    }

    pub(super) fn opaque(value: Opaque) -> Self {
        Self::Opaque(Arc::new(value))
    }

    /// A value of the object for the schema it has there, and `resource` if the schema is one of a whole resource, whose
    /// apiVersion, kind and metadata are known without declaration.
    pub fn of_json(value: &'a Json, node: &'a Node, resource: bool) -> Result<'a> {
        json::read(value, node, resource)
    }

    /// The same value, borrowing where this one owns.
    pub(super) fn lend(&'a self) -> Value<'a> {
        match self {
            Self::String(s) => Self::String(Str::Borrowed(s)),
            Self::Type(s) => Self::Type(Str::Borrowed(s)),
            other => other.clone(),
        }
    }

    /// The name of its type at run time.
    pub fn type_name(&self) -> &str {
        match self {
            Self::Null => "null_type",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Uint(_) => "uint",
            Self::Double(_) => "double",
            Self::String(_) => "string",
            Self::Bytes(_) => "bytes",
            Self::Timestamp(_) => "google.protobuf.Timestamp",
            Self::Duration(_) => "google.protobuf.Duration",
            Self::Type(_) => "type",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Optional(_) => "optional_type",
            Self::Opaque(o) => o.type_name(),
            Self::Preserved(_) => "unknown",
        }
    }

    /// The name of upstream's implementation, which a few messages quote.
    pub(super) fn go_type(&self) -> &'static str {
        match self {
            Self::Null => "types.Null",
            Self::Bool(_) => "types.Bool",
            Self::Int(_) => "types.Int",
            Self::Uint(_) => "types.Uint",
            Self::Double(_) => "types.Double",
            Self::String(_) => "types.String",
            Self::Bytes(_) => "types.Bytes",
            Self::Timestamp(_) => "types.Timestamp",
            Self::Duration(_) => "types.Duration",
            Self::Type(_) => "*types.Type",
            Self::List(List::Json { .. }) => "*common.unstructuredList",
            Self::List(_) => "*types.baseList",
            Self::Map(Map::Json(_)) => "*common.unstructuredMap",
            Self::Map(_) => "*types.baseMap",
            Self::Optional(_) => "*types.Optional",
            Self::Opaque(o) => match &**o {
                Opaque::Quantity { derived: true, .. } => "*cel.Quantity",
                Opaque::Quantity { .. } => "cel.Quantity",
                Opaque::Ip(_) => "cel.IP",
                Opaque::Cidr(_) => "cel.CIDR",
                Opaque::Url(_) => "cel.URL",
                Opaque::Semver(_) => "cel.Semver",
                Opaque::Format(_) => "cel.Format",
            },
            Self::Preserved(_) => "*common.unknownPreserved",
        }
    }

    /// What `size()` counts, where there is something to count; characters for strings.
    pub fn size(&self) -> Option<u64> {
        Some(match self {
            Self::String(s) => characters(s),
            Self::Bytes(b) => b.len() as u64,
            Self::List(l) => l.len() as u64,
            Self::Map(m) => m.len() as u64,
            _ => return None,
        })
    }

    /// The size that costs are reckoned by.
    pub(super) fn cost_size(&self) -> u64 {
        match self {
            Self::Optional(Some(v)) => v.cost_size(),
            Self::Opaque(o) => match &**o {
                Opaque::Ip(IpAddr::V4(_)) => 4,
                Opaque::Ip(IpAddr::V6(_)) => 16,
                Opaque::Cidr(c) => u64::from(c.bits().div_ceil(8)),
                _ => 1,
            },
            v => v.size().unwrap_or(1),
        }
    }

    /// Whether it has an order.
    pub(super) fn is_ordered(&self) -> bool {
        matches!(
            self,
            Self::Bool(_)
                | Self::Int(_)
                | Self::Uint(_)
                | Self::Double(_)
                | Self::String(_)
                | Self::Bytes(_)
                | Self::Timestamp(_)
                | Self::Duration(_)
        )
    }

    /// Whether it is empty, zero or null.
    pub(super) fn is_zero(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Bool(b) => !b,
            Self::Int(i) => *i == 0,
            Self::Uint(u) => *u == 0,
            Self::Double(d) => *d == 0.0,
            Self::String(s) => s.is_empty(),
            Self::Bytes(b) => b.is_empty(),
            Self::Timestamp(t) => t.is_zero(),
            Self::Duration(d) => *d == 0,
            // Only lists and maps that expressions make can be zero upstream.
            Self::List(List::Json { .. }) | Self::Map(Map::Json(_)) => false,
            Self::List(l) => l.is_empty(),
            Self::Map(m) => m.is_empty(),
            _ => false,
        }
    }

    /// What a comprehension with two variables or `get` cannot take.
    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(s) => Some(s),
            _ => None,
        }
    }
}

impl<'a> List<'a> {
    /// How many items.
    pub fn len(&self) -> usize {
        match self {
            Self::Json { items, .. } => items.len(),
            Self::Owned { items, .. } => items.len(),
            Self::Range(n) => usize::try_from(*n).unwrap_or(0),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The item at an index, which is an error where the object does not fit its schema.
    pub fn get(&self, i: usize) -> Option<Result<'a>> {
        match self {
            Self::Json { items, node, .. } => {
                let item = items.get(i)?;
                let Some(schema) = node.items.as_deref() else {
                    return Some(Err(Error::new("invalid array type, expected Items with a non-empty Schema")));
                };
                Some(json::read(item, schema, false))
            }
            Self::Owned { items, .. } => items.get(i).cloned().map(Ok),
            Self::Range(n) => i64::try_from(i).ok().filter(|i| i < n).map(|i| Ok(Value::Int(i))),
        }
    }

    /// The items.
    pub fn iter(&self) -> impl Iterator<Item = Result<'a>> + '_ {
        (0..self.len()).filter_map(|i| self.get(i))
    }

    /// The schema that makes it a set or a map list.
    fn keyed(&self) -> Option<&'a Node> {
        let (Self::Json { node, .. } | Self::Owned { node: Some(node), .. }) = self else { return None };
        matches!(node.list_type, Some(ListType::Set | ListType::Map)).then_some(*node)
    }

    /// The items, or the first error among them.
    pub(super) fn to_vec(&self) -> std::result::Result<Vec<Value<'a>>, Error> {
        self.iter().collect()
    }
}
