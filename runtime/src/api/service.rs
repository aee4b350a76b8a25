//! The HTTP service: what every request passes on its way in and out (R1), then the documents of the server or a handler
//! of `resources`.

use super::body::{Body, Incoming};
use super::discovery;
use super::health::Health;
use super::metrics::{self, Labels, Metrics};
use super::negotiate::{self, Accepted, Answer, Form};
use super::query::Query;
use super::request::Info;
use super::reviews::{self, Review};
use super::{go_duration, openapi, resources, respond, version};
use crate::access::{Attributes, Authorizer, Decision, User, forbidden};
use crate::status::{Result, Status};
use crate::verbs::Engine;
use crate::verbs::context::Context;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONNECTION, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT};
use http::{Method, Request, Response, request};
use http_body::Body as HttpBody;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

const AUDIT_ID: HeaderName = HeaderName::from_static("audit-id");
/// How the service treats requests.
#[derive(Clone, Debug)]
pub struct Config {
    /// Reads in flight at most; 0 for no limit.
    pub max_requests_inflight: usize,
    /// Writes in flight at most; 0 for no limit.
    pub max_mutating_requests_inflight: usize,
    /// The longest a request may take, watches excepted.
    pub request_timeout: Duration,
    /// Watches without a timeout of their own end after once to twice this.
    pub min_request_timeout: Duration,
}

impl Default for Config {
    /// kube-apiserver's defaults.
    fn default() -> Self {
        Self {
            max_requests_inflight: 400,
            max_mutating_requests_inflight: 200,
            request_timeout: Duration::from_secs(60),
            min_request_timeout: Duration::from_secs(1800),
        }
    }
}

/// The id a request is known by: its own, or a new one (R2).
fn audit_id(headers: &http::HeaderMap) -> HeaderValue {
    let given = headers.get(AUDIT_ID).filter(|v| !v.is_empty()).cloned();
    let made = || HeaderValue::from_str(&uuid::Uuid::new_v4().to_string()).ok();
    given.or_else(made).unwrap_or(HeaderValue::from_static("-"))
}

/// What every answer has (R2, R3).
fn complete(response: &mut Response<Body>, audit: HeaderValue) {
    let headers = response.headers_mut();
    headers.insert(AUDIT_ID, audit);
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-cache, private"));
}

/// The answer to a request that does not come as far as the API: who sent it is not known.
pub fn refusal(parts: &request::Parts, status: &Status) -> Response<Body> {
    let pretty = Query::parse(parts.uri.query()).get("pretty").map(str::to_owned);
    let mut response = respond::error(status, negotiate::for_errors(&parts.headers, pretty.as_deref()));
    complete(&mut response, audit_id(&parts.headers));
    response
}

/// Documents made from the served kinds, kept until those change.
#[derive(Default)]
struct Documents {
    generation: Option<u64>,
    served: Arc<Vec<discovery::Served>>,
    core: Option<Arc<discovery::Aggregated>>,
    groups: Option<Arc<discovery::Aggregated>>,
}

struct Shared {
    engine: Arc<Engine>,
    health: Health,
    authorizer: Arc<dyn Authorizer>,
    config: Config,
    reads: Semaphore,
    writes: Semaphore,
    documents: Mutex<Documents>,
    openapi: openapi::Documents,
    metrics: Metrics,
}

/// The API as a tower service. The user of a request is in its extensions.
#[derive(Clone)]
pub struct Api(Arc<Shared>);

impl Api {
    /// Serves an engine.
    pub fn new(engine: Arc<Engine>, health: Health, authorizer: Arc<dyn Authorizer>, config: Config) -> Self {
        let permits = |n: usize| Semaphore::new(if n == 0 { Semaphore::MAX_PERMITS } else { n });
        Self(Arc::new(Shared {
            reads: permits(config.max_requests_inflight),
            writes: permits(config.max_mutating_requests_inflight),
            engine,
            health,
            authorizer,
            config,
            documents: Mutex::default(),
            openapi: openapi::Documents::default(),
            metrics: Metrics::default(),
        }))
    }

