//! Loading a kind at the start, when there may be a million objects of it: they are decoded on all cores, on threads of the
//! runtime, whose stacks are made for what nests deep.

use super::{Cache, Codec, Early, Gate};
use crate::storage::contract::{Error, Range};
use std::sync::Arc;

/// So few are not worth a thread.
const FEW: usize = 1_000;

async fn on_all_cores<T: Send + 'static, U: Send + 'static>(
    mut items: Vec<T>,
    make: impl Fn(T) -> U + Clone + Send + 'static,
) -> Result<Vec<U>, Error> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let part = items.len().div_ceil(cores).max(FEW);
    let mut parts = Vec::new();
    while items.len() > part {
        let rest = items.split_off(part);
        let (these, make) = (std::mem::replace(&mut items, rest), make.clone());
        parts.push(tokio::task::spawn_blocking(move || these.into_iter().map(make).collect::<Vec<_>>()));
    }
    let last: Vec<U> = items.into_iter().map(make).collect();
    let mut all = Vec::new();
    for part in parts {
        all.extend(part.await.map_err(|e| Error::Unavailable(format!("the store is not loaded: {e}")))?);
    }
    all.extend(last);
    Ok(all)
}

impl<C: Codec> Cache<C> {
    /// Takes the base state, then what the gate holds, and opens the gate.
    pub(super) async fn load(self: &Arc<Self>, base: Range, gate: &Gate<C>) -> Result<(), Error> {
        let cache = self.clone();
        let entries = on_all_cores(base.items, move |kv| cache.entry(&kv)).await?;
        self.begin(base.revision, entries.into_iter().flatten().collect());
        for told in gate.held() {
            match told {
                Early::Events(events) => {
                    let cache = self.clone();
                    self.put(on_all_cores(events, move |event| cache.write(&event)).await?);
                }
                Early::Restart(state) => self.restart(&state),
            }
        }
        gate.open();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_made_on_all_cores_keeps_its_order() {
        for n in [0, 1, FEW, 5 * FEW + 7] {
            let made = on_all_cores((0..n).collect(), |i| i * 2).await;
            assert_eq!(made, Ok((0..n).map(|i| i * 2).collect()), "{n} items");
        }
        let failed = on_all_cores((0..5 * FEW).collect(), |i| assert!(i > 0, "the first")).await;
        assert!(matches!(failed, Err(Error::Unavailable(_))), "{failed:?}");
    }
}
