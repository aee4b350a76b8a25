//! The chain of a kind's versions and the way of an object along it. What a step means is the user's `From` and `TryFrom`.

use super::keep::{self, Kept};
use super::misfit::Misfit;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::any::Any;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;

/// The annotation in which an object of an older version carries what that version cannot hold.
pub const KEPT: &str = "conversion.kubegraft.dev/kept";

/// Why an object could not be converted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot convert from {from} to {to}: {why}")]
pub struct ConversionError {
    /// The version it was of.
    pub from: String,
    /// The version that was wanted.
    pub to: String,
    /// What stands in the way, with the path of the field where it is known.
    pub why: String,
}

/// A type that converts to and from its neighbour: `From` or `TryFrom`, whose error begins with the path of the field.
pub trait Neighbour<Other>: Serialize + DeserializeOwned + TryFrom<Other, Error: Display + 'static> + 'static {}

impl<T, Other> Neighbour<Other> for T where
    T: Serialize + DeserializeOwned + TryFrom<Other, Error: Display + 'static> + 'static
{
}

type Convert = fn(Value, Part) -> Result<Value, String>;

/// What of an object a pair of types describes: all of it, or a member.
type Part = Option<&'static str>;

const WHOLE: Part = None;
const SPEC: Part = Some("spec");
const STATUS: Part = Some("status");

/// The ways between two neighbours, of each part that differs.
#[derive(Clone)]
struct Step {
    parts: Vec<Ways>,
}

/// The ways of one part.
#[derive(Clone)]
struct Ways {
    part: Part,
    up: Convert,
    down: Convert,
}

impl Ways {
    fn between<Old: Neighbour<New>, New: Neighbour<Old>>(part: Part) -> Self {
        Self { part, up: convert::<Old, New>, down: convert::<New, Old> }
    }
}

/// The versions of a kind, oldest first, and the steps between neighbours.
#[derive(Clone)]
pub struct Graph {
    versions: Vec<String>,
    steps: Vec<Step>,
    /// The schemas of versions, where they are known: they say by which keys items of lists are told apart.
    schemas: BTreeMap<String, Arc<Value>>,
}

impl std::fmt::Debug for Graph {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Graph").field("versions", &self.versions).finish_non_exhaustive()
    }
}

/// What the annotation holds.
#[derive(Serialize, Deserialize)]
struct Annotation {
    /// The version that can hold it.
    version: String,
    kept: Kept,
}

impl Graph {
    /// A kind with one version so far, the oldest.
    pub fn new(version: impl Into<String>) -> Self {
        Self { versions: vec![version.into()], steps: Vec::new(), schemas: BTreeMap::new() }
    }

    /// Adds the next version, with conversions of whole objects to and from the one before.
    #[must_use]
    pub fn step<Old: Neighbour<New>, New: Neighbour<Old>>(self, version: impl Into<String>) -> Self {
        self.push(version.into(), vec![Ways::between::<Old, New>(WHOLE)])
    }

    /// Adds the next version, which differs from the one before in `spec` only.
    #[must_use]
    pub fn spec_step<Old: Neighbour<New>, New: Neighbour<Old>>(self, version: impl Into<String>) -> Self {
        self.push(version.into(), vec![Ways::between::<Old, New>(SPEC)])
    }

    /// Adds the next version, which differs from the one before in `spec` and `status`.
    #[must_use]
    pub fn spec_and_status_step<Old, New, OldStatus, NewStatus>(self, version: impl Into<String>) -> Self
    where
        Old: Neighbour<New>,
        New: Neighbour<Old>,
        OldStatus: Neighbour<NewStatus>,
        NewStatus: Neighbour<OldStatus>,
    {
        let status = Ways::between::<OldStatus, NewStatus>(STATUS);
        self.push(version.into(), vec![Ways::between::<Old, New>(SPEC), status])
    }

    fn push(mut self, version: String, parts: Vec<Ways>) -> Self {
        self.versions.push(version);
        self.steps.push(Step { parts });
        self
    }

    /// Says which schema (openAPIV3Schema) a version has, so that items of its lists are told apart by their keys.
    #[must_use]
    pub fn with_schema(mut self, version: impl Into<String>, schema: Value) -> Self {
        self.schemas.insert(version.into(), Arc::new(schema));
        self
    }

    /// The versions, oldest first.
    pub fn versions(&self) -> &[String] {
        &self.versions
    }

