//! Defaults in a definition: each must be a value that its own schema accepts, without unknown fields and with sound
//! metadata, and keep its own rules (apiextensions `schema/defaulting/validation.go`).

use super::at::At;
use super::options::Options;
use super::props::Props;
use super::structural;
use crate::schema::cel::PER_OBJECT_LIMIT;
use crate::schema::node::Node;
use crate::schema::{metadata, prune, validate};
use crate::status::field::{FieldError, Path};
use serde_json::{Map, Value};

/// What is wrong with the defaults of a whole schema, which is structural.
pub(super) fn validate(root: &Node, options: &Options<'_>, at: &At<'_>) -> Vec<FieldError> {
    if !root.has_defaults {
        return Vec::new();
    }
    let mut walk = Walk { options, resource: root, budget: Some(PER_OBJECT_LIMIT), errors: Vec::new() };
    walk.node(root, true, false, None, at);
    walk.errors
}

/// Whether any default of a schema has fields that are not declared.
pub(super) fn any_unpruned(schema: Props<'_>) -> bool {
    let found = |s: Props<'_>| {
        let Some(default) = s.get("default") else { return false };
        pruned(&Node::of(s.map()), default, s.embedded()) != *default
    };
    // A schema that is not structural is not looked at, as upstream does not.
    structural::unsupported(schema).is_none()
        && structural::validate(&At::Start(""), schema).is_empty()
        && schema.any(&mut |s| found(s))
}

fn pruned(node: &Node, default: &Value, embedded: bool) -> Value {
    let mut pruned = default.clone();
    prune::prune(&mut pruned, node, embedded, None);
    pruned
}

/// The way from the resource around a default down to it.
enum Way<'a> {
    Field(Option<&'a Way<'a>>, &'a str),
    Item(Option<&'a Way<'a>>),
}

/// The least resource that has the value at the end of the way.
fn surrounding(way: Option<&Way<'_>>, value: Value) -> Value {
    match way {
        None => value,
        Some(Way::Item(up)) => surrounding(*up, Value::Array(vec![value])),
        Some(Way::Field(up, name)) => {
            let mut map = Map::new();
            if up.is_none() {
                map.insert("apiVersion".into(), "validation/v1".into());
                map.insert("kind".into(), "Validation".into());
            }
            map.insert((*name).to_owned(), value);
            surrounding(*up, Value::Object(map))
        }
    }
}

struct Walk<'w> {
    options: &'w Options<'w>,
    /// The resource that is being looked at: the root, or the nearest embedded one.
    resource: &'w Node,
    /// What the rules of all defaults may still cost. Once it is spent, no further default is looked at.
    budget: Option<i64>,
    errors: Vec<FieldError>,
}

impl<'w> Walk<'w> {
    fn node(&mut self, node: &'w Node, root: bool, in_meta: bool, way: Option<&Way<'_>>, at: &At<'_>) {
        let Some(budget) = self.budget.filter(|_| node.has_defaults) else { return };
        let resource = root || node.embedded;
        let outer = self.resource;
        let (in_meta, way) = if resource { (false, None) } else { (in_meta, way) };
        if resource {
            self.resource = node;
        }
        if let Some(default) = &node.default {
            let at = at.child("default");
            let sound = match in_meta {
                true => self.inside_metadata(default, way, &at),
                false => self.outside_metadata(node, default, resource, &at),
            };
            if sound {
                let path = Path::new(at.to_string());
                self.budget = validate::default_value(node, default, resource, &path, budget, &mut self.errors);
            }
        }
        // Defaults below additionalProperties are applied, but upstream does not check them.
        if let Some(items) = &node.items {
            self.node(items, false, in_meta, Some(&Way::Item(way)), &at.child("items"));
        }
        let properties = at.child("properties");
        for (name, p) in &node.properties {
            let in_meta = in_meta || (resource && matches!(name.as_ref(), "metadata" | "apiVersion" | "kind"));
            self.node(p, false, in_meta, Some(&Way::Field(way, name)), &properties.key(name));
        }
        self.resource = outer;
    }

    /// Whether the metadata of resources in the default is sound.
    fn outside_metadata(&mut self, node: &Node, default: &Value, resource: bool, at: &At<'_>) -> bool {
        if self.options.require_pruned_defaults && pruned(node, default, resource) != *default {
            self.errors.push(FieldError::invalid(at, default.clone(), "must not have unknown fields"));
        }
        let path = Path::new(at.to_string());
        let before = self.errors.len();
        let mut coerced = default.clone();
        match metadata::coerce_embedded(&mut coerced, node, resource, &path, false, None) {
            Err(e) => self.errors.push(e),
            Ok(()) => validate::embedded_resources(&path, &coerced, node, resource, &mut self.errors),
        }
        self.errors.len() == before
    }

    /// Whether the default makes sound metadata of the resource it is part of.
    fn inside_metadata(&mut self, default: &Value, way: Option<&Way<'_>>, at: &At<'_>) -> bool {
        let mut object = surrounding(way, default.clone());
        let root = Path::root();
        let mut found = Vec::new();
        match metadata::coerce_embedded(&mut object, self.resource, true, &root, false, None) {
            Err(e) => found.push(e),
            Ok(()) => validate::embedded_resources(&root, &object, self.resource, true, &mut found),
        }
        if !found.is_empty() {
            let texts: Vec<String> = found.iter().map(ToString::to_string).collect();
            let why = if let [one] = texts.as_slice() { one.clone() } else { format!("[{}]", texts.join(", ")) };
            self.errors.push(FieldError::invalid(at, default.clone(), format!("must result in valid metadata: {why}")));
        }
        found.is_empty()
    }
}
