//! The types of all versions, conversions between neighbours, and what serves them together. Types stand in a module of their
//! version or have it in their name; conversions stand around them, where what they call was written.

mod convert;
mod rewrite;
mod types;

use crate::model::{Versioned, VersionedKind as Kind, VersionedType};
use convert::{Way, conversion};
use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use std::collections::BTreeMap;
use syn::{Ident, Type};

pub(crate) fn versioned(model: &Versioned, clean: bool) -> TokenStream {
    let s = Scope { model };
    let versions = 0..model.versions.len();
    let definitions = versions.clone().map(|v| version(v, &s));
    let conversions = versions.skip(1).flat_map(|v| [(v - 1, v), (v, v - 1)]).flat_map(|(from, to)| {
        let both = model.types.iter().filter(move |t| t.life.in_version(from) && t.life.in_version(to));
        let s = &s;
        both.map(move |t| conversion(t, &Way { from, to, scope: s }))
    });
    let kinds = model.types.iter().filter_map(|t| Some(together(t, t.kind.as_ref()?, clean, &s)));
    let all: TokenStream = definitions.chain(conversions).chain(kinds).collect();
    let Some(module) = &model.module else { return all };
    let (attrs, vis, ident, rest) = (&module.attrs, &module.vis, &module.ident, &module.rest);
    quote! {
        #(#attrs)*
        #vis mod #ident {
            #(#rest)*
            #all
        }
    }
}

/// All types of a version.
fn version(v: usize, s: &Scope<'_>) -> TokenStream {
    let types = s.model.types.iter().filter(|t| t.life.in_version(v)).map(|t| types::definition(t, v, s));
    if s.model.module.is_none() {
        return types.collect();
    }
    let version = &s.model.versions[v];
    let (name, doc) = (&version.module, format!(" Version {}.", version.name));
    quote! {
        #[doc = #doc]
        pub mod #name {
            #[allow(unused_imports)]
            use super::*;

            #(#types)*
        }
    }
}

/// What serves all versions of a kind, and the test that nothing is lost between them.
fn together(ty: &VersionedType, kind: &Kind, clean: bool, s: &Scope<'_>) -> TokenStream {
    let conversion = s.conversion();
    let mut versions = ty.life.from..ty.life.to;
    let Some(oldest) = versions.next() else { return TokenStream::new() };
    let root = |v: usize| s.placed(s.root(kind, v), v);
    let first = root(oldest);
    // A status that is the same in both needs no conversion; one that is new has none.
    let status = |v: usize| kind.status(ty, v).is_some_and(|p| kind.nested_status || s.model.names(&p, v));
    let steps = versions.map(|v| {
        let root = root(v);
        let then = if status(v - 1) && status(v) { quote!(then_spec_and_status) } else { quote!(then_spec) };
        quote!(.#then::<#root>())
    });
    let last = ty.life.to - 1;
    let (newest, name) = (root(last), kind.root.to_string());
    let stored = (s.model.storage != last && ty.life.in_version(s.model.storage)).then(|| {
        let root = root(s.model.storage);
        quote!(.stored::<#root>())
    });
    let doc = format!(" All versions of {name}, to be served together.");
    let test = (clean && s.model.test && ty.life.from < last).then(|| {
        let (private, test) =
            (s.model.crates.private(), format_ident!("versions_of_{}_lose_nothing", crate::model::snake(&name)));
        quote! {
            #[cfg(test)]
            #[::core::prelude::v1::test]
            fn #test() {
                #private::round_trip!(#newest::versions());
            }
        }
    });
    quote! {
        #[automatically_derived]
        impl #newest {
            #[doc = #doc]
            #[must_use]
            pub fn versions() -> #conversion::Versions<#newest> {
                #conversion::Versions::oldest::<#first>() #(#steps)* #stored
            }
        }

        #test
    }
}

/// The names of things.
pub(super) struct Scope<'a> {
    model: &'a Versioned,
}

impl Scope<'_> {
    /// The runtime's room for generated conversions.
    fn conversion(&self) -> TokenStream {
        let private = self.model.crates.private();
        quote!(#private::conversion)
    }

    /// What ends the names of a version's types where they are not in a module.
    fn suffix(&self, v: usize) -> String {
        let name = self.model.versions[v].module.to_string();
        let mut suffix = name[..1].to_ascii_uppercase();
        suffix.push_str(&name[1..]);
        suffix
    }

    /// A type's name in the version's module, or with the version.
    fn name(&self, ty: &VersionedType, v: usize) -> Ident {
        let name = ty.life.name(&ty.ident, v);
        if self.model.module.is_some() { name } else { types::suffixed(&name, &self.suffix(v)) }
    }

    /// The root type of a resource, likewise.
    fn root(&self, kind: &Kind, v: usize) -> Ident {
        if self.model.module.is_some() { kind.root.clone() } else { types::suffixed(&kind.root, &self.suffix(v)) }
    }

    /// A name of a version from where conversions stand.
    fn placed(&self, name: Ident, v: usize) -> TokenStream {
        let version = &self.model.versions[v].module;
        if self.model.module.is_some() { quote!(#version::#name) } else { name.into_token_stream() }
    }

    fn path(&self, ty: &VersionedType, v: usize) -> TokenStream {
        self.placed(self.name(ty, v), v)
    }

    /// Names of types that are others in a version.
    fn names(&self, v: usize) -> BTreeMap<String, Ident> {
        let all = self.model.types.iter().map(|t| (t.ident.to_string(), self.name(t, v)));
        all.filter(|(now, then)| then != now).collect()
    }

    /// Whether a type names one that has versions.
    fn versioned(&self, ty: &Type) -> bool {
        fn walk(tokens: TokenStream, names: &[String]) -> bool {
            tokens.into_iter().any(|t| match t {
                proc_macro2::TokenTree::Ident(i) => names.iter().any(|n| i == n),
                proc_macro2::TokenTree::Group(g) => walk(g.stream(), names),
                _ => false,
            })
        }
        let of = |t: &VersionedType| {
            (0..self.model.versions.len()).map(|v| t.life.name(&t.ident, v).to_string()).collect::<Vec<_>>()
        };
        let names: Vec<String> = self.model.types.iter().flat_map(of).collect();
        walk(ty.to_token_stream(), &names)
    }
}
