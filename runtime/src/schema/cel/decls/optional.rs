//! cel-go's optional types, version 2.

use super::{Function, LIST_A, MAP_AB, T, function, global, method};

const OPTIONAL_A: T = T::Optional(&T::A);
const OPTIONAL_B: T = T::Optional(&T::B);

pub(super) const FUNCTIONS: &[Function] = &[
    function("optional.of", &[global("optional_of", &[T::A], OPTIONAL_A)]),
    function("optional.ofNonZeroValue", &[global("optional_ofNonZeroValue", &[T::A], OPTIONAL_A)]),
    function("optional.none", &[global("optional_none", &[], OPTIONAL_A)]),
    function("value", &[method("optional_value", &[OPTIONAL_A], T::A)]),
    function("hasValue", &[method("optional_hasValue", &[OPTIONAL_A], T::Bool)]),
    function("or", &[method("optional_or_optional", &[OPTIONAL_A, OPTIONAL_A], OPTIONAL_A)]),
    function("orValue", &[method("optional_orValue_value", &[OPTIONAL_A, T::A], T::A)]),
    function("_?._", &[global("select_optional_field", &[T::Dyn, T::String], OPTIONAL_A)]),
    function(
        "_[?_]",
        &[
            global("list_optindex_optional_int", &[LIST_A, T::Int], OPTIONAL_A),
            global("optional_list_optindex_optional_int", &[T::Optional(&LIST_A), T::Int], OPTIONAL_A),
            global("map_optindex_optional_value", &[MAP_AB, T::A], OPTIONAL_B),
            global("optional_map_optindex_optional_value", &[T::Optional(&MAP_AB), T::A], OPTIONAL_B),
        ],
    ),
    function(
        "_[_]",
        &[
            global("optional_list_index_int", &[T::Optional(&LIST_A), T::Int], OPTIONAL_A),
            global("optional_map_index_value", &[T::Optional(&MAP_AB), T::A], OPTIONAL_B),
        ],
    ),
    function("last", &[method("list_last", &[LIST_A], OPTIONAL_A)]),
    function("first", &[method("list_first", &[LIST_A], OPTIONAL_A)]),
    function("optional.unwrap", &[global("optional_unwrap", &[T::List(&OPTIONAL_A)], LIST_A)]),
    function("unwrapOpt", &[method("optional_unwrapOpt", &[T::List(&OPTIONAL_A)], LIST_A)]),
];
