//! The conversion of a type between two neighbouring versions, field by field and variant by variant.

use super::Scope;
use crate::model::{Fallback, VersionedData, VersionedField, VersionedFields, VersionedType, VersionedVariant};
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Fields, GenericArgument, Index, Path, PathArguments, Type};

/// Of a type that is in both versions: `TryFrom` of the one for the other.
pub(super) fn conversion(ty: &VersionedType, way: &Way<'_>) -> TokenStream {
    let (s, conversion) = (way.scope, way.scope.conversion());
    let (old, new) = (s.path(ty, way.from), s.path(ty, way.to));
    let by_hand = ty.life.changes.get(&way.step()).and_then(|c| way.function(&c.upgrade_with, &c.downgrade_with));
    let body = match (by_hand, &ty.data) {
        (Some(function), _) => quote!(#conversion::Outcome::outcome(#function(__old))),
        (None, VersionedData::Struct(f)) => structure(f, way),
        (None, VersionedData::Enum(variants)) => enumeration(variants, &old, way),
    };
    quote! {
        #[automatically_derived]
        impl ::core::convert::TryFrom<#old> for #new {
            type Error = #conversion::Misfit;

            #[allow(unused_variables, clippy::all)]
            fn try_from(__old: #old) -> ::core::result::Result<Self, Self::Error> {
                #body
            }
        }
    }
}

/// From one version to its neighbour.
pub(super) struct Way<'a> {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) scope: &'a Scope<'a>,
}

impl Way<'_> {
    fn up(&self) -> bool {
        self.to > self.from
    }

    /// The version since which all is different that differs between the two.
    fn step(&self) -> usize {
        self.from.max(self.to)
    }

    fn function<'p>(&self, up: &'p Option<Path>, down: &'p Option<Path>) -> Option<&'p Path> {
        if self.up() { up.as_ref() } else { down.as_ref() }
    }
}

