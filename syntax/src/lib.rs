//! The small grammars that both the macros and the runtime of kubegraft read: CEL expressions, the JSONPath of printer
//! columns and selectable fields, and Go's RE2 patterns. Text in, tree or positioned error out; meaning is the runtime's.

pub mod cel;
pub mod jsonpath;
pub mod re2;