    /// An object in another version. What that version cannot hold goes into the annotation [`KEPT`]; what the annotation
    /// holds comes back as soon as a version can hold it, except where it was edited since.
    ///
    /// # Errors
    /// A version that is not in the graph, or a step that fails; it says at which field.
    pub fn convert(&self, object: Value, to: &str) -> Result<Value, ConversionError> {
        self.convert_pruned(object, to, |_, _| {})
    }

    /// As [`Graph::convert`]; `prune` takes from an object what the schema of a version does not hold, which is kept too.
    ///
    /// # Errors
    /// As there.
    pub fn convert_pruned(
        &self,
        mut object: Value,
        to: &str,
        prune: impl Fn(&str, &mut Value),
    ) -> Result<Value, ConversionError> {
        let (group, from) = api_version(&object);
        let error = |why: String| ConversionError { from: from.clone(), to: to.to_owned(), why };
        if from == to {
            prune(to, &mut object);
            return Ok(object);
        }
        let mut at = self.position(&from).map_err(error)?;
        let target = self.position(to).map_err(error)?;
        if let Some(annotation) = take_annotation(&mut object) {
            // What was kept belongs to a version that can hold it: the object is made whole there first.
            if let Ok(whole) = self.position(&annotation.version) {
                object = self.made_whole(object, &group, (at, whole), &annotation.kept, &prune).map_err(error)?;
                at = whole;
            }
        }
        let mut converted = self.along(object.clone(), &group, at, target).map_err(error)?;
        prune(to, &mut converted);
        let came_back = self.along(converted.clone(), &group, target, at).map_err(error)?;
        let schema = self.schemas.get(&self.versions[at]).map(|s| &**s);
        if let Some(kept) = keep::difference(Some(&content(came_back)), Some(&content(object)), schema) {
            let annotation = Annotation { version: self.versions[at].clone(), kept };
            let text = serde_json::to_string(&annotation).map_err(|e| error(e.to_string()))?;
            set_annotation(&mut converted, text);
        }
        Ok(converted)
    }

    /// An object in the version that can hold what was kept of it, with that. What the client wrote is what it must read again:
    /// of the kept is left out what would show as another value in the client's version.
    fn made_whole(
        &self,
        object: Value,
        group: &str,
        (at, whole): (usize, usize),
        kept: &Kept,
        prune: &impl Fn(&str, &mut Value),
    ) -> Result<Value, String> {
        let shown = |object: Value| {
            let mut shown = self.along(object, group, whole, at).ok()?;
            prune(&self.versions[at], &mut shown);
            Some(content(shown))
        };
        let bare = self.along(object.clone(), group, at, whole)?;
        let mut seen = vec![content(object)];
        // What the client wrote may come back written otherwise, without anything kept.
        seen.extend(shown(bare.clone()));
        let mut tries = TRIES;
        let shows = |candidate: &Value| {
            shown(candidate.clone()).is_some_and(|shown| seen.iter().any(|s| same_but_nulls(s, &shown)))
        };
        Ok(settle(bare, std::slice::from_ref(kept), &mut tries, &shows))
    }

    fn position(&self, version: &str) -> Result<usize, String> {
        let known = || format!("there is no version {version}, there are {}", self.versions.join(", "));
        self.versions.iter().position(|v| v == version).ok_or_else(known)
    }

    /// The bare way, step by step.
    fn along(&self, mut object: Value, group: &str, mut at: usize, to: usize) -> Result<Value, String> {
        while at != to {
            let step = &self.steps[if at < to { at } else { at - 1 }];
            let next = if at < to { at + 1 } else { at - 1 };
            let metadata = object.get("metadata").cloned();
            let kind = object.get("kind").cloned();
            for ways in &step.parts {
                object = (if at < to { ways.up } else { ways.down })(object, ways.part)?;
            }
            let Some(map) = object.as_object_mut() else { return Err("a step gave no object".into()) };
            // Steps convert content: metadata and kind are the object's own in every version.
            metadata.and_then(|m| map.insert("metadata".into(), m));
            kind.and_then(|k| map.insert("kind".into(), k));
            let version = &self.versions[next];
            let api_version = if group.is_empty() { version.clone() } else { format!("{group}/{version}") };
            map.insert("apiVersion".into(), api_version.into());
            at = next;
        }
        Ok(object)
    }
}

