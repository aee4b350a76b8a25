//! Kubernetes' URL library.

use super::super::value::url::Url;
use super::super::value::{Error, Key, Map, Opaque, Result, Str, Value};
use super::{Arg, Function, Overload, overloads, text};
use std::collections::BTreeMap;

fn get<'a>(v: &Value<'a>, part: impl Fn(&Url) -> Value<'a>) -> Result<'a> {
    match v {
        Value::Opaque(o) => match &**o {
            Opaque::Url(u) => Ok(part(u)),
            _ => Err(Error::no_such_overload()),
        },
        _ => Err(Error::no_such_overload()),
    }
}

fn query<'a>(u: &Url) -> Value<'a> {
    let mut all: BTreeMap<String, Vec<Value<'a>>> = BTreeMap::new();
    for (k, v) in u.query() {
        all.entry(k).or_default().push(Value::string(v));
    }
    let entries = all.into_iter().map(|(k, v)| (Key::String(Str::Shared(k.into())), Value::list(v)));
    Value::Map(Map::owned(entries.collect()))
}

pub(super) const FUNCTIONS: &[Function] = &[
    overloads(
        "url",
        &[Overload("string_to_url", &[Arg::Str], |a| match Url::parse(text(&a[0])?) {
            Ok(u) => Ok(Value::opaque(Opaque::Url(u))),
            Err(e) => Err(Error::new(format!("URL parse error during conversion from string: {e}"))),
        })],
    ),
    overloads(
        "isURL",
        &[Overload("is_url_string", &[Arg::Str], |a| Ok(Value::Bool(Url::check_request(text(&a[0])?).is_ok())))],
    ),
    overloads("getScheme", &[Overload("url_get_scheme", &[Arg::Url], |a| get(&a[0], |u| Value::string(u.scheme())))]),
    overloads("getHost", &[Overload("url_get_host", &[Arg::Url], |a| get(&a[0], |u| Value::string(u.host())))]),
    overloads(
        "getHostname",
        &[Overload("url_get_hostname", &[Arg::Url], |a| get(&a[0], |u| Value::string(u.hostname())))],
    ),
    overloads("getPort", &[Overload("url_get_port", &[Arg::Url], |a| get(&a[0], |u| Value::string(u.port())))]),
    overloads(
        "getEscapedPath",
        &[Overload("url_get_escaped_path", &[Arg::Url], |a| get(&a[0], |u| Value::string(u.escaped_path())))],
    ),
    overloads("getQuery", &[Overload("url_get_query", &[Arg::Url], |a| get(&a[0], query))]),
];
