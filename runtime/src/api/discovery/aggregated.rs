//! Aggregated discovery, `apidiscovery.k8s.io/v2` (wire contract 1.3): the document with its ETag, and the reading of the
//! Accept header that asks for it.

use super::{Resource, Served, groups, resources, versions};
use bytes::Bytes;
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha512};
use std::fmt::Write;

const CONTENT: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// What an Accept header asks `/api` or `/apis` for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The aggregated document in JSON.
    Aggregated,
    /// The legacy one; which encoding is for ordinary negotiation to find, or to refuse.
    Legacy,
    /// Nothing that is served: 406.
    Nothing,
}

/// Reads the Accept headers. The first clause that is served wins, as in upstream's negotiation.
pub fn wanted(headers: &HeaderMap) -> Wanted {
    let mut seen = false;
    let values = headers.get_all(ACCEPT).iter().filter_map(|v| v.to_str().ok());
    for clause in values.flat_map(|v| v.split(',')).map(str::trim).filter(|c| !c.is_empty()) {
        seen = true;
        let mut parts = clause.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default();
        let parameter = |name: &str| {
            clause.split(';').skip(1).filter_map(|p| p.trim().split_once('=')).find(|(k, _)| *k == name).map(|(_, v)| v)
        };
        let json = matches!(media, "application/json" | "application/*" | "*/*");
        match (parameter("g"), parameter("v"), parameter("as")) {
            (Some("apidiscovery.k8s.io"), Some("v2"), Some("APIGroupDiscoveryList")) if json => {
                return Wanted::Aggregated;
            }
            (_, _, Some(_)) => {}
            _ if json || matches!(media, "application/yaml" | "application/vnd.kubernetes.protobuf") => {
                return Wanted::Legacy;
            }
            _ => {}
        }
    }
    if seen { Wanted::Nothing } else { Wanted::Legacy }
}

/// The document for `/api` (the core group) or `/apis` (all others), ready to send.
#[derive(Clone, Debug)]
pub struct Aggregated {
    body: Bytes,
    etag: HeaderValue,
}

impl Aggregated {
    /// Makes the document; `core` selects `/api`.
    pub fn new(served: &[Served], core: bool) -> Self {
        let items: Vec<Value> = groups(served)
            .into_iter()
            .filter(|g| g.is_empty() == core)
            .map(|g| {
                let versions: Vec<Value> = versions(served, g).into_iter().map(|v| version(served, g, v)).collect();
                let name = if g.is_empty() { json!({}) } else { json!({"name": g}) };
                json!({"metadata": name, "versions": versions})
            })
            .collect();
        let document = json!({
            "kind": "APIGroupDiscoveryList",
            "apiVersion": "apidiscovery.k8s.io/v2",
            "metadata": {},
            "items": items,
        });
        let body = document.to_string();
        let mut etag = String::with_capacity(130);
        etag.push('"');
        for byte in Sha512::digest(&body) {
            let _ = write!(etag, "{byte:02X}");
        }
        etag.push('"');
        let etag = HeaderValue::from_str(&etag).unwrap_or(HeaderValue::from_static("\"\""));
        Self { body: body.into(), etag }
    }

    /// The answer to a request with these headers: the document, or 304 when the client has it.
    pub fn answer(&self, request: &HeaderMap) -> Response<Bytes> {
        let known = request.get_all(IF_NONE_MATCH).iter().any(|v| *v == self.etag);
        let mut response = Response::new(if known { Bytes::new() } else { self.body.clone() });
        let headers = response.headers_mut();
        headers.insert(ETAG, self.etag.clone());
        headers.insert(VARY, HeaderValue::from_static("Accept"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("public"));
        if known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        } else {
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(CONTENT));
        }
        response
    }
}

fn version(served: &[Served], group: &str, version: &str) -> Value {
    let resources: Vec<Value> = resources(served, group, version).iter().map(|r| resource(r, group, version)).collect();
    json!({"version": version, "resources": resources, "freshness": "Current"})
}

fn resource(r: &Resource<'_>, group: &str, version: &str) -> Value {
    let names = &r.served.definition.names;
    let kind = json!({"group": group, "version": version, "kind": names.kind});
    let mut out = json!({
        "resource": names.plural,
        "responseKind": kind,
        "scope": if r.namespaced() { "Namespaced" } else { "Cluster" },
        "singularResource": names.singular,
        "verbs": r.verbs(),
    });
    let subresources: Vec<Value> = r
        .subresources()
        .iter()
        .map(|s| {
            let answers = s.answers.map(|(g, v, k)| json!({"group": g, "version": v, "kind": k}));
            json!({
                "subresource": s.name,
                "responseKind": answers.unwrap_or_else(|| kind.clone()),
                "verbs": s.verbs,
            })
        })
        .collect();
    if let Some(o) = out.as_object_mut() {
        for (key, list) in [("shortNames", &names.short_names), ("categories", &names.categories)] {
            if !list.is_empty() {
                o.insert(key.into(), list.clone().into());
            }
        }
        if !subresources.is_empty() {
            o.insert("subresources".into(), subresources.into());
        }
    }
    out
}