/// Group and version of an object.
fn api_version(object: &Value) -> (String, String) {
    let text = object.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
    let (group, version) = text.split_once('/').unwrap_or(("", text));
    (group.to_owned(), version.to_owned())
}

/// One step, of a whole object or of a member. What the object lacks, it lacks in the next version too.
fn convert<From: DeserializeOwned, To: Neighbour<From>>(mut object: Value, part: Part) -> Result<Value, String> {
    let place = match part {
        WHOLE => Some(&mut object),
        Some(member) => object.get_mut(member).filter(|v| !v.is_null()),
    };
    let Some(place) = place else { return Ok(object) };
    let from: From = serde_path_to_error::deserialize(&*place).map_err(|e| {
        let inner = Misfit::new(e.inner());
        let path = e.path().to_string();
        let misfit = if e.path().iter().next().is_some() { inner.in_field(&path) } else { inner };
        part.map_or(misfit.clone(), |part| misfit.in_field(part)).to_string()
    })?;
    // A conversion is the user's code; one that panics must not end what reads or writes the object.
    let to =
        catch_unwind(|| To::try_from(from)).map_err(|_| "the conversion panicked; the server's log has the message")?;
    let to = to.map_err(|e| match ((&e as &dyn Any).downcast_ref::<Misfit>(), part) {
        // One that knows its fields does not know in what of the object they are.
        (Some(misfit), Some(part)) => misfit.clone().in_field(part).to_string(),
        _ => e.to_string(),
    })?;
    let mut converted = serde_json::to_value(to).map_err(|e| e.to_string())?;
    absent(&mut converted, Some(place));
    *place = converted;
    Ok(object)
}

/// An `Option` that is `None` is serialized as null, which is another thing than absent in a nullable field: members go that
/// are null and were not.
fn absent(converted: &mut Value, before: Option<&Value>) {
    match converted {
        Value::Object(members) => {
            members.retain(|k, v| !v.is_null() || before.and_then(|b| b.get(k)).is_some_and(Value::is_null));
            members.iter_mut().for_each(|(k, v)| absent(v, before.and_then(|b| b.get(k))));
        }
        Value::Array(items) => items.iter_mut().enumerate().for_each(|(i, v)| absent(v, before.and_then(|b| b.get(i)))),
        _ => {}
    }
}

/// Runs the user's code.
fn catch_unwind<T>(run: impl FnOnce() -> T) -> std::thread::Result<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(run))
}

/// All that conversions are about: not apiVersion, kind or metadata.
fn content(mut object: Value) -> Value {
    if let Some(map) = object.as_object_mut() {
        map.retain(|k, _| !matches!(k.as_str(), "apiVersion" | "kind" | "metadata"));
    }
    object
}

/// Whether two values are the same to a client: null is what is not there, which the schemas of versions may see otherwise.
fn same_but_nulls(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            let all = a.iter().all(|(k, v)| b.get(k).map_or(v.is_null(), |other| same_but_nulls(v, other)));
            all && b.iter().all(|(k, v)| v.is_null() || a.contains_key(k))
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_but_nulls(a, b)),
        (a, b) => keep::difference(Some(a), Some(b), None).is_none(),
    }
}

/// How often it is tried which parts of what was kept can be put back: an object costs no more, whatever is in its annotation.
const TRIES: u32 = 64;

/// The object with those of the pieces that leave it as it shows; in halves, since few do not.
fn settle(object: Value, pieces: &[Kept], tries: &mut u32, shows: &impl Fn(&Value) -> bool) -> Value {
    if pieces.is_empty() || *tries == 0 {
        return object;
    }
    *tries -= 1;
    let mut candidate = object.clone();
    pieces.iter().for_each(|kept| restore(&mut candidate, kept));
    if shows(&candidate) {
        return candidate;
    }
    let [one] = pieces else {
        let (left, right) = pieces.split_at(pieces.len() / 2);
        let object = settle(object, left, tries, shows);
        return settle(object, right, tries, shows);
    };
    let (parts, seen) = (one.pieces(), one.of_seen_items());
    match (parts.len() > 1, seen == *one) {
        (true, _) => settle(object, &parts, tries, shows),
        (false, true) => object,
        (false, false) => settle(object, &[seen], tries, shows),
    }
}

