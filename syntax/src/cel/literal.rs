//! The values of literals: numbers in Go's syntax, and strings with their quotes, prefixes and escapes.

/// An integer, decimal or hexadecimal, with an optional sign.
pub(super) fn int(text: &str) -> Option<i64> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |d| (true, d));
    let value = match digits.strip_prefix("0x") {
        Some(hex) => i128::from_str_radix(hex, 16),
        None => digits.parse::<i128>(),
    };
    // An overflow of i128 is one of i64 as well.
    let value = value.ok()?;
    i64::try_from(if negative { -value } else { value }).ok()
}

/// An unsigned integer, without its suffix.
pub(super) fn uint(digits: &str) -> Option<u64> {
    match digits.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => digits.parse().ok(),
    }
}

/// A double; one out of range is none.
pub(super) fn double(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|d| d.is_finite())
}

/// The bytes of a string literal as it was lexed (without the prefix of bytes), or what is wrong with it.
pub(super) fn unescape(text: &str, bytes: bool) -> Result<Vec<u8>, &'static str> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let (raw, quoted) = text.strip_prefix(['r', 'R']).map_or((false, text.as_str()), |rest| (true, rest));
    let quotes = if quoted.len() >= 6 && (quoted.starts_with("'''") || quoted.starts_with("\"\"\"")) { 3 } else { 1 };
    let body = quoted.get(quotes..quoted.len().saturating_sub(quotes)).ok_or("unable to unescape string")?;
    if raw || !body.contains('\\') {
        return Ok(body.as_bytes().to_vec());
    }
    let mut out = Vec::with_capacity(body.len());
    let mut chars = body.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            push(&mut out, c);
            continue;
        }
        let escape = chars.next().ok_or("unable to unescape string, found '\\' as last character")?;
        let code = match escape {
            'a' => 7,
            'b' => 8,
            'f' => 12,
            'n' => 10,
            'r' => 13,
            't' => 9,
            'v' => 11,
            '\\' | '\'' | '"' | '`' | '?' => u32::from(escape),
            'u' | 'U' if bytes => return Err("unable to unescape string"),
            'x' | 'X' => number(&mut chars, 0, 2, 16).ok_or("unable to unescape string")?,
            'u' => number(&mut chars, 0, 4, 16).ok_or("unable to unescape string")?,
            'U' => number(&mut chars, 0, 8, 16).ok_or("unable to unescape string")?,
            '0'..='3' => number(&mut chars, u32::from(escape) - u32::from('0'), 2, 8)
                .ok_or("unable to unescape octal sequence in string")?,
            _ => return Err("unable to unescape string"),
        };
        if bytes {
            out.push(code as u8);
        } else {
            push(&mut out, char::from_u32(code).ok_or("invalid unicode code point")?);
        }
    }
    Ok(out)
}

fn push(out: &mut Vec<u8>, c: char) {
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

fn number(chars: &mut std::str::Chars<'_>, first: u32, count: usize, radix: u32) -> Option<u32> {
    let mut value = first;
    for _ in 0..count {
        value = value.checked_mul(radix)?.checked_add(chars.next()?.to_digit(radix)?)?;
    }
    Some(value)
}
