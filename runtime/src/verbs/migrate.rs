//! Storage migration: objects that are stored in an old version are rewritten in the storage version, each by
//! compare-and-write, so that clients and other servers may write meanwhile. It can end at any object and begin again: what is
//! rewritten is not rewritten twice. A definition of the store then forgets the old versions (`status.storedVersions`).

use super::engine::Engine;
use super::entry;
use super::kinds::definitions;
use super::served::{Pending, Served, key_prefix};
use super::store::storage_error;
use crate::resource::GroupResource;
use crate::schema::definition::Conversion;
use crate::status::{Result, Status};
use crate::storage::{KeyValue, Outcome, Write};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How often all objects are looked through until none is of an old version. Only a server that goes on writing an old one
/// makes more than two necessary.
const PASSES: usize = 10;

/// How a migration of one kind stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Objects looked at, in this pass.
    pub seen: u64,
    /// Objects rewritten, in all passes.
    pub rewritten: u64,
    /// Objects that cannot be rewritten, and why.
    pub failed: Vec<String>,
}

/// Kinds that have more than one version or come from stored definitions: those that a migration is about.
pub fn kinds(engine: &Engine) -> Vec<GroupResource> {
    let kinds = engine.kinds();
    let all = kinds.all.values().filter(|s| !s.strategy.builtin());
    all.map(|s| s.resource.clone()).collect()
}

/// How many objects of a kind are stored in each version.
///
/// # Errors
/// A store that cannot be read, or a kind that is not served.
pub async fn stored_versions(engine: &Engine, resource: &GroupResource) -> Result<BTreeMap<String, u64>> {
    let served = served(engine, resource)?;
    let mut counts = BTreeMap::new();
    let mut pages = Pages::new(&served, 500);
    while let Some(page) = pages.next(engine).await? {
        for kv in page {
            let version = version_of(&kv);
            *counts.entry(version.rsplit('/').next().unwrap_or_default().to_owned()).or_default() += 1;
        }
    }
    Ok(counts)
}

/// Rewrites all objects of a kind that are not stored in its storage version, `page` at a time; `progress` is told after each
/// page.
///
/// # Errors
/// A store that cannot be read or written, a kind that is not served or that a webhook converts, or another server that goes
/// on writing an old version. Objects that cannot be converted are told in [`Progress::failed`], and keep nobody waiting.
pub async fn migrate(
    engine: &Arc<Engine>,
    resource: &GroupResource,
    page: usize,
    mut progress: impl FnMut(&Progress),
) -> Result<Progress> {
    let served = served(engine, resource)?;
    if matches!(served.definition.conversion, Conversion::Webhook(_)) {
        return Err(Status::internal(format!("{resource} is converted by a webhook, which is not asked here")));
    }
    let mut told = Progress::default();
    for _ in 0..PASSES {
        let before = told.rewritten;
        (told.seen, told.failed) = (0, Vec::new());
        let mut pages = Pages::new(&served, page);
        while let Some(page) = pages.next(engine).await? {
            for kv in page {
                told.seen += 1;
                match rewrite(engine, &served, kv).await? {
                    Ok(rewritten) => told.rewritten += u64::from(rewritten),
                    Err(why) => told.failed.push(why),
                }
            }
            progress(&told);
        }
        if told.rewritten == before {
            if told.failed.is_empty() {
                definitions::forget_stored_versions(engine, &served).await?;
            }
            return Ok(told);
        }
    }
    Err(Status::internal(format!("another server goes on storing {resource} in an old version: stop it first")))
}

fn served(engine: &Engine, resource: &GroupResource) -> Result<Arc<Served>> {
    let kinds = engine.kinds();
    kinds.all.get(resource).cloned().ok_or_else(|| Status::internal(format!("{resource} is not served")))
}

/// Brings one object to the storage version: whether that took a write, or why it cannot be.
async fn rewrite(engine: &Engine, served: &Served, mut kv: KeyValue) -> Result<std::result::Result<bool, String>> {
    let wanted = served.group_version(served.storage_version).to_string();
    loop {
        if version_of(&kv) == wanted {
            return Ok(Ok(false));
        }
        let pending = match stored_anew(served, &kv) {
            Ok(pending) => pending,
            Err(why) => return Ok(Err(format!("{}: {why}", kv.key))),
        };
        let write = Write {
            key: kv.key.clone(),
            expected: kv.revision,
            value: Some(pending.encoded.bytes.clone()),
            attachment: Some(served.attachment(&pending)),
        };
        match engine.backend().write(write).await.map_err(storage_error)? {
            Outcome::Committed(_) => return Ok(Ok(true)),
            // Somebody was faster: what they wrote is looked at instead.
            Outcome::Conflict(_) => {
                let now = engine.backend().range(&kv.key, None, 1, None).await.map_err(storage_error)?;
                match now.items.into_iter().next().filter(|found| found.key == kv.key) {
                    Some(found) => kv = found,
                    None => return Ok(Ok(false)),
                }
            }
        }
    }
}

/// A stored object in the storage version.
fn stored_anew(served: &Served, kv: &KeyValue) -> std::result::Result<Pending, String> {
    let pending = served.codec().read(&kv.value)?;
    if pending.version == served.storage_version {
        return Ok(pending);
    }
    let object = entry::decode(&pending.encoded.bytes)?;
    served.encode(&object, pending.version).map_err(|e| e.message)
}

/// apiVersion of a stored object; empty when it cannot be read, which reading it whole will tell.
fn version_of(kv: &KeyValue) -> String {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Head {
        api_version: String,
    }
    let mut json = serde_json::Deserializer::from_slice(&kv.value);
    json.disable_recursion_limit();
    <Head as serde::Deserialize<'_>>::deserialize(&mut json).map(|h| h.api_version).unwrap_or_default()
}

/// All stored objects of a kind, in order of their keys.
struct Pages {
    prefix: String,
    size: usize,
    /// The last key seen; `None` once there are no more.
    after: Option<Option<Arc<str>>>,
}

impl Pages {
    fn new(served: &Served, size: usize) -> Self {
        Self { prefix: key_prefix(&served.resource), size: size.max(1), after: Some(None) }
    }

    async fn next(&mut self, engine: &Engine) -> Result<Option<Vec<KeyValue>>> {
        let Some(after) = self.after.take() else { return Ok(None) };
        let range = engine.backend().range(&self.prefix, after.as_deref(), self.size, None);
        let range = range.await.map_err(storage_error)?;
        self.after = range.items.last().filter(|_| range.more).map(|kv| Some(kv.key.clone()));
        Ok(Some(range.items))
    }
}