    /// Answers a request.
    pub async fn handle<B>(self, request: Request<B>) -> Response<Body>
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: std::fmt::Display,
    {
        let (parts, body) = request.into_parts();
        let audit = audit_id(&parts.headers);
        let head = parts.method == Method::HEAD;
        let query = Query::parse(parts.uri.query());
        let info = Info::new(&parts.method, parts.uri.path(), &query);
        let apply = negotiate::is_apply(&parts.headers);
        let labels = Labels::new(&self.0.engine, &parts.method, &info, query.get("dryRun") == Some("All"), apply);
        let begun = Instant::now();
        let response = self.admit(&parts, &query, &info, &labels, Incoming::new(body)).await;
        let (code, took, size) = (response.status().as_u16(), begun.elapsed(), response.body().size_hint().exact());
        self.0.metrics.answered(&labels, code, took, size);
        tracing::info!(
            verb = info.verb,
            uri = %parts.uri,
            code,
            latency_ms = took.as_secs_f64() * 1e3,
            bytes = size,
            user = parts.extensions.get::<User>().map_or(crate::access::ANONYMOUS, |u| u.name.as_str()),
            user_agent = parts.headers.get(USER_AGENT).and_then(|v| v.to_str().ok()),
            audit_id = audit.to_str().ok(),
            "request"
        );
        let mut response = respond::compress(&parts.headers, response).await;
        if head {
            let length = response.body().size_hint().exact();
            *response.body_mut() = Body::empty();
            if let Some(n) = length {
                response.headers_mut().insert(http::header::CONTENT_LENGTH, HeaderValue::from(n));
            }
        }
        complete(&mut response, audit);
        response
    }

    async fn admit(
        &self,
        parts: &request::Parts,
        query: &Query,
        info: &Info,
        labels: &Labels<'_>,
        body: Incoming,
    ) -> Response<Body> {
        let path = parts.uri.path();
        let for_errors = negotiate::for_errors(&parts.headers, query.get("pretty"));
        let long = info.verb == "watch";
        let limit = match self.deadline(query) {
            Ok(limit) => limit,
            // Whoever stays long says how long in another way.
            Err(status) if !long => return respond::error(&status, for_errors),
            Err(_) => Duration::MAX,
        };
        let user = parts.extensions.get::<User>().cloned().unwrap_or_else(User::anonymous);
        if let Err(status) = self.authorize(&user, info, path) {
            let mut refusal = respond::error(&status, for_errors);
            refusal.headers_mut().extend([respond::NOSNIFF]);
            return refusal;
        }
        let mutating = ["create", "update", "patch", "delete", "deletecollection"].contains(&info.verb.as_str());
        let lane = if mutating { &self.0.writes } else { &self.0.reads };
        let exempt = long || user.in_group(crate::access::MASTERS) || !info.resource_request;
        let _permit = if exempt {
            None
        } else {
            match lane.try_acquire() {
                Ok(p) => Some(p),
                Err(_) => return overloaded(),
            }
        };
        let agent = parts.headers.get(USER_AGENT).map(|v| String::from_utf8_lossy(v.as_bytes()));
        let ctx = Context::new(user, agent.unwrap_or_default().into_owned());
        let _in_flight = (!long).then(|| self.0.metrics.in_flight(mutating));
        let work = self.answer(parts, info, query, labels, body, &ctx);
        let answer = if long {
            work.await
        } else {
            match tokio::time::timeout(limit, work).await {
                Ok(answer) => answer,
                Err(_) => Ok(respond::timed_out()),
            }
        };
        let mut response = answer.unwrap_or_else(|status| respond::error(&status, for_errors));
        respond::warn(&mut response, &ctx.warnings());
        response
    }

