//! The configuration of a whole resource: which object it is, and what is given of its metadata, spec and status.

use super::{Names, asked, bounded};
use crate::model::{Resource, configuration};
use crate::syntax::Crates;
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Generics, Type};

/// The type and its traits.
pub(crate) fn resource(r: &Resource) -> TokenStream {
    let n = Names::new(&r.attrs.crates);
    let (root, spec, vis, derive, serde) = (&r.root, &r.spec, &r.vis, &n.derive, &n.serde);
    let name = configuration(root);
    let (api_version, kind) = (format!("{}/{}", r.group, r.version), &r.kind);
    let doc = format!(" What is applied of a [`{root}`]: what is not set is not written, and stays as it is.");
    let spec: Type = syn::parse_quote!(#spec);
    let status: Option<Type> = r.attrs.status.as_ref().map(|s| syn::parse_quote!(#s));
    let parts: Vec<(Ident, Type)> =
        std::iter::once((format_ident!("spec"), spec)).chain(status.map(|s| (format_ident!("status"), s))).collect();
    let idents: Vec<&Ident> = parts.iter().map(|(i, _)| i).collect();
    let used: Vec<&Type> = parts.iter().map(|(_, t)| t).collect();
    let (generics, asked) = (bounded(&Generics::default(), &used, &n), asked(&Generics::default(), &used[1..], &n));
    let wheres = &generics.where_clause;
    let types: Vec<TokenStream> = parts.iter().map(|(_, t)| n.of(t)).collect();
    let fields = parts.iter().zip(&types).map(|((ident, t), ty)| {
        let ty = quote_spanned!(t.span()=> ::core::option::Option<#ty>);
        quote!(#vis #ident: #ty,)
    });
    let setters = parts.iter().zip(&types).map(|((ident, t), ty)| {
        let set = format_ident!("with_{ident}");
        let ty = quote_spanned!(t.span()=> impl ::core::convert::Into<#ty>);
        let doc = format!(" Sets what is given of the {ident}.");
        quote! {
            #[doc = #doc]
            #[must_use]
            pub fn #set(mut self, __value: #ty) -> Self {
                self.#ident = ::core::option::Option::Some(::core::convert::Into::into(__value));
                self
            }
        }
    });
    let written = parts.iter().map(|(ident, _)| {
        let key = ident.to_string();
        quote! {
            if let ::core::option::Option::Some(__value) = &self.#ident {
                #serde::ser::SerializeMap::serialize_entry(&mut __o, #key, __value)?;
            }
        }
    });
    let metadata = metadata_setters(&r.attrs.crates);
    let values = parts.iter().map(|(ident, ty)| {
        if *ident == "status" {
            let each = n.function(ty);
            return quote!(#ident: ::core::option::Option::map(__from.#ident, #each),);
        }
        let whole = n.whole(ty, &quote!(__from.#ident));
        quote!(#ident: ::core::option::Option::Some(#whole),)
    });
    quote! {
        #[doc = #doc]
        #[allow(missing_docs)]
        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        #vis struct #name #wheres {
            /// Which object it is, and what is given of its metadata.
            #vis metadata: #derive::MetadataApply,
            #(#fields)*
        }

        const _: () = {
            #[automatically_derived]
            #[allow(dead_code)]
            impl #name #wheres {
                /// Nothing is set of the object of this name.
                pub fn new(name: impl ::core::convert::Into<::std::string::String>) -> Self {
                    Self {
                        metadata: #derive::MetadataApply::named(name),
                        #(#idents: ::core::option::Option::None,)*
                    }
                }

                #(#metadata)*

                #(#setters)*
            }

            #[automatically_derived]
            impl #serde::Serialize for #name #wheres {
                fn serialize<__S: #serde::Serializer>(&self, __s: __S) -> ::core::result::Result<__S::Ok, __S::Error> {
                    let mut __o = #serde::Serializer::serialize_map(__s, ::core::option::Option::None)?;
                    #serde::ser::SerializeMap::serialize_entry(&mut __o, "apiVersion", #api_version)?;
                    #serde::ser::SerializeMap::serialize_entry(&mut __o, "kind", #kind)?;
                    #serde::ser::SerializeMap::serialize_entry(&mut __o, "metadata", &self.metadata)?;
                    #(#written)*
                    #serde::ser::SerializeMap::end(__o)
                }
            }

            #[automatically_derived]
            impl ::core::convert::From<#root> for #name #wheres {
                fn from(__from: #root) -> Self {
                    Self {
                        metadata: ::core::convert::From::from(__from.metadata),
                        #(#values)*
                    }
                }
            }

            #[automatically_derived]
            impl #derive::Apply for #root #wheres {
                type Configuration = #name;

                fn into_configuration(self) -> Self::Configuration {
                    ::core::convert::From::from(self)
                }
            }

            #asked
        };
    }
}

/// Setters of the metadata, on the whole resource.
fn metadata_setters(crates: &Crates) -> [TokenStream; 5] {
    let k8s = crates.k8s_openapi();
    let owner = quote!(#k8s::apimachinery::pkg::apis::meta::v1::OwnerReference);
    let text = quote!(impl ::core::convert::Into<::std::string::String>);
    let texts = quote!(impl ::core::iter::IntoIterator<Item = #text>);
    let pairs = quote!(impl ::core::iter::IntoIterator<Item = (#text, #text)>);
    let owners = quote!(impl ::core::iter::IntoIterator<Item = #owner>);
    [
        ("namespace", " Sets the namespace.", text),
        ("labels", " Sets labels, or adds to them.", pairs.clone()),
        ("annotations", " Sets annotations, or adds to them.", pairs),
        ("finalizers", " Sets finalizers, or adds to them.", texts),
        ("owner_references", " Sets owners, or adds to them.", owners),
    ]
    .map(|(name, doc, argument)| {
        let set = format_ident!("with_{name}");
        quote! {
            #[doc = #doc]
            #[must_use]
            pub fn #set(mut self, __value: #argument) -> Self {
                self.metadata = self.metadata.#set(__value);
                self
            }
        }
    })
}
