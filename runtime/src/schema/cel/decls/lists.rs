//! Lists: Kubernetes' library (before `includes`), and version 3 of cel-go's.

use super::{Function, LIST_A, T, for_comparable, function, global, method};

macro_rules! is_sorted {
    ($name:literal, $type:expr) => {
        method(concat!("list_", $name, "_is_sorted_bool"), &[T::List(&$type)], T::Bool)
    };
}
macro_rules! sum {
    ($name:literal, $type:expr) => {
        method(concat!("list_", $name, "_sum_", $name), &[T::List(&$type)], $type)
    };
}
macro_rules! max {
    ($name:literal, $type:expr) => {
        method(concat!("list_", $name, "_max_", $name), &[T::List(&$type)], $type)
    };
}
macro_rules! min {
    ($name:literal, $type:expr) => {
        method(concat!("list_", $name, "_min_", $name), &[T::List(&$type)], $type)
    };
}

pub(super) const KUBERNETES: &[Function] = &[
    function("isSorted", for_comparable!(is_sorted)),
    function(
        "sum",
        &[sum!("int", T::Int), sum!("uint", T::Uint), sum!("double", T::Double), sum!("duration", T::Duration)],
    ),
    function("max", for_comparable!(max)),
    function("min", for_comparable!(min)),
    function("indexOf", &[method("list_a_index_of_int", &[LIST_A, T::A], T::Int)]),
    function("lastIndexOf", &[method("list_a_last_index_of_int", &[LIST_A, T::A], T::Int)]),
];

// The ids name the type as it is called when it runs.
macro_rules! sort {
    ("duration", $type:expr) => {
        sort!("google.protobuf.Duration", $type)
    };
    ("timestamp", $type:expr) => {
        sort!("google.protobuf.Timestamp", $type)
    };
    ($name:literal, $type:expr) => {
        method(concat!("list_", $name, "_sort"), &[T::List(&$type)], T::List(&$type))
    };
}
macro_rules! sort_by {
    ("duration", $type:expr) => {
        sort_by!("google.protobuf.Duration", $type)
    };
    ("timestamp", $type:expr) => {
        sort_by!("google.protobuf.Timestamp", $type)
    };
    ($name:literal, $type:expr) => {
        method(concat!("list_", $name, "_sortByAssociatedKeys"), &[LIST_A, T::List(&$type)], LIST_A)
    };
}

pub(super) const FUNCTIONS: &[Function] = &[
    function("slice", &[method("list_slice", &[LIST_A, T::Int, T::Int], LIST_A)]),
    function(
        "flatten",
        &[
            method("list_flatten", &[T::List(&LIST_A)], LIST_A),
            method("list_flatten_int", &[T::List(&T::Dyn), T::Int], T::List(&T::Dyn)),
        ],
    ),
    function("sort", for_comparable!(sort)),
    function("@sortByAssociatedKeys", for_comparable!(sort_by)),
    function("lists.range", &[global("lists_range", &[T::Int], T::List(&T::Int))]),
    function("reverse", &[method("list_reverse", &[LIST_A], LIST_A)]),
    function("distinct", &[method("list_distinct", &[LIST_A], LIST_A)]),
];
