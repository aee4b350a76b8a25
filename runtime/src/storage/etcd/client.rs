//! Calls to an etcd cluster over gRPC: which endpoint is asked, when another one is tried, and what etcd's errors mean.

use super::Options;
use super::wire::{
    Ask, RangeRequest, RangeResponse, StatusRequest, StatusResponse, WatchCreateRequest, WatchRequest, WatchResponse,
};
use crate::storage::contract::Error;
use bytes::Bytes;
use futures::channel::mpsc;
use http::uri::PathAndQuery;
use prost::Message;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tonic::client::Grpc;
use tonic::metadata::MetadataValue;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Code, Request, Status, Streaming};
use tonic_prost::ProstCodec;

/// A call's patience: an election takes one to three seconds.
const PATIENCE: Duration = Duration::from_secs(8);
const CONNECT: Duration = Duration::from_secs(3);
const KEEP_ALIVE: Duration = Duration::from_secs(5);
/// Between attempts.
const PAUSE: Duration = Duration::from_millis(100);

/// The endpoints of a cluster, one of which is asked until it fails.
#[derive(Clone)]
pub(super) struct Client {
    endpoints: Arc<[(String, Channel)]>,
    current: Arc<AtomicUsize>,
}

impl Client {
    /// Makes the channels; nothing is connected yet.
    pub(super) fn new(options: &Options) -> Result<Self, Error> {
        if options.servers.is_empty() {
            return Err(Error::Unavailable("--etcd-servers: names no server".into()));
        }
        let pem = |flag: &str, path: &Option<std::path::PathBuf>| match path {
            None => Ok(None),
            Some(p) => std::fs::read(p)
                .map(Some)
                .map_err(|e| Error::Unavailable(format!("{flag}: cannot read {}: {e}", p.display()))),
        };
        let ca = pem("--etcd-cafile", &options.ca)?;
        let (cert, key) = (pem("--etcd-certfile", &options.cert)?, pem("--etcd-keyfile", &options.key)?);
        let identity = match (cert, key) {
            (Some(cert), Some(key)) => Some(Identity::from_pem(cert, key)),
            (None, None) => None,
            _ => return Err(Error::Unavailable("--etcd-certfile and --etcd-keyfile belong together".into())),
        };
        let channel = |server: &String| {
            let bad = |e: &dyn std::fmt::Display| Error::Unavailable(format!("--etcd-servers: {server}: {e}"));
            let url = if server.contains("://") { server.clone() } else { format!("http://{server}") };
            let mut endpoint = Endpoint::from_shared(url.clone())
                .map_err(|e| bad(&e))?
                .connect_timeout(CONNECT)
                .tcp_nodelay(true)
                .initial_stream_window_size(4 << 20)
                .initial_connection_window_size(8 << 20)
                .http2_keep_alive_interval(KEEP_ALIVE)
                .keep_alive_timeout(KEEP_ALIVE)
                .keep_alive_while_idle(true);
            if url.starts_with("https://") {
                let Some(ca) = &ca else {
                    return Err(bad(&"an https server needs --etcd-cafile, the CA of its certificate"));
                };
                let mut tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(ca));
                if let Some(identity) = &identity {
                    tls = tls.identity(identity.clone());
                }
                endpoint = endpoint.tls_config(tls).map_err(|e| bad(&chain(&e)))?;
            }
            Ok((server.clone(), endpoint.connect_lazy()))
        };
        let endpoints = options.servers.iter().map(channel).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { endpoints: endpoints.into(), current: Arc::default() })
    }

    fn endpoint(&self) -> (usize, &str, Grpc<Channel>) {
        let i = self.current.load(Ordering::Relaxed) % self.endpoints.len();
        let (name, channel) = &self.endpoints[i];
        // A list of large objects is one answer; etcd bounds what may be stored, not what is read.
        let grpc = Grpc::new(channel.clone()).max_decoding_message_size(usize::MAX);
        (i, name, grpc)
    }

    /// The next call goes to another endpoint, unless somebody has moved on already.
    fn leave(&self, failed: usize) {
        let n = self.endpoints.len();
        let current = self.current.load(Ordering::Relaxed);
        if current % n == failed {
            let _ = self.current.compare_exchange(current, failed + 1, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    /// A call that may be made again: it changes nothing, or nothing more when repeated.
    pub(super) async fn read<Q: Message + Clone + 'static, A: Message + Default + 'static>(
        &self,
        path: &'static str,
        request: Q,
    ) -> Result<A, Status> {
        self.call(path, request, true).await
    }

    /// A call that is made again only when it is known not to have reached etcd's log.
    pub(super) async fn write<Q: Message + Clone + 'static, A: Message + Default + 'static>(
        &self,
        path: &'static str,
        request: Q,
    ) -> Result<A, Status> {
        self.call(path, request, false).await
    }

    async fn call<Q: Message + Clone + 'static, A: Message + Default + 'static>(
        &self,
        path: &'static str,
        request: Q,
        repeatable: bool,
    ) -> Result<A, Status> {
        let end = Instant::now() + PATIENCE;
        loop {
            let (at, name, mut grpc) = self.endpoint();
            let attempt = async {
                grpc.ready().await.map_err(|e| Status::unavailable(chain(&e)))?;
                let codec = ProstCodec::<Q, A>::default();
                let path = PathAndQuery::from_static(path);
                grpc.unary(Request::new(request.clone()), path, codec).await
            };
            let left = end.saturating_duration_since(Instant::now());
            let status = match tokio::time::timeout(left, attempt).await {
                Ok(Ok(answer)) => return Ok(answer.into_inner()),
                Ok(Err(status)) => status,
                Err(_) => Status::deadline_exceeded(format!("no answer within {} seconds", PATIENCE.as_secs())),
            };
            let elsewhere = matches!(status.code(), Code::Unavailable | Code::DeadlineExceeded | Code::Unknown);
            if elsewhere {
                self.leave(at);
            }
            let again = elsewhere && (repeatable || unsent(&status));
            if !again || Instant::now() + PAUSE >= end {
                let message = format!("etcd at {name}: {}", words(&status));
                return Err(Status::new(status.code(), message));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Opens a watch stream: what is sent to the returned sender is asked.
    pub(super) async fn watch(
        &self,
        first: Ask,
    ) -> Result<(mpsc::Sender<WatchRequest>, Streaming<WatchResponse>), Status> {
        let (at, name, mut grpc) = self.endpoint();
        let (mut asks, requests) = mpsc::channel(16);
        let _ = asks.try_send(WatchRequest { ask: Some(first) });
        let mut request = Request::new(requests);
        // A member that has lost its leader ends the stream instead of falling silent.
        request.metadata_mut().insert("hasleader", MetadataValue::from_static("true"));
        let open = async {
            grpc.ready().await.map_err(|e| Status::unavailable(chain(&e)))?;
            let codec = ProstCodec::<WatchRequest, WatchResponse>::default();
            grpc.streaming(request, PathAndQuery::from_static("/etcdserverpb.Watch/Watch"), codec).await
        };
        let opened = match tokio::time::timeout(PATIENCE, open).await {
            Ok(opened) => opened,
            Err(_) => Err(Status::deadline_exceeded("the watch is not answered")),
        };
        match opened {
            Ok(answer) => Ok((asks, answer.into_inner())),
            Err(status) => {
                self.leave(at);
                Err(Status::new(status.code(), format!("etcd at {name}: {}", words(&status))))
            }
        }
    }

    /// The stream broke: the next one is opened elsewhere.
    pub(super) fn move_on(&self) {
        self.leave(self.current.load(Ordering::Relaxed) % self.endpoints.len());
    }

    pub(super) async fn range(&self, request: RangeRequest) -> Result<RangeResponse, Status> {
        self.read("/etcdserverpb.KV/Range", request).await
    }

    /// Up to where etcd has compacted, when it is known to have: a watch from the beginning is told.
    pub(super) async fn compacted(&self, key: Bytes) -> Result<i64, Status> {
        let create = WatchCreateRequest { key, start_revision: 1, progress_notify: true, ..Default::default() };
        let (_asks, mut answers) = self.watch(Ask::Create(create)).await?;
        let answered = tokio::time::timeout(PATIENCE, async {
            while let Some(answer) = answers.message().await? {
                if answer.canceled && answer.compact_revision > 0 {
                    return Ok(answer.compact_revision);
                }
            }
            Err(Status::unavailable("etcd ended the watch that asks for its compaction"))
        });
        answered.await.unwrap_or_else(|_| Err(Status::deadline_exceeded("etcd does not say what is compacted")))
    }

    /// The version of a member's program.
    pub(super) async fn version(&self) -> Result<String, Status> {
        let status: StatusResponse = self.read("/etcdserverpb.Maintenance/Status", StatusRequest {}).await?;
        Ok(status.version)
    }
}

/// Whether a failed call is known to have changed nothing.
fn unsent(status: &Status) -> bool {
    let mut source = std::error::Error::source(status);
    while let Some(e) = source {
        if e.is::<tonic::ConnectError>() {
            return true;
        }
        source = e.source();
    }
    ["etcdserver: no leader", "etcdserver: not capable"].contains(&status.message())
}

fn words(status: &Status) -> String {
    let mut text = status.message().to_owned();
    if let Some(e) = std::error::Error::source(status) {
        text = format!("{text}: {}", chain(e));
    }
    text
}

/// An error with its causes: what a TLS library has to say is in the last one.
fn chain(e: &dyn std::error::Error) -> String {
    let mut text = e.to_string();
    let mut source = e.source();
    while let Some(e) = source {
        let more = e.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        source = e.source();
    }
    text
}

/// What etcd says of a revision.
pub(super) enum Refusal {
    Compacted,
    Future,
    Other(Error),
}

/// What etcd says of a value that is larger than it takes, and of one that it could not even be sent.
const TOO_LARGE: [&str; 2] = ["etcdserver: request is too large", "trying to send message larger than max"];

/// Reads an error of etcd. Its texts are part of its API: clients of every language tell errors apart by them.
pub(super) fn refusal(status: &Status) -> Refusal {
    let text = status.message();
    if text.contains("required revision has been compacted") {
        Refusal::Compacted
    } else if text.contains("required revision is a future revision") {
        Refusal::Future
    } else if text.contains("database space exceeded") {
        Refusal::Other(Error::NoSpace(text.to_owned()))
    } else if let Some(at) = TOO_LARGE.iter().find_map(|words| text.find(words)) {
        // In etcd's words alone, which clients of kube-apiserver know.
        Refusal::Other(Error::TooLarge(text[at..].to_owned()))
    } else {
        Refusal::Other(Error::Unavailable(text.to_owned()))
    }
}
