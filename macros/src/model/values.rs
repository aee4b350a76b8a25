//! Values that are written out in attributes: bounds that a field can keep, and defaults that keep to all that is said. Defaults
//! that code makes are for the generated test.

use super::container::{inside, is_one_of, option_of};
use crate::report::Report;
use crate::syntax::{Facet, SchemaAttrs};
use kubegraft_syntax::{formats, re2};
use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Expr, ExprLit, Lit, Type};

/// A value that is written out.
#[derive(Clone, PartialEq)]
enum Written {
    Whole(i128),
    Fraction(f64),
    Text(String),
    Bool(bool),
    List(Vec<Written>),
}

fn written(e: &Expr) -> Option<Written> {
    match e {
        Expr::Group(g) => written(&g.expr),
        Expr::Paren(p) => written(&p.expr),
        Expr::Array(a) => Some(Written::List(a.elems.iter().map(written).collect::<Option<_>>()?)),
        Expr::Unary(u) if matches!(u.op, syn::UnOp::Neg(_)) => match written(&u.expr)? {
            Written::Whole(n) => Some(Written::Whole(-n)),
            Written::Fraction(n) => Some(Written::Fraction(-n)),
            _ => None,
        },
        Expr::Lit(ExprLit { lit, .. }) => match lit {
            Lit::Int(n) => n.base10_parse().ok().map(Written::Whole),
            Lit::Float(n) => n.base10_parse().ok().map(Written::Fraction),
            Lit::Str(s) => Some(Written::Text(s.value())),
            Lit::Bool(b) => Some(Written::Bool(b.value)),
            _ => None,
        },
        _ => None,
    }
}

fn number(v: &Written) -> Option<f64> {
    match v {
        Written::Whole(n) => Some(*n as f64),
        Written::Fraction(n) => Some(*n),
        _ => None,
    }
}

fn parsed(tokens: &TokenStream) -> Option<Written> {
    written(&syn::parse2(tokens.clone()).ok()?)
}

/// The integers of Rust, and what they hold.
const INTEGERS: &[(&str, i128, i128)] = &[
    ("i8", i8::MIN as i128, i8::MAX as i128),
    ("i16", i16::MIN as i128, i16::MAX as i128),
    ("i32", i32::MIN as i128, i32::MAX as i128),
    ("i64", i64::MIN as i128, i64::MAX as i128),
    ("isize", i64::MIN as i128, i64::MAX as i128),
    ("u8", 0, u8::MAX as i128),
    ("u16", 0, u16::MAX as i128),
    ("u32", 0, u32::MAX as i128),
    ("u64", 0, i64::MAX as i128),
    ("usize", 0, i64::MAX as i128),
];

/// Checks the bounds and the default of a field.
pub(super) fn check(ty: &Type, attrs: &SchemaAttrs, report: &mut Report) {
    let before = report.count();
    bounds(option_of(ty).unwrap_or(ty), &attrs.facets, report);
    if report.count() == before {
        default(ty, attrs, report);
    }
}

fn default(ty: &Type, attrs: &SchemaAttrs, report: &mut Report) {
    let Some(default) = &attrs.default else { return };
    let Some(value) = written(default) else { return };
    let shown = default.to_token_stream().to_string().replace("- ", "-");
    if attrs.of_type.is_none() && attrs.with.is_none() && !attrs.open && !attrs.int_or_string {
        let ty = option_of(ty).unwrap_or(ty);
        if let Some(wrong) = misfit(&value, ty) {
            report.at(default, format!("the default {shown} {wrong}"));
            return;
        }
    }
    if let Some(wrong) = attrs.facets.iter().find_map(|f| broken(&value, f, &attrs.facets)) {
        report.at(default, format!("the default {shown} {wrong}"));
    }
}

/// How a default that is written out is told to the compiler, which sees the type: the runtime's name of its form.
pub(crate) fn form_of(default: &Expr) -> Option<&'static str> {
    Some(match written(default)? {
        Written::Whole(_) => "Integer",
        Written::Fraction(_) => "Number",
        Written::Bool(_) => "Flag",
        Written::Text(_) => "Text",
        Written::List(_) => return None,
    })
}

