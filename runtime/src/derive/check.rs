//! What a program's own tests ask: is the definition of a type fit to be served, and does a value fit its schema and rules.

use super::Descriptions;
use crate::schema::lint::{self, Finding, Severity, Topic};
use crate::schema::{Definition, Schema, crd};
use kube_core::CustomResourceExt;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// Why a value or a definition is refused: one line for each reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct Invalid(pub Vec<String>);

/// Checks the definition of a resource as an API server would, and that its schema says all that the type does.
///
/// # Errors
/// Every reason why it would be refused, or would admit more than the type does.
pub fn check_definition<T: CustomResourceExt + JsonSchema>() -> Result<(), Invalid> {
    let (_, mut problems) = super::schema_value::<T>(Descriptions::None);
    let mut definition = serde_json::to_value(T::crd()).map_err(|e| Invalid(vec![e.to_string()]))?;
    // Several versions are merged before they are installed; each alone has to be sound.
    if let Some(version) = definition.pointer_mut("/spec/versions/0") {
        version["storage"] = Value::Bool(true);
    }
    // A cluster takes large definitions and strange formats: those are for `lint` to tell, not for a test to forbid.
    let fails = |f: &Finding| f.severity == Severity::Refused || f.topic == Topic::Path;
    problems.extend(lint::definition(&definition).findings.iter().filter(|f| fails(f)).map(ToString::to_string));
    if problems.is_empty() { Ok(()) } else { Err(Invalid(problems)) }
}

/// Every resource checks itself as the server will: against its schema and rules, on update also against the rules of transition.
/// For unit tests of types, without a server.
///
/// ```
/// use kubegraft::{CustomResource, KubeSchema, ValidateExt};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug)]
/// #[kube(group = "example.com", version = "v1", kind = "Widget")]
/// struct WidgetSpec {
///     #[x_kube(pattern = "^[a-z]+$", validation = "self == oldSelf")]
///     colour: String,
///     #[x_kube(minimum = 0)]
///     replicas: i32,
/// }
///
/// let widget = |colour: &str, replicas| Widget::new("w", WidgetSpec { colour: colour.into(), replicas });
/// let first = widget("red", 1);
/// assert_eq!(first.validate_create(), Ok(()));
///
/// // On create: a value of the wrong form.
/// let refused = widget("red", -1).validate_create().expect_err("too few");
/// assert_eq!(
///     refused.0,
///     ["spec.replicas: Invalid value: -1: spec.replicas in body should be greater than or equal to 0"]
/// );
///
/// // On update: the rule of transition too.
/// let refused = widget("green", 1).validate_update(&first).expect_err("another colour");
/// assert_eq!(refused.0, ["spec.colour: Invalid value: \"green\": failed rule: self == oldSelf"]);
/// ```
///
/// Implemented for all that has a definition, derived by us or by kube.
pub trait ValidateExt: Sized {
    /// Whether the server takes it as a new object.
    ///
    /// # Errors
    /// Every reason in the server's words.
    fn validate_create(&self) -> Result<(), Invalid>;

    /// Whether the server takes it in place of `old`.
    ///
    /// # Errors
    /// Every reason in the server's words. What was wrong in `old` and has not changed is none, as ratcheting has it.
    fn validate_update(&self, old: &Self) -> Result<(), Invalid>;
}

impl<T: CustomResourceExt + Serialize> ValidateExt for T {
    fn validate_create(&self) -> Result<(), Invalid> {
        validate(self, None)
    }

    fn validate_update(&self, old: &Self) -> Result<(), Invalid> {
        validate(self, Some(old))
    }
}

/// What [`ValidateExt`] does, for derived code.
///
/// # Errors
/// Every reason in the server's words.
pub fn validate<T: CustomResourceExt + Serialize>(new: &T, old: Option<&T>) -> Result<(), Invalid> {
    let one = |e: &dyn std::fmt::Display| Invalid(vec![e.to_string()]);
    let mut definition = serde_json::to_value(T::crd()).map_err(|e| one(&e))?;
    crd::default(&mut definition);
    let definition =
        Definition::from_crd(&definition).map_err(|e| Invalid(e.iter().map(ToString::to_string).collect()))?;
    let Some(version) = definition.versions.first() else { return Err(one(&"the definition has no version")) };
    let mut value = serde_json::to_value(new).map_err(|e| one(&e))?;
    let old = old.map(serde_json::to_value).transpose().map_err(|e| one(&e))?;
    version.schema.prune(&mut value, true, None);
    version.schema.default(&mut value);
    let found = version.validate(&value, old.as_ref());
    let errors: Vec<String> = found.errors.iter().map(ToString::to_string).collect();
    if errors.is_empty() { Ok(()) } else { Err(Invalid(errors)) }
}

/// Validates a serialized value against the schema and rules of its type.
///
/// # Errors
/// Every reason in the server's words.
pub fn validate_value<T: JsonSchema + ?Sized>(value: &Value, old: Option<&Value>) -> Result<(), Invalid> {
    let (schema, _) = super::schema_value::<T>(Descriptions::None);
    let schema = Schema::compile(&schema).map_err(|e| Invalid(e.iter().map(ToString::to_string).collect()))?;
    let found = schema.validate(value, old);
    let errors: Vec<String> = found.errors.iter().map(ToString::to_string).collect();
    if errors.is_empty() { Ok(()) } else { Err(Invalid(errors)) }
}
