//! `Served`: a definition being served, with its cache, its strategy and its field managers, and the way of an object
//! between the versions of its kind. Made and replaced by `kinds`, read by every verb.

use super::entry::{self, Encoded, Entry, Index};
use super::strategy::Strategy;
use crate::patch::apply::FieldManager;
use crate::resource::conversion::Graph;
use crate::resource::{GroupResource, GroupVersion, Object};
use crate::schema::definition::{Conversion, Definition, Scope, Version};
use crate::status::{Result, Status};
use crate::storage::cache::Cache;
use crate::storage::{Attachment, Revision};
use bytes::Bytes;
use serde_json::Value;
use std::sync::Arc;

/// The cache of one kind.
pub type Objects = Cache<Codec>;

/// A definition being served.
pub struct Served {
    /// What is served.
    pub definition: Arc<Definition>,
    /// Group and plural.
    pub resource: GroupResource,
    /// All its objects.
    pub objects: Arc<Objects>,
    /// What is particular to this kind.
    pub strategy: Arc<dyn Strategy>,
    /// Field management, per version.
    pub managers: Vec<FieldManager>,
    /// Index of the storage version.
    pub storage_version: usize,
    /// How objects get from version to version, where more than apiVersion changes.
    pub conversion: Option<Arc<Graph>>,
    /// Set while its definition is being deleted: nothing new is taken in (C23).
    pub terminating: bool,
    /// The definition's uid, so that one deleted and made again is told apart; empty for built-in kinds.
    pub uid: String,
}

/// `GROUP/PLURAL/` under which a kind's objects are kept, as kube-apiserver lays them out.
pub fn key_prefix(resource: &GroupResource) -> String {
    if resource.group.is_empty() {
        format!("{}/", resource.resource)
    } else {
        format!("{}/{}/", resource.group, resource.resource)
    }
}

/// `NAMESPACE/NAME`, or `NAME`: a key below its kind's prefix.
pub fn relative_key(namespace: &str, name: &str) -> String {
    if namespace.is_empty() { name.to_owned() } else { format!("{namespace}/{name}") }
}

impl Served {
    /// Whether objects live in namespaces.
    pub fn namespaced(&self) -> bool {
        self.definition.scope == Scope::Namespaced
    }

    /// An object's whole storage key.
    pub fn key(&self, namespace: &str, name: &str) -> String {
        key_prefix(&self.resource) + &relative_key(namespace, name)
    }

    /// Group and version by index.
    pub fn group_version(&self, version: usize) -> GroupVersion {
        GroupVersion::new(&self.definition.group, &self.definition.versions[version].name)
    }

    /// An entry's bytes in a version, encoded when first asked for.
    ///
    /// # Errors
    /// 500 for what cannot be converted.
    pub fn bytes(&self, entry: &Entry, version: usize) -> Result<Bytes> {
        // Those of the version it is stored in are its stored bytes, which are not kept twice.
        if version == entry.version {
            return Ok(entry.encoded.at_revision(entry.revision));
        }
        entry.served(version, || {
            let object = self.convert(entry.decode(), version)?;
            Ok(Encoded::new(&object).at_revision(entry.revision))
        })
    }

    /// How many bytes [`Served::append`] appends.
    ///
    /// # Errors
    /// 500 for what cannot be converted.
    pub fn len(&self, entry: &Entry, version: usize) -> Result<usize> {
        match version == entry.version {
            true => Ok(entry.encoded.len_at(entry.revision)),
            false => self.bytes(entry, version).map(|b| b.len()),
        }
    }

    /// Appends an entry's bytes in a version. An entry whose [`Served::len`] is known can be converted: its bytes are there.
    pub fn append(&self, entry: &Entry, version: usize, out: &mut Vec<u8>) {
        if version == entry.version {
            entry.encoded.append_at_revision(entry.revision, out);
        } else if let Ok(bytes) = self.bytes(entry, version) {
            out.extend_from_slice(&bytes);
        }
    }

    /// An entry decoded in a version.
    ///
    /// # Errors
    /// 500 for what cannot be converted.
    pub fn decode(&self, entry: &Entry, version: usize) -> Result<Object> {
        let object = entry.decode();
        if version == entry.version { Ok(object) } else { self.convert(object, version) }
    }