/// The pairs of which the first cannot be above the second.
const PAIRS: &[(&str, &str)] =
    &[("minimum", "maximum"), ("minLength", "maxLength"), ("minItems", "maxItems"), ("minProperties", "maxProperties")];

/// Bounds are numbers that leave values between them.
fn bounds(ty: &Type, facets: &[Facet], report: &mut Report) {
    let given = |keyword: &str| {
        let found = facets.iter().find_map(|f| match f {
            Facet::Set(k, tokens) if *k == keyword => Some(tokens),
            _ => None,
        });
        found.and_then(|tokens| Some((tokens, parsed(tokens)?)))
    };
    let sizes = ["minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"];
    for keyword in sizes {
        if let Some((at, v)) = given(keyword)
            && !matches!(v, Written::Whole(n) if n >= 0)
        {
            report.at(at, "a length is a whole number, and not below 0");
        }
    }
    for keyword in ["minimum", "maximum", "multipleOf"] {
        if let Some((at, v)) = given(keyword)
            && number(&v).is_none()
        {
            report.at(at, "a bound is a number");
        }
    }
    for (low, high) in PAIRS {
        let (Some((_, min)), Some((at, max))) = (given(low), given(high)) else { continue };
        if number(&min).zip(number(&max)).is_some_and(|(min, max)| min > max) {
            report.at(at, format!("no value is at least {} and at most {}", shown(&min), shown(&max)));
        }
    }
    if !INTEGERS.iter().any(|(name, ..)| is_one_of(ty, &[name])) {
        return;
    }
    for keyword in ["minimum", "maximum"] {
        let Some((at, Written::Whole(n))) = given(keyword) else { continue };
        if i64::try_from(n).is_err() {
            report.at(
                at,
                "the integers of Kubernetes have 64 bits with a sign, and it refuses every value of a field with this bound; leave it out",
            );
        }
    }
}

fn shown(v: &Written) -> String {
    match v {
        Written::Whole(n) => n.to_string(),
        Written::Fraction(n) => n.to_string(),
        Written::Text(s) => s.clone(),
        Written::Bool(b) => b.to_string(),
        Written::List(all) => all.iter().map(shown).collect::<Vec<_>>().join(", "),
    }
}

fn misfit(value: &Written, ty: &Type) -> Option<String> {
    let integer = INTEGERS.iter().find(|(name, ..)| is_one_of(ty, &[name]));
    match (value, integer) {
        (Written::Whole(n), Some((name, min, max))) if n < min || n > max => {
            return Some(format!("does not fit: a field of type {name} holds {min} to {max}"));
        }
        (Written::Whole(_), Some(_)) => return None,
        (_, Some(_)) => return Some("is no whole number, as this field is".into()),
        (_, None) => {}
    }
    let is = |names: &[&str]| is_one_of(ty, names);
    match value {
        Written::Text(_) if is(&["f32", "f64", "bool"]) => Some("is a text, which this field is not".into()),
        Written::Whole(_) | Written::Fraction(_) if is(&["String", "bool", "char"]) => {
            Some("is a number, which this field is not".into())
        }
        Written::Bool(_) if is(&["String", "char", "f32", "f64"]) => {
            Some("is true or false, which this field is not".into())
        }
        Written::List(_) if is(&["String", "char", "f32", "f64", "bool"]) => {
            Some("is a list, which this field is not".into())
        }
        Written::List(all) => {
            let item = inside(ty, &["Vec"])?;
            all.iter().find_map(|v| Some(format!("has the item {}: it {}", shown(v), misfit(v, item)?)))
        }
        _ => None,
    }
}

