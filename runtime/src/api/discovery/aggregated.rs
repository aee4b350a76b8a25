//! Aggregated discovery, `apidiscovery.k8s.io/v2` (wire contract 1.3): the document with its ETag.

use super::{Resource, Served, groups, resources, versions};
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha512};
use std::fmt::Write;

/// The document for `/api` (the core group) or `/apis` (all others), ready to send.
#[derive(Clone, Debug)]
pub struct Aggregated {
    document: Value,
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
        Self { document, etag }
    }

    /// The answer to a request with these headers: the document as `encode` writes it, or 304 when the client has it.
    pub fn answer(
        &self,
        request: &HeaderMap,
        media_type: &str,
        encode: impl FnOnce(&Value) -> Vec<u8>,
    ) -> Response<Bytes> {
        let known = request.get_all(IF_NONE_MATCH).iter().any(|v| *v == self.etag);
        let mut response = Response::new(if known { Bytes::new() } else { encode(&self.document).into() });
        let headers = response.headers_mut();
        headers.insert(ETAG, self.etag.clone());
        headers.insert(VARY, HeaderValue::from_static("Accept"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("public"));
        if known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        } else {
            // Clients tell the document by these parameters (D24).
            let content = format!("{media_type};g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
            headers.extend(HeaderValue::from_str(&content).map(|v| (CONTENT_TYPE, v)));
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
