//! What form an answer takes: the Accept header, and the media types of bodies (R24-R34,
//! A/endpoints/handlers/negotiation/negotiate.go).

use super::media::{self, Clause};
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
    /// The aggregated form that `/api` and `/apis` have beside that of a document.
    Discovery,
}

/// A list of what an answer can be had in.
fn not_acceptable(media_types: &[&str]) -> Status {
    Status::not_acceptable(format!("only the following media types are accepted: {}", media_types.join(", ")))
}

/// What a clause asks for in an encoding; `None` when it cannot be had.
fn accept(clause: &Clause<'_>, encoding: Encoding, answer: Answer) -> Option<(Form, bool)> {
    if clause.get("stream").is_some_and(|s| s != "watch" || encoding == Encoding::Yaml) {
        return None;
    }
    if clause.get("sv").is_some_and(|s| answer != Answer::Resource || s != "v1") {
        return None;
    }
    let pretty = clause.get("pretty") == Some("1");
    let wanted = [clause.get("g"), clause.get("v"), clause.get("as")];
    if answer == Answer::Discovery {
        let aggregated = wanted == [Some("apidiscovery.k8s.io"), Some("v2"), Some("APIGroupDiscoveryList")];
        return aggregated.then_some((Form::Discovery, pretty));
    }
    if wanted == [None; 3] {
        // Only what has a protobuf form is sent as protobuf (R28).
        let fits = answer != Answer::Resource || encoding != Encoding::Protobuf;
        return fits.then_some((Form::Whole, pretty));
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

/// The first header of a name, as upstream reads it; what is no text is none that anything fits.
fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> &'a str {
    headers.get(name).map_or("", |v| v.to_str().unwrap_or("?"))
}

fn find(headers: &HeaderMap, pretty: Option<&str>, answer: Answer) -> Option<Accepted> {
    let wanted = header(headers, &ACCEPT);
    let agent = header(headers, &USER_AGENT);
    let people = match pretty.filter(|p| !p.is_empty()) {
        Some(p) => ["1", "t", "T", "true", "TRUE", "True"].contains(&p),
        None => ["curl", "Wget", "Mozilla/5.0"].iter().any(|a| agent.starts_with(a)),
    };
    if wanted.is_empty() {
        return (answer != Answer::Discovery).then_some(Accepted { pretty: people, ..Accepted::default() });
    }
    for clause in media::clauses(wanted) {
        for (media, encoding) in ENCODINGS {
            if let Some((form, pretty)) = accept(&clause, encoding, answer).filter(|_| clause.takes(media)) {
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

/// The form that `/api` or `/apis` takes. An aggregated one is preferred wherever it stands in the header (D22).
///
/// # Errors
/// 406.
pub fn negotiate_discovery(headers: &HeaderMap, pretty: Option<&str>) -> Result<Accepted> {
    let aggregated = find(headers, pretty, Answer::Discovery);
    aggregated.map_or_else(|| negotiate(headers, pretty, Answer::Document), Ok)
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

/// The format of a request's body.
///
/// # Errors
/// 415.
pub fn body_format(headers: &HeaderMap) -> Result<BodyFormat> {
    let given = header(headers, &CONTENT_TYPE);
    let media = if given.is_empty() { Some("application/json".into()) } else { media::of_body(given) };
    match media.as_deref() {
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
    let given = given.split_once(';').map_or(given, |(media, _)| media);
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
        assert_eq!(read("application/json;;"), None);
        assert_eq!(read("*/*"), None);
    }

    #[test]
    fn an_aggregated_document_is_preferred_wherever_it_is_asked_for() {
        let aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
        let form = |accept: &str| negotiate_discovery(&headers(ACCEPT, accept), None).ok().map(|a| a.form);
        assert_eq!(form(&format!("application/json,{aggregated};q=0.1")), Some(Form::Discovery));
        assert_eq!(form(&format!("{aggregated};profile=nopeer")), Some(Form::Discovery));
        assert_eq!(form(&aggregated.replace("v2", "v2beta1")), None);
        assert_eq!((form("application/json;as=;g="), form("")), (Some(Form::Whole), Some(Form::Whole)));
    }
}
