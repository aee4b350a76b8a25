//! `migrate` through the API of a running server: every object is patched with nothing, which rewrites what is stored in an old
//! version and nothing else. It can be cut off anywhere and begun again, and goes beside any other client: the server applies
//! nothing to what is there at that moment.

use super::remote::{DEFINITIONS, Remote, why};
use super::{App, Failure};
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use http::{Method, StatusCode};
use serde_json::{Value, json};

/// Objects between two lines of progress.
const PAGE: usize = 500;
/// Requests under way at a time.
const AT_ONCE: usize = 16;
/// How often a definition is read again that somebody else writes meanwhile.
const TRIES: usize = 5;

/// A kind of the server.
struct Kind {
    /// `websites.web.example.com`
    name: String,
    group: String,
    plural: String,
    /// The version in which its objects are to be stored.
    storage: String,
    /// One in which they are served: the stored one, if it is.
    served: String,
    /// The versions in which some may be stored; of a definition that the server has as an object.
    stored: Option<Vec<String>>,
    /// Of that definition.
    generation: Option<Value>,
}

impl Kind {
    fn of(crd: &Value, is_object: bool) -> Option<Self> {
        let text = |pointer: &str| crd.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let versions = crd.pointer("/spec/versions")?.as_array()?;
        let flag = |v: &Value, name: &str| v.get(name).and_then(Value::as_bool).unwrap_or(false);
        let name = |v: &Value| v.get("name").and_then(Value::as_str).map(str::to_owned);
        let storage = versions.iter().find(|v| flag(v, "storage"))?;
        let served =
            Some(storage).filter(|v| flag(v, "served")).or_else(|| versions.iter().find(|v| flag(v, "served")))?;
        let stored = crd.pointer("/status/storedVersions").and_then(Value::as_array);
        let stored = stored.map(|all| all.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect());
        Some(Self {
            name: text("/metadata/name")?,
            group: text("/spec/group")?,
            plural: text("/spec/names/plural")?,
            storage: name(storage)?,
            served: name(served)?,
            stored: stored.filter(|_| is_object),
            generation: crd.pointer("/metadata/generation").filter(|_| is_object).cloned(),
        })
    }

    fn path(&self, namespace: Option<&str>, name: Option<&str>) -> String {
        let namespace = namespace.map(|n| format!("/namespaces/{n}")).unwrap_or_default();
        let name = name.map(|n| format!("/{n}")).unwrap_or_default();
        format!("/apis/{}/{}{namespace}/{}{name}", self.group, self.served, self.plural)
    }
}

/// How the migration of a kind stands.
#[derive(Default)]
struct Progress {
    seen: u64,
    rewritten: u64,
    failed: Vec<String>,
}

/// Rewrites the objects of this program's kinds, or of all kinds if it has none of its own.
pub(super) async fn run(app: &App, remote: &Remote, dry_run: bool) -> Result<(), Failure> {
    let mut failed = 0;
    for kind in kinds(app, remote).await? {
        let done = if dry_run { tell(remote, &kind).await.map(|()| 0) } else { migrate(remote, &kind).await };
        failed += done.map_err(|e| format!("{}: {e}", kind.name))?;
    }
    match failed {
        0 => Ok(()),
        n => Err(format!("{n} objects cannot be rewritten and stay as they are; the lines above say why").into()),
    }
}

async fn tell(remote: &Remote, kind: &Kind) -> Result<(), Failure> {
    let (mut count, mut pages) = (0, Pages::new(kind));
    while let Some(page) = pages.next(remote).await? {
        count += page.len();
    }
    let stored = kind.stored.as_ref().map_or("any version".into(), |all| all.join(", "));
    println!("{}: {count} stored in {stored}; to be stored in {}", kind.name, kind.storage);
    Ok(())
}

/// How many objects cannot be rewritten.
async fn migrate(remote: &Remote, kind: &Kind) -> Result<usize, Failure> {
    let (mut p, mut pages) = (Progress::default(), Pages::new(kind));
    while let Some(page) = pages.next(remote).await? {
        let requests: Vec<_> = page.iter().map(|object| rewrite(remote, kind, object).boxed()).collect();
        let done: Vec<Outcome> = stream::iter(requests).buffer_unordered(AT_ONCE).try_collect().await?;
        for outcome in done {
            p.seen += 1;
            match outcome {
                Outcome::Rewritten => p.rewritten += 1,
                Outcome::Current => {}
                Outcome::Failed(why) => p.failed.push(why),
            }
        }
        println!("{}: {} seen, {} rewritten", kind.name, p.seen, p.rewritten);
    }
    p.failed.iter().for_each(|why| eprintln!("{why}"));
    let pruned = p.failed.is_empty() && prune(remote, kind).await?;
    let forgotten = if pruned { format!(", only {} is stored", kind.storage) } else { String::new() };
    println!("{}: {} seen, {} rewritten, done{forgotten}", kind.name, p.seen, p.rewritten);
    Ok(p.failed.len())
}

