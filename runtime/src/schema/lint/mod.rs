//! What a cluster would refuse in a definition, and what its owner would regret: before a cluster sees it. Refusals are those of
//! [`super::crd`], with the mend; regrets are faults that are taken and hurt later. Reading files and printing are the command
//! line's.
//!
//! ```
//! use kubegraft::lint::{self, Severity};
//! use serde_json::json;
//!
//! let report = lint::definition(&json!({
//!     "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
//!     "metadata": {"name": "widgets.example.com"},
//!     "spec": {
//!         "group": "example.com", "scope": "Namespaced", "names": {"plural": "widgets", "kind": "Widget"},
//!         "versions": [{
//!             "name": "v1", "served": true, "storage": true,
//!             "additionalPrinterColumns": [{"name": "Colour", "type": "string", "jsonPath": ".spec.color"}],
//!             "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": {"type": "object", "properties": {
//!                 "colour": {"type": "string"},
//!                 "names": {"type": "array", "items": {"type": "string"}, "x-kubernetes-validations": [
//!                     {"rule": "self.all(a, self.exists_one(b, a == b))"},
//!                 ]},
//!             }}}}},
//!         }],
//!     },
//! }));
//! let names = "spec.versions[0].schema.openAPIV3Schema.properties[spec].properties[names]";
//! let costly = &report.findings[0];
//! assert_eq!((costly.severity, costly.field.clone()), (Severity::Refused, format!("{names}.x-kubernetes-validations[0].rule")));
//! assert!(costly.message.starts_with("Forbidden: estimated rule cost exceeds budget by factor of more than 100x"));
//! assert_eq!(costly.mend, format!("set maxItems on {names} and maxLength on {names}.items, each to 200 or less"));
//!
//! let column = &report.findings[1];
//! assert_eq!((column.severity, &*column.field), (Severity::Regretted, "spec.versions[0].additionalPrinterColumns[0].jsonPath"));
//! assert_eq!(column.message, "\".spec.color\": the schema has no field \"color\"");
//! ```

mod mend;
mod paths;
mod patterns;
mod size;
#[cfg(test)]
mod tests;

use super::crd;
use crate::resource::codec::{self, Format, yaml};
use kube_core::CustomResourceExt;
use serde::Serialize;
use serde_json::Value;
use std::fmt;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// A cluster does not take the definition.
    Refused,
    /// A cluster takes it, and does not do what was meant, or soon will not.
    Regretted,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refused => "refused",
            Self::Regretted => "regretted",
        })
    }
}

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Topic {
    /// What an API server checks: structure, names, versions, defaults, rules and their cost.
    Definition,
    /// A field or a format that an API server does not know and drops or ignores.
    Unknown,
    /// A path of a column, of scale, of a selectable field or of a list's key that leads nowhere.
    Path,
    /// How large the definition is, and why.
    Size,
}

/// One thing to mend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What it is about.
    pub topic: Topic,
    /// Where in the definition; empty if it is about the whole.
    pub field: String,
    /// What is wrong; refusals have the API server's words.
    pub message: String,
    /// What to do.
    pub mend: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        write!(f, "{} ({})", self.message, self.mend)
    }
}

/// All that there is to say of one definition, the worst first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The definition's name, `widgets.example.com`.
    pub definition: String,
    /// What was found.
    pub findings: Vec<Finding>,
}

impl Report {
    /// The findings of a severity.
    pub fn of(&self, severity: Severity) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |f| f.severity == severity)
    }

    /// Whether a cluster would refuse the definition.
    pub fn is_refused(&self) -> bool {
        self.of(Severity::Refused).next().is_some()
    }

    fn add(
        &mut self,
        severity: Severity,
        topic: Topic,
        field: impl Into<String>,
        message: impl Into<String>,
        mend: impl Into<String>,
    ) {
        let (field, message, mend) = (field.into(), message.into(), mend.into());
        self.findings.push(Finding { severity, topic, field, message, mend });
    }
}

