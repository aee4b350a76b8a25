//! Quantities as apimachinery's `api/resource` reads, adds, compares and prints them: small ones as an integer and a decimal
//! scale, others as decimals of any length.

use num_bigint::{BigInt, Sign};
use std::cmp::Ordering;
use std::fmt;

/// The form a quantity is printed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    DecimalExponent,
    BinarySi,
    DecimalSi,
}

#[derive(Clone, Debug)]
enum Amount {
    /// `value * 10^scale`
    Int { value: i64, scale: i32 },
    /// `unscaled * 10^-scale`
    Dec(Dec),
}

/// A decimal: `unscaled * 10^-scale`.
#[derive(Clone, Debug)]
struct Dec {
    unscaled: BigInt,
    scale: i64,
}

/// A quantity.
#[derive(Clone, Debug)]
pub struct Quantity {
    amount: Amount,
    format: Format,
    /// What it was read from, where that is canonical.
    text: Option<Box<str>>,
}

/// Decimals that differ by more places than this are not added: nobody needs it, and it would take all memory.
const MAX_PLACES: i64 = 10_000;
const NANO: i32 = -9;

const WRONG_FORMAT: &str =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const NUMERIC: &str = "unable to parse numeric part of quantity";
const SUFFIX: &str = "unable to parse quantity's suffix";

fn pow10(n: i64) -> BigInt {
    BigInt::from(10).pow(u32::try_from(n.clamp(0, 1 << 20)).unwrap_or(0))
}

/// Division that rounds away from zero.
fn divide_up(value: &BigInt, by: &BigInt) -> BigInt {
    let (quotient, remainder) = (value / by, value % by);
    if remainder.sign() == Sign::NoSign {
        quotient
    } else if value.sign() == Sign::Minus {
        quotient - 1
    } else {
        quotient + 1
    }
}

impl Dec {
    fn is_zero(&self) -> bool {
        self.unscaled.sign() == Sign::NoSign
    }

    fn digits(&self) -> i64 {
        self.unscaled.magnitude().to_string().len() as i64
    }

    /// At most so many places, rounded away from zero.
    fn round_up(&self, scale: i64) -> Self {
        if self.scale <= scale {
            return self.clone();
        }
        let excess = self.scale - scale;
        if self.is_zero() {
            return Self { unscaled: BigInt::ZERO, scale };
        }
        if excess > self.digits() {
            return Self { unscaled: BigInt::from(if self.unscaled.sign() == Sign::Minus { -1 } else { 1 }), scale };
        }
        Self { unscaled: divide_up(&self.unscaled, &pow10(excess)), scale }
    }

    fn cmp(&self, other: &Self) -> Ordering {
        let sign = |d: &Self| match d.unscaled.sign() {
            Sign::Minus => -1,
            Sign::NoSign => 0,
            Sign::Plus => 1,
        };
        let (a, b) = (sign(self), sign(other));
        if a != b || a == 0 {
            return a.cmp(&b);
        }
        // The number of digits before the point decides; only with equal ones are the places made equal.
        let magnitude = (self.digits() - self.scale).cmp(&(other.digits() - other.scale));
        if magnitude != Ordering::Equal {
            return if a > 0 { magnitude } else { magnitude.reverse() };
        }
        let scale = self.scale.max(other.scale);
        (&self.unscaled * pow10(scale - self.scale)).cmp(&(&other.unscaled * pow10(scale - other.scale)))
    }
}

