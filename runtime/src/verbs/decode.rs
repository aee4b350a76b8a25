//! From a request's bytes to an object that the verbs take: decoded, of the right kind, metadata typed, pruned, defaulted,
//! and unknown fields dealt with as `fieldValidation` says.

use super::context::{Context, Target};
use super::options::FieldValidation;
use crate::resource::codec::{self, Format};
use crate::resource::{GroupKind, GroupVersion, Object};
use crate::status::field::FieldError;
use crate::status::{Result, Status};
use serde_json::Value;

/// What a strict reader of an object would object to.
#[derive(Debug, Default)]
struct Objections {
    duplicates: Vec<String>,
    unknown: Vec<String>,
}

impl Objections {
    fn texts(&self) -> Vec<String> {
        let mut unknown: Vec<String> = self.unknown.iter().map(|p| format!("unknown field \"{p}\"")).collect();
        unknown.sort();
        self.duplicates.iter().cloned().chain(unknown).collect()
    }
}

/// The body as upstream quotes it in errors: hex when it is not text that starts an object.
fn quoted(raw: &[u8]) -> String {
    let json = raw.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'{');
    if raw.is_empty() {
        return "<empty>".into();
    }
    let whole = match (json, std::str::from_utf8(raw)) {
        (true, Ok(text)) => text.to_owned(),
        _ => raw.iter().map(|b| format!("{b:02x}")).collect(),
    };
    let limit = if json { 30 } else { 60 };
    match whole.char_indices().nth(limit) {
        Some((i, _)) if whole.len() > limit => format!("{} ...", &whole[..i]),
        _ => whole,
    }
}

/// Decodes the body of a create or an update.
///
/// # Errors
/// 400 for what is not the kind's object in the requested version; with `Strict` for unknown and duplicate fields too.
pub fn object(ctx: &Context, target: &Target, format: Format, raw: &[u8], mode: FieldValidation) -> Result<Object> {
    let unrecognized = |why: String| {
        let kind = target.kind();
        Status::bad_request(format!(
            "the object provided is unrecognized (must be of type {kind}): {why} ({})",
            quoted(raw)
        ))
    };
    let decoded = codec::decode(format, raw)
        .map_err(|e| unrecognized(format!("couldn't get version/kind; json parse error: {e}")))?;
    let object = match decoded.value {
        Value::Null => {
            return Err(unrecognized(format!("Object 'Kind' is missing in '{}'", String::from_utf8_lossy(raw).trim())));
        }
        Value::Object(m) => Object(m),
        _ => return Err(unrecognized("couldn't get version/kind; json parse error: the body is not an object".into())),
    };
    for field in ["apiVersion", "kind"] {
        if object.0.get(field).is_some_and(|v| !v.is_string() && !v.is_null()) {
            return Err(unrecognized(format!("couldn't get version/kind; json parse error: {field} is not a string")));
        }
    }
    let given = GroupVersion::parse(object.api_version()).map_err(&unrecognized)?;
    if object.kind().is_empty() {
        let text = String::from_utf8_lossy(raw);
        return Err(unrecognized(format!("Object 'Kind' is missing in '{}'", text.trim())));
    }
    let kind = object.kind().to_owned();
    let mut objections = Objections { duplicates: decoded.duplicates, unknown: Vec::new() };
    let cannot = |why: String| {
        let version = &target.version().name;
        Status::bad_request(format!("{kind} in version \"{version}\" cannot be handled as a {kind}: {why}"))
    };
    let object = shape(target, object, &mut objections.unknown).map_err(&cannot)?;
    let texts = objections.texts();
    match mode {
        FieldValidation::Strict if !texts.is_empty() => {
            return Err(cannot(format!("strict decoding error: {}", texts.join(", "))));
        }
        FieldValidation::Warn => texts.into_iter().for_each(|t| ctx.warn(t)),
        _ => {}
    }
    let expected = target.group_version();
    if given != expected {
        let message = format!(
            "the API version in the data ({}) does not match the expected API version ({expected})",
            object.api_version()
        );
        return Err(Status::bad_request(message));
    }
    Ok(object)
}

/// Makes a patched value an object of the kind again.
///
/// # Errors
/// 422 for what cannot be one, and with `Strict` for unknown and duplicate fields; `patch` is quoted there.
pub fn patched(
    ctx: &Context,
    target: &Target,
    value: Value,
    patch: &[u8],
    objections: &[String],
    mode: FieldValidation,
) -> Result<Object> {
    let refused = |why: String| {
        let text = String::from_utf8_lossy(patch);
        let error = FieldError::invalid("patch", text.as_ref(), why);
        Status::invalid(&GroupKind::default(), "", &[error])
    };
    let object = Object::from_value(value).map_err(|_| refused("the patched document is not an object".into()))?;
    let mut unknown = Vec::new();
    let object = shape(target, object, &mut unknown).map_err(&refused)?;
    let all = Objections { duplicates: objections.to_vec(), unknown };
    let texts = all.texts();
    match mode {
        FieldValidation::Strict if !texts.is_empty() => {
            Err(refused(format!("strict decoding error: {}", texts.join(", "))))
        }
        FieldValidation::Warn => {
            texts.into_iter().for_each(|t| ctx.warn(t));
            Ok(object)
        }
        _ => Ok(object),
    }
}

/// Types the metadata, prunes, defaults. Paths of dropped fields go to `unknown`.
///
/// # Errors
/// Metadata of the wrong type, in Go's words.
pub fn shape(target: &Target, object: Object, unknown: &mut Vec<String>) -> std::result::Result<Object, String> {
    let schema = &target.version().schema;
    let mut value = object.into_value();
    schema.coerce_metadata(&mut value, false, Some(unknown))?;
    schema.prune(&mut value, true, Some(unknown));
    schema.default(&mut value);
    target.served.strategy.default(&mut value);
    Object::from_value(value).map_err(|_| "it is not an object".to_owned())
}

/// Makes what an apply has merged an object of the kind again. Unlike a body it is not pruned: the schema has typed every
/// field of it, and a null that was applied is for validation to judge.
///
/// # Errors
/// It is not an object any more.
pub fn merged(target: &Target, object: Object) -> Result<Object> {
    let schema = &target.version().schema;
    let mut value = object.into_value();
    schema.coerce_metadata(&mut value, true, None).map_err(Status::unclassified)?;
    schema.default(&mut value);
    target.served.strategy.default(&mut value);
    Object::from_value(value).map_err(|_| Status::unclassified("what is left is not an object"))
}
