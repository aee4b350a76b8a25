//! What every verb is told: who asks, for what, and where warnings for the client are gathered.

use super::served::Served;
use crate::access::User;
use crate::resource::{GroupResource, GroupVersion};
use crate::schema::definition::Version;
use std::sync::{Arc, Mutex};

/// The part of an object that a request addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The object itself.
    Main,
    /// `/status`.
    Status,
    /// `/scale`.
    Scale,
    /// `/finalize`, of namespaces.
    Finalize,
}

impl Part {
    /// The subresource's name, empty for the object itself.
    pub fn name(self) -> &'static str {
        match self {
            Part::Main => "",
            Part::Status => "status",
            Part::Scale => "scale",
            Part::Finalize => "finalize",
        }
    }
}

/// What a request is about: a served kind in one of its versions, a namespace, perhaps a name.
#[derive(Clone)]
pub struct Target {
    /// The kind as it is served now.
    pub served: Arc<Served>,
    /// Index of the requested version in the definition.
    pub version: usize,
    /// Namespace of the URL; empty for cluster-scoped kinds and all-namespaces requests.
    pub namespace: String,
    /// Name of the URL; empty for collections.
    pub name: String,
    /// Subresource.
    pub part: Part,
}

impl Target {
    /// Group and plural.
    pub fn resource(&self) -> &GroupResource {
        &self.served.resource
    }

    /// The requested version's definition.
    pub fn version(&self) -> &Version {
        &self.served.definition.versions[self.version]
    }

    /// Group and requested version.
    pub fn group_version(&self) -> GroupVersion {
        GroupVersion::new(&self.served.definition.group, &self.version().name)
    }

    /// The kind's name.
    pub fn kind(&self) -> &str {
        &self.served.definition.names.kind
    }
}

/// Who asks, and what they are told beside the answer.
#[derive(Default)]
pub struct Context {
    /// The authenticated user.
    pub user: User,
    /// `User-Agent`, which names the field manager when nothing else does.
    pub user_agent: String,
    warnings: Mutex<Vec<String>>,
}

impl Context {
    /// A request's context.
    pub fn new(user: User, user_agent: String) -> Self {
        Self { user, user_agent, warnings: Mutex::default() }
    }

    /// Tells the client something beside the answer; the same text is told once.
    pub fn warn(&self, text: impl Into<String>) {
        let text = text.into();
        let mut all = self.warnings.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if !all.contains(&text) {
            all.push(text);
        }
    }

    /// All warnings so far, in order.
    pub fn warnings(&self) -> Vec<String> {
        self.warnings.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// Forgets the warnings of an attempt that is made again.
    pub fn restart(&self, keep: usize) {
        self.warnings.lock().unwrap_or_else(std::sync::PoisonError::into_inner).truncate(keep);
    }
}
