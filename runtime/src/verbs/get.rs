//! Get of one object.

use super::context::Target;
use super::engine::Engine;
use super::entry::Entry;
use super::served::{not_found, relative_key};
use crate::status::{Result, Status};
use std::num::IntErrorKind;
use std::sync::Arc;
use std::time::Duration;

/// How long a read waits for a revision that has not happened (C32).
pub(super) const FUTURE_PATIENCE: Duration = Duration::from_secs(3);

/// A revision that a client gives; what is wrong with one in the words of Go's ParseUint, which takes no sign.
pub(super) fn revision(text: &str) -> std::result::Result<u64, String> {
    let digits = text.starts_with(|c: char| c.is_ascii_digit());
    let why = match text.parse() {
        Ok(n) if digits => return Ok(n),
        Err(e) if digits && *e.kind() == IntErrorKind::PosOverflow => "value out of range",
        _ => "invalid syntax",
    };
    Err(format!("resourceVersion: Invalid value: {text:?}: strconv.ParseUint: parsing {text:?}: {why}"))
}

/// The target's object, as new as `resource_version` asks: empty the newest, 0 any, N not older than N (C31).
pub async fn get(engine: &Engine, target: &Target, resource_version: &str) -> Result<Arc<Entry>> {
    super::store::addressable(&target.name)?;
    let objects = &target.served.objects;
    match resource_version {
        "" => engine.fresh(&target.served).await?,
        "0" => {}
        rv => {
            let wanted = revision(rv).map_err(Status::unclassified)?;
            if !objects.reaches(wanted, FUTURE_PATIENCE).await {
                return Err(Status::too_large_resource_version(wanted, objects.revision()));
            }
        }
    }
    objects.get(&relative_key(&target.namespace, &target.name)).ok_or_else(|| not_found(&target.served, &target.name))
}
