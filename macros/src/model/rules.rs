//! CEL rules as far as they can be seen in the source: their syntax, messages and field paths.

use crate::report::Report;
use crate::syntax::Facet;
use syn::visit::Visit;
use syn::{Expr, ExprLit, Lit, LitStr};

pub(super) fn check(facets: &[Facet], report: &mut Report) {
    for f in facets {
        match f {
            Facet::Rule(e) => rule(e, report),
            Facet::Inner(inner) => check(inner, report),
            _ => {}
        }
    }
}

/// A rule: a string, a string with its message, or one built by `Rule::new`.
pub(super) fn rule(e: &Expr, report: &mut Report) {
    match e {
        Expr::Lit(ExprLit { lit: Lit::Str(s), .. }) => expression(s, report),
        Expr::Tuple(t) => {
            if let Some(Expr::Lit(ExprLit { lit: Lit::Str(s), .. })) = t.elems.first() {
                expression(s, report);
            }
        }
        Expr::Group(g) => rule(&g.expr, report),
        e => Strings { report }.visit_expr(e),
    }
}

/// Finds the expressions in calls: `Rule::new("...")`, `Message::Expression("...".into())`, `Rule { rule: "..." }`.
struct Strings<'a> {
    report: &'a mut Report,
}

impl<'ast> Visit<'ast> for Strings<'_> {
    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        if let Expr::Path(p) = &*call.func {
            let names: Vec<String> = p.path.segments.iter().rev().take(2).map(|s| s.ident.to_string()).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            if matches!(names.as_slice(), ["new" | "from", "Rule"] | ["Expression", ..])
                && let Some(s) = call.args.first().and_then(literal)
            {
                expression(s, self.report);
            }
        }
        syn::visit::visit_expr_call(self, call);
    }

    fn visit_field_value(&mut self, f: &'ast syn::FieldValue) {
        if let syn::Member::Named(name) = &f.member
            && name == "rule"
            && let Some(s) = literal(&f.expr)
        {
            expression(s, self.report);
        }
        syn::visit::visit_field_value(self, f);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        let first = call.args.first().and_then(literal);
        match (call.method.to_string().as_str(), first) {
            ("message", Some(s)) if s.value().contains('\n') => {
                self.report.at(s, "a message is one line");
            }
            ("field_path", Some(s)) => field_path(s, self.report),
            _ => {}
        }
        syn::visit::visit_expr_method_call(self, call);
    }
}

/// A string, also with `.into()`, `.to_string()` or the like after it.
fn literal(e: &Expr) -> Option<&LitStr> {
    match e {
        Expr::Lit(ExprLit { lit: Lit::Str(s), .. }) => Some(s),
        Expr::MethodCall(m) => literal(&m.receiver),
        Expr::Group(g) => literal(&g.expr),
        _ => None,
    }
}

/// `fieldPath` is a path of names below the value that has the rule.
fn field_path(text: &LitStr, report: &mut Report) {
    let value = text.value();
    if value.trim().is_empty() {
        report.at(text, "a field path names a field: \".spec.replicas\"");
    } else if let Some(i) = value.find(['*', '?', ' ']) {
        report.inside(
            text,
            i,
            "a field path names fields one after the other, like \".spec.replicas\" or \".list['key']\"",
        );
    }
}

fn expression(text: &LitStr, report: &mut Report) {
    let value = text.value();
    if value.trim().is_empty() {
        report.at(text, "the rule is empty; write a CEL expression, like \"self.min <= self.max\"");
        return;
    }
    let Err(errors) = kubegraft_syntax::cel::parse(&value) else { return };
    // What follows the first mistake is mostly its consequence.
    if let Some(e) = errors.list().first() {
        report.inside(text, offset(&value, e.location.line, e.location.column), &e.message);
    }
}

/// The byte of a line (from 1) and column (in characters from 0).
fn offset(text: &str, line: i32, column: i32) -> usize {
    let line = usize::try_from(line - 1).unwrap_or_default();
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let column = usize::try_from(column).unwrap_or_default();
    let rest = text.get(start..).unwrap_or_default();
    start + rest.char_indices().nth(column).map_or(rest.len(), |(i, _)| i)
}
