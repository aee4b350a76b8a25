//! The server over a real socket: who is let in, and what shutdown does.

use super::{Bound, Config};
use crate::access::User;
use crate::api::health::Lifecycle;
use base64::Engine;
use bytes::Bytes;
use futures::StreamExt;
use http::{Request, Response};
use http_body_util::{Full, StreamBody, combinators::BoxBody};
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
    let dir = tempfile::tempdir().expect("a directory");
    let config = Config { secure_port: 0, ..Config::new(dir.path().join("data")) };
    let bound: Bound = config.complete().expect("complete").bind().await.expect("bound");
    let (address, lifecycle) = (bound.address(), Lifecycle::new());
    let kubeconfig = std::fs::read_to_string(bound.kubeconfig()).expect("a kubeconfig");
    let serving = bound.serve(tower::service_fn(answer), lifecycle.clone(), Duration::from_secs(5));
    Running { address, kubeconfig, lifecycle, done: tokio::spawn(serving), _dir: dir }
}

impl Running {
    fn pem(&self, field: &str) -> Vec<u8> {
        let line = self.kubeconfig.lines().find_map(|l| l.trim().strip_prefix(field)).expect("the field");
        base64::prelude::BASE64_STANDARD.decode(line.trim()).expect("base64")
    }

    async fn connect(&self, certificate: Option<(Vec<u8>, Vec<u8>)>) -> Stream {
        let mut roots = rustls::RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_slice(&self.pem("certificate-authority-data: ")).expect("a CA"))
            .expect("added");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots);
        let config = match certificate {
            None => builder.with_no_client_auth(),
            Some((cert, key)) => builder
                .with_client_auth_cert(
                    vec![CertificateDer::from_pem_slice(&cert).expect("a certificate")],
                    PrivateKeyDer::from_pem_slice(&key).expect("a key"),
                )
                .expect("a pair"),
        };
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
async fn the_admin_certificate_an_absent_one_and_a_foreign_one() {
    let server = start().await;
    let admin = (server.pem("client-certificate-data: "), server.pem("client-key-data: "));
    let text = get(&mut server.connect(Some(admin)).await, "/").await;
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
async fn a_port_in_use_is_named() {
    let server = start().await;
    let dir = tempfile::tempdir().expect("a directory");
    let config = Config { secure_port: server.address.port(), ..Config::new(dir.path()) };
    let error = config.complete().expect("complete").bind().await.err().expect("in use").to_string();
    assert!(error.starts_with("--secure-port: port") && error.contains("in use"), "{error}");
}
