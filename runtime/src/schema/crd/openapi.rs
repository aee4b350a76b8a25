//! The walk over a whole schema: what may be said where, keyword by keyword (`ValidateCustomResourceDefinitionOpenAPISchema`).
//! Rules are checked where nothing at or below them is wrong, since their types come from there; that is `rules`'.

use super::at::{At, enough};
use super::options::Options;
use super::props::{Additional, Props};
use super::rules::{self, Scope, TotalCost};
use super::{defaults, lists, structural};
use crate::schema::node::Node;
use crate::status::field::FieldError;
use serde_json::Value;

/// The types there are, as errors list them.
pub(super) const TYPES: [&str; 6] = ["array", "boolean", "integer", "number", "object", "string"];

/// What is found on the way; rules come after all else.
pub(super) struct Walk<'w> {
    pub(super) options: &'w Options<'w>,
    /// The version's schema has not changed, so single rules may cost what they cost.
    pub(super) costs_are_known: bool,
    pub(super) errors: Vec<FieldError>,
    pub(super) rule_errors: Vec<FieldError>,
    pub(super) total: TotalCost,
}

/// What holds for everything below a place.
#[derive(Clone, Copy)]
struct Here<'a> {
    /// Why defaults are not allowed.
    no_defaults: Option<&'static str>,
    /// Inside apiVersion, kind or metadata of a resource.
    in_meta: bool,
    /// The first list or map above whose elements have no old self.
    uncorrelatable: Option<&'a At<'a>>,
}

/// What is wrong with one version's schema, or with the shared one. `at` is that of the object around `openAPIV3Schema`.
pub(super) fn validate(
    schema: Props<'_>,
    status: bool,
    costs_are_known: bool,
    options: &Options<'_>,
    require_structural: bool,
    at: &At<'_>,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let at = at.child("openAPIV3Schema");
    if status {
        root_with_status(schema, &at, &mut errors);
    }
    if schema.flag("nullable") {
        errors.push(FieldError::forbidden(at.child("nullable"), "nullable cannot be true at the root"));
    }
    let mut unreadable = None;
    let mut node = None;
    if require_structural {
        unreadable = structural::unsupported(schema);
        if unreadable.is_none() {
            let mut found = structural::validate(&at, schema);
            if found.is_empty() {
                let compiled = Node::of(schema.map());
                found = defaults::validate(&compiled, options, &at);
                if found.is_empty() {
                    node = Some(compiled);
                }
            }
            errors.append(&mut found);
        }
    }
    let mut walk = Walk { options, costs_are_known, errors, rule_errors: Vec::new(), total: TotalCost::default() };
    let here = Here { no_defaults: None, in_meta: false, uncorrelatable: None };
    let scope = node.as_ref().map(Scope::root);
    walk.schema(schema, here, true, scope.as_ref(), &at);
    let Walk { mut errors, rule_errors, total, .. } = walk;
    errors.extend(rule_errors);
    if let Some(why) = unreadable.filter(|_| errors.is_empty()) {
        errors.push(FieldError::invalid(at, "", why));
    }
    total.validate(&at, &mut errors);
    errors
}

/// Keywords that may stand at the root beside a status subresource, in upstream's names.
const AT_ROOT: &str = "[Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields XValidations]";

fn root_with_status(schema: Props<'_>, at: &At<'_>, errors: &mut Vec<FieldError>) {
    let allowed = |k: &str| {
        matches!(
            k,
            "description"
                | "type"
                | "format"
                | "title"
                | "maximum"
                | "exclusiveMaximum"
                | "minimum"
                | "exclusiveMinimum"
                | "maxLength"
                | "minLength"
                | "pattern"
                | "maxItems"
                | "minItems"
                | "uniqueItems"
                | "multipleOf"
                | "required"
                | "items"
                | "properties"
                | "externalDocs"
                | "example"
                | "x-kubernetes-preserve-unknown-fields"
                | "x-kubernetes-validations"
        )
    };
    // Upstream looks in the order of its struct's members and stops at the first mistake.
    let before_type = ["id", "$schema", "$ref"].iter().any(|k| schema.has(k));
    if !before_type && !matches!(schema.type_(), "" | "object") {
        let detail =
            "only \"object\" is allowed as the type at the root of the schema if the status subresource is enabled";
        errors.push(FieldError::invalid(at.child("type"), schema.type_(), detail));
    } else if schema.map().keys().any(|k| !allowed(k)) {
        let detail =
            format!("only {AT_ROOT} fields are allowed at the root of the schema if the status subresource is enabled");
        errors.push(FieldError::invalid(at, schema.map().clone(), detail));
    }
}

