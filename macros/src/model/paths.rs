//! JSON paths of columns, scale and selectable fields: their syntax, and the fields they name where the struct is seen.

use crate::report::{Report, nearest};
use kubegraft_syntax::jsonpath::{Path, Step};
use syn::visit::Visit;
use syn::{Expr, LitStr};

/// A path that leads into a type which only the compiler sees.
pub(crate) struct Check {
    pub(crate) text: LitStr,
    /// `spec` or `status`.
    pub(crate) from: &'static str,
    /// Names of fields; none for the items of a list.
    pub(crate) steps: Vec<Option<String>>,
    /// What it must lead to, as the runtime names it; empty for anything.
    pub(crate) wanted: &'static str,
    /// For what.
    pub(crate) what: String,
}

/// What a path must lead to, and for what.
pub(super) struct Wanted {
    pub(super) form: &'static str,
    pub(super) what: String,
}

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
pub(super) fn column(text: &LitStr, wanted: Wanted, seen: &Seen, checks: &mut Vec<Check>, report: &mut Report) {
    let path = text.value();
    if !path.starts_with('.') {
        let best = path.trim_start_matches('$').trim_start_matches('{').trim_end_matches('}');
        let best = format!(".{}", best.trim_start_matches('.'));
        report.at(text, format!("a JSON path of a column starts with a dot; did you mean \"{best}\"?"));
        return;
    }
    match kubegraft_syntax::jsonpath::parse(&path) {
        Err(e) => report.inside(text, e.at, &e.message),
        Ok(path) if fields(text, seen, report) => collect(&path.0, &mut Vec::new(), text, &wanted, checks),
        Ok(_) => {}
    }
}

/// The ways of a path through its types: its own, and those that its filters look at.
fn collect(path: &[Step], before: &mut Vec<Option<String>>, text: &LitStr, wanted: &Wanted, checks: &mut Vec<Check>) {
    let mut whole = true;
    for step in path {
        match step {
            Step::Field(name) => before.push(Some(name.clone())),
            Step::Slice(..) => before.push(None),
            Step::Filter(left, _, right) => {
                before.push(None);
                let anything = Wanted { form: "", what: String::new() };
                for Path(steps) in [left, right] {
                    if matches!(steps.first(), Some(Step::Field(_))) {
                        collect(steps, &mut before.clone(), text, &anything, checks);
                    }
                }
            }
            _ => {
                whole = false;
                break;
            }
        }
    }
    let (from, steps) = match before.split_first() {
        Some((Some(first), rest)) if first == "spec" && !rest.is_empty() => ("spec", rest.to_vec()),
        Some((Some(first), rest)) if first == "status" && !rest.is_empty() => ("status", rest.to_vec()),
        _ => return,
    };
    let (wanted, what) = if whole { (wanted.form, wanted.what.clone()) } else { ("", String::new()) };
    checks.push(Check { text: text.clone(), from, steps, wanted, what });
}

/// The field paths of a rule, as far as they are names alone.
pub(crate) fn of_rule(rule: &Expr) -> Vec<(LitStr, Vec<String>)> {
    struct Find(Vec<(LitStr, Vec<String>)>);
    impl<'ast> Visit<'ast> for Find {
        fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
            if call.method == "field_path"
                && let Some(text) = call.args.first().and_then(crate::syntax::as_text)
                && let Some(path) = text.value().strip_prefix('.')
            {
                let names: Vec<String> = path.split('.').map(str::to_owned).collect();
                if names.iter().all(|n| !n.is_empty() && n.chars().all(|c| c.is_alphanumeric() || "_-$".contains(c))) {
                    self.0.push((text.clone(), names));
                }
            }
            syn::visit::visit_expr_method_call(self, call);
        }
    }
    let mut find = Find(Vec::new());
    find.visit_expr(rule);
    find.0
}

/// Checks a plain path of field names, as scale and selectable fields have; it may lie below these only.
pub(super) fn plain(
    text: &LitStr,
    below: &[&str],
    wanted: Wanted,
    seen: &Seen,
    checks: &mut Vec<Check>,
    report: &mut Report,
) {
    let path = text.value();
    let what = &wanted.what;
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
    if fields(text, seen, report) {
        let steps: Vec<Step> = path[1..].split('.').map(|name| Step::Field(name.to_owned())).collect();
        collect(&steps, &mut Vec::new(), text, &wanted, checks);
    }
}

/// The first two names of a path exist, as far as this type shows. False if it is already told that they do not.
fn fields(text: &LitStr, seen: &Seen, report: &mut Report) -> bool {
    let before = (report.count(), report.doubts());
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
    before == (report.count(), report.doubts())
}
