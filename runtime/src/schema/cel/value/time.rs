//! Timestamps with their offset, durations, and Go's texts of both.

use super::{Error, go};
use jiff::civil::Date;
use std::cmp::Ordering;

const SECOND: i128 = 1_000_000_000;
/// `0001-01-01T00:00:00Z`
const MIN: i64 = -62_135_596_800;
/// `9999-12-31T23:59:59Z`
const MAX: i64 = 253_402_300_799;

pub(super) fn overflow() -> Error {
    Error::new("timestamp overflow")
}

/// An instant, and the offset it was written with, which does not count in comparisons.
#[derive(Clone, Copy, Debug)]
pub struct Timestamp {
    seconds: i64,
    nanos: u32,
    offset: i32,
}

impl PartialEq for Timestamp {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Timestamp {}
impl PartialOrd for Timestamp {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Timestamp {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.seconds, self.nanos).cmp(&(other.seconds, other.nanos))
    }
}

/// The fields of an instant in a zone.
pub(in crate::schema::cel) struct Fields {
    pub(in crate::schema::cel) year: i64,
    /// From 1.
    pub(in crate::schema::cel) month: i64,
    /// From 1.
    pub(in crate::schema::cel) day: i64,
    /// From 1.
    pub(in crate::schema::cel) day_of_year: i64,
    /// From Sunday, which is 0.
    pub(in crate::schema::cel) weekday: i64,
    pub(in crate::schema::cel) hour: i64,
    pub(in crate::schema::cel) minute: i64,
    pub(in crate::schema::cel) second: i64,
    pub(in crate::schema::cel) milli: i64,
}

impl Timestamp {
    fn new(nanos: i128, offset: i32) -> Option<Self> {
        let seconds = i64::try_from(nanos.div_euclid(SECOND)).ok()?;
        let nanos = u32::try_from(nanos.rem_euclid(SECOND)).ok()?;
        (MIN..=MAX).contains(&seconds).then_some(Self { seconds, nanos, offset })
    }

    /// Seconds since 1970, within the years 1 to 9999.
    pub(super) fn from_seconds(seconds: i64) -> Option<Self> {
        Self::new(i128::from(seconds) * SECOND, 0)
    }

    /// Seconds since 1970.
    pub(super) fn seconds(&self) -> i64 {
        self.seconds
    }

    /// Nanoseconds since 1970.
    pub(super) fn nanos(&self) -> i128 {
        i128::from(self.seconds) * SECOND + i128::from(self.nanos)
    }

    pub(super) fn is_zero(&self) -> bool {
        self.seconds == MIN && self.nanos == 0
    }

    pub(super) fn plus(&self, nanos: i128) -> Option<Self> {
        Self::new(self.nanos() + nanos, self.offset)
    }

    /// Go's `time.Parse(time.RFC3339, s)`: any fraction of a second, and an hour of one digit.
    pub(super) fn parse(s: &str) -> Option<Option<Self>> {
        let (date, rest) = civil(s)?;
        let (seconds, nanos, rest) = clock(rest.strip_prefix('T')?)?;
        let offset = offset(rest)?;
        Some(Self::new(
            (days(date) * 86_400 + i128::from(seconds) - i128::from(offset)) * SECOND + i128::from(nanos),
            offset,
        ))
    }

    /// `2006-01-02`
    pub(super) fn date(s: &str) -> Option<Self> {
        let (date, rest) = civil(s)?;
        rest.is_empty().then(|| Self::new(days(date) * 86_400 * SECOND, 0)).flatten()
    }

    /// A field of format `date-time` (kube-openapi `strfmt.ParseDateTime`): the empty text is 1970, and the offset may be
    /// left out.
    pub(super) fn date_time_field(s: &str) -> Option<Self> {
        if s.is_empty() {
            return Self::from_seconds(0);
        }
        if let Some(t) = Self::parse(s) {
            return t;
        }
        let (date, rest) = civil(s)?;
        let (seconds, nanos, rest) = clock(rest.strip_prefix('T')?)?;
        rest.is_empty()
            .then(|| Self::new((days(date) * 86_400 + i128::from(seconds)) * SECOND + i128::from(nanos), 0))
            .flatten()
    }

    fn date_at(&self, offset: i32) -> (Date, i64) {
        let local = self.seconds + i64::from(offset);
        let span = jiff::Span::new().days(local.div_euclid(86_400));
        (Date::constant(1970, 1, 1).saturating_add(span), local.rem_euclid(86_400))
    }

