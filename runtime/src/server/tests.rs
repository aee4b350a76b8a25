//! The server over a real socket: who is let in, and what shutdown does.

use super::{Bound, Config};
use crate::access::{Standalone, User};
use crate::api::health::{Health, Lifecycle};
use crate::api::{self, Api};
use crate::storage::Memory;
use crate::verbs::{self, Engine};
use base64::Engine as _;
use bytes::Bytes;
use futures::StreamExt;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

type Stream = tokio_rustls::client::TlsStream<tokio::net::TcpStream>;

async fn answer(request: Request<hyper::body::Incoming>) -> Result<Response<BoxBody<Bytes, Infallible>>, Infallible> {
    if request.uri().path() == "/watch" {
        let first = futures::stream::once(async { Ok(http_body::Frame::data(Bytes::from("event\n"))) });
        return Ok(Response::new(BoxBody::new(StreamBody::new(first.chain(futures::stream::pending())))));
    }
    if request.uri().path() == "/slow" {
        let body = request.into_body().collect().await.map(|b| b.to_bytes()).unwrap_or_default();
        return Ok(Response::new(BoxBody::new(Full::new(body))));
    }
    let name = request.extensions().get::<User>().map(|u| u.name.clone()).unwrap_or_default();
    Ok(Response::new(BoxBody::new(Full::new(Bytes::from(name)))))
}

struct Running {
    address: std::net::SocketAddr,
    kubeconfig: String,
    lifecycle: Lifecycle,
    done: tokio::task::JoinHandle<()>,
    _dir: tempfile::TempDir,
}

async fn start() -> Running {
    start_with(tower::service_fn(answer)).await
}

async fn start_with<S, B>(service: S) -> Running
where
    S: tower::Service<Request<hyper::body::Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: std::error::Error + Send + Sync + 'static,
    B: http_body::Body<Data = Bytes, Error = Infallible> + Send + Unpin + 'static,
{
    let dir = tempfile::tempdir().expect("a directory");
    let config = Config { secure_port: 0, ..Config::new(dir.path().join("data")) };
    let bound: Bound = config.complete().expect("complete").bind().await.expect("bound");
    let (address, lifecycle) = (bound.address(), Lifecycle::new());
    let kubeconfig = std::fs::read_to_string(bound.kubeconfig()).expect("a kubeconfig");
    let serving = bound.serve(service, lifecycle.clone(), Duration::from_secs(5));
    Running { address, kubeconfig, lifecycle, done: tokio::spawn(serving), _dir: dir }
}

impl Running {
    fn pem(&self, field: &str) -> Vec<u8> {
        let line = self.kubeconfig.lines().find_map(|l| l.trim().strip_prefix(field)).expect("the field");
        base64::prelude::BASE64_STANDARD.decode(line.trim()).expect("base64")
    }

    fn admin(&self) -> (Vec<u8>, Vec<u8>) {
        (self.pem("client-certificate-data: "), self.pem("client-key-data: "))
    }

    async fn connect(&self, certificate: Option<(Vec<u8>, Vec<u8>)>) -> Stream {
        self.connect_by(certificate, b"http/1.1").await
    }

    async fn connect_by(&self, certificate: Option<(Vec<u8>, Vec<u8>)>, protocol: &[u8]) -> Stream {
        let mut roots = rustls::RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_slice(&self.pem("certificate-authority-data: ")).expect("a CA"))
            .expect("added");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots);
        let mut config = match certificate {
            None => builder.with_no_client_auth(),
            Some((cert, key)) => builder
                .with_client_auth_cert(
                    vec![CertificateDer::from_pem_slice(&cert).expect("a certificate")],
                    PrivateKeyDer::from_pem_slice(&key).expect("a key"),
                )
                .expect("a pair"),
        };
        config.alpn_protocols = vec![protocol.to_vec()];
        let stream = tokio::net::TcpStream::connect(self.address).await.expect("connected");
        let name = ServerName::try_from("127.0.0.1").expect("an address");
        tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, stream).await.expect("TLS")
    }
}

async fn get(stream: &mut Stream, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("written");
    let mut text = Vec::new();
    let _ = stream.read_to_end(&mut text).await;
    String::from_utf8_lossy(&text).into_owned()
}

#[tokio::test]
async fn who_speaks_without_tls_is_told_so() {
    let running = start().await;
    let mut stream = tokio::net::TcpStream::connect(running.address).await.expect("connected");
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("written");
    let mut text = Vec::new();
    let _ = stream.read_to_end(&mut text).await;
    assert!(String::from_utf8_lossy(&text).ends_with("\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"));
}

#[tokio::test]
async fn the_admin_certificate_an_absent_one_and_a_foreign_one() {
    let server = start().await;
    let text = get(&mut server.connect(Some(server.admin())).await, "/").await;
    assert!(text.ends_with("kubegraft-admin"), "{text}");
    let text = get(&mut server.connect(None).await, "/").await;
    assert!(text.ends_with("system:anonymous"), "{text}");
    let key = rcgen::KeyPair::generate().expect("a key");
    let foreign = rcgen::CertificateParams::default().self_signed(&key).expect("a certificate");
    let foreign = (foreign.pem().into_bytes(), key.serialize_pem().into_bytes());
    let text = get(&mut server.connect(Some(foreign)).await, "/").await;
    assert!(text.starts_with("HTTP/1.1 401"), "{text}");
}

