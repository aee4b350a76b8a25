//! `/metrics` in Prometheus' text form, with the names and labels that kube-apiserver's dashboards read (wire contract D46), and
//! what is counted where. Labels are of what is served: a client cannot make series up.

use super::health::Health;
use super::request::Info;
use super::{process, version};
use crate::verbs::Engine;
use http::Method;
use prometheus::core::Collector;
use prometheus::{
    Encoder, GaugeVec, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder,
};
use std::time::Duration;

/// The text form's media type.
pub(super) const CONTENT: &str = "text/plain; version=0.0.4; charset=utf-8";

const DURATIONS: &[f64] = &[
    0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 15.0, 20.0, 30.0,
    45.0, 60.0,
];
/// Those of the service level indicator begin later.
const SLI_DURATIONS: &[f64] = DURATIONS.split_at(2).1;
const SIZES: &[f64] = &[1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

/// What a request is counted as.
#[derive(Clone, Debug, Default)]
pub(super) struct Labels<'a> {
    verb: &'static str,
    group: &'a str,
    version: &'a str,
    resource: &'a str,
    subresource: &'a str,
    scope: &'static str,
    dry_run: &'static str,
    deprecated: bool,
}

impl<'a> Labels<'a> {
    /// The labels of a request. Those of a resource that is not served are empty, and so are paths of no document.
    pub(super) fn new(engine: &Engine, method: &Method, info: &'a Info, dry_run: bool, apply: bool) -> Self {
        let verb = match (info.verb.as_str(), method) {
            ("list", _) => "LIST",
            ("watch", _) => "WATCH",
            ("deletecollection", _) => "DELETECOLLECTION",
            ("patch", _) if apply => "APPLY",
            (_, &Method::GET | &Method::HEAD) => "GET",
            (_, &Method::POST) => "POST",
            (_, &Method::PUT) => "PUT",
            (_, &Method::PATCH) => "PATCH",
            (_, &Method::DELETE) => "DELETE",
            _ => "other",
        };
        let kinds = engine.kinds();
        let Some((served, version)) = kinds.find(&info.group, &info.version, &info.resource) else {
            return Self { verb, ..Self::default() };
        };
        let scope = match (info.name.is_empty() && info.verb != "create", info.namespace.is_empty()) {
            (false, _) => "resource",
            (true, false) => "namespace",
            (true, true) => "cluster",
        };
        let subresource = info.subresource.first().map(String::as_str).unwrap_or_default();
        let known = ["status", "scale", "finalize"].contains(&subresource);
        Self {
            verb,
            group: &info.group,
            version: &info.version,
            resource: &info.resource,
            subresource: if known { subresource } else { "" },
            scope,
            dry_run: if dry_run { "All" } else { "" },
            deprecated: served.definition.versions[version].deprecated,
        }
    }

    fn values(&self) -> [&str; 7] {
        [self.verb, self.group, self.version, self.resource, self.subresource, self.scope, "apiserver"]
    }
}

/// The series of one server.
pub(super) struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    durations: HistogramVec,
    sli_durations: HistogramVec,
    sizes: HistogramVec,
    in_flight: IntGaugeVec,
    long_running: IntGaugeVec,
    watch_events: IntCounterVec,
    terminations: IntCounterVec,
    deprecated: IntGaugeVec,
    objects: IntGaugeVec,
    disagreements: IntGaugeVec,
    store_health: IntGauge,
    store_history: [IntGauge; 2],
    cache_history: [IntGaugeVec; 2],
    health_checks: IntGaugeVec,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new().unwrap_or_else(|e| unreachable!("names and labels are constants: {e}"))
    }
}

