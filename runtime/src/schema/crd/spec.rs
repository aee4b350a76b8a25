//! `spec` of a definition, in the order upstream asks.

use super::at::At;
use super::options::Options;
use super::props::Props;
use super::view::{Spec, Version, has_status};
use super::{columns, conversion, names, openapi, selectable};
use crate::resource::validate::{dns1035_label, dns1123_subdomain};
use crate::status::field::FieldError;
use regex::Regex;
use serde_json::Value;
use std::collections::HashSet;
use std::sync::LazyLock;

/// What is wrong with a definition's spec.
pub(super) fn validate(spec: &Spec<'_>, options: &Options<'_>, errors: &mut Vec<FieldError>) {
    let at = At::Start("spec");
    group_and_scope(spec, &at, errors);
    let require_structural = schemas(spec, options, &at, errors);
    let versions_at = at.child("versions");
    let mut seen = HashSet::new();
    let mut unique = true;
    for (i, v) in spec.versions.iter().enumerate() {
        let at = versions_at.index(i);
        unique &= seen.insert(v.name);
        let found = dns1035_label(v.name);
        if !found.is_empty() {
            errors.push(FieldError::invalid(at.child("name"), v.name, found.join(",")));
        }
        version(spec, v, options, require_structural, &at, errors);
    }
    if !unique {
        let detail = "must contain unique version names";
        errors.push(FieldError { value: spec.dump(), ..FieldError::invalid(versions_at, Value::Null, detail) });
    }
    if spec.versions.iter().filter(|v| v.flag("storage")).count() != 1 {
        let detail = "must have exactly one version marked as storage version";
        errors.push(FieldError { value: spec.dump(), ..FieldError::invalid(versions_at, Value::Null, detail) });
    }
    // Upstream's internal form names the first version once more.
    if let Some(first) = spec.versions.first().filter(|v| !v.name.is_empty()) {
        let found = dns1035_label(first.name);
        if !found.is_empty() {
            errors.push(FieldError::invalid(at.child("version"), first.name, found.join(",")));
        }
    }
    if let Some(given) = spec.get("names") {
        let at = at.child("names");
        for field in ["plural", "singular", "kind", "listKind"] {
            if given.get(field).and_then(Value::as_str).is_none_or(str::is_empty) {
                errors.push(FieldError::required(at.child(field), ""));
            }
        }
        names::validate(given, &at, errors);
    }
    shared(spec, options, require_structural, &at, errors);
    if let Some(conversion) = spec.conversion() {
        let at = at.child("conversion");
        let strategy = conversion.get("strategy").and_then(Value::as_str).unwrap_or_default();
        if strategy != "None" && spec.preserves() {
            let detail = "must be None if spec.preserveUnknownFields is true";
            errors.push(FieldError::invalid(at.child("strategy"), strategy, detail));
        }
        conversion::validate(conversion, options, &at, errors);
    }
}

fn group_and_scope(spec: &Spec<'_>, at: &At<'_>, errors: &mut Vec<FieldError>) {
    let group = spec.text("group");
    let found = dns1123_subdomain(group);
    if group.is_empty() {
        errors.push(FieldError::required(at.child("group"), ""));
    } else if !found.is_empty() {
        errors.push(FieldError::invalid(at.child("group"), group, found.join(",")));
    } else if !group.contains('.') {
        errors.push(FieldError::invalid(at.child("group"), group, "should be a domain with at least one dot"));
    }
    match spec.text("scope") {
        "Namespaced" | "Cluster" => {}
        "" => errors.push(FieldError::required(at.child("scope"), "")),
        other => errors.push(FieldError::not_supported(at.child("scope"), other, &["Cluster", "Namespaced"])),
    }
}

