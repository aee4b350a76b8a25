//! The struct or enum that is given to server-side apply, its setters, and how a whole value becomes one.

mod root;
mod shape;

pub(crate) use root::resource;
use shape::{Names, Shape, respan};

use crate::model::{Apply, ApplyBody, ApplyField, ApplyForm, ApplyVariant, Setter};
use crate::model::{inside, is_plain, unraw};
use crate::syntax::Crates;
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{GenericParam, Generics, Type};

pub(crate) fn apply(a: &Apply, crates: &Crates) -> TokenStream {
    let n = Names::new(crates);
    match &a.form {
        ApplyForm::Whole => own(a, &quote!(Self), &quote!(self), &bounded(&a.generics, &[], &n), &n),
        ApplyForm::Through { member, ty } => {
            let value = n.whole(ty, &quote!(self.#member));
            let own = own(a, &n.of(ty), &value, &bounded(&a.generics, &[ty], &n), &n);
            let asked = asked(&a.generics, &[ty], &n);
            quote!(#own #asked)
        }
        ApplyForm::Fields { fields, complete } => fields_struct(a, fields, *complete, &n),
        ApplyForm::Variants { tag, content, untagged, variants } => {
            let mut form = TokenStream::new();
            form.extend(tag.as_ref().map(|t| quote!(tag = #t,)));
            form.extend(content.as_ref().map(|c| quote!(content = #c,)));
            form.extend(untagged.then(|| quote!(untagged,)));
            variants_enum(a, &form, variants, &n)
        }
    }
}

/// The trait, for a type whose configuration this is.
fn own(a: &Apply, configuration: &TokenStream, value: &TokenStream, generics: &Generics, n: &Names) -> TokenStream {
    let (derive, source) = (&n.derive, &a.source);
    let (impls, types, wheres) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #impls #derive::Apply for #source #types #wheres {
            type Configuration = #configuration;

            fn into_configuration(self) -> Self::Configuration {
                #value
            }
        }
    }
}

/// Type parameters can be applied in parts, and so can these types. `for` keeps the compiler from asking that of each piece of
/// code that has the bound: `asked` asks once, so that a type that cannot is one error.
fn bounded(generics: &Generics, types: &[&Type], n: &Names) -> Generics {
    let mut generics = generics.clone();
    let derive = &n.derive;
    for p in &mut generics.params {
        if let GenericParam::Type(t) = p {
            let bound: syn::TypeParamBound = syn::parse_quote!(#derive::Apply);
            t.bounds.extend([bound, syn::parse_quote!(::core::clone::Clone), syn::parse_quote!(::core::fmt::Debug)]);
        }
    }
    let leaves = leaves(types);
    if !leaves.is_empty() {
        let bounds =
            leaves.iter().map(|t| -> syn::WherePredicate { syn::parse_quote!(for<'__apply> #t: #derive::Apply) });
        generics.make_where_clause().predicates.extend(bounds);
    }
    generics
}

/// An item that compiles if all these types can be applied.
fn asked(generics: &Generics, types: &[&Type], n: &Names) -> TokenStream {
    // What mentions parameters is asked for where they are known.
    if !generics.params.is_empty() {
        return TokenStream::new();
    }
    let derive = &n.derive;
    let each = leaves(types).into_iter().map(|t| {
        let derive = respan(derive, t.span());
        quote_spanned!(t.span()=> #derive::has_configuration::<#t>();)
    });
    quote!(const _: fn() = || { #(#each)* };)
}

/// The types that options, lists and maps are of.
fn leaves<'t>(types: &[&'t Type]) -> Vec<&'t Type> {
    let one = |t: &&'t Type| match Shape::of(t) {
        Shape::Option(t) | Shape::Boxed(t) | Shape::List(t) | Shape::Map(_, _, t) => leaves(&[t]),
        Shape::Other if is_plain(t) => Vec::new(),
        Shape::Other => vec![*t],
    };
    types.iter().flat_map(one).collect()
}

/// The types of fields that are given in parts.
fn types_of(fields: &[ApplyField]) -> Vec<&Type> {
    fields.iter().filter(|f| !f.whole).map(|f| &f.ty).collect()
}

/// Derives and serde attributes of a configuration.
fn head(a: &Apply, form: &TokenStream, n: &Names) -> TokenStream {
    let (serde, path) = (&n.serde, n.serde_path());
    let doc = format!(" What is applied of a [`{}`]: what is not set is not written, and stays as it is.", a.source);
    quote! {
        #[doc = #doc]
        #[allow(missing_docs, deprecated, clippy::large_enum_variant, clippy::option_option)]
        #[derive(#serde::Serialize, ::core::clone::Clone, ::core::fmt::Debug)]
        #[serde(#form crate = #path, bound = "")]
    }
}

fn fields_struct(a: &Apply, fields: &[ApplyField], complete: bool, n: &Names) -> TokenStream {
    let (source, name, vis) = (&a.source, &a.name, &a.vis);
    let used = types_of(fields);
    let (generics, asked) = (bounded(&a.generics, &used, n), asked(&a.generics, &used, n));
    let (impls, types, wheres) = generics.split_for_impl();
    let head = head(a, &TokenStream::new(), n);
    let declared = fields.iter().map(|f| declared(f, true, &format!("{name}{}", turbofish(&a.generics)), n));
    // A parameter that is used by fields that are not written only.
    let marker = (!complete && !a.generics.params.is_empty()).then(|| marker(&a.generics));
    let marker_field = marker.as_ref().map(|m| quote!(#[serde(skip)] __marker: ::core::marker::PhantomData<#m>,));
    let marker_value = marker.as_ref().map(|_| quote!(__marker: ::core::marker::PhantomData,));
    let idents: Vec<&Ident> = fields.iter().map(|f| &f.ident).collect();
    let setters = fields.iter().map(|f| setters(f, fields, n));
    let writers = fields.iter().filter_map(|f| writer(f, n));
    let values = fields.iter().map(|f| {
        let ident = &f.ident;
        let value = value(f, &quote!(__from.#ident), n);
        quote!(#ident: #value,)
    });
    let own = own(a, &quote!(#name #types), &quote!(::core::convert::From::from(self)), &generics, n);
    quote! {
        #head
        #vis struct #name #generics #wheres {
            #(#declared)*
            #marker_field
        }

        #[allow(deprecated)]
        const _: () = {
            #[automatically_derived]
            impl #impls ::core::default::Default for #name #types #wheres {
                fn default() -> Self {
                    Self { #(#idents: ::core::option::Option::None,)* #marker_value }
                }
            }

            #[automatically_derived]
            #[allow(dead_code)]
            impl #impls #name #types #wheres {
                /// Nothing is set.
                pub fn new() -> Self {
                    ::core::default::Default::default()
                }

                #(#setters)*

                #(#writers)*
            }

            #[automatically_derived]
            impl #impls ::core::convert::From<#source #types> for #name #types #wheres {
                fn from(__from: #source #types) -> Self {
                    Self { #(#values)* #marker_value }
                }
            }

            #own

            #asked
        };
    }
}

fn turbofish(generics: &Generics) -> String {
    if generics.params.is_empty() {
        return String::new();
    }
    let (_, types, _) = generics.split_for_impl();
    types.as_turbofish().to_token_stream().to_string()
}

/// A type that uses all parameters.
fn marker(generics: &Generics) -> TokenStream {
    let used = generics.params.iter().filter_map(|p| match p {
        GenericParam::Type(t) => {
            let ident = &t.ident;
            Some(quote!(#ident))
        }
        GenericParam::Lifetime(l) => {
            let lifetime = &l.lifetime;
            Some(quote!(&#lifetime ()))
        }
        GenericParam::Const(_) => None,
    });
    quote!((#(#used,)*))
}

/// A field of a configuration.
fn declared(f: &ApplyField, visible: bool, configuration: &str, n: &Names) -> TokenStream {
    let (ident, name) = (&f.ident, &f.name);
    let vis = visible.then_some(&f.vis);
    let docs = f.docs.as_ref().map(|d| quote!(#[doc = #d]));
    let ty = field_type(f, n);
    let name = if f.flatten { quote!(flatten) } else { quote!(rename = #name) };
    let with = f.written_by.as_ref().map(|_| {
        let function = format!("{configuration}::{}", writer_name(f));
        quote!(, serialize_with = #function)
    });
    let ty = quote_spanned!(f.ty.span()=> ::core::option::Option<#ty>);
    quote! {
        #docs
        #[serde(#name, skip_serializing_if = "::core::option::Option::is_none" #with)]
        #vis #ident: #ty,
    }
}

fn field_type(f: &ApplyField, n: &Names) -> TokenStream {
    let ty = &f.ty;
    if f.whole { quote!(#ty) } else { n.of(ty) }
}

fn writer_name(f: &ApplyField) -> Ident {
    format_ident!("__write_{}", unraw(&f.ident))
}

/// What writes a field that a function of the user's writes.
fn writer(f: &ApplyField, n: &Names) -> Option<TokenStream> {
    let (function, ty, name, serde) = (f.written_by.as_ref()?, &f.ty, writer_name(f), &n.serde);
    Some(quote! {
        #[doc(hidden)]
        fn #name<__S: #serde::Serializer>(
            __value: &::core::option::Option<#ty>,
            __s: __S,
        ) -> ::core::result::Result<__S::Ok, __S::Error> {
            match __value {
                ::core::option::Option::Some(__value) => #function(__value, __s),
                ::core::option::Option::None => #serde::Serializer::serialize_none(__s),
            }
        }
    })
}

/// An expression: what a whole value's field sets. An option that is none sets nothing.
fn value(f: &ApplyField, from: &TokenStream, n: &Names) -> TokenStream {
    let span = f.ty.span();
    match (f.whole, inside(&f.ty, &["Option"])) {
        (false, Some(t)) => {
            let local = quote!(__value);
            let whole = n.whole(t, &local);
            quote_spanned!(span=> ::core::option::Option::map(#from, |#local| ::core::option::Option::Some(#whole)))
        }
        (false, None) => {
            let whole = n.whole(&f.ty, from);
            quote_spanned!(span=> ::core::option::Option::Some(#whole))
        }
        (true, None) => quote!(::core::option::Option::Some(#from)),
        (true, Some(_)) => quote! {
            match #from {
                ::core::option::Option::None => ::core::option::Option::None,
                __some => ::core::option::Option::Some(__some),
            }
        },
    }
}

/// A type that a literal or a value converts to.
fn given(ty: &Type, whole: bool, n: &Names) -> (TokenStream, bool) {
    if is_plain(ty) {
        return (quote!(#ty), false);
    }
    let target = if whole { quote!(#ty) } else { n.of(ty) };
    (quote_spanned!(ty.span()=> impl ::core::convert::Into<#target>), true)
}

fn setters(f: &ApplyField, all: &[ApplyField], n: &Names) -> TokenStream {
    let ident = &f.ident;
    let set = format_ident!("with_{}", unraw(ident));
    let name = &f.name;
    let optional = inside(&f.ty, &["Option"]).is_some() && f.written_by.is_none();
    let some = |value: TokenStream| match optional {
        true => quote!(::core::option::Option::Some(::core::option::Option::Some(#value))),
        false => quote!(::core::option::Option::Some(#value)),
    };
    let slot = match optional {
        true => quote! {
            ::core::option::Option::get_or_insert_with(
                ::core::option::Option::get_or_insert_with(&mut self.#ident, || ::core::option::Option::None),
                ::core::default::Default::default,
            )
        },
        false => quote! {
            ::core::option::Option::get_or_insert_with(&mut self.#ident, ::core::default::Default::default)
        },
    };
    let converted = |into: bool, value: TokenStream| match into {
        true => quote!(::core::convert::Into::into(#value)),
        false => value,
    };
    let (doc, argument, body) = match &f.setter {
        Setter::Plain(ty) => {
            let value = some(quote!(__value));
            (format!(" Sets `{name}`."), quote!(#ty), quote!(self.#ident = #value;))
        }
        Setter::One(ty) => {
            let (argument, into) = given(ty, f.whole, n);
            let value = some(converted(into, quote!(__value)));
            (format!(" Sets `{name}`."), argument, quote!(self.#ident = #value;))
        }
        Setter::List(item) => {
            let (argument, into) = given(item, false, n);
            let item = converted(into, quote!(__item));
            (
                format!(" Sets `{name}`, or adds to it."),
                quote!(impl ::core::iter::IntoIterator<Item = #argument>),
                quote! {
                    ::core::iter::Extend::extend(
                        #slot,
                        ::core::iter::Iterator::map(::core::iter::IntoIterator::into_iter(__value), |__item| #item),
                    );
                },
            )
        }
        Setter::Map(map) => {
            let (key, entry) = &**map;
            let (key, key_into) = match is_plain(key) {
                true => (quote!(#key), false),
                false => (quote!(impl ::core::convert::Into<#key>), true),
            };
            let (argument, into) = given(entry, false, n);
            let (k, v) = (converted(key_into, quote!(__k)), converted(into, quote!(__v)));
            (
                format!(" Sets `{name}`, or adds entries to it."),
                quote!(impl ::core::iter::IntoIterator<Item = (#key, #argument)>),
                quote! {
                    ::core::iter::Extend::extend(
                        #slot,
                        ::core::iter::Iterator::map(::core::iter::IntoIterator::into_iter(__value), |(__k, __v)| (#k, #v)),
                    );
                },
            )
        }
    };
    let null_name = format_ident!("with_{}_null", unraw(ident));
    let taken = all.iter().any(|o| unraw(&o.ident) == format!("{}_null", unraw(ident)));
    let null = (f.nullable && !taken).then(|| {
        let doc = format!(" Sets `{name}` to null.");
        quote! {
            #[doc = #doc]
            #[must_use]
            pub fn #null_name(mut self) -> Self {
                self.#ident = ::core::option::Option::Some(::core::option::Option::None);
                self
            }
        }
    });
    quote! {
        #[doc = #doc]
        #[must_use]
        pub fn #set(mut self, __value: #argument) -> Self {
            #body
            self
        }

        #null
    }
}

fn variants_enum(a: &Apply, form: &TokenStream, variants: &[ApplyVariant], n: &Names) -> TokenStream {
    let (source, name, vis) = (&a.source, &a.name, &a.vis);
    let used = variants.iter().flat_map(|v| match &v.body {
        ApplyBody::Unit => Vec::new(),
        ApplyBody::Tuple(all) => all.iter().collect(),
        ApplyBody::Fields(fields) => types_of(fields),
    });
    let used: Vec<&Type> = used.collect();
    let (generics, asked) = (bounded(&a.generics, &used, n), asked(&a.generics, &used, n));
    let (impls, types, wheres) = generics.split_for_impl();
    let head = head(a, form, n);
    let declared = variants.iter().map(|v| {
        let (ident, name) = (&v.ident, &v.name);
        let docs = v.docs.as_ref().map(|d| quote!(#[doc = #d]));
        let untagged = v.untagged.then(|| quote!(, untagged));
        let body = match &v.body {
            ApplyBody::Unit => TokenStream::new(),
            ApplyBody::Tuple(all) => {
                let all = all.iter().map(|t| n.of(t));
                quote!((#(#all),*))
            }
            ApplyBody::Fields(fields) => {
                let fields = fields.iter().map(|f| self::declared(f, false, "", n));
                quote!({ #(#fields)* })
            }
        };
        quote!(#docs #[serde(rename = #name #untagged)] #ident #body,)
    });
    let arms = variants.iter().map(|v| {
        let ident = &v.ident;
        match &v.body {
            ApplyBody::Unit => quote!(#source::#ident => Self::#ident,),
            ApplyBody::Tuple(all) => {
                let names: Vec<Ident> = (0..all.len()).map(|i| format_ident!("__v{i}")).collect();
                let values = all.iter().zip(&names).map(|(t, name)| n.whole(t, &quote!(#name)));
                quote!(#source::#ident(#(#names),*) => Self::#ident(#(#values),*),)
            }
            ApplyBody::Fields(fields) => {
                let idents: Vec<&Ident> = fields.iter().map(|f| &f.ident).collect();
                let bound: Vec<Ident> = (0..fields.len()).map(|i| format_ident!("__v{i}")).collect();
                let values = fields.iter().zip(&bound).map(|(f, b)| value(f, &quote!(#b), n));
                quote!(#source::#ident { #(#idents: #bound,)* .. } => Self::#ident { #(#idents: #values,)* },)
            }
        }
    });
    let own = own(a, &quote!(#name #types), &quote!(::core::convert::From::from(self)), &generics, n);
    quote! {
        #head
        #vis enum #name #generics #wheres {
            #(#declared)*
        }

        #[allow(deprecated)]
        const _: () = {
            #[automatically_derived]
            impl #impls ::core::convert::From<#source #types> for #name #types #wheres {
                fn from(__from: #source #types) -> Self {
                    match __from {
                        #(#arms)*
                    }
                }
            }

            #own

            #asked
        };
    }
}
