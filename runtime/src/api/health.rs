//! `/healthz`, `/livez` and `/readyz` with named checks (wire contract 1.4), and the server's lifecycle that readiness
//! follows. When shutdown begins is for `server` to say.

use super::query::Query;
use bytes::Bytes;
use http::{HeaderName, Response};
use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use tokio::sync::watch;

const ENDPOINTS: [&str; 3] = ["healthz", "livez", "readyz"];
const NOSNIFF: HeaderName = HeaderName::from_static("x-content-type-options");

/// Whether the server is shutting down; shared by the accept loop, readiness and whoever holds a request open.
#[derive(Clone, Debug)]
pub struct Lifecycle(Arc<watch::Sender<bool>>);

impl Default for Lifecycle {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Lifecycle {
    /// A server that runs.
    pub fn new() -> Self {
        Self::default()
    }

    /// Readiness fails from here on, and streaming answers end.
    pub fn begin_shutdown(&self) {
        self.0.send_replace(true);
    }

    /// Whether shutdown has begun.
    pub fn is_shutting_down(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until shutdown has begun.
    pub async fn shutdown_begun(&self) {
        let mut receiver = self.0.subscribe();
        // The sender lives in self: the wait cannot fail while self is borrowed.
        let _ = receiver.wait_for(|begun| *begun).await;
    }

    /// The same for who is polled for other things far more often.
    pub fn ending(&self) -> Ending {
        let lifecycle = self.clone();
        let begun = Box::pin(async move { lifecycle.shutdown_begun().await });
        Ending { lifecycle: self.clone(), begun, asked: None }
    }
}

/// A wait for shutdown. As long as one task polls it, that is no more than a look at a flag.
pub struct Ending {
    lifecycle: Lifecycle,
    begun: Pin<Box<dyn Future<Output = ()> + Send>>,
    /// Who is woken when shutdown begins.
    asked: Option<Waker>,
}

impl Ending {
    /// Whether shutdown has begun; who asks is woken when it does.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.lifecycle.is_shutting_down() {
            return Poll::Ready(());
        }
        if self.asked.as_ref().is_some_and(|asked| asked.will_wake(cx.waker())) {
            return Poll::Pending;
        }
        self.asked = Some(cx.waker().clone());
        self.begun.as_mut().poll(cx)
    }
}

type Probe = Arc<dyn Fn() -> Result<(), String> + Send + Sync>;

#[derive(Clone)]
struct Check {
    name: String,
    /// Whether `/readyz` alone has it.
    readiness_only: bool,
    probe: Probe,
}

/// The named checks of a server.
#[derive(Clone)]
pub struct Health {
    checks: Vec<Check>,
}

impl Health {
    /// With the checks that every server has: `ping` and `log`, and for readiness `informer-sync`, which holds from the start
    /// as no server listens before its caches are filled, and `shutdown`.
    pub fn new(lifecycle: Lifecycle) -> Self {
        let shutdown =
            move || if lifecycle.is_shutting_down() { Err("process is shutting down".into()) } else { Ok(()) };
        let this = Self { checks: Vec::new() };
        this.with("ping", || Ok(()))
            .with("log", || Ok(()))
            .readiness("informer-sync", || Ok(()))
            .readiness("shutdown", shutdown)
    }

    /// Adds a check to all three endpoints.
    #[must_use]
    pub fn with(self, name: &str, probe: impl Fn() -> Result<(), String> + Send + Sync + 'static) -> Self {
        self.add(name, false, Arc::new(probe))
    }

    /// Adds a check to `/readyz` only.
    #[must_use]
    pub fn readiness(self, name: &str, probe: impl Fn() -> Result<(), String> + Send + Sync + 'static) -> Self {
        self.add(name, true, Arc::new(probe))
    }

    fn add(mut self, name: &str, readiness_only: bool, probe: Probe) -> Self {
        // What is readiness' alone comes last, and `shutdown` after all, as upstream lists them.
        let after = |c: &Check| if readiness_only { c.name == "shutdown" } else { c.readiness_only };
        let at = self.checks.iter().position(after).unwrap_or(self.checks.len());
        self.checks.insert(at, Check { name: name.into(), readiness_only, probe });
        self
    }

    /// Answers one of the three endpoints, or one check of it; `None` for any other path, those with a slash at their end too.
    pub fn handle(&self, path: &str, query: &Query) -> Option<Response<Bytes>> {
        let path = path.strip_prefix('/')?;
        let (endpoint, one) = match path.split_once('/') {
            Some((e, one)) => (e, Some(one)),
            None => (path, None),
        };
        let mut mine = self.of(ENDPOINTS.into_iter().find(|e| *e == endpoint)?);
        match one {
            None => Some(all(endpoint, mine, query)),
            Some(name) => mine.find(|c| c.name == name).map(single),
        }
    }

    /// All paths that are answered.
    pub fn paths(&self) -> impl Iterator<Item = String> {
        let checks = |endpoint: &'static str| self.of(endpoint).map(move |c| format!("/{endpoint}/{}", c.name));
        ENDPOINTS.into_iter().flat_map(move |e| std::iter::once(format!("/{e}")).chain(checks(e)))
    }

