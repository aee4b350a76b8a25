//! The engine: which kinds are served now, and what every verb needs beside them: the store, admission, the clock.

use super::kinds;
use super::served::{Codec, Objects, Served, key_prefix};
use super::store::storage_error;
use super::strategy::{CustomResource, Strategy};
use crate::admission::{Admission, NamespaceState};
use crate::patch::apply::FieldManager;
use crate::resource::GroupResource;
use crate::resource::conversion::Graph;
use crate::schema::definition::Definition;
use crate::status::{Result, Status};
use crate::storage::Backend;
use crate::storage::cache::Cache;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::watch;

/// What an engine serves and how.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// CustomResourceDefinition objects that are served as they are, part of the program.
    pub definitions: Vec<Value>,
    /// How objects of definitions, by `PLURAL.GROUP`, get from version to version; of others only apiVersion changes.
    pub conversions: BTreeMap<String, Graph>,
    /// Whether CustomResourceDefinition is itself a resource, so that kinds come and go at run time.
    pub host_definitions: bool,
    /// Admission plugins that are turned off.
    pub disabled_admission: Vec<String>,
}

/// The kinds served at one moment.
#[derive(Clone, Default)]
pub struct Kinds {
    /// By group and plural.
    pub all: BTreeMap<GroupResource, Arc<Served>>,
    /// Counts changes; documents made from the kinds are fresh while it is the same.
    pub generation: u64,
}

impl Kinds {
    /// A kind in a version that is served.
    pub fn find(&self, group: &str, version: &str, plural: &str) -> Option<(Arc<Served>, usize)> {
        let served = self.all.get(&GroupResource::new(group, plural))?;
        let i = served.definition.versions.iter().position(|v| v.name == version && v.served)?;
        Some((served.clone(), i))
    }

    /// Whether anything is served in a group and version.
    pub fn has_group_version(&self, group: &str, version: &str) -> bool {
        let mut of = self.all.values().filter(|s| s.definition.group == group);
        of.any(|s| s.definition.versions.iter().any(|v| v.name == version && v.served))
    }
}

/// Serves kinds from a store. Verbs take it as their first argument.
pub struct Engine {
    backend: Arc<dyn Backend>,
    kinds: RwLock<Arc<Kinds>>,
    changed: watch::Sender<u64>,
    admission: Admission,
}

impl Engine {
    /// Loads all kinds and starts what follows them. Needs a tokio runtime, which also runs its controllers.
    ///
    /// # Errors
    /// A definition that cannot be served, or a store that cannot be read.
    pub async fn start(backend: Arc<dyn Backend>, config: Config) -> Result<Arc<Self>> {
        let engine = Arc::new(Self {
            backend,
            kinds: RwLock::default(),
            changed: watch::Sender::new(0),
            admission: Admission::new(&config.disabled_admission),
        });
        kinds::start(&engine, &config).await?;
        Ok(engine)
    }

    /// The store.
    pub fn backend(&self) -> &Arc<dyn Backend> {
        &self.backend
    }

    /// What requests are admitted by.
    pub fn admission(&self) -> &Admission {
        &self.admission
    }

    /// Whether a namespace takes new objects.
    pub fn namespace_state(&self, name: &str) -> NamespaceState {
        let kinds = self.kinds();
        let entry = kinds.find("", "v1", "namespaces").and_then(|(served, _)| served.objects.get(name));
        match entry {
            None => NamespaceState::Absent,
            Some(e) if e.decode().is_terminating() => NamespaceState::Terminating,
            Some(_) => NamespaceState::Active,
        }
    }

    /// The kinds served now.
    pub fn kinds(&self) -> Arc<Kinds> {
        self.kinds.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Follows the generation of [`Kinds`].
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// The time as Kubernetes writes it: RFC 3339 in UTC, to the second.
    pub fn now_text(&self) -> String {
        jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// Replaces the set of kinds.
    pub(super) fn update_kinds(&self, change: impl FnOnce(&mut BTreeMap<GroupResource, Arc<Served>>)) {
        let mut slot = self.kinds.write().unwrap_or_else(PoisonError::into_inner);
        let mut kinds = Kinds::clone(&slot);
        change(&mut kinds.all);
        kinds.generation += 1;
        let generation = kinds.generation;
        *slot = Arc::new(kinds);
        drop(slot);
        self.changed.send_replace(generation);
    }

    /// Makes a definition ready to be served: its objects are loaded.
    pub(super) async fn load(
        &self,
        definition: Definition,
        strategy: Option<Arc<dyn Strategy>>,
        conversion: Option<Graph>,
        uid: String,
    ) -> Result<Served> {
        let Some(storage_version) = definition.versions.iter().position(|v| v.storage) else {
            return Err(Status::internal(format!("{} has no storage version", definition.group_resource())));
        };
        let definition = Arc::new(definition);
        let strategy: Arc<dyn Strategy> = strategy.unwrap_or_else(|| Arc::new(CustomResource));
        let resource = definition.group_resource();
        let conversion = conversion.map(Arc::new);
        let codec = Codec::new(definition.clone(), storage_version, conversion.clone());
        let objects: Arc<Objects> =
            Cache::start(self.backend.clone(), key_prefix(&resource), codec).await.map_err(storage_error)?;
        let manager = |i| {
            FieldManager::new(definition.clone(), i, strategy.blank(), strategy.builtin())
                .converting(conversion.clone())
        };
        let managers = (0..definition.versions.len()).map(manager).collect();
        Ok(Served {
            definition,
            resource,
            objects,
            strategy,
            managers,
            storage_version,
            conversion,
            terminating: false,
            uid,
        })
    }
}
