//! Values as Go's `%v` prints them: within errors, and for people who test expressions.

use super::{List, Map, Opaque, Value, go, time};
use std::fmt;

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NULL_VALUE"),
            Self::Bool(b) => write!(f, "{b}"),
            Self::Int(i) => write!(f, "{i}"),
            Self::Uint(u) => write!(f, "{u}"),
            Self::Double(d) => f.write_str(&go::float(*d)),
            Self::String(s) | Self::Type(s) => f.write_str(s),
            Self::Bytes(b) => {
                f.write_str("[")?;
                for (i, byte) in b.iter().enumerate() {
                    write!(f, "{}{byte}", if i > 0 { " " } else { "" })?;
                }
                f.write_str("]")
            }
            Self::Timestamp(t) => f.write_str(&t.go_text()),
            Self::Duration(d) => f.write_str(&time::duration_text(*d)),
            Self::List(l) => list(l, f),
            Self::Map(m) => map(m, f),
            Self::Optional(None) => f.write_str("<nil>"),
            Self::Optional(Some(v)) => v.fmt(f),
            Self::Opaque(o) => match &**o {
                Opaque::Quantity { quantity, .. } => quantity.fmt(f),
                Opaque::Ip(ip) => ip.fmt(f),
                Opaque::Cidr(c) => c.fmt(f),
                Opaque::Url(u) => u.fmt(f),
                Opaque::Semver(v) => v.fmt(f),
                Opaque::Format(n) => f.write_str(n.label),
            },
            Self::Preserved(v) => v.fmt(f),
        }
    }
}

/// Within lists and maps Go prints null as the number of its enum, and optionals by their own text.
fn item(v: &Value<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match v {
        Value::Null => f.write_str("0"),
        Value::Optional(None) => f.write_str("optional.none()"),
        Value::Optional(Some(v)) => {
            f.write_str("optional(")?;
            item(v, f)?;
            f.write_str(")")
        }
        v => v.fmt(f),
    }
}

fn list(l: &List<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("[")?;
    for (i, v) in l.iter().enumerate() {
        if i > 0 {
            f.write_str(" ")?;
        }
        match v {
            Ok(v) => item(&v, f)?,
            Err(e) => e.fmt(f)?,
        }
    }
    f.write_str("]")
}

fn map(m: &Map<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("map[")?;
    for (i, k) in m.keys().into_iter().enumerate() {
        if i > 0 {
            f.write_str(" ")?;
        }
        item(&k, f)?;
        f.write_str(":")?;
        if let Map::Owned(entries) = m {
            if let Some((_, v)) = entries.iter().nth(i) {
                item(v, f)?;
            }
        } else if let Some(Ok(v)) = m.get(&k) {
            item(&v, f)?;
        }
    }
    f.write_str("]")
}
