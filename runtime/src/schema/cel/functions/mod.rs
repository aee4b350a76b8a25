//! The functions of Kubernetes 1.36's environment, no more and no less: one file per library, each a table. A call is
//! resolved when its expression is planned; what it costs is `cost`'s.

mod format;
pub(super) mod formats;
mod ip;
mod lists;
mod optionals;
mod quantity;
mod regex;
mod semver;
mod sets;
mod standard;
mod strings;
mod times;
mod urls;

pub(super) use regex::Compiled;

use super::value::{Error, List, Map, Opaque, Result, Value};
use std::collections::HashMap;
use std::sync::LazyLock;

/// Whether a first operand has what an implementation needs.
type Takes = fn(&Value<'_>) -> bool;

/// An implementation. The arguments may be taken out of the slice.
pub(super) type Run = for<'a> fn(&mut [Value<'a>]) -> Result<'a>;

/// One function of a library; several libraries may have parts of one name.
pub(super) struct Function {
    name: &'static str,
    body: Body,
}

enum Body {
    /// One implementation for all overloads, for first operands that have what it needs.
    Whole(Takes, Run),
    /// An implementation for each overload.
    Overloads(&'static [Overload]),
}

/// An overload: its id, the types of its arguments and what it does.
pub(super) struct Overload(&'static str, &'static [Arg], Run);

/// A type of an argument, as far as it is checked at run time.
pub(super) enum Arg {
    Any,
    Bool,
    Int,
    Uint,
    Double,
    Str,
    Bytes,
    Timestamp,
    Duration,
    /// A list whose first item, if there is one, is of that type.
    List(&'static Arg),
    Map,
    Optional,
    Quantity,
    Ip,
    Cidr,
    Url,
    Semver,
    Format,
    /// A type of which expressions cannot have a value here.
    Never,
}

impl Arg {
    fn takes(&self, v: &Value<'_>) -> bool {
        match (self, v) {
            (Self::Any, _)
            | (Self::Bool, Value::Bool(_))
            | (Self::Int, Value::Int(_))
            | (Self::Uint, Value::Uint(_))
            | (Self::Double, Value::Double(_))
            | (Self::Str, Value::String(_))
            | (Self::Bytes, Value::Bytes(_))
            | (Self::Timestamp, Value::Timestamp(_))
            | (Self::Duration, Value::Duration(_))
            | (Self::Map, Value::Map(_))
            | (Self::Optional, Value::Optional(_)) => true,
            (Self::List(item), Value::List(l)) => match l.get(0) {
                Some(Ok(v)) => item.takes(&v),
                Some(Err(_)) => false,
                None => true,
            },
            (arg, Value::Opaque(o)) => matches!(
                (arg, &**o),
                (Self::Quantity, Opaque::Quantity { .. })
                    | (Self::Ip, Opaque::Ip(_))
                    | (Self::Cidr, Opaque::Cidr(_))
                    | (Self::Url, Opaque::Url(_))
                    | (Self::Semver, Opaque::Semver(_))
                    | (Self::Format, Opaque::Format(_))
            ),
            _ => false,
        }
    }
}

/// All that goes by one name.
#[derive(Default)]
pub(super) struct Entry {
    name: &'static str,
    whole: Option<(Takes, Run)>,
    overloads: Vec<&'static Overload>,
}

static REGISTRY: LazyLock<HashMap<&'static str, Entry>> = LazyLock::new(|| {
    let libraries = [
        standard::FUNCTIONS,
        times::FUNCTIONS,
        strings::FUNCTIONS,
        lists::FUNCTIONS,
        sets::FUNCTIONS,
        regex::FUNCTIONS,
        urls::FUNCTIONS,
        quantity::FUNCTIONS,
        ip::FUNCTIONS,
        semver::FUNCTIONS,
        formats::FUNCTIONS,
        optionals::FUNCTIONS,
        AUTHORIZER,
    ];
    let mut all: HashMap<&'static str, Entry> = HashMap::new();
    for f in libraries.into_iter().flatten() {
        let entry = all.entry(f.name).or_default();
        entry.name = f.name;
        match &f.body {
            Body::Whole(takes, run) => entry.whole = Some((*takes, *run)),
            Body::Overloads(o) => entry.overloads.extend(*o),
        }
    }
    all
});

/// The function of a name.
pub(super) fn find(name: &str) -> Option<&'static Entry> {
    REGISTRY.get(name)
}

/// A function with the overload that the checker chose, if it could choose one.
#[derive(Clone, Copy)]
pub(super) struct Call {
    entry: &'static Entry,
    overload: Option<&'static Overload>,
}

impl Entry {
    /// Whether a call of which the overload is not known is sent on by the types of its arguments.
    pub(super) fn is_dispatched(&self) -> bool {
        self.whole.is_none() && self.overloads.len() > 1
    }

