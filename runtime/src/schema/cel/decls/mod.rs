//! Which functions there are, on which types: one table per library. What they do is in `functions`, what they cost in
//! `cost` and `estimate`. The order of overloads is upstream's.

mod authorization;
mod comprehensions;
mod format;
mod lists;
mod messages;
mod network;
mod operators;
mod optional;
mod quantity;
mod regex;
mod semver;
mod sets;
mod standard;
mod strings;
mod url;

pub(super) use messages::message;

use super::types::Type;
use std::collections::HashMap;
use std::sync::OnceLock;

/// A type in a declaration; `A`, `B` stand for any type, the same within one overload.
#[derive(Debug)]
pub(super) enum T {
    Dyn,
    Bool,
    Int,
    Uint,
    Double,
    String,
    Bytes,
    Duration,
    Timestamp,
    List(&'static T),
    Map(&'static T, &'static T),
    Optional(&'static T),
    Type(&'static T),
    Named(&'static str),
    Opaque(&'static str),
    A,
    B,
}

/// One way to call a function.
#[derive(Debug)]
pub(super) struct Overload {
    pub(super) id: &'static str,
    /// Whether the first argument is written before a dot.
    pub(super) method: bool,
    pub(super) args: &'static [T],
    pub(super) result: T,
}

/// A function and the ways to call it.
#[derive(Debug)]
pub(super) struct Function {
    name: &'static str,
    overloads: &'static [Overload],
}

const LIST_A: T = T::List(&T::A);
const MAP_AB: T = T::Map(&T::A, &T::B);

const fn function(name: &'static str, overloads: &'static [Overload]) -> Function {
    Function { name, overloads }
}

const fn global(id: &'static str, args: &'static [T], result: T) -> Overload {
    Overload { id, method: false, args, result }
}

const fn method(id: &'static str, args: &'static [T], result: T) -> Overload {
    Overload { id, method: true, args, result }
}

/// Overloads for every type that has an order: the macro gets the type's name and the type.
macro_rules! for_comparable {
    ($overload:ident) => {
        &[
            $overload!("int", T::Int),
            $overload!("uint", T::Uint),
            $overload!("double", T::Double),
            $overload!("bool", T::Bool),
            $overload!("duration", T::Duration),
            $overload!("timestamp", T::Timestamp),
            $overload!("string", T::String),
            $overload!("bytes", T::Bytes),
        ]
    };
}
use for_comparable;

const LIBRARIES: [&[Function]; 14] = [
    operators::FUNCTIONS,
    standard::FUNCTIONS,
    url::FUNCTIONS,
    regex::FUNCTIONS,
    lists::KUBERNETES,
    authorization::FUNCTIONS,
    optional::FUNCTIONS,
    quantity::FUNCTIONS,
    strings::FUNCTIONS,
    sets::FUNCTIONS,
    network::FUNCTIONS,
    comprehensions::FUNCTIONS,
    semver::FUNCTIONS,
    lists::FUNCTIONS,
];

type Table = HashMap<&'static str, (&'static str, Vec<&'static Overload>)>;

/// The function of this name, without its leading dot: its name and its overloads.
pub(super) fn find(name: &str) -> Option<(&'static str, &'static [&'static Overload])> {
    static TABLE: OnceLock<Table> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        let mut table = Table::new();
        for function in LIBRARIES.iter().copied().flatten().chain(format::FUNCTIONS) {
            let (_, overloads) = table.entry(function.name).or_insert((function.name, Vec::new()));
            overloads.extend(function.overloads);
        }
        table
    });
    table.get(name.strip_prefix('.').unwrap_or(name)).map(|(name, overloads)| (*name, overloads.as_slice()))
}

/// The type that a name denotes, of those every expression knows.
pub(super) fn type_named(name: &str) -> Option<Type> {
    Some(match name {
        "bool" => Type::Bool,
        "bytes" => Type::Bytes,
        "double" => Type::Double,
        "int" => Type::Int,
        "uint" => Type::Uint,
        "string" => Type::String,
        "null_type" => Type::Null,
        "google.protobuf.Duration" => Type::Duration,
        "google.protobuf.Timestamp" => Type::Timestamp,
        "list" => Type::list(Type::Param(0)),
        "map" => Type::map(Type::Param(0), Type::Param(1)),
        "type" => Type::Type(None),
        "optional_type" => Type::optional(Type::Param(0)),
        "net.IP" => Type::IP,
        "net.CIDR" => Type::CIDR,
        _ => Type::Named(NAMED.into_iter().find(|n| *n == name)?),
    })
}

/// Types of libraries that are messages without fields.
const NAMED: [&str; 9] = [
    "kubernetes.Quantity",
    "kubernetes.URL",
    "kubernetes.Semver",
    "kubernetes.NamedFormat",
    authorization::AUTHORIZER,
    authorization::PATH,
    authorization::GROUP,
    authorization::RESOURCE,
    authorization::DECISION,
];