    fn authorize(&self, user: &User, info: &Info, path: &str) -> Result<()> {
        let subresource = info.subresource.first().map(String::as_str).unwrap_or_default();
        let name = if info.name.is_empty() { &info.selected } else { &info.name };
        let attributes = Attributes {
            verb: &info.verb,
            group: &info.group,
            version: &info.version,
            resource: &info.resource,
            subresource,
            namespace: &info.namespace,
            name,
            path,
            is_resource: info.resource_request,
        };
        match self.0.authorizer.authorize(user, &attributes) {
            Decision::Allow => Ok(()),
            Decision::Deny(reason) => Err(forbidden(user, &attributes, &reason)),
            Decision::NoOpinion => Err(forbidden(user, &attributes, "")),
        }
    }

    /// How long a request may take: `timeout`, at most the server's own limit (R5).
    fn deadline(&self, query: &Query) -> Result<Duration> {
        let most = self.0.config.request_timeout;
        match query.get("timeout") {
            None | Some("") => Ok(most),
            Some(text) => match go_duration::parse(text) {
                Ok(d) if d.is_zero() || d > most => Ok(most),
                Ok(d) => Ok(d),
                Err(why) => {
                    Err(Status::bad_request(format!("invalid timeout specified in the request URL - time: {why}")))
                }
            },
        }
    }

    async fn answer(
        &self,
        parts: &request::Parts,
        info: &Info,
        query: &Query,
        labels: &Labels<'_>,
        mut body: Incoming,
        ctx: &Context,
    ) -> Result<Response<Body>> {
        if !info.resource_request {
            return if parts.uri.path().starts_with("/openapi/") {
                Ok(self.openapi(parts, query).await)
            } else {
                self.document(parts, query)
            };
        }
        let engine = &self.0.engine;
        if let Some(review) = Review::asked(info) {
            let raw = body.read().await?;
            return review.answer(parts, info, (&ctx.user, &*self.0.authorizer), &raw, &engine.now_text());
        }
        let timeout = self.0.config.min_request_timeout;
        let asked = resources::Asked { parts, info, query, body, labels, metrics: &self.0.metrics };
        resources::handle(engine, ctx, asked, timeout).await
    }

    fn document(&self, parts: &request::Parts, query: &Query) -> Result<Response<Body>> {
        let path = parts.uri.path();
        let plain = || negotiate::negotiate(&parts.headers, query.get("pretty"), Answer::Document);
        if let Some(r) = self.0.health.handle(path, parts.uri.query()) {
            return Ok(r.map(Body::from));
        }
        let trimmed = path.trim_end_matches('/');
        let segments: Vec<&str> = trimmed.split('/').skip(1).collect();
        if path.starts_with("//") {
            return Ok(respond::page_not_found());
        }
        let reads = [Method::GET, Method::HEAD].contains(&parts.method);
        if !reads && matches!(segments.as_slice(), ["version"] | ["api" | "apis"] | ["api", _]) {
            return Err(Status::no_such_method());
        }
        match segments.as_slice() {
            ["metrics"] => {
                let mut text = Response::new(Body::from(self.0.metrics.text(&self.0.engine)));
                text.headers_mut().insert(http::header::CONTENT_TYPE, HeaderValue::from_static(metrics::CONTENT));
                Ok(text)
            }
            ["version"] => Ok(respond::value(200, &version::document(), plain()?)),
            ["api" | "apis"] => self.root(segments[0] == "api", parts, query),
            ["api", v] => Ok(self.list(discovery::api_resource_list(&self.served(), "", v), plain()?)),
            ["apis", group] => Ok(self.list(discovery::api_group(&self.served(), group), plain()?)),
            ["apis", group, v] => Ok(self.list(discovery::api_resource_list(&self.served(), group, v), plain()?)),
            [] => {
                let mut paths = vec!["/api".to_owned(), "/apis".into()];
                for s in self.served().iter() {
                    let g = &s.definition.group;
                    for v in s.definition.versions.iter().filter(|v| v.served) {
                        let at =
                            if g.is_empty() { format!("/api/{}", v.name) } else { format!("/apis/{g}/{}", v.name) };
                        paths.push(at);
                    }
                    if !g.is_empty() {
                        paths.push(format!("/apis/{g}"));
                    }
                }
                paths.extend(
                    ["/healthz", "/livez", "/metrics", "/openapi/v2", "/openapi/v3", "/readyz", "/version"]
                        .map(str::to_owned),
                );
                paths.sort();
                paths.dedup();
                Ok(respond::value(200, &serde_json::json!({"paths": paths}), plain()?))
            }
            _ => Ok(respond::page_not_found()),
        }
    }