#[tokio::test]
async fn shutdown_ends_streams_cleanly_and_then_the_server() {
    let server = start().await;
    let mut stream = server.connect(None).await;
    stream.write_all(b"GET /watch HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("written");
    let mut seen = String::new();
    while !seen.contains("event") {
        let mut buffer = [0; 1024];
        let n = stream.read(&mut buffer).await.expect("read");
        seen += &String::from_utf8_lossy(&buffer[..n]);
    }
    server.lifecycle.begin_shutdown();
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    assert_eq!(String::from_utf8_lossy(&rest), "0\r\n\r\n");
    tokio::time::timeout(Duration::from_secs(4), server.done).await.expect("in time").expect("no panic");
    assert!(tokio::net::TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn a_request_that_was_begun_before_shutdown_is_answered() {
    let server = start().await;
    let mut stream = server.connect(None).await;
    stream.write_all(b"POST /slow HTTP/1.1\r\nhost: x\r\ncontent-length: 8\r\n\r\nhalf").await.expect("written");
    tokio::time::sleep(Duration::from_millis(50)).await;
    server.lifecycle.begin_shutdown();
    tokio::time::sleep(Duration::from_millis(50)).await;
    stream.write_all(b"done").await.expect("written");
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    let rest = String::from_utf8_lossy(&rest);
    assert!(rest.starts_with("HTTP/1.1 200") && rest.ends_with("halfdone"), "{rest}");
    tokio::time::timeout(Duration::from_secs(4), server.done).await.expect("in time").expect("no panic");
}

/// One connection of HTTP/2 to a real API on a store in memory.
async fn multiplexed() -> (Running, hyper::client::conn::http2::SendRequest<Full<Bytes>>) {
    let engine = Engine::start(Arc::new(Memory::new()), verbs::Config::default()).await.expect("an engine");
    let config =
        api::Config { max_requests_inflight: 10, max_mutating_requests_inflight: 10, ..api::Config::default() };
    let api = Api::new(engine, Health::new(Lifecycle::new()), Arc::new(Standalone), config);
    let server = start_with(api).await;
    let stream = server.connect_by(Some(server.admin()), b"h2").await;
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (sender, connection) = handshake.await.expect("HTTP/2");
    tokio::spawn(connection);
    (server, sender)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_carries_900_watches_and_the_writes_they_tell_of() {
    const WATCHES: usize = 900;
    let (server, sender) = multiplexed().await;
    let send = |method: &str, path: String, body: String| {
        let request = Request::builder().method(method).uri(format!("https://127.0.0.1{path}")).body(Full::from(body));
        let mut sender = sender.clone();
        async move {
            let answer =
                tokio::time::timeout(Duration::from_secs(60), sender.send_request(request.expect("a request")));
            answer.await.expect("in time").expect("an answer")
        }
    };
    // Watches count as no requests in flight, else most of these were turned away.
    let watch =
        |i| send("GET", format!("/api/v1/namespaces?watch=1&fieldSelector=metadata.name%3Dn{i}"), String::new());
    let watches: Vec<_> = futures::future::join_all((0..WATCHES).map(watch)).await;
    assert!(watches.iter().all(|w| w.status() == 200), "a watch is refused");
    let create = |i| {
        let body = format!(r#"{{"apiVersion":"v1","kind":"Namespace","metadata":{{"name":"n{i}"}}}}"#);
        send("POST", "/api/v1/namespaces".into(), body)
    };
    let made = futures::stream::iter((0..WATCHES).map(create)).buffer_unordered(80);
    let made: Vec<_> = made.map(|r| r.status().as_u16()).collect().await;
    assert!(made.iter().all(|code| *code == 201), "{made:?}");
    let told = watches.into_iter().enumerate().map(|(i, watch)| async move {
        let mut body = watch.into_body();
        let frame = tokio::time::timeout(Duration::from_secs(60), body.frame()).await.expect("in time");
        let text = frame.expect("an event").expect("a frame").into_data().expect("data");
        let text = String::from_utf8_lossy(&text).into_owned();
        assert!(text.starts_with(r#"{"type":"ADDED""#) && text.contains(&format!(r#""name":"n{i}""#)), "{i}: {text}");
        body
    });
    let bodies: Vec<_> = futures::future::join_all(told).await;
    server.lifecycle.begin_shutdown();
    for body in bodies {
        let rest = tokio::time::timeout(Duration::from_secs(10), body.collect()).await.expect("in time");
        assert_eq!(rest.expect("a watch that ends as a stream ends").to_bytes().len(), 0);
    }
    tokio::time::timeout(Duration::from_secs(5), server.done).await.expect("in time").expect("no panic");
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let server = start().await;
    let dir = tempfile::tempdir().expect("a directory");
    let config = Config { secure_port: server.address.port(), ..Config::new(dir.path()) };
    let error = config.complete().expect("complete").bind().await.err().expect("in use").to_string();
    assert!(error.starts_with("--secure-port: port") && error.contains("in use"), "{error}");
}
