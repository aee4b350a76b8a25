//! The small grammars that both the macros and the runtime of kubegraft read: CEL expressions, the JSONPath of printer
//! columns and selectable fields, Go's RE2 patterns, and the formats of texts. Text in, tree or positioned error out; meaning is the runtime's.

pub mod cel;
pub mod formats;
pub mod jsonpath;
pub mod re2;
