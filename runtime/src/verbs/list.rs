//! List: a collection, or a page of it, as of one revision (wire contract 3.4).

use super::context::Target;
use super::engine::Engine;
use super::entry::{Entry, Index};
use super::get::{FUTURE_PATIENCE, revision};
use super::options::invalid_options;
use super::served::{Served, field_term, label_term};
use super::store::storage_error;
use crate::resource::codec::go;
use crate::resource::selector::{FieldSelector, LabelSelector};
use crate::resource::validate;
use crate::status::field::FieldError;
use crate::status::{Result, Status};
use crate::storage;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use std::sync::Arc;

/// What a list, a watch or a deletecollection selects, parsed once.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Labels.
    pub labels: LabelSelector,
    /// Fields: their place in the index, or name or namespace.
    fields: Vec<(Field, String, bool)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Name,
    Namespace,
    Indexed(usize),
}

impl Selection {
    /// Both selectors, for a target.
    ///
    /// # Errors
    /// 400 for fields that the kind cannot be selected by.
    pub fn new(target: &Target, labels: LabelSelector, fields: FieldSelector) -> Result<Self> {
        let mut out = Self { labels, fields: Vec::new() };
        let metadata_alone = target.served.strategy.selects_by_metadata_alone();
        for r in fields.0 {
            let field = match r.field.as_str() {
                "metadata.name" => Field::Name,
                "metadata.namespace" if target.served.namespaced() || metadata_alone => Field::Namespace,
                other => match target.served.codec().field_position(target.version, other) {
                    Some(i) => Field::Indexed(i),
                    None if metadata_alone => {
                        let known = r#"only "metadata.name", "metadata.namespace""#;
                        let why = format!("{other:?} is not a known field selector: {known}");
                        return Err(Status::bad_request(why));
                    }
                    None => return Err(Status::bad_request(format!("field label not supported: {other}"))),
                },
            };
            out.fields.push((field, r.value, r.equal));
        }
        Ok(out)
    }

    /// Whether it selects everything.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    /// The value that a field must have.
    fn pinned(&self, field: Field) -> Option<&str> {
        self.fields.iter().find(|(f, _, equal)| *f == field && *equal).map(|(_, value, _)| value.as_str())
    }

    /// Whether it selects the one object of a key.
    fn selects_one(&self, target: &Target) -> bool {
        let in_namespace =
            || !target.namespace.is_empty() || self.pinned(Field::Namespace).is_some_and(|n| !n.is_empty());
        self.pinned(Field::Name).is_some_and(|name| !name.is_empty() && validate::path_segment(name, true).is_empty())
            && (!target.served.namespaced() || in_namespace())
    }

    /// The index terms that every selected object has.
    pub(super) fn terms(&self) -> Vec<String> {
        let labels = self.labels.equalities().map(|(k, v)| label_term(k, v));
        let fields = self.fields.iter().filter_map(|(field, value, equal)| match field {
            Field::Indexed(i) if *equal => Some(field_term(*i, value)),
            _ => None,
        });
        labels.chain(fields).collect()
    }

    /// Whether an object is selected.
    pub fn matches(&self, object: &Index) -> bool {
        let field = |f: Field| match f {
            Field::Name => &*object.name,
            Field::Namespace => &*object.namespace,
            Field::Indexed(i) => object.fields.get(i).map_or("", |v| v),
        };
        self.fields.iter().all(|(f, value, equal)| (field(*f) == value) == *equal)
            && (self.labels.is_empty() || self.labels.matches(|k| object.label(k)))
    }
}

/// Options of list.
#[derive(Clone, Debug, Default)]
pub struct ListOptions {
    /// What is selected.
    pub selection: Selection,
    /// 0 for all.
    pub limit: usize,
    /// `continue`.
    pub continue_token: String,
    /// `resourceVersion`.
    pub resource_version: String,
    /// `resourceVersionMatch`.
    pub resource_version_match: String,
    /// `sendInitialEvents`, which lists refuse.
    pub send_initial_events: Option<bool>,
}

/// A collection or a page of it.
pub struct Listed {
    /// In the order of their keys.
    pub items: Vec<Arc<Entry>>,
    /// The revision it is exact at.
    pub revision: u64,
    /// Where the next page starts; empty on the last.
    pub continue_token: String,
    /// How many follow; absent when selectors hide it.
    pub remaining: Option<usize>,
}

