//! `JsonSchema` of a type: what serde reads, field by field and variant by variant.

use super::facets::{Names, apply, describe};
use super::shape;
use crate::model::{Body, Container, Field, Form, Tagging, Variant};
use crate::syntax::DefaultFrom;
use proc_macro2::TokenStream;
use quote::quote;
use syn::{GenericParam, Generics};

pub(crate) fn schema(c: &Container) -> TokenStream {
    let n = Names::new(&c.attrs);
    let (derive, schemars, json) = (&n.derive, &n.schemars, &n.json);
    let ident = &c.ident;
    let generics = bounded(c, &n);
    let (impls, types, wheres) = generics.split_for_impl();
    let name = name(c, &n);
    let id = id(c, &n);
    let option = option(c, &n);
    let form = form(c, &n);
    let facets = apply(&c.attrs.facets, &n);
    let int_or_string = int_or_string(c.attrs.int_or_string);
    let describe = describe(c.docs.as_ref(), &c.attrs);
    let cel = c.attrs.cel.then(|| {
        quote! {
            #[automatically_derived]
            impl #impls #ident #types #wheres {
                /// Validates a serialized value against the schema and rules of this type, as the API server will; with `old`
                /// also against the rules of transition.
                pub fn validate_cel(
                    value: &#json::Value,
                    old: ::core::option::Option<&#json::Value>,
                ) -> ::core::result::Result<(), #derive::Invalid> {
                    #derive::validate_value::<Self>(value, old)
                }
            }
        }
    });
    let (shape, checks) = (shape::shape(c, &generics, &n), shape::checks(c, &n));
    quote! {
        #[automatically_derived]
        impl #impls #schemars::JsonSchema for #ident #types #wheres {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                #name
            }

            fn schema_id() -> ::std::borrow::Cow<'static, str> {
                #id
            }

            fn json_schema(__g: &mut #schemars::SchemaGenerator) -> #schemars::Schema {
                #[allow(unused_mut)]
                let mut __p = #form;
                #int_or_string
                #facets
                #describe
                #derive::finish(__g, __p.into_schema())
            }

            #option
        }

        #cel

        #shape

        #checks
    }
}