    /// Making a document can take long, so that is done beside the threads that answer requests.
    async fn openapi(&self, parts: &request::Parts, query: &Query) -> Response<Body> {
        let api = self.clone();
        let request = openapi::Request {
            path: parts.uri.path().to_owned(),
            headers: parts.headers.clone(),
            hash: query.get("hash").map(str::to_owned),
        };
        let work = tokio::task::spawn_blocking(move || {
            let (generation, served) = {
                let documents = api.documents();
                (documents.generation, documents.served.clone())
            };
            api.0.openapi.answer(generation, served, &request)
        });
        match work.await {
            Ok(Some(answer)) => answer.map(Body::from),
            Ok(None) => respond::nothing(404),
            Err(_) => respond::nothing(500),
        }
    }

    fn list(&self, document: Option<serde_json::Value>, accepted: Accepted) -> Response<Body> {
        match document {
            Some(v) => respond::value(200, &v, accepted),
            None => respond::page_not_found(),
        }
    }

    fn root(&self, core: bool, parts: &request::Parts, query: &Query) -> Result<Response<Body>> {
        let accepted = negotiate::negotiate(&parts.headers, query.get("pretty"), Answer::Discovery)?;
        let served = self.served();
        if accepted.form == Form::Discovery {
            let document = {
                let mut d = self.documents();
                let slot = if core { &mut d.core } else { &mut d.groups };
                slot.get_or_insert_with(|| Arc::new(discovery::Aggregated::new(&served, core))).clone()
            };
            let encode = |v: &serde_json::Value| respond::encoded(v, accepted);
            return Ok(document.answer(&parts.headers, accepted.encoding.media_type(), encode).map(Body::from));
        }
        let v = match core {
            true => discovery::api_versions(&served, host(parts)),
            false => discovery::api_group_list(&served),
        };
        Ok(respond::value(200, &v, accepted))
    }

    fn documents(&self) -> std::sync::MutexGuard<'_, Documents> {
        let mut d = self.0.documents.lock().unwrap_or_else(PoisonError::into_inner);
        let kinds = self.0.engine.kinds();
        if d.generation != Some(kinds.generation) {
            let served = kinds
                .all
                .values()
                .map(|s| discovery::Served { definition: s.definition.clone(), terminating: s.terminating })
                .chain(reviews::served())
                .collect();
            *d = Documents { generation: Some(kinds.generation), served: Arc::new(served), ..Documents::default() };
        }
        d
    }

    fn served(&self) -> Arc<Vec<discovery::Served>> {
        self.documents().served.clone()
    }
}

/// What the client reaches the server by.
fn host(parts: &request::Parts) -> &str {
    let header = parts.headers.get(http::header::HOST).and_then(|v| v.to_str().ok());
    header.or_else(|| parts.uri.authority().map(|a| a.as_str())).unwrap_or_default()
}

fn overloaded() -> Response<Body> {
    let mut r = respond::text(429, "Too many requests, please try again later.\n");
    r.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    r
}

impl<B> tower::Service<Request<B>> for Api
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: std::fmt::Display,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let api = self.clone();
        Box::pin(async move {
            // A panic is a bug of ours; the client gets an answer and the server goes on (R4).
            let work = std::panic::AssertUnwindSafe(api.handle(request));
            Ok(futures::FutureExt::catch_unwind(work).await.unwrap_or_else(|_| {
                tracing::error!("a request panicked");
                let mut r =
                    respond::text(500, "This request caused apiserver to panic. Look in the logs for details.\n");
                r.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                r
            }))
        })
    }
}
