//! Kubernetes' library of quantities.

use super::{Function, T, function, global, method};

const Q: T = T::Named("kubernetes.Quantity");

pub(super) const FUNCTIONS: &[Function] = &[
    function("quantity", &[global("string_to_quantity", &[T::String], Q)]),
    function("isQuantity", &[global("is_quantity_string", &[T::String], T::Bool)]),
    // Declared as a global function upstream, whatever its documentation says.
    function("sign", &[global("quantity_sign", &[Q], T::Int)]),
    function("isGreaterThan", &[method("quantity_is_greater_than", &[Q, Q], T::Bool)]),
    function("isLessThan", &[method("quantity_is_less_than", &[Q, Q], T::Bool)]),
    function("compareTo", &[method("quantity_compare_to", &[Q, Q], T::Int)]),
    function("asApproximateFloat", &[method("quantity_get_float", &[Q], T::Double)]),
    function("asInteger", &[method("quantity_get_int", &[Q], T::Int)]),
    function("isInteger", &[method("quantity_is_integer", &[Q], T::Bool)]),
    function("add", &[method("quantity_add", &[Q, Q], Q), method("quantity_add_int", &[Q, T::Int], Q)]),
    function("sub", &[method("quantity_sub", &[Q, Q], Q), method("quantity_sub_int", &[Q, T::Int], Q)]),
];
