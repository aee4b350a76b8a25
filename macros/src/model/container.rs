//! A struct or enum as serde reads it: names resolved, fields that are never read left out, forms told apart.

use super::case::Case;
use super::{rules, values};
use crate::report::Report;
use crate::syntax::{DefaultFrom, SchemaAttrs, SerdeAttrs, docs};
use syn::{Data, DeriveInput, Generics, Ident, LitStr, Member, Path, Type};

/// A type that is to have a schema.
pub(crate) struct Container {
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    pub(crate) name: String,
    pub(crate) docs: Option<String>,
    pub(crate) attrs: SchemaAttrs,
    pub(crate) default: Option<DefaultFrom>,
    pub(crate) transparent: bool,
    pub(crate) form: Form,
}

/// What it is.
pub(crate) enum Form {
    Struct(Body),
    Enum(Vec<Variant>),
    /// Read through another type (`#[serde(from)]`, `#[schemars(with)]`).
    Of(Type),
    /// Nothing can be said, because of a mistake.
    Unknown,
}

/// The content of a struct or variant.
pub(crate) enum Body {
    Unit,
    Newtype(Box<Field>),
    Tuple(Vec<Field>),
    Struct { fields: Vec<Field>, deny_unknown: bool },
}

/// A field that is read.
pub(crate) struct Field {
    pub(crate) member: Member,
    pub(crate) ty: Type,
    pub(crate) name: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) docs: Option<String>,
    pub(crate) attrs: SchemaAttrs,
    pub(crate) default: Option<DefaultFrom>,
    /// It is told already what is wrong with the value that is written out.
    pub(crate) default_is_wrong: bool,
    pub(crate) flatten: bool,
    /// Not read, but written.
    pub(crate) write_only: bool,
    /// Read by a function, which serde needs to be there even if it is an option.
    pub(crate) by_function: bool,
    /// Written by a function: its default cannot be written here.
    pub(crate) written_by_function: bool,
    pub(crate) skip_serializing_if: Option<Path>,
}

/// How variants are told apart.
#[derive(Clone)]
pub(crate) enum Tagging {
    External,
    Internal(String),
    Adjacent(String, String),
    Untagged,
}

/// A variant that is read.
pub(crate) struct Variant {
    pub(crate) name: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) docs: Option<String>,
    pub(crate) attrs: SchemaAttrs,
    pub(crate) tagging: Tagging,
    pub(crate) body: Body,
    /// Any tag, if no other variant has it.
    pub(crate) other: bool,
    pub(crate) deny_unknown: bool,
}

impl Container {
    pub(crate) fn read(input: &DeriveInput, report: &mut Report) -> Self {
        let serde = SerdeAttrs::read(&input.attrs, report);
        let attrs = SchemaAttrs::read(&input.attrs, true, report);
        rules::check(&attrs.facets, report);
        let form = form(input, &serde, &attrs, report);
        Self {
            ident: input.ident.clone(),
            generics: input.generics.clone(),
            name: serde.rename.as_ref().map_or_else(|| input.ident.to_string(), LitStr::value),
            docs: docs(&input.attrs),
            attrs,
            default: serde.default,
            transparent: serde.transparent,
            form,
        }
    }
}

fn form(input: &DeriveInput, serde: &SerdeAttrs, attrs: &SchemaAttrs, report: &mut Report) -> Form {
    if let Some(t) = attrs.of_type.clone().or_else(|| serde.from.clone()) {
        return Form::Of(t);
    }
    let case = Case::read(serde.rename_all.as_ref(), report);
    match &input.data {
        Data::Struct(s) => {
            let place = Place { case, serde, of: &input.ident, report_tuples: attrs.with.is_none(), tagged: false };
            let mut body = body(&s.fields, &place, report);
            if serde.transparent
                && let Body::Struct { fields, .. } = &mut body
                && fields.len() == 1
                && let Some(one) = fields.pop()
            {
                body = Body::Newtype(Box::new(one));
            }
            Form::Struct(body)
        }
        Data::Enum(e) => {
            let fields_case = Case::read(serde.rename_all_fields.as_ref(), report);
            Form::Enum(
                e.variants.iter().filter_map(|v| variant(v, serde, case, fields_case, &input.ident, report)).collect(),
            )
        }
        Data::Union(u) => {
            report.at(u.union_token, "serde reads no unions, so they have no schema; use a struct or an enum");
            Form::Unknown
        }
    }
}