    /// The call of one of the overloads; with none of that id any may turn out to fit.
    pub(super) fn call(&'static self, overload: Option<&str>) -> Call {
        let overload = overload.and_then(|id| self.overloads.iter().find(|o| o.0 == id)).copied();
        Call { entry: self, overload }
    }
}

impl Call {
    /// The name.
    pub(super) fn name(self) -> &'static str {
        self.entry.name
    }

    /// Calls the implementation that takes the arguments.
    pub(super) fn run<'a>(self, args: &mut [Value<'a>]) -> Result<'a> {
        if let Some((takes, run)) = self.entry.whole {
            return match args.first() {
                Some(first) if !takes(first) => Err(misfit(self.entry.name, first)),
                _ => run(args),
            };
        }
        let fits = |o: &Overload| o.1.len() == args.len() && o.1.iter().zip(&*args).all(|(a, v)| a.takes(v));
        let found = match self.overload {
            Some(o) => fits(o).then_some(o),
            None => self.entry.overloads.iter().copied().find(|o| fits(o)),
        };
        match found {
            Some(o) => o.2(args),
            None => {
                let types: Vec<&str> = args.iter().map(Value::type_name).collect();
                Err(Error::new(format!("no such overload: {}({})", self.entry.name, types.join(", "))))
            }
        }
    }
}

/// Upstream asks strings and times themselves what they make of an operator they do not have, and they do not say its name.
fn misfit(function: &str, first: &Value<'_>) -> Error {
    match first {
        Value::String(_) | Value::Timestamp(_) | Value::Duration(_) => Error::no_such_overload(),
        _ => Error::new(format!("no such overload: {function}")),
    }
}

const fn whole(name: &'static str, takes: Takes, run: Run) -> Function {
    Function { name, body: Body::Whole(takes, run) }
}

const fn overloads(name: &'static str, overloads: &'static [Overload]) -> Function {
    Function { name, body: Body::Overloads(overloads) }
}

/// Takes an argument out.
fn take<'a>(v: &mut Value<'a>) -> Value<'a> {
    std::mem::replace(v, Value::Null)
}

fn is_list(v: &Value<'_>) -> bool {
    matches!(v, Value::List(_))
}

/// The list an argument was checked to be.
fn list<'v, 'a>(v: &'v Value<'a>) -> std::result::Result<&'v List<'a>, Error> {
    match v {
        Value::List(l) => Ok(l),
        _ => Err(Error::no_such_overload()),
    }
}

/// The map an argument was checked to be.
fn map<'v, 'a>(v: &'v Value<'a>) -> std::result::Result<&'v Map<'a>, Error> {
    match v {
        Value::Map(m) => Ok(m),
        _ => Err(Error::no_such_overload()),
    }
}

/// The string an argument was checked to be.
fn text<'v>(v: &'v Value<'_>) -> std::result::Result<&'v str, Error> {
    v.as_str().ok_or_else(Error::no_such_overload)
}

/// The integer an argument was checked to be.
fn int(v: &Value<'_>) -> std::result::Result<i64, Error> {
    match v {
        Value::Int(i) => Ok(*i),
        _ => Err(Error::no_such_overload()),
    }
}

/// The list of strings.
fn strings<'a>(items: impl IntoIterator<Item = String>) -> Value<'a> {
    Value::list(items.into_iter().map(Value::string).collect())
}

const fn never(id: &'static str, args: &'static [Arg]) -> Overload {
    Overload(id, args, |_| Err(Error::no_such_overload()))
}

/// The authorizer's library is declared everywhere but its values are only in admission policies.
const AUTHORIZER: &[Function] = &[
    overloads("path", &[never("authorizer_path", &[Arg::Never, Arg::Str])]),
    overloads("group", &[never("authorizer_group", &[Arg::Never, Arg::Str])]),
    overloads("serviceAccount", &[never("authorizer_serviceaccount", &[Arg::Never, Arg::Str, Arg::Str])]),
    overloads("resource", &[never("groupcheck_resource", &[Arg::Never, Arg::Str])]),
    overloads("subresource", &[never("resourcecheck_subresource", &[Arg::Never, Arg::Str])]),
    overloads("namespace", &[never("resourcecheck_namespace", &[Arg::Never, Arg::Str])]),
    overloads("name", &[never("resourcecheck_name", &[Arg::Never, Arg::Str])]),
    overloads("fieldSelector", &[never("authorizer_fieldselector", &[Arg::Never, Arg::Str])]),
    overloads("labelSelector", &[never("authorizer_labelselector", &[Arg::Never, Arg::Str])]),
    overloads(
        "check",
        &[never("pathcheck_check", &[Arg::Never, Arg::Str]), never("resourcecheck_check", &[Arg::Never, Arg::Str])],
    ),
    overloads("errored", &[never("decision_errored", &[Arg::Never])]),
    overloads("error", &[never("decision_error", &[Arg::Never])]),
    overloads("allowed", &[never("decision_allowed", &[Arg::Never])]),
    overloads("reason", &[never("decision_reason", &[Arg::Never])]),
];