impl Metrics {
    fn new() -> prometheus::Result<Self> {
        let registry = Registry::new();
        const OF: [&str; 7] = ["verb", "group", "version", "resource", "subresource", "scope", "component"];
        let of_request =
            ["verb", "dry_run", "group", "version", "resource", "subresource", "scope", "component", "code"];
        let histogram = |name: &str, help: &str, buckets: &[f64], labels: &[&str]| {
            HistogramVec::new(HistogramOpts::new(name, help).buckets(buckets.to_vec()), labels)
        };
        let this = Self {
            requests: IntCounterVec::new(
                Opts::new("apiserver_request_total", "Requests by verb, resource and code."),
                &of_request,
            )?,
            durations: histogram(
                "apiserver_request_duration_seconds",
                "How long requests took, watches excepted.",
                DURATIONS,
                &of_request[..8],
            )?,
            sli_durations: histogram(
                "apiserver_request_sli_duration_seconds",
                "How long requests took for the server's own work, watches and dry runs excepted.",
                SLI_DURATIONS,
                &OF,
            )?,
            sizes: histogram("apiserver_response_sizes", "Bytes of answers to reads.", SIZES, &OF)?,
            in_flight: IntGaugeVec::new(
                Opts::new("apiserver_current_inflight_requests", "Requests in flight, watches excepted."),
                &["request_kind"],
            )?,
            long_running: IntGaugeVec::new(Opts::new("apiserver_longrunning_requests", "Watches that are open."), &OF)?,
            watch_events: IntCounterVec::new(
                Opts::new("apiserver_watch_events_total", "Events sent to watchers."),
                &["group", "version", "resource"],
            )?,
            terminations: IntCounterVec::new(
                Opts::new("apiserver_request_terminations_total", "Requests given up for the server's own sake."),
                &["verb", "group", "version", "resource", "subresource", "scope", "component", "code"],
            )?,
            deprecated: IntGaugeVec::new(
                Opts::new("apiserver_requested_deprecated_apis", "Deprecated versions that were asked for."),
                &["group", "version", "resource", "subresource", "removed_release"],
            )?,
            objects: IntGaugeVec::new(
                Opts::new("apiserver_storage_objects", "Objects stored, by resource."),
                &["resource"],
            )?,
            disagreements: IntGaugeVec::new(
                Opts::new(
                    "kubegraft_cache_disagreements",
                    "Objects that cache and store saw differently, in all checks so far: anything but 0 is a fault.",
                ),
                &["resource"],
            )?,
            store_health: IntGauge::with_opts(
                Opts::new("kubernetes_healthcheck", "Whether the health check passes: 1, or 0.")
                    .const_label("name", "etcd")
                    .const_label("type", "healthz"),
            )?,
            store_history: [
                IntGauge::new("kubegraft_store_history_events", "Events that the store's backend remembers.")?,
                IntGauge::new(
                    "kubegraft_store_history_bytes",
                    "Bytes of values in memory that the backend keeps for its history alone.",
                )?,
            ],
            cache_history: [
                IntGaugeVec::new(
                    Opts::new("kubegraft_cache_window_events", "Events that watches can resume from."),
                    &["resource"],
                )?,
                IntGaugeVec::new(
                    Opts::new(
                        "kubegraft_cache_window_bytes",
                        "Bytes of the values that are in memory with those events.",
                    ),
                    &["resource"],
                )?,
            ],
            health_checks: IntGaugeVec::new(
                Opts::new("kubernetes_healthcheck", "Whether a health check passes: 1, or 0."),
                &["name", "type"],
            )?,
            registry,
        };
        let all: [Box<dyn Collector>; 16] = [
            Box::new(this.requests.clone()),
            Box::new(this.durations.clone()),
            Box::new(this.sli_durations.clone()),
            Box::new(this.sizes.clone()),
            Box::new(this.in_flight.clone()),
            Box::new(this.long_running.clone()),
            Box::new(this.watch_events.clone()),
            Box::new(this.terminations.clone()),
            Box::new(this.deprecated.clone()),
            Box::new(this.objects.clone()),
            Box::new(this.disagreements.clone()),
            Box::new(this.store_health.clone()),
            Box::new(this.store_history[0].clone()),
            Box::new(this.store_history[1].clone()),
            Box::new(this.cache_history[0].clone()),
            Box::new(this.cache_history[1].clone()),
        ];
        for one in all {
            this.registry.register(one)?;
        }
        let of_build = [
            "major",
            "minor",
            "git_version",
            "git_commit",
            "git_tree_state",
            "build_date",
            "go_version",
            "compiler",
            "platform",
        ];
        let build = GaugeVec::new(
            Opts::new("kubernetes_build_info", "Which version's behaviour is served, and what serves it."),
            &of_build,
        )?;
        let document = version::document();
        let value = |label: &str| document[camel(label)].as_str().unwrap_or_default().to_owned();
        build.with_label_values(&of_build.map(value)).set(1.0);
        this.registry.register(Box::new(build))?;
        Ok(this)
    }

