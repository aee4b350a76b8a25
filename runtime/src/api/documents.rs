//! The server's own documents: discovery, the index of paths, `/version`, health, metrics and OpenAPI, by exact path as
//! upstream's muxes know them. Documents made from the served kinds are kept until those change.

use super::body::Body;
use super::health::Health;
use super::metrics::{self, Metrics};
use super::negotiate::{self, Accepted, Answer, Form};
use super::query::Query;
use super::request::Info;
use super::routes::{self, Route};
use super::{discovery, openapi, respond, reviews, version};
use crate::status::{Result, Status};
use crate::verbs::Engine;
use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderValue, Method, Response, request};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What is made from one generation of kinds.
#[derive(Default)]
struct Made {
    generation: Option<u64>,
    served: Arc<Vec<discovery::Served>>,
    core: Option<Arc<discovery::Aggregated>>,
    groups: Option<Arc<discovery::Aggregated>>,
}

/// The documents of a server.
pub(super) struct Documents {
    engine: Arc<Engine>,
    health: Health,
    made: Mutex<Made>,
    openapi: Arc<openapi::Documents>,
}

impl Documents {
    pub(super) fn new(engine: Arc<Engine>, health: Health) -> Self {
        Self { engine, health, made: Mutex::default(), openapi: Arc::default() }
    }

    /// Answers a request that is for no resource.
    ///
    /// # Errors
    /// Paths of compiled-in groups that there are not, and forms that a document has not.
    pub(super) async fn answer(
        &self,
        parts: &request::Parts,
        info: &Info,
        query: &Query,
        metrics: &Metrics,
    ) -> Result<Response<Body>> {
        let path = info.path.as_str();
        if path.starts_with("//") {
            return Ok(respond::page_not_found());
        }
        if let Some(health) = self.health.handle(path, query) {
            return Ok(health.map(Body::from));
        }
        let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
        match (path, segments.as_slice()) {
            ("/" | "/index.html", _) => Ok(respond::raw(&self.paths())),
            ("/metrics" | "/metrics/slis", _) => {
                Ok(respond::compress_any(&parts.headers, self.metrics(parts, path, metrics)).await)
            }
            ("/openapi/v2" | "/openapi/v3", _) | (_, ["openapi", "v3", ..]) => {
                Ok(self.openapi(parts, path, query).await)
            }
            (_, ["version"]) => {
                Route::VERSION.check(parts)?;
                Ok(respond::raw(&version::document()))
            }
            (_, ["api"]) => {
                Route::DOCUMENT.check(parts)?;
                self.root(true, parts, query)
            }
            ("/apis", _) => self.root(false, parts, query),
            ("/apis/", _) => Ok(respond::value(200, &discovery::api_group_list(&self.served()), plain(parts, query)?)),
            (_, ["api", version]) => self.resources(parts, query, "", version),
            (_, ["apis", group]) => match discovery::api_group(&self.served(), group) {
                Some(document) => Ok(respond::value(200, &document, plain(parts, query)?)),
                None => nowhere(group),
            },
            (_, ["apis", group, version]) => self.resources(parts, query, group, version),
            // Upstream's router has these, and says so in a Status.
            (_, ["version" | "api", ..]) => Err(Status::no_such_resource()),
            _ => Ok(respond::page_not_found()),
        }
    }

    fn resources(&self, parts: &request::Parts, query: &Query, group: &str, version: &str) -> Result<Response<Body>> {
        let Some(document) = discovery::api_resource_list(&self.served(), group, version) else {
            return nowhere(group);
        };
        if routes::is_builtin(group) {
            Route::DOCUMENT.check(parts)?;
        }
        Ok(respond::value(200, &document, plain(parts, query)?))
    }