    /// The fields in a zone: a name of the tz database, `UTC`, the empty text, or an offset such as `-05:00`.
    pub(in crate::schema::cel) fn fields(&self, zone: &str) -> Result<Fields, Error> {
        let offset = match zone.split_once(':') {
            None => self.named(zone)?,
            Some((hours, minutes)) => {
                let (h, m) = (go::atoi(hours).map_err(Error::new)?, go::atoi(minutes).map_err(Error::new)?);
                let total = h.saturating_mul(60).saturating_add(if zone.starts_with('-') { -m } else { m });
                i32::try_from(total.clamp(-60_000, 60_000) * 60).unwrap_or(0)
            }
        };
        let (date, clock) = self.date_at(offset);
        Ok(Fields {
            year: date.year().into(),
            month: date.month().into(),
            day: date.day().into(),
            day_of_year: date.day_of_year().into(),
            weekday: date.weekday().to_sunday_zero_offset().into(),
            hour: clock / 3600,
            minute: clock / 60 % 60,
            second: clock % 60,
            milli: i64::from(self.nanos / 1_000_000),
        })
    }

    fn named(&self, zone: &str) -> Result<i32, Error> {
        if zone.is_empty() || zone == "UTC" || zone == "Local" {
            return Ok(0);
        }
        let bad = |s: &str| s.contains("..") || s.starts_with(['/', '\\']) || s.contains('\\');
        if bad(zone) {
            return Err(Error::new("time: invalid location name"));
        }
        let unknown = || Error::new(format!("unknown time zone {zone}"));
        // The database is asked without regard to case, which Go has.
        let tz = jiff::tz::TimeZone::get(zone).ok().filter(|tz| tz.iana_name() == Some(zone)).ok_or_else(unknown)?;
        let at = jiff::Timestamp::from_second(self.seconds).unwrap_or(jiff::Timestamp::MAX);
        Ok(tz.to_offset(at).seconds())
    }

    /// Go's `RFC3339Nano`.
    pub(super) fn rfc3339(&self) -> String {
        let zone = match self.offset {
            0 => "Z".to_owned(),
            o => offset_text(o, ":"),
        };
        format!("{}{zone}", self.local('T'))
    }

    /// Go's `Time.String`.
    pub(super) fn go_text(&self) -> String {
        let offset = offset_text(self.offset, "");
        let name = if self.offset == 0 { "UTC" } else { &offset };
        format!("{} {offset} {name}", self.local(' '))
    }

    fn local(&self, separator: char) -> String {
        let (d, clock) = self.date_at(self.offset);
        let mut text = format!(
            "{:04}-{:02}-{:02}{separator}{:02}:{:02}:{:02}",
            d.year(),
            d.month(),
            d.day(),
            clock / 3600,
            clock / 60 % 60,
            clock % 60
        );
        if self.nanos > 0 {
            text.push_str(format!(".{:09}", self.nanos).trim_end_matches('0'));
        }
        text
    }
}

fn offset_text(o: i32, separator: &str) -> String {
    let sign = if o < 0 { '-' } else { '+' };
    let minutes = o.abs() / 60;
    format!("{sign}{:02}{separator}{:02}", minutes / 60, minutes % 60)
}

fn days(date: Date) -> i128 {
    let epoch = Date::constant(1970, 1, 1);
    date.since(epoch).map_or(0, |span| i128::from(span.get_days()))
}

/// Exactly so many digits.
fn digits(s: &str, n: usize) -> Option<(i64, &str)> {
    let head = s.get(..n)?;
    head.bytes().all(|b| b.is_ascii_digit()).then(|| head.parse().ok().map(|v| (v, &s[n..])))?
}

fn civil(s: &str) -> Option<(Date, &str)> {
    let (year, rest) = digits(s, 4)?;
    let (month, rest) = digits(rest.strip_prefix('-')?, 2)?;
    let (day, rest) = digits(rest.strip_prefix('-')?, 2)?;
    let date = Date::new(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?).ok()?;
    Some((date, rest))
}

/// Seconds of the day, nanoseconds, and what follows.
fn clock(s: &str) -> Option<(i64, u32, &str)> {
    let (hour, rest) = match digits(s, 2) {
        Some(h) => h,
        None => digits(s, 1)?,
    };
    let (minute, rest) = digits(rest.strip_prefix(':')?, 2)?;
    let (second, mut rest) = digits(rest.strip_prefix(':')?, 2)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let mut nanos = 0;
    if let Some(fraction) = rest.strip_prefix(['.', ',']) {
        let n = fraction.bytes().take_while(u8::is_ascii_digit).count();
        if n > 0 {
            nanos = format!("{:0<9}", &fraction[..n.min(9)]).parse().ok()?;
            rest = &fraction[n..];
        }
    }
    Some((hour * 3600 + minute * 60 + second, nanos, rest))
}

fn offset(s: &str) -> Option<i32> {
    if s == "Z" {
        return Some(0);
    }
    let (sign, rest) = match s.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, rest) = digits(rest, 2)?;
    let (minutes, rest) = digits(rest.strip_prefix(':')?, 2)?;
    (rest.is_empty() && hours <= 24 && minutes <= 60).then_some(())?;
    i32::try_from(hours * 3600 + minutes * 60).ok().map(|o| sign * o)
}

