//! HTTP against a server inside the test: each file of `cases` is a lifecycle on a server of its own, and `check` reads them
//! all. A step is
//!
//! ```yaml
//! - request: GET /apis/test.example.com/v1/boxes
//!   many: 4                  # so many at once: one of them, or with `all: true` each, has the code
//!   as: {user: u}            # system:masters when left out; eve may do nothing
//!   headers: {accept: application/yaml}
//!   body: {any: yaml}        # or `raw: text`, `hex: 6b38`, `fill: N` for N bytes, `large: NAME` for a large Box
//!   code: 200
//!   head: {content-type: application/json, vary: null}   # null: absent; `*`: there
//!   where: {/json/pointer: value}                        # null: absent
//!   holds: [text]            # the body has it
//!   lines: 3                 # how many frames of JSON there are
//!   gunzip: true             # the body is unpacked first
//!   save: {name: /json/pointer}                          # `${name}` from then on; `@header` for a header
//!   until: true              # asked again until it is so, for some seconds
//! ```

use super::body::Body;
use super::health::{Health, Lifecycle};
use super::service::{Api, Config};
use crate::access::{Attributes, Authorizer, Decision, User};
use crate::resource::codec::yaml;
use crate::schema::crd;
use crate::storage::Memory;
use crate::verbs::{self, Engine};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

fn definition() -> Value {
    let mut definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "boxes.test.example.com"},
        "spec": {"group": "test.example.com", "scope": "Namespaced",
            "names": {"plural": "boxes", "singular": "box", "kind": "Box"},
            "versions": [{"name": "v1", "served": true, "storage": true,
                "subresources": {"status": {}, "scale": {
                    "specReplicasPath": ".spec.size", "statusReplicasPath": ".status.size"}},
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {
                    "spec": {"type": "object", "properties": {
                        "size": {"type": "integer", "minimum": 0}, "text": {"type": "string"}}},
                    "status": {"type": "object", "properties": {"size": {"type": "integer"}}}}}}}]}});
    crd::default(&mut definition);
    definition
}

/// Everybody may do everything, but for eve.
struct NotEve;

impl Authorizer for NotEve {
    fn authorize(&self, user: &User, _: &Attributes<'_>) -> Decision {
        if user.name == "eve" { Decision::NoOpinion } else { Decision::Allow }
    }
}

async fn server(config: Config) -> Api {
    let served = verbs::Config { definitions: vec![definition()], host_definitions: true, ..verbs::Config::default() };
    let engine = Engine::start(Arc::new(Memory::new()), served).await.expect("an engine");
    Api::new(engine, Health::new(Lifecycle::new()), Arc::new(NotEve), config)
}

fn fill(value: &Value, saved: &BTreeMap<String, String>) -> Value {
    match value {
        Value::String(s) => saved.iter().fold(s.clone(), |s, (k, v)| s.replace(&format!("${{{k}}}"), v)).into(),
        Value::Array(a) => a.iter().map(|v| fill(v, saved)).collect(),
        Value::Object(o) => o.iter().map(|(k, v)| (k.clone(), fill(v, saved))).collect(),
        other => other.clone(),
    }
}

fn text<'a>(step: &'a Value, field: &str) -> Option<&'a str> {
    step.get(field).and_then(Value::as_str)
}

fn body(step: &Value) -> Bytes {
    if let Some(n) = step.get("fill").and_then(Value::as_u64) {
        return vec![b'x'; usize::try_from(n).expect("a size")].into();
    }
    if let Some(name) = text(step, "large") {
        let spec = json!({"text": "x".repeat(140_000)});
        return json!({"apiVersion": "test.example.com/v1", "kind": "Box", "metadata": {"name": name}, "spec": spec})
            .to_string()
            .into();
    }
    if let Some(hex) = text(step, "hex") {
        let byte = |i: usize| u8::from_str_radix(&hex[i..i + 2], 16).expect("hexadecimal");
        return (0..hex.len()).step_by(2).map(byte).collect::<Vec<u8>>().into();
    }
    match (text(step, "raw"), step.get("body")) {
        (Some(raw), _) => raw.to_owned().into(),
        (_, Some(body)) => body.to_string().into(),
        _ => Bytes::new(),
    }
}

