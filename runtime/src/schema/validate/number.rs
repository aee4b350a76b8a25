//! JSON numbers as Go's decoder sees them: an int64 where the text is one, otherwise a float64; and how Go prints those.

use crate::resource::codec::go;
use serde_json::Number;

/// A number as Go's decoder types it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Num {
    /// `int64`
    Int(i64),
    /// `float64`
    Float(f64),
}

/// The largest integer every smaller one of which a float64 can hold.
const MAX_SAFE: f64 = 9_007_199_254_740_991.0;

impl Num {
    pub(super) fn of(n: &Number) -> Self {
        match n.as_i64() {
            Some(i) => Self::Int(i),
            None => Self::Float(n.as_f64().unwrap_or(f64::INFINITY)),
        }
    }

    pub(super) fn float(self) -> f64 {
        match self {
            Self::Int(i) => i as f64,
            Self::Float(f) => f,
        }
    }

    /// `%v`, as errors print it.
    pub(super) fn v(self) -> String {
        match self {
            Self::Int(i) => i.to_string(),
            Self::Float(f) => float_v(f),
        }
    }

    /// Whether it converts to the Go type that `type: integer` with this format stands for, by way of its decimal text.
    pub(super) fn fits(self, integer: bool, format: Option<&str>) -> bool {
        if integer {
            let as_int = match self {
                Self::Int(i) => Some(i),
                Self::Float(f) if f.fract() == 0.0 && f.abs() < MAX_SAFE => Some(f as i64),
                // The shortest text of -2^63 as a float is another number, too small for an int64.
                Self::Float(f) if f.fract() == 0.0 => f.to_string().parse().ok(),
                Self::Float(_) => None,
            };
            return match (as_int, format) {
                (Some(i), Some("int32")) => i32::try_from(i).is_ok(),
                (i, _) => i.is_some(),
            };
        }
        match format {
            Some("float") => {
                let f = self.float();
                !f.is_finite() || (f as f32).is_finite()
            }
            _ => true,
        }
    }
}

/// go-openapi's tolerant integer test.
pub(super) fn is_json_integer(f: f64) -> bool {
    const EPSILON: f64 = 1e-9;
    if !f.is_finite() || !(-MAX_SAFE..=MAX_SAFE).contains(&f) {
        return false;
    }
    if f.fract() == 0.0 {
        return true;
    }
    let g = (f as u64) as f64;
    if g == 0.0 {
        return false;
    }
    (f - g).abs() / (f.abs() + g.abs()) < EPSILON
}

/// `%v` of a float64.
pub(super) fn float_v(f: f64) -> String {
    go::float(f)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_print_as_go_prints_them() {
        for (f, v) in [
            (1.0, "1"),
            (-0.0, "-0"),
            (0.5, "0.5"),
            (123456.0, "123456"),
            (1234567.0, "1.234567e+06"),
            (1e20, "1e+20"),
            (1e-7, "1e-07"),
            (1.5e300, "1.5e+300"),
        ] {
            assert_eq!(float_v(f), v);
        }
    }

    #[test]
    fn integers_are_told_by_tolerance() {
        assert!(is_json_integer(3.0) && is_json_integer(-3.0));
        assert!(!is_json_integer(1.5) && !is_json_integer(0.1) && !is_json_integer(1e300));
    }
}