    fn root(&self, core: bool, parts: &request::Parts, query: &Query) -> Result<Response<Body>> {
        let accepted = negotiate::negotiate_discovery(&parts.headers, query.get("pretty"))?;
        let served = self.served();
        if accepted.form == Form::Discovery {
            let document = {
                let mut made = self.made();
                let slot = if core { &mut made.core } else { &mut made.groups };
                slot.get_or_insert_with(|| Arc::new(discovery::Aggregated::new(&served, core))).clone()
            };
            let encode = |v: &Value| respond::encoded(v, accepted);
            return Ok(document.answer(&parts.headers, accepted.encoding.media_type(), encode).map(Body::from));
        }
        let document = match core {
            true => discovery::api_versions(&served, host(parts)),
            false => discovery::api_group_list(&served),
        };
        Ok(respond::value(200, &document, accepted))
    }

    /// The index of what is served.
    fn paths(&self) -> Value {
        let mut paths: Vec<String> =
            ["/api", "/apis", "/metrics", "/metrics/slis", "/openapi/v2", "/openapi/v3", "/openapi/v3/", "/version"]
                .map(str::to_owned)
                .into();
        paths.extend(self.health.paths());
        for s in self.served().iter() {
            let g = &s.definition.group;
            let root = if g.is_empty() { "/api".to_owned() } else { format!("/apis/{g}") };
            let versions = s.definition.versions.iter().filter(|v| v.served);
            paths.extend(versions.map(|v| format!("{root}/{}", v.name)));
            paths.push(root);
        }
        paths.sort();
        paths.dedup();
        json!({"paths": paths})
    }

    fn metrics(&self, parts: &request::Parts, path: &str, metrics: &Metrics) -> Response<Body> {
        if parts.method == Method::DELETE {
            metrics.reset();
            return respond::text(200, "metrics reset\n");
        }
        let text = match path {
            "/metrics" => metrics.text(&self.engine),
            _ => metrics.indicators(&self.health),
        };
        let mut response = Response::new(Body::from(text));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(metrics::CONTENT));
        response
    }

    /// Making a document can take long, so that is done beside the threads that answer requests.
    async fn openapi(&self, parts: &request::Parts, path: &str, query: &Query) -> Response<Body> {
        let request = openapi::Request {
            path: path.to_owned(),
            headers: parts.headers.clone(),
            hash: query.get("hash").map(str::to_owned),
        };
        let (generation, served) = {
            let made = self.made();
            (made.generation, made.served.clone())
        };
        let documents = self.openapi.clone();
        let work = tokio::task::spawn_blocking(move || documents.answer(generation, served, &request));
        match work.await {
            Ok(Some(answer)) => answer.map(Body::from),
            Ok(None) => respond::nothing(404),
            Err(_) => respond::nothing(500),
        }
    }

    fn made(&self) -> MutexGuard<'_, Made> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let kinds = self.engine.kinds();
        if made.generation != Some(kinds.generation) {
            let served = kinds
                .all
                .values()
                .map(|s| discovery::Served { definition: s.definition.clone(), terminating: s.terminating })
                .chain(reviews::served())
                .collect();
            *made = Made { generation: Some(kinds.generation), served: Arc::new(served), ..Made::default() };
        }
        made
    }

    fn served(&self) -> Arc<Vec<discovery::Served>> {
        self.made().served.clone()
    }
}

fn plain(parts: &request::Parts, query: &Query) -> Result<Accepted> {
    negotiate::negotiate(&parts.headers, query.get("pretty"), Answer::Document)
}

/// A group, or a version of it, that is not served.
fn nowhere(group: &str) -> Result<Response<Body>> {
    if routes::is_builtin(group) { Err(Status::no_such_resource()) } else { Ok(respond::page_not_found()) }
}

/// What the client reaches the server by.
fn host(parts: &request::Parts) -> &str {
    let header = parts.headers.get(HOST).and_then(|v| v.to_str().ok());
    header.or_else(|| parts.uri.authority().map(|a| a.as_str())).unwrap_or_default()
}
