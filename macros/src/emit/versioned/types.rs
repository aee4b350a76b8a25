//! A type in one of its versions.

use super::Scope;
use super::rewrite::{deepen, nested, nested_status, rename, visibility};
use crate::model::{Life, VersionedData, VersionedField, VersionedFields, VersionedType, VersionedVariant};
use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::{Attribute, Fields, Visibility};

/// Its definition.
pub(super) fn definition(ty: &VersionedType, v: usize, s: &Scope<'_>) -> TokenStream {
    let mut attrs = attributes(&ty.attrs, &ty.life, v, s);
    if ty.kind.as_ref().is_some_and(|k| k.nested_status) {
        let suffix = s.model.module.is_none().then(|| s.suffix(v));
        attrs = nested_status(attrs, &s.model.versions[v].module, suffix.as_deref());
    }
    let (vis, name, of_kind) = (vis(&ty.vis, s), s.name(ty, v), kind(ty, v, s));
    match &ty.data {
        VersionedData::Struct(f) => {
            let (body, end) = (fields(f, v, s), matches!(f.form, Fields::Unnamed(_) | Fields::Unit).then(|| quote!(;)));
            quote!(#attrs #of_kind #vis struct #name #body #end)
        }
        VersionedData::Enum(all) => {
            let variants = all.iter().filter(|w| w.life.in_version(v)).map(|w| variant(w, v, s));
            quote!(#attrs #of_kind #vis enum #name { #(#variants,)* })
        }
    }
}

/// What the version says to the derive of a resource.
fn kind(ty: &VersionedType, v: usize, s: &Scope<'_>) -> Option<TokenStream> {
    let kind = ty.kind.as_ref()?;
    let version = &s.model.versions[v];
    let (name, served) = (&version.name, version.served);
    let deprecated = version.deprecated.as_ref().map(|warning| match warning {
        Some(warning) => quote!(, deprecated = #warning),
        None => quote!(, deprecated),
    });
    let root = s.model.module.is_none().then(|| {
        let root = s.root(kind, v).to_string();
        quote!(, root = #root)
    });
    Some(quote!(#[kube(version = #name, served = #served #deprecated #root)]))
}

/// In a module of its version a type is one deeper than it was written.
fn placed(tokens: TokenStream, s: &Scope<'_>) -> TokenStream {
    if s.model.module.is_some() { deepen(tokens) } else { tokens }
}

fn vis(vis: &Visibility, s: &Scope<'_>) -> TokenStream {
    if s.model.module.is_some() { visibility(vis) } else { vis.to_token_stream() }
}

/// The attributes of all versions and of this one, and the word that it is deprecated.
fn attributes(all: &[Attribute], life: &Life, v: usize, s: &Scope<'_>) -> TokenStream {
    let names = s.names(v);
    let named = |path: &syn::Path, tokens: TokenStream| match path.is_ident("kube") {
        true => rename(tokens, &names),
        false => tokens,
    };
    let mut out: TokenStream = all.iter().map(|a| named(a.path(), a.to_token_stream())).collect();
    out.extend(life.attrs(v).map(|meta| named(meta.path(), quote!(#[#meta]))));
    if let Some((since, note)) = &life.deprecated
        && v >= *since
    {
        let line = match note {
            Some(note) => format!(" Deprecated: {note}"),
            None => " Deprecated.".to_owned(),
        };
        out.extend(quote!(#[doc = ""] #[doc = #line]));
    }
    placed(out, s)
}

fn fields(f: &VersionedFields, v: usize, s: &Scope<'_>) -> TokenStream {
    let all = f.all.iter().filter(|f| f.life.in_version(v)).map(|f| field(f, v, s));
    match &f.form {
        Fields::Named(_) => quote!({ #(#all,)* }),
        Fields::Unnamed(_) => quote!(( #(#all,)* )),
        Fields::Unit => TokenStream::new(),
    }
}

fn field(f: &VersionedField, v: usize, s: &Scope<'_>) -> TokenStream {
    let attrs = attributes(&f.attrs, &f.life, v, s);
    let name = f.ident.as_ref().map(|ident| f.life.name(ident, v)).map(|name| quote!(#name:));
    let ty = self::ty(f, v, s);
    // Fields of variants have no visibility.
    let vis = match (&f.vis, f.in_variant) {
        (_, true) => TokenStream::new(),
        (vis, false) => self::vis(vis, s),
    };
    quote!(#attrs #vis #name #ty)
}

/// The type of a field, as the version names it.
fn ty(f: &VersionedField, v: usize, s: &Scope<'_>) -> TokenStream {
    let mut ty = f.life.ty(&f.ty, v).clone();
    let version = &s.model.versions[v].module;
    if f.nested {
        let suffix = s.model.module.is_none().then(|| s.suffix(v));
        nested(&mut ty, version, suffix.as_deref());
    }
    placed(rename(ty.into_token_stream(), &s.names(v)), s)
}

fn variant(w: &VersionedVariant, v: usize, s: &Scope<'_>) -> TokenStream {
    let attrs = attributes(&w.attrs, &w.life, v, s);
    let (name, body) = (w.life.name(&w.ident, v), fields(&w.fields, v, s));
    let discriminant = w.discriminant.as_ref().map(|e| quote!(= #e));
    quote!(#attrs #name #body #discriminant)
}

/// The name that a type has in a version, where types stand beside each other.
pub(super) fn suffixed(name: &syn::Ident, suffix: &str) -> syn::Ident {
    format_ident!("{}{}", name, suffix, span = name.span())
}
