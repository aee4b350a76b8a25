//! What the commands share that speak to a running server: which one and as whom, by a kubeconfig; and requests to it. What is
//! asked for is theirs.

use super::Failure;
use clap::Args;
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde_json::Value;
use std::path::PathBuf;
use std::time::Duration;

/// Where definitions are.
pub(super) const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

const JSON: &str = "application/json";

/// How often a request is made that the server is too busy for, or that does not reach it.
const TRIES: u32 = 6;

/// A running server, as kubectl is told of one.
#[derive(Args, Default)]
pub(super) struct Access {
    /// Kubeconfig for a running server [default: $KUBECONFIG, ~/.kube/config]
    #[arg(long, value_name = "FILE", help_heading = "Running server")]
    pub(super) kubeconfig: Option<PathBuf>,
    /// Its context [default: the current one]
    #[arg(long, value_name = "NAME", help_heading = "Running server")]
    pub(super) context: Option<String>,
}

impl Access {
    /// Whether a server is meant at all.
    pub(super) fn is_given(&self) -> bool {
        self.kubeconfig.is_some() || self.context.is_some()
    }
}

/// A running server.
pub(super) struct Remote {
    client: kube::Client,
    url: String,
}

impl Remote {
    /// The server of the kubeconfig; that of this URL, if one is given.
    pub(super) async fn connect(access: &Access, url: Option<&str>) -> Result<Self, Failure> {
        let kubeconfig = match &access.kubeconfig {
            Some(file) => Kubeconfig::read_from(file).map_err(|e| format!("--kubeconfig: {}: {e}", file.display()))?,
            None => Kubeconfig::read().map_err(|e| format!("there is no kubeconfig: {e}; name one by --kubeconfig"))?,
        };
        let context = match (&access.context, url) {
            (Some(context), _) => Some(context.clone()),
            (None, Some(url)) => Some(context_of(&kubeconfig, url)?),
            (None, None) => None,
        };
        let options = KubeConfigOptions { context, ..KubeConfigOptions::default() };
        let config = kube::Config::from_custom_kubeconfig(kubeconfig, &options).await;
        let config = config.map_err(|e| format!("the kubeconfig cannot be used: {e}"))?;
        let at = config.cluster_url.to_string();
        if let Some(url) = url.filter(|url| !same(url, &at)) {
            return Err(format!("{url}: the context is of {at}; name one that is of this server").into());
        }
        let client = kube::Client::try_from(config).map_err(|e| format!("{at} cannot be reached: {e}"))?;
        Ok(Self { client, url: at.trim_end_matches('/').to_owned() })
    }

    /// A request and its answer, whatever its code. One that the server is too busy for is made again.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        patch: Option<&Value>,
    ) -> Result<(StatusCode, Value), Failure> {
        // Of a definition all is read, of other objects only what they are named.
        let accept = match method {
            _ if path.starts_with(DEFINITIONS) => JSON,
            Method::GET => "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
            _ => "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
        };
        self.ask(&method, path, accept, patch).await
    }

    /// A document of discovery or OpenAPI.
    pub(super) async fn document(&self, path: &str) -> Result<Value, Failure> {
        let (code, document) = self.ask(&Method::GET, path, JSON, None).await?;
        if code.is_success() {
            return Ok(document);
        }
        Err(format!("{}{path}: {}", self.url, why(code, &document)).into())
    }

    async fn ask(
        &self,
        method: &Method,
        path: &str,
        accept: &str,
        patch: Option<&Value>,
    ) -> Result<(StatusCode, Value), Failure> {
        let mut wait = Duration::from_millis(100);
        for tries in 1.. {
            let why = match self.try_ask(method, path, accept, patch).await {
                Ok((code, _)) if busy(code) && tries < TRIES => code.to_string(),
                Ok(answer) => return Ok(answer),
                Err(e) => e.to_string(),
            };
            if tries >= TRIES {
                return Err(format!("{}: {why}", self.url).into());
            }
            tokio::time::sleep(wait).await;
            wait *= 2;
        }
        Err(format!("{}: no answer", self.url).into())
    }

    async fn try_ask(
        &self,
        method: &Method,
        path: &str,
        accept: &str,
        patch: Option<&Value>,
    ) -> Result<(StatusCode, Value), Failure> {
        let mut request = Request::builder().method(method.clone()).uri(path).header(header::ACCEPT, accept);
        if patch.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/merge-patch+json");
        }
        let request = request.body(patch.map(Value::to_string).unwrap_or_default().into_bytes().into())?;
        let answer = self.client.send(request).await?;
        let code = answer.status();
        let bytes = answer.into_body().collect().await?.to_bytes();
        // What is no JSON is an error of something before the server.
        Ok((code, serde_json::from_slice(&bytes).unwrap_or_default()))
    }

    /// The CustomResourceDefinitions of the server; `None` when it serves none.
    pub(super) async fn definitions(&self) -> Result<Option<Vec<Value>>, Failure> {
        let (code, mut list) = self.call(Method::GET, DEFINITIONS, None).await?;
        if code == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        if !code.is_success() {
            return Err(format!("{}: its definitions: {}", self.url, why(code, &list)).into());
        }
        let Some(Value::Array(mut items)) = list.get_mut("items").map(Value::take) else { return Ok(Some(Vec::new())) };
        for item in items.iter_mut().filter_map(Value::as_object_mut) {
            item.insert("apiVersion".into(), "apiextensions.k8s.io/v1".into());
            item.insert("kind".into(), "CustomResourceDefinition".into());
        }
        Ok(Some(items))
    }

    /// Where it is.
    pub(super) fn url(&self) -> &str {
        &self.url
    }
}

/// What a server says of a refusal.
pub(super) fn why(code: StatusCode, status: &Value) -> String {
    status.get("message").and_then(Value::as_str).map_or_else(|| code.to_string(), str::to_owned)
}

fn busy(code: StatusCode) -> bool {
    matches!(code.as_u16(), 429 | 502 | 503 | 504)
}

fn same(a: &str, b: &str) -> bool {
    a.trim_end_matches('/') == b.trim_end_matches('/')
}

/// The context of the server at this URL; the current one, if it is one of them.
fn context_of(kubeconfig: &Kubeconfig, url: &str) -> Result<String, Failure> {
    let clusters = kubeconfig
        .clusters
        .iter()
        .filter(|c| c.cluster.as_ref().and_then(|c| c.server.as_deref()).is_some_and(|server| same(server, url)));
    let clusters: Vec<&str> = clusters.map(|c| c.name.as_str()).collect();
    let of =
        |c: &&kube::config::NamedContext| c.context.as_ref().is_some_and(|c| clusters.contains(&c.cluster.as_str()));
    let all: Vec<&str> = kubeconfig.contexts.iter().filter(of).map(|c| c.name.as_str()).collect();
    let current = kubeconfig.current_context.as_deref().filter(|c| all.contains(c));
    let found = current.or(all.first().copied());
    found.map(str::to_owned).ok_or_else(|| format!("{url}: no context of the kubeconfig is of this server").into())
}
