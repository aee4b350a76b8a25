//! The options of each verb, parsed and validated once with upstream's messages. Where they come from (query or body) is
//! `api`'s affair.

use crate::resource::GroupKind;
use crate::resource::codec::go;
use crate::status::field::FieldError;
use crate::status::{Result, Status};

/// What happens to unknown and duplicate fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FieldValidation {
    /// Dropped silently.
    Ignore,
    /// Dropped with a warning; the default.
    #[default]
    Warn,
    /// The request is refused.
    Strict,
}

/// Options of create, update and patch.
#[derive(Clone, Debug, Default)]
pub struct WriteOptions {
    /// Do everything but store.
    pub dry_run: bool,
    /// `fieldManager`, empty when not given.
    pub field_manager: String,
    /// Unknown and duplicate fields.
    pub field_validation: FieldValidation,
    /// `force`, for apply.
    pub force: Option<bool>,
}

/// What the dependents of a deleted object are left to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    /// The garbage collector removes dependents later.
    Background,
    /// Dependents go first.
    Foreground,
    /// Dependents stay.
    Orphan,
}

/// Options of delete and deletecollection.
#[derive(Clone, Debug, Default)]
pub struct DeleteOptions {
    /// Do everything but delete.
    pub dry_run: bool,
    /// `gracePeriodSeconds`.
    pub grace_period_seconds: Option<i64>,
    /// `preconditions.uid`.
    pub uid: Option<String>,
    /// `preconditions.resourceVersion`.
    pub resource_version: Option<String>,
    /// `propagationPolicy`.
    pub propagation: Option<Propagation>,
    /// `orphanDependents`, deprecated.
    pub orphan_dependents: Option<bool>,
}

/// The texts of a write's options before they are checked.
#[derive(Clone, Debug, Default)]
pub struct RawWriteOptions {
    /// Every `dryRun`.
    pub dry_run: Vec<String>,
    /// `fieldManager`.
    pub field_manager: String,
    /// `fieldValidation`.
    pub field_validation: String,
    /// `force`.
    pub force: Option<bool>,
}

/// Which options kind a refusal names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteKind {
    /// CreateOptions
    Create,
    /// UpdateOptions
    Update,
    /// PatchOptions of any patch but apply.
    Patch,
    /// PatchOptions of apply.
    Apply,
}

/// `ListOptions.meta.k8s.io "" is invalid: ...`.
pub fn invalid_options(kind: &str, errors: &[FieldError]) -> Status {
    Status::invalid(&GroupKind::new("meta.k8s.io", kind), "", errors)
}

fn dry_run_errors(dry_run: &[String]) -> Option<FieldError> {
    if dry_run.iter().all(|d| d == "All") {
        return None;
    }
    Some(FieldError::not_supported("dryRun", dry_run.to_vec(), &["All"]))
}

impl RawWriteOptions {
    /// Checks them as upstream's `ValidateCreateOptions` and its siblings do.
    pub fn validate(self, kind: WriteKind) -> Result<WriteOptions> {
        let mut errors = Vec::new();
        let name = match kind {
            WriteKind::Create => "CreateOptions",
            WriteKind::Update => "UpdateOptions",
            WriteKind::Patch | WriteKind::Apply => "PatchOptions",
        };
        match kind {
            WriteKind::Apply if self.field_manager.is_empty() => {
                errors.push(FieldError::required("fieldManager", "is required for apply patch"));
            }
            WriteKind::Patch if self.force.is_some() => {
                errors.push(FieldError::forbidden("force", "may not be specified for non-apply patch"));
            }
            _ => {}
        }
        if self.field_manager.len() > 128 {
            errors.push(FieldError::too_long("fieldManager", 128));
        }
        for (i, c) in self.field_manager.char_indices().filter(|(_, c)| !go::prints(*c)) {
            let detail = format!("invalid character {} (at position {i})", unicode_name(c));
            errors.push(FieldError::invalid("fieldManager", self.field_manager.clone(), detail));
        }
        errors.extend(dry_run_errors(&self.dry_run));
        let field_validation = match self.field_validation.as_str() {
            "" | "Warn" => FieldValidation::Warn,
            "Ignore" => FieldValidation::Ignore,
            "Strict" => FieldValidation::Strict,
            other => {
                let supported = ["", "Ignore", "Strict", "Warn"];
                errors.push(FieldError::not_supported("fieldValidation", other, &supported));
                FieldValidation::Warn
            }
        };
        if !errors.is_empty() {
            return Err(invalid_options(name, &errors));
        }
        Ok(WriteOptions {
            dry_run: !self.dry_run.is_empty(),
            field_manager: self.field_manager,
            field_validation,
            force: self.force,
        })
    }
}

fn unicode_name(c: char) -> String {
    let plain = if go::prints(c) { format!(" '{c}'") } else { String::new() };
    format!("U+{:04X}{plain}", c as u32)
}

/// The texts of a delete's options before they are checked.
#[derive(Clone, Debug, Default)]
pub struct RawDeleteOptions {
    /// Every `dryRun`.
    pub dry_run: Vec<String>,
    /// `gracePeriodSeconds`.
    pub grace_period_seconds: Option<i64>,
    /// `preconditions.uid`.
    pub uid: Option<String>,
    /// `preconditions.resourceVersion`.
    pub resource_version: Option<String>,
    /// `propagationPolicy`.
    pub propagation_policy: Option<String>,
    /// `orphanDependents`.
    pub orphan_dependents: Option<bool>,
}

impl RawDeleteOptions {
    /// Checks them as upstream's `ValidateDeleteOptions` does.
    pub fn validate(self) -> Result<DeleteOptions> {
        let mut errors = Vec::new();
        if self.propagation_policy.is_some() && self.orphan_dependents.is_some() {
            let detail = "orphanDependents and deletionPropagation cannot be both set";
            let value = self.propagation_policy.clone().unwrap_or_default();
            errors.push(FieldError::invalid("propagationPolicy", value, detail));
        }
        let propagation = match self.propagation_policy.as_deref() {
            None => None,
            Some("Background") => Some(Propagation::Background),
            Some("Foreground") => Some(Propagation::Foreground),
            Some("Orphan") => Some(Propagation::Orphan),
            Some(other) => {
                let supported = ["Foreground", "Background", "Orphan", "nil"];
                errors.push(FieldError::not_supported("propagationPolicy", other, &supported));
                None
            }
        };
        errors.extend(dry_run_errors(&self.dry_run));
        if !errors.is_empty() {
            return Err(invalid_options("DeleteOptions", &errors));
        }
        Ok(DeleteOptions {
            dry_run: !self.dry_run.is_empty(),
            grace_period_seconds: self.grace_period_seconds,
            uid: self.uid,
            resource_version: self.resource_version,
            propagation,
            orphan_dependents: self.orphan_dependents,
        })
    }
}
