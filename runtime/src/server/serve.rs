//! The bound socket and the accept loop: TLS handshake, HTTP/1.1 or HTTP/2 by ALPN, drain at shutdown.

use super::authenticate::Authenticate;
use super::config::{Completed, Error, plain};
use super::drain::Draining;
use super::files;
use super::kubeconfig::Kubeconfig;
use super::pki;
use super::tls::Tls;
use crate::access::PeerCertificate;
use crate::api::health::Lifecycle;
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tower::Service;

const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// kube-apiserver's limit for reading a request's headers.
const HEADER_TIMEOUT: Duration = Duration::from_secs(32);
const MAX_HEADERS: u32 = 1 << 20;
const MAX_STREAMS: u32 = 1000;
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// A server whose port is taken and whose admin kubeconfig is written. It answers once [`Bound::serve`] runs.
pub struct Bound {
    listener: TcpListener,
    tls: Tls,
    completed: Completed,
    address: SocketAddr,
    kubeconfig: PathBuf,
}

impl Completed {
    /// Takes the port and writes `admin.kubeconfig` with the port that was taken.
    ///
    /// # Errors
    /// One line that names the flag and the mend.
    pub async fn bind(self) -> Result<Bound, Error> {
        let wanted = SocketAddr::new(self.config.bind_address, self.config.secure_port);
        let listener = TcpListener::bind(wanted).await.map_err(|e| match e.kind() {
            std::io::ErrorKind::AddrInUse => Error::new(format!(
                "--secure-port: port {} is in use on {}; stop what listens there, or take another port (0 takes a free one)",
                wanted.port(),
                wanted.ip()
            )),
            std::io::ErrorKind::PermissionDenied => Error::new(format!(
                "--secure-port: this user may not listen on port {}; take one above 1023",
                wanted.port()
            )),
            std::io::ErrorKind::AddrNotAvailable => {
                Error::new(format!("--bind-address: {} is not an address of this machine", wanted.ip()))
            }
            _ => Error::new(format!("cannot listen on {wanted}: {}", plain(&e))),
        })?;
        let address = listener.local_addr().map_err(|e| Error::new(format!("cannot listen on {wanted}: {e}")))?;
        let kubeconfig = self.config.data_dir.join("admin.kubeconfig");
        files::write_private(&kubeconfig, self.kubeconfig(address).as_bytes())
            .map_err(|e| Error::write(&kubeconfig, &e))?;
        Ok(Bound { listener, tls: self.tls.clone(), address, kubeconfig, completed: self })
    }

    fn kubeconfig(&self, address: SocketAddr) -> String {
        let host = match address.ip() {
            ip if !ip.is_unspecified() => ip,
            _ => IpAddr::from(Ipv4Addr::LOCALHOST),
        };
        // A certificate of the user's may not name the address: then the client is told which name to expect.
        let names = self.serving.as_deref().and_then(pki::facts).map(|f| f.names).unwrap_or_default();
        let named = names.dns.first().filter(|_| self.serving.is_some() && !names.ips.contains(&host));
        Kubeconfig {
            server: &format!("https://{}", SocketAddr::new(host, address.port())),
            tls_server_name: named.map(String::as_str),
            certificate_authority: self.serving.as_deref().unwrap_or(&self.own.ca.certificate),
            client_certificate: &self.own.admin.certificate,
            client_key: &self.own.admin.key,
        }
        .to_yaml()
    }
}

/// From now on a write past the limit on the size of files (`ulimit -f`) is an error of that write, as a full disk is, and does not
/// end the process.
///
/// # Errors
/// The system refuses a signal handler.
pub fn limits_are_errors() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        /// The same number wherever Rust has it but for MIPS.
        const SIGXFSZ: i32 = 25;
        // The handler stays when nobody listens to it any more.
        drop(signal(SignalKind::from_raw(SIGXFSZ))?);
    }
    Ok(())
}

/// Waits for SIGTERM or SIGINT.
///
/// # Errors
/// The system refuses a signal handler.
pub async fn termination() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        Ok(())
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}

impl Bound {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The admin kubeconfig.
    pub fn kubeconfig(&self) -> &std::path::Path {
        &self.kubeconfig
    }

    /// Serves until shutdown begins, then stops accepting, ends streaming answers and waits for the requests in flight,
    /// `patience` at most.
    pub async fn serve<S, B>(self, service: S, lifecycle: Lifecycle, patience: Duration)
    where
        S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
        S::Future: Send + 'static,
        S::Error: std::error::Error + Send + Sync + 'static,
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let service = Authenticate::new(service, self.completed.authenticator());
        // Each connection holds a sender; when the last one is gone, all connections are.
        let (alive, mut all_gone) = mpsc::channel::<()>(1);
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = lifecycle.shutdown_begun() => break,
            };
            let stream = match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Out of file descriptors, or a connection gone before it was accepted: go on, but not in a spin.
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            let (tls, service, lifecycle, alive) =
                (self.tls.clone(), service.clone(), lifecycle.clone(), alive.clone());
            tokio::spawn(async move {
                connection(stream, tls, service, lifecycle).await;
                drop(alive);
            });
        }
        drop((self.listener, alive));
        if tokio::time::timeout(patience, all_gone.recv()).await.is_err() {
            tracing::warn!("requests still in flight after {} seconds are cut off", patience.as_secs());
        }
    }
}

/// Whether a client that connected speaks HTTP without TLS, by what it says first.
async fn is_plain(stream: &TcpStream) -> bool {
    let mut first = [0; 5];
    let read = stream.peek(&mut first).await.unwrap_or_default();
    [b"GET /", b"HEAD ", b"POST ", b"PUT /", b"OPTIO"].contains(&&first) && read == first.len()
}

/// Tells such a client what Go's server tells it.
async fn told_of_tls(mut stream: TcpStream) {
    let told = b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
    // Whoever does not listen is not helped.
    let _ = stream.write_all(told).await;
    let _ = stream.shutdown().await;
}

async fn connection<S, B>(stream: TcpStream, tls: Tls, service: S, lifecycle: Lifecycle)
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: std::error::Error + Send + Sync + 'static,
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let _ = stream.set_nodelay(true);
    if tokio::time::timeout(HANDSHAKE_TIMEOUT, is_plain(&stream)).await.unwrap_or_default() {
        return told_of_tls(stream).await;
    }
    let handshake = TlsAcceptor::from(tls.config.clone()).accept(stream);
    let stream = match tokio::time::timeout(HANDSHAKE_TIMEOUT, handshake).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return tracing::debug!(%error, "TLS handshake failed"),
        Err(_) => return tracing::debug!("TLS handshake timed out"),
    };
    let peer: Option<PeerCertificate> = tls.peer(stream.get_ref().1);
    let draining = lifecycle.clone();
    let handler = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        if let Some(peer) = &peer {
            request.extensions_mut().insert(peer.clone());
        }
        let (mut service, lifecycle) = (service.clone(), draining.clone());
        async move {
            std::future::poll_fn(|cx| service.poll_ready(cx)).await?;
            Ok::<_, S::Error>(service.call(request).await?.map(|body| Draining::new(body, &lifecycle)))
        }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(MAX_HEADERS)
        .keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(KEEP_ALIVE);
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), handler);
    tokio::pin!(connection);
    let mut ending = Some(lifecycle.ending());
    let ended = std::future::poll_fn(|cx| {
        if ending.as_mut().is_some_and(|ending| ending.poll(cx).is_ready()) {
            ending = None;
            connection.as_mut().graceful_shutdown();
        }
        connection.as_mut().poll(cx)
    })
    .await;
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended");
    }
}