impl Quantity {
    /// Reads a quantity.
    pub(in crate::schema::cel) fn parse(s: &str) -> Result<Self, &'static str> {
        if s.is_empty() {
            return Err(WRONG_FORMAT);
        }
        if s == "0" {
            let amount = Amount::Int { value: 0, scale: 0 };
            return Ok(Self { amount, format: Format::DecimalSi, text: Some(s.into()) });
        }
        let Parts { positive, value, num, denom, suffix } = split(s)?;
        let (base, exponent, format) = interpret(suffix).ok_or(SUFFIX)?;
        let digits = (num.len() + denom.len()) as i64;
        let (mut scale, precision, mantissa) = match format {
            Format::DecimalExponent | Format::DecimalSi => (exponent, 18 - digits, 1i64),
            Format::BinarySi if denom.is_empty() => {
                (0, 15 - num.len() as i64 - (exponent as f32 * 3.0 / 10.0) as i64 - 1, 1i64 << exponent)
            }
            Format::BinarySi => (0, -1, 1),
        };
        if precision >= 0 {
            scale = scale.wrapping_sub(denom.len() as i32);
            if scale >= NANO {
                let shifted = [num, denom].concat();
                let n: i64 = shifted.parse().map_err(|_| NUMERIC)?;
                if let Some(result) = n.checked_mul(mantissa) {
                    let canonical = match format {
                        Format::BinarySi => exponent % 10 == 0 && n & 7 != 0,
                        _ => scale % 3 == 0 && !shifted.ends_with("000") && !shifted.starts_with('0'),
                    };
                    let amount = Amount::Int { value: if positive { result } else { -result }, scale };
                    return Ok(Self { amount, format, text: canonical.then(|| s.into()) });
                }
            }
        }
        let mut amount = decimal(value).ok_or(NUMERIC)?;
        if base == 10 {
            amount.scale -= i64::from(exponent);
        } else {
            amount.unscaled <<= exponent;
        }
        let negative = amount.unscaled.sign() == Sign::Minus;
        if negative {
            amount.unscaled = -amount.unscaled;
        }
        amount = amount.round_up(-i64::from(NANO));
        let max = Dec { unscaled: i64::MAX.into(), scale: 0 };
        if format == Format::BinarySi && amount.cmp(&max) == Ordering::Greater {
            amount = max;
        }
        let one = Dec { unscaled: 1.into(), scale: 0 };
        let small = format == Format::BinarySi && amount.cmp(&one) == Ordering::Less && !amount.is_zero();
        if negative {
            amount.unscaled = -amount.unscaled;
        }
        let format = if small { Format::DecimalSi } else { format };
        Ok(Self { amount: Amount::Dec(amount), format, text: None })
    }

    /// A whole number.
    pub(in crate::schema::cel) fn from_int(value: i64) -> Self {
        Self { amount: Amount::Int { value, scale: 0 }, format: Format::DecimalExponent, text: None }
    }

    fn dec(&self) -> Dec {
        match &self.amount {
            Amount::Int { value, scale } => Dec { unscaled: (*value).into(), scale: -i64::from(*scale) },
            Amount::Dec(d) => d.clone(),
        }
    }

    /// -1, 0 or 1.
    pub(in crate::schema::cel) fn sign(&self) -> i64 {
        match &self.amount {
            Amount::Int { value, .. } => value.signum(),
            Amount::Dec(d) => match d.unscaled.sign() {
                Sign::Minus => -1,
                Sign::NoSign => 0,
                Sign::Plus => 1,
            },
        }
    }

    /// The value as an integer, where that takes no division and does not overflow.
    pub(in crate::schema::cel) fn as_int(&self) -> Option<i64> {
        match &self.amount {
            Amount::Int { value, scale } => scaled(*value, *scale),
            Amount::Dec(_) => None,
        }
    }

    /// The value as a double, with some loss.
    pub(in crate::schema::cel) fn as_float(&self) -> f64 {
        let (base, exponent) = match &self.amount {
            Amount::Int { value, scale } => (*value as f64, i64::from(*scale)),
            Amount::Dec(d) => (d.unscaled.to_string().parse().unwrap_or(f64::NAN), -d.scale),
        };
        if exponent == 0 { base } else { base * pow10_float(exponent) }
    }

    /// The sum, or with `negate` the difference; none if the two differ by more places than anybody needs.
    pub(in crate::schema::cel) fn add(&self, other: &Self, negate: bool) -> Option<Self> {
        let format = if self.sign() == 0 { other.format } else { self.format };
        if let (Amount::Int { value: a, scale: s }, Amount::Int { value: b, scale: t }) = (&self.amount, &other.amount)
        {
            let b = if negate { b.wrapping_neg() } else { *b };
            if let Some((value, scale)) = add_ints((*a, *s), (b, *t)) {
                return Some(Self { amount: Amount::Int { value, scale }, format, text: None });
            }
        }
        let (a, mut b) = (self.dec(), other.dec());
        if negate {
            b.unscaled = -b.unscaled;
        }
        if (a.scale - b.scale).abs() > MAX_PLACES {
            return None;
        }
        let scale = a.scale.max(b.scale);
        let unscaled = a.unscaled * pow10(scale - a.scale) + b.unscaled * pow10(scale - b.scale);
        Some(Self { amount: Amount::Dec(Dec { unscaled, scale }), format, text: None })
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Quantity {}
impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.dec().cmp(&other.dec())
    }
}

