//! Kubernetes' library of regular expressions.

use super::{Function, T, function, method};

const STRINGS: T = T::List(&T::String);

pub(super) const FUNCTIONS: &[Function] = &[
    function("find", &[method("string_find_string", &[T::String, T::String], T::String)]),
    function(
        "findAll",
        &[
            method("string_find_all_string", &[T::String, T::String], STRINGS),
            method("string_find_all_string_int", &[T::String, T::String, T::Int], STRINGS),
        ],
    ),
];