    /// Counts a request that was answered. `size` is known for all but watches.
    pub(super) fn answered(&self, labels: &Labels<'_>, code: u16, took: Duration, size: Option<u64>) {
        let code = code.to_string();
        let [verb, group, version, resource, subresource, scope, component] = labels.values();
        let of_request = [verb, labels.dry_run, group, version, resource, subresource, scope, component, &code];
        self.requests.with_label_values(&of_request).inc();
        if labels.deprecated {
            self.deprecated.with_label_values(&[group, version, resource, subresource, ""]).set(1);
        }
        if verb != "WATCH" {
            self.durations.with_label_values(&of_request[..8]).observe(took.as_secs_f64());
            if labels.dry_run.is_empty() {
                self.sli_durations.with_label_values(&labels.values()).observe(took.as_secs_f64());
            }
        }
        if let Some(size) = size.filter(|_| ["GET", "LIST"].contains(&verb)) {
            self.sizes.with_label_values(&labels.values()).observe(size as f64);
        }
        if ["429", "504"].contains(&code.as_str()) {
            let of_request = [verb, group, version, resource, subresource, scope, component, &code];
            self.terminations.with_label_values(&of_request).inc();
        }
    }

    /// Counts a request as in flight until what is returned is dropped.
    pub(super) fn in_flight(&self, mutating: bool) -> Held {
        let kind = if mutating { "mutating" } else { "readOnly" };
        Held::new(self.in_flight.with_label_values(&[kind]))
    }

    /// Counts a watch as open until what is returned is dropped; it counts the watch's events too.
    pub(super) fn watch(&self, labels: &Labels<'_>) -> Watched {
        Watched {
            events: self.watch_events.with_label_values(&[labels.group, labels.version, labels.resource]),
            _open: Held::new(self.long_running.with_label_values(&labels.values())),
        }
    }

    /// Begins to count anew.
    pub(super) fn reset(&self) {
        self.requests.reset();
        self.durations.reset();
        self.sli_durations.reset();
        self.deprecated.reset();
        self.sizes.reset();
        self.watch_events.reset();
        self.terminations.reset();
    }

    /// The text of the service level indicators: what each health check says now.
    pub(super) fn indicators(&self, health: &Health) -> Vec<u8> {
        let gauge = &self.health_checks;
        gauge.reset();
        for (endpoint, name, passes) in health.results() {
            gauge.with_label_values(&[name, endpoint]).set(i64::from(passes));
        }
        let mut out = Vec::new();
        // Writing to memory does not fail.
        let _ = TextEncoder::new().encode(&gauge.collect(), &mut out);
        out
    }

    /// The text. Numbers of objects, what is kept of the past, and whether the store can take writes, are as of now.
    pub(super) fn text(&self, engine: &Engine) -> Vec<u8> {
        let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let backend = engine.backend();
        self.store_health.set(i64::from(backend.healthy().is_ok()));
        let kept = backend.history();
        self.store_history[0].set(number(kept.events));
        self.store_history[1].set(number(kept.bytes));
        self.objects.reset();
        self.disagreements.reset();
        self.cache_history.iter().for_each(IntGaugeVec::reset);
        for (resource, served) in &engine.kinds().all {
            let resource = resource.to_string();
            let (kept, of) = (served.objects.history(), [resource.as_str()]);
            self.objects.with_label_values(&of).set(number(served.objects.len()));
            let wrong = i64::try_from(served.objects.disagreed()).unwrap_or(i64::MAX);
            self.disagreements.with_label_values(&of).set(wrong);
            self.cache_history[0].with_label_values(&of).set(number(kept.events));
            self.cache_history[1].with_label_values(&of).set(number(kept.bytes));
        }
        let mut out = Vec::new();
        // Writing to memory does not fail.
        let _ = TextEncoder::new().encode(&self.registry.gather(), &mut out);
        process::text(&mut out);
        out
    }
}

/// A label's name as a member of `/version`.
fn camel(label: &str) -> String {
    let mut words = label.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut out, word| {
        let mut letters = word.chars();
        out.extend(letters.next().map(|c| c.to_ascii_uppercase()));
        out + letters.as_str()
    })
}

/// One in a gauge, until dropped.
pub(super) struct Held(IntGauge);

impl Held {
    fn new(gauge: IntGauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// An open watch.
pub(super) struct Watched {
    events: IntCounter,
    _open: Held,
}

impl Watched {
    /// That many events are sent.
    pub(super) fn sent(&self, events: usize) {
        self.events.inc_by(events as u64);
    }
}
