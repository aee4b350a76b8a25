//! Whether cache and store agree: now and then the cache reads what it believes to know. A difference is a fault of this program
//! or of the backend; it is counted and told in the log, and nothing is mended in silence.

use super::{Cache, Codec, Page, Version};
use crate::storage::contract::{Error, KeyValue, Revision};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Between checks.
const EVERY: Duration = Duration::from_secs(300);
/// Objects read at once.
const PAGE: usize = 500;

impl<C: Codec> Cache<C> {
    /// How many objects cache and store see differently, as of the revision that the cache has now.
    ///
    /// # Errors
    /// The store cannot be read at that revision, any more or at all.
    pub async fn disagreements(&self) -> Result<u64, Error> {
        let at = self.revision();
        let (mut wrong, mut met, mut after) = (0, 0, None::<Arc<str>>);
        loop {
            let page = self.backend.range(&self.prefix, after.as_deref(), PAGE, Some(at)).await?;
            for kv in &page.items {
                let held = self.held(kv, at);
                met += usize::from(held.is_some());
                // What cannot be decoded is not in the cache, which has said so.
                let decodes = || self.codec.decode(self.below(kv), &kv.value, kv.revision, None).is_ok();
                wrong += u64::from(held != Some(kv.revision) && (held.is_some() || decodes()));
            }
            after = page.items.last().map(|kv| kv.key.clone());
            if !page.more || after.is_none() {
                break;
            }
        }
        // What else the cache has at that revision is too much.
        let Page { items, .. } = self.page("", None, 0, at, |_| true)?;
        Ok(wrong + items.len().saturating_sub(met) as u64)
    }

    /// How many differences all checks so far have found.
    pub fn disagreed(&self) -> u64 {
        self.wrong.load(Ordering::Relaxed)
    }

    fn below<'a>(&self, kv: &'a KeyValue) -> &'a str {
        kv.key.get(self.prefix.len()..).unwrap_or_default()
    }

    /// The revision of an object as the cache has it.
    fn held(&self, kv: &KeyValue, at: Revision) -> Option<Revision> {
        let state = self.read();
        let (revision, version) = state.version(state.objects.get(self.below(kv))?.1, at)?;
        (!matches!(version, Version::Gone)).then_some(*revision)
    }

    /// Checks for as long as the cache is there and open.
    pub(super) fn check_for_ever(self: &Arc<Self>) {
        let cache = Arc::downgrade(self);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(EVERY).await;
                let Some(cache) = cache.upgrade().filter(|cache| !cache.read().closed) else { return };
                match cache.disagreements().await {
                    Ok(0) => {}
                    Ok(wrong) => {
                        cache.wrong.fetch_add(wrong, Ordering::Relaxed);
                        tracing::error!(prefix = %cache.prefix, wrong, "cache and store disagree: restart, and report this");
                    }
                    Err(error) => tracing::debug!(prefix = %cache.prefix, %error, "cache and store are not compared"),
                }
            }
        });
    }
}
