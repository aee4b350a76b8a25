//! The door of kine, which puts SQL databases behind a part of etcd's API: what kine refuses is refused here (pkg/server of
//! github.com/k3s-io/kine as of August 2026), and what it takes is handed to a real etcd. So it is known without a kine that the
//! backend asks nothing that kine cannot do.

use super::super::wire::{
    Against, Ask, Compare, DeleteRangeRequest, Op, PutRequest, RangeRequest, TxnRequest, WatchRequest,
};
use super::super::{COMPACTOR, compact_once, follow};
use super::{Cluster, Etcd, Options, program};
use crate::storage::conformance;
use crate::storage::contract::Backend;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::{TokioExecutor, TokioIo};
use prost::Message;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

type Body = UnsyncBoxBody<Bytes, hyper::Error>;

/// Whether a transaction has one of the forms that kine recognizes.
fn takes(txn: &TxnRequest) -> bool {
    let op = |ops: &[super::super::wire::RequestOp]| ops.first().and_then(|o| o.op.clone());
    let ([compare], [_]) = (&txn.compare[..], &txn.success[..]) else { return false };
    let looks = txn.failure.len() == 1 && matches!(op(&txn.failure), Some(Op::Range(_)));
    let by_revision = matches!(compare.against, Some(Against::ModRevision(_))) && compare.target == 2;
    let absent = compare.against == Some(Against::ModRevision(0));
    let by_version = matches!(compare.against, Some(Against::Version(_))) && compare.target == 0;
    compare.result == 0
        && match op(&txn.success) {
            Some(Op::Put(_)) if txn.failure.is_empty() => by_revision && absent,
            Some(Op::Put(_)) => looks && (by_revision || (by_version && compare.key == COMPACTOR)),
            Some(Op::Delete(_)) => looks && by_revision,
            _ => false,
        }
}

/// Why kine does not take a call.
fn refuses(path: &str, message: &[u8]) -> Option<String> {
    let refused = |what: &dyn std::fmt::Debug| Some(format!("{path}: {what:?}"));
    match path {
        "/etcdserverpb.KV/Txn" => match TxnRequest::decode(message) {
            Ok(txn) if takes(&txn) => None,
            other => refused(&other),
        },
        "/etcdserverpb.KV/Range" => match RangeRequest::decode(message) {
            Ok(range) if !range.range_end.is_empty() || range.limit <= 1 => None,
            other => refused(&other),
        },
        "/etcdserverpb.Watch/Watch" => match WatchRequest::decode(message).map(|r| r.ask) {
            // Progress of a watch that did not ask for it is not waited for: what kine then says of it is not true.
            Ok(Some(Ask::Create(create))) if create.progress_notify => None,
            Ok(Some(Ask::Progress(_))) => None,
            other => refused(&other),
        },
        "/etcdserverpb.KV/Put" | "/etcdserverpb.KV/Compact" | "/etcdserverpb.Maintenance/Status" => None,
        _ => refused(&"not there"),
    }
}

#[derive(Clone)]
struct Door {
    etcd: SendRequest<Body>,
    at: String,
    refused: Arc<Mutex<Vec<String>>>,
}

impl Door {
    /// A door in front of a member, and its URL.
    async fn open(member: &str) -> (Self, String) {
        let at = member.trim_start_matches("http://").to_owned();
        let stream = loop {
            match TcpStream::connect(&at).await {
                Ok(stream) => break stream,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        // Small messages go back and forth: none waits for the next.
        stream.set_nodelay(true).unwrap();
        let shake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
        let (etcd, connection) = shake.await.unwrap();
        tokio::spawn(connection);
        let door = Self { etcd, at, refused: Arc::default() };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let this = door.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                client.set_nodelay(true).unwrap();
                let door = this.clone();
                let service = hyper::service::service_fn(move |request| door.clone().pass(request));
                let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                tokio::spawn(server.serve_connection(TokioIo::new(client), service));
            }
        });
        (door, url)
    }

    async fn pass(mut self, request: Request<Incoming>) -> Result<Response<Body>, hyper::Error> {
        let (mut head, body) = request.into_parts();
        let path = head.uri.path().to_owned();
        head.uri = format!("http://{}{path}", self.at).parse().unwrap();
        // A message comes behind five bytes that say how long it is.
        let body = if path == "/etcdserverpb.Watch/Watch" {
            let refused = self.refused.clone();
            let looked_at = body.map_frame(move |frame| {
                let why = frame.data_ref().and_then(|data| refuses(&path, data.get(5..).unwrap_or_default()));
                refused.lock().unwrap().extend(why);
                frame
            });
            looked_at.boxed_unsync()
        } else {
            let whole = body.collect().await?.to_bytes();
            if let Some(why) = refuses(&path, whole.get(5..).unwrap_or_default()) {
                self.refused.lock().unwrap().push(why);
                let refusal =
                    Response::builder().header("content-type", "application/grpc").header("grpc-status", "12");
                return Ok(refusal.body(Empty::new().map_err(|never| match never {}).boxed_unsync()).unwrap());
            }
            Full::new(whole).map_err(|never| match never {}).boxed_unsync()
        };
        let answer = self.etcd.send_request(Request::from_parts(head, body)).await?;
        Ok(answer.map(BodyExt::boxed_unsync))
    }
}

