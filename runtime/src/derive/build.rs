//! Builders that derived code calls. They make plain JSON schema (draft 2020-12, with `x-kubernetes-*` keywords) that says what
//! serde reads; `structural` turns it into what Kubernetes takes.

use kube_core::Rule;
use kube_core::cel::MergeStrategy;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// The schema of one field, variant content or item.
pub struct Property {
    schema: Map<String, Value>,
    optional: bool,
}

/// A type that has a schema, by whichever derive: for what the compiler says of one that has none.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no schema",
    label = "no schema",
    note = "write `#[derive(kubegraft::KubeSchema)]` on it, or on the type that it holds; for a type of another crate, `#[x_kube(schema = Type)]` on this field names a type of the same form, and `#[x_kube(preserve_unknown_fields)]` leaves its values open"
)]
pub trait HasSchema: JsonSchema {}

#[diagnostic::do_not_recommend]
impl<T: JsonSchema + ?Sized> HasSchema for T {}

/// The schema of a type where it is used.
pub fn subschema<T: HasSchema + ?Sized>(generator: &mut SchemaGenerator) -> Property {
    let schema = generator.subschema_for::<T>();
    Property::new(schema, is_option::<T>())
}

/// Whether serde takes a missing field of this type as none. The only place that asks schemars for it.
fn is_option<T: JsonSchema + ?Sized>() -> bool {
    T::_schemars_private_is_option()
}

fn object_of(schema: Schema) -> Map<String, Value> {
    match schema.to_value() {
        Value::Object(map) => map,
        Value::Bool(false) => Map::from_iter([("not".into(), json!({}))]),
        _ => Map::new(),
    }
}

impl Property {
    /// A schema made by a function of the user (`schema_with`), or by a part of the derive.
    pub fn new(schema: impl Into<Schema>, optional: bool) -> Self {
        Self { schema: object_of(schema.into()), optional }
    }

    /// A schema that admits every value.
    pub fn any() -> Self {
        let open = json!({"x-kubernetes-preserve-unknown-fields": true});
        Self { schema: open.as_object().cloned().unwrap_or_default(), optional: false }
    }

    /// A field whose values are open. Its type need have no schema; an option may be missing, like everywhere.
    pub fn open(optional: bool) -> Self {
        let mut p = Self::any();
        p.optional = optional;
        p.set("nullable", optional);
        p
    }

    /// The value is a whole number or a string.
    pub fn int_or_string(&mut self) {
        for k in ["type", "format", "anyOf", "oneOf", "minimum", "maximum"] {
            self.schema.remove(k);
        }
        self.set("x-kubernetes-int-or-string", true);
    }

    /// Whether serde needs the field to be there.
    pub fn required(&self) -> bool {
        !self.optional
    }

    /// Removes null from what is allowed.
    pub fn not_null(&mut self) {
        if let Some(Value::Array(types)) = self.schema.get_mut("type") {
            types.retain(|t| t != "null");
            if let [one] = types.as_slice() {
                let one = one.clone();
                self.schema.insert("type".into(), one);
            }
        }
        if let Some(Value::Array(branches)) = self.schema.get_mut("anyOf") {
            branches.retain(|b| b.get("type").is_none_or(|t| t != "null"));
        }
        self.schema.insert("nullable".into(), Value::Bool(false));
    }

    /// Sets a keyword.
    pub fn set(&mut self, keyword: &str, value: impl Into<Value>) {
        self.schema.insert(keyword.into(), value.into());
    }

    /// Sets the default, if there is one.
    pub fn default(&mut self, value: Option<Value>) {
        if let Some(v) = value {
            self.schema.insert("default".into(), v);
        }
    }

    /// Bounds a length: of a string in characters, of a list in items, of a map in entries.
    pub fn length(&mut self, min: Option<u64>, max: Option<u64>) {
        let kind = self.shape();
        for (side, bound) in [("min", min), ("max", max)] {
            if let Some(n) = bound {
                self.schema.insert(format!("{side}{kind}"), n.into());
            }
        }
    }

    fn shape(&self) -> &'static str {
        let is = |t: &str| match self.schema.get("type") {
            Some(Value::String(s)) => s == t,
            Some(Value::Array(a)) => a.iter().any(|x| x == t),
            _ => false,
        };
        match () {
            () if is("array") => "Items",
            () if is("object") => "Properties",
            () => "Length",
        }
    }

    /// Changes the schema of a list's items, or of a map's values.
    pub fn inner(&mut self, change: impl FnOnce(&mut Self)) {
        let keyword = if self.shape() == "Properties" { "additionalProperties" } else { "items" };
        let schema = self.schema.remove(keyword).and_then(|v| Schema::try_from(v).ok()).unwrap_or_default();
        let mut inner = Self::new(schema, false);
        change(&mut inner);
        self.schema.insert(keyword.into(), Value::Object(inner.schema));
    }

    /// Adds a rule.
    pub fn rule(&mut self, rule: impl Into<Rule>) {
        let rules = self.schema.entry("x-kubernetes-validations").or_insert_with(|| json!([]));
        if let (Value::Array(rules), Ok(rule)) = (rules, serde_json::to_value(rule.into())) {
            rules.push(rule);
        }
    }

    /// Sets how server-side apply merges the value.
    pub fn strategy(&mut self, strategy: impl Into<MergeStrategy>) {
        let mut value = Value::Object(std::mem::take(&mut self.schema));
        // It fails on nothing that a strategy can hold.
        let _ = kube_core::merge_strategy(&mut value, strategy.into());
        if let Value::Object(map) = value {
            self.schema = map;
        }
    }

    /// Applies a function of the user to the schema.
    pub fn transform(&mut self, change: impl FnOnce(&mut Schema)) {
        let mut schema = Schema::from(std::mem::take(&mut self.schema));
        change(&mut schema);
        self.schema = object_of(schema);
    }

    /// The schema.
    pub fn into_schema(self) -> Schema {
        Schema::from(self.schema)
    }
}

