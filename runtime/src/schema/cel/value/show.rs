//! Values as Go prints them: `Display` is `%v` of cel-go's value, which errors quote, and [`Value::native`] that of the plain
//! value behind it.

use super::{List, Map, Opaque, Str, Value, go, time};
use std::fmt;

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // The number of its enum.
            Self::Null => f.write_str("0"),
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
            Self::List(l) => list(l, ", ", f),
            Self::Map(m) => map(m, ["{", ": ", ", ", "}"], f),
            Self::Optional(None) => f.write_str("optional.none()"),
            Self::Optional(Some(v)) => write!(f, "optional({v})"),
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

impl<'a> Value<'a> {
    /// The plain value, to be printed: lists as `[1 2]`, maps as `map[a:1]`.
    pub fn native(&self) -> Native<'_, 'a> {
        Native(self)
    }
}

/// See [`Value::native`].
pub struct Native<'v, 'a>(&'v Value<'a>);

impl fmt::Display for Native<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Null => f.write_str("NULL_VALUE"),
            Value::List(l) => list(l, " ", f),
            Value::Map(m) => map(m, ["map[", ":", " ", "]"], f),
            Value::Optional(None) => f.write_str("<nil>"),
            Value::Optional(Some(v)) => v.native().fmt(f),
            v => v.fmt(f),
        }
    }
}

fn list(l: &List<'_>, separator: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("[")?;
    for (i, v) in l.iter().enumerate() {
        if i > 0 {
            f.write_str(separator)?;
        }
        match v {
            Ok(v) => write!(f, "{v}")?,
            Err(e) => write!(f, "{e}")?,
        }
    }
    f.write_str("]")
}

fn map(m: &Map<'_>, [open, colon, separator, close]: [&str; 4], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str(open)?;
    let mut entry =
        |i: usize, k: &Value<'_>, v: &Value<'_>| write!(f, "{}{k}{colon}{v}", if i > 0 { separator } else { "" });
    match m {
        Map::Owned(entries) => {
            for (i, (k, v)) in entries.iter().enumerate() {
                entry(i, &k.value(), v)?;
            }
        }
        json => {
            for (i, k) in json.keys().iter().enumerate() {
                match json.get(k) {
                    Some(Ok(v)) => entry(i, k, &v)?,
                    Some(Err(e)) => entry(i, k, &Value::String(Str::Borrowed(e.text())))?,
                    None => {}
                }
            }
        }
    }
    f.write_str(close)
}
