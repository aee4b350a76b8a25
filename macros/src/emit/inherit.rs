//! kube's `Resource` for a type of the user's own that is another resource.

use crate::syntax::Inherit;
use proc_macro2::TokenStream;
use quote::quote;

pub(crate) fn inherit(i: &Inherit) -> TokenStream {
    let (kube_core, k8s, ident, of) = (i.crates.kube_core(), i.crates.k8s_openapi(), &i.ident, &i.of);
    let meta = quote!(#k8s::apimachinery::pkg::apis::meta::v1::ObjectMeta);
    let inherited = quote!(<#of as #kube_core::Resource>);
    let names = ["group", "kind", "version", "api_version", "plural"].map(|name| {
        let name = quote::format_ident!("{name}");
        quote! {
            fn #name(__t: &Self::DynamicType) -> ::std::borrow::Cow<'_, str> {
                #inherited::#name(__t)
            }
        }
    });
    quote! {
        #[automatically_derived]
        impl #kube_core::Resource for #ident {
            type DynamicType = #inherited::DynamicType;
            type Scope = #inherited::Scope;

            #(#names)*

            fn meta(&self) -> &#meta {
                &self.metadata
            }

            fn meta_mut(&mut self) -> &mut #meta {
                &mut self.metadata
            }
        }
    }
}
