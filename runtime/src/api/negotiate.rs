//! What form an answer takes: the Accept header, and the media types of bodies (R24-R34,
//! A/endpoints/handlers/negotiation/negotiate.go).

use crate::resource::codec::Format;
use crate::status::{Result, Status};
use crate::verbs::patch;
use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderName, USER_AGENT};

/// How an answer is encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// `application/json`
    #[default]
    Json,
    /// `application/yaml`
    Yaml,
    /// `application/vnd.kubernetes.protobuf`
    Protobuf,
}

/// In the order in which a clause with a star takes them.
const ENCODINGS: [(&str, Encoding); 3] = [
    ("application/json", Encoding::Json),
    ("application/yaml", Encoding::Yaml),
    ("application/vnd.kubernetes.protobuf", Encoding::Protobuf),
];

impl Encoding {
    /// The media type.
    pub fn media_type(self) -> &'static str {
        ENCODINGS.iter().find(|(_, e)| *e == self).map_or("application/json", |(m, _)| m)
    }
}

/// What is made of an object or a list before it is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// As it is.
    #[default]
    Whole,
    /// `as=Table`, with the version of `meta.k8s.io`.
    Table(&'static str),
    /// `as=PartialObjectMetadata` or the list of them.
    Partial {
        /// Whether the list form was asked for.
        list: bool,
        /// `meta.k8s.io` version.
        version: &'static str,
    },
    /// `as=APIGroupDiscoveryList` of `apidiscovery.k8s.io/v2`.
    Discovery,
}

/// The form of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    /// Encoding.
    pub encoding: Encoding,
    /// Transformation.
    pub form: Form,
    /// Indented, where the encoding has such a thing.
    pub pretty: bool,
}

/// What kind of answer is negotiated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// An object or list of a served kind: can be transformed, and has no protobuf form of its own.
    Resource,
    /// A document of the server's own, or a Status.
    Document,
    /// `/api` or `/apis`: a document that has an aggregated form.
    Discovery,
}

/// A list of what an answer can be had in.
fn not_acceptable(media_types: &[&str]) -> Status {
    Status::not_acceptable(format!("only the following media types are accepted: {}", media_types.join(", ")))
}

struct Clause<'a> {
    media: &'a str,
    quality: f32,
    parameters: Vec<(&'a str, &'a str)>,
}

impl Clause<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.parameters.iter().rev().find(|(k, _)| *k == name).map(|(_, v)| *v)
    }

    /// Less is more specific.
    fn stars(&self) -> usize {
        self.media.matches('*').count()
    }
}

/// The clauses of an Accept header, the preferred one first.
fn clauses(header: &str) -> Vec<Clause<'_>> {
    let mut out: Vec<Clause<'_>> = Vec::new();
    for text in header.split(',') {
        let mut parts = text.split(';').map(str::trim);
        let Some(media) = parts.next().filter(|m| !m.is_empty()) else { continue };
        let mut clause =
            Clause { media: if media == "*" { "*/*" } else { media }, quality: 1.0, parameters: Vec::new() };
        for p in parts {
            let Some((k, v)) = p.split_once('=') else { continue };
            match k.trim() {
                "q" => clause.quality = v.trim().parse().unwrap_or(1.0),
                k => clause.parameters.push((k, v.trim())),
            }
        }
        out.push(clause);
    }
    out.sort_by(|a, b| b.quality.total_cmp(&a.quality).then(a.stars().cmp(&b.stars())));
    out
}

