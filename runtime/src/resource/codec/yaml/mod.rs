//! YAML bodies and answers as Go clients know them: YAML 1.1 scalars (`yes` is true, `0777` is octal), merge keys, JSON's
//! keys; written in the style of `sigs.k8s.io/yaml`. Syntax is the parser's (`granit-parser`); `read` makes values of its
//! events, `scalar` says what a plain scalar is, `write` is the other direction.

mod read;
mod scalar;
mod write;

pub use read::decode;
pub use write::encode;

#[cfg(test)]
mod tests;
