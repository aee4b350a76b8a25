//! The Common Expression Language: from text to abstract syntax, with macros expanded, and the errors in the words and at
//! the positions of cel-go as Kubernetes 1.36 configures it. Types are the business of the runtime's `schema::cel`.
//!
//! ```
//! use kubegraft_syntax::cel;
//!
//! let ast = cel::parse("self.replicas <= 10").expect("an expression");
//! assert_eq!(ast.offsets[ast.root.id as usize], 14);
//! let errors = cel::parse("self.replicas <=").expect_err("an operand is missing");
//! assert!(errors.to_string().starts_with("ERROR: <input>:1:17: Syntax error: mismatched input '<EOF>' expecting "));
//! ```

mod aggregate;
pub mod ast;
mod ids;
mod lex;
mod literal;
mod macros;
mod parse;
mod recover;
pub mod source;
#[cfg(test)]
mod tests;
mod token;

pub use ast::Ast;
pub use parse::parse;
pub use source::{Error, Errors, Location, Source};
