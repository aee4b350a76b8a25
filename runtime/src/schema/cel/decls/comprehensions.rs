//! What the macros with two variables expand to.

use super::{Function, MAP_AB, T, function, global};

pub(super) const FUNCTIONS: &[Function] = &[function(
    "cel.@mapInsert",
    &[
        global("@mapInsert_map_key_value", &[MAP_AB, T::A, T::B], MAP_AB),
        global("@mapInsert_map_map", &[MAP_AB, MAP_AB], MAP_AB),
    ],
)];