#[test]
fn forms_that_kine_does_not_know_are_refused() {
    let key = Bytes::from_static(b"/registry/g/k/a");
    let put = || Op::Put(PutRequest { key: key.clone(), value: Bytes::new() });
    let delete = || Op::Delete(DeleteRangeRequest { key: key.clone() });
    let look = || Op::Range(RangeRequest { key: key.clone(), ..RangeRequest::default() });
    let check = |compare: Compare, success: Vec<Op>, failure: Vec<Op>, taken: bool| {
        let ops = |ops: Vec<Op>| ops.into_iter().map(Into::into).collect();
        let txn = TxnRequest { compare: vec![compare], success: ops(success), failure: ops(failure) };
        assert_eq!(refuses("/etcdserverpb.KV/Txn", &txn.encode_to_vec()).is_none(), taken, "{txn:?}");
    };
    let at = |revision| Compare::last_write(key.clone(), revision);
    check(at(0), vec![put()], vec![], true);
    check(at(7), vec![put()], vec![look()], true);
    check(at(7), vec![delete()], vec![look()], true);
    check(Compare::version(Bytes::from_static(COMPACTOR), 3), vec![put()], vec![look()], true);
    check(at(7), vec![put()], vec![], false);
    check(at(7), vec![delete()], vec![], false);
    check(at(0), vec![put(), put()], vec![], false);
    check(at(7), vec![look()], vec![look()], false);
    check(Compare::version(key.clone(), 3), vec![put()], vec![look()], false);
    assert!(refuses("/etcdserverpb.KV/DeleteRange", &[]).is_some());
    assert!(refuses("/etcdserverpb.Lease/LeaseGrant", &[]).is_some());
    let watch = WatchRequest { ask: Some(Ask::Create(Default::default())) };
    assert!(refuses("/etcdserverpb.Watch/Watch", &watch.encode_to_vec()).is_some(), "its progress would not be true");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_contract_is_kept_with_what_kine_can_do() {
    let Some(program) = program() else { return };
    let clusters = tokio::sync::Mutex::new(Vec::new());
    let refused = Mutex::new(Vec::new());
    let connect = async || {
        let cluster = Cluster::start(&program, 1);
        let (door, url) = Door::open(&cluster.members[0].url).await;
        refused.lock().unwrap().push(door.refused);
        clusters.lock().await.push(cluster);
        let options = Options { servers: vec![url], prefix: "/registry".into(), ..Options::default() };
        Etcd::connect(&options).await.unwrap()
    };
    conformance::run(async || Arc::new(connect().await) as Arc<dyn Backend>, conformance::nothing_happens).await;

    // Those whose turn it is to compact, and those who come second.
    let store = connect().await;
    let mut turns = [(0, 0), (0, 0)];
    for _ in 0..3 {
        for (version, due) in &mut turns {
            compact_once(&store.shared, version, due).await.unwrap();
        }
    }
    assert!(turns.iter().any(|(version, _)| *version > 1), "{turns:?}");
    let before = store.revision().await.unwrap();
    follow::fence(store.shared.clone()).await;
    assert!(store.revision().await.unwrap() > before, "a fence is a write");
    for refused in refused.into_inner().unwrap() {
        assert_eq!(*refused.lock().unwrap(), Vec::<String>::new());
    }
}
