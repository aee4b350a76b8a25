//! The compact structural tree: what pruning, defaulting, validation, apply and expressions read. Descriptions and examples
//! are not kept. Whether a schema is structural is judged elsewhere; parsing here never fails, it leaves out.

pub use super::pattern::Pattern;
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::sync::Arc;

/// The `type` keyword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// `object`
    Object,
    /// `array`
    Array,
    /// `string`
    String,
    /// `integer`
    Integer,
    /// `number`
    Number,
    /// `boolean`
    Boolean,
}

impl Type {
    /// The keyword's value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Array => "array",
            Self::String => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
        }
    }

    /// The type of that name.
    pub(crate) fn parse(s: &str) -> Option<Self> {
        Some(match s {
            "object" => Self::Object,
            "array" => Self::Array,
            "string" => Self::String,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "boolean" => Self::Boolean,
            _ => return None,
        })
    }
}

/// `x-kubernetes-list-type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ListType {
    /// One value, replaced whole. The default.
    #[default]
    Atomic,
    /// Items are unique.
    Set,
    /// Items are objects with keys.
    Map,
}

/// `x-kubernetes-map-type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MapType {
    /// Merged entry by entry. The default.
    #[default]
    Granular,
    /// One value, replaced whole.
    Atomic,
}

/// `additionalProperties`.
#[derive(Debug)]
pub enum Additional {
    /// `true` or `false`.
    Allowed(bool),
    /// A schema for every value.
    Schema(Box<Node>),
}

/// One node of a structural schema, and also one branch of allOf, anyOf, oneOf or not.
#[derive(Debug, Default)]
pub struct Node {
    /// `type`
    pub type_: Option<Type>,
    /// `nullable`
    pub nullable: bool,
    /// `x-kubernetes-int-or-string`
    pub int_or_string: bool,
    /// `x-kubernetes-preserve-unknown-fields`
    pub preserve_unknown: bool,
    /// `x-kubernetes-embedded-resource`
    pub embedded: bool,
    /// `x-kubernetes-list-type`
    pub list_type: Option<ListType>,
    /// `x-kubernetes-map-type`
    pub map_type: Option<MapType>,
    /// True where this node or one below has a default.
    pub has_defaults: bool,
    /// True where this node or one below has expression rules.
    pub has_rules: bool,
    /// True where this node or one below is a set or a map list.
    pub has_lists: bool,
    /// True where this node or one below is an embedded resource.
    pub has_embedded: bool,
    /// `x-kubernetes-list-map-keys`
    pub list_map_keys: Box<[Arc<str>]>,
    /// True where `properties` is there, be it empty: the node is an object and not a map.
    pub declares_properties: bool,
    /// `properties`, sorted by name.
    pub properties: Box<[(Arc<str>, Node)]>,
    /// True where the object around requires this property.
    pub is_required: bool,
    /// True where `required` names nothing but declared properties, each once.
    pub requires_declared: bool,
    /// `additionalProperties`
    pub additional: Option<Additional>,
    /// `items`
    pub items: Option<Box<Node>>,
    /// `default`
    pub default: Option<Box<Value>>,
    /// `format`
    pub format: Option<Arc<str>>,
    /// `required`
    pub required: Box<[Arc<str>]>,
    /// Value validations, where there are any.
    pub checks: Option<Box<Checks>>,
    /// `x-kubernetes-validations` as declared.
    pub rules: Option<Box<Value>>,
}

/// The keywords that constrain a value beyond its type.
#[derive(Debug, Default)]
pub struct Checks {
    /// `minimum`
    pub minimum: Option<f64>,
    /// `exclusiveMinimum`
    pub exclusive_minimum: bool,
    /// `maximum`
    pub maximum: Option<f64>,
    /// `exclusiveMaximum`
    pub exclusive_maximum: bool,
    /// `multipleOf`
    pub multiple_of: Option<f64>,
    /// `minLength`
    pub min_length: Option<i64>,
    /// `maxLength`
    pub max_length: Option<i64>,
    /// `pattern`
    pub pattern: Option<Pattern>,
    /// `minItems`
    pub min_items: Option<i64>,
    /// `maxItems`
    pub max_items: Option<i64>,
    /// `uniqueItems`
    pub unique_items: bool,
    /// `minProperties`
    pub min_properties: Option<i64>,
    /// `maxProperties`
    pub max_properties: Option<i64>,
    /// `enum`
    pub enum_: Box<[Value]>,
    /// `allOf`
    pub all_of: Box<[Node]>,
    /// `anyOf`
    pub any_of: Box<[Node]>,
    /// `oneOf`
    pub one_of: Box<[Node]>,
    /// `not`
    pub not: Option<Box<Node>>,
}

