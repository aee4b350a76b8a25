//! CEL as Kubernetes 1.36 has it: the types, the declarations, the checker and the estimator of costs, then values,
//! functions and the metered evaluator. Text becomes syntax in `kubegraft_syntax::cel`; which rules a schema has and when
//! they run is not decided here.

pub mod types;

pub use types::{Checked, Object, Reference, Type};
