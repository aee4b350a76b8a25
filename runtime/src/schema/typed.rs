//! Decoding of JSON as a Go struct would decode it: unknown members dropped and named, wrong types refused with
//! encoding/json's texts, empty members left out or kept as the struct's tags say. The structs are tables elsewhere.

use super::dropped::Dropped;
use super::go_time;
use serde_json::Value;

/// A Go type.
pub(crate) enum Type {
    /// A string; the name is the Go type's.
    Str(&'static str),
    /// `bool`
    Bool,
    /// A signed integer of that many bits.
    Int(u32),
    /// `float64`
    Float,
    /// `metav1.Time`
    Time,
    /// Base64 in a string.
    Bytes,
    /// Any JSON.
    Any,
    /// `map[string]T` with its Go name.
    Map(&'static Type, &'static str),
    /// `[]T` with its Go name.
    List(&'static Type, &'static str),
    /// A struct.
    Struct(&'static Struct),
    /// Either a boolean or the struct (JSONSchemaPropsOrBool).
    OrBool(&'static Struct),
    /// Either a list of the struct or the struct (JSONSchemaPropsOrArray).
    OrArray(&'static Struct),
    /// Either a list of strings or the struct (JSONSchemaPropsOrStringArray).
    OrStrings(&'static Struct),
}

/// What becomes of an empty member.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Empty {
    /// `omitempty`: left out.
    Omit,
    /// A pointer: left out only when null.
    Null,
    /// Always written, with the zero value where absent.
    Keep,
}

static STRING: Type = Type::Str("string");

/// A Go struct's members by JSON name.
pub(crate) struct Struct {
    /// With the package: `v1.ObjectMeta`.
    pub(crate) name: &'static str,
    /// Sorted by name.
    pub(crate) fields: &'static [(&'static str, Type, Empty)],
}

/// Where decoding is: the struct, the field names for error texts, and what is unknown.
struct Cursor<'a> {
    fields: Vec<&'static str>,
    owner: &'static str,
    unknown: Dropped<'a>,
}

/// Decodes `x` in place. Unknown members go to `unknown`, each as a path below `prefix`.
pub(crate) fn decode(
    x: &mut Value,
    to: &'static Struct,
    prefix: &str,
    unknown: Option<&mut Vec<String>>,
) -> Result<(), String> {
    let mut cursor = Cursor { fields: Vec::new(), owner: to.name, unknown: Dropped::below(prefix, unknown) };
    cursor.structure(x, to)
}

fn word(x: &Value) -> &'static str {
    match x {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn is_empty(x: &Value) -> bool {
    match x {
        Value::Null | Value::Bool(false) => true,
        Value::Number(n) => n.as_f64() == Some(0.0),
        Value::String(s) => s.is_empty(),
        Value::Array(a) => a.is_empty(),
        // An empty struct is never omitted by Go, an empty map is: the caller tells them apart.
        Value::Object(m) => m.is_empty(),
        Value::Bool(true) => false,
    }
}

impl Type {
    fn go_name(&self) -> &'static str {
        match self {
            Self::Str(name) | Self::Map(_, name) | Self::List(_, name) => name,
            Self::Bool => "bool",
            Self::Int(32) => "int32",
            Self::Int(_) => "int64",
            Self::Float => "float64",
            Self::Time => "v1.Time",
            Self::Bytes => "[]uint8",
            Self::Any => "v1.JSON",
            Self::Struct(s) | Self::OrBool(s) | Self::OrArray(s) | Self::OrStrings(s) => s.name,
        }
    }

    fn zero(&self) -> Value {
        match self {
            Self::Str(_) => "".into(),
            Self::Bool => false.into(),
            Self::Int(_) | Self::Float => 0.into(),
            Self::Struct(s) => {
                let mut v = Value::Object(serde_json::Map::new());
                s.fill(&mut v);
                v
            }
            _ => Value::Null,
        }
    }
}

impl Struct {
    fn field(&self, name: &str) -> Option<&'static (&'static str, Type, Empty)> {
        let i = self.fields.binary_search_by(|(n, ..)| (*n).cmp(name)).ok()?;
        self.fields.get(i)
    }

    fn fill(&self, x: &mut Value) {
        let Value::Object(map) = x else { return };
        for (name, type_, empty) in self.fields {
            if *empty == Empty::Keep && !map.contains_key(*name) {
                map.insert((*name).to_owned(), type_.zero());
            }
        }
    }
}

