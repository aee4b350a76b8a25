//! Deletecollection: a list, then a delete of each (wire contract 3.8).

use super::context::{Context, Target};
use super::delete::{Deleted, delete};
use super::engine::Engine;
use super::list::{ListOptions, Listed, list};
use super::options::DeleteOptions;
use crate::status::Result;

/// Deletes what a list selects. Answers with the list, each object as its delete left it.
pub async fn delete_collection(
    engine: &Engine,
    ctx: &Context,
    target: &Target,
    select: &ListOptions,
    options: &DeleteOptions,
) -> Result<Listed> {
    let mut listed = list(engine, target, select).await?;
    for slot in &mut listed.items {
        let one = Target { namespace: slot.namespace.to_string(), name: slot.name.to_string(), ..target.clone() };
        match delete(engine, ctx, &one, options).await {
            Ok(Deleted::Gone(_)) => {}
            Ok(Deleted::Marked(now)) => *slot = now,
            // Gone meanwhile is as good (C85).
            Err(e) if e.code == 404 => {}
            Err(e) => return Err(e),
        }
    }
    Ok(listed)
}
