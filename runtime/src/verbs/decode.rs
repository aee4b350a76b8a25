//! From a request's bytes to an object that the verbs take: decoded, of the right kind, metadata typed, pruned, defaulted,
//! and unknown fields dealt with as `fieldValidation` says.

use super::context::{Context, Target};
use super::options::FieldValidation;
use crate::resource::codec::{self, Format, MAX_OBJECTIONS};
use crate::resource::{GroupKind, GroupVersion, Object};
use crate::schema::Schema;
use crate::status::field::FieldError;
use crate::status::{Result, Status};
use serde_json::Value;

/// The body as upstream quotes it in errors: hex when it does not start as an object does.
fn quoted(raw: &[u8]) -> String {
    const SHOWN: usize = 30;
    let (head, more) = match raw.get(..SHOWN) {
        Some(head) if raw.len() > SHOWN => (head, " ..."),
        _ => (raw, ""),
    };
    match head.first() {
        None => "<empty>".into(),
        Some(b'{') => String::from_utf8_lossy(head).into_owned() + more,
        Some(_) => head.iter().map(|b| format!("{b:02x}")).collect::<String>() + more,
    }
}

/// The refusal of a body that is no object of any kind.
pub fn unrecognized(kind: &str, why: &str, raw: &[u8]) -> Status {
    let quoted = quoted(raw);
    Status::bad_request(format!("the object provided is unrecognized (must be of type {kind}): {why} ({quoted})"))
}

/// `unknown field "spec.x"` for each path.
fn unknown_fields(paths: &[String]) -> impl Iterator<Item = String> {
    paths.iter().map(|p| format!("unknown field \"{p}\""))
}