fn restore(object: &mut Value, kept: &Kept) {
    let head = object.as_object().map(|m| {
        let heads = ["apiVersion", "kind", "metadata"].into_iter();
        heads.filter_map(|k| Some((k.to_owned(), m.get(k)?.clone()))).collect::<Vec<_>>()
    });
    if let Some(Value::Object(mut map)) = keep::restore(Some(content(object.take())), kept) {
        map.extend(head.into_iter().flatten());
        *object = Value::Object(map);
    }
}

/// Takes the annotation off; one that cannot be read (somebody wrote to it) keeps nothing.
fn take_annotation(object: &mut Value) -> Option<Annotation> {
    let metadata = object.get_mut("metadata")?.as_object_mut()?;
    let annotations = metadata.get_mut("annotations")?.as_object_mut()?;
    let text = annotations.remove(KEPT)?;
    if annotations.is_empty() {
        metadata.remove("annotations");
    }
    serde_json::from_str(text.as_str()?).ok()
}

fn set_annotation(object: &mut Value, text: String) {
    let Some(map) = object.as_object_mut() else { return };
    let Some(metadata) = map.entry("metadata").or_insert_with(|| json!({})).as_object_mut() else { return };
    let annotations = metadata.entry("annotations").or_insert_with(|| json!({}));
    if let Some(annotations) = annotations.as_object_mut() {
        annotations.insert(KEPT.into(), text.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize, Deserialize)]
    struct V1 {
        size: u32,
    }

    #[derive(Serialize, Deserialize)]
    struct V2 {
        size: u32,
        colour: Option<String>,
    }

    #[derive(Serialize, Deserialize)]
    struct V3 {
        length: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        colour: Option<String>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        parts: Vec<String>,
    }

    impl From<V1> for V2 {
        fn from(v: V1) -> Self {
            V2 { size: v.size, colour: None }
        }
    }
    impl From<V2> for V1 {
        fn from(v: V2) -> Self {
            V1 { size: v.size }
        }
    }
    impl TryFrom<V2> for V3 {
        type Error = String;
        fn try_from(v: V2) -> Result<Self, String> {
            assert!(v.size != 14, "a mistake in the user's conversion");
            if v.size == 13 {
                return Err("spec.size: 13 has no length".into());
            }
            Ok(V3 { length: v.size, colour: v.colour, parts: Vec::new() })
        }
    }
    impl From<V3> for V2 {
        fn from(v: V3) -> Self {
            V2 { size: v.length, colour: v.colour }
        }
    }

    fn graph() -> Graph {
        Graph::new("v1").spec_step::<V1, V2>("v2").spec_step::<V2, V3>("v3")
    }

    fn object(version: &str, spec: Value) -> Value {
        json!({"apiVersion": format!("ex.io/{version}"), "kind": "Rod", "metadata": {"name": "r"}, "spec": spec})
    }

    #[test]
    fn every_pair_of_versions_is_lossless() {
        let g = graph();
        let newest = object("v3", json!({"length": 4, "colour": "red", "parts": ["a", "b"]}));
        for via in ["v1", "v2"] {
            let old = g.convert(newest.clone(), via).expect("down");
            assert_eq!(old["apiVersion"], format!("ex.io/{via}"));
            assert_eq!(g.convert(old, "v3").expect("up"), newest);
        }
        // Through both, in either order.
        let one = g.convert(newest.clone(), "v1").expect("down");
        let two = g.convert(one.clone(), "v2").expect("up");
        assert_eq!(two["spec"], json!({"size": 4, "colour": "red"}));
        assert_eq!(g.convert(g.convert(two, "v1").expect("down"), "v3").expect("up"), newest);
    }

    /// One port in the old version, all of them in the new.
    fn ports() -> Graph {
        #[derive(Serialize, Deserialize)]
        struct Old {
            port: Option<u16>,
        }
        #[derive(Serialize, Deserialize)]
        struct New {
            #[serde(default)]
            ports: Vec<Port>,
            #[serde(default)]
            colour: Option<String>,
        }
        #[derive(Serialize, Deserialize)]
        struct Port {
            name: String,
            port: u16,
        }
        impl From<Old> for New {
            fn from(old: Old) -> Self {
                let port = |port| Port { name: format!("port-{port}"), port };
                New { ports: old.port.map(port).into_iter().collect(), colour: None }
            }
        }
        impl From<New> for Old {
            fn from(new: New) -> Self {
                Old { port: new.ports.first().map(|p| p.port) }
            }
        }
        Graph::new("v1").spec_step::<Old, New>("v2")
    }

    #[test]
    fn what_an_old_client_writes_is_what_it_reads_again() {
        let port = |name: &str, port: u16| json!({"name": name, "port": port});
        let down = |new: &Value| ports().convert(new.clone(), "v1").expect("down");
        let new = object("v2", json!({"ports": [port("web", 80), port("admin", 8080)], "colour": "red"}));
        for (written, wanted) in [
            (json!({"port": 80}), json!([port("web", 80), port("admin", 8080)])),
            // The other port is still there, after the one the client sees.
            (json!({"port": 81}), json!([port("port-81", 81), port("admin", 8080)])),
            // The other port would become the one the client sees, which it has just taken away.
            (json!({}), json!([])),
        ] {
            let mut old = down(&new);
            assert_eq!(old["spec"], json!({"port": 80}));
            old["spec"] = written.clone();
            let stored = ports().convert(old, "v2").expect("up");
            assert_eq!(stored["spec"], json!({"ports": wanted, "colour": "red"}), "{written}");
            assert_eq!(down(&stored)["spec"], written);
        }
    }

    #[test]
    fn an_annotation_of_any_size_costs_no_more_than_its_tries() {
        let many: serde_json::Map<String, Value> =
            (0..5000).map(|i| (format!("m{i}"), json!({"value": {"is": i}}))).collect();
        let kept = json!({"version": "v2", "kept": {"map": {"spec": {"map": {"ports": {"value": {"was": [], "is": [{"name": "a", "port": 1}]}}, "more": {"map": many}}}}}});
        let mut old = object("v1", json!({}));
        old["metadata"]["annotations"] = json!({KEPT: kept.to_string()});
        let started = std::time::Instant::now();
        assert_eq!(ports().convert(old, "v2").expect("up")["spec"]["ports"], json!([]));
        assert!(started.elapsed().as_secs() < 10);
    }

    #[test]
    fn nothing_is_kept_where_nothing_is_lost() {
        let old = object("v1", json!({"size": 4}));
        let new = graph().convert(old.clone(), "v3").expect("up");
        assert_eq!(new, object("v3", json!({"length": 4})));
        assert_eq!(graph().convert(new, "v1").expect("down"), old);
    }

    #[test]
    fn an_edit_in_the_old_version_wins_and_the_rest_comes_back() {
        let mut old = graph().convert(object("v3", json!({"length": 4, "colour": "red"})), "v1").expect("down");
        old["spec"]["size"] = json!(5);
        let new = graph().convert(old, "v3").expect("up");
        assert_eq!(new, object("v3", json!({"length": 5, "colour": "red"})));
    }

    #[test]
    fn a_step_that_fails_says_where() {
        let e = graph().convert(object("v1", json!({"size": 13})), "v3").expect_err("13");
        assert_eq!(e.to_string(), "cannot convert from v1 to v3: spec.size: 13 has no length");
        let e = graph().convert(object("v1", json!({"size": "x"})), "v2").expect_err("text");
        assert!(e.to_string().contains(": spec.size: invalid type: string"), "{e}");
        let e = graph().convert(object("v1", json!("x")), "v2").expect_err("no object");
        assert!(e.to_string().contains(": spec: invalid type: string"), "{e}");
        let e = graph().convert(object("v1", json!({"size": 1})), "v9").expect_err("v9");
        assert_eq!(e.why, "there is no version v9, there are v1, v2, v3");
    }

    #[test]
    fn a_step_that_panics_is_an_error() {
        let e = graph().convert(object("v1", json!({"size": 14})), "v3").expect_err("14");
        assert_eq!(
            e.to_string(),
            "cannot convert from v1 to v3: the conversion panicked; the server's log has the message"
        );
    }

    #[test]
    fn an_object_without_spec_has_none_in_any_version() {
        let bare = json!({"apiVersion": "ex.io/v1", "kind": "Rod", "metadata": {"name": "r"}});
        assert_eq!(graph().convert(bare, "v3").expect("up").get("spec"), None);
    }

    #[test]
    fn an_annotation_that_somebody_broke_keeps_nothing() {
        let mut old = object("v1", json!({"size": 4}));
        old["metadata"]["annotations"] = json!({KEPT: "{", "a": "b"});
        let new = graph().convert(old, "v2").expect("up");
        assert_eq!(new["metadata"]["annotations"], json!({"a": "b"}));
    }
}