impl Walk<'_> {
    fn schema(&mut self, s: Props<'_>, here: Here<'_>, root: bool, scope: Option<&Scope<'_>>, at: &At<'_>) {
        if enough(&self.errors) {
            return;
        }
        let before = self.errors.len();
        self.keywords(s, here, at);
        self.children(s, here, root, scope, at);
        if enough(&self.errors) {
            return;
        }
        if s.get("x-kubernetes-preserve-unknown-fields") == Some(&Value::Bool(false)) {
            let at = at.child("x-kubernetes-preserve-unknown-fields");
            self.errors.push(FieldError::invalid(at, false, "must be true or undefined"));
        }
        lists::validate(s, self.options, at, &mut self.errors);
        if s.rules().is_empty() {
            return;
        }
        rules::texts(s, at, &mut self.errors);
        if let Some(scope) = scope.filter(|_| self.errors.len() == before) {
            rules::check(self, s, scope, here.uncorrelatable, at);
        }
    }

    fn keywords(&mut self, s: Props<'_>, here: Here<'_>, at: &At<'_>) {
        let errors = &mut self.errors;
        let type_ = s.type_();
        if self.options.require_known_types && !type_.is_empty() && !TYPES.contains(&type_) {
            errors.push(FieldError::not_supported(at.child("type"), type_, &TYPES));
        }
        if let Some(why) = here.no_defaults.filter(|_| s.has("default")) {
            errors.push(FieldError::forbidden(at.child("default"), format!("must not be set {why}")));
        }
        for keyword in ["id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref"] {
            if s.has(keyword) {
                errors.push(FieldError::forbidden(at.child(keyword), format!("{keyword} is not supported")));
            }
        }
        if type_ == "null" {
            let detail = "type cannot be set to null, use nullable as an alternative";
            errors.push(FieldError::forbidden(at.child("type"), detail));
        }
        if s.get("items").is_some_and(Value::is_array) {
            errors.push(FieldError::forbidden(at.child("items"), "items must be a schema object and not an array"));
        }
        if here.in_meta && s.embedded() {
            let at = at.child("x-kubernetes-embedded-resource");
            errors.push(FieldError::forbidden(at, "must not be used inside of resource meta"));
        }
        if s.flag("uniqueItems") {
            let detail = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic";
            errors.push(FieldError::forbidden(at.child("uniqueItems"), detail));
        }
        let open = matches!(s.additional(), None | Some(Additional::Allowed(true)));
        if !open && s.has("properties") {
            let detail = "additionalProperties and properties are mutual exclusive";
            errors.push(FieldError::forbidden(at.child("additionalProperties"), detail));
        }
    }

    fn children(&mut self, s: Props<'_>, here: Here<'_>, root: bool, scope: Option<&Scope<'_>>, at: &At<'_>) {
        if let Some(Additional::Schema(below)) = s.additional() {
            let no_defaults = match here.in_meta {
                true => Some("inside additionalProperties applying to object metadata"),
                false => here.no_defaults,
            };
            let scope = scope.and_then(|c| c.child(s, |n| n.additional_schema()));
            self.schema(below, Here { no_defaults, ..here }, false, scope.as_ref(), &at.child("additionalProperties"));
        }
        let properties = at.child("properties");
        for (name, below) in s.properties() {
            let mut here = here;
            if s.map_type() == Some("atomic") {
                here.uncorrelatable = here.uncorrelatable.or(Some(at));
            }
            let reason = match name {
                "metadata" => "in top-level metadata",
                "kind" => "in top-level kind",
                "apiVersion" => "in top-level apiVersion",
                _ => "",
            };
            if (root || s.embedded()) && !reason.is_empty() {
                here.in_meta = true;
                if root {
                    here.no_defaults = Some(reason);
                }
            }
            let scope = scope.and_then(|c| c.child(s, |n| n.property(name)));
            self.schema(below, here, false, scope.as_ref(), &properties.key(name));
        }
        if let Some(not) = s.schema("not") {
            self.schema(not, here, false, None, &at.child("not"));
        }
        for junctor in ["allOf", "oneOf", "anyOf"] {
            let at = at.child(junctor);
            for (i, branch) in s.branches(junctor).enumerate() {
                self.schema(branch, here, false, None, &at.index(i));
            }
        }
        for map in ["definitions", "dependencies"] {
            let at = at.child(map);
            for (name, below) in s.named(map) {
                self.schema(below, here, false, None, &at.key(name));
            }
        }
        let mut of_items = here;
        if s.list_type() != Some("map") {
            of_items.uncorrelatable = here.uncorrelatable.or(Some(at));
        }
        let items = at.child("items");
        if let Some(below) = s.schema("items") {
            let scope = scope.and_then(|c| c.child(s, |n| n.items.as_deref()));
            self.schema(below, of_items, false, scope.as_ref(), &items);
        }
        for (i, below) in s.branches("items").enumerate() {
            self.schema(below, of_items, false, None, &items.index(i));
        }
    }
}
