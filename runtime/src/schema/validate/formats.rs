//! String formats of schemas: which are enforced for a type, and whether a text has one. What a format is, `kubegraft_syntax` says.

use crate::schema::node::Type;
use kubegraft_syntax::formats::{self, Pattern};
use regex::Regex;
use std::sync::LazyLock;

/// Whether the format is enforced for that type; others are ignored (and warned about when a CRD is written).
pub(crate) fn recognized(type_: Option<Type>, format: &str) -> bool {
    match type_ {
        None | Some(Type::String) => formats::is_known(format),
        Some(Type::Integer) => matches!(format, "int32" | "int64"),
        Some(Type::Number) => matches!(format, "float" | "double"),
        Some(_) => false,
    }
}

/// Whether the text has the format; none for formats that are not for text.
pub(in crate::schema) fn check(format: &str, s: &str) -> Option<bool> {
    static COMPILED: [LazyLock<Regex>; Pattern::ALL.len()] = {
        const fn compiled<const N: usize>() -> LazyLock<Regex> {
            LazyLock::new(|| Regex::new(Pattern::ALL[N].text()).expect("a constant expression"))
        }
        [
            compiled::<0>(),
            compiled::<1>(),
            compiled::<2>(),
            compiled::<3>(),
            compiled::<4>(),
            compiled::<5>(),
            compiled::<6>(),
            compiled::<7>(),
            compiled::<8>(),
            compiled::<9>(),
        ]
    };
    formats::check(format, s, &|pattern, s| COMPILED[pattern as usize].is_match(s))
}
