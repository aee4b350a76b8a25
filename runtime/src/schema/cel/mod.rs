//! CEL as Kubernetes 1.36 has it: the types, the declarations, the checker and the estimator of costs, then values,
//! functions and the metered evaluator. Text becomes syntax in `kubegraft_syntax::cel`; which rules a schema has and when
//! they run is not decided here.

#![allow(clippy::mutable_key_type, reason = "the order of keys does not ask for the part of a value that can change")]

mod check;
mod check_format;
mod check_literals;
#[cfg(test)]
mod conformance_tests;
mod cost;
pub mod declared;
mod decls;
pub mod escape;
mod estimate;
mod estimate_calls;
mod estimate_path;
mod eval;
#[cfg(test)]
mod eval_recorded_tests;
#[cfg(test)]
mod eval_tests;
mod functions;
mod message;
mod plan;
mod range;
#[cfg(test)]
mod recorded_tests;
mod rule;
mod select;
#[cfg(test)]
mod tests;
pub mod types;
mod unify;
pub mod value;

pub use check::{Variables, check, compile};
pub use cost::{Clock, Meter, PER_CALL_LIMIT, PER_OBJECT_LIMIT, TIME_LIMIT};
pub use declared::Declared;
pub use estimate::estimate;
pub use plan::Program;
pub use range::Range;
pub use rule::{Rule, VARIABLES};
pub use types::{Checked, Object, Reference, Type};
pub(in crate::schema) use value::go::quote;
pub use value::{Error, Value};