impl ListOptions {
    /// Refuses combinations as upstream's `ValidateListOptions` does (C45).
    ///
    /// # Errors
    /// 422 and 400.
    pub fn validate(&self) -> Result<()> {
        let mut errors = Vec::new();
        let m = self.resource_version_match.as_str();
        if !m.is_empty() {
            let field = "resourceVersionMatch";
            if self.resource_version.is_empty() {
                let detail = "resourceVersionMatch is forbidden unless resourceVersion is provided";
                errors.push(FieldError::forbidden(field, detail));
            }
            if !self.continue_token.is_empty() {
                errors
                    .push(FieldError::forbidden(field, "resourceVersionMatch is forbidden when continue is provided"));
            }
            if !["Exact", "NotOlderThan"].contains(&m) {
                errors.push(FieldError::not_supported(field, m, &["Exact", "NotOlderThan", ""]));
            }
            if m == "Exact" && self.resource_version == "0" {
                let detail = "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"";
                errors.push(FieldError::forbidden(field, detail));
            }
        }
        if self.send_initial_events.is_some() {
            errors.push(FieldError::forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
        }
        if errors.is_empty() { Ok(()) } else { Err(invalid_options("ListOptions", &errors)) }
    }
}

/// Where a page starts.
struct Position {
    /// `None`: at whatever revision is current (an inconsistent continuation).
    revision: Option<u64>,
    after: String,
}

fn bad_token(why: impl std::fmt::Display) -> Status {
    Status::bad_request(format!("invalid continue token: continue key is not valid: {why}"))
}

/// Unpadded base64 for URLs as Go decodes it: line ends do not count, and neither do bits that make no byte.
fn decode_base64(token: &str) -> std::result::Result<Vec<u8>, String> {
    const LENIENT: GeneralPurpose =
        GeneralPurpose::new(&alphabet::URL_SAFE, NO_PAD.with_decode_allow_trailing_bits(true));
    let digit = |c: &u8| c.is_ascii_alphanumeric() || b"-_".contains(c);
    let illegal = |at: usize| format!("illegal base64 data at input byte {at}");
    if let Some(at) = token.bytes().position(|c| !digit(&c) && !b"\r\n".contains(&c)) {
        return Err(illegal(at));
    }
    let digits: Vec<u8> = token.bytes().filter(digit).collect();
    LENIENT.decode(&digits).map_err(|_| illegal(token.len().saturating_sub(1)))
}

/// The first byte of a text that is not JSON, in quotes as Go shows one.
fn quoted(byte: u8) -> String {
    let c = char::from(byte);
    match c {
        '\'' => r"'\''".into(),
        '"' => "'\"'".into(),
        '\n' => r"'\n'".into(),
        '\r' => r"'\r'".into(),
        '\t' => r"'\t'".into(),
        c if c.is_ascii_control() => format!("'\\x{byte:02x}'"),
        c if !go::prints(c) => format!("'\\u{byte:04x}'"),
        c => format!("'{c}'"),
    }
}

fn decode_token(token: &str) -> Result<Position> {
    let bytes = decode_base64(token).map_err(bad_token)?;
    let v: Value =
        serde_json::from_slice(&bytes).map_err(|e| match bytes.iter().find(|b| !b.is_ascii_whitespace()) {
            Some(first) if !b"{[\"0123456789-tfn".contains(first) => {
                bad_token(format!("invalid character {} looking for beginning of value", quoted(*first)))
            }
            _ if e.is_eof() => bad_token("unexpected end of JSON input"),
            _ => bad_token(format!("json: {e}")),
        })?;
    let text = |field: &str| match v.get(field) {
        None | Some(Value::Null) => Ok(""),
        Some(Value::String(s)) => Ok(s.as_str()),
        Some(_) => Err(bad_token(format!("json: {field} is not a string"))),
    };
    if !v.is_object() && !v.is_null() {
        return Err(bad_token("json: it is not an object"));
    }
    let (version, start) = (text("v")?, text("start")?);
    let revision = match v.get("rv") {
        None | Some(Value::Null) => 0,
        Some(n) => n.as_i64().ok_or_else(|| bad_token("json: rv is not an integer"))?,
    };
    if version != "meta.k8s.io/v1" {
        return Err(bad_token(format!("server does not recognize this encoded version {version}")));
    }
    if revision == 0 {
        return Err(bad_token("incorrect encoded start resourceVersion (version meta.k8s.io/v1)"));
    }
    if start.is_empty() {
        return Err(bad_token("encoded start key empty (version meta.k8s.io/v1)"));
    }
    let below = start.strip_prefix('/').unwrap_or(start);
    if !below.is_empty() && below.split('/').any(|s| ["", ".", ".."].contains(&s)) {
        return Err(bad_token(start));
    }
    Ok(Position { revision: u64::try_from(revision).ok(), after: below.trim_end_matches('\0').to_owned() })
}

fn encode_token(revision: i64, after: &str) -> String {
    let v = json!({"v": "meta.k8s.io/v1", "rv": revision, "start": format!("{after}\0")});
    URL_SAFE_NO_PAD.encode(v.to_string())
}

/// The revision a list is read at; `one` when it is a list of one object, which a limit does not bind to a revision.
async fn resolve(engine: &Engine, served: &Served, options: &ListOptions, one: bool) -> Result<u64> {
    let objects = &served.objects;
    let rv = options.resource_version.as_str();
    match rv {
        "" => {
            engine.fresh(served).await?;
            Ok(objects.revision())
        }
        "0" => Ok(objects.revision()),
        rv => {
            let wrong = |why| Status::bad_request(format!("invalid resource version: {why}"));
            let wanted = revision(rv).map_err(wrong)?;
            if !objects.reaches(wanted, FUTURE_PATIENCE).await {
                return Err(Status::too_large_resource_version(wanted, objects.revision()));
            }
            let legacy_exact = options.limit > 0 && options.resource_version_match.is_empty() && !one;
            let exact = options.resource_version_match == "Exact" || legacy_exact;
            Ok(if exact { wanted } else { objects.revision() })
        }
    }
}

/// Lists the target's collection; the options are valid.
pub async fn list(engine: &Engine, target: &Target, options: &ListOptions) -> Result<Listed> {
    let served = &target.served;
    let under = if target.namespace.is_empty() { String::new() } else { format!("{}/", target.namespace) };
    let one = options.continue_token.is_empty() && options.selection.selects_one(target);
    // A list from any version is served whole (C37).
    let any = options.resource_version == "0";
    let limit = if any || one { 0 } else { options.limit };
    let (revision, after) = if options.continue_token.is_empty() {
        (resolve(engine, served, options, one).await?, None)
    } else {
        let at = decode_token(&options.continue_token)?;
        if !["", "0"].contains(&options.resource_version.as_str()) {
            let why = "specifying resource version is not allowed when using continue";
            return Err(Status::bad_request(why));
        }
        let revision = match at.revision {
            Some(r) => r,
            None => {
                engine.fresh(served).await?;
                served.objects.revision()
            }
        };
        if !served.objects.reaches(revision, FUTURE_PATIENCE).await {
            return Err(Status::too_large_resource_version(revision, served.objects.revision()));
        }
        (revision, Some(format!("{under}{}", at.after)))
    };
    // A selector of one namespace is as good as one in the path.
    let within = match options.selection.pinned(Field::Namespace) {
        Some(namespace) if under.is_empty() && served.namespaced() && !namespace.is_empty() => format!("{namespace}/"),
        _ => under.clone(),
    };
    let page = served
        .objects
        .select(&within, after.as_deref(), limit, revision, &options.selection.terms(), |e| {
            options.selection.matches(e)
        })
        .map_err(|e| match (e, &after) {
            (storage::Error::Compacted { .. }, Some(after)) => expired_page(after, &under),
            (e, _) => storage_error(e),
        })?;
    let continue_token = page
        .more_after
        .as_deref()
        .map(|k| encode_token(i64::try_from(revision).unwrap_or(i64::MAX), &k[under.len()..]))
        .unwrap_or_default();
    // Selectors hide how many remain (C39).
    let remaining = (page.remaining > 0 && options.selection.is_empty()).then_some(page.remaining);
    Ok(Listed { items: page.items, revision, continue_token, remaining })
}

/// 410 with a token that goes on at the current revision (C44).
fn expired_page(after: &str, under: &str) -> Status {
    let mut status = Status::expired(
        "The provided continue parameter is too old to display a consistent list result. You can start a new list without \
         the continue parameter, or use the continue token in this response to retrieve the remainder of the results. \
         Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted \
         between the time the first chunk was returned and now may show up in the list.",
    );
    status.continue_token = Some(encode_token(-1, &after[under.len()..]));
    status
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(token: &str, want: &str) {
        let why = decode_token(token).err().map(|e| e.message).unwrap_or_default();
        assert_eq!(why, format!("invalid continue token: continue key is not valid: {want}"), "{token}");
    }

    #[test]
    fn tokens_that_are_not_ours_are_refused_in_the_words_of_go() {
        let of = |json: &str| URL_SAFE_NO_PAD.encode(json);
        let token = |rv: i64, start: &str| of(&json!({"v": "meta.k8s.io/v1", "rv": rv, "start": start}).to_string());
        refused("a%", "illegal base64 data at input byte 1");
        refused("YWJj=", "illegal base64 data at input byte 4");
        refused("YWJjZ", "illegal base64 data at input byte 4");
        refused("YWJj", "invalid character 'a' looking for beginning of value");
        refused(&URL_SAFE_NO_PAD.encode([0xcf, 1]), "invalid character '\u{cf}' looking for beginning of value");
        refused(&URL_SAFE_NO_PAD.encode([1]), r"invalid character '\x01' looking for beginning of value");
        refused(&of("{"), "unexpected end of JSON input");
        refused(&of("null"), "server does not recognize this encoded version ");
        refused(&of(r#"{"v":"v9"}"#), "server does not recognize this encoded version v9");
        refused(&token(0, "a"), "incorrect encoded start resourceVersion (version meta.k8s.io/v1)");
        refused(&token(3, ""), "encoded start key empty (version meta.k8s.io/v1)");
        refused(&token(3, "../x"), "../x");
        refused(&token(3, "a//x"), "a//x");
        assert!(decode_token(&of("[]")).is_err_and(|e| e.message.contains("not valid: json: ")));
        let at = decode_token(&token(-1, "a/b\0")).ok();
        assert_eq!(at.map(|p| (p.revision, p.after)), Some((None, "a/b".to_owned())));
    }
}