/// The kinds that the migration is about. What the server has as objects is as it has it.
async fn kinds(app: &App, remote: &Remote) -> Result<Vec<Kind>, Failure> {
    let objects = remote.definitions().await?.unwrap_or_default();
    let own: Vec<Value> = app.checked()?.into_iter().map(|(crd, _)| crd).collect();
    if own.is_empty() {
        return Ok(objects.iter().filter_map(|crd| Kind::of(crd, true)).collect());
    }
    let name = |crd: &Value| crd.pointer("/metadata/name").cloned();
    let of = |crd: &Value| match objects.iter().find(|o| name(o) == name(crd)) {
        Some(object) => Kind::of(object, true),
        None => Kind::of(crd, false),
    };
    Ok(own.iter().filter_map(of).collect())
}

/// All objects of a kind, as they are named.
struct Pages<'a> {
    kind: &'a Kind,
    /// Where it goes on; `None` once there are no more.
    next: Option<String>,
}

impl<'a> Pages<'a> {
    fn new(kind: &'a Kind) -> Self {
        Self { kind, next: Some(String::new()) }
    }

    async fn next(&mut self, remote: &Remote) -> Result<Option<Vec<Value>>, Failure> {
        while let Some(next) = self.next.take() {
            let path = format!("{}?limit={PAGE}&continue={next}", self.kind.path(None, None));
            let (code, mut list) = remote.call(Method::GET, &path, None).await?;
            let token = list.pointer("/metadata/continue").and_then(Value::as_str).unwrap_or_default();
            self.next = Some(token.to_owned()).filter(|t| !t.is_empty());
            // A list that is too old goes on behind the same object in the newest.
            if code == StatusCode::GONE && self.next.is_some() {
                continue;
            }
            if !code.is_success() {
                return Err(why(code, &list).into());
            }
            if let Some(Value::Array(items)) = list.get_mut("items").map(Value::take)
                && !items.is_empty()
            {
                return Ok(Some(items));
            }
        }
        Ok(None)
    }
}

enum Outcome {
    Rewritten,
    /// It was, or is no more.
    Current,
    Failed(String),
}

async fn rewrite(remote: &Remote, kind: &Kind, object: &Value) -> Result<Outcome, Failure> {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
    let Some(name) = text("/metadata/name") else { return Ok(Outcome::Current) };
    let path = format!("{}?fieldManager=kubegraft-migrate", kind.path(text("/metadata/namespace"), Some(name)));
    let (code, answer) = remote.call(Method::PATCH, &path, Some(&json!({}))).await?;
    let revision = |object: &Value| object.pointer("/metadata/resourceVersion").cloned();
    Ok(match code {
        StatusCode::NOT_FOUND => Outcome::Current,
        code if !code.is_success() => Outcome::Failed(format!("{} {name}: {}", kind.name, why(code, &answer))),
        _ if revision(&answer) != revision(object) => Outcome::Rewritten,
        _ => Outcome::Current,
    })
}

/// Takes the versions off the definition in which nothing is stored any more: whether there were some.
async fn prune(remote: &Remote, kind: &Kind) -> Result<bool, Failure> {
    let wanted = vec![kind.storage.clone()];
    if kind.stored.as_ref().is_none_or(|stored| *stored == wanted) {
        return Ok(false);
    }
    let path = format!("{DEFINITIONS}/{}", kind.name);
    for _ in 0..TRIES {
        let (code, crd) = remote.call(Method::GET, &path, None).await?;
        if !code.is_success() {
            return Err(format!("{}: {}", kind.name, why(code, &crd)).into());
        }
        if crd.pointer("/metadata/generation") != kind.generation.as_ref() {
            return Err(format!("{}: its definition was changed meanwhile; begin again", kind.name).into());
        }
        let patch = json!({
            "metadata": {"resourceVersion": crd.pointer("/metadata/resourceVersion")},
            "status": {"storedVersions": wanted},
        });
        match remote.call(Method::PATCH, &format!("{path}/status"), Some(&patch)).await? {
            (StatusCode::CONFLICT, _) => {}
            (code, _) if code.is_success() => return Ok(true),
            (code, status) => return Err(format!("{}: {}", kind.name, why(code, &status)).into()),
        }
    }
    Err(format!("{}: others go on writing its definition; begin again", kind.name).into())
}
