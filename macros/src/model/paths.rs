//! JSON paths of columns, scale and selectable fields: their syntax, and the fields they name where the struct is seen.

use crate::report::{Report, nearest};
use syn::LitStr;

/// The fields of a spec that can be seen. None if there may be others.
pub(super) struct Seen {
    pub(super) fields: Option<Vec<String>>,
    pub(super) status: bool,
}

const METADATA: &[&str] = &[
    "name",
    "namespace",
    "labels",
    "annotations",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "finalizers",
    "generateName",
    "generation",
    "managedFields",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// Checks a path of printer columns.
pub(super) fn column(text: &LitStr, seen: &Seen, report: &mut Report) {
    let path = text.value();
    if !path.starts_with('.') {
        let best = path.trim_start_matches('$').trim_start_matches('{').trim_end_matches('}');
        let best = format!(".{}", best.trim_start_matches('.'));
        report.at(text, format!("a JSON path of a column starts with a dot; did you mean \"{best}\"?"));
        return;
    }
    if let Err(e) = kubegraft_syntax::jsonpath::parse(&path) {
        report.inside(text, e.at, &e.message);
        return;
    }
    fields(text, seen, report);
}

/// Checks a plain path of field names, as scale and selectable fields have; it may lie below these only.
pub(super) fn plain(text: &LitStr, below: &[&str], what: &str, seen: &Seen, report: &mut Report) {
    let path = text.value();
    let simple = path.starts_with('.')
        && !path.contains(['[', ']', '*', '?', '(', '@', '$', '"', '\'', ' '])
        && path[1..].split('.').all(|s| !s.is_empty());
    if !simple {
        let best = format!(".{}", path.trim_start_matches(['.', '$', '{']).trim_end_matches('}'));
        report.at(text, format!("{what} is a path of field names, like \".spec.replicas\"; did you mean \"{best}\"?"));
        return;
    }
    let first = path[1..].split('.').next().unwrap_or_default();
    if !below.contains(&first) {
        let all: Vec<String> = below.iter().map(|b| format!(".{b}")).collect();
        report.at(text, format!("{what} must lie below {}", all.join(" or ")));
        return;
    }
    fields(text, seen, report);
}

/// The first two names of a path exist.
fn fields(text: &LitStr, seen: &Seen, report: &mut Report) {
    let path = text.value();
    let name = |s: &str| s.chars().take_while(|c| c.is_alphanumeric() || *c == '_' || *c == '-').collect::<String>();
    let first = name(&path[1..]);
    let rest = &path[1 + first.len()..];
    let second = rest.strip_prefix('.').map(name).filter(|s| !s.is_empty());
    let offset = path.len() - rest.len() + 1;
    let missing = |at: usize, name: &str, known: &[&str], report: &mut Report| {
        let message = match nearest(name, known) {
            Some(best) => format!("there is no field `{name}`; did you mean `{best}`?"),
            None => format!("there is no field `{name}`; there are {}", known.join(", ")),
        };
        report.inside(text, at, &message);
    };
    match (first.as_str(), second) {
        ("spec", Some(f)) => {
            if let Some(known) = &seen.fields
                && !known.contains(&f)
            {
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                // kube's derive lets any name pass, and even its published examples name fields that are not there. What is no
                // slip of the pen is a warning, and fails the resource's own test.
                match nearest(&f, &known) {
                    Some(_) => missing(offset, &f, &known, report),
                    None => {
                        let all = known.join(", ");
                        report.doubt(text.span(), format!("the spec has no field `{f}`; it has: {all}"));
                    }
                }
            }
        }
        ("metadata", Some(f)) => {
            if !METADATA.contains(&f.as_str()) {
                missing(offset, &f, METADATA, report);
            }
        }
        ("status", _) if !seen.status => {
            report.inside(text, 1, "there is no status; say which type it has: `status = \"...\"`");
        }
        ("spec" | "metadata" | "status" | "apiVersion" | "kind" | "", _) => {}
        (other, _) => missing(1, other, &["spec", "status", "metadata"], report),
    }
}
