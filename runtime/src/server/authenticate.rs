//! The tower service that finds the user of each request, puts it into the request's extensions and takes the credentials
//! out; a request that nobody vouches for ends here with 401.

use crate::access::Authenticator;
use crate::api;
use crate::api::body::Body;
use crate::status::Status;
use http::header::AUTHORIZATION;
use http::{Request, Response, request};
use http_body_util::Either;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tower::Service;

/// Wraps a service.
#[derive(Clone)]
pub struct Authenticate<S> {
    inner: S,
    authenticator: Arc<dyn Authenticator>,
}

impl<S> Authenticate<S> {
    /// In front of `inner`.
    pub fn new(inner: S, authenticator: Arc<dyn Authenticator>) -> Self {
        Self { inner, authenticator }
    }
}

impl<S, R, B> Service<Request<R>> for Authenticate<S>
where
    S: Service<Request<R>, Response = Response<B>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    B: 'static,
{
    type Response = Response<Either<Body, B>>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<R>) -> Self::Future {
        let (mut parts, body) = request.into_parts();
        let refused = |parts: &request::Parts| -> Self::Future {
            let answer = api::refusal(parts, &Status::unauthorized());
            Box::pin(async move { Ok(answer.map(Either::Left)) })
        };
        let user = match self.authenticator.authenticate(&parts) {
            Ok(Some(user)) => user,
            Ok(None) => return refused(&parts),
            Err(cause) => {
                tracing::info!(%cause, path = parts.uri.path(), "request not authenticated");
                return refused(&parts);
            }
        };
        parts.headers.remove(AUTHORIZATION);
        parts.extensions.insert(user);
        let answer = self.inner.call(Request::from_parts(parts, body));
        Box::pin(async move { Ok(answer.await?.map(Either::Right)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Bearer, Union, User};
    use bytes::Bytes;
    use http_body_util::{BodyExt, Full};

    async fn ask(header: Option<&str>) -> (u16, serde_json::Value) {
        let seen = tower::service_fn(|r: Request<()>| async move {
            let name = r.extensions().get::<User>().map(|u| u.name.clone()).unwrap_or_default();
            Ok::<_, std::convert::Infallible>(Response::new(Full::new(Bytes::from(format!("{name:?}")))))
        });
        let union = Union::new().with(Bearer(())).anonymous(true);
        let mut request = Request::builder();
        if let Some(v) = header {
            request = request.header(AUTHORIZATION, v);
        }
        let mut service = Authenticate::new(seen, Arc::new(union));
        let answer = service.call(request.body(()).expect("a request")).await.expect("infallible");
        let code = answer.status().as_u16();
        let body = answer.into_body().collect().await.expect("in memory").to_bytes();
        (code, serde_json::from_slice(&body).expect("JSON"))
    }

    #[tokio::test]
    async fn the_user_travels_in_the_extensions_and_bad_credentials_end_in_401() {
        assert_eq!(ask(None).await, (200, "system:anonymous".into()));
        let want = serde_json::json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": "Unauthorized", "reason": "Unauthorized", "code": 401});
        assert_eq!(ask(Some("Bearer nope")).await, (401, want));
    }
}
