//! RFC 3339 times as Go's `time.Parse` reads them, and its words for what it cannot read. What CEL takes for a timestamp is
//! `cel::value::time`'s.

use jiff::civil::{DateTime, date};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

const LAYOUT: &str = "2006-01-02T15:04:05Z07:00";

/// As Go quotes a text in these errors: what is not ASCII byte by byte.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for b in text.bytes() {
        match b {
            b'"' | b'\\' => out.extend(['\\', char::from(b)]),
            b' '..=b'\x7f' => out.push(char::from(b)),
            b => out.push_str(&format!("\\x{b:02x}")),
        }
    }
    out + "\""
}

/// A text that is being read.
struct Reader<'a> {
    whole: &'a str,
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn wrong(&self, at: &str, wanted: &str) -> String {
        let whole = quoted(self.whole);
        format!("parsing time {whole} as {}: cannot parse {} as {}", quoted(LAYOUT), quoted(at), quoted(wanted))
    }

    fn out_of_range(&self, what: &str) -> String {
        format!("parsing time {}: {what} out of range", quoted(self.whole))
    }

    fn literal(&mut self, wanted: &str) -> Result<(), String> {
        match self.rest.strip_prefix(wanted) {
            Some(rest) => self.rest = rest,
            None => return Err(self.wrong(self.rest, wanted)),
        }
        Ok(())
    }

    /// Digits at the start of a text: so many, or with `fewer` at least one of two.
    fn digits(text: &'a str, count: usize, fewer: bool) -> Option<(i64, &'a str)> {
        let there = text.bytes().take(count).take_while(u8::is_ascii_digit).count();
        let taken = if there == count || (fewer && there > 0) { there } else { return None };
        Some((text[..taken].parse().ok()?, &text[taken..]))
    }

    /// A number that the layout shows as `wanted`.
    fn number(&mut self, wanted: &str, fewer: bool) -> Result<i64, String> {
        let (n, rest) = Self::digits(self.rest, wanted.len(), fewer).ok_or_else(|| self.wrong(self.rest, wanted))?;
        self.rest = rest;
        Ok(n)
    }

    fn within(&mut self, wanted: &str, fewer: bool, range: std::ops::Range<i64>, what: &str) -> Result<i64, String> {
        let n = self.number(wanted, fewer)?;
        if range.contains(&n) { Ok(n) } else { Err(self.out_of_range(what)) }
    }

    /// A fraction of a second, which the layout does not show.
    fn skip_fraction(&mut self) {
        let Some(after) = self.rest.strip_prefix(['.', ',']) else { return };
        let rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
        if rest.len() < after.len() {
            self.rest = rest;
        }
    }

    /// Seconds east of Greenwich.
    fn zone(&mut self) -> Result<i64, String> {
        const WANTED: &str = "Z07:00";
        if let Some(rest) = self.rest.strip_prefix('Z') {
            self.rest = rest;
            return Ok(0);
        }
        let wrong = || self.wrong(self.rest, WANTED);
        let parts = self.rest.get(..6).filter(|z| z.as_bytes()[3] == b':').ok_or_else(wrong)?;
        let whole = |part: Option<&'a str>| Self::digits(part?, 2, false).map(|(n, _)| n);
        let hours = whole(parts.get(1..3)).ok_or_else(wrong)?;
        let minutes = whole(parts.get(4..6)).ok_or_else(wrong)?;
        if hours > 24 {
            return Err(self.out_of_range("time zone offset hour"));
        }
        if minutes > 60 {
            return Err(self.out_of_range("time zone offset minute"));
        }
        let sign = match parts.as_bytes()[0] {
            b'+' => 1,
            b'-' => -1,
            _ => return Err(wrong()),
        };
        self.rest = &self.rest[6..];
        Ok(sign * (hours * 3600 + minutes * 60))
    }
}

