//! URLs of webhooks, taken apart as Go's `net/url` does as far as their validation asks.

use super::at::At;
use crate::status::field::FieldError;

const FORM: &str = "; desired format: https://host[/path]";

#[derive(Debug, Default, PartialEq)]
struct Url<'a> {
    scheme: String,
    user: Option<&'a str>,
    host: &'a str,
    query: &'a str,
    fragment: &'a str,
}

/// What is wrong with a webhook's URL.
pub(super) fn validate_webhook(text: &str, at: &At<'_>, errors: &mut Vec<FieldError>) {
    let url = match parse(text) {
        Ok(url) => url,
        Err(e) => {
            let detail = format!("url must be a valid URL: parse {}: {e}{FORM}", serde_json::Value::from(text));
            errors.push(FieldError::required(at, detail));
            return;
        }
    };
    if url.scheme != "https" {
        let detail = format!("'https' is the only allowed URL scheme{FORM}");
        errors.push(FieldError::invalid(at, url.scheme, detail));
    }
    if url.host.is_empty() {
        errors.push(FieldError::invalid(at, "", format!("host must be specified{FORM}")));
    }
    if let Some(user) = url.user {
        errors.push(FieldError::invalid(at, user, "user information is not permitted in the URL"));
    }
    if !url.fragment.is_empty() {
        errors.push(FieldError::invalid(at, url.fragment, "fragments are not permitted in the URL"));
    }
    if !url.query.is_empty() {
        errors.push(FieldError::invalid(at, url.query, "query parameters are not permitted in the URL"));
    }
}

fn parse(text: &str) -> Result<Url<'_>, String> {
    if text.bytes().any(|b| b < b' ' || b == 0x7f) {
        return Err("net/url: invalid control character in URL".into());
    }
    let (rest, fragment) = text.split_once('#').unwrap_or((text, ""));
    let (scheme, rest) = scheme(rest)?;
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut url = Url { scheme: scheme.to_ascii_lowercase(), query, fragment, ..Url::default() };
    let path = match rest.strip_prefix("//") {
        Some(after) => {
            let (authority, path) = after.split_at(after.find('/').unwrap_or(after.len()));
            let (user, host) = match authority.rsplit_once('@') {
                Some((user, host)) => (Some(user), host),
                None => (None, authority),
            };
            check_host(host)?;
            (url.user, url.host) = (user, host);
            path
        }
        None => {
            if scheme.is_empty() && rest.split('/').next().is_some_and(|first| first.contains(':')) {
                return Err("first path segment in URL cannot contain colon".into());
            }
            rest
        }
    };
    check_escapes(path)?;
    check_escapes(fragment)?;
    Ok(url)
}

fn scheme(text: &str) -> Result<(&str, &str), String> {
    for (i, c) in text.char_indices() {
        match c {
            'a'..='z' | 'A'..='Z' => {}
            '0'..='9' | '+' | '-' | '.' if i > 0 => {}
            ':' if i == 0 => return Err("missing protocol scheme".into()),
            ':' => return Ok((&text[..i], &text[i + 1..])),
            _ => break,
        }
    }
    Ok(("", text))
}

fn check_host(host: &str) -> Result<(), String> {
    check_escapes(host)?;
    if let Some(c) = host.chars().find(|c| matches!(c, ' ' | '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}')) {
        return Err(format!("invalid character {:?} in host name", c.to_string()));
    }
    let port = match host.strip_prefix('[') {
        Some(v6) => v6.split_once(']').ok_or("missing ']' in host")?.1,
        None => host.find(':').map_or("", |i| &host[i..]),
    };
    let digits = port.strip_prefix(':').unwrap_or(port);
    if (port.is_empty() || port.starts_with(':')) && digits.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(());
    }
    Err(format!("invalid port {port:?} after host"))
}

fn check_escapes(text: &str) -> Result<(), String> {
    for (i, _) in text.match_indices('%') {
        let escape: String = text[i..].chars().take(3).collect();
        let hex = escape.len() == 3 && escape[1..].bytes().all(|b| b.is_ascii_hexdigit());
        if !hex {
            return Err(format!("invalid URL escape {escape:?}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_come_apart_as_in_go() {
        let url = parse("HTTPS://u:p@h:1/x?d=e#f").expect("a URL");
        let whole = Url { scheme: "https".into(), user: Some("u:p"), host: "h:1", query: "d=e", fragment: "f" };
        assert_eq!(url, whole);
        assert_eq!(parse("https:///x").map(|u| u.host), Ok(""));
        for bad in [":x", "https://h:port", "https://[::1", "a:b/c d%zz", "https://h\n"] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }
}
