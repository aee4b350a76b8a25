//! What the scale subresource reads must be there as it reads it, whatever the schema says (apiextensions
//! `registry/customresource/validator.go`).

use crate::resource::nested;
use crate::schema::Scale;
use crate::status::field::FieldError;
use serde_json::Value;

/// What is wrong with the replicas that are wanted.
pub(super) fn spec(scale: &Scale, object: &Value, errors: &mut Vec<FieldError>) {
    replicas(&scale.spec_replicas_path, object, errors);
}

/// What is wrong with the replicas that there are, and with how to select them.
pub(super) fn status(scale: &Scale, object: &Value, errors: &mut Vec<FieldError>) {
    replicas(&scale.status_replicas_path, object, errors);
    if let (Some(path), Value::Object(fields)) = (&scale.label_selector_path, object)
        && let Err(why) = nested::text(fields, path)
    {
        errors.push(FieldError::invalid(path, "", why));
    }
}

fn replicas(path: &str, object: &Value, errors: &mut Vec<FieldError>) {
    let Value::Object(fields) = object else { return };
    match nested::int(fields, path) {
        Err(why) => errors.push(FieldError::invalid(path, 0, why)),
        Ok(Some(n)) if n < 0 => errors.push(FieldError::invalid(path, n, "should be a non-negative integer")),
        Ok(Some(n)) if n > i64::from(i32::MAX) => {
            errors.push(FieldError::invalid(path, n, format!("should be less than or equal to {}", i32::MAX)));
        }
        Ok(_) => {}
    }
}
