//! Admission: what may refuse a request after it is decoded and before it is checked. Built in is NamespaceLifecycle; who
//! calls it, and when, is the verbs'.

use crate::resource::GroupResource;
use crate::status::{Cause, Result, Status};

/// What NamespaceLifecycle needs to know of a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamespaceState {
    /// There is none of that name.
    Absent,
    /// It takes new objects.
    Active,
    /// It is being deleted.
    Terminating,
}

/// The admission plugins of a server.
#[derive(Clone, Debug)]
pub struct Admission {
    namespace_lifecycle: bool,
}

/// Names of the plugins that can be turned off.
pub const PLUGINS: [&str; 1] = ["NamespaceLifecycle"];

impl Admission {
    /// With all plugins but these.
    pub fn new(disabled: &[String]) -> Self {
        Self { namespace_lifecycle: !disabled.iter().any(|d| d == "NamespaceLifecycle") }
    }

    /// NamespaceLifecycle: nothing is created in a namespace that is not there, or on its way out (M15).
    ///
    /// # Errors
    /// 404 and 403.
    pub fn admit_create(
        &self,
        resource: &GroupResource,
        namespace: &str,
        name: &str,
        state: impl FnOnce() -> NamespaceState,
    ) -> Result<()> {
        if !self.namespace_lifecycle || namespace.is_empty() {
            return Ok(());
        }
        match state() {
            NamespaceState::Active => Ok(()),
            NamespaceState::Absent => Err(Status::not_found(&GroupResource::new("", "namespaces"), namespace)),
            NamespaceState::Terminating => {
                let why =
                    format!("unable to create new content in namespace {namespace} because it is being terminated");
                let mut status = Status::forbidden(resource, name, &why);
                if let Some(d) = &mut status.details {
                    d.causes.push(Cause {
                        reason: "NamespaceTerminating".into(),
                        message: format!("namespace {namespace} is being terminated"),
                        field: "metadata.namespace".into(),
                    });
                }
                Err(status)
            }
        }
    }
}
