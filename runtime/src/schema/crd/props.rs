//! Reading of an `openAPIV3Schema` as decoded by the tables: keywords have their types, empty ones are absent. Nothing is
//! judged here.

use serde_json::{Map, Value};

/// One schema object.
#[derive(Clone, Copy)]
pub(crate) struct Props<'a>(&'a Map<String, Value>);

/// `additionalProperties`, or `additionalItems`.
#[derive(Clone, Copy)]
pub(crate) enum Additional<'a> {
    Allowed(bool),
    Schema(Props<'a>),
}

impl<'a> Props<'a> {
    pub(crate) fn of(schema: &'a Value) -> Option<Self> {
        schema.as_object().map(Self)
    }

    pub(crate) fn of_map(schema: &'a Map<String, Value>) -> Self {
        Self(schema)
    }

    pub(crate) fn map(self) -> &'a Map<String, Value> {
        self.0
    }

    pub(crate) fn get(self, keyword: &str) -> Option<&'a Value> {
        self.0.get(keyword)
    }

    pub(crate) fn has(self, keyword: &str) -> bool {
        self.0.contains_key(keyword)
    }

    pub(crate) fn text(self, keyword: &str) -> &'a str {
        self.word(keyword).unwrap_or_default()
    }

    pub(crate) fn word(self, keyword: &str) -> Option<&'a str> {
        self.0.get(keyword).and_then(Value::as_str)
    }

    pub(crate) fn flag(self, keyword: &str) -> bool {
        self.0.get(keyword).and_then(Value::as_bool).unwrap_or(false)
    }

    pub(crate) fn int(self, keyword: &str) -> Option<i64> {
        self.0.get(keyword).and_then(Value::as_i64)
    }

    pub(crate) fn type_(self) -> &'a str {
        self.text("type")
    }

    /// `x-kubernetes-preserve-unknown-fields: true`
    pub(crate) fn preserves(self) -> bool {
        self.flag("x-kubernetes-preserve-unknown-fields")
    }

    pub(crate) fn embedded(self) -> bool {
        self.flag("x-kubernetes-embedded-resource")
    }

    pub(crate) fn int_or_string(self) -> bool {
        self.flag("x-kubernetes-int-or-string")
    }

    pub(crate) fn list_type(self) -> Option<&'a str> {
        self.word("x-kubernetes-list-type")
    }

    pub(crate) fn map_type(self) -> Option<&'a str> {
        self.word("x-kubernetes-map-type")
    }

    pub(crate) fn list_map_keys(self) -> impl Iterator<Item = &'a str> {
        self.strings("x-kubernetes-list-map-keys")
    }

    pub(crate) fn strings(self, keyword: &str) -> impl Iterator<Item = &'a str> {
        self.0.get(keyword).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    }

    /// `x-kubernetes-validations`
    pub(crate) fn rules(self) -> &'a [Value] {
        self.0.get("x-kubernetes-validations").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }

    /// The one schema under a keyword.
    pub(crate) fn schema(self, keyword: &str) -> Option<Self> {
        self.0.get(keyword).and_then(Self::of)
    }

    /// The schemas in a list under a keyword.
    pub(crate) fn branches(self, keyword: &str) -> impl Iterator<Item = Self> + use<'a> {
        self.0.get(keyword).and_then(Value::as_array).into_iter().flatten().filter_map(Self::of)
    }

    /// The schemas in a map under a keyword, by name.
    pub(crate) fn named(self, keyword: &str) -> impl Iterator<Item = (&'a str, Self)> + use<'a> {
        let map = self.0.get(keyword).and_then(Value::as_object);
        map.into_iter().flatten().filter_map(|(k, v)| Some((k.as_str(), Self::of(v)?)))
    }

    /// `properties`, by name.
    pub(crate) fn properties(self) -> impl Iterator<Item = (&'a str, Self)> + use<'a> {
        self.named("properties")
    }

    pub(crate) fn property(self, name: &str) -> Option<Self> {
        self.0.get("properties").and_then(|p| p.get(name)).and_then(Self::of)
    }

    /// `additionalProperties`
    pub(crate) fn additional(self) -> Option<Additional<'a>> {
        match self.0.get("additionalProperties")? {
            Value::Bool(b) => Some(Additional::Allowed(*b)),
            v => Self::of(v).map(Additional::Schema),
        }
    }

    /// Whether this schema or any below has what is asked for (X's `SchemaHas`).
    pub(crate) fn any(self, has: &mut impl FnMut(Props<'a>) -> bool) -> bool {
        has(self)
            || self.schema("items").is_some_and(|s| s.any(has))
            || ["items", "allOf", "anyOf", "oneOf"].iter().any(|k| self.branches(k).any(|s| s.any(has)))
            || self.schema("not").is_some_and(|s| s.any(has))
            || self.properties().any(|(_, s)| s.any(has))
            || self.schema("additionalProperties").is_some_and(|s| s.any(has))
            || self.named("patternProperties").any(|(_, s)| s.any(has))
            || self.schema("additionalItems").is_some_and(|s| s.any(has))
            || ["definitions", "dependencies"].iter().any(|k| self.named(k).any(|(_, s)| s.any(has)))
    }

    /// Looks at this schema and at all below.
    pub(crate) fn each(self, look: &mut impl FnMut(Props<'a>)) {
        self.any(&mut |s| {
            look(s);
            false
        });
    }
}
