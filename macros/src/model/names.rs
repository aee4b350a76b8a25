//! Names that Kubernetes accepts, each with the name that was probably meant.

use crate::report::Report;
use syn::LitStr;

fn is_label(s: &str, first_letter: bool) -> bool {
    let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    !s.is_empty()
        && s.len() <= 63
        && s.chars().all(|c| edge(c) || c == '-')
        && s.starts_with(|c: char| if first_letter { c.is_ascii_lowercase() } else { edge(c) })
        && s.ends_with(edge)
}

/// The nearest valid label.
fn as_label(s: &str) -> String {
    let mut out = String::new();
    let mut previous_lower = false;
    for c in s.chars() {
        if c.is_ascii_uppercase() && previous_lower && s.contains(['_', '-', ' ']) {
            out.push('-');
        }
        previous_lower = c.is_ascii_lowercase();
        match c {
            c if c.is_ascii_alphanumeric() => out.push(c.to_ascii_lowercase()),
            _ => out.push('-'),
        }
    }
    out.trim_matches('-').trim_start_matches(|c: char| c.is_ascii_digit()).to_owned()
}

fn suggest(best: &str, ok: bool) -> String {
    if ok && !best.is_empty() { format!("; did you mean \"{best}\"?") } else { String::new() }
}

/// A DNS label that starts with a letter: plural, singular and short names, categories, versions.
pub(super) fn label(text: &LitStr, what: &str, report: &mut Report) {
    let value = text.value();
    if !is_label(&value, true) {
        let best = as_label(&value);
        let meant = suggest(&best, is_label(&best, true));
        report.at(text, format!("{what} is lower case letters, digits and dashes, and starts with a letter{meant}"));
    }
}

/// A group: a domain with a dot.
pub(super) fn group(text: &LitStr, report: &mut Report) {
    let value = text.value();
    let valid = |s: &str| s.len() <= 253 && s.split('.').all(|l| is_label(l, false));
    if !valid(&value) {
        let best: Vec<String> = value.split('.').map(as_label).filter(|l| !l.is_empty()).collect();
        let best = best.join(".");
        let meant = suggest(&best, valid(&best) && best.contains('.'));
        report.at(text, format!("a group is a domain name in lower case{meant}"));
    } else if !value.contains('.') {
        report.at(text, format!("a group has a dot, so that nobody else has it: \"{value}.example.com\""));
    }
}

/// A kind: in Pascal case, a label in lower case.
pub(super) fn kind(text: &LitStr, report: &mut Report) {
    let value = text.value();
    if !is_label(&value.to_lowercase(), true) || syn::parse_str::<syn::Ident>(&value).is_err() {
        // Words that something parts start with an upper case letter.
        let words = value.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty());
        let best: String = words.map(upper_first).collect();
        let meant = suggest(&best, is_label(&best.to_lowercase(), true));
        report.at(text, format!("a kind is letters and digits, like \"CronTab\"{meant}"));
    } else if value.starts_with(|c: char| c.is_ascii_lowercase()) {
        let best = upper_first(&value);
        report.at(text, format!("a kind starts with an upper case letter; did you mean \"{best}\"?"));
    }
}

fn upper_first(word: &str) -> String {
    let mut out = word.to_owned();
    if let Some(first) = out.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    out
}

/// The plural of an English noun by its ending, as kube-derive forms it.
pub(super) fn plural(word: &str) -> String {
    let ends = |suffixes: &[&str]| suffixes.iter().any(|s| word.ends_with(s));
    if ends(&["s", "x", "z", "ch", "sh"]) {
        return format!("{word}es");
    }
    let before_y = word.strip_suffix('y').and_then(|stem| Some((stem, stem.chars().last()?)));
    match before_y {
        Some((stem, c)) if !"aeiou".contains(c) => format!("{stem}ies"),
        _ => format!("{word}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plurals_follow_the_ending() {
        for (one, many) in
            [("widget", "widgets"), ("box", "boxes"), ("policy", "policies"), ("day", "days"), ("y", "ys")]
        {
            assert_eq!(plural(one), many);
        }
    }

    #[test]
    fn suggestions_are_valid_labels() {
        assert_eq!(as_label("Cron_Tabs"), "cron-tabs");
        assert_eq!(as_label("CronTabs"), "crontabs");
        assert_eq!(as_label("1st"), "st");
    }
}
