//! The shape of a type as a constant, and what this type's attributes say of the shapes of others: checks that the compiler
//! makes when it has all types.

use super::facets::Names;
use crate::model::{Body, Container, Field, Form, Tagging, Variant, inside, leads, paths, values};
use crate::syntax::{Facet, SchemaAttrs, as_text};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Generics, LitStr, Type};

/// The constant.
pub(super) fn shape(c: &Container, generics: &Generics, n: &Names) -> TokenStream {
    let derive = &n.derive;
    let form = match &c.form {
        Form::Unknown => return TokenStream::new(),
        _ if changed(&c.attrs) => quote!(#derive::Form::Open),
        Form::Of(t) => {
            let inner = of(t, n);
            quote!(#derive::Form::Parts(&[#inner]))
        }
        Form::Struct(body) => content(body, c.default.is_some(), n),
        Form::Enum(all) => variants(all, n),
    };
    // Instances of one generic type have one name.
    let shape = match is_single(c) {
        true => {
            let id = id(c);
            quote!(#derive::Shape::named(#id, #form))
        }
        false => quote!(#derive::Shape::of(#form)),
    };
    let mut with_depth = generics.clone();
    with_depth.params.push(syn::parse_quote!(__D: #derive::Depth));
    let (impls, _, wheres) = with_depth.split_for_impl();
    let (_, types, _) = generics.split_for_impl();
    let ident = &c.ident;
    quote! {
        #[automatically_derived]
        impl #impls #derive::Fields<__D> for #ident #types #wheres {
            const SHAPE: &'static #derive::Shape = {
                #[allow(unused_imports)]
                use #derive::AnyFields as _;
                &#shape
            };
        }
    }
}

/// Whether the type is one, with one shape.
fn is_single(c: &Container) -> bool {
    c.generics.params.is_empty()
}

fn id(c: &Container) -> TokenStream {
    let name = format!("::{}", c.ident);
    quote!(::core::concat!(::core::module_path!(), #name))
}

/// Whether something else than the type says what its values are.
fn changed(attrs: &SchemaAttrs) -> bool {
    let opens = |f: &Facet| {
        matches!(f, Facet::Extend(..) | Facet::Transform(_))
            || matches!(f, Facet::Set("x-kubernetes-embedded-resource", _))
    };
    attrs.with.is_some() || attrs.open || attrs.int_or_string || attrs.facets.iter().any(opens)
}

fn open(n: &Names) -> TokenStream {
    let derive = &n.derive;
    quote!(#derive::Shape::OPEN)
}

fn of(ty: &Type, n: &Names) -> TokenStream {
    let derive = &n.derive;
    quote!(#derive::ShapeOf::<#ty, __D>::SHAPE)
}

/// The type that says what a field's values are.
fn said(f: &Field) -> Option<&Type> {
    (!changed(&f.attrs)).then(|| f.attrs.of_type.as_ref().unwrap_or(&f.ty))
}

fn field(f: &Field, n: &Names) -> TokenStream {
    said(f).map_or_else(|| open(n), |ty| of(ty, n))
}

/// An expression: a reference to a shape of this form.
fn a(form: TokenStream, n: &Names) -> TokenStream {
    let derive = &n.derive;
    quote!(&#derive::Shape::of(#form))
}

/// An expression: the form of the content of a struct or variant.
fn content(body: &Body, defaults: bool, n: &Names) -> TokenStream {
    let derive = &n.derive;
    match body {
        Body::Unit => quote!(#derive::Form::Open),
        Body::Newtype(f) => {
            let inner = field(f, n);
            quote!(#derive::Form::Parts(&[#inner]))
        }
        Body::Tuple(fields) => {
            let items = fields.first().map_or_else(|| open(n), |f| field(f, n));
            quote!(#derive::Form::List(#items))
        }
        Body::Struct { fields, .. } => {
            let (flat, own): (Vec<&Field>, Vec<&Field>) = fields.iter().partition(|f| f.flatten);
            let own = own.iter().flat_map(|f| {
                let shape = field(f, n);
                let ty = f.attrs.of_type.as_ref().unwrap_or(&f.ty);
                let given = f.default.is_some() || defaults || f.attrs.default.is_some();
                let optional = !f.attrs.required && !given && (f.write_only || inside(ty, &["Option"]).is_some());
                std::iter::once(&f.name)
                    .chain(&f.aliases)
                    .map(move |name| quote!(#derive::Field::new(#name, #shape, #optional)))
                    .collect::<Vec<_>>()
            });
            let own = quote!(#derive::Form::Object(&[#(#own),*]));
            if flat.is_empty() {
                return own;
            }
            let (own, flat) = (a(own, n), flat.iter().map(|f| field(f, n)));
            quote!(#derive::Form::Parts(&[#own, #(#flat),*]))
        }
    }
}

fn variants(all: &[Variant], n: &Names) -> TokenStream {
    let derive = &n.derive;
    let mut parts: Vec<TokenStream> = Vec::new();
    let mut keyed: Vec<TokenStream> = Vec::new();
    let mut contents: Vec<TokenStream> = Vec::new();
    let mut names: Vec<&String> = Vec::new();
    let mut key = None;
    for v in all {
        let shape = match &v.attrs.of_type {
            _ if changed(&v.attrs) => open(n),
            Some(t) => of(t, n),
            None => a(content(&v.body, false, n), n),
        };
        let unit = matches!(v.body, Body::Unit);
        match &v.tagging {
            Tagging::External if unit && !v.other => names.extend(std::iter::once(&v.name).chain(&v.aliases)),
            Tagging::External if unit => parts.push(quote!(#derive::Shape::TEXT)),
            Tagging::External => {
                let names = std::iter::once(&v.name).chain(&v.aliases);
                keyed.extend(names.map(|name| quote!(#derive::Field::new(#name, #shape, true))));
            }
            Tagging::Untagged => parts.push(shape),
            Tagging::Internal(tag) => {
                key = Some((tag, None));
                if !unit {
                    parts.push(shape);
                }
            }
            Tagging::Adjacent(tag, content) => {
                key = Some((tag, Some(content)));
                if !unit {
                    contents.push(shape);
                }
            }
        }
    }
    if let Some((tag, content)) = key {
        keyed.push(quote!(#derive::Field::new(#tag, #derive::Shape::TEXT, false)));
        if let Some(content) = content.filter(|_| !contents.is_empty()) {
            let contents = a(quote!(#derive::Form::Parts(&[#(#contents),*])), n);
            keyed.push(quote!(#derive::Field::new(#content, #contents, true)));
        }
    }
    if !names.is_empty() {
        let names = quote!(#derive::Form::Names(&[#(#names),*]));
        if keyed.is_empty() && parts.is_empty() {
            return names;
        }
        parts.push(a(names, n));
    }
    if !keyed.is_empty() {
        parts.push(a(quote!(#derive::Form::Object(&[#(#keyed),*])), n));
    }
    quote!(#derive::Form::Parts(&[#(#parts),*]))
}

/// What this type says of other types.
pub(super) fn checks(c: &Container, n: &Names) -> TokenStream {
    // What they are is not known before the parameters are.
    if !is_single(c) {
        return TokenStream::new();
    }
    let bodies: Vec<&Body> = match &c.form {
        Form::Struct(body) => vec![body],
        Form::Enum(variants) => variants.iter().map(|v| &v.body).collect(),
        Form::Of(_) | Form::Unknown => Vec::new(),
    };
    let fields = bodies.into_iter().flat_map(|body| match body {
        Body::Struct { fields, .. } | Body::Tuple(fields) => fields.iter().collect(),
        Body::Newtype(one) => vec![&**one],
        Body::Unit => Vec::new(),
    });
    let own = c.ident.to_token_stream();
    let mut out = rules(&c.attrs.facets, &own, n);
    for f in fields {
        let Some(ty) = said(f) else { continue };
        let shape = ty.to_token_stream();
        out.extend(f.attrs.list_map_keys.iter().map(|key| {
            let call = format_ident!("key_is_field", span = key.span());
            check(&call, key.span(), &shape, quote!(, #key), n)
        }));
        out.extend(rules(&f.attrs.facets, &shape, n));
        out.extend(default(f, ty, n));
        if !leads::nowhere(ty) {
            out.extend(circle(c, ty, n));
        }
    }
    out
}

/// A constant that stops the compilation where it was written.
fn check(call: &Ident, span: Span, ty: &TokenStream, more: TokenStream, n: &Names) -> TokenStream {
    let derive = &n.derive;
    quote_spanned! {span=>
        const _: () = {
            #[allow(unused_imports)]
            use #derive::{AnyFields as _, #call};
            #call(#derive::ShapeOf::<#ty>::SHAPE #more);
        };
    }
}

/// A default that is written out is one of the type's values.
fn default(f: &Field, ty: &Type, n: &Names) -> Option<TokenStream> {
    let given = f.attrs.default.as_ref().filter(|_| !f.default_is_wrong && !leads::nowhere(ty))?;
    let (form, text) = (values::form_of(given)?, as_text(given).map(LitStr::value).unwrap_or_default());
    let (derive, form, shown) = (&n.derive, format_ident!("{form}"), shown(given));
    let call = format_ident!("default_fits", span = given.span());
    Some(check(&call, given.span(), &ty.to_token_stream(), quote!(, #derive::Form::#form, #text, #shown), n))
}

fn shown(e: &syn::Expr) -> String {
    e.to_token_stream().to_string().replace("- ", "-")
}

/// The type does not contain itself by way of this field.
fn circle(c: &Container, ty: &Type, n: &Names) -> TokenStream {
    let (derive, id) = (&n.derive, id(c));
    let mut tokens = ty.to_token_stream().into_iter();
    let first = tokens.next().map_or_else(Span::call_site, |t| t.span());
    let last = tokens.last().map_or(first, |t| t.span());
    let call = Ident::new("does_not_contain_itself", first);
    // The compiler points from the first token of a call to its last.
    let arguments = quote_spanned!(last=> (#id, #derive::ShapeOf::<#ty>::SHAPE));
    quote! {
        const _: () = {
            #[allow(unused_imports)]
            use #derive::{AnyFields as _, #call};
            #call #arguments
        };
    }
}

/// The field paths of rules.
fn rules(facets: &[Facet], ty: &TokenStream, n: &Names) -> TokenStream {
    let rules = facets.iter().filter_map(|f| match f {
        Facet::Rule(e) => Some(e),
        _ => None,
    });
    let texts = rules.flat_map(paths::of_rule);
    texts.map(|(text, names)| field_path(&text, "", &names, ty, n)).collect()
}

/// A field path of a rule below a value of this type.
pub(super) fn field_path(text: &LitStr, from: &str, names: &[String], ty: &TokenStream, n: &Names) -> TokenStream {
    let derive = &n.derive;
    let call = format_ident!("field_path_leads", span = text.span());
    check(&call, text.span(), ty, quote!(, #from, &[#(#derive::Step::Field(#names)),*]), n)
}

/// A path of a definition, below a value of this type.
pub(super) fn path(p: &paths::Check, ty: &TokenStream, n: &Names) -> TokenStream {
    let derive = &n.derive;
    let steps = p.steps.iter().map(|s| match s {
        Some(name) => quote!(#derive::Step::Field(#name)),
        None => quote!(#derive::Step::Items),
    });
    let (from, what) = (p.from, &p.what);
    let wanted = match p.wanted {
        "" => quote!(#derive::Wanted::Anything),
        wanted => {
            let wanted = format_ident!("{wanted}");
            quote!(#derive::Wanted::#wanted(#what))
        }
    };
    let call = format_ident!("path_leads", span = p.text.span());
    check(&call, p.text.span(), ty, quote!(, #from, &[#(#steps),*], #wanted), n)
}