/// The schema of a struct, or of the fields of a variant.
#[derive(Default)]
pub struct Object {
    properties: Map<String, Value>,
    required: Vec<Value>,
    all_of: Vec<Value>,
    closed: bool,
}

impl Object {
    /// No fields yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a field, under its name and the other names that it is read under.
    pub fn property(&mut self, name: &str, aliases: &[&str], property: Property, required: bool) {
        let schema = Value::Object(property.schema);
        let names: Vec<&str> = std::iter::once(name).chain(aliases.iter().copied()).collect();
        for n in &names {
            self.properties.insert((*n).into(), schema.clone());
        }
        match (aliases.is_empty(), required) {
            (true, true) => self.required.push(name.into()),
            (true, false) => {}
            (false, true) => {
                let one: Vec<Value> = names.iter().map(|n| json!({"required": [n]})).collect();
                self.all_of.push(json!({"oneOf": one}));
            }
            // Two names of one field at once are a duplicate field to serde.
            (false, false) => {
                for (i, a) in names.iter().enumerate() {
                    self.all_of.extend(names[i + 1..].iter().map(|b| json!({"not": {"required": [a, b]}})));
                }
            }
        }
    }

    /// Adds the tag of a variant.
    pub fn tag(&mut self, name: &str, values: &[&str]) {
        self.properties.insert(name.into(), json!({"type": "string", "enum": values}));
        self.required.push(name.into());
    }

    /// Adds the tag of the variant that is read if no other has the tag.
    pub fn other_tag(&mut self, name: &str, others: &[&str]) {
        let mut schema = json!({"type": "string"});
        if !others.is_empty() {
            schema["not"] = json!({"enum": others});
        }
        self.properties.insert(name.into(), schema);
        self.required.push(name.into());
    }

    /// Says that a field of other variants is not there.
    pub fn absent(&mut self, name: &str) {
        self.all_of.push(json!({"not": {"required": [name]}}));
    }

    /// Adds the fields of the struct that is a variant's content.
    pub fn include(&mut self, property: Property) {
        self.all_of.push(Value::Object(property.schema));
    }

    /// Adds the fields of a flattened value. A flattened option that does not fit is none to serde, so nothing of it is
    /// required.
    pub fn flatten(&mut self, property: Property) {
        let mut schema = property.schema;
        schema.insert(super::structural::FLAT.into(), Value::Bool(true));
        if property.optional {
            schema.insert(super::structural::OPTIONAL.into(), Value::Bool(true));
        }
        self.all_of.push(Value::Object(schema));
    }

    /// Refuses fields that are not named.
    pub fn deny_unknown(&mut self) {
        self.closed = true;
    }

    /// The schema.
    pub fn into_schema(self) -> Schema {
        let mut out = Map::new();
        out.insert("type".into(), "object".into());
        if !self.properties.is_empty() {
            out.insert("properties".into(), Value::Object(self.properties));
        }
        if !self.required.is_empty() {
            out.insert("required".into(), Value::Array(self.required));
        }
        if !self.all_of.is_empty() {
            out.insert("allOf".into(), Value::Array(self.all_of));
        }
        if self.closed {
            out.insert("additionalProperties".into(), Value::Bool(false));
        }
        Schema::from(out)
    }
}

/// What a unit is: null.
pub fn unit() -> Schema {
    schemars::json_schema!({"type": "null"})
}

/// A list of fixed length.
pub fn tuple(items: Vec<Property>) -> Schema {
    let n = items.len();
    let items: Vec<Value> = items.into_iter().map(|p| Value::Object(p.schema)).collect();
    schemars::json_schema!({"type": "array", "prefixItems": items, "minItems": n, "maxItems": n})
}

/// The schemas of an enum's variants.
#[derive(Default)]
pub struct Branches {
    names: Vec<Value>,
    any_name: bool,
    all: Vec<Value>,
}

impl Branches {
    /// No variants yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A variant that is its name alone.
    pub fn name(&mut self, names: &[&str], any: bool) {
        self.any_name |= any;
        self.names.extend(names.iter().map(|n| Value::from(*n)));
    }

    /// A variant whose content is under its name.
    pub fn keyed(&mut self, names: &[&str], content: Property) {
        for n in names {
            let mut o = Object::new();
            let content = Property { schema: content.schema.clone(), optional: false };
            o.property(n, &[], content, true);
            o.deny_unknown();
            self.all.push(o.into_schema().to_value());
        }
    }

    /// A variant that is its content.
    pub fn bare(&mut self, content: Property) {
        self.all.push(Value::Object(content.schema));
    }

    /// One of them: `oneOf` where they exclude one another, else `anyOf`.
    pub fn into_schema(mut self, exclusive: bool) -> Schema {
        if self.any_name {
            self.all.insert(0, json!({"type": "string"}));
        } else if !self.names.is_empty() {
            self.all.insert(0, json!({"type": "string", "enum": self.names}));
        }
        let keyword = if exclusive { "oneOf" } else { "anyOf" };
        let map = match (self.all.len(), self.all.pop()) {
            (0, _) | (_, None) => Map::from_iter([("not".to_owned(), json!({}))]),
            (1, Some(Value::Object(one))) => one,
            (_, Some(last)) => {
                self.all.push(last);
                Map::from_iter([(keyword.to_owned(), Value::Array(self.all))])
            }
        };
        Schema::from(map)
    }
}
