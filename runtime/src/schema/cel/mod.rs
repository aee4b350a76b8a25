//! CEL as Kubernetes 1.36 has it: the types, the declarations, the checker and the estimator of costs, then values,
//! functions and the metered evaluator. Text becomes syntax in `kubegraft_syntax::cel`; which rules a schema has and when
//! they run is not decided here.

mod check;
mod check_format;
mod check_literals;
pub mod declared;
mod decls;
pub mod escape;
mod estimate;
mod estimate_calls;
mod estimate_path;
mod range;
#[cfg(test)]
mod recorded_tests;
pub mod types;
mod unify;

pub use check::{Variables, check, compile};
pub use declared::Declared;
pub use estimate::estimate;
pub use range::Range;
pub use types::{Checked, Object, Reference, Type};
