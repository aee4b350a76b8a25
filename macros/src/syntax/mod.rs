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
pub(crate) use item::as_text;
pub(crate) use kube::{ColumnAttrs, Crates, KubeAttrs, Mode, applies};
pub(crate) use schema::{Facet, SchemaAttrs};
pub(crate) use serde::{DefaultFrom, SerdeAttrs};
pub(crate) use versioned::{
    Difference, DifferenceAttrs, HeadAttrs, KubeNames, Only, Place, VersionAttrs, without_entries,
};

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// The documentation of an item: one text, with blank lines between its comments.
pub(crate) fn docs(attrs: &[Attribute]) -> Option<String> {
    let mut lines = Vec::new();
    for a in attrs.iter().filter(|a| a.path().is_ident("doc")) {
        let Meta::NameValue(m) = &a.meta else { continue };
        let Expr::Lit(ExprLit { lit: Lit::Str(s), .. }) = &m.value else { continue };
        lines.extend(lines_of(&s.value()));
    }
    let text = unwrap_paragraphs(&lines);
    (!text.is_empty()).then_some(text)
}

/// The documentation as an expression, where a part of it is one: `#[doc = include_str!("...")]`.
pub(crate) fn computed_docs(attrs: &[Attribute]) -> Option<TokenStream> {
    let values = attrs.iter().filter(|a| a.path().is_ident("doc")).filter_map(|a| match &a.meta {
        Meta::NameValue(m) => Some(&m.value),
        _ => None,
    });
    let values: Vec<&Expr> = values.collect();
    let written = |e: &Expr| matches!(e, Expr::Lit(ExprLit { lit: Lit::Str(_), .. }));
    if values.iter().all(|e| written(e)) {
        return None;
    }
    let parts = values.iter().map(|e| match e {
        Expr::Lit(ExprLit { lit: Lit::Str(s), .. }) => lines_of(&s.value()).join("\n").to_token_stream(),
        e => e.to_token_stream(),
    });
    Some(quote!(::core::concat!(#(#parts, "\n"),*).trim()))
}

/// The lines of one comment, without what only lays them out: a space after `///`, the margin of a block and its stars.
fn lines_of(text: &str) -> Vec<String> {
    let mut lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    if let [_, rest @ ..] = lines.as_mut_slice() {
        let filled = || rest.iter().filter(|l| !l.is_empty());
        if filled().count() > 0 && filled().all(|l| l.trim_start().starts_with('*')) {
            rest.iter_mut().for_each(|l| *l = l.trim_start().trim_start_matches('*'));
        }
        let margin = |l: &&str| l.len() - l.trim_start().len();
        let least = rest.iter().filter(|l| !l.is_empty()).map(margin).min().unwrap_or_default();
        rest.iter_mut().for_each(|l| *l = l.get(least..).unwrap_or_default());
    }
    if lines.is_empty() {
        return vec![String::new()];
    }
    lines.iter().map(|l| l.strip_prefix(' ').unwrap_or(l).to_owned()).collect()
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