/// Type parameters have schemas, unless the bounds are given.
fn bounded(c: &Container, n: &Names) -> Generics {
    let mut generics = c.generics.clone();
    let schemars = &n.schemars;
    if let Some(given) = &c.attrs.bound {
        if let Ok(clause) =
            given.parse_with(syn::punctuated::Punctuated::<syn::WherePredicate, syn::Token![,]>::parse_terminated)
        {
            generics.make_where_clause().predicates.extend(clause);
        }
        return generics;
    }
    for p in &mut generics.params {
        if let GenericParam::Type(t) = p {
            t.bounds.push(syn::parse_quote!(#schemars::JsonSchema));
        }
    }
    generics
}

fn type_params(c: &Container) -> Vec<&syn::Ident> {
    c.generics.type_params().map(|t| &t.ident).collect()
}

fn name(c: &Container, n: &Names) -> TokenStream {
    let (name, params, schemars) = (&c.name, type_params(c), &n.schemars);
    if params.is_empty() {
        return quote!(::std::borrow::Cow::Borrowed(#name));
    }
    quote! {{
        let mut __name = ::std::string::String::from(#name);
        #(
            __name.push_str("_of_");
            __name.push_str(&<#params as #schemars::JsonSchema>::schema_name());
        )*
        ::std::borrow::Cow::Owned(__name)
    }}
}

fn id(c: &Container, n: &Names) -> TokenStream {
    let (params, schemars) = (type_params(c), &n.schemars);
    let name = format!("::{}", c.ident);
    let base = quote!(::core::concat!(::core::module_path!(), #name));
    if params.is_empty() {
        return quote!(::std::borrow::Cow::Borrowed(#base));
    }
    quote! {{
        let mut __id = ::std::string::String::from(#base);
        #(
            __id.push('<');
            __id.push_str(&<#params as #schemars::JsonSchema>::schema_id());
            __id.push('>');
        )*
        ::std::borrow::Cow::Owned(__id)
    }}
}

/// A transparent type around an option may be missing like the option.
fn option(c: &Container, n: &Names) -> TokenStream {
    let schemars = &n.schemars;
    match &c.form {
        Form::Struct(Body::Newtype(f)) if c.transparent && f.attrs.of_type.is_none() && f.attrs.with.is_none() => {
            let ty = &f.ty;
            quote! {
                fn _schemars_private_is_option() -> bool {
                    <#ty as #schemars::JsonSchema>::_schemars_private_is_option()
                }
            }
        }
        _ => TokenStream::new(),
    }
}

fn int_or_string(said: bool) -> TokenStream {
    if said { quote!(__p.int_or_string();) } else { TokenStream::new() }
}

/// An expression: the property of the whole type.
fn form(c: &Container, n: &Names) -> TokenStream {
    let (derive, schemars) = (&n.derive, &n.schemars);
    if let Some(with) = &c.attrs.with {
        return quote!(#derive::Property::new(#with(__g), false));
    }
    match &c.form {
        Form::Unknown => quote!(#derive::Property::any()),
        Form::Of(t) => quote!(#derive::Property::new(<#t as #schemars::JsonSchema>::json_schema(__g), false)),
        Form::Struct(body) => {
            let container = c.default.as_ref().map(|d| {
                let (_, types, _) = c.generics.split_for_impl();
                let (ident, value) = (&c.ident, default_value(d));
                quote! {
                    let __container: #ident #types = #value;
                }
            });
            let body = self::body(body, c.default.is_some(), n);
            quote!({ #container #body })
        }
        Form::Enum(variants) => self::variants(variants, n),
    }
}

fn default_value(d: &DefaultFrom) -> TokenStream {
    match d {
        DefaultFrom::Trait => quote!(::core::default::Default::default()),
        DefaultFrom::Function(path) => quote!(#path()),
    }
}

/// An expression: the property of the content of a struct or variant.
fn body(body: &Body, container_default: bool, n: &Names) -> TokenStream {
    let derive = &n.derive;
    match body {
        Body::Unit => quote!(#derive::Property::new(#derive::unit(), false)),
        Body::Newtype(f) => property(f, n),
        Body::Tuple(fields) => {
            let items = fields.iter().map(|f| property(f, n));
            quote!(#derive::Property::new(#derive::tuple(::std::vec![#(#items),*]), false))
        }
        Body::Struct { fields, deny_unknown } => {
            let fields = object(fields, *deny_unknown, container_default, n);
            quote! {{
                #[allow(unused_mut)]
                let mut __o = #derive::Object::new();
                #fields
                #derive::Property::new(__o.into_schema(), false)
            }}
        }
    }
}

/// Statements that add fields to `__o`.
fn object(fields: &[Field], deny_unknown: bool, container_default: bool, n: &Names) -> TokenStream {
    let mut out: TokenStream = fields.iter().map(|f| field(f, container_default, n)).collect();
    if deny_unknown {
        out.extend(quote!(__o.deny_unknown();));
    }
    out
}

fn field(f: &Field, container_default: bool, n: &Names) -> TokenStream {
    let property = property(f, n);
    if f.flatten {
        return quote!(__o.flatten(#property););
    }
    let default = default(f, container_default, n);
    let (name, aliases) = (&f.name, &f.aliases);
    let required = if f.attrs.required {
        quote!(true)
    } else if f.default.is_some() || container_default || f.attrs.default.is_some() || f.write_only {
        quote!(false)
    } else if f.by_function {
        quote!(true)
    } else {
        quote!(__p.required())
    };
    quote! {{
        #[allow(unused_mut)]
        let mut __p = #property;
        #default
        let __required = #required;
        __o.property(#name, &[#(#aliases),*], __p, __required);
    }}
}

/// A statement that sets the default of `__p`.
fn default(f: &Field, container_default: bool, n: &Names) -> TokenStream {
    let (derive, json, ty) = (&n.derive, &n.json, &f.ty);
    if let Some(given) = &f.attrs.default {
        return quote!(__p.default(::core::option::Option::Some(#json::json!(#given))););
    }
    if f.written_by_function {
        return TokenStream::new();
    }
    let member = &f.member;
    let value = match (&f.default, container_default) {
        (Some(d), _) => {
            let d = default_value(d);
            quote!(let __d: #ty = #d; let __d = &__d;)
        }
        (None, true) => quote!(let __d = &__container.#member;),
        (None, false) => return TokenStream::new(),
    };
    let json = quote!((&#derive::Default(__d)).value());
    let json = match &f.skip_serializing_if {
        Some(skip) => quote!(if #skip(__d) { ::core::option::Option::None } else { #json }),
        None => json,
    };
    quote! {
        __p.default({
            #[allow(unused_imports)]
            use #derive::{ViaNothing as _, ViaSerialize as _};
            #value
            #json
        });
    }
}

/// An expression: the property of a field, with all that is said about it.
fn property(f: &Field, n: &Names) -> TokenStream {
    let (derive, ty) = (&n.derive, &f.ty);
    let source = if let Some(with) = &f.attrs.with {
        quote!(#derive::Property::new(#with(__g), false))
    } else if let Some(t) = &f.attrs.of_type {
        quote!(#derive::subschema::<#t>(__g))
    } else if f.attrs.open {
        let optional = is_option(ty);
        quote!(#derive::Property::open(#optional))
    } else {
        quote!(#derive::subschema::<#ty>(__g))
    };
    let facets = apply(&f.attrs.facets, n);
    let describe = describe(f.docs.as_ref(), &f.attrs);
    let int_or_string = int_or_string(f.attrs.int_or_string);
    quote! {{
        #[allow(unused_mut)]
        let mut __p = #source;
        #int_or_string
        #facets
        #describe
        __p
    }}
}

/// As serde tells an option: by its name.
fn is_option(ty: &syn::Type) -> bool {
    crate::model::inside(ty, &["Option"]).is_some()
}

fn variants(all: &[Variant], n: &Names) -> TokenStream {
    let derive = &n.derive;
    let untagged = all.iter().any(|v| matches!(v.tagging, Tagging::Untagged));
    let branches: TokenStream = all.iter().map(|v| variant(v, all, n)).collect();
    let exclusive = !untagged;
    quote! {{
        let mut __b = #derive::Branches::new();
        #branches
        #derive::Property::new(__b.into_schema(#exclusive), false)
    }}
}

/// Statements that add the branches of a variant to `__b`.
fn variant(v: &Variant, all: &[Variant], n: &Names) -> TokenStream {
    let (derive, name, aliases, other) = (&n.derive, &v.name, &v.aliases, v.other);
    let names = quote!(&[#name #(, #aliases)*]);
    let describe = describe(v.docs.as_ref(), &v.attrs);
    let facets = apply(&v.attrs.facets, n);
    let said = quote!(#facets #describe);
    let content = match (&v.attrs.with, &v.attrs.of_type) {
        (Some(with), _) => quote!(#derive::Property::new(#with(__g), false)),
        (None, Some(t)) => quote!(#derive::subschema::<#t>(__g)),
        (None, None) => body(&v.body, false, n),
    };
    let content = quote! {{
        #[allow(unused_mut)]
        let mut __p = #content;
        #said
        __p
    }};
    let unit = matches!(v.body, Body::Unit);
    let tag = |tag: &String| match v.other {
        false => quote!(__o.tag(#tag, #names);),
        true => {
            let others = all.iter().filter(|o| !o.other).flat_map(|o| std::iter::once(&o.name).chain(&o.aliases));
            quote!(__o.other_tag(#tag, &[#(#others),*]);)
        }
    };
    match &v.tagging {
        Tagging::External if unit => quote!(__b.name(#names, #other);),
        Tagging::External => quote!(__b.keyed(#names, #content);),
        Tagging::Untagged => quote!(__b.bare(#content);),
        Tagging::Internal(key) => {
            let tag = tag(key);
            match &v.body {
                Body::Struct { fields, deny_unknown } => {
                    let fields = object(fields, *deny_unknown, false, n);
                    quote! {{
                        let mut __o = #derive::Object::new();
                        #tag
                        #fields
                        #[allow(unused_mut)]
                        let mut __p = #derive::Property::new(__o.into_schema(), false);
                        #said
                        __b.bare(__p);
                    }}
                }
                // serde looks at the tag only.
                Body::Unit => quote! {{
                    let mut __o = #derive::Object::new();
                    #tag
                    __b.bare(#derive::Property::new(__o.into_schema(), false));
                }},
                _ => quote! {{
                    let mut __o = #derive::Object::new();
                    #tag
                    __o.include(#content);
                    __b.bare(#derive::Property::new(__o.into_schema(), false));
                }},
            }
        }
        Tagging::Adjacent(key, content_key) => {
            let tag = tag(key);
            // Null is dropped, which an option reads as none; allowed, it would be for all variants.
            let content = match unit {
                false => quote! {
                    let mut __c = #content;
                    let __required = __c.required();
                    __c.not_null();
                    __o.property(#content_key, &[], __c, __required);
                },
                true if v.deny_unknown || all.iter().all(|o| matches!(o.body, Body::Unit)) => TokenStream::new(),
                true => quote!(__o.absent(#content_key);),
            };
            let deny = v.deny_unknown.then(|| quote!(__o.deny_unknown();));
            quote! {{
                let mut __o = #derive::Object::new();
                #tag
                #content
                #deny
                __b.bare(#derive::Property::new(__o.into_schema(), false));
            }}
        }
    }
}
