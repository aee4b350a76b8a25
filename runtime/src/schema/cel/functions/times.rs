//! The parts of timestamps, in UTC or in a named zone, and of durations.

use super::super::value::time::Fields;
use super::super::value::{Error, Result, Value};
use super::{Arg, Function, Overload, overloads, text};

fn part<'a>(v: &Value<'a>, zone: &str, get: fn(&Fields) -> i64) -> Result<'a> {
    match v {
        Value::Timestamp(t) => t.fields(zone).map(|f| Value::Int(get(&f))),
        _ => Err(Error::no_such_overload()),
    }
}

fn span<'a>(v: &Value<'a>, unit: i64) -> Result<'a> {
    match v {
        Value::Duration(d) => Ok(Value::Int(d / unit)),
        _ => Err(Error::no_such_overload()),
    }
}

macro_rules! getter {
    ($name:expr, $id:expr, $tz:expr, $get:expr $(, $more:expr)?) => {
        overloads(
            $name,
            &[
                Overload($id, &[Arg::Timestamp], |a| part(&a[0], "UTC", $get)),
                Overload($tz, &[Arg::Timestamp, Arg::Str], |a| part(&a[0], text(&a[1])?, $get)),
                $($more)?
            ],
        )
    };
}

macro_rules! of_duration {
    ($id:expr, $unit:expr) => {
        Overload($id, &[Arg::Duration], |a| span(&a[0], $unit))
    };
}

pub(super) const FUNCTIONS: &[Function] = &[
    getter!("getFullYear", "timestamp_to_year", "timestamp_to_year_with_tz", |f| f.year),
    getter!("getMonth", "timestamp_to_month", "timestamp_to_month_with_tz", |f| f.month - 1),
    getter!("getDayOfYear", "timestamp_to_day_of_year", "timestamp_to_day_of_year_with_tz", |f| f.day_of_year - 1),
    getter!("getDayOfMonth", "timestamp_to_day_of_month", "timestamp_to_day_of_month_with_tz", |f| f.day - 1),
    getter!("getDate", "timestamp_to_day_of_month_1_based", "timestamp_to_day_of_month_1_based_with_tz", |f| f.day),
    getter!("getDayOfWeek", "timestamp_to_day_of_week", "timestamp_to_day_of_week_with_tz", |f| f.weekday),
    getter!(
        "getHours",
        "timestamp_to_hours",
        "timestamp_to_hours_with_tz",
        |f| f.hour,
        of_duration!("duration_to_hours", 3_600_000_000_000)
    ),
    getter!(
        "getMinutes",
        "timestamp_to_minutes",
        "timestamp_to_minutes_with_tz",
        |f| f.minute,
        of_duration!("duration_to_minutes", 60_000_000_000)
    ),
    getter!(
        "getSeconds",
        "timestamp_to_seconds",
        "timestamp_to_seconds_tz",
        |f| f.second,
        of_duration!("duration_to_seconds", 1_000_000_000)
    ),
    getter!(
        "getMilliseconds",
        "timestamp_to_milliseconds",
        "timestamp_to_milliseconds_with_tz",
        |f| f.milli,
        of_duration!("duration_to_milliseconds", 1_000_000)
    ),
];