/// Whether there are schemas where there must be, and whether they must be structural.
fn schemas(spec: &Spec<'_>, options: &Options<'_>, at: &At<'_>, errors: &mut Vec<FieldError>) -> bool {
    let prunes = !spec.preserves();
    if !spec.has_shared_schema() {
        for (i, v) in spec.versions.iter().enumerate().filter(|(_, v)| !v.has_schema()) {
            let at = at.child("versions");
            let at = at.index(i);
            let at = at.child("schema");
            let at = at.child("openAPIV3Schema");
            if options.require_schema {
                errors.push(FieldError::required(at, ""));
            } else if prunes && v.flag("served") {
                errors.push(FieldError::required(at, "because otherwise all fields are pruned"));
            }
        }
    }
    let any = |has: fn(Props<'_>) -> bool| spec.schemas().any(|s| s.any(&mut |s| has(s)));
    let defaults = any(|s| s.has("default"));
    if defaults && !prunes {
        let detail = "must be false in order to use defaults in the schema";
        errors.push(FieldError::invalid(at.child("preserveUnknownFields"), true, detail));
    }
    let extended = |s: Props<'_>| {
        ["embedded-resource", "preserve-unknown-fields", "int-or-string", "list-map-keys", "list-type", "validations"]
            .iter()
            .any(|x| s.map().keys().any(|k| k.strip_prefix("x-kubernetes-") == Some(x)))
    };
    options.require_structural || prunes || defaults || any(extended)
}

fn version(
    spec: &Spec<'_>,
    v: &Version<'_>,
    options: &Options<'_>,
    require_structural: bool,
    at: &At<'_>,
    errors: &mut Vec<FieldError>,
) {
    deprecation(v, at, errors);
    let own = spec.versions.iter().any(|v| v.subresources.is_some());
    let status = has_status(if own { v.subresources } else { spec.subresources });
    let schema = v.schema.and_then(|s| s.get("openAPIV3Schema")).and_then(Props::of);
    if let Some(schema) = schema {
        let costs_are_known = options.unchanged.contains(v.name);
        let at = at.child("schema");
        errors.extend(openapi::validate(schema, status, costs_are_known, options, require_structural, &at));
    }
    if let Some(s) = v.subresources {
        columns::subresources(s, &at.child("subresources"), errors);
    }
    for (i, c) in v.columns.iter().enumerate() {
        columns::column(c, &at.child("additionalPrinterColumns").index(i), errors);
    }
    if !v.selectable.is_empty() {
        let at = at.child("selectableFields");
        match schema {
            None => {
                let detail = "may only be set when `version.schema.openAPIV3Schema` is not included";
                errors.push(FieldError::invalid(at, "", detail));
            }
            Some(schema) => {
                let kept = options.too_many_selectable.contains(v.name);
                selectable::validate(v.selectable, schema, &at, kept, errors);
            }
        }
    }
}

fn deprecation(v: &Version<'_>, at: &At<'_>, errors: &mut Vec<FieldError>) {
    static UNPRINTABLE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[^\p{L}\p{M}\p{N}\p{P}\p{S} ]").ok());
    let Some(warning) = v.version.get("deprecationWarning").and_then(Value::as_str) else { return };
    let at = at.child("deprecationWarning");
    let mut add = |detail: String| errors.push(FieldError::invalid(at, warning, detail));
    if !v.flag("deprecated") {
        add("can only be set for deprecated versions".into());
        return;
    }
    if warning.len() > 256 {
        add("must be <= 256 characters long".into());
    }
    if warning.is_empty() {
        add("must not be an empty string".into());
    }
    if let Some(found) = UNPRINTABLE.as_ref().and_then(|r| r.find(warning)) {
        let i = found.start();
        add(format!("must only contain printable UTF-8 characters; non-printable character found at index {i}"));
    }
}

/// What all versions share.
fn shared(spec: &Spec<'_>, options: &Options<'_>, require_structural: bool, at: &At<'_>, errors: &mut Vec<FieldError>) {
    let schema = spec.validation.and_then(|s| s.get("openAPIV3Schema")).and_then(Props::of);
    if let Some(schema) = schema {
        let first = spec.versions.first().map(|v| v.name).unwrap_or_default();
        let costs_are_known = options.unchanged.contains(first);
        let (status, at) = (spec.any_status(), at.child("validation"));
        errors.extend(openapi::validate(schema, status, costs_are_known, options, require_structural, &at));
    }
    if let Some(s) = spec.subresources {
        columns::subresources(s, &at.child("subresources"), errors);
    }
    for (i, c) in spec.columns.iter().enumerate() {
        columns::column(c, &at.child("additionalPrinterColumns").index(i), errors);
    }
    if !spec.selectable.is_empty() {
        let at = at.child("selectableFields");
        match schema {
            None => errors.push(FieldError::invalid(at, "", "may only be set when validations.schema is included")),
            Some(schema) => {
                let kept = options.too_many_selectable.contains("");
                selectable::validate(spec.selectable, schema, &at, kept, errors);
            }
        }
    }
}
