//! The grammar of media types in headers, as Go's libraries read it: the clauses of Accept in the order in which they are tried
//! (munnerz/goautoneg), and the type of a body (`mime.ParseMediaType`). What is made of them is `negotiate`'s.

/// One alternative of an Accept header.
#[derive(Debug)]
pub(super) struct Clause<'a> {
    /// `application`, or a star.
    pub(super) major: &'a str,
    /// `json`, or a star.
    pub(super) minor: &'a str,
    quality: f32,
    parameters: Vec<(&'a str, &'a str)>,
}

impl<'a> Clause<'a> {
    /// The last value of a parameter; one without a value is not there.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        self.parameters.iter().rev().find(|(k, _)| *k == name).map(|(_, v)| *v)
    }

    /// Whether a media type is meant.
    pub(super) fn takes(&self, media: &str) -> bool {
        let Some((major, minor)) = media.split_once('/') else { return false };
        match (self.major, self.minor) {
            ("*", star) => star == "*",
            (m, star) => m == major && (star == "*" || star == minor),
        }
    }

    fn read(text: &'a str) -> Option<Self> {
        let spaces = |s: &'a str| s.trim_matches(' ');
        let mut parts = text.split(';');
        let (major, minor) = split(spaces(parts.next()?), '/')?;
        let (major, minor) = match (spaces(major), minor) {
            ("*", "") => ("*", "*"),
            (_, "") => return None,
            (major, minor) => (major, spaces(minor)),
        };
        let mut clause = Self { major, minor, quality: 1.0, parameters: Vec::new() };
        for (key, value) in parts.filter_map(|p| split(p, '=')).filter(|(_, value)| !value.is_empty()) {
            match spaces(key) {
                // What is no number is 0, a space beside it too.
                "q" => clause.quality = value.parse().unwrap_or_default(),
                key => clause.parameters.push((key, spaces(value))),
            }
        }
        Some(clause)
    }

    /// Whether it is tried before another. This is no order: with a star and without, each quality may lose to the other.
    fn before(&self, other: &Self) -> bool {
        self.quality > other.quality
            || (self.major != "*" && other.major == "*")
            || (self.minor != "*" && other.minor == "*")
    }
}

/// The two parts of a text, the second perhaps empty; `None` for one of three.
fn split(text: &str, separator: char) -> Option<(&str, &str)> {
    let (first, second) = text.split_once(separator).unwrap_or((text, ""));
    let (second, third) = second.split_once(separator).unwrap_or((second, ""));
    third.is_empty().then_some((first, second))
}

/// The clauses of an Accept header as they are tried. Upstream sorts by what is no order, so which way it sorts is to be seen:
/// this is how Go sorts so few.
pub(super) fn clauses(header: &str) -> Vec<Clause<'_>> {
    let mut all: Vec<Clause<'_>> = header.split(',').filter_map(Clause::read).collect();
    for i in 1..all.len() {
        let mut j = i;
        while j > 0 && all[j].before(&all[j - 1]) {
            all.swap(j, j - 1);
            j -= 1;
        }
    }
    all
}

fn is_token(c: char) -> bool {
    c.is_ascii_graphic() && !"()<>@,;:\\\"/[]?=".contains(c)
}

fn token(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c| !is_token(c)).unwrap_or(text.len()))
}

/// A parameter's value and what follows it.
fn value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let (value, rest) = token(text);
        return (!value.is_empty()).then(|| (value.to_owned(), rest));
    };
    let (mut out, mut chars) = (String::new(), quoted.char_indices().peekable());
    while let Some((i, c)) = chars.next() {
        match c {
            '"' => return Some((out, &quoted[i + 1..])),
            '\r' | '\n' => return None,
            '\\' => match chars.next_if(|(_, next)| next.is_ascii() && !is_token(*next)) {
                Some((_, next)) => out.push(next),
                None => out.push(c),
            },
            c => out.push(c),
        }
    }
    None
}

/// The media type of a Content-Type header, in lower case; `None` for a header that is malformed, in its parameters too.
pub(super) fn of_body(header: &str) -> Option<String> {
    let (media, mut rest) = header.split_at(header.find(';').unwrap_or(header.len()));
    let media = media.trim().to_lowercase();
    let (major, minor) = media.split_once('/')?;
    if [major, minor].iter().any(|part| part.is_empty() || !part.chars().all(is_token)) {
        return None;
    }
    let mut seen: Vec<(String, String)> = Vec::new();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() || rest.trim_end() == ";" {
            return Some(media);
        }
        let (key, after) = token(rest.strip_prefix(';')?.trim_start());
        let (value, after) = value(after.trim_start().strip_prefix('=')?.trim_start())?;
        let key = key.to_lowercase();
        if key.is_empty() || seen.iter().any(|(k, v)| *k == key && *v != value) {
            return None;
        }
        seen.push((key, value));
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(header: &str) -> Vec<String> {
        clauses(header).iter().map(|c| format!("{}/{}", c.major, c.minor)).collect()
    }

    #[test]
    fn clauses_are_tried_by_quality_but_stars_last() {
        assert_eq!(order("a/b;q=0.1, a/c"), ["a/c", "a/b"]);
        assert_eq!(order("*/*, a/b;q=0.1"), ["a/b", "*/*"]);
        assert_eq!(order("a/*, a/b"), ["a/b", "a/*"]);
        assert_eq!(order("a/b;q=x, a/c;q=0.1"), ["a/c", "a/b"]);
        assert_eq!(order("a/b;q= 1, a/c;q=0.1"), ["a/c", "a/b"]);
        assert_eq!(order("a, a/b/c, ,*, a / b"), ["a/b", "*/*"]);
    }

    #[test]
    fn parameters_without_a_value_are_not_there() {
        let clauses = clauses("a/b;as=;g=x=y;v;stream= watch ;stream=w");
        let given = ["as", "g", "v", "stream"].map(|k| clauses[0].get(k));
        assert_eq!(given, [None, None, None, Some("w")]);
    }

    #[test]
    fn a_body_has_a_type_only_if_all_of_its_header_is_right() {
        let json = Some("application/json".to_owned());
        for right in [
            "application/json",
            " Application/JSON ; charset=utf-8",
            "application/json;",
            "application/json ; ",
            "application/json;a=\"b;\\\"c\"; A=\"b;\\\"c\"",
        ] {
            assert_eq!(of_body(right), json, "{right}");
        }
        for wrong in [
            "json",
            "*/",
            "application/json/x",
            "application/json charset=utf-8",
            "application/json; charset",
            "application/json; charset=",
            "application/json; a=b; a=c",
            "application/json;;a=b",
            "application/json;a=\"b",
        ] {
            assert_eq!(of_body(wrong), None, "{wrong}");
        }
    }
}