impl Cursor<'_> {
    fn wrong(&self, x: &Value, type_: &str, number: bool) -> String {
        let what = match x {
            Value::Number(n) if number => format!("number {n}"),
            x => word(x).to_owned(),
        };
        if self.fields.is_empty() {
            return format!("json: cannot unmarshal {what} into Go value of type {type_}");
        }
        let owner = self.owner.rsplit('.').next().unwrap_or_default();
        format!("json: cannot unmarshal {what} into Go struct field {owner}.{} of type {type_}", self.fields.join("."))
    }

    fn structure(&mut self, x: &mut Value, to: &'static Struct) -> Result<(), String> {
        if x.is_null() {
            return Ok(());
        }
        let Value::Object(map) = x else { return Err(self.wrong(x, to.name, false)) };
        let mut failure = None;
        let owner = std::mem::replace(&mut self.owner, to.name);
        map.retain(|k, v| {
            let Some((name, type_, empty)) = to.field(k) else {
                self.unknown.tell(k);
                return false;
            };
            self.fields.push(name);
            let back = self.unknown.enter(k);
            if let Err(e) = self.value(v, type_) {
                failure.get_or_insert(e);
            }
            self.unknown.leave(back);
            self.fields.pop();
            match empty {
                Empty::Omit => matches!((type_, &v), (Type::Struct(_) | Type::Any, Value::Object(_))) || !is_empty(v),
                Empty::Null => !v.is_null(),
                Empty::Keep => {
                    if v.is_null() {
                        *v = type_.zero();
                    }
                    true
                }
            }
        });
        self.owner = owner;
        if let Some(e) = failure {
            return Err(e);
        }
        to.fill(x);
        Ok(())
    }

    fn value(&mut self, x: &mut Value, type_: &'static Type) -> Result<(), String> {
        if x.is_null() {
            return Ok(());
        }
        match type_ {
            Type::Any => Ok(()),
            Type::Str(name) if !x.is_string() => Err(self.wrong(x, name, false)),
            Type::Str(_) => Ok(()),
            Type::Bool if !x.is_boolean() => Err(self.wrong(x, "bool", false)),
            Type::Bool => Ok(()),
            Type::Int(bits) => match x.as_i64() {
                Some(i) if *bits == 64 || i32::try_from(i).is_ok() => Ok(()),
                _ => Err(self.wrong(x, type_.go_name(), true)),
            },
            Type::Float if !x.is_number() => Err(self.wrong(x, "float64", false)),
            Type::Float => Ok(()),
            Type::Bytes => match x.as_str() {
                Some(s) => base64(s),
                None => Err(self.wrong(x, "[]uint8", false)),
            },
            Type::Time => time(x),
            Type::Map(of, name) => {
                let Value::Object(map) = x else { return Err(self.wrong(x, name, false)) };
                let mut result = Ok(());
                for (k, v) in map.iter_mut() {
                    let back = self.unknown.enter(k);
                    if v.is_null() {
                        *v = of.zero();
                    }
                    let one = self.value(v, of);
                    self.unknown.leave(back);
                    result = result.and(one);
                }
                result
            }
            Type::List(of, name) => {
                let Value::Array(items) = x else { return Err(self.wrong(x, name, false)) };
                let mut result = Ok(());
                for (i, v) in items.iter_mut().enumerate() {
                    result = result.and(self.item(i, v, of));
                }
                result
            }
            Type::Struct(s) => self.structure(x, s),
            Type::OrBool(s) | Type::OrStrings(s) | Type::OrArray(s) => {
                // Upstream reads these with decoders of their own, which drop unknown members without a word.
                let list = self.unknown.list.take();
                let result = self.either(x, type_, s);
                self.unknown.list = list;
                result
            }
        }
    }

    fn either(&mut self, x: &mut Value, type_: &Type, s: &'static Struct) -> Result<(), String> {
        match (type_, &mut *x) {
            (_, Value::Object(_)) => self.structure(x, s),
            (Type::OrArray(_), Value::Array(items)) if !items.is_empty() => {
                items.iter_mut().try_for_each(|v| self.structure(v, s))
            }
            (Type::OrStrings(_), Value::Array(items)) if !items.is_empty() => {
                items.iter_mut().enumerate().try_for_each(|(i, v)| self.item(i, v, &STRING))
            }
            (Type::OrBool(_), Value::Bool(_)) => Ok(()),
            (Type::OrBool(_), _) => Err("boolean or JSON schema expected".to_owned()),
            // Anything else is neither, and so nothing.
            _ => {
                *x = Value::Null;
                Ok(())
            }
        }
    }

    fn item(&mut self, i: usize, v: &mut Value, of: &'static Type) -> Result<(), String> {
        let back = self.unknown.enter_item(i);
        if v.is_null() {
            *v = of.zero();
        }
        let result = self.value(v, of);
        self.unknown.leave(back);
        result
    }
}

fn base64(s: &str) -> Result<(), String> {
    let ok = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    let body = s.trim_end_matches('=');
    if let Some(at) = body.bytes().position(|b| !ok(&b)) {
        return Err(format!("illegal base64 data at input byte {at}"));
    }
    if !s.len().is_multiple_of(4) || s.len() - body.len() > 2 {
        return Err(format!("illegal base64 data at input byte {}", s.len() / 4 * 4));
    }
    Ok(())
}

fn time(x: &mut Value) -> Result<(), String> {
    let Value::String(s) = x else {
        return Err(format!("json: cannot unmarshal {} into Go value of type string", word(x)));
    };
    *s = go_time::rfc3339(s)?.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    Ok(())
}