/// What fields inherit from where they stand.
struct Place<'a> {
    case: Case,
    serde: &'a SerdeAttrs,
    of: &'a Ident,
    report_tuples: bool,
    /// A tag stands beside the fields.
    tagged: bool,
}

fn body(fields: &syn::Fields, place: &Place<'_>, report: &mut Report) -> Body {
    let all: Vec<Option<Field>> = fields.iter().enumerate().map(|(i, f)| field(f, i, place, report)).collect();
    let read = || all.iter().flatten();
    if place.tagged || read().count() > 1 {
        let flat = read().filter(|f| f.flatten || (place.tagged && matches!(f.member, Member::Unnamed(_))));
        flat.filter_map(|f| {
            typed_map(&f.ty).filter(|_| f.attrs.of_type.is_none() && f.attrs.with.is_none() && !f.attrs.open)
        })
        .for_each(|ty| {
            report.at(
                ty,
                "Kubernetes cannot say what the values of a map are where fields with names stand beside them; \
                     write `serde_json::Value`, whose values are kept as they are, or give the map a field of its own",
            );
        });
    }
    match fields {
        syn::Fields::Unit => Body::Unit,
        syn::Fields::Named(_) => {
            Body::Struct { fields: all.into_iter().flatten().collect(), deny_unknown: place.serde.deny_unknown_fields }
        }
        syn::Fields::Unnamed(f) if f.unnamed.len() == 1 => match all.into_iter().flatten().next() {
            Some(one) => Body::Newtype(Box::new(one)),
            None => Body::Tuple(Vec::new()),
        },
        syn::Fields::Unnamed(_) => {
            let all: Vec<Field> = all.into_iter().flatten().collect();
            if place.report_tuples {
                same_types(&all, report);
            }
            Body::Tuple(all)
        }
    }
}

/// What a map has as values, if they are not open.
fn typed_map(ty: &Type) -> Option<&Type> {
    match arguments(option_of(ty).unwrap_or(ty), super::apply::MAPS).as_slice() {
        [_, value, ..] if !is_one_of(value, &["Value"]) => Some(value),
        _ => None,
    }
}

/// A list has one schema for all its items.
fn same_types(fields: &[Field], report: &mut Report) {
    let Some(first) = fields.first().filter(|f| f.attrs.with.is_none()) else { return };
    if let Some(f) = fields.iter().find(|f| f.ty != first.ty && f.attrs.with.is_none() && f.attrs.of_type.is_none()) {
        report.at(
            &f.ty,
            "a list has one schema for all its items in Kubernetes, so the fields of a tuple must have one type; \
             name the fields: `{ first: A, second: B }`",
        );
    }
}

fn field(f: &syn::Field, index: usize, place: &Place<'_>, report: &mut Report) -> Option<Field> {
    let serde = SerdeAttrs::read(&f.attrs, report);
    let attrs = SchemaAttrs::read(&f.attrs, false, report);
    rules::check(&attrs.facets, report);
    let deny = place.serde.deny_unknown_fields;
    if serde.skip_deserializing && (serde.skip_serializing || deny) {
        return None;
    }
    let member = f.ident.clone().map_or_else(|| Member::from(index), Member::Named);
    let name = match (&serde.rename, &f.ident) {
        (Some(r), _) => r.value(),
        (None, Some(ident)) => place.case.field(&unraw(ident)),
        (None, None) => index.to_string(),
    };
    let mut attrs = attrs;
    if attrs.of_type.is_none() && attrs.with.is_none() && !attrs.open {
        read_by_module(&serde, &mut attrs, report);
        if names(&f.ty, place.of) {
            report.at(
                &f.ty,
                format!(
                    "`{}` contains itself, which no structural schema can say; \
                     write `#[x_kube(preserve_unknown_fields)]` to leave these values open, or give the inner level a type of its own",
                    place.of
                ),
            );
            attrs.open = true;
        }
        syn::visit::Visit::visit_type(&mut Refused { report: &mut *report }, &f.ty);
    }
    check(f, &attrs, report);
    let before = report.count();
    values::check(&f.ty, &attrs, report);
    let default_is_wrong = report.count() > before;
    Some(Field {
        member,
        ty: f.ty.clone(),
        name,
        aliases: serde.aliases.iter().map(LitStr::value).collect(),
        docs: docs(&f.attrs),
        default: serde.default.clone(),
        default_is_wrong,
        flatten: serde.flatten,
        write_only: serde.skip_deserializing,
        by_function: serde.with.is_some() || serde.deserialize_with,
        written_by_function: serde.with.is_some() || serde.serialize_with.is_some(),
        skip_serializing_if: serde.skip_serializing_if.clone(),
        attrs,
    })
}