fn scaled(value: i64, scale: i32) -> Option<i64> {
    match u32::try_from(scale).ok()? {
        _ if value == 0 => Some(0),
        n => value.checked_mul(10i64.checked_pow(n)?),
    }
}

fn add_ints(a: (i64, i32), b: (i64, i32)) -> Option<(i64, i32)> {
    if b.0 == 0 {
        return Some(a);
    }
    if a.0 == 0 {
        return Some(b);
    }
    let scale = a.1.min(b.1);
    let (x, y) = (scaled(a.0, a.1.checked_sub(scale)?)?, scaled(b.0, b.1.checked_sub(scale)?)?);
    Some((x.checked_add(y)?, scale))
}

/// Go's `math.Pow10`.
fn pow10_float(n: i64) -> f64 {
    let table = |n: i64| format!("1e{n}").parse().unwrap_or(f64::NAN);
    match n {
        0..=308 => table(n / 32 * 32) * table(n % 32),
        -323..=-1 => table(-(-n / 32 * 32)) / table(-n % 32),
        309.. => f64::INFINITY,
        _ => 0.0,
    }
}

struct Parts<'a> {
    positive: bool,
    value: &'a str,
    num: &'a str,
    denom: &'a str,
    suffix: &'a str,
}

fn split(s: &str) -> Result<Parts<'_>, &'static str> {
    let b = s.as_bytes();
    let run = |from: usize, f: &dyn Fn(u8) -> bool| b[from..].iter().take_while(|c| f(**c)).count() + from;
    let positive = b[0] != b'-';
    let start = usize::from(matches!(b[0], b'-' | b'+'));
    let zeroes = run(start, &|c| c == b'0');
    if zeroes == b.len() {
        return Ok(Parts { positive, value: "0", num: "0", denom: "", suffix: "" });
    }
    let num_end = run(zeroes, &|c| c.is_ascii_digit());
    let mut num = &s[zeroes..num_end];
    if num_end == b.len() {
        return Ok(Parts { positive, value: s, num, denom: "", suffix: "" });
    }
    if num.is_empty() {
        num = "0";
    }
    let (mut pos, mut denom) = (num_end, "");
    if b[pos] == b'.' {
        let end = run(pos + 1, &|c| c.is_ascii_digit());
        denom = &s[pos + 1..end];
        pos = end;
        if end == b.len() {
            return Ok(Parts { positive, value: s, num, denom, suffix: "" });
        }
    }
    let (value, suffix_start) = (&s[..pos], pos);
    pos = run(pos, &|c| b"eEinumkKMGTP".contains(&c));
    if pos < b.len() && matches!(b[pos], b'-' | b'+') {
        pos += 1;
    }
    pos = run(pos, &|c| c.is_ascii_digit());
    if pos < b.len() {
        return Err(WRONG_FORMAT);
    }
    Ok(Parts { positive, value, num, denom, suffix: &s[suffix_start..] })
}

const DECIMAL: [(&str, i32); 10] =
    [("n", -9), ("u", -6), ("m", -3), ("", 0), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18)];
const BINARY: [(&str, i32); 6] = [("Ki", 10), ("Mi", 20), ("Gi", 30), ("Ti", 40), ("Pi", 50), ("Ei", 60)];