fn request(step: &Value) -> Request<Full<Bytes>> {
    let (method, path) = text(step, "request").expect("a request").split_once(' ').expect("METHOD PATH");
    let mut request = Request::builder().method(method).uri(path);
    for (k, v) in step.get("headers").and_then(Value::as_object).into_iter().flatten() {
        request = request.header(k, v.as_str().expect("a header"));
    }
    let mut request = request.body(Full::new(body(step))).expect("a request");
    let user = match step.get("as") {
        None => User::admin("admin"),
        Some(who) => User { name: text(who, "user").unwrap_or_default().to_owned(), ..User::default() },
    };
    request.extensions_mut().insert(user);
    request
}

async fn answered(response: Response<Body>, gunzip: bool) -> (http::response::Parts, Bytes) {
    let (parts, body) = response.into_parts();
    let collected = tokio::time::timeout(Duration::from_secs(20), body.collect()).await.expect("an end of the answer");
    let bytes = collected.expect("a body").to_bytes();
    if !gunzip {
        return (parts, bytes);
    }
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(&bytes[..]).read_to_end(&mut plain).expect("gzip");
    (parts, plain.into())
}

fn header(parts: &http::response::Parts, name: &str) -> Option<String> {
    let all: Vec<&str> = parts.headers.get_all(name).iter().filter_map(|v| v.to_str().ok()).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

/// Runs one step; what is wrong with the answer.
async fn run(api: &Api, step: &Value, saved: &mut BTreeMap<String, String>) -> Vec<String> {
    let step = fill(step, saved);
    let many = step.get("many").and_then(Value::as_u64).unwrap_or(1);
    let all = (0..many).map(|_| tokio::spawn(api.clone().handle(request(&step))));
    let responses = futures::future::join_all(all.collect::<Vec<_>>()).await;
    let responses: Vec<_> = responses.into_iter().map(|r| r.expect("no panic")).collect();
    let codes: Vec<u16> = responses.iter().map(|r| r.status().as_u16()).collect();
    let mut wrong = Vec::new();
    let wanted = step.get("code").and_then(Value::as_u64).and_then(|c| u16::try_from(c).ok()).expect("a code");
    let all = step.get("all") == Some(&Value::Bool(true));
    if !(if all { codes.iter().all(|c| *c == wanted) } else { codes.contains(&wanted) }) {
        wrong.push(format!("code: want {wanted}, got {codes:?}"));
    }
    let gunzip = step.get("gunzip") == Some(&Value::Bool(true));
    let picked = responses.into_iter().find(|r| r.status().as_u16() == wanted || many == 1);
    let Some(response) = picked else { return wrong };
    let (parts, bytes) = answered(response, gunzip).await;
    let body = String::from_utf8_lossy(&bytes);
    let lines: Vec<Value> = body.lines().filter_map(|l| serde_json::from_str(l).ok()).collect();
    let value: Value = serde_json::from_slice(&bytes).unwrap_or_else(|_| lines.first().cloned().unwrap_or_default());
    for (name, want) in step.get("head").and_then(Value::as_object).into_iter().flatten() {
        let got = header(&parts, name);
        let fits = match want {
            Value::Null => got.is_none(),
            Value::String(s) if s == "*" => got.is_some(),
            want => got.as_deref() == want.as_str(),
        };
        if !fits {
            wrong.push(format!("header {name}: want {want}, got {got:?}"));
        }
    }
    for (pointer, want) in step.get("where").and_then(Value::as_object).into_iter().flatten() {
        let got = value.pointer(pointer).unwrap_or(&Value::Null);
        if got != want {
            wrong.push(format!("{pointer}: want {want}, got {got}"));
        }
    }
    for part in step.get("holds").and_then(Value::as_array).into_iter().flatten() {
        if !body.contains(part.as_str().unwrap_or_default()) {
            wrong.push(format!("the body lacks {part}: {}", body.chars().take(400).collect::<String>()));
        }
    }
    if let Some(n) = step.get("lines").and_then(Value::as_u64)
        && n != lines.len() as u64
    {
        wrong.push(format!("want {n} lines, got {lines:#?}"));
    }
    for (name, from) in step.get("save").and_then(Value::as_object).into_iter().flatten() {
        let from = from.as_str().unwrap_or_default();
        let found = match from.strip_prefix('@') {
            Some(h) => header(&parts, h),
            None => value.pointer(from).and_then(Value::as_str).map(str::to_owned),
        };
        match found {
            Some(found) => drop(saved.insert(name.clone(), found)),
            None => wrong.push(format!("nothing to save at {from}")),
        }
    }
    wrong
}

fn check(file: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/api/cases").join(file);
    let case = yaml::decode(&std::fs::read(&path).expect(file)).expect(file).value;
    let config = Config {
        max_requests_inflight: case["reads"].as_u64().map_or(400, |n| n as usize),
        max_mutating_requests_inflight: case["writes"].as_u64().map_or(200, |n| n as usize),
        ..Config::default()
    };
    // The threads of a server bear deep bodies; those of a test do not.
    let mut threads = tokio::runtime::Builder::new_multi_thread();
    let runtime = threads.thread_stack_size(256 << 20).enable_all().build().expect("threads");
    let steps = case["steps"].as_array().expect("steps").clone();
    let wrong: Vec<String> = runtime.block_on(async move {
        tokio::spawn(async move {
            let (api, mut saved, mut all) = (server(config).await, BTreeMap::new(), Vec::new());
            for (i, step) in steps.iter().enumerate() {
                let mut found = run(&api, step, &mut saved).await;
                let end = std::time::Instant::now() + Duration::from_secs(10);
                while step["until"] == true && !found.is_empty() && std::time::Instant::now() < end {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    found = run(&api, step, &mut saved).await;
                }
                for w in found {
                    let about = step["about"].as_str().or(step["request"].as_str()).unwrap_or_default();
                    all.push(format!("step {}, {about}: {w}", i + 1));
                }
            }
            all
        })
        .await
        .expect("no panic")
    });
    assert!(wrong.is_empty(), "{file}\n  {}", wrong.join("\n  "));
}

macro_rules! cases {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            check(concat!(stringify!($name), ".yaml"));
        }
    )*};
}

