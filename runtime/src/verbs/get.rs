//! Get of one object.

use super::context::Target;
use super::engine::Engine;
use super::entry::Entry;
use super::served::{not_found, relative_key};
use crate::status::{Result, Status};
use std::sync::Arc;
use std::time::Duration;

/// How long a read waits for a revision that has not happened (C32).
pub(super) const FUTURE_PATIENCE: Duration = Duration::from_secs(3);

/// The target's object, as new as `resource_version` asks: empty the newest, 0 any, N not older than N (C31).
pub async fn get(engine: &Engine, target: &Target, resource_version: &str) -> Result<Arc<Entry>> {
    let objects = &target.served.objects;
    match resource_version {
        "" => engine.fresh(&target.served).await?,
        "0" => {}
        rv => {
            let wanted: u64 = rv.parse().map_err(|_| {
                Status::unclassified(format!(
                    "resourceVersion: Invalid value: {rv:?}: strconv.ParseUint: parsing {rv:?}: invalid syntax"
                ))
            })?;
            if !objects.reaches(wanted, FUTURE_PATIENCE).await {
                return Err(Status::too_large_resource_version(wanted, objects.revision()));
            }
        }
    }
    objects.get(&relative_key(&target.namespace, &target.name)).ok_or_else(|| not_found(&target.served, &target.name))
}