/// Base, exponent and format of a suffix.
fn interpret(suffix: &str) -> Option<(u8, i32, Format)> {
    let find = |table: &[(&str, i32)]| table.iter().find(|(s, _)| *s == suffix).map(|(_, e)| *e);
    if let Some(e) = find(&DECIMAL) {
        return Some((10, e, Format::DecimalSi));
    }
    if let Some(e) = find(&BINARY) {
        return Some((2, e, Format::BinarySi));
    }
    let exponent = suffix.strip_prefix(['e', 'E']).filter(|e| !e.is_empty())?;
    // Upstream cuts the exponent to 32 bits.
    Some((10, super::go::parse_int(exponent)? as i32, Format::DecimalExponent))
}

fn decimal(s: &str) -> Option<Dec> {
    let (whole, fraction) = s.split_once('.').unwrap_or((s, ""));
    let digits = [whole, fraction].concat();
    let digits = digits.strip_prefix('+').unwrap_or(&digits);
    let unscaled = digits.parse().ok()?;
    Some(Dec { unscaled, scale: fraction.len() as i64 })
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(text) = &self.text {
            return f.write_str(text);
        }
        if self.sign() == 0 {
            return f.write_str("0");
        }
        let dec = self.dec();
        if self.format == Format::BinarySi {
            let bound = |n: i64| Dec { unscaled: n.into(), scale: 0 };
            let small = dec.cmp(&bound(-1024)) == Ordering::Greater && dec.cmp(&bound(1024)) == Ordering::Less;
            let rounded = dec.round_up(0);
            if !small && rounded.cmp(&dec) == Ordering::Equal {
                let whole = rounded.unscaled * pow10(-rounded.scale);
                let (number, times) = factors(whole, 1024);
                let suffix = BINARY.iter().find(|(_, e)| i64::from(*e) == times * 10).map_or("", |(s, _)| s);
                return write!(f, "{number}{suffix}");
            }
        }
        let (mut number, times) = factors(dec.unscaled, 10);
        let mut exponent = times - dec.scale;
        while exponent % 3 != 0 {
            number *= 10;
            exponent -= 1;
        }
        match self.format {
            Format::DecimalExponent if exponent == 0 => write!(f, "{number}"),
            Format::DecimalExponent => write!(f, "{number}e{exponent}"),
            _ => {
                let suffix = DECIMAL.iter().find(|(_, e)| i64::from(*e) == exponent).map_or("", |(s, _)| s);
                write!(f, "{number}{suffix}")
            }
        }
    }
}

/// Takes out all factors, and counts them.
fn factors(mut value: BigInt, factor: u32) -> (BigInt, i64) {
    let mut times = 0;
    while value.sign() != Sign::NoSign && (&value % factor).sign() == Sign::NoSign {
        value /= factor;
        times += 1;
    }
    (value, times)
}

#[cfg(test)]
mod tests {
    use super::Quantity;

    fn canonical(s: &str) -> String {
        Quantity::parse(s).map_or_else(str::to_owned, |q| q.to_string())
    }

    #[test]
    fn quantities_print_in_canonical_form() {
        for (s, text) in [
            ("1500m", "1500m"),
            ("1000m", "1"),
            ("1024Ki", "1Mi"),
            (".25", "250m"),
            ("0.5Gi", "512Mi"),
            ("1e3", "1e3"),
            ("100e1", "1e3"),
            ("1.5Ki", "1536"),
            ("1n", "1n"),
            ("0.1n", "1n"),
            ("9223372036854775808Ki", "9223372036854775807"),
            ("12345678901234567890", "12345678901234567890"),
        ] {
            assert_eq!(canonical(s), text, "{s}");
        }
    }

    #[test]
    fn enormous_exponents_take_no_time() {
        let big = Quantity::parse("1e1000000000").expect("a quantity");
        let small = Quantity::parse("1e-1000000000").expect("a quantity");
        assert!(big > small);
        assert!(big.add(&small, false).is_none());
        assert_eq!(big.as_int(), None);
        assert_eq!(small.to_string(), "1e-9");
    }
}
