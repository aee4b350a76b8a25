//! The backend on a real etcd: the contract, several processes' worth of clients on one cluster, compaction and lost leaders.
//! `KUBEGRAFT_ETCD` names the program (`.ci/tools` brings one); without it these tests are not run, and in CI they fail.

mod kine;

use super::{AGE, BYTES, Etcd, KEEP, Options, State, progress_is_true};
use crate::storage::conformance;
use crate::storage::contract::{Backend, Error, Event, Outcome, Range, Sink, Write};
use bytes::Bytes;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

fn program() -> Option<PathBuf> {
    let program = std::env::var_os("KUBEGRAFT_ETCD").map(PathBuf::from);
    if program.is_none() {
        assert!(std::env::var_os("CI").is_none(), "there is no etcd, and this is CI: its tests must run");
        eprintln!(
            "\n!!! KUBEGRAFT_ETCD names no etcd: the tests of the etcd backend are NOT run. .ci/tools brings one.\n"
        );
    }
    program
}

/// Ports that were free a moment ago.
fn ports<const N: usize>() -> [u16; N] {
    let taken: [TcpListener; N] = std::array::from_fn(|_| TcpListener::bind("127.0.0.1:0").unwrap());
    std::array::from_fn(|i| taken[i].local_addr().unwrap().port())
}

/// A cluster on loopback that goes when dropped.
struct Cluster {
    members: Vec<Member>,
    _dir: tempfile::TempDir,
}

struct Member {
    command: Command,
    child: Option<Child>,
    url: String,
}

