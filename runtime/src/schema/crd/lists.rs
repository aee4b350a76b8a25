//! List and map types: what they stand on, and what the keys of a map list must be.

use super::at::At;
use super::options::Options;
use super::props::Props;
use crate::status::field::FieldError;
use std::collections::HashSet;

const LIST_TYPE: &str = "x-kubernetes-list-type";
const LIST_MAP_KEYS: &str = "x-kubernetes-list-map-keys";
const MAP_TYPE: &str = "x-kubernetes-map-type";

/// What is wrong with one schema's list and map types.
pub(super) fn validate(s: Props<'_>, options: &Options<'_>, at: &At<'_>, errors: &mut Vec<FieldError>) {
    let on = |keyword: &str, wanted: &str, errors: &mut Vec<FieldError>| {
        let wrong = s.has(keyword) && s.type_() != wanted;
        if wrong {
            let detail = format!("must be {wanted} if {keyword} is specified");
            errors.push(match s.type_() {
                "" => FieldError::required(at.child("type"), detail),
                t => FieldError::invalid(at.child("type"), t, detail),
            });
        }
        wrong
    };
    on(MAP_TYPE, "object", errors);
    if let Some(t) = s.map_type().filter(|t| !matches!(*t, "atomic" | "granular")) {
        errors.push(FieldError::not_supported(at.child(MAP_TYPE), t, &["atomic", "granular"]));
    }
    let misplaced = on(LIST_TYPE, "array", errors);
    if !misplaced && options.require_atomic_sets && is_set_of_granular(s) {
        let items = s.schema("items");
        let (keyword, detail) = match items.map(Props::type_) {
            Some("array") => (LIST_TYPE, "must be atomic as item of a list with x-kubernetes-list-type=set"),
            _ => (MAP_TYPE, "must be atomic as item of a list with x-kubernetes-list-type=set"),
        };
        // Upstream shows the list type for both.
        let value = items.and_then(|i| i.get(LIST_TYPE)).cloned().unwrap_or_default();
        errors.push(FieldError::invalid(at.child("items").child(keyword), value, detail));
    }
    if let Some(t) = s.list_type().filter(|t| !matches!(*t, "atomic" | "set" | "map")) {
        errors.push(FieldError::not_supported(at.child(LIST_TYPE), t, &["atomic", "set", "map"]));
    }
    if s.has(LIST_MAP_KEYS) && s.list_type() != Some("map") {
        let detail = "must be map if x-kubernetes-list-map-keys is non-empty";
        errors.push(match s.list_type() {
            None => FieldError::required(at.child(LIST_TYPE), detail),
            Some(t) => FieldError::invalid(at.child(LIST_TYPE), t, detail),
        });
    }
    if s.list_type() == Some("map") {
        map_list(s, at, errors);
    }
    if options.require_sound_keys {
        keys(s, at, errors);
    }
}

/// A set whose items are merged inside, which a set cannot be made of.
pub(super) fn is_set_of_granular(s: Props<'_>) -> bool {
    let Some(items) = s.schema("items").filter(|_| s.list_type() == Some("set")) else { return false };
    match items.type_() {
        "array" => items.list_type().is_some_and(|t| t != "atomic"),
        "object" => items.map_type() != Some("atomic"),
        _ => false,
    }
}

fn map_list(s: Props<'_>, at: &At<'_>, errors: &mut Vec<FieldError>) {
    if !s.has(LIST_MAP_KEYS) {
        let detail = "must not be empty if x-kubernetes-list-type is map";
        errors.push(FieldError::required(at.child(LIST_MAP_KEYS), detail));
    }
    let items_at = at.child("items");
    let items = match (s.get("items"), s.schema("items")) {
        (_, Some(items)) => items,
        (None, None) => {
            errors.push(FieldError::required(items_at, "must have a schema if x-kubernetes-list-type is map"));
            return;
        }
        (Some(other), None) => {
            let detail = "must only have a single schema if x-kubernetes-list-type is map";
            errors.push(FieldError::invalid(items_at, other.clone(), detail));
            return;
        }
    };
    if items.type_() != "object" {
        let detail = "must be object if parent array's x-kubernetes-list-type is map";
        errors.push(FieldError::invalid(items_at.child("type"), items.type_(), detail));
        return;
    }
    let all = s.get(LIST_MAP_KEYS).cloned().unwrap_or_default();
    let mut seen = HashSet::new();
    let properties = items_at.child("properties");
    for k in s.list_map_keys() {
        match items.property(k) {
            Some(p) if matches!(p.type_(), "array" | "object") => {
                let detail = "must be a scalar type if parent array's x-kubernetes-list-type is map";
                errors.push(FieldError::invalid(properties.key(k).child("type"), items.type_(), detail));
            }
            Some(_) => {}
            None => {
                let detail = "entries must all be names of item properties";
                errors.push(FieldError::invalid(at.child(LIST_MAP_KEYS), all.clone(), detail));
            }
        }
        if !seen.insert(k) {
            errors.push(FieldError::invalid(
                at.child(LIST_MAP_KEYS),
                all.clone(),
                "must not contain duplicate entries",
            ));
        }
    }
}

/// Items and keys that could be missing or null.
pub(super) fn keys(s: Props<'_>, at: &At<'_>, errors: &mut Vec<FieldError>) {
    let (Some(items), Some(type_ @ ("set" | "map"))) = (s.schema("items"), s.list_type()) else { return };
    let at = at.child("items");
    if items.flag("nullable") {
        let detail = format!("cannot be nullable when x-kubernetes-list-type is {type_}");
        errors.push(FieldError::forbidden(at.child("nullable"), detail));
    }
    if type_ != "map" {
        return;
    }
    let properties = at.child("properties");
    for k in s.list_map_keys() {
        let Some(p) = items.property(k) else { continue };
        if !p.has("default") && !items.strings("required").any(|r| r == k) {
            let detail =
                "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property";
            errors.push(FieldError::required(properties.key(k).child("default"), detail));
        }
        if p.flag("nullable") {
            let detail = "this property is in x-kubernetes-list-map-keys, so it cannot be nullable";
            errors.push(FieldError::forbidden(properties.key(k).child("nullable"), detail));
        }
    }
}
