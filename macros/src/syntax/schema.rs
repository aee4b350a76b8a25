//! What attributes say about the schema of a type, field or item: `#[x_kube(...)]`, and the validation attributes of
//! `#[schemars(...)]`, `#[validate(...)]` and `#[garde(...)]`, which kube users have on their types.

use super::item::{Given, Item, items};
use super::kube::Crates;
use crate::report::Report;
use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Expr, Ident, LitStr, Path, Type};

/// What `#[x_kube(...)]` knows on a field.
pub(crate) const FIELD: &[&str] = &[
    "validation",
    "merge_strategy",
    "list_type",
    "list_map_keys",
    "map_type",
    "embedded_resource",
    "int_or_string",
    "preserve_unknown_fields",
    "immutable",
    "deprecated",
    "doc",
    "title",
    "example",
    "nullable",
    "default",
    "minimum",
    "maximum",
    "exclusive_minimum",
    "exclusive_maximum",
    "multiple_of",
    "min_length",
    "max_length",
    "pattern",
    "format",
    "min_items",
    "max_items",
    "min_properties",
    "max_properties",
    "values",
    "items",
    "schema",
    "schema_with",
    "apply",
];

/// What it knows on a container besides.
pub(crate) const CONTAINER_ONLY: &[&str] = &["cel", "crates"];

const SCHEMARS: &[&str] = &[
    "rename",
    "rename_all",
    "rename_all_fields",
    "tag",
    "content",
    "untagged",
    "flatten",
    "transparent",
    "deny_unknown_fields",
    "from",
    "try_from",
    "into",
    "skip",
    "skip_serializing_if",
    "skip_serializing",
    "skip_deserializing",
    "default",
    "crate",
    "bound",
    "with",
    "schema_with",
    "title",
    "description",
    "example",
    "deprecated",
    "range",
    "length",
    "regex",
    "pattern",
    "contains",
    "email",
    "url",
    "ip",
    "ipv4",
    "ipv6",
    "required",
    "inner",
    "extend",
    "transform",
    "inline",
    "remote",
    "serialize_with",
];

/// One thing that is said about a schema, in the order of writing.
#[derive(Clone)]
pub(crate) enum Facet {
    /// A keyword and its value.
    Set(&'static str, TokenStream),
    /// Any keyword (schemars' `extend`).
    Extend(LitStr, Expr),
    /// Bounds of a length, whatever has it.
    Length(Option<Expr>, Option<Expr>),
    /// A CEL rule.
    Rule(Expr),
    /// kube's merge strategies.
    Strategy(Expr),
    /// No change once set.
    Immutable,
    /// Null is not allowed.
    NotNull,
    /// A function on the schema.
    Transform(Expr),
    /// Facets of the items of a list, or the values of a map.
    Inner(Vec<Facet>),
}

/// All that is said.
#[derive(Default)]
pub(crate) struct SchemaAttrs {
    pub(crate) facets: Vec<Facet>,
    /// The schema of another type.
    pub(crate) of_type: Option<Type>,
    /// The schema that a function makes.
    pub(crate) with: Option<Path>,
    /// Values are open; the type is not asked for a schema.
    pub(crate) open: bool,
    pub(crate) required: bool,
    pub(crate) doc: Option<TokenStream>,
    pub(crate) deprecated: Option<Option<LitStr>>,
    pub(crate) default: Option<Expr>,
    pub(crate) cel: bool,
    pub(crate) crates: Crates,
    pub(crate) list_map_keys: Vec<LitStr>,
    pub(crate) bound: Option<LitStr>,
    pub(crate) int_or_string: bool,
    /// A type has an apply configuration; a field's values are applied as a whole.
    pub(crate) apply: bool,
    /// The names of our own attributes, where they stand.
    pub(crate) said: Vec<Ident>,
}

impl SchemaAttrs {
    pub(crate) fn read(attrs: &[Attribute], container: bool, report: &mut Report) -> Self {
        let mut out = Self::default();
        for item in items(attrs, "schemars", report) {
            out.schemars(&item, report);
        }
        for name in ["validate", "garde"] {
            // Other derives own these and report on them.
            let mut silent = Report::default();
            for item in items(attrs, name, &mut silent) {
                out.facets.extend(validation(&item, &mut out.required, &mut silent).unwrap_or_default());
            }
        }
        for item in items(attrs, "x_kube", report) {
            out.own(&item, container, report);
            out.said.push(item.name);
        }
        if out.doc.is_none() {
            out.doc = super::computed_docs(attrs);
        }
        out
    }

