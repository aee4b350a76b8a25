//! cel-go's sets.

use super::{Function, LIST_A, T, function, global};

pub(super) const FUNCTIONS: &[Function] = &[
    function("sets.contains", &[global("list_sets_contains_list", &[LIST_A, LIST_A], T::Bool)]),
    function("sets.equivalent", &[global("list_sets_equivalent_list", &[LIST_A, LIST_A], T::Bool)]),
    function("sets.intersects", &[global("list_sets_intersects_list", &[LIST_A, LIST_A], T::Bool)]),
];
