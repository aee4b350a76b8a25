//! The types of expressions, and what the checker finds out about an expression: the type and the referents of every node.

use kubegraft_syntax::cel::Ast;
use kubegraft_syntax::cel::ast::Id;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// The type of an expression.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Type {
    /// Known only when it runs.
    #[default]
    Dyn,
    /// `google.protobuf.Any`, which is treated as `dyn`.
    Any,
    /// What follows from a mistake reported elsewhere.
    Error,
    /// `null_type`
    Null,
    /// `bool`
    Bool,
    /// `int`, of 64 bits
    Int,
    /// `uint`, of 64 bits
    Uint,
    /// `double`
    Double,
    /// `string`
    String,
    /// `bytes`
    Bytes,
    /// `google.protobuf.Duration`
    Duration,
    /// `google.protobuf.Timestamp`
    Timestamp,
    /// `list(T)`
    List(Arc<Type>),
    /// `map(K, V)`
    Map(Arc<(Type, Type)>),
    /// An object with the properties of a schema.
    Object(Arc<Object>),
    /// A message without fields that a library brings, such as `kubernetes.Quantity`.
    Named(&'static str),
    /// A type without fields: `net.IP`, `net.CIDR`, or `optional_type(T)` with its parameter.
    Opaque(&'static str, Option<Arc<Type>>),
    /// The type of types; the parameter is the type it denotes, if that is known.
    Type(Option<Arc<Type>>),
    /// A type to be found out. The first two are the `A` and `B` of the types `list` and `map`.
    Param(u32),
}

/// An object type made from a schema.
#[derive(Debug)]
pub struct Object {
    /// Where it stands in the schema, after a name that no expression can know.
    pub name: String,
    /// Its fields by their escaped names.
    pub fields: BTreeMap<String, Type>,
}

/// Within one schema the name tells the type.
impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Type {
    /// The name of `optional_type`.
    pub const OPTIONAL: &'static str = "optional_type";
    /// `net.IP`
    pub const IP: Self = Self::Opaque("net.IP", None);
    /// `net.CIDR`
    pub const CIDR: Self = Self::Opaque("net.CIDR", None);
    /// `kubernetes.Quantity`
    pub const QUANTITY: Self = Self::Named("kubernetes.Quantity");
    /// `kubernetes.URL`
    pub const URL: Self = Self::Named("kubernetes.URL");
    /// `kubernetes.Semver`
    pub const SEMVER: Self = Self::Named("kubernetes.Semver");
    /// `kubernetes.NamedFormat`
    pub const FORMAT: Self = Self::Named("kubernetes.NamedFormat");

    /// A list of these.
    pub fn list(element: Self) -> Self {
        Self::List(Arc::new(element))
    }

    /// A map from and to these.
    pub fn map(key: Self, value: Self) -> Self {
        Self::Map(Arc::new((key, value)))
    }

    /// One of these or none.
    pub fn optional(value: Self) -> Self {
        Self::Opaque(Self::OPTIONAL, Some(Arc::new(value)))
    }

    /// What is in an optional.
    pub fn optional_value(&self) -> Option<&Self> {
        match self {
            Self::Opaque(Self::OPTIONAL, Some(value)) => Some(value),
            _ => None,
        }
    }

    /// Whether anything may be put in its place without knowing more.
    pub fn is_dyn(&self) -> bool {
        matches!(self, Self::Dyn | Self::Any)
    }

    /// The type's name without parameters, as `type(x)` shows it when it runs.
    pub fn name(&self) -> &str {
        match self {
            Self::Dyn => "dyn",
            Self::Any => "google.protobuf.Any",
            Self::Error => "error",
            Self::Null => "null_type",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Uint => "uint",
            Self::Double => "double",
            Self::String => "string",
            Self::Bytes => "bytes",
            Self::Duration => "google.protobuf.Duration",
            Self::Timestamp => "google.protobuf.Timestamp",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Object(object) => &object.name,
            Self::Named(name) | Self::Opaque(name, _) => name,
            Self::Type(_) => "type",
            Self::Param(0) => "A",
            Self::Param(_) => "B",
        }
    }

    /// The type as error messages spell it.
    pub fn shown(&self) -> Shown<'_> {
        Shown(self)
    }

    fn write(
        &self,
        f: &mut fmt::Formatter<'_>,
        leaf: fn(&Self, &mut fmt::Formatter<'_>) -> fmt::Result,
    ) -> fmt::Result {
        match self {
            Self::List(element) | Self::Opaque(_, Some(element)) | Self::Type(Some(element)) => {
                write!(f, "{}(", self.name())?;
                element.write(f, leaf)?;
            }
            Self::Map(entry) => {
                f.write_str("map(")?;
                entry.0.write(f, leaf)?;
                f.write_str(", ")?;
                entry.1.write(f, leaf)?;
            }
            _ => return leaf(self, f),
        }
        f.write_str(")")
    }
}

/// The type as cel-go prints a result's type.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, |t, f| f.write_str(t.name()))
    }
}

/// A type in the spelling of error messages.
pub struct Shown<'a>(&'a Type);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write(f, |t, f| match t {
            Type::Any => f.write_str("any"),
            Type::Duration => f.write_str("duration"),
            Type::Error => f.write_str("!error!"),
            Type::Null => f.write_str("null"),
            Type::Timestamp => f.write_str("timestamp"),
            Type::Param(n @ 2..) => write!(f, "_var{}", n - 2),
            other => f.write_str(other.name()),
        })
    }
}

/// What a node of an expression refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    /// A variable or a type, by its full name.
    Name(String),
    /// A function, by the ids of the overloads that may be meant.
    Overloads(Vec<&'static str>),
}

/// An expression that makes sense: its syntax with names resolved (qualified names of types are identifiers, namespaced
/// functions have no target), and what is known of each node.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The syntax.
    pub ast: Ast,
    /// The type of the node with id `i` at index `i`.
    pub types: Vec<Type>,
    /// What the node with id `i` refers to, at index `i`.
    pub references: Vec<Option<Reference>>,
}

impl Checked {
    /// The type of a node.
    pub fn type_of(&self, id: Id) -> &Type {
        self.types.get(id as usize).unwrap_or(&Type::Dyn)
    }

    /// The type of the whole.
    pub fn output(&self) -> &Type {
        self.type_of(self.ast.root.id)
    }

    /// The overloads a call may mean.
    pub fn overloads(&self, id: Id) -> &[&'static str] {
        match self.references.get(id as usize) {
            Some(Some(Reference::Overloads(overloads))) => overloads,
            _ => &[],
        }
    }

    /// Whether a variable of this name is used.
    pub fn uses(&self, name: &str) -> bool {
        self.references.iter().flatten().any(|r| matches!(r, Reference::Name(n) if n == name))
    }
}
