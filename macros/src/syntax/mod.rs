//! From tokens to attributes with spans. Whether they make sense together is `model`'s to say.

mod inherit;
mod item;
mod kube;
mod schema;
mod serde;
#[cfg(test)]
mod tests;
mod versioned;

pub(crate) use inherit::Inherit;
pub(crate) use kube::{ColumnAttrs, Crates, KubeAttrs, Mode, applies};
pub(crate) use schema::{Facet, SchemaAttrs};
pub(crate) use serde::{DefaultFrom, SerdeAttrs};
pub(crate) use versioned::{Difference, DifferenceAttrs, HeadAttrs, KubeNames, Only, Place, VersionAttrs};

use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// The documentation of an item: one text, with blank lines between its comments.
pub(crate) fn docs(attrs: &[Attribute]) -> Option<String> {
    let mut lines = Vec::new();
    for a in attrs.iter().filter(|a| a.path().is_ident("doc")) {
        let Meta::NameValue(m) = &a.meta else { continue };
        let Expr::Lit(ExprLit { lit: Lit::Str(s), .. }) = &m.value else { continue };
        lines.extend(s.value().lines().map(|l| l.strip_prefix(' ').unwrap_or(l).trim_end().to_owned()));
        if s.value().is_empty() {
            lines.push(String::new());
        }
    }
    let text = unwrap_paragraphs(&lines);
    (!text.is_empty()).then_some(text)
}

/// Lines of a paragraph are one line; lists, tables, code and headings keep theirs.
fn unwrap_paragraphs(lines: &[String]) -> String {
    let mut out = String::new();
    let mut code = false;
    let mut join = false;
    for line in lines {
        let trimmed = line.trim_start();
        let fence = trimmed.starts_with("```");
        let own = code
            || fence
            || trimmed.is_empty()
            || line.starts_with("    ")
            || trimmed.starts_with(['#', '|', '>', '-', '*'])
            || trimmed.split_once(". ").is_some_and(|(n, _)| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
        if !out.is_empty() {
            out.push(if join && !own { ' ' } else { '\n' });
        }
        out.push_str(if join && !own { trimmed } else { line });
        if fence {
            code = !code;
        }
        join = !code && !fence && !trimmed.is_empty() && !trimmed.starts_with(['#', '|']);
    }
    out.trim().to_owned()
}