/// Decodes the body of a create or an update.
///
/// # Errors
/// 400 for what is not the kind's object in the requested version; with `Strict` for unknown and duplicate fields too.
pub fn object(ctx: &Context, target: &Target, format: Format, raw: &[u8], mode: FieldValidation) -> Result<Object> {
    let unrecognized = |why: String| unrecognized(target.kind(), &why, raw);
    let mut decoded = codec::decode_typed(format, raw).map_err(|why| match why.contains("number out of range") {
        // Such a number is JSON, but no value of any field.
        true => {
            let (kind, version) = (target.kind(), &target.version().name);
            Status::bad_request(format!("{kind} in version \"{version}\" cannot be handled as a {kind}: {why}"))
        }
        false => unrecognized(why),
    })?;
    let mut object = Object::from_value(std::mem::take(&mut decoded.value)).unwrap_or_default();
    if target.served.strategy.builtin() {
        // Upstream's typed decoders take what is left out from the URL; custom resources must say what they are.
        for (field, from_url) in
            [("apiVersion", target.group_version().to_string()), ("kind", target.kind().to_owned())]
        {
            if object.str(field).is_empty() {
                object.0.insert(field.into(), from_url.into());
            }
        }
    }
    let given = GroupVersion::parse(object.api_version()).map_err(unrecognized)?;
    if object.kind().is_empty() {
        let text = String::from_utf8_lossy(raw);
        return Err(unrecognized(format!("Object 'Kind' is missing in '{}'", text.trim())));
    }
    let kind = object.kind().to_owned();
    let cannot = |why: String| {
        let version = &given.version;
        Status::bad_request(format!("{kind} in version \"{version}\" cannot be handled as a {}: {why}", target.kind()))
    };
    registered(target, &kind, &given).map_err(&cannot)?;
    let mut unknown = Vec::new();
    let object = shape(target, object, &mut unknown).map_err(&cannot)?;
    if target.served.strategy.builtin() {
        let mut room = MAX_OBJECTIONS;
        if format == Format::Json {
            // Custom resources are pruned, which reports in the order of names; so do decoders of YAML.
            codec::order::by_text(raw, &mut unknown);
            room = room.saturating_sub(decoded.duplicates.len());
        }
        unknown.truncate(room);
    }
    match mode {
        FieldValidation::Strict => {
            let refusals: Vec<String> = decoded.refusals(format).into_iter().chain(unknown_fields(&unknown)).collect();
            if !refusals.is_empty() {
                return Err(cannot(format!("strict decoding error: {}", refusals.join(", "))));
            }
        }
        FieldValidation::Warn => {
            decoded.duplicates.into_iter().chain(unknown_fields(&unknown)).for_each(|t| ctx.warn(t));
        }
        FieldValidation::Ignore => {}
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

/// What a patch has made of an object, before it is one again.
pub struct Patched {
    /// The value.
    pub value: Value,
    /// Its text, as refusals quote it.
    pub text: String,
    /// What a strict reader objects to in the patch and in the result.
    pub objections: Vec<String>,
}

impl Patched {
    /// 422 that quotes the result.
    pub fn refused(&self, why: impl Into<String>) -> Status {
        let error = FieldError::invalid("patch", self.text.as_str(), why);
        Status::invalid(&GroupKind::default(), "", &[error])
    }

    /// Deals with the objections, and with these unknown fields, as the mode says.
    ///
    /// # Errors
    /// 422 with `Strict`.
    pub fn strictly(&self, ctx: &Context, unknown: &[String], mode: FieldValidation) -> Result<()> {
        let texts: Vec<String> = self.objections.iter().cloned().chain(unknown_fields(unknown)).collect();
        match mode {
            FieldValidation::Strict if !texts.is_empty() => {
                return Err(self.refused(format!("strict decoding error: {}", texts.join(", "))));
            }
            FieldValidation::Warn => texts.into_iter().for_each(|t| ctx.warn(t)),
            _ => {}
        }
        Ok(())
    }
}

/// Upstream's typed decoders do not come as far as to compare what they have read with what was asked for.
fn registered(target: &Target, kind: &str, given: &GroupVersion) -> std::result::Result<(), String> {
    let definition = &target.served.definition;
    let ours = kind == target.kind() && given.group == definition.group;
    if !target.served.strategy.builtin() || (ours && ["v1", "v1beta1"].contains(&given.version.as_str())) {
        return Ok(());
    }
    Err(format!("no kind {kind:?} is registered for version \"{given}\" here"))
}

/// Makes a patched value an object of the kind again.
///
/// # Errors
/// 422 for what cannot be one, and with `Strict` for unknown and duplicate fields.
pub fn patched(ctx: &Context, target: &Target, patched: &Patched, mode: FieldValidation) -> Result<Object> {
    let Ok(object) = Object::from_value(patched.value.clone()) else {
        return Err(patched.refused("couldn't get version/kind; json parse error: json: it is not an object"));
    };
    if object.kind().is_empty() {
        return Err(patched.refused(format!("Object 'Kind' is missing in '{}'", patched.text)));
    }
    let given = GroupVersion::parse(object.api_version()).map_err(|e| patched.refused(e))?;
    registered(target, object.kind(), &given).map_err(|e| patched.refused(e))?;
    let mut unknown = Vec::new();
    let object = shape(target, object, &mut unknown).map_err(|e| patched.refused(e))?;
    patched.strictly(ctx, &unknown, mode)?;
    Ok(object)
}

/// Types the metadata, prunes, defaults. Paths of dropped fields go to `unknown`. An object of another version is read as
/// that version's, one of another kind keeps all but its metadata as it is: both are refused later, in better words.
///
/// # Errors
/// Metadata of the wrong type, in Go's words.
pub fn shape(target: &Target, object: Object, unknown: &mut Vec<String>) -> std::result::Result<Object, String> {
    let definition = &target.served.definition;
    let given = GroupVersion::parse(object.api_version()).unwrap_or_default();
    let ours = given.group == definition.group && object.kind() == target.kind();
    let version = definition.versions.iter().find(|v| ours && v.name == given.version);
    let mut value = object.into_value();
    match version {
        Some(version) => target.served.strategy.shape(&version.schema, &mut value, unknown)?,
        None => Schema::type_metadata(&mut value, unknown)?,
    }
    // A version that there is not has no schema, which prunes all but what every object has.
    if ours && version.is_none() && !target.served.strategy.builtin() {
        let kept = ["apiVersion", "kind", "metadata"];
        let fields = value.as_object_mut().ok_or("it is not an object")?;
        unknown.extend(fields.keys().filter(|k| !kept.contains(&k.as_str())).cloned());
        fields.retain(|k, _| kept.contains(&k.as_str()));
    }
    Object::from_value(value).map_err(|_| "it is not an object".to_owned())
}

/// Makes what an apply has merged an object of the kind again. Unlike a body it is not pruned: the schema has typed every
/// field of it, and a null that was applied is for validation to judge.
///
/// # Errors
/// It is not an object any more.
pub fn merged(target: &Target, object: Object) -> Result<Object> {
    let mut value = object.into_value();
    target.served.strategy.complete(&target.version().schema, &mut value).map_err(Status::unclassified)?;
    Object::from_value(value).map_err(|_| Status::unclassified("what is left is not an object"))
}
