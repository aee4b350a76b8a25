//! Field paths and field errors with the words of apimachinery's `util/validation/field`. Which error to raise is the
//! validators' affair.

use super::Cause;
use crate::resource::codec::go::{self, push_quoted};
use crate::resource::codec::json;
use serde_json::Value;
use std::fmt;

/// A field's path as Kubernetes prints it: `spec.ports[0].name`, `metadata.labels[a/b]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path(String);

impl Path {
    /// The path that prints as nothing; children start without a dot.
    pub fn root() -> Self {
        Self::default()
    }

    /// A path taken as it stands.
    pub fn new(path: impl Into<String>) -> Self {
        Self(path.into())
    }

    /// `self.name`.
    #[must_use]
    pub fn child(&self, name: &str) -> Self {
        if self.0.is_empty() { Self(name.to_owned()) } else { Self(format!("{}.{name}", self.0)) }
    }

    /// `self[i]`.
    #[must_use]
    pub fn index(&self, i: usize) -> Self {
        Self(format!("{}[{i}]", self.0))
    }

    /// `self[key]`.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        Self(format!("{}[{key}]", self.0))
    }

    /// The printed form, empty for the root.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Path {
    /// The root prints as `<nil>`, as upstream's nil path does.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "<nil>" } else { &self.0 })
    }
}

/// The class of a field error; decides the cause's reason and the first words of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `FieldValueNotFound`
    NotFound,
    /// `FieldValueRequired`
    Required,
    /// `FieldValueDuplicate`
    Duplicate,
    /// `FieldValueInvalid`
    Invalid,
    /// `FieldValueNotSupported`
    NotSupported,
    /// `FieldValueForbidden`
    Forbidden,
    /// `FieldValueTooLong`
    TooLong,
    /// `FieldValueTooMany`
    TooMany,
    /// `InternalError`
    Internal,
    /// `FieldValueTypeInvalid`
    TypeInvalid,
}

/// The offending value as upstream prints it after the class words.
#[derive(Clone, Debug, PartialEq)]
pub enum BadValue {
    /// Printed as Go prints a scalar, strings quoted; lists and objects as JSON.
    Json(Value),
    /// Printed as it stands, without quotes.
    Raw(String),
    /// Not printed.
    Omitted,
}

/// One thing wrong with one field.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldError {
    /// Class.
    pub kind: Kind,
    /// Printed path, `<nil>` for none.
    pub field: String,
    /// Offending value.
    pub value: BadValue,
    /// The rest of the sentence.
    pub detail: String,
}

