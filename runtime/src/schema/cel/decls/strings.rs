//! cel-go's strings, version 2.

use super::{Function, T, function, global, method};

const STRINGS: T = T::List(&T::String);

pub(super) const FUNCTIONS: &[Function] = &[
    function("charAt", &[method("string_char_at_int", &[T::String, T::Int], T::String)]),
    function(
        "indexOf",
        &[
            method("string_index_of_string", &[T::String, T::String], T::Int),
            method("string_index_of_string_int", &[T::String, T::String, T::Int], T::Int),
        ],
    ),
    function(
        "lastIndexOf",
        &[
            method("string_last_index_of_string", &[T::String, T::String], T::Int),
            method("string_last_index_of_string_int", &[T::String, T::String, T::Int], T::Int),
        ],
    ),
    function("lowerAscii", &[method("string_lower_ascii", &[T::String], T::String)]),
    function(
        "replace",
        &[
            method("string_replace_string_string", &[T::String, T::String, T::String], T::String),
            method("string_replace_string_string_int", &[T::String, T::String, T::String, T::Int], T::String),
        ],
    ),
    function(
        "split",
        &[
            method("string_split_string", &[T::String, T::String], STRINGS),
            method("string_split_string_int", &[T::String, T::String, T::Int], STRINGS),
        ],
    ),
    function(
        "substring",
        &[
            method("string_substring_int", &[T::String, T::Int], T::String),
            method("string_substring_int_int", &[T::String, T::Int, T::Int], T::String),
        ],
    ),
    function("trim", &[method("string_trim", &[T::String], T::String)]),
    function("upperAscii", &[method("string_upper_ascii", &[T::String], T::String)]),
    function("format", &[method("string_format", &[T::String, T::List(&T::Dyn)], T::String)]),
    function("strings.quote", &[global("strings_quote", &[T::String], T::String)]),
    function(
        "join",
        &[method("list_join", &[STRINGS], T::String), method("list_join_string", &[STRINGS, T::String], T::String)],
    ),
];