/// `#[serde(with = "...")]`: a type (serde's remote derive) has a schema, a module of functions has none.
fn read_by_module(serde: &SerdeAttrs, attrs: &mut SchemaAttrs, report: &mut Report) {
    let Some(with) = &serde.with else { return };
    let is_type = |p: &Path| p.segments.last().is_some_and(|s| s.ident.to_string().starts_with(char::is_uppercase));
    match with.parse::<Type>() {
        Ok(t @ Type::Path(_)) if matches!(&t, Type::Path(p) if is_type(&p.path)) => attrs.of_type = Some(t),
        _ => {
            report.at(
                with,
                "functions read and write this field, so its form is not known from its type; \
                 say it: `#[x_kube(schema = String)]` names a type of the same form, `#[x_kube(schema_with = function)]` makes a schema",
            );
            attrs.open = true;
        }
    }
}

/// Whether a type names another.
fn names(ty: &Type, of: &Ident) -> bool {
    use quote::ToTokens;
    fn walk(tokens: proc_macro2::TokenStream, of: &Ident) -> bool {
        let mut qualified = false;
        for t in tokens {
            match t {
                proc_macro2::TokenTree::Ident(i) => {
                    if (i == *of && !qualified) || i == "Self" {
                        return true;
                    }
                    qualified = false;
                }
                proc_macro2::TokenTree::Group(g) => {
                    if walk(g.stream(), of) {
                        return true;
                    }
                    qualified = false;
                }
                proc_macro2::TokenTree::Punct(p) => qualified = p.as_char() == ':',
                proc_macro2::TokenTree::Literal(_) => qualified = false,
            }
        }
        false
    }
    walk(ty.to_token_stream(), of)
}

/// Types that no schema can have, wherever they stand in a field's type.
struct Refused<'a> {
    report: &'a mut Report,
}

impl<'ast> syn::visit::Visit<'ast> for Refused<'_> {
    fn visit_type_tuple(&mut self, t: &'ast syn::TypeTuple) {
        if let Some(first) = t.elems.first()
            && let Some(other) = t.elems.iter().find(|e| *e != first)
        {
            self.report.at(
                other,
                "a list has one schema for all its items in Kubernetes, so the members of a tuple must have one type; \
                 write a struct, or `#[x_kube(preserve_unknown_fields)]`",
            );
        }
        syn::visit::visit_type_tuple(self, t);
    }

    fn visit_type_path(&mut self, t: &'ast syn::TypePath) {
        if t.path.is_ident("i128") || t.path.is_ident("u128") {
            self.report.at(
                t,
                "the integers of Kubernetes have 64 bits; use i64, or a string with a pattern: \
                 `#[serde(with = ...)] #[x_kube(schema = String, pattern = \"^-?[0-9]+$\")]`",
            );
        }
        syn::visit::visit_type_path(self, t);
    }
}

const NUMBERS: &[&str] = &["i8", "i16", "i32", "i64", "isize", "u8", "u16", "u32", "u64", "usize", "f32", "f64"];
const TEXTS: &[&str] = &["String", "str", "char"];

/// What a field says must fit its type, as far as the type can be seen.
fn check(f: &syn::Field, attrs: &SchemaAttrs, report: &mut Report) {
    if attrs.of_type.is_some() || attrs.with.is_some() {
        return;
    }
    let scalar = || plainly(&f.ty, NUMBERS) || plainly(&f.ty, TEXTS) || plainly(&f.ty, &["bool"]);
    for name in &attrs.said {
        let (wrong, wanted) = match name.to_string().as_str() {
            "min_length" | "max_length" | "pattern" => {
                (plainly(&f.ty, NUMBERS) || plainly(&f.ty, &["bool"]), "strings")
            }
            "minimum" | "maximum" | "exclusive_minimum" | "exclusive_maximum" | "multiple_of" => {
                (plainly(&f.ty, TEXTS) || plainly(&f.ty, &["bool"]), "numbers")
            }
            "min_items" | "max_items" | "list_type" | "list_map_keys" | "items" => (scalar(), "lists"),
            "min_properties" | "max_properties" | "map_type" | "embedded_resource" => (scalar(), "maps and structs"),
            "int_or_string" => {
                (plainly(&f.ty, &["bool", "f32", "f64"]), "types that read numbers and strings, like IntOrString")
            }
            _ => continue,
        };
        if wrong {
            report.at(name, format!("`{name}` is for {wanted}, which this field's type is not"));
        }
    }
}

