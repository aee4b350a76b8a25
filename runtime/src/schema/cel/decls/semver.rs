//! Kubernetes' library of semantic versions.

use super::{Function, T, function, global, method};

const S: T = T::Named("kubernetes.Semver");

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        "semver",
        &[global("string_to_semver", &[T::String], S), global("string_bool_to_semver", &[T::String, T::Bool], S)],
    ),
    function(
        "isSemver",
        &[
            global("is_semver_string", &[T::String], T::Bool),
            global("is_semver_string_bool", &[T::String, T::Bool], T::Bool),
        ],
    ),
    function("isGreaterThan", &[method("semver_is_greater_than", &[S, S], T::Bool)]),
    function("isLessThan", &[method("semver_is_less_than", &[S, S], T::Bool)]),
    function("compareTo", &[method("semver_compare_to", &[S, S], T::Int)]),
    function("major", &[method("semver_major", &[S], T::Int)]),
    function("minor", &[method("semver_minor", &[S], T::Int)]),
    function("patch", &[method("semver_patch", &[S], T::Int)]),
];