/// Reads a time, to the second.
///
/// # Errors
/// In Go's words.
pub(crate) fn rfc3339(text: &str) -> Result<Timestamp, String> {
    let mut r = Reader { whole: text, rest: text };
    let year = r.number("2006", false)?;
    r.literal("-")?;
    let month = r.within("01", false, 1..13, "month")?;
    r.literal("-")?;
    let day = r.number("02", true)?;
    r.literal("T")?;
    let hour = r.within("15", true, 0..24, "hour")?;
    r.literal(":")?;
    let minute = r.within("04", false, 0..60, "minute")?;
    r.literal(":")?;
    let second = r.within("05", false, 0..60, "second")?;
    r.skip_fraction();
    let zone = r.zone()?;
    if !r.rest.is_empty() {
        return Err(format!("parsing time {}: extra text: {}", quoted(text), quoted(r.rest)));
    }
    let small = |n: i64| i8::try_from(n).unwrap_or_default();
    let first = date(i16::try_from(year).unwrap_or_default(), small(month), 1);
    if day < 1 || day > i64::from(first.days_in_month()) {
        return Err(r.out_of_range("day"));
    }
    let at = DateTime::from_parts(first, jiff::civil::time(small(hour), small(minute), small(second), 0));
    let at = at.checked_add(SignedDuration::from_hours((day - 1) * 24) - SignedDuration::from_secs(zone));
    let at = at.ok().and_then(|at| Offset::UTC.to_timestamp(at).ok());
    at.ok_or_else(|| r.out_of_range("year"))
}

#[cfg(test)]
mod tests {
    use super::rfc3339;

    fn check(text: &str, want: &str) {
        let got = rfc3339(text).map(|t| t.to_string());
        assert_eq!(got.as_deref(), Ok(want), "{text}");
    }

    #[test]
    fn times_are_read_as_leniently_as_go_reads_them() {
        check("2020-02-29T23:59:59Z", "2020-02-29T23:59:59Z");
        check("2020-01-01T1:02:03,5+02:30", "2019-12-31T22:32:03Z");
        check("2020-01-1T00:00:00.123456789123Z", "2020-01-01T00:00:00Z");
        check("2020-01-01T00:00:00-24:60", "2020-01-02T01:00:00Z");
    }

    #[test]
    fn what_is_no_time_is_refused_in_the_words_of_go() {
        let check = |text: &str, want: &str| assert_eq!(rfc3339(text).unwrap_err(), format!("parsing time {want}"));
        let layout = r#"as "2006-01-02T15:04:05Z07:00": cannot parse"#;
        check("", &format!(r#""" {layout} "" as "2006""#));
        check("yesterday", &format!(r#""yesterday" {layout} "yesterday" as "2006""#));
        check("2020-01-01", &format!(r#""2020-01-01" {layout} "" as "T""#));
        check("2020-01-01 10:00:00Z", &format!(r#""2020-01-01 10:00:00Z" {layout} " 10:00:00Z" as "T""#));
        check("2020-01-01T10:00:00", &format!(r#""2020-01-01T10:00:00" {layout} "" as "Z07:00""#));
        check("2020-01-01T10:00:00z", &format!(r#""2020-01-01T10:00:00z" {layout} "z" as "Z07:00""#));
        check("2020-1-01T10:00:00Z", &format!(r#""2020-1-01T10:00:00Z" {layout} "1-01T10:00:00Z" as "01""#));
        check("2020-13-01T00:00:00Z", r#""2020-13-01T00:00:00Z": month out of range"#);
        check("2020-02-30T00:00:00Z", r#""2020-02-30T00:00:00Z": day out of range"#);
        check("2020-01-01T24:00:00Z", r#""2020-01-01T24:00:00Z": hour out of range"#);
        check("2020-01-01T00:00:00Zx", r#""2020-01-01T00:00:00Zx": extra text: "x""#);
        check("2020-01-01T00:00:00+99:00", r#""2020-01-01T00:00:00+99:00": time zone offset hour out of range"#);
        check(
            "2020-01-01T00:00:00é1:00",
            &format!(r#""2020-01-01T00:00:00\xc3\xa91:00" {layout} "\xc3\xa91:00" as "Z07:00""#),
        );
        check("é", &format!(r#""\xc3\xa9" {layout} "\xc3\xa9" as "2006""#));
    }
}
