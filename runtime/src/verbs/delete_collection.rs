//! Deletecollection: a list, then a delete of each (wire contract 3.8).

use super::context::{Context, Target};
use super::delete::delete;
use super::engine::Engine;
use super::list::{ListOptions, Listed, list};
use super::options::DeleteOptions;
use crate::status::Result;

/// So many are listed at once.
const PAGE: usize = 10_000;

/// Deletes what a list selects. Answers with the list as it was before (C84). As upstream it lists in pages even when not
/// asked for them, so that a resourceVersion is taken as that of a page is: exactly.
pub async fn delete_collection(
    engine: &Engine,
    ctx: &Context,
    target: &Target,
    select: &ListOptions,
    options: &DeleteOptions,
) -> Result<Listed> {
    if select.limit > 0 {
        return page(engine, ctx, target, select, options).await;
    }
    let mut select = ListOptions { limit: PAGE, ..select.clone() };
    let mut all = page(engine, ctx, target, &select, options).await?;
    all.remaining = None;
    while !all.continue_token.is_empty() {
        select.continue_token = std::mem::take(&mut all.continue_token);
        select.resource_version.clear();
        select.resource_version_match.clear();
        let next = page(engine, ctx, target, &select, options).await?;
        all.items.extend(next.items);
        all.continue_token = next.continue_token;
    }
    Ok(all)
}

async fn page(
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