/// Looks at the definition of a type: one of our derive or of kube's.
///
/// ```
/// # use kubegraft::{CustomResource, KubeSchema};
/// # use serde::{Deserialize, Serialize};
/// #[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug)]
/// #[kube(group = "example.com", version = "v1", kind = "Widget")]
/// struct WidgetSpec {
///     replicas: i32,
/// }
/// assert_eq!(kubegraft::lint::resource::<Widget>().findings, []);
/// ```
pub fn resource<T: CustomResourceExt>() -> Report {
    match serde_json::to_value(T::crd()) {
        Ok(crd) => definition(&crd),
        Err(e) => {
            let mut report = Report { definition: T::crd_name().to_owned(), findings: Vec::new() };
            let mend = "give every default a value that JSON has";
            report.add(Severity::Refused, Topic::Definition, "", format!("the definition is no JSON: {e}"), mend);
            report
        }
    }
}

/// Looks at a CustomResourceDefinition object, as a client would send it.
pub fn definition(crd: &Value) -> Report {
    let name = crd.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
    let mut report = Report { definition: name.to_owned(), findings: Vec::new() };
    let mut unknown = Vec::new();
    let read = match crd::received(crd, &mut unknown) {
        Ok(read) => read,
        Err(why) => {
            let mend = "give the field the type that apiextensions.k8s.io/v1 declares";
            report.add(Severity::Refused, Topic::Definition, "", why, mend);
            return report;
        }
    };
    let (errors, warnings) = crd::validate_create(&read);
    // Where a rule costs too much by itself, that all together do is no fault of its own.
    let costly = errors.iter().any(|e| e.detail.starts_with(crd::TOO_COSTLY));
    for error in errors.iter().filter(|e| !(costly && mend::is_of_total(e))) {
        report.add(Severity::Refused, Topic::Definition, here(&error.field), error.body(), mend::of(&read, error));
    }
    for field in unknown {
        let message = "an API server does not know the field, and drops it";
        let mend = "remove it, or spell it as apiextensions.k8s.io/v1 does";
        report.add(Severity::Regretted, Topic::Unknown, field, message, mend);
    }
    for warning in warnings {
        let mend = "use a format that Kubernetes checks, or a pattern";
        report.add(Severity::Regretted, Topic::Unknown, "", format!("{warning}, which nothing checks"), mend);
    }
    paths::check(&read, &mut report);
    patterns::check(&read, &mut report);
    size::check(crd, &mut report);
    report.findings.sort_by_key(|f| f.severity);
    report
}

/// Looks at every CustomResourceDefinition of a text, which is YAML of one or more documents, or JSON. Objects of other kinds
/// are passed over.
///
/// # Errors
/// A document that cannot be read; it says which.
pub fn text(text: &str) -> Result<Vec<Report>, String> {
    let mut reports = Vec::new();
    for (i, document) in yaml::documents(text).iter().enumerate() {
        let read = |e: String| format!("document {}: {e}", i + 1);
        let object = codec::decode(Format::Yaml, document.as_bytes()).map_err(read)?;
        let repeated = object.duplicates;
        if object.value.get("kind").and_then(Value::as_str) != Some("CustomResourceDefinition") {
            continue;
        }
        let mut report = definition(&object.value);
        for duplicate in repeated {
            report.add(Severity::Regretted, Topic::Unknown, "", duplicate, "remove all but one: the last counts");
        }
        reports.push(report);
    }
    Ok(reports)
}

/// A path of upstream's internal form as one of the object that the author has: what versions share is in each of them.
fn here(field: &str) -> String {
    for (shared, own) in [
        ("spec.validation.", "schema."),
        ("spec.subresources.", "subresources."),
        ("spec.additionalPrinterColumns[", "additionalPrinterColumns["),
        ("spec.selectableFields", "selectableFields"),
    ] {
        if let Some(rest) = field.strip_prefix(shared) {
            return format!("spec.versions[0].{own}{}", rest.replace(".JSONPath", ".jsonPath"));
        }
    }
    field.replace(".JSONPath", ".jsonPath")
}