/// What a clause asks for in an encoding; `None` when it cannot be had.
fn accept(clause: &Clause<'_>, encoding: Encoding, answer: Answer) -> Option<(Form, bool)> {
    let given = |k: &str| clause.get(k).filter(|v| !v.is_empty());
    if given("stream").is_some_and(|s| s != "watch" || encoding == Encoding::Yaml) {
        return None;
    }
    if given("sv").is_some_and(|s| answer != Answer::Resource || s != "v1") {
        return None;
    }
    let pretty = clause.get("pretty") == Some("1");
    if ["as", "g", "v"].iter().all(|k| clause.get(k).is_none()) {
        // Only what has a protobuf form is sent as protobuf (R28).
        let fits = answer != Answer::Resource || encoding != Encoding::Protobuf;
        return fits.then_some((Form::Whole, pretty));
    }
    if answer == Answer::Discovery {
        let wanted = [clause.get("g"), clause.get("v"), clause.get("as")];
        let aggregated = wanted == [Some("apidiscovery.k8s.io"), Some("v2"), Some("APIGroupDiscoveryList")];
        return aggregated.then_some((Form::Discovery, pretty));
    }
    if answer == Answer::Document || clause.get("g") != Some("meta.k8s.io") {
        return None;
    }
    let version = match clause.get("v")? {
        "v1" => "v1",
        "v1beta1" => "v1beta1",
        _ => return None,
    };
    let form = match clause.get("as")? {
        "Table" if encoding != Encoding::Protobuf => Form::Table(version),
        "PartialObjectMetadata" => Form::Partial { list: false, version },
        "PartialObjectMetadataList" => Form::Partial { list: true, version },
        _ => return None,
    };
    Some((form, pretty))
}

fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> &'a str {
    headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
}

fn find(headers: &HeaderMap, pretty: Option<&str>, answer: Answer) -> Option<Accepted> {
    // Upstream reads the first header of the name.
    let wanted = header(headers, &ACCEPT);
    let agent = header(headers, &USER_AGENT);
    let people = match pretty.filter(|p| !p.is_empty()) {
        Some(p) => ["1", "t", "T", "true", "TRUE", "True"].contains(&p),
        None => ["curl", "Wget", "Mozilla/5.0"].iter().any(|a| agent.starts_with(a)),
    };
    if wanted.is_empty() {
        return Some(Accepted { pretty: people, ..Accepted::default() });
    }
    for clause in clauses(wanted) {
        for (media, encoding) in ENCODINGS {
            let matches = clause.media == media || clause.media == "*/*" || clause.media == "application/*";
            if let Some((form, pretty)) = accept(&clause, encoding, answer).filter(|_| matches) {
                return Some(Accepted { encoding, form, pretty: pretty || people });
            }
        }
    }
    None
}

/// The form an answer to these headers takes. `pretty` is the query's.
///
/// # Errors
/// 406 when nothing acceptable can be made.
pub fn negotiate(headers: &HeaderMap, pretty: Option<&str>, answer: Answer) -> Result<Accepted> {
    find(headers, pretty, answer).ok_or_else(|| not_acceptable(&ENCODINGS.map(|(media, _)| media)))
}

/// The form a watch takes.
///
/// # Errors
/// 406.
pub fn negotiate_watch(headers: &HeaderMap, pretty: Option<&str>) -> Result<Accepted> {
    let accepted = negotiate(headers, pretty, Answer::Resource)?;
    if accepted.encoding == Encoding::Yaml {
        let streams = ["application/json;stream=watch", "application/vnd.kubernetes.protobuf;stream=watch"];
        return Err(not_acceptable(&streams));
    }
    Ok(accepted)
}

/// The form of an error, which is always sent in some form: indented JSON where nothing asked for fits (R31, R34).
pub fn for_errors(headers: &HeaderMap, pretty: Option<&str>) -> Accepted {
    let plain = Accepted { pretty: true, ..Accepted::default() };
    find(headers, pretty, Answer::Document).unwrap_or(plain)
}

/// The media type of a body, in lower case and without parameters; `None` for one that is malformed.
fn media_type(headers: &HeaderMap) -> Option<String> {
    let text = header(headers, &CONTENT_TYPE);
    let media = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let token = |s: &str| !s.is_empty() && !s.contains(|c: char| c.is_whitespace() || "()<>@,:\\\"/[]?=".contains(c));
    match media.split_once('/') {
        _ if text.is_empty() => Some("application/json".into()),
        Some((a, b)) if token(a) && token(b) => Some(media),
        _ => None,
    }
}

/// How a body is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFormat {
    /// Text.
    Text(Format),
    /// `application/vnd.kubernetes.protobuf`
    Protobuf,
}

