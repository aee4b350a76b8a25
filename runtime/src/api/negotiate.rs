//! What form an answer takes: the Accept header, and the media types of bodies (R24-R34).

use crate::resource::codec::Format;
use crate::status::{Result, Status};
use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_TYPE};

/// What is made of an object or a list before it is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// As it is.
    #[default]
    Whole,
    /// `as=Table`, with its group's version.
    Table(&'static str),
    /// `as=PartialObjectMetadata` or the list of them.
    Partial {
        /// Whether the list form was asked for.
        list: bool,
        /// `meta.k8s.io` version.
        version: &'static str,
    },
}

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Encoding.
    pub format: Format,
    /// Transformation.
    pub form: Form,
    /// Indented.
    pub pretty: bool,
}

const ACCEPTED: &str = "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf";

struct Clause<'a> {
    media: &'a str,
    quality: f32,
    parameters: Vec<(&'a str, &'a str)>,
}

fn clauses(header: &str) -> Vec<Clause<'_>> {
    let mut out: Vec<Clause<'_>> = header
        .split(',')
        .filter_map(|c| {
            let mut parts = c.split(';').map(str::trim);
            let media = parts.next().filter(|m| !m.is_empty())?;
            let mut clause = Clause { media, quality: 1.0, parameters: Vec::new() };
            for p in parts {
                let (k, v) = p.split_once('=').unwrap_or((p, ""));
                if k == "q" {
                    clause.quality = v.parse().unwrap_or(1.0);
                } else {
                    clause.parameters.push((k, v.trim_matches('"')));
                }
            }
            Some(clause)
        })
        .collect();
    out.sort_by(|a, b| b.quality.total_cmp(&a.quality));
    out
}

fn accept(clause: &Clause<'_>) -> Option<(Format, Form)> {
    let format = match clause.media {
        "application/json" | "*/*" | "application/*" => Format::Json,
        "application/yaml" => Format::Yaml,
        _ => return None,
    };
    let get = |k: &str| clause.parameters.iter().find(|(n, _)| *n == k).map(|(_, v)| *v);
    if clause
        .parameters
        .iter()
        .any(|(k, _)| !["as", "g", "v", "stream", "sv", "export", "pretty", "profile", "charset"].contains(k))
    {
        return None;
    }
    let Some(as_) = get("as") else { return Some((format, Form::Whole)) };
    if get("g") != Some("meta.k8s.io") {
        return None;
    }
    let version = match get("v") {
        Some("v1") => "v1",
        Some("v1beta1") => "v1beta1",
        _ => return None,
    };
    let form = match as_ {
        "Table" => Form::Table(version),
        "PartialObjectMetadata" => Form::Partial { list: false, version },
        "PartialObjectMetadataList" => Form::Partial { list: true, version },
        _ => return None,
    };
    Some((format, form))
}

fn header<'a>(headers: &'a HeaderMap, name: &http::HeaderName) -> &'a str {
    headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
}

/// The form an answer to these headers takes.
///
/// # Errors
/// 406 when nothing acceptable can be made.
pub fn negotiate(headers: &HeaderMap, pretty: Option<&str>) -> Result<Accepted> {
    let all: Vec<&str> = headers.get_all(ACCEPT).iter().filter_map(|v| v.to_str().ok()).collect();
    let joined = all.join(",");
    let agent = header(headers, &http::header::USER_AGENT);
    let pretty = match pretty {
        Some(p) => ["true", "1"].contains(&p),
        None => ["curl", "Wget", "Mozilla/5.0"].iter().any(|a| agent.starts_with(a)),
    };
    if joined.trim().is_empty() {
        return Ok(Accepted { format: Format::Json, form: Form::Whole, pretty });
    }
    let clauses = clauses(&joined);
    let found = clauses.iter().find_map(accept);
    let (format, form) = found.ok_or_else(|| Status::not_acceptable(ACCEPTED))?;
    Ok(Accepted { format, form, pretty })
}

/// The format of an error's body, which is always sent in some form (R31, R34).
pub fn for_errors(headers: &HeaderMap, pretty: Option<&str>) -> Accepted {
    let plain = Accepted { format: Format::Json, form: Form::Whole, pretty: false };
    let accepted = negotiate(headers, pretty).unwrap_or(plain);
    Accepted { form: Form::Whole, ..accepted }
}

/// Whether a request is a server-side apply.
pub fn is_apply(headers: &HeaderMap) -> bool {
    header(headers, &CONTENT_TYPE).starts_with("application/apply-patch+")
}

/// Whether a request's body is in protobuf.
pub fn is_protobuf(headers: &HeaderMap) -> bool {
    header(headers, &CONTENT_TYPE).split(';').next().unwrap_or_default().trim() == "application/vnd.kubernetes.protobuf"
}

/// The format of a request's body.
///
/// # Errors
/// 415.
pub fn body_format(headers: &HeaderMap) -> Result<Format> {
    match header(headers, &CONTENT_TYPE).split(';').next().unwrap_or_default().trim() {
        "" | "application/json" => Ok(Format::Json),
        "application/yaml" => Ok(Format::Yaml),
        _ => Err(Status::unsupported_media_type(
            "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf",
        )),
    }
}

/// The form of a patch.
///
/// # Errors
/// 415.
pub fn patch_form(headers: &HeaderMap) -> Result<crate::verbs::patch::Form> {
    use crate::verbs::patch::Form;
    match header(headers, &CONTENT_TYPE).split(';').next().unwrap_or_default().trim() {
        "application/json-patch+json" => Ok(Form::Json),
        "application/merge-patch+json" => Ok(Form::Merge),
        "application/apply-patch+yaml" => Ok(Form::Apply),
        _ => Err(Status::unsupported_media_type(
            "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
        )),
    }
}