    fn schemars(&mut self, item: &Item, report: &mut Report) {
        match item.name.to_string().as_str() {
            "with" => self.of_type = item.ty(report),
            "schema_with" => self.with = item.path(report),
            "title" => self.keyword("title", item, report),
            "description" => {
                if let Some(e) = item.expr(report) {
                    self.doc = Some(quote!(#e));
                }
            }
            "deprecated" => self.deprecated = item.boolean(report).then_some(None),
            "example" => {
                if let Some(e) = item.expr(report) {
                    self.facets.push(Facet::Set("example", quote!(#e)));
                }
            }
            "bound" => self.bound = item.text(report),
            "extend" => self.extend(item, report),
            "transform" => self.facets.extend(item.expr(report).map(Facet::Transform)),
            _ => match validation(item, &mut self.required, report) {
                Some(facets) => self.facets.extend(facets),
                None if SCHEMARS.contains(&item.name.to_string().as_str()) => {}
                None => report.unknown(&item.name, "#[schemars]", SCHEMARS),
            },
        }
    }

    fn extend(&mut self, item: &Item, report: &mut Report) {
        for e in item.exprs(report) {
            let pair = match &e {
                Expr::Assign(a) => super::item::as_text(&a.left).map(|k| (k.clone(), (*a.right).clone())),
                _ => None,
            };
            match pair {
                Some((k, v)) => self.facets.push(Facet::Extend(k, v)),
                None => report.at(e, "`extend` takes keywords and values: `extend(\"x-key\" = value)`"),
            }
        }
    }

    fn keyword(&mut self, keyword: &'static str, item: &Item, report: &mut Report) {
        if let Some(e) = item.expr(report) {
            self.facets.push(Facet::Set(keyword, quote!(#e)));
        }
    }

    fn own(&mut self, item: &Item, container: bool, report: &mut Report) {
        match item.name.to_string().as_str() {
            "cel" if container => self.cel = item.boolean(report),
            "crates" if container => self.crates.read(item, report),
            "schema" => self.of_type = item.ty(report),
            "schema_with" => self.with = item.path(report),
            "preserve_unknown_fields" => {
                if item.boolean(report) {
                    self.facets.push(Facet::Set("x-kubernetes-preserve-unknown-fields", quote!(true)));
                    self.open = true;
                }
            }
            "int_or_string" => {
                self.int_or_string = item.boolean(report);
            }
            "apply" if container && item.text(&mut Report::default()).is_some_and(|t| t.value() == "whole") => {
                report.at(&item.name, "a type says `apply` alone; `apply = \"whole\"` is for a field");
            }
            "apply" if container => self.apply = item.boolean(report),
            "apply" => {
                self.apply = true;
                if item.text(&mut Report::default()).is_none_or(|t| t.value() != "whole") {
                    report.at(
                        &item.name,
                        "on a field, `apply` says that its values are given as a whole: `apply = \"whole\"`",
                    );
                }
            }
            "doc" => {
                if let Some(s) = item.text(report) {
                    self.doc = Some(quote!(#s));
                }
            }
            "deprecated" => {
                self.deprecated = Some(match item.given {
                    Given::Flag => None,
                    _ => item.text(report),
                });
            }
            "default" => self.default = item.expr(report),
            "list_map_keys" => {
                self.list_map_keys = item.texts(report);
                let keys = &self.list_map_keys;
                self.facets.push(Facet::Set("x-kubernetes-list-type", quote!("map")));
                self.facets.push(Facet::Set("x-kubernetes-list-map-keys", quote!([#(#keys),*].as_slice())));
            }
            _ => {
                let known: Vec<&str> = match container {
                    true => FIELD.iter().chain(CONTAINER_ONLY).copied().collect(),
                    false => FIELD.to_vec(),
                };
                match facets(item, report) {
                    Some(f) => self.facets.extend(f),
                    None => report.unknown(&item.name, "#[x_kube]", &known),
                }
            }
        }
    }
}

fn set(keyword: &'static str, item: &Item, report: &mut Report) -> Vec<Facet> {
    item.expr(report).map(|e| Facet::Set(keyword, quote!(#e))).into_iter().collect()
}

fn bound(keyword: &'static str, exclusive: &'static str, item: &Item, report: &mut Report) -> Vec<Facet> {
    let mut out = set(keyword, item, report);
    out.push(Facet::Set(exclusive, quote!(true)));
    out
}

fn flag(keyword: &'static str, item: &Item, report: &mut Report) -> Vec<Facet> {
    if item.boolean(report) { vec![Facet::Set(keyword, quote!(true))] } else { Vec::new() }
}

fn one_of(keyword: &'static str, allowed: &[&str], item: &Item, report: &mut Report) -> Vec<Facet> {
    let Some(text) = item.text(report) else { return Vec::new() };
    let value = text.value();
    if !allowed.contains(&value.as_str()) {
        let meant =
            crate::report::nearest(&value, allowed).map(|m| format!("; did you mean \"{m}\"?")).unwrap_or_default();
        report.at(&text, format!("`{}` is one of {}{meant}", item.name, allowed.join(", ")));
    }
    vec![Facet::Set(keyword, quote!(#text))]
}

/// The facets that a field, a container and an item may have alike.
fn facets(item: &Item, report: &mut Report) -> Option<Vec<Facet>> {
    Some(match item.name.to_string().as_str() {
        "validation" => item.expr(report).map(Facet::Rule).into_iter().collect(),
        "merge_strategy" => item.expr(report).map(Facet::Strategy).into_iter().collect(),
        "list_type" => one_of("x-kubernetes-list-type", &["atomic", "set", "map"], item, report),
        "map_type" => one_of("x-kubernetes-map-type", &["atomic", "granular"], item, report),
        "embedded_resource" => {
            let mut all = flag("x-kubernetes-embedded-resource", item, report);
            if !all.is_empty() {
                all.push(Facet::Set("type", quote!("object")));
                all.push(Facet::Set("x-kubernetes-preserve-unknown-fields", quote!(true)));
            }
            all
        }
        "immutable" => {
            if item.boolean(report) {
                vec![Facet::Immutable]
            } else {
                Vec::new()
            }
        }
        "title" => set("title", item, report),
        "example" => set("example", item, report),
        "nullable" => match item.boolean(report) {
            true => vec![Facet::Set("nullable", quote!(true))],
            false => vec![Facet::NotNull],
        },
        "minimum" => set("minimum", item, report),
        "maximum" => set("maximum", item, report),
        "exclusive_minimum" => bound("minimum", "exclusiveMinimum", item, report),
        "exclusive_maximum" => bound("maximum", "exclusiveMaximum", item, report),
        "multiple_of" => set("multipleOf", item, report),
        "min_length" => set("minLength", item, report),
        "max_length" => set("maxLength", item, report),
        "min_items" => set("minItems", item, report),
        "max_items" => set("maxItems", item, report),
        "min_properties" => set("minProperties", item, report),
        "max_properties" => set("maxProperties", item, report),
        "pattern" => pattern(item, report),
        "format" => one_of("format", FORMATS, item, report),
        "values" => {
            let before = report.count();
            let all = item.exprs(report);
            if all.is_empty() {
                if report.count() == before {
                    report.at(&item.name, "`values` names the values: `values(a, b)`");
                }
                return Some(Vec::new());
            }
            vec![Facet::Set("enum", quote!([#(#all),*].as_slice()))]
        }
        "items" => {
            let mut inner = Vec::new();
            for i in item.list(report) {
                match facets(&i, report) {
                    Some(f) => inner.extend(f),
                    None => report.unknown(&i.name, "items(...)", FIELD),
                }
            }
            vec![Facet::Inner(inner)]
        }
        _ => return None,
    })
}

/// The formats that Kubernetes checks; it ignores all others.
pub(crate) const FORMATS: &[&str] = &[
    "int32",
    "int64",
    "float",
    "double",
    "byte",
    "password",
    "date",
    "date-time",
    "datetime",
    "duration",
    "email",
    "hostname",
    "ipv4",
    "ipv6",
    "cidr",
    "mac",
    "uri",
    "uuid",
    "uuid3",
    "uuid4",
    "uuid5",
    "bsonobjectid",
    "isbn",
    "isbn10",
    "isbn13",
    "creditcard",
    "ssn",
    "hexcolor",
    "rgbcolor",
    "k8s-short-name",
    "k8s-long-name",
];

fn pattern(item: &Item, report: &mut Report) -> Vec<Facet> {
    let Some(text) = item.text(report) else { return Vec::new() };
    vec![checked_pattern(text, report)]
}

fn checked_pattern(text: LitStr, report: &mut Report) -> Facet {
    if let Err(e) = kubegraft_syntax::re2::translate(&text.value()) {
        report.at(&text, format!("Kubernetes reads patterns as RE2: {e}"));
    }
    Facet::Set("pattern", quote!(#text))
}

/// The validation attributes that schemars reads too. None if it is not one of them.
fn validation(item: &Item, required: &mut bool, report: &mut Report) -> Option<Vec<Facet>> {
    let bounds = |report: &mut Report| {
        let (mut min, mut max) = (None, None);
        for i in item.list(report) {
            match i.name.to_string().as_str() {
                "min" => min = i.expr(report),
                "max" => max = i.expr(report),
                "equal" => (min, max) = (i.expr(report), i.expr(report)),
                "chars" | "bytes" | "graphemes" | "utf16" | "simple" => {}
                _ => report.unknown(&i.name, &format!("{}(...)", item.name), &["min", "max", "equal"]),
            }
        }
        (min, max)
    };
    Some(match item.name.to_string().as_str() {
        "length" => {
            let (min, max) = bounds(report);
            vec![Facet::Length(min, max)]
        }
        "range" => {
            let (min, max) = bounds(report);
            let one = |k, e: Option<Expr>| e.map(|e| Facet::Set(k, quote!(#e)));
            one("minimum", min).into_iter().chain(one("maximum", max)).collect()
        }
        "regex" | "pattern" => match &item.given {
            Given::Value(e) => regex(e, report),
            Given::List(..) => match item.exprs(&mut Report::default()).as_slice() {
                [Expr::Assign(a)] => regex(&a.right, report),
                [one] => regex(one, report),
                _ => Vec::new(),
            },
            Given::Flag => Vec::new(),
        },
        "email" => vec![Facet::Set("format", quote!("email"))],
        "url" => vec![Facet::Set("format", quote!("uri"))],
        "ipv4" => vec![Facet::Set("format", quote!("ipv4"))],
        "ipv6" => vec![Facet::Set("format", quote!("ipv6"))],
        "ip" => Vec::new(),
        "contains" => Vec::new(),
        "required" => {
            *required = true;
            vec![Facet::NotNull]
        }
        "inner" => {
            let mut inner = Vec::new();
            for i in item.list(report) {
                inner.extend(validation(&i, &mut false, report).unwrap_or_default());
            }
            vec![Facet::Inner(inner)]
        }
        _ => return None,
    })
}

fn regex(e: &Expr, report: &mut Report) -> Vec<Facet> {
    match super::item::as_text(e) {
        Some(text) => vec![checked_pattern(text.clone(), report)],
        // A constant or a compiled expression: its text is known when the program runs.
        None => vec![Facet::Set("pattern", quote!((#e).to_string()))],
    }
}