impl FieldError {
    fn new(kind: Kind, field: impl fmt::Display, value: BadValue, detail: impl Into<String>) -> Self {
        Self { kind, field: field.to_string(), value, detail: detail.into() }
    }
    /// `Invalid value: <json>: <detail>`.
    pub fn invalid(field: impl fmt::Display, value: impl Into<Value>, detail: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, field, BadValue::Json(value.into()), detail)
    }
    /// `Invalid value: <json>: <detail>` with cause FieldValueTypeInvalid.
    pub fn type_invalid(field: impl fmt::Display, value: impl Into<Value>, detail: impl Into<String>) -> Self {
        Self::new(Kind::TypeInvalid, field, BadValue::Json(value.into()), detail)
    }
    /// `Required value: <detail>`.
    pub fn required(field: impl fmt::Display, detail: impl Into<String>) -> Self {
        Self::new(Kind::Required, field, BadValue::Omitted, detail)
    }
    /// `Duplicate value: <json>`.
    pub fn duplicate(field: impl fmt::Display, value: impl Into<Value>) -> Self {
        Self::new(Kind::Duplicate, field, BadValue::Json(value.into()), "")
    }
    /// `Not found: <json>`.
    pub fn not_found(field: impl fmt::Display, value: impl Into<Value>) -> Self {
        Self::new(Kind::NotFound, field, BadValue::Json(value.into()), "")
    }
    /// `Forbidden: <detail>`.
    pub fn forbidden(field: impl fmt::Display, detail: impl Into<String>) -> Self {
        Self::new(Kind::Forbidden, field, BadValue::Omitted, detail)
    }
    /// `Unsupported value: "x": supported values: "a", "b"`.
    pub fn not_supported<S: AsRef<str>>(field: impl fmt::Display, value: impl Into<Value>, valid: &[S]) -> Self {
        let quoted: Vec<String> = valid.iter().map(|v| go::quote(v.as_ref())).collect();
        let detail = if quoted.is_empty() { String::new() } else { format!("supported values: {}", quoted.join(", ")) };
        Self::new(Kind::NotSupported, field, BadValue::Json(value.into()), detail)
    }
    /// `Too long: may not be more than N bytes`.
    pub fn too_long(field: impl fmt::Display, max: usize) -> Self {
        let unit = if max == 1 { "byte" } else { "bytes" };
        Self::new(Kind::TooLong, field, BadValue::Omitted, format!("may not be more than {max} {unit}"))
    }
    /// `Too many: N: must have at most M items`.
    pub fn too_many(field: impl fmt::Display, actual: usize, max: usize) -> Self {
        let unit = if max == 1 { "item" } else { "items" };
        Self::new(Kind::TooMany, field, BadValue::Raw(actual.to_string()), format!("must have at most {max} {unit}"))
    }
    /// `Internal error: <detail>`.
    pub fn internal(field: impl fmt::Display, detail: impl Into<String>) -> Self {
        Self::new(Kind::Internal, field, BadValue::Omitted, detail)
    }

    /// The text after the path.
    pub fn body(&self) -> String {
        let words = match self.kind {
            Kind::NotFound => "Not found",
            Kind::Required => "Required value",
            Kind::Duplicate => "Duplicate value",
            Kind::Invalid | Kind::TypeInvalid => "Invalid value",
            Kind::NotSupported => "Unsupported value",
            Kind::Forbidden => "Forbidden",
            Kind::TooLong => "Too long",
            Kind::TooMany => "Too many",
            Kind::Internal => "Internal error",
        };
        let mut out = words.to_owned();
        match &self.value {
            BadValue::Json(Value::String(s)) => {
                out.push_str(": ");
                push_quoted(s, &mut out);
            }
            BadValue::Json(v @ (Value::Array(_) | Value::Object(_))) => {
                out.push_str(": ");
                out.push_str(&json::compact(&String::from_utf8_lossy(&json::encode(v))));
            }
            BadValue::Json(Value::Null) => out.push_str(": null"),
            BadValue::Json(v) => {
                out.push_str(": ");
                out.push_str(&go::shown(v));
            }
            BadValue::Raw(v) => out += &format!(": {v}"),
            BadValue::Omitted => {}
        }
        if !self.detail.is_empty() {
            out += &format!(": {}", self.detail);
        }
        out
    }

    /// The Status cause of this error.
    pub fn cause(&self) -> Cause {
        let reason = match self.kind {
            Kind::NotFound => "FieldValueNotFound",
            Kind::Required => "FieldValueRequired",
            Kind::Duplicate => "FieldValueDuplicate",
            Kind::Invalid => "FieldValueInvalid",
            Kind::NotSupported => "FieldValueNotSupported",
            Kind::Forbidden => "FieldValueForbidden",
            Kind::TooLong => "FieldValueTooLong",
            Kind::TooMany => "FieldValueTooMany",
            Kind::Internal => "InternalError",
            Kind::TypeInvalid => "FieldValueTypeInvalid",
        };
        Cause { reason: reason.into(), message: self.body(), field: self.field.clone() }
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.body())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_those_of_the_field_package() {
        let p = Path::root().child("spec").child("ports").index(2).key("a/b");
        assert_eq!(p.to_string(), "spec.ports[2][a/b]");
        assert_eq!(Path::root().to_string(), "<nil>");
        assert_eq!(FieldError::invalid(&p, "x", "no").to_string(), "spec.ports[2][a/b]: Invalid value: \"x\": no");
        assert_eq!(
            FieldError::not_supported("f", "c", &["a", "b"]).body(),
            "Unsupported value: \"c\": supported values: \"a\", \"b\""
        );
        let check = |value: Value, want: &str| assert_eq!(FieldError::duplicate("f", value).body(), want);
        check(Value::from(1.0), "Duplicate value: 1");
        check(Value::from(1e21), "Duplicate value: 1e+21");
        check(Value::from(u64::MAX), "Duplicate value: 1.8446744073709552e+19");
        check(Value::Null, "Duplicate value: null");
        check(serde_json::json!([1.0, 1e21, "<é>"]), "Duplicate value: [1,1e+21,\"\\u003cé\\u003e\"]");
        let words = FieldError::not_supported("f", "c", &["\u{7}<"]).body();
        assert_eq!(words, "Unsupported value: \"c\": supported values: \"\\a<\"");
        assert_eq!(FieldError::too_many("f", 3, 2).body(), "Too many: 3: must have at most 2 items");
    }
}
