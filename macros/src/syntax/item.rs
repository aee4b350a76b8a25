//! One entry of an attribute: `name`, `name = value` or `name(...)`.

use crate::report::Report;
use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Expr, ExprLit, Ident, Lit, LitStr, Meta, Path, Token, Type};

/// An entry.
#[derive(Clone)]
pub(crate) struct Item {
    pub(crate) name: Ident,
    pub(crate) given: Given,
}

/// What an entry says.
#[derive(Clone)]
pub(crate) enum Given {
    Flag,
    Value(Expr),
    List(TokenStream, Span),
}

/// The entries of all attributes of this name; those before a syntax error, if there is one.
pub(crate) fn items(attrs: &[Attribute], name: &str, report: &mut Report) -> Vec<Item> {
    let mut all = Vec::new();
    for a in attrs.iter().filter(|a| a.path().is_ident(name)) {
        match &a.meta {
            Meta::List(list) => all.extend(parse(list.tokens.clone(), report)),
            other => report.at(other, format!("expected `#[{name}(...)]`")),
        }
    }
    all
}

/// The entries of a list.
pub(super) fn parse(tokens: TokenStream, report: &mut Report) -> Vec<Item> {
    let mut all = Vec::new();
    let done = (|input: ParseStream<'_>| {
        while !input.is_empty() {
            all.push(one(input)?);
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(())
    })
    .parse2(tokens);
    if let Err(e) = done {
        report.syntax(e);
    }
    all
}

fn one(input: ParseStream<'_>) -> syn::Result<Item> {
    let name = input.call(Ident::parse_any)?;
    let given = if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
        Given::Value(input.parse()?)
    } else if input.peek(syn::token::Paren) {
        let content;
        let paren = syn::parenthesized!(content in input);
        Given::List(content.parse()?, paren.span.join())
    } else {
        Given::Flag
    };
    Ok(Item { name, given })
}

/// Expressions that came through a macro are in invisible groups.
fn ungroup(e: &Expr) -> &Expr {
    match e {
        Expr::Group(g) => ungroup(&g.expr),
        e => e,
    }
}

pub(crate) fn as_text(e: &Expr) -> Option<&LitStr> {
    match ungroup(e) {
        Expr::Lit(ExprLit { lit: Lit::Str(s), .. }) => Some(s),
        _ => None,
    }
}

impl Item {
    fn wrong(&self, wanted: &str, report: &mut Report) {
        let message = format!("`{}` takes {wanted}", self.name);
        match &self.given {
            Given::Flag => report.at(&self.name, message),
            Given::Value(e) => report.at(e, message),
            Given::List(_, span) => report.span(*span, message),
        }
    }

    /// A string.
    pub(crate) fn text(&self, report: &mut Report) -> Option<LitStr> {
        match &self.given {
            Given::Value(e) if as_text(e).is_some() => as_text(e).cloned(),
            _ => {
                self.wrong(&format!("a string: `{} = \"...\"`", self.name), report);
                None
            }
        }
    }

    /// `name`, `name = true` or `name = false`.
    pub(crate) fn boolean(&self, report: &mut Report) -> bool {
        match &self.given {
            Given::Flag => true,
            Given::Value(e) => match ungroup(e) {
                Expr::Lit(ExprLit { lit: Lit::Bool(b), .. }) => b.value,
                Expr::Lit(ExprLit { lit: Lit::Str(s), .. }) if s.value() == "true" => true,
                Expr::Lit(ExprLit { lit: Lit::Str(s), .. }) if s.value() == "false" => false,
                _ => {
                    self.wrong("true or false", report);
                    true
                }
            },
            Given::List(..) => {
                self.wrong("true or false", report);
                true
            }
        }
    }

    /// An expression.
    pub(crate) fn expr(&self, report: &mut Report) -> Option<Expr> {
        match &self.given {
            Given::Value(e) => Some(e.clone()),
            _ => {
                self.wrong(&format!("a value: `{} = ...`", self.name), report);
                None
            }
        }
    }

    /// A path, bare or in quotes.
    pub(crate) fn path(&self, report: &mut Report) -> Option<Path> {
        self.parsed::<Path>("a path", report)
    }

    /// A type, bare or in quotes.
    pub(crate) fn ty(&self, report: &mut Report) -> Option<Type> {
        self.parsed::<Type>("a type", report)
    }

    fn parsed<T: syn::parse::Parse>(&self, wanted: &str, report: &mut Report) -> Option<T> {
        let Given::Value(e) = &self.given else {
            self.wrong(wanted, report);
            return None;
        };
        let parsed = match as_text(e) {
            Some(s) => s.parse::<T>(),
            None => syn::parse2(ungroup(e).to_token_stream()),
        };
        match parsed {
            Ok(t) => Some(t),
            Err(_) => {
                self.wrong(wanted, report);
                None
            }
        }
    }

    /// A whole number, also in quotes as kube-derive takes it.
    pub(crate) fn integer(&self, report: &mut Report) -> Option<i64> {
        let parsed = match &self.given {
            Given::Value(e) => match ungroup(e) {
                Expr::Lit(ExprLit { lit: Lit::Int(n), .. }) => n.base10_parse().ok(),
                Expr::Lit(ExprLit { lit: Lit::Str(s), .. }) => s.value().parse().ok(),
                Expr::Unary(u) => u.to_token_stream().to_string().replace(' ', "").parse().ok(),
                _ => None,
            },
            _ => None,
        };
        if parsed.is_none() {
            self.wrong("a whole number", report);
        }
        parsed
    }

    /// Strings in parentheses, or a single one: `name("a", "b")`, `name = "a"`.
    pub(crate) fn texts(&self, report: &mut Report) -> Vec<LitStr> {
        match &self.given {
            Given::Value(e) if as_text(e).is_some() => as_text(e).cloned().into_iter().collect(),
            Given::List(tokens, span) => {
                let parser = syn::punctuated::Punctuated::<LitStr, Token![,]>::parse_terminated;
                match parser.parse2(tokens.clone()) {
                    Ok(all) => all.into_iter().collect(),
                    Err(e) => {
                        report.span(*span, format!("`{}` takes strings: {e}", self.name));
                        Vec::new()
                    }
                }
            }
            _ => {
                self.wrong(&format!("strings: `{}(\"...\", \"...\")`", self.name), report);
                Vec::new()
            }
        }
    }

    /// Values in parentheses.
    pub(crate) fn exprs(&self, report: &mut Report) -> Vec<Expr> {
        let parser = syn::punctuated::Punctuated::<Expr, Token![,]>::parse_terminated;
        match &self.given {
            Given::List(tokens, _) => match parser.parse2(tokens.clone()) {
                Ok(all) => all.into_iter().collect(),
                Err(e) => {
                    report.syntax(e);
                    Vec::new()
                }
            },
            _ => {
                self.wrong(&format!("values: `{}(a, b)`", self.name), report);
                Vec::new()
            }
        }
    }

    /// Entries in parentheses.
    pub(crate) fn list(&self, report: &mut Report) -> Vec<Item> {
        match &self.given {
            Given::List(tokens, _) => parse(tokens.clone(), report),
            _ => {
                self.wrong(&format!("a list: `{}(...)`", self.name), report);
                Vec::new()
            }
        }
    }
}

/// The first of several entries that may stand once; the others are mistakes.
pub(crate) fn once<T>(slot: &mut Option<T>, name: &Ident, value: Option<T>, report: &mut Report) {
    let Some(v) = value else { return };
    if slot.is_some() {
        report.at(name, format!("`{name}` is given twice"));
    } else {
        *slot = Some(v);
    }
}