/// Strings that occur in many places of one schema are kept once.
#[derive(Default)]
struct Intern(HashSet<Arc<str>>);

impl Intern {
    fn get(&mut self, s: &str) -> Arc<str> {
        if let Some(known) = self.0.get(s) {
            return known.clone();
        }
        let new: Arc<str> = s.into();
        self.0.insert(new.clone());
        new
    }
}

impl Node {
    /// Reads an `openAPIV3Schema`; keywords of the wrong JSON type are left out.
    pub fn parse(schema: &Value) -> Self {
        Self::read(schema, &mut Intern::default())
    }

    /// Reads the members of an `openAPIV3Schema`.
    pub(crate) fn of(schema: &Map<String, Value>) -> Self {
        Self::members(schema, &mut Intern::default())
    }

    fn read(schema: &Value, intern: &mut Intern) -> Self {
        schema.as_object().map(|m| Self::members(m, intern)).unwrap_or_default()
    }

    fn members(m: &Map<String, Value>, intern: &mut Intern) -> Self {
        let flag = |k: &str| m.get(k).and_then(Value::as_bool).unwrap_or(false);
        let text = |k: &str| m.get(k).and_then(Value::as_str);
        let mut node = Self {
            type_: text("type").and_then(Type::parse),
            nullable: flag("nullable"),
            int_or_string: flag("x-kubernetes-int-or-string"),
            preserve_unknown: flag("x-kubernetes-preserve-unknown-fields"),
            embedded: flag("x-kubernetes-embedded-resource"),
            list_type: match text("x-kubernetes-list-type") {
                Some("set") => Some(ListType::Set),
                Some("map") => Some(ListType::Map),
                Some("atomic") => Some(ListType::Atomic),
                _ => None,
            },
            map_type: match text("x-kubernetes-map-type") {
                Some("atomic") => Some(MapType::Atomic),
                Some("granular") => Some(MapType::Granular),
                _ => None,
            },
            list_map_keys: strings(m, "x-kubernetes-list-map-keys", intern),
            required: strings(m, "required", intern),
            format: text("format").filter(|f| !f.is_empty()).map(|f| intern.get(f)),
            default: m.get("default").filter(|d| !d.is_null()).map(|d| Box::new(d.clone())),
            rules: m
                .get("x-kubernetes-validations")
                .filter(|r| r.as_array().is_some_and(|a| !a.is_empty()))
                .map(|r| Box::new(r.clone())),
            items: m.get("items").filter(|i| i.is_object()).map(|i| Box::new(Self::read(i, intern))),
            additional: match m.get("additionalProperties") {
                Some(Value::Bool(b)) => Some(Additional::Allowed(*b)),
                Some(s @ Value::Object(_)) => Some(Additional::Schema(Box::new(Self::read(s, intern)))),
                _ => None,
            },
            properties: match m.get("properties").and_then(Value::as_object) {
                // serde_json's map is sorted, which `property` relies on.
                Some(p) => p.iter().map(|(k, v)| (intern.get(k), Self::read(v, intern))).collect(),
                None => Box::default(),
            },
            declares_properties: m.get("properties").is_some_and(Value::is_object),
            checks: Checks::read(m, intern).map(Box::new),
            ..Self::default()
        };
        let mut declared = 0;
        for name in &node.required {
            if let Ok(i) = node.properties.binary_search_by(|(k, _)| k.cmp(name)) {
                declared += usize::from(!std::mem::replace(&mut node.properties[i].1.is_required, true));
            }
        }
        node.requires_declared = declared == node.required.len();
        let below = |f: fn(&Node) -> bool| {
            node.properties.iter().any(|(_, n)| f(n))
                || node.items.as_deref().is_some_and(f)
                || node.additional_schema().is_some_and(f)
        };
        let has_defaults = below(|n| n.has_defaults);
        let has_rules = below(|n| n.has_rules);
        let has_lists = below(|n| n.has_lists);
        let has_embedded = below(|n| n.has_embedded);
        node.has_defaults = has_defaults || node.default.is_some();
        node.has_rules = has_rules || node.rules.is_some();
        node.has_lists = has_lists || matches!(node.list_type, Some(ListType::Set | ListType::Map));
        node.has_embedded = has_embedded || node.embedded;
        node
    }

