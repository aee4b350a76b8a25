//! The versions of `versions` in the other form: each a struct of its own, one file per version; `convert` says what becomes of
//! one in its neighbour. For versions that differ more than they have in common.

mod convert;
#[cfg(test)]
mod tests;
pub mod v1;
pub mod v1alpha1;
pub mod v1beta1;

use kubegraft::Versions;

/// All versions of Website, oldest first.
pub fn websites() -> Versions<v1::Website> {
    Versions::oldest::<v1alpha1::Website>().then_spec::<v1beta1::Website>().then_spec::<v1::Website>()
}
