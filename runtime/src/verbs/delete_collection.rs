//! Deletecollection: a list, then a delete of each (wire contract 3.8).

use super::context::{Context, Target};
use super::delete::delete;
use super::engine::Engine;
use super::list::{ListOptions, Listed, list};
use super::options::DeleteOptions;
use crate::status::Result;

/// Deletes what a list selects. Answers with the list as it was before (C84).
pub async fn delete_collection(
    engine: &Engine,
    ctx: &Context,
    target: &Target,
    select: &ListOptions,
    options: &DeleteOptions,
) -> Result<Listed> {
    let listed = list(engine, target, select).await?;
    for entry in &listed.items {
        let one = Target { namespace: entry.namespace.to_string(), name: entry.name.to_string(), ..target.clone() };
        match delete(engine, ctx, &one, options).await {
            // Gone meanwhile is as good (C85).
            Err(e) if e.code != 404 => return Err(e),
            _ => {}
        }
    }
    Ok(listed)
}