    /// Whether the value may be of that type.
    pub(crate) fn type_is(&self, t: Type) -> bool {
        if self.int_or_string { matches!(t, Type::Integer | Type::String) } else { self.type_ == Some(t) }
    }

    /// The one type, if there is exactly one.
    pub(crate) fn checked_type(&self) -> Option<Type> {
        if self.int_or_string { None } else { self.type_ }
    }

    /// The type as errors name it.
    pub(crate) fn type_text(&self) -> &'static str {
        match self.type_ {
            _ if self.int_or_string => "integer,string",
            Some(t) => t.as_str(),
            None => "",
        }
    }

    /// Whether its strings mean nothing but their text.
    pub(crate) fn is_text(&self) -> bool {
        (self.type_ == Some(Type::String) && self.format.is_none()) || self.int_or_string
    }

    /// The declared property of that name.
    pub fn property(&self, name: &str) -> Option<&Node> {
        // Among few, lengths tell most names apart, which is faster than to ask for their order.
        if self.properties.len() <= 8 {
            return self.properties.iter().find(|(k, _)| **k == *name).map(|(_, n)| n);
        }
        let i = self.properties.binary_search_by(|(k, _)| k.as_ref().cmp(name)).ok()?;
        self.properties.get(i).map(|(_, n)| n)
    }

    /// The schema of undeclared properties, where one is given.
    pub fn additional_schema(&self) -> Option<&Node> {
        match &self.additional {
            Some(Additional::Schema(n)) => Some(n),
            _ => None,
        }
    }

    /// The schema that governs a field: its own, or that of additionalProperties.
    pub fn field(&self, name: &str) -> Option<&Node> {
        self.property(name).or_else(|| self.additional_schema())
    }
}

impl Checks {
    /// Whether other schemas are asked too.
    pub(crate) fn has_branches(&self) -> bool {
        !(self.any_of.is_empty() && self.one_of.is_empty() && self.all_of.is_empty() && self.not.is_none())
    }

    fn read(m: &Map<String, Value>, intern: &mut Intern) -> Option<Self> {
        const KEYWORDS: [&str; 17] = [
            "minimum",
            "maximum",
            "multipleOf",
            "minLength",
            "maxLength",
            "pattern",
            "minItems",
            "maxItems",
            "uniqueItems",
            "minProperties",
            "maxProperties",
            "enum",
            "allOf",
            "anyOf",
            "oneOf",
            "not",
            "exclusiveMinimum",
        ];
        if !KEYWORDS.iter().any(|k| m.contains_key(*k)) {
            return None;
        }
        let flag = |k: &str| m.get(k).and_then(Value::as_bool).unwrap_or(false);
        let float = |k: &str| m.get(k).and_then(Value::as_f64);
        let int = |k: &str| m.get(k).and_then(Value::as_i64);
        let mut branches = |k: &str| match m.get(k).and_then(Value::as_array) {
            Some(a) => a.iter().map(|s| Node::read(s, intern)).collect(),
            None => Box::default(),
        };
        let (all_of, any_of, one_of) = (branches("allOf"), branches("anyOf"), branches("oneOf"));
        Some(Self {
            minimum: float("minimum"),
            exclusive_minimum: flag("exclusiveMinimum"),
            maximum: float("maximum"),
            exclusive_maximum: flag("exclusiveMaximum"),
            multiple_of: float("multipleOf"),
            min_length: int("minLength"),
            max_length: int("maxLength"),
            pattern: m
                .get("pattern")
                .and_then(Value::as_str)
                .filter(|p| !p.is_empty())
                .map(|p| Pattern::of(intern.get(p))),
            min_items: int("minItems"),
            max_items: int("maxItems"),
            unique_items: flag("uniqueItems"),
            min_properties: int("minProperties"),
            max_properties: int("maxProperties"),
            enum_: m.get("enum").and_then(Value::as_array).map(|a| a.clone().into()).unwrap_or_default(),
            all_of,
            any_of,
            one_of,
            not: m.get("not").filter(|n| n.is_object()).map(|n| Box::new(Node::read(n, intern))),
        })
    }
}

fn strings(m: &Map<String, Value>, key: &str, intern: &mut Intern) -> Box<[Arc<str>]> {
    match m.get(key).and_then(Value::as_array) {
        Some(a) => a.iter().filter_map(Value::as_str).map(|s| intern.get(s)).collect(),
        None => Box::default(),
    }
}