    /// An object of one version in another: converted, or with its apiVersion rewritten, and what the other version does not
    /// know is pruned (S74, S79).
    fn convert(&self, object: Object, to: usize) -> Result<Object> {
        let name = object.name().to_owned();
        self.definition.convert(self.conversion.as_deref(), object, to).map_err(|e| match self.definition.conversion {
            Conversion::Webhook(_) if self.conversion.is_none() => Status::unclassified(e.why),
            _ => Status::internal(format!("{} {name:?}: {e}", self.definition.names.kind)),
        })
    }

    /// What the cache is told beside the bytes of a write.
    pub fn attachment(&self, pending: &Pending) -> Attachment {
        Arc::new(Written { definition: self.definition.clone(), pending: pending.clone() })
    }

    /// Encodes an object of any version for storage.
    ///
    /// # Errors
    /// 500 for what cannot be converted.
    pub fn encode(&self, object: &Object, from: usize) -> Result<Pending> {
        let stored = &self.definition.versions[self.storage_version];
        // A status that the write was not to set comes back with its default, as upstream reads it from storage.
        let status = stored.schema.node().property("status").filter(|_| stored.status);
        let complete = object.0.contains_key("status") || status.is_none_or(|s| s.default.is_none());
        if from == self.storage_version && complete {
            return Ok(self.codec().encode(object));
        }
        let object = object.clone();
        let object = if from == self.storage_version { object } else { self.convert(object, self.storage_version)? };
        let mut value = object.into_value();
        stored.schema.default(&mut value);
        Ok(self.codec().encode(&Object::from_value(value).unwrap_or_default()))
    }

    /// How stored bytes become entries.
    pub fn codec(&self) -> Codec {
        Codec {
            definition: self.definition.clone(),
            storage_version: self.storage_version,
            conversion: self.conversion.clone(),
        }
    }

    /// The same kind, sharing everything.
    pub fn duplicate(&self) -> Self {
        Self {
            definition: self.definition.clone(),
            resource: self.resource.clone(),
            objects: self.objects.clone(),
            strategy: self.strategy.clone(),
            managers: self.managers.clone(),
            storage_version: self.storage_version,
            conversion: self.conversion.clone(),
            terminating: self.terminating,
            uid: self.uid.clone(),
        }
    }
}

/// An encoded object that waits for its revision.
#[derive(Clone, Debug)]
pub struct Pending {
    /// Bytes for storage and, with the revision spliced in, for clients.
    pub encoded: Encoded,
    /// The version that they are of, by its index.
    pub version: usize,
    /// For selectors.
    pub index: Arc<Index>,
    /// Whether the stored bytes are these.
    pub as_stored: bool,
}

impl Pending {
    /// What selectors read mostly stays: one copy of it for the versions of an object.
    pub(super) fn share(&mut self, before: &Entry) {
        if self.index == before.index {
            self.index = before.index.clone();
        }
    }

    /// The entry it becomes at a revision; 0 for one that is not stored.
    pub fn at(&self, revision: u64, versions: usize) -> Entry {
        Entry::new(self, revision, versions)
    }
}

/// Turns stored bytes into entries, as the schema of the version sees them that they are stored in: pruned and defaulted (S13,
/// S19). An object that was stored before the storage version was another one stays what it is until it is written.
#[derive(Clone)]
pub struct Codec {
    definition: Arc<Definition>,
    storage_version: usize,
    conversion: Option<Arc<Graph>>,
}

impl Codec {
    /// A definition's codec.
    pub fn new(definition: Arc<Definition>, storage_version: usize, conversion: Option<Arc<Graph>>) -> Self {
        Self { definition, storage_version, conversion }
    }

    /// Encodes an object of the storage version.
    pub fn encode(&self, object: &Object) -> Pending {
        self.encode_in(object, self.storage_version)
    }

    /// Encodes an object of a version as it is.
    pub fn encode_in(&self, object: &Object, version: usize) -> Pending {
        let index = Arc::new(self.index(object, version));
        Pending { encoded: Encoded::new(object), version, index, as_stored: true }
    }

    /// Reads stored bytes of any version. One that the definition does not have any more is taken for the storage version.
    pub fn read(&self, stored: &Bytes) -> std::result::Result<Pending, String> {
        let object = entry::decode(stored)?;
        let of = |v: &Version| GroupVersion::new(&self.definition.group, &v.name).to_string() == object.api_version();
        let version = self.definition.versions.iter().position(of).unwrap_or(self.storage_version);
        let object = self.definition.convert(self.conversion.as_deref(), object, version).map_err(|e| e.to_string())?;
        let mut value = object.into_value();
        self.definition.versions[version].schema.default(&mut value);
        let object = Object::from_value(value).map_err(|_| "stored value is not a JSON object")?;
        let mut pending = self.encode_in(&object, version);
        pending.as_stored = pending.encoded.bytes == *stored;
        // Mostly they are what was stored: one copy serves store and cache.
        pending.encoded.share(stored);
        Ok(pending)
    }