fn structure(f: &VersionedFields, way: &Way<'_>) -> TokenStream {
    let conversion = way.scope.conversion();
    let mut first = TokenStream::new();
    let mut position = 0;
    let mut values = Vec::new();
    for (i, field) in f.all.iter().enumerate() {
        let index = Index::from(position);
        position += usize::from(field.life.in_version(way.from));
        if !field.life.in_version(way.to) {
            continue;
        }
        if field.life.in_version(way.from) {
            let source = match &field.ident {
                Some(ident) => {
                    let name = field.life.name(ident, way.from);
                    quote!(__old.#name)
                }
                None => quote!(__old.#index),
            };
            values.push((field, kept(field, i, source, way)));
            continue;
        }
        match appearing(field, way) {
            Appearing::Value(value) => values.push((field, value)),
            Appearing::By(function) => {
                // It reads all of the old value, so it goes before anything is moved out of that.
                let name = format_ident!("__f{}", i);
                let key = field.key(way.to, i);
                first.extend(quote! {
                    let #name = #conversion::Outcome::outcome(#function(&__old)).map_err(|__e| __e.or_in_field(#key))?;
                });
                values.push((field, quote!(#name)));
            }
        }
    }
    let built = built(&f.form, quote!(Self), values, way);
    quote! {
        #first
        ::core::result::Result::Ok(#built)
    }
}

/// A struct or variant of these values.
fn built(form: &Fields, path: TokenStream, values: Vec<(&VersionedField, TokenStream)>, way: &Way<'_>) -> TokenStream {
    match form {
        Fields::Unit => path,
        Fields::Unnamed(_) => {
            let values = values.into_iter().map(|(_, v)| v);
            quote!(#path(#(#values),*))
        }
        Fields::Named(_) => {
            let values = values.into_iter().filter_map(|(f, v)| {
                let name = f.life.name(f.ident.as_ref()?, way.to);
                Some(quote!(#name: #v))
            });
            quote!(#path { #(#values),* })
        }
    }
}

/// The value of a field that both versions have.
fn kept(f: &VersionedField, index: usize, source: TokenStream, way: &Way<'_>) -> TokenStream {
    let conversion = way.scope.conversion();
    let change = f.life.changes.get(&way.step());
    let function = change.and_then(|c| way.function(&c.upgrade_with, &c.downgrade_with));
    let converted = match function {
        Some(function) => Some(quote!(#conversion::Outcome::outcome(#function(#source)))),
        None => converted(source.clone(), f.life.ty(&f.ty, way.from), f.life.ty(&f.ty, way.to), f.nested, way),
    };
    let key = f.key(way.from, index);
    match converted {
        Some(converted) => quote!(#converted.map_err(|__e| __e.in_field(#key))?),
        None => source,
    }
}

/// Where the value of a field comes from that the old version lacks.
enum Appearing<'a> {
    Value(TokenStream),
    By(&'a Path),
}

fn appearing<'a>(f: &'a VersionedField, way: &Way<'_>) -> Appearing<'a> {
    let difference = if way.up() { f.life.added.as_ref() } else { f.life.removed.as_ref() };
    if let Some(function) = difference.and_then(|d| way.function(&d.upgrade_with, &d.downgrade_with)) {
        return Appearing::By(function);
    }
    Appearing::Value(match difference.and_then(|d| d.default.as_ref()) {
        Some(e) => quote!(#e),
        None => {
            // That the type has no default is said at the word that needs one.
            let span = difference.map_or_else(Span::call_site, |d| d.keyword.span());
            quote_spanned!(span=> ::core::default::Default::default())
        }
    })
}

/// Containers whose first argument is what they hold.
const LISTS: &[&str] = &["Option", "Box", "Vec", "VecDeque", "LinkedList", "BTreeSet"];
/// Those whose second is, by their first.
const MAPS: &[&str] = &["BTreeMap", "HashMap"];

/// A value of the one type as the other; `None` when they are the same.
fn converted(value: TokenStream, old: &Type, new: &Type, nested: bool, way: &Way<'_>) -> Option<TokenStream> {
    let conversion = way.scope.conversion();
    if old == new && !nested && !way.scope.versioned(new) {
        return None;
    }
    if let (Some(old), Some(new)) = (contained(old), contained(new))
        && old.container == new.container
    {
        let item = converted(quote!(__v), old.item, new.item, nested, way);
        let key = old.key.zip(new.key).and_then(|(old, new)| converted(quote!(__k), old, new, false, way));
        if let Some(key) = key {
            let item = item.unwrap_or_else(|| quote!(::core::result::Result::Ok(__v)));
            return Some(quote!(#conversion::Keyed::entries(#value, |__k| #key, |__v| #item)));
        }
        if let Some(item) = item {
            return Some(quote!(#conversion::Container::each(#value, |__v| #item)));
        }
    }
    // That the one is not made from the other is said where the type is written.
    let span = new.span();
    let conversion = conversion.into_iter().map(|mut t| {
        t.set_span(span);
        t
    });
    let conversion: TokenStream = conversion.collect();
    Some(quote_spanned!(span=> #conversion::step(#value)))
}

/// A container, and what it holds.
struct Contained<'a> {
    container: String,
    key: Option<&'a Type>,
    item: &'a Type,
}

fn contained(ty: &Type) -> Option<Contained<'_>> {
    let last = match ty {
        Type::Paren(t) => return contained(&t.elem),
        Type::Group(t) => return contained(&t.elem),
        Type::Array(a) => {
            let container = format!("[{}]", a.len.to_token_stream());
            return Some(Contained { container, key: None, item: &a.elem });
        }
        Type::Path(p) => p.path.segments.last()?,
        _ => return None,
    };
    let PathArguments::AngleBracketed(a) = &last.arguments else { return None };
    let mut types = a.args.iter().filter_map(|a| if let GenericArgument::Type(t) = a { Some(t) } else { None });
    let container = last.ident.to_string();
    let key = match container.as_str() {
        c if LISTS.contains(&c) => None,
        c if MAPS.contains(&c) => Some(types.next()?),
        _ => return None,
    };
    Some(Contained { container, key, item: types.next()? })
}

fn enumeration(variants: &[VersionedVariant], old: &TokenStream, way: &Way<'_>) -> TokenStream {
    let arms = variants.iter().filter(|w| w.life.in_version(way.from)).map(|w| arm(w, old, way));
    quote! {
        match __old {
            #(#arms)*
        }
    }
}

fn arm(w: &VersionedVariant, old: &TokenStream, way: &Way<'_>) -> TokenStream {
    let conversion = way.scope.conversion();
    let name = w.life.name(&w.ident, way.from);
    if !w.life.in_version(way.to) {
        let all = match &w.fields.form {
            Fields::Unit => quote!(#old::#name),
            Fields::Unnamed(_) => quote!(#old::#name(..)),
            Fields::Named(_) => quote!(#old::#name { .. }),
        };
        let instead = match if way.up() { &w.above } else { &w.below } {
            Some(Fallback::Unit(other)) => quote!(::core::result::Result::Ok(Self::#other)),
            Some(Fallback::Function(function)) => {
                return quote! {
                    __v @ #all => #conversion::Outcome::outcome(#function(__v)),
                };
            }
            // The mistake is reported.
            None => quote!(::core::result::Result::Err(#conversion::Misfit::new(""))),
        };
        return quote!(#all => #instead,);
    }
    let (mut bound, mut values) = (Vec::new(), Vec::new());
    for (i, f) in w.fields.all.iter().enumerate() {
        let place = format_ident!("__f{}", i);
        let (before, after) = (f.life.in_version(way.from), f.life.in_version(way.to));
        if before {
            let place = if after { quote!(#place) } else { quote!(_) };
            let name = f.ident.as_ref().map(|ident| f.life.name(ident, way.from)).map(|name| quote!(#name:));
            bound.push(quote!(#name #place));
        }
        match (before, after) {
            (true, true) => {
                let value = kept(f, i, quote!(#place), way);
                values.push((f, in_variant(value, w, way)));
            }
            (false, true) => values.push((
                f,
                match appearing(f, way) {
                    Appearing::Value(value) => value,
                    // The mistake is reported.
                    Appearing::By(_) => quote!(::core::default::Default::default()),
                },
            )),
            _ => {}
        }
    }
    let pattern = match &w.fields.form {
        Fields::Unit => quote!(#old::#name),
        Fields::Unnamed(_) => quote!(#old::#name(#(#bound),*)),
        Fields::Named(_) => quote!(#old::#name { #(#bound),* }),
    };
    let there = w.life.name(&w.ident, way.to);
    let built = built(&w.fields.form, quote!(Self::#there), values, way);
    quote!(#pattern => ::core::result::Result::Ok(#built),)
}

/// An error in a variant's field is under the variant's key, if it has one.
fn in_variant(value: TokenStream, w: &VersionedVariant, way: &Way<'_>) -> TokenStream {
    let conversion = way.scope.conversion();
    match &w.key {
        Some(key) => quote! {
            (|| ::core::result::Result::<_, #conversion::Misfit>::Ok(#value))().map_err(|__e| __e.in_field(#key))?
        },
        None => value,
    }
}