cases! {
    applies_are_judged_as_upstream_judges_them
    bodies_are_bounded_and_typed
    compiled_in_kinds_have_a_router
    definitions_come_and_go_as_upstream_has_them
    deletes_take_their_options_from_either_place
    discovery_is_negotiated_and_remembered
    every_answer_has_its_headers
    large_answers_are_compressed_for_who_asks
    lists_are_exact_and_paged
    methods_and_paths_that_are_not_there
    metrics_are_what_scrapers_read
    names_and_metadata_are_judged_by_each_verb
    overload_turns_away_all_but_masters
    parameters_are_read_as_upstream_reads_them
    reviews_answer_who_i_am_and_what_i_may
    users_act_for_others_where_they_may
    versions_are_seen_in_their_own_schema
    versions_limits_and_matches_in_every_combination
    watches_begin_and_end_cleanly
    watches_in_other_forms
    webhooks_are_not_called_and_nothing_is_lost
    what_is_selected_is_what_upstream_selects
}

#[test]
fn every_case_is_run() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/api/cases");
    let source = include_str!("tests.rs");
    for file in std::fs::read_dir(dir).expect("the cases") {
        let name = file.expect("a case").file_name().to_string_lossy().replace(".yaml", "");
        assert!(source.contains(&format!("    {name}\n")), "{name} is not in the list of cases");
    }
}
