//! The HTTP service: what every request passes on its way in and out (R1), then the documents of the server or a handler
//! of `resources`.

use super::body::{Body, Incoming};
use super::documents::Documents;
use super::health::Health;
use super::metrics::{Labels, Metrics};
use super::query::Query;
use super::request::{Info, Unreadable};
use super::reviews::Review;
use super::{go_duration, impersonate, negotiate, resources, respond};
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
use std::sync::Arc;
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

struct Shared {
    engine: Arc<Engine>,
    documents: Documents,
    authorizer: Arc<dyn Authorizer>,
    config: Config,
    reads: Semaphore,
    writes: Semaphore,
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
            documents: Documents::new(engine.clone(), health),
            engine,
            authorizer,
            config,
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
        let info = match Info::new(&parts.method, parts.uri.path(), &query) {
            Ok(info) => info,
            Err(why) => {
                let mut response = unreadable(why, &parts.uri);
                complete(&mut response, audit);
                return response;
            }
        };
        let apply = negotiate::is_apply(&parts.headers);
        let labels = Labels::new(&self.0.engine, &parts.method, &info, query.get("dryRun") == Some("All"), apply);
        let begun = Instant::now();
        let response = self.admit(&parts, &query, &info, (&labels, begun), Incoming::new(body)).await;
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
        (labels, begun): (&Labels<'_>, Instant),
        body: Incoming,
    ) -> Response<Body> {
        let for_errors = negotiate::for_errors(&parts.headers, query.get("pretty"));
        let long = info.verb == "watch";
        let limit = match self.deadline(query) {
            Ok(limit) => limit,
            // Whoever stays long says how long in another way.
            Err(status) if !long => return respond::error(&status, for_errors),
            Err(_) => Duration::MAX,
        };
        let asking = parts.extensions.get::<User>().cloned().unwrap_or_else(User::anonymous);
        let user = match self.authorize(parts, asking, info) {
            Ok(user) => user,
            Err(status) => {
                let mut refusal = respond::error(&status, for_errors);
                refusal.headers_mut().extend([respond::NOSNIFF]);
                return refusal;
            }
        };
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
            // The time runs since the request came in: one that is too short for anything is over before the work begins.
            let limit = limit.saturating_sub(begun.elapsed());
            let work = async { if limit.is_zero() { std::future::pending().await } else { work.await } };
            match tokio::time::timeout(limit, work).await {
                Ok(answer) => answer,
                Err(_) => Ok(respond::timed_out()),
            }
        };
        let mut response = answer.unwrap_or_else(|status| respond::error(&status, for_errors));
        respond::warn(&mut response, &ctx.warnings());
        response
    }

    /// Who a request is made as, who may make it.
    fn authorize(&self, parts: &request::Parts, asking: User, info: &Info) -> Result<User> {
        let user = impersonate::user(&parts.headers, &asking, &*self.0.authorizer)?.unwrap_or(asking);
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
            path: &info.path,
            is_resource: info.resource_request,
        };
        match self.0.authorizer.authorize(&user, &attributes) {
            Decision::Allow => Ok(user),
            Decision::Deny(reason) => Err(forbidden(&user, &attributes, &reason)),
            Decision::NoOpinion => Err(forbidden(&user, &attributes, "")),
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
            return self.0.documents.answer(parts, info, query, &self.0.metrics).await;
        }
        let engine = &self.0.engine;
        if let Some(review) = Review::asked(info) {
            let who = (&ctx.user, &*self.0.authorizer);
            return review.answer(parts, query, &mut body, who, &engine.now_text()).await;
        }
        let timeout = self.0.config.min_request_timeout;
        let asked = resources::Asked { parts, info, query, body, labels, metrics: &self.0.metrics };
        resources::handle(engine, ctx, asked, timeout).await
    }
}

/// The answer to a path that is not understood, in upstream's words: those of Go's server, or of its own innards.
fn unreadable(why: Unreadable, uri: &http::Uri) -> Response<Body> {
    match why {
        Unreadable::Escape => {
            let mut refused = respond::text(400, "400 Bad Request");
            refused.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            refused
        }
        Unreadable::Prefix => {
            let asked = uri.path_and_query().map_or("", |p| p.as_str()).replace('&', "&amp;");
            let why = "failed to create RequestInfo: unable to determine kind and namespace from url";
            respond::text(500, format!("Internal Server Error: {asked:?}: {why}, {asked}\n"))
        }
    }
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