    /// Whether each check passes: its endpoint, its name, and so.
    pub fn results(&self) -> impl Iterator<Item = (&'static str, &str, bool)> {
        ENDPOINTS.into_iter().flat_map(|e| self.of(e).map(move |c| (e, c.name.as_str(), (c.probe)().is_ok())))
    }

    fn of(&self, endpoint: &str) -> impl Iterator<Item = &Check> {
        let readiness = endpoint == "readyz";
        self.checks.iter().filter(move |c| readiness || !c.readiness_only)
    }
}

fn single(check: &Check) -> Response<Bytes> {
    match (check.probe)() {
        Ok(()) => {
            let mut ok = text(200, "ok".into());
            ok.headers_mut().remove(&NOSNIFF);
            ok
        }
        Err(e) => text(500, format!("internal server error: {e}\n")),
    }
}

fn all<'a>(endpoint: &str, checks: impl Iterator<Item = &'a Check>, query: &Query) -> Response<Bytes> {
    let excluded: BTreeSet<String> = query.all("exclude").into_iter().collect();
    let mut unmatched = excluded.clone();
    let (mut out, mut failed) = (String::new(), Vec::new());
    for check in checks {
        let name = &check.name;
        if excluded.contains(name) {
            unmatched.remove(name);
            out += &format!("[+]{name} excluded: ok\n");
            continue;
        }
        match (check.probe)() {
            Ok(()) => out += &format!("[+]{name} ok\n"),
            Err(e) => {
                out += &format!("[-]{name} failed: reason withheld\n");
                failed.push(format!("{name}: {e}"));
            }
        }
    }
    if !unmatched.is_empty() {
        let names: Vec<String> = unmatched.iter().map(|n| format!("{n:?}")).collect();
        out += &format!("warn: some health checks cannot be excluded: no matches for {}\n", names.join(","));
    }
    if !failed.is_empty() {
        tracing::warn!(endpoint, failed = failed.join("; "), "health check failed");
        return text(500, format!("{out}{endpoint} check failed\n"));
    }
    match query.get("verbose") {
        Some(_) => text(200, format!("{out}{endpoint} check passed\n")),
        None => text(200, "ok".into()),
    }
}

fn text(code: u16, body: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = http::StatusCode::from_u16(code).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert("content-type", http::HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(NOSNIFF, http::HeaderValue::from_static("nosniff"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(health: &Health, path: &str, query: &str) -> (u16, String) {
        let answer = health.handle(path, &Query::parse(Some(query))).expect("a health path");
        (answer.status().as_u16(), String::from_utf8_lossy(answer.body()).into_owned())
    }

    #[test]
    fn verbose_lists_the_checks_and_excluded_ones() {
        let health = Health::new(Lifecycle::new()).with("etcd", || Ok(()));
        assert_eq!(ask(&health, "/healthz", ""), (200, "ok".into()));
        let want = "[+]ping ok\n[+]log ok\n[+]etcd ok\nlivez check passed\n";
        assert_eq!(ask(&health, "/livez", "verbose"), (200, want.into()));
        let want = "[+]ping ok\n[+]log ok\n[+]etcd excluded: ok\n[+]informer-sync ok\n[+]shutdown ok\nwarn: some health checks cannot be \
                    excluded: no matches for \"x\"\nreadyz check passed\n";
        assert_eq!(ask(&health, "/readyz", "verbose=true&exclude=etcd&exclude=%78"), (200, want.into()));
        assert_eq!(ask(&health, "/readyz/etcd", ""), (200, "ok".into()));
        for none in ["/readyz/nope", "/readyz/", "/livez/shutdown", "/version"] {
            assert!(health.handle(none, &Query::default()).is_none(), "{none}");
        }
        assert_eq!(health.paths().filter(|p| p.ends_with("/ping")).count(), 3);
    }

    #[test]
    fn readiness_fails_from_the_start_of_shutdown_and_liveness_does_not() {
        let lifecycle = Lifecycle::new();
        let health = Health::new(lifecycle.clone());
        lifecycle.begin_shutdown();
        let (code, body) = ask(&health, "/readyz", "");
        assert_eq!(code, 500);
        assert!(body.ends_with("[-]shutdown failed: reason withheld\nreadyz check failed\n"));
        assert_eq!(ask(&health, "/livez", "").0, 200);
    }

    #[test]
    fn whoever_asked_last_is_woken_when_shutdown_begins() {
        #[derive(Default)]
        struct Woken(std::sync::atomic::AtomicBool);
        impl std::task::Wake for Woken {
            fn wake(self: Arc<Self>) {
                self.0.store(true, std::sync::atomic::Ordering::Relaxed);
            }
        }
        let lifecycle = Lifecycle::new();
        let mut ending = lifecycle.ending();
        let all: [Arc<Woken>; 2] = Default::default();
        for woken in &all {
            for _ in 0..2 {
                assert!(ending.poll(&mut Context::from_waker(&woken.clone().into())).is_pending());
            }
        }
        lifecycle.begin_shutdown();
        assert!(all[1].0.load(std::sync::atomic::Ordering::Relaxed));
        assert!(ending.poll(&mut Context::from_waker(Waker::noop())).is_ready());
    }
}
