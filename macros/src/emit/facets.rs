//! Attributes as calls on a property.

use crate::syntax::{Crates, Facet, SchemaAttrs};
use proc_macro2::TokenStream;
use quote::quote;

/// Where the code of one derive finds things.
pub(super) struct Names {
    pub(super) derive: TokenStream,
    pub(super) schemars: TokenStream,
    pub(super) json: TokenStream,
    pub(super) kube_core: TokenStream,
}

impl Names {
    pub(super) fn new(attrs: &SchemaAttrs) -> Self {
        Self::of(&attrs.crates)
    }

    pub(super) fn of(c: &Crates) -> Self {
        Self { derive: c.derive(), schemars: c.schemars(), json: c.serde_json(), kube_core: c.kube_core() }
    }
}

/// Statements that apply the facets to the property `__p`.
pub(super) fn apply(facets: &[Facet], n: &Names) -> TokenStream {
    facets.iter().map(|f| one(f, n)).collect()
}

fn one(facet: &Facet, n: &Names) -> TokenStream {
    let (derive, json, kube_core) = (&n.derive, &n.json, &n.kube_core);
    match facet {
        Facet::Set(keyword, value) => quote!(__p.set(#keyword, #json::json!(#value));),
        Facet::Extend(keyword, value) => quote!(__p.set(#keyword, #json::json!(#value));),
        Facet::Length(min, max) => {
            let bound = |e: &Option<syn::Expr>| match e {
                Some(e) => quote!(::core::option::Option::Some((#e) as u64)),
                None => quote!(::core::option::Option::None),
            };
            let (min, max) = (bound(min), bound(max));
            quote!(__p.length(#min, #max);)
        }
        // What kube's own derive has in scope.
        Facet::Rule(e) => quote! {{
            #[allow(unused_imports)]
            use #kube_core::{Rule, Message, Reason, ListMerge, MapMerge, StructMerge};
            __p.rule(#e);
        }},
        Facet::Strategy(e) => quote! {{
            #[allow(unused_imports)]
            use #kube_core::{Rule, Message, Reason, ListMerge, MapMerge, StructMerge};
            __p.strategy(#e);
        }},
        Facet::Immutable => quote! {
            __p.rule(("self == oldSelf", "cannot be changed"));
        },
        Facet::NotNull => quote!(__p.not_null();),
        Facet::Transform(e) => quote!(__p.transform(#e);),
        Facet::Inner(inner) => {
            let inner = apply(inner, n);
            quote!(__p.inner(|__p: &mut #derive::Property| { #inner });)
        }
    }
}

/// Statements that describe the property `__p`.
pub(super) fn describe(docs: Option<&String>, attrs: &SchemaAttrs) -> TokenStream {
    let text = match (&attrs.doc, docs) {
        (Some(given), _) => Some(given.clone()),
        (None, Some(docs)) => Some(quote!(#docs)),
        (None, None) => None,
    };
    let mut out = text.map(|t| quote!(__p.set("description", #t);)).unwrap_or_default();
    match &attrs.deprecated {
        Some(Some(why)) => {
            let why = format!("Deprecated: {}", why.value());
            let text = docs.map_or_else(|| why.clone(), |d| format!("{why}\n\n{d}"));
            out.extend(quote!(__p.set("description", #text);));
        }
        Some(None) => {
            let text = docs.map_or_else(|| "Deprecated.".to_owned(), |d| format!("Deprecated. {d}"));
            out.extend(quote!(__p.set("description", #text);));
        }
        None => {}
    }
    out
}