/// Whether a type, or what it is an option of, is one of these.
fn plainly(ty: &Type, of: &[&str]) -> bool {
    is_one_of(inside(ty, &["Option"]).unwrap_or(ty), of)
}

/// Whether a type has one of these names, and no arguments.
pub(super) fn is_one_of(ty: &Type, names: &[&str]) -> bool {
    let Type::Path(p) = ungroup(ty) else { return false };
    p.path.segments.last().is_some_and(|s| names.iter().any(|n| s.ident == n) && s.arguments.is_empty())
}

/// The types that a type of one of these names has as its arguments.
pub(crate) fn arguments<'t>(ty: &'t Type, names: &[&str]) -> Vec<&'t Type> {
    let Type::Path(p) = ungroup(ty) else { return Vec::new() };
    let Some(last) = p.path.segments.last().filter(|s| names.iter().any(|n| s.ident == n)) else { return Vec::new() };
    let syn::PathArguments::AngleBracketed(all) = &last.arguments else { return Vec::new() };
    let types = all.args.iter().filter_map(|a| match a {
        syn::GenericArgument::Type(t) => Some(t),
        _ => None,
    });
    types.collect()
}

/// What a type of one of these names holds.
pub(crate) fn inside<'t>(ty: &'t Type, names: &[&str]) -> Option<&'t Type> {
    match arguments(ty, names).as_slice() {
        [one] => Some(one),
        _ => None,
    }
}

/// What an option holds.
pub(super) fn option_of(ty: &Type) -> Option<&Type> {
    inside(ty, &["Option"])
}

/// Types that came through a macro are in invisible groups.
fn ungroup(ty: &Type) -> &Type {
    match ty {
        Type::Group(g) => ungroup(&g.elem),
        Type::Paren(p) => ungroup(&p.elem),
        ty => ty,
    }
}

pub(crate) fn unraw(ident: &Ident) -> String {
    use syn::ext::IdentExt;
    ident.unraw().to_string()
}

fn variant(
    v: &syn::Variant,
    container: &SerdeAttrs,
    case: Case,
    fields_case: Case,
    of: &Ident,
    report: &mut Report,
) -> Option<Variant> {
    let serde = SerdeAttrs::read(&v.attrs, report);
    let attrs = SchemaAttrs::read(&v.attrs, false, report);
    if serde.skip_deserializing {
        return None;
    }
    let own_case = match &serde.rename_all {
        Some(_) => Case::read(serde.rename_all.as_ref(), report),
        None => fields_case,
    };
    let tagging = match (&container.tag, &container.content, container.untagged.is_some() || serde.untagged.is_some()) {
        (_, _, true) => Tagging::Untagged,
        (Some(t), Some(c), _) => Tagging::Adjacent(t.value(), c.value()),
        (Some(t), None, _) => Tagging::Internal(t.value()),
        (None, ..) => Tagging::External,
    };
    if let (Tagging::Internal(_), syn::Fields::Unnamed(f)) = (&tagging, &v.fields)
        && f.unnamed.len() == 1
        && let Some(one) = f.unnamed.first()
        && (plainly(&one.ty, NUMBERS)
            || plainly(&one.ty, TEXTS)
            || plainly(&one.ty, &["bool"])
            || inside(inside(&one.ty, &["Option"]).unwrap_or(&one.ty), super::apply::LISTS).is_some())
    {
        report.at(
            &one.ty,
            "the tag is a field beside the content, so the content must be a struct; \
             name the field: `{ value: ... }`, or put the content under a key of its own: `#[serde(tag = \"...\", content = \"...\")]`",
        );
    }
    let said = attrs.with.is_some() || attrs.of_type.is_some();
    let tagged = matches!(tagging, Tagging::Internal(_)) && !said;
    let place = Place { case: own_case, serde: container, of, report_tuples: !said, tagged };
    let body = body(&v.fields, &place, report);
    Some(Variant {
        name: serde.rename.as_ref().map_or_else(|| case.variant(&unraw(&v.ident)), LitStr::value),
        aliases: serde.aliases.iter().map(LitStr::value).collect(),
        docs: docs(&v.attrs),
        attrs,
        tagging,
        body,
        other: serde.other,
        deny_unknown: container.deny_unknown_fields,
    })
}
