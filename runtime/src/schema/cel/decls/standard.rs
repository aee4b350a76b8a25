//! Functions of cel-go's standard library: sizes, conversions, strings, times.

use super::{Function, LIST_A, MAP_AB, T, function, global, method};

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        "size",
        &[
            global("size_bytes", &[T::Bytes], T::Int),
            method("bytes_size", &[T::Bytes], T::Int),
            global("size_list", &[LIST_A], T::Int),
            method("list_size", &[LIST_A], T::Int),
            global("size_map", &[MAP_AB], T::Int),
            method("map_size", &[MAP_AB], T::Int),
            global("size_string", &[T::String], T::Int),
            method("string_size", &[T::String], T::Int),
        ],
    ),
    function("type", &[global("type", &[T::A], T::Type(&T::A))]),
    function("bool", &[global("bool_to_bool", &[T::Bool], T::Bool), global("string_to_bool", &[T::String], T::Bool)]),
    function(
        "bytes",
        &[global("bytes_to_bytes", &[T::Bytes], T::Bytes), global("string_to_bytes", &[T::String], T::Bytes)],
    ),
    function(
        "double",
        &[
            global("double_to_double", &[T::Double], T::Double),
            global("int64_to_double", &[T::Int], T::Double),
            global("string_to_double", &[T::String], T::Double),
            global("uint64_to_double", &[T::Uint], T::Double),
        ],
    ),
    function(
        "duration",
        &[
            global("duration_to_duration", &[T::Duration], T::Duration),
            global("string_to_duration", &[T::String], T::Duration),
            global("int64_to_duration", &[T::Int], T::Duration),
        ],
    ),
    function("dyn", &[global("to_dyn", &[T::A], T::Dyn)]),
    function(
        "int",
        &[
            global("int64_to_int64", &[T::Int], T::Int),
            global("double_to_int64", &[T::Double], T::Int),
            global("duration_to_int64", &[T::Duration], T::Int),
            global("string_to_int64", &[T::String], T::Int),
            global("timestamp_to_int64", &[T::Timestamp], T::Int),
            global("uint64_to_int64", &[T::Uint], T::Int),
        ],
    ),
    function(
        "string",
        &[
            global("string_to_string", &[T::String], T::String),
            global("bool_to_string", &[T::Bool], T::String),
            global("bytes_to_string", &[T::Bytes], T::String),
            global("double_to_string", &[T::Double], T::String),
            global("duration_to_string", &[T::Duration], T::String),
            global("int64_to_string", &[T::Int], T::String),
            global("timestamp_to_string", &[T::Timestamp], T::String),
            global("uint64_to_string", &[T::Uint], T::String),
        ],
    ),
    function(
        "timestamp",
        &[
            global("timestamp_to_timestamp", &[T::Timestamp], T::Timestamp),
            global("int64_to_timestamp", &[T::Int], T::Timestamp),
            global("string_to_timestamp", &[T::String], T::Timestamp),
        ],
    ),
    function(
        "uint",
        &[
            global("uint64_to_uint64", &[T::Uint], T::Uint),
            global("double_to_uint64", &[T::Double], T::Uint),
            global("int64_to_uint64", &[T::Int], T::Uint),
            global("string_to_uint64", &[T::String], T::Uint),
        ],
    ),
    function("contains", &[method("contains_string", &[T::String, T::String], T::Bool)]),
    function("endsWith", &[method("ends_with_string", &[T::String, T::String], T::Bool)]),
    function("startsWith", &[method("starts_with_string", &[T::String, T::String], T::Bool)]),
    function(
        "matches",
        &[
            global("matches", &[T::String, T::String], T::Bool),
            method("matches_string", &[T::String, T::String], T::Bool),
        ],
    ),
    function(
        "getFullYear",
        &[
            method("timestamp_to_year", &[T::Timestamp], T::Int),
            method("timestamp_to_year_with_tz", &[T::Timestamp, T::String], T::Int),
        ],
    ),
    function(
        "getMonth",
        &[
            method("timestamp_to_month", &[T::Timestamp], T::Int),
            method("timestamp_to_month_with_tz", &[T::Timestamp, T::String], T::Int),
        ],
    ),
    function(
        "getDayOfYear",
        &[
            method("timestamp_to_day_of_year", &[T::Timestamp], T::Int),
            method("timestamp_to_day_of_year_with_tz", &[T::Timestamp, T::String], T::Int),
        ],
    ),
    function(
        "getDayOfMonth",
        &[
            method("timestamp_to_day_of_month", &[T::Timestamp], T::Int),
            method("timestamp_to_day_of_month_with_tz", &[T::Timestamp, T::String], T::Int),
        ],
    ),
    function(
        "getDate",
        &[
            method("timestamp_to_day_of_month_1_based", &[T::Timestamp], T::Int),
            method("timestamp_to_day_of_month_1_based_with_tz", &[T::Timestamp, T::String], T::Int),
        ],
    ),
    function(
        "getDayOfWeek",
        &[
            method("timestamp_to_day_of_week", &[T::Timestamp], T::Int),
            method("timestamp_to_day_of_week_with_tz", &[T::Timestamp, T::String], T::Int),
        ],
    ),
    function(
        "getHours",
        &[
            method("timestamp_to_hours", &[T::Timestamp], T::Int),
            method("timestamp_to_hours_with_tz", &[T::Timestamp, T::String], T::Int),
            method("duration_to_hours", &[T::Duration], T::Int),
        ],
    ),
    function(
        "getMinutes",
        &[
            method("timestamp_to_minutes", &[T::Timestamp], T::Int),
            method("timestamp_to_minutes_with_tz", &[T::Timestamp, T::String], T::Int),
            method("duration_to_minutes", &[T::Duration], T::Int),
        ],
    ),
    function(
        "getSeconds",
        &[
            method("timestamp_to_seconds", &[T::Timestamp], T::Int),
            method("timestamp_to_seconds_tz", &[T::Timestamp, T::String], T::Int),
            method("duration_to_seconds", &[T::Duration], T::Int),
        ],
    ),
    function(
        "getMilliseconds",
        &[
            method("timestamp_to_milliseconds", &[T::Timestamp], T::Int),
            method("timestamp_to_milliseconds_with_tz", &[T::Timestamp, T::String], T::Int),
            method("duration_to_milliseconds", &[T::Duration], T::Int),
        ],
    ),
];