    fn index(&self, object: &Object, of: usize) -> Index {
        let labels = object.meta("labels").and_then(Value::as_object);
        let labels =
            labels.into_iter().flatten().filter_map(|(k, v)| Some((k.as_str().into(), v.as_str()?.into()))).collect();
        let mut fields = Vec::new();
        for (i, version) in self.definition.versions.iter().enumerate() {
            // Each version selects by its own form of the object. What has no such form has no such fields.
            let converted = match self.conversion.as_deref().filter(|_| i != of) {
                Some(graph) if !version.selectable_fields.is_empty() => {
                    Some(self.definition.convert(Some(graph), object.clone(), i).unwrap_or_default())
                }
                _ => None,
            };
            let seen = converted.as_ref().unwrap_or(object);
            fields.extend(version.selectable_fields.iter().map(|path| field_text(seen, path)));
        }
        Index { namespace: object.namespace().into(), name: object.name().into(), labels, fields }
    }

    /// Where in `Index::fields` a version's selectable field stands.
    pub fn field_position(&self, version: usize, name: &str) -> Option<usize> {
        let before: usize = self.definition.versions[..version].iter().map(|v| v.selectable_fields.len()).sum();
        let own = &self.definition.versions[version].selectable_fields;
        own.iter().position(|p| p.trim_start_matches('.') == name).map(|i| before + i)
    }
}

/// The text that a selectable field compares by; absent is empty (C54).
fn field_text(object: &Object, path: &str) -> Box<str> {
    let mut steps = path.split('.').filter(|s| !s.is_empty());
    let mut at = steps.next().and_then(|s| object.0.get(s));
    for step in steps {
        at = at.and_then(|v| v.get(step));
    }
    match at {
        Some(Value::String(s)) => s.as_str().into(),
        Some(v @ (Value::Bool(_) | Value::Number(_))) => v.to_string().into(),
        _ => "".into(),
    }
}

impl crate::storage::cache::Codec for Codec {
    type Entry = Entry;
    type Trace = Arc<Index>;

    fn decode(
        &self,
        _: &str,
        value: &Bytes,
        revision: Revision,
        attachment: Option<&Attachment>,
    ) -> std::result::Result<Entry, String> {
        let versions = self.definition.versions.len();
        // What a verb of this process has just encoded by this definition is not decoded again.
        if let Some(written) = attachment.and_then(|a| a.downcast_ref::<Written>())
            && Arc::ptr_eq(&written.definition, &self.definition)
        {
            return Ok(written.pending.at(revision, versions));
        }
        Ok(self.read(value)?.at(revision, versions))
    }

    fn trace<'a>(&self, entry: &'a Entry) -> &'a Arc<Index> {
        &entry.index
    }

    fn terms(&self, index: &Arc<Index>) -> Vec<String> {
        let labels = index.labels.iter().map(|(k, v)| label_term(k, v));
        labels.chain(index.fields.iter().enumerate().map(|(i, v)| field_term(i, v))).collect()
    }

    fn same_terms(&self, a: &Arc<Index>, b: &Arc<Index>) -> bool {
        Arc::ptr_eq(a, b) || (a.labels == b.labels && a.fields == b.fields)
    }
}

/// The index term of a label.
pub(super) fn label_term(key: &str, value: &str) -> String {
    format!("{key}={value}")
}

/// The index term of a selectable field, by its place among them; no label's key begins so.
pub(super) fn field_term(position: usize, value: &str) -> String {
    format!("={position}={value}")
}

/// What a write attaches for the cache: the encoded object, and the definition it was encoded by.
pub struct Written {
    definition: Arc<Definition>,
    pending: Pending,
}

/// 404 for a name that is not there; 400 for one that cannot be.
pub fn not_found(served: &Served, name: &str) -> Status {
    let why = match name {
        "." | ".." => format!("may not be '{name}'"),
        _ => ["/", "%"]
            .iter()
            .filter(|c| name.contains(**c))
            .map(|c| format!("may not contain '{c}'"))
            .collect::<Vec<_>>()
            .join(";"),
    };
    if why.is_empty() {
        return Status::not_found(&served.resource, name);
    }
    Status::bad_request(format!("Name parameter invalid: {name:?}: {why}"))
}