impl Member {
    /// Starts member `i` of `all` by what runs etcd.
    fn launch(mut command: Command, i: usize, all: &[String], url: String, peer: &str, dir: &Path) -> Self {
        command
            .args(["--name", &format!("m{i}"), "--initial-cluster", &all.join(",")])
            .args(["--listen-client-urls", &url, "--advertise-client-urls", &url])
            .args(["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer])
            .args(["--heartbeat-interval", "50", "--election-timeout", "500", "--log-level", "error"])
            .arg("--data-dir")
            .arg(dir.join(i.to_string()))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut member = Self { command, child: None, url };
        member.start();
        member
    }

    fn start(&mut self) {
        self.child = Some(self.command.spawn().unwrap());
    }

    fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Cluster {
    fn start(program: &PathBuf, size: usize) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let ports: [u16; 6] = ports();
        let peer = |i: usize| format!("http://127.0.0.1:{}", ports[i]);
        let all: Vec<_> = (0..size).map(|i| format!("m{i}={}", peer(i))).collect();
        let members = (0..size).map(|i| {
            let url = format!("http://127.0.0.1:{}", ports[3 + i]);
            Member::launch(Command::new(program), i, &all, url, &peer(i), dir.path())
        });
        Self { members: members.collect(), _dir: dir }
    }

    fn options(&self, prefix: &str) -> Options {
        let servers = self.members.iter().map(|m| m.url.clone()).collect();
        Options { servers, prefix: prefix.into(), ..Options::default() }
    }

    async fn connect(&self, prefix: &str) -> Etcd {
        let mut last = None;
        for _ in 0..5 {
            match Etcd::connect(&self.options(prefix)).await {
                Ok(etcd) => return etcd,
                Err(e) => last = Some(e),
            }
        }
        panic!("etcd is not there: {last:?}")
    }
}

async fn put(b: &Etcd, key: &str, expected: u64, value: &str) -> Result<Outcome, Error> {
    let value = Some(Bytes::from(value.to_owned()));
    b.write(Write { key: key.into(), expected, value, attachment: None }).await
}

#[derive(Default)]
struct Recorder {
    seen: Mutex<Vec<Event>>,
    restarts: Mutex<Vec<Range>>,
}

impl Sink for Recorder {
    fn deliver(&self, events: &[Event]) {
        self.seen.lock().unwrap().extend_from_slice(events);
    }

    fn restart(&self, state: &Range) {
        self.restarts.lock().unwrap().push(state.clone());
    }
}

#[test]
fn progress_is_believed_from_the_releases_that_tell_it_truly() {
    let believed = ["3.4.31", "3.5.13", "3.5.16-rc.1", "3.6.0", "4.0.0"];
    assert_eq!(believed.map(progress_is_true), [true; 5]);
    assert_eq!(["3.4.30", "3.5.12", "3.5.1", "3.3.27", "", "x"].map(progress_is_true), [false; 6]);
}

#[test]
fn history_in_memory_is_bounded_by_age_events_and_bytes() {
    let start = Instant::now() + 10 * AGE;
    // So many events of so many bytes, and as many more when so much time has passed; it may go backwards.
    let check = |count: u64, size: usize, later: Instant, kept: usize| {
        let mut state = State::default();
        for revision in 1..=2 * count {
            let value = Some(Bytes::from(vec![0; size]));
            let event = Event { revision, key: "g/k/a".into(), value, attachment: None };
            state.keep(if revision <= count { start } else { later }, &[event]);
        }
        assert_eq!((state.log.len(), state.bytes), (kept, kept * size), "{count} of {size} bytes");
        assert_eq!(state.oldest, 2 * count - kept as u64, "what is not there is known to be gone");
    };
    check(4_000, 1, start, 8_000);
    check(4_000, 1, start - 9 * AGE, 8_000);
    check(4_000, 1, start + 9 * AGE, 4_000);
    check(500, 1, start + 9 * AGE, 1_000);
    check(30_000, 1, start, KEEP.end);
    check(50, 1 << 20, start, BYTES >> 20);
    check(2, BYTES + 1, start, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn etcd_keeps_the_contract() {
    let Some(program) = program() else { return };
    // A cluster for each store: the suite counts revisions, and those are the whole cluster's.
    let clusters = tokio::sync::Mutex::new(Vec::new());
    let make = async || {
        let mut clusters = clusters.lock().await;
        clusters.push(Cluster::start(&program, 1));
        Arc::new(clusters.last().unwrap().connect("/registry").await) as Arc<dyn Backend>
    };
    let disturb = async |store: Arc<dyn Backend>, n: u32| {
        if n % 2 == 1 {
            store.compact(store.delivered()).await.unwrap();
            return store;
        }
        let mut clusters = clusters.lock().await;
        let member = &mut clusters.last_mut().unwrap().members[0];
        member.kill();
        member.start();
        store
    };
    conformance::run(make, disturb).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_cluster_that_loses_members_stays_linearizable() {
    let Some(program) = program() else { return };
    let mut cluster = Cluster::start(&program, 3);
    let store = Arc::new(cluster.connect("/registry").await);
    // Whoever leads is among the first three.
    let disturb = async |store: Arc<dyn Backend>, n: u32| {
        store.compact(store.delivered() - 20).await.unwrap();
        let member = &mut cluster.members[n as usize % 3];
        member.kill();
        tokio::time::sleep(Duration::from_secs(2)).await;
        member.start();
        tokio::time::sleep(Duration::from_secs(1)).await;
        store
    };
    conformance::linearizable(store, disturb).await;
}

/// Members that each live in a network of their own, joined by a bridge. Needs root, and goes when dropped.
struct Apart {
    cluster: Cluster,
    network: Network,
}

struct Network {
    /// What the names of its parts begin with, and the third part of its addresses.
    name: String,
    subnet: u32,
}

fn ip(args: &str) -> bool {
    Command::new("ip").args(args.split(' ')).stderr(Stdio::null()).status().is_ok_and(|s| s.success())
}

impl Network {
    fn address(&self, i: usize) -> String {
        format!("10.213.{}.{}", self.subnet, 10 + i)
    }

    /// `None` where this user may not make networks.
    fn make() -> Option<Self> {
        let pid = std::process::id();
        let this = Self { name: format!("kg{}", pid % 100_000), subnet: pid % 250 };
        let Self { name, subnet } = &this;
        let mut made = ip(&format!("link add {name}b type bridge"))
            && ip(&format!("addr add 10.213.{subnet}.1/24 dev {name}b"))
            && ip(&format!("link set {name}b up"));
        for i in 0..3 {
            let address = this.address(i);
            made = made
                && ip(&format!("netns add {name}n{i}"))
                && ip(&format!("link add {name}v{i} type veth peer name eth0 netns {name}n{i}"))
                && ip(&format!("link set {name}v{i} master {name}b up"))
                && ip(&format!("-n {name}n{i} addr add {address}/24 dev eth0"))
                && ip(&format!("-n {name}n{i} link set eth0 up"))
                && ip(&format!("-n {name}n{i} link set lo up"));
        }
        made.then_some(this)
    }

    /// Cuts a member off from the others, or joins it again; clients reach it all the time.
    fn cut(&self, member: usize, verb: &str) {
        for other in (0..3).filter(|other| *other != member) {
            let (name, address) = (&self.name, self.address(other));
            assert!(ip(&format!("-n {name}n{member} route {verb} blackhole {address}/32")), "{verb} a route");
        }
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for i in 0..3 {
            ip(&format!("netns del {}n{i}", self.name));
        }
        ip(&format!("link del {}b", self.name));
    }
}

impl Apart {
    fn start(program: &PathBuf) -> Option<Self> {
        let network = Network::make()?;
        let dir = tempfile::tempdir().unwrap();
        let all: Vec<_> = (0..3).map(|i| format!("m{i}=http://{}:2380", network.address(i))).collect();
        let members = (0..3).map(|i| {
            let (url, peer) =
                (format!("http://{}:2379", network.address(i)), format!("http://{}:2380", network.address(i)));
            let mut command = Command::new("ip");
            command.args(["netns", "exec", &format!("{}n{i}", network.name)]).arg(program);
            Member::launch(command, i, &all, url, &peer, dir.path())
        });
        Some(Self { cluster: Cluster { members: members.collect(), _dir: dir }, network })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_cluster_whose_network_is_cut_stays_linearizable() {
    let Some(program) = program() else { return };
    let Some(apart) = Apart::start(&program) else {
        eprintln!("\n!!! This user may not make networks: the test with a cut between members of etcd is NOT run.\n");
        return;
    };
    let store = Arc::new(apart.cluster.connect("/registry").await);
    // Whoever leads is among the first three.
    let disturb = async |store, n: u32| {
        let member = n as usize % 3;
        apart.network.cut(member, "add");
        tokio::time::sleep(Duration::from_secs(4)).await;
        apart.network.cut(member, "del");
        tokio::time::sleep(Duration::from_secs(1)).await;
        store
    };
    conformance::linearizable(store, disturb).await;
}

/// Certificates as files: a CA, a server's, a client's, and a server's that has expired.
struct Certificates(tempfile::TempDir);

impl Certificates {
    fn make() -> Self {
        use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
        let this = Self(tempfile::tempdir().unwrap());
        let ca_key = KeyPair::generate().unwrap();
        let mut ca = CertificateParams::new(Vec::new()).unwrap();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        ca.distinguished_name.push(rcgen::DnType::CommonName, "the CA of etcd");
        std::fs::write(this.file("ca.crt"), ca.self_signed(&ca_key).unwrap().pem()).unwrap();
        let issuer = Issuer::new(ca, ca_key);
        for (name, ends) in [("server", 2090), ("client", 2090), ("expired", 2020)] {
            let mut params = CertificateParams::new(vec!["127.0.0.1".into(), "localhost".into()]).unwrap();
            params.not_before = date_time_ymd(2019, 1, 1);
            params.not_after = date_time_ymd(ends, 1, 1);
            params.distinguished_name.push(rcgen::DnType::CommonName, name);
            let key = KeyPair::generate().unwrap();
            let certificate = params.signed_by(&key, &issuer).unwrap();
            std::fs::write(this.file(&format!("{name}.crt")), certificate.pem()).unwrap();
            std::fs::write(this.file(&format!("{name}.key")), key.serialize_pem()).unwrap();
        }
        this
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A member that shows a certificate and wants one.
    fn member(&self, program: &PathBuf, server: &str) -> Member {
        let [client, peer] = ports();
        let url = format!("https://127.0.0.1:{client}");
        let peer = format!("http://127.0.0.1:{peer}");
        let mut command = Command::new(program);
        command
            .args(["--listen-client-urls", &url, "--advertise-client-urls", &url, "--listen-peer-urls", &peer])
            .args(["--initial-advertise-peer-urls", &peer, "--initial-cluster", &format!("default={peer}")])
            .args(["--client-cert-auth", "--log-level", "error"])
            .arg("--cert-file")
            .arg(self.file(&format!("{server}.crt")))
            .arg("--key-file")
            .arg(self.file(&format!("{server}.key")))
            .arg("--trusted-ca-file")
            .arg(self.file("ca.crt"))
            .arg("--data-dir")
            .arg(self.file(&format!("data-{server}")))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut member = Member { command, child: None, url };
        member.start();
        member
    }

    fn options(&self, member: &Member, client: Option<&str>) -> Options {
        Options {
            servers: vec![member.url.clone()],
            prefix: "/registry".into(),
            ca: Some(self.file("ca.crt")),
            cert: client.map(|c| self.file(&format!("{c}.crt"))),
            key: client.map(|c| self.file(&format!("{c}.key"))),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_are_shown_and_those_that_do_not_hold_are_named() {
    let Some(program) = program() else { return };
    let certificates = Certificates::make();
    let member = certificates.member(&program, "server");
    let mut connected = Etcd::connect(&certificates.options(&member, Some("client"))).await;
    for _ in 0..5 {
        if connected.is_ok() {
            break;
        }
        connected = Etcd::connect(&certificates.options(&member, Some("client"))).await;
    }
    let b = connected.unwrap();
    assert!(matches!(put(&b, "g/k/a", 0, "x").await, Ok(Outcome::Committed(_))));

    let error = |options: Options| async move { Etcd::connect(&options).await.err().unwrap().to_string() };
    let nobody = error(certificates.options(&member, None)).await;
    assert!(nobody.contains(&member.url) && nobody.to_lowercase().contains("certificate"), "{nobody}");
    let plain = Options { servers: vec![member.url.replace("https", "http")], ..certificates.options(&member, None) };
    let plain = error(plain).await;
    assert!(plain.contains(&member.url.replace("https", "http")), "{plain}");

    let expired = certificates.member(&program, "expired");
    let why = error(certificates.options(&expired, Some("client"))).await;
    assert!(why.contains(&expired.url) && why.contains("expired"), "{why}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn processes_on_one_cluster_see_every_write_of_each_other() {
    let Some(program) = program() else { return };
    let cluster = Cluster::start(&program, 1);
    let (a, b) = (cluster.connect("/registry").await, cluster.connect("/registry").await);
    let seen = Arc::new(Recorder::default());
    let (_, _subscription) = b.replay("g/k/", seen.clone()).await.unwrap();
    let elsewhere = cluster.connect("/other").await;
    for i in 0..50 {
        let Ok(Outcome::Committed(r)) = put(&a, &format!("g/k/ns/{i}"), 0, "x").await else { panic!("a write") };
        put(&elsewhere, &format!("g/k/ns/{i}"), 0, "not ours").await.unwrap();
        // A read that must be up to date waits for what others wrote, though the store's last write is elsewhere.
        let now = b.revision().await.unwrap();
        assert!(now > r, "the revision is the whole store's");
        assert!(b.shared.told(now, Duration::from_secs(3)).await, "the watch gets to {now}");
        assert_eq!(seen.seen.lock().unwrap().last().map(|e| e.revision), Some(r), "by then it has told of {r}");
    }
    assert_eq!(put(&b, "g/k/ns/0", 0, "y").await.map(|o| matches!(o, Outcome::Conflict(r) if r > 0)), Ok(true));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn losing_the_leader_costs_no_event_and_no_acknowledged_write() {
    let Some(program) = program() else { return };
    let mut cluster = Cluster::start(&program, 3);
    let b = cluster.connect("/registry").await;
    let seen = Arc::new(Recorder::default());
    let (_, _subscription) = b.replay("g/k/", seen.clone()).await.unwrap();
    let mut acknowledged = Vec::new();
    for i in 0..300 {
        if i % 60 == 30 {
            // Whoever leads is killed within two turns.
            cluster.members[(i / 60) % 3].kill();
        }
        if i % 60 == 59 {
            cluster.members[(i / 60) % 3].start();
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        match put(&b, &format!("g/k/{i}"), 0, "x").await {
            Ok(Outcome::Committed(r)) => acknowledged.push((r, format!("g/k/{i}"))),
            Ok(Outcome::Conflict(r)) => panic!("nobody else writes {i}, but it conflicts with {r}"),
            Err(_) => {}
        }
    }
    assert!(acknowledged.len() > 250, "writes go on: {}", acknowledged.len());
    let now = b.revision().await.unwrap();
    assert!(b.shared.told(now, Duration::from_secs(20)).await, "the watch catches up");
    let events: Vec<_> = seen.seen.lock().unwrap().iter().map(|e| (e.revision, e.key.to_string())).collect();
    assert!(events.windows(2).all(|w| w[0].0 < w[1].0), "in order, each once");
    assert!(acknowledged.iter().all(|a| events.contains(a)), "every acknowledged write is an event");
    let stored = b.range("g/k/", None, 0, Some(now)).await.unwrap();
    let stored: Vec<_> = stored.items.iter().map(|kv| (kv.revision, kv.key.to_string())).collect();
    assert_eq!(stored.len(), events.len(), "no event without a write, no write without an event");
    assert!(events.iter().all(|e| stored.contains(e)));
    assert!(seen.restarts.lock().unwrap().is_empty(), "nothing was lost");
    assert_eq!(b.healthy(), Ok(()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_compacted_unseen_starts_the_sinks_anew() {
    let Some(program) = program() else { return };
    let mut cluster = Cluster::start(&program, 1);
    let b = cluster.connect("/registry").await;
    let seen = Arc::new(Recorder::default());
    let (_, _subscription) = b.replay("g/k/", seen.clone()).await.unwrap();
    put(&b, "g/k/1", 0, "x").await.unwrap();
    // While etcd is away, `b` is stopped from coming back before the history is gone.
    for task in super::lock(&b._tasks.0).drain(..) {
        task.abort();
    }
    let other = cluster.connect("/registry").await;
    put(&other, "g/k/2", 0, "y").await.unwrap();
    let Ok(Outcome::Committed(last)) = put(&other, "g/k/3", 0, "z").await else { panic!("a write") };
    other.compact(last).await.unwrap();
    cluster.members[0].kill();
    cluster.members[0].start();
    let task = tokio::spawn(super::follow::follow(b.shared.clone()));
    assert!(b.shared.told(last, Duration::from_secs(20)).await, "it goes on");
    task.abort();
    let restarts = seen.restarts.lock().unwrap();
    let keys: Vec<_> = restarts.iter().flat_map(|r| r.items.iter().map(|kv| kv.key.to_string())).collect();
    assert_eq!(keys, ["g/k/1", "g/k/2", "g/k/3"], "the state, once");
    assert_eq!(seen.seen.lock().unwrap().len(), 1, "and no events made up");
}

#[tokio::test]
async fn wrong_servers_and_files_are_named() {
    let with =
        |server: &str| Options { servers: vec![server.into()], prefix: "/registry".into(), ..Options::default() };
    let error = |options: Options| async move { Etcd::connect(&options).await.err().unwrap().to_string() };
    assert!(error(Options::default()).await.contains("--etcd-servers"));
    assert!(error(with("https://127.0.0.1:1")).await.contains("--etcd-cafile"));
    let missing = Options { ca: Some("/nowhere/ca.pem".into()), ..with("https://127.0.0.1:1") };
    assert!(error(missing).await.contains("--etcd-cafile: cannot read /nowhere/ca.pem"));
    let [port] = ports();
    let refused = error(with(&format!("http://127.0.0.1:{port}"))).await;
    assert!(refused.contains(&port.to_string()) && refused.contains("refused"), "{refused}");
}
