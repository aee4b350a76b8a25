//! CEL as Kubernetes 1.36 has it: the types, the declarations, the checker and the estimator of costs, then values,
//! functions and the metered evaluator. Text becomes syntax in `kubegraft_syntax::cel`; which rules a schema has and when
//! they run is not decided here.

mod cost;
mod eval;
mod functions;
mod message;
mod plan;
pub mod types;
pub mod value;

pub use cost::{Meter, PER_CALL_LIMIT, PER_OBJECT_LIMIT};
pub use plan::Program;
pub use types::{Checked, Object, Reference, Type};
pub use value::{Error, Value};