const UNITS: [(&str, i128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", SECOND),
    ("m", 60 * SECOND),
    ("h", 3600 * SECOND),
];

/// Go's `time.ParseDuration`, in nanoseconds.
pub(super) fn parse_duration(s: &str) -> Option<i64> {
    let (negative, mut rest) = match s.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, s.strip_prefix('+').unwrap_or(s)),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let whole = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (int, after) = rest.split_at(whole);
        let (fraction, after) = match after.strip_prefix('.') {
            Some(f) => f.split_at(f.bytes().take_while(u8::is_ascii_digit).count()),
            None => ("", after),
        };
        if int.is_empty() && fraction.is_empty() {
            return None;
        }
        let unit_len = after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_len);
        let (_, unit) = UNITS.iter().find(|(name, _)| *name == unit)?;
        let whole: i128 = if int.is_empty() { 0 } else { int.parse().ok().filter(|v| *v <= 1 << 63)? };
        total = total.checked_add(whole * unit)?;
        if !fraction.is_empty() {
            let digits = &fraction[..fraction.len().min(18)];
            let scaled: i128 = digits.parse().ok()?;
            total += (scaled as f64 * (*unit as f64 / 10f64.powi(digits.len() as i32))) as i128;
        }
        if total > 1 << 63 {
            return None;
        }
        rest = after;
    }
    i64::try_from(if negative { -total } else { total }).ok()
}

/// A field of format `duration` (kube-openapi `strfmt.ParseDuration`): also whole numbers with the names of units.
pub(super) fn duration_field(s: &str) -> Option<i64> {
    if let Some(d) = parse_duration(s) {
        return Some(d);
    }
    const NAMES: [(&[&str], &str, i64); 8] = [
        (&["ns"], "nano", 1),
        (&["us", "µs"], "micro", 1_000),
        (&["ms"], "milli", 1_000_000),
        (&["s"], "sec", 1_000_000_000),
        (&["m"], "min", 60_000_000_000),
        (&["h", "hr"], "hour", 3_600_000_000_000),
        (&["d"], "day", 86_400_000_000_000),
        (&["w", "wk"], "week", 604_800_000_000_000),
    ];
    let mut total: Option<i64> = None;
    let mut rest = s;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        rest = &rest[at..];
        let (number, after) = rest.split_at(rest.bytes().take_while(u8::is_ascii_digit).count());
        let after = after.trim_start_matches(['\t', '\n', '\x0c', '\r', ' ']);
        let letter = |c: char| c.is_ascii_alphabetic() || c == 'µ';
        let (unit, after) = after.split_at(after.find(|c| !letter(c)).unwrap_or(after.len()));
        rest = after;
        if unit.is_empty() {
            continue;
        }
        let number: i64 = number.parse().ok()?;
        let unit = unit.to_lowercase();
        for (exact, prefix, nanos) in NAMES {
            if exact.contains(&&*unit) || unit.starts_with(prefix) {
                total = Some(total.unwrap_or(0).wrapping_add(number.wrapping_mul(nanos)));
            }
        }
    }
    total
}

/// Seconds with a fraction and an `s`, as conversions to string have it.
pub(super) fn duration_seconds(nanos: i64) -> String {
    // Go's Seconds(): whole seconds and the rest added as doubles.
    let seconds = (nanos / 1_000_000_000) as f64 + (nanos % 1_000_000_000) as f64 / 1e9;
    format!("{seconds}s")
}

/// Go's `Duration.String`.
pub(super) fn duration_text(nanos: i64) -> String {
    let (sign, n) = (if nanos < 0 { "-" } else { "" }, nanos.unsigned_abs());
    let fraction = |value: u64, unit: u64, digits: usize| {
        let whole = value / unit;
        match value % unit {
            0 => whole.to_string(),
            f => format!("{whole}.{}", format!("{f:0digits$}").trim_end_matches('0')),
        }
    };
    match n {
        0 => "0s".into(),
        1..1_000 => format!("{sign}{n}ns"),
        1_000..1_000_000 => format!("{sign}{}µs", fraction(n, 1_000, 3)),
        1_000_000..1_000_000_000 => format!("{sign}{}ms", fraction(n, 1_000_000, 6)),
        _ => {
            let seconds = fraction(n % 60_000_000_000, 1_000_000_000, 9);
            let minutes = n / 60_000_000_000;
            match (minutes / 60, minutes % 60) {
                (0, 0) => format!("{sign}{seconds}s"),
                (0, m) => format!("{sign}{m}m{seconds}s"),
                (h, m) => format!("{sign}{h}h{m}m{seconds}s"),
            }
        }
    }
}