fn unsupported(media_types: &[&str]) -> Status {
    Status::unsupported_media_type(format!(
        "the body of the request was in an unknown format - accepted media types include: {}",
        media_types.join(", ")
    ))
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
pub fn body_format(headers: &HeaderMap) -> Result<BodyFormat> {
    match media_type(headers).as_deref() {
        Some("application/json") => Ok(BodyFormat::Text(Format::Json)),
        Some("application/yaml") => Ok(BodyFormat::Text(Format::Yaml)),
        Some("application/vnd.kubernetes.protobuf") => Ok(BodyFormat::Protobuf),
        _ => Err(unsupported(&ENCODINGS.map(|(media, _)| media))),
    }
}

const PATCHES: [(&str, patch::Form); 4] = [
    ("application/json-patch+json", patch::Form::Json),
    ("application/merge-patch+json", patch::Form::Merge),
    ("application/strategic-merge-patch+json", patch::Form::Strategic),
    ("application/apply-patch+yaml", patch::Form::Apply),
];

/// The form of a patch; strategic merge patches are for built-in kinds.
///
/// # Errors
/// 415.
pub fn patch_form(headers: &HeaderMap, builtin: bool) -> Result<patch::Form> {
    let given = header(headers, &CONTENT_TYPE);
    let given = given.split(';').next().unwrap_or_default();
    let taken = || PATCHES.iter().filter(|(_, form)| builtin || *form != patch::Form::Strategic);
    let found = taken().find(|(media, _)| *media == given);
    found.map(|(_, form)| *form).ok_or_else(|| unsupported(&taken().map(|(media, _)| *media).collect::<Vec<_>>()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn headers(name: HeaderName, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_str(value).expect("a header"));
        headers
    }

    fn check(accept: &str, want: Option<(Encoding, Form)>) {
        let got = negotiate(&headers(ACCEPT, accept), None, Answer::Resource).ok();
        assert_eq!(got.map(|a| (a.encoding, a.form)), want, "{accept}");
    }

    #[test]
    fn clauses_are_tried_by_quality_then_as_they_come() {
        let table = "application/json;as=Table;v=v1;g=meta.k8s.io";
        check("", Some((Encoding::Json, Form::Whole)));
        check("*/*", Some((Encoding::Json, Form::Whole)));
        check("text/html,application/xml;q=0.9,application/json;q=0.5", Some((Encoding::Json, Form::Whole)));
        check("application/json;q=0.1,application/yaml", Some((Encoding::Yaml, Form::Whole)));
        check(&format!("{table},application/json"), Some((Encoding::Json, Form::Table("v1"))));
        check(&format!("application/json,{table}"), Some((Encoding::Json, Form::Whole)));
        check("application/json;as=Chair;v=v1;g=meta.k8s.io", None);
        check("application/json;as=Table;g=meta.k8s.io", None);
        check("application/json;charset=utf-8", Some((Encoding::Json, Form::Whole)));
        check("Application/JSON", None);
        check("text/html", None);
    }

    #[test]
    fn protobuf_is_for_what_has_a_form_of_it() {
        let metadata = Form::Partial { list: false, version: "v1" };
        check("application/vnd.kubernetes.protobuf", None);
        check("application/vnd.kubernetes.protobuf,application/json", Some((Encoding::Json, Form::Whole)));
        check(
            "application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
            Some((Encoding::Protobuf, metadata)),
        );
        check("application/vnd.kubernetes.protobuf;as=Table;g=meta.k8s.io;v=v1", None);
        let proto = for_errors(&headers(ACCEPT, "application/vnd.kubernetes.protobuf,application/json"), None);
        assert_eq!(proto.encoding, Encoding::Protobuf);
        let fallback = for_errors(&headers(ACCEPT, "application/yaml;as=Table;v=v1;g=meta.k8s.io"), None);
        assert_eq!((fallback.encoding, fallback.pretty), (Encoding::Json, true));
    }

    #[test]
    fn content_types_are_read_as_media_types() {
        let read = |t: &str| body_format(&headers(CONTENT_TYPE, t)).ok();
        assert_eq!(read("Application/JSON; charset=utf-8"), Some(BodyFormat::Text(Format::Json)));
        assert_eq!(read(""), Some(BodyFormat::Text(Format::Json)));
        assert_eq!(read("application/vnd.kubernetes.protobuf"), Some(BodyFormat::Protobuf));
        assert_eq!(read("not a type;;"), None);
        assert_eq!(read("*/*"), None);
    }
}
