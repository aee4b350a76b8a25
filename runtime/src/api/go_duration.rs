//! Durations as Go writes them: `1h2m3.5s`, `100ms`.

use std::time::Duration;

/// Reads a duration; a negative one is none.
///
/// # Errors
/// Go's words.
pub fn parse(text: &str) -> Result<Duration, String> {
    let invalid = || Err(format!("invalid duration {text:?}"));
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    if rest.is_empty() {
        return invalid();
    }
    let mut total = 0f64;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
        let (number, after) = rest.split_at(end);
        let Ok(number) = number.parse::<f64>() else { return invalid() };
        let end = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, next) = after.split_at(end);
        total += number
            * match unit {
                "ns" => 1e-9,
                "us" | "µs" | "μs" => 1e-6,
                "ms" => 1e-3,
                "s" => 1.0,
                "m" => 60.0,
                "h" => 3600.0,
                "" => return Err(format!("missing unit in duration {text:?}")),
                unit => return Err(format!("unknown unit {unit:?} in duration {text:?}")),
            };
        rest = next;
    }
    // Go counts nanoseconds in 63 bits: 292 years.
    match Duration::try_from_secs_f64(total) {
        Ok(d) if d.as_nanos() <= i64::MAX as u128 => Ok(if negative { Duration::ZERO } else { d }),
        _ => invalid(),
    }
}

#[cfg(test)]
mod tests {
    use super::parse;
    use std::time::Duration;

    #[test]
    fn durations_and_mistakes_are_those_of_go() {
        assert_eq!(parse("1h2m3.5s"), Ok(Duration::from_millis(3_723_500)));
        assert_eq!(parse("100ms"), Ok(Duration::from_millis(100)));
        assert_eq!((parse("0"), parse("-3s")), (Ok(Duration::ZERO), Ok(Duration::ZERO)));
        assert_eq!(parse("99999999999h"), Err("invalid duration \"99999999999h\"".into()));
        assert_eq!(parse("-99999999999h"), Err("invalid duration \"-99999999999h\"".into()));
        assert_eq!(parse("abc"), Err("invalid duration \"abc\"".into()));
        assert_eq!(parse("5"), Err("missing unit in duration \"5\"".into()));
        assert_eq!(parse("5x"), Err("unknown unit \"x\" in duration \"5x\"".into()));
    }
}
