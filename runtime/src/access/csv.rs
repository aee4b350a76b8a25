//! Records of comma-separated values, quoted as RFC 4180 says (and Go's encoding/csv reads). What the fields mean is for
//! the caller.

/// One record and the line it starts on, counted from 1.
pub(super) struct Record {
    pub(super) line: usize,
    pub(super) fields: Vec<String>,
}

/// A quoting mistake and its line.
pub(super) struct Malformed {
    pub(super) line: usize,
    pub(super) why: &'static str,
}

/// Reads all records; blank lines are none.
pub(super) fn records(text: &str) -> Result<Vec<Record>, Malformed> {
    let mut out = Vec::new();
    let mut rest = text;
    let mut line = 1;
    while !rest.is_empty() {
        let start = line;
        let mut fields = Vec::new();
        loop {
            let (field, after, lines) = field(rest, line)?;
            fields.push(field);
            line += lines;
            if let Some(next) = after.strip_prefix(',') {
                rest = next;
                continue;
            }
            rest = after.strip_prefix('\r').filter(|r| r.starts_with('\n')).unwrap_or(after);
            rest = rest.strip_prefix('\n').unwrap_or(rest);
            line += 1;
            break;
        }
        if fields.len() > 1 || fields.first().is_some_and(|f| !f.is_empty()) {
            out.push(Record { line: start, fields });
        }
    }
    Ok(out)
}

/// One field, what follows it, and how many line ends it holds.
fn field(text: &str, line: usize) -> Result<(String, &str, usize), Malformed> {
    let Some(mut rest) = text.strip_prefix('"') else {
        let end = text.find([',', '\n']).unwrap_or(text.len());
        let (field, after) = text.split_at(end);
        let (field, after) = match field.strip_suffix('\r') {
            Some(f) if !after.starts_with(',') => (f, after),
            _ => (field, after),
        };
        if field.contains('"') {
            return Err(Malformed { line, why: "a quote (\") inside a field that is not quoted" });
        }
        return Ok((field.to_owned(), after, 0));
    };
    let mut out = String::new();
    loop {
        let Some(end) = rest.find('"') else { return Err(Malformed { line, why: "a quoted field is not closed" }) };
        out.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        if let Some(next) = rest.strip_prefix('"') {
            out.push('"');
            rest = next;
            continue;
        }
        if !(rest.is_empty() || rest.starts_with([',', '\n', '\r'])) {
            return Err(Malformed { line, why: "text after the closing quote of a field" });
        }
        let lines = out.matches('\n').count();
        return Ok((out, rest, lines));
    }
}
