//! The configuration of a type by its name and by the trait: how it is written, and how a whole value becomes one.

use crate::model::{LISTS, MAPS, arguments, inside};
use crate::syntax::Crates;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned;

/// Where the code finds things.
pub(super) struct Names {
    pub(super) derive: TokenStream,
    pub(super) serde: TokenStream,
}

impl Names {
    pub(super) fn new(crates: &Crates) -> Self {
        Self { derive: crates.derive(), serde: crates.serde() }
    }

    pub(super) fn serde_path(&self) -> String {
        self.serde.to_string().replace(' ', "")
    }

    /// The configuration of a type. Options, lists and maps are known by their names, so that a type that has none is named, and
    /// not what it stands in; all tokens stand at the type, so that it is named once.
    pub(super) fn of(&self, ty: &Type) -> TokenStream {
        let span = ty.span();
        match Shape::of(ty) {
            Shape::Option(t) => {
                let t = self.of(t);
                quote_spanned!(span=> ::core::option::Option<#t>)
            }
            Shape::Boxed(t) => {
                let t = self.of(t);
                quote_spanned!(span=> ::std::boxed::Box<#t>)
            }
            Shape::List(t) => {
                let t = self.of(t);
                quote_spanned!(span=> ::std::vec::Vec<#t>)
            }
            Shape::Map(name, k, v) => {
                let v = self.of(v);
                quote_spanned!(span=> ::std::collections::#name<#k, #v>)
            }
            Shape::Other => {
                let derive = respan(&self.derive, span);
                quote_spanned!(span=> <#ty as #derive::Apply>::Configuration)
            }
        }
    }

    /// An expression: all of a value.
    pub(super) fn whole(&self, ty: &Type, value: &TokenStream) -> TokenStream {
        let span = ty.span();
        // Not at the type: a type may come from a macro, where the name would be another.
        let (local, key) = (quote!(__value), quote!(__key));
        match Shape::of(ty) {
            Shape::Option(t) => {
                let each = self.function(t);
                quote_spanned!(span=> ::core::option::Option::map(#value, #each))
            }
            Shape::Boxed(t) => {
                let whole = self.whole(t, &quote!((*#value)));
                quote_spanned!(span=> ::std::boxed::Box::new(#whole))
            }
            Shape::List(t) => {
                let each = self.function(t);
                quote_spanned! {span=>
                    ::core::iter::Iterator::collect(
                        ::core::iter::Iterator::map(::core::iter::IntoIterator::into_iter(#value), #each))
                }
            }
            Shape::Map(_, _, v) => {
                let each = self.whole(v, &local);
                quote_spanned! {span=>
                    ::core::iter::Iterator::collect(::core::iter::Iterator::map(
                        ::core::iter::IntoIterator::into_iter(#value), |(#key, #local)| (#key, #each)))
                }
            }
            Shape::Other => {
                let into = self.function(ty);
                quote_spanned!(span=> #into(#value))
            }
        }
    }

    /// A function: all of a value of this type. A closure only where it does more than to call another, as clippy wants it.
    pub(super) fn function(&self, ty: &Type) -> TokenStream {
        let span = ty.span();
        if matches!(Shape::of(ty), Shape::Other) {
            let derive = respan(&self.derive, span);
            return quote_spanned!(span=> <#ty as #derive::Apply>::into_configuration);
        }
        let local = quote!(__value);
        let whole = self.whole(ty, &local);
        quote_spanned!(span=> |#local| #whole)
    }
}

pub(super) fn respan(tokens: &TokenStream, span: Span) -> TokenStream {
    let all = tokens.clone().into_iter().map(|mut t| {
        t.set_span(span);
        t
    });
    all.collect()
}

/// What a type is by its name.
pub(super) enum Shape<'t> {
    Option(&'t Type),
    Boxed(&'t Type),
    List(&'t Type),
    Map(Ident, &'t Type, &'t Type),
    Other,
}

impl<'t> Shape<'t> {
    pub(super) fn of(ty: &'t Type) -> Self {
        if let Some(t) = inside(ty, &["Option"]) {
            return Self::Option(t);
        }
        if let Some(t) = inside(ty, &["Box"]) {
            return Self::Boxed(t);
        }
        if let Some(t) = inside(ty, LISTS) {
            return Self::List(t);
        }
        for name in MAPS {
            if let [k, v] = arguments(ty, &[name]).as_slice() {
                return Self::Map(Ident::new(name, ty.span()), k, v);
            }
        }
        Self::Other
    }
}
