//! `spec.conversion`: the strategy, and the webhook it needs. Paths in errors are those of upstream's internal form, which
//! has `webhookClientConfig` and `conversionReviewVersions` directly below.

use super::at::At;
use super::options::Options;
use super::{pem, url};
use crate::resource::validate::{dns1035_label, dns1123_subdomain};
use crate::status::field::FieldError;
use serde_json::Value;
use std::collections::HashSet;

/// Versions of ConversionReview that are known.
const REVIEWS: [&str; 2] = ["v1", "v1beta1"];

fn text<'a>(v: &'a Value, field: &str) -> &'a str {
    v.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn review_versions(conversion: &Value) -> impl Iterator<Item = &str> {
    let list = conversion.pointer("/webhook/conversionReviewVersions").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str)
}

/// Whether an old conversion names a known review version, or none at all.
pub(super) fn recognized_or_empty(conversion: &Value) -> bool {
    let mut versions = review_versions(conversion).peekable();
    versions.peek().is_none() || versions.any(|v| REVIEWS.contains(&v))
}

/// What is wrong with `spec.conversion`.
pub(super) fn validate(conversion: &Value, options: &Options<'_>, at: &At<'_>, errors: &mut Vec<FieldError>) {
    let strategy = text(conversion, "strategy");
    match strategy {
        "" => errors.push(FieldError::required(at.child("strategy"), "")),
        "None" | "Webhook" => {}
        other => errors.push(FieldError::not_supported(at.child("strategy"), other, &["None", "Webhook"])),
    }
    let (client_at, reviews_at) = (at.child("webhookClientConfig"), at.child("conversionReviewVersions"));
    let client = conversion.pointer("/webhook/clientConfig");
    if strategy != "Webhook" {
        let detail = "should not be set when strategy is not set to Webhook";
        if client.is_some() {
            errors.push(FieldError::forbidden(client_at, detail));
        }
        if review_versions(conversion).next().is_some() {
            errors.push(FieldError::forbidden(reviews_at, detail));
        }
        return;
    }
    match client {
        None => errors.push(FieldError::required(client_at, "required when strategy is set to Webhook")),
        Some(client) => client_config(client, options, &client_at, errors),
    }
    reviews(conversion, options, &reviews_at, errors);
}

fn client_config(client: &Value, options: &Options<'_>, at: &At<'_>, errors: &mut Vec<FieldError>) {
    match (client.get("url").and_then(Value::as_str), client.get("service")) {
        (Some(url), None) => url::validate_webhook(url, &at.child("url"), errors),
        (None, Some(service)) => validate_service(service, &at.child("service"), errors),
        _ => errors.push(FieldError::required(at, "exactly one of url or service is required")),
    }
    let bundle = text(client, "caBundle");
    if !options.allow_invalid_ca_bundle
        && let Err(e) = pem::certificates(bundle)
    {
        errors.push(FieldError::invalid(at.child("caBundle"), bundle, e));
    }
}

fn validate_service(service: &Value, at: &At<'_>, errors: &mut Vec<FieldError>) {
    // Upstream hands name and namespace over in the wrong order, and so names the one when the other is missing.
    if text(service, "name").is_empty() {
        errors.push(FieldError::required(at.child("namespace"), ""));
    }
    if text(service, "namespace").is_empty() {
        errors.push(FieldError::required(at.child("name"), ""));
    }
    let port = service.get("port").and_then(Value::as_i64).unwrap_or(0);
    if !(1..=65535).contains(&port) {
        let detail = "port is not valid: must be between 1 and 65535, inclusive";
        errors.push(FieldError::invalid(at.child("port"), port, detail));
    }
    let at = at.child("path");
    let path = text(service, "path");
    match path {
        "" | "/" => return,
        "//" => {
            errors.push(FieldError::invalid(at, path, "segment[0] may not be empty"));
            return;
        }
        _ => {}
    }
    if !path.starts_with('/') {
        errors.push(FieldError::invalid(at, path, "must start with a '/'"));
    }
    let mut rest = path.chars();
    rest.next();
    let rest = rest.as_str();
    for (i, step) in rest.strip_suffix('/').unwrap_or(rest).split('/').enumerate() {
        if step.is_empty() {
            errors.push(FieldError::invalid(at, path, format!("segment[{i}] may not be empty")));
            continue;
        }
        for problem in dns1123_subdomain(step) {
            errors.push(FieldError::invalid(at, path, format!("segment[{i}]: {problem}")));
        }
    }
}

fn reviews(conversion: &Value, options: &Options<'_>, at: &At<'_>, errors: &mut Vec<FieldError>) {
    let versions: Vec<&str> = review_versions(conversion).collect();
    if versions.is_empty() {
        errors.push(FieldError::required(at, ""));
        return;
    }
    let mut seen = HashSet::new();
    for (i, v) in versions.iter().enumerate() {
        if !seen.insert(*v) {
            errors.push(FieldError::invalid(at.index(i), *v, "duplicate version"));
            continue;
        }
        for problem in dns1035_label(v) {
            errors.push(FieldError::invalid(at.index(i), *v, problem));
        }
    }
    if options.require_recognized_review && !versions.iter().any(|v| REVIEWS.contains(v)) {
        let detail = format!("must include at least one of {}", REVIEWS.join(", "));
        errors.push(FieldError::invalid(at, versions, detail));
    }
}