/// What a value breaks of what is said.
fn broken(value: &Written, facet: &Facet, all: &[Facet]) -> Option<String> {
    let (keyword, given) = match (facet, value) {
        (Facet::Set(keyword, given), _) => (keyword, given),
        (Facet::Inner(inner), Written::List(all)) => {
            let one = |v: &Written| inner.iter().find_map(|f| broken(v, f, inner)).map(|wrong| (shown(v), wrong));
            return all.iter().find_map(one).map(|(v, wrong)| format!("has the item {v}: it {wrong}"));
        }
        _ => return length(value, facet),
    };
    let exclusive = |name: &str| all.iter().any(|f| matches!(f, Facet::Set(k, _) if *k == name));
    let bound = || number(&parsed(given)?);
    let chars = || match value {
        Written::Text(s) => Some(s.chars().count() as f64),
        _ => None,
    };
    let items = || match value {
        Written::List(all) => Some(all.len() as f64),
        _ => None,
    };
    let text = || match (value, parsed(given)?) {
        (Written::Text(s), Written::Text(given)) => Some((s.clone(), given)),
        _ => None,
    };
    let shown = given.to_string().replace("- ", "-");
    match *keyword {
        "minimum" => {
            let (n, bound) = (number(value)?, bound()?);
            let strictly = exclusive("exclusiveMinimum");
            (n < bound || strictly && n == bound).then(|| match strictly {
                true => format!("is not above the exclusive minimum {shown}"),
                false => format!("is below the minimum {shown}"),
            })
        }
        "maximum" => {
            let (n, bound) = (number(value)?, bound()?);
            let strictly = exclusive("exclusiveMaximum");
            (n > bound || strictly && n == bound).then(|| match strictly {
                true => format!("is not below the exclusive maximum {shown}"),
                false => format!("is above the maximum {shown}"),
            })
        }
        "multipleOf" => match (value, parsed(given)?) {
            (Written::Whole(n), Written::Whole(of)) if of != 0 && n % of != 0 => {
                Some(format!("is no multiple of {of}"))
            }
            _ => None,
        },
        "minLength" => (chars()? < bound()?).then(|| format!("is shorter than {shown} characters")),
        "maxLength" => (chars()? > bound()?).then(|| format!("is longer than {shown} characters")),
        "minItems" => (items()? < bound()?).then(|| format!("has fewer than {shown} items")),
        "maxItems" => (items()? > bound()?).then(|| format!("has more than {shown} items")),
        "pattern" => {
            let (text, pattern) = text()?;
            (re2::matches(&pattern, &text) == Some(false)).then(|| format!("does not match the pattern {shown}"))
        }
        "format" => {
            let (text, format) = text()?;
            let undecided = std::cell::Cell::new(false);
            let engine = |p: formats::Pattern, s: &str| {
                re2::matches(p.text(), s).unwrap_or_else(|| {
                    undecided.set(true);
                    true
                })
            };
            let has = formats::check(&format, &text, &engine);
            (has == Some(false) && !undecided.get()).then(|| format!("is not of the format {shown}"))
        }
        "enum" => {
            let Ok(Expr::MethodCall(call)) = syn::parse2::<Expr>(given.clone()) else { return None };
            let Expr::Array(values) = &*call.receiver else { return None };
            let known: Option<Vec<Written>> = values.elems.iter().map(written).collect();
            let known = known?;
            let all: Vec<String> = values.elems.iter().map(|v| v.to_token_stream().to_string()).collect();
            (!known.contains(value)).then(|| format!("is none of the values {}", all.join(", ")))
        }
        _ => None,
    }
}

fn length(value: &Written, facet: &Facet) -> Option<String> {
    let Facet::Length(min, max) = facet else { return None };
    let (n, of) = match value {
        Written::Text(s) => (s.chars().count(), "characters"),
        Written::List(all) => (all.len(), "items"),
        _ => return None,
    };
    let n = n as f64;
    let bound = |e: &Option<Expr>| number(&written(e.as_ref()?)?);
    if bound(min).is_some_and(|b| n < b) {
        return Some(format!("is shorter than {} {of}", min.to_token_stream()));
    }
    bound(max).is_some_and(|b| n > b).then(|| format!("is longer than {} {of}", max.to_token_stream()))
}
