//! The root type of a resource, its traits, and its test.

use super::facets::{Names, apply};
use super::shape;
use crate::model::{Resource, paths, snake};
use crate::syntax::{ColumnAttrs, Facet, KubeAttrs, Mode};
use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::LitStr;
use syn::spanned::Spanned;

pub(crate) fn resource(r: &Resource, clean: bool) -> TokenStream {
    let root = root(r);
    let parts: TokenStream =
        [declared(r), methods(r), serialize(r), traits(r), definition(r), schema(r), cel(r), checks(r)]
            .into_iter()
            .collect();
    let test = (clean && r.attrs.test && r.attrs.schema == Mode::Derived).then(|| test(r));
    let apply = r.apply.as_ref().map(|spec| {
        let (spec, whole) = (super::apply::apply(spec, &r.attrs.crates), super::apply::resource(r));
        quote!(#spec #whole)
    });
    quote! {
        #root

        #apply

        const _: () = {
            #parts
        };

        #test
    }
}

fn metadata(a: &KubeAttrs) -> TokenStream {
    let k8s = a.crates.k8s_openapi();
    quote!(#k8s::apimachinery::pkg::apis::meta::v1::ObjectMeta)
}

fn option<T: quote::ToTokens>(value: Option<T>) -> TokenStream {
    match value {
        Some(v) => quote!(::core::option::Option::Some(#v)),
        None => quote!(::core::option::Option::None),
    }
}

/// What the definition says about itself, when nobody else does.
fn doc(r: &Resource) -> String {
    let given = r.attrs.doc.as_ref().map(LitStr::value);
    given.unwrap_or_else(|| format!("Auto-generated derived type for {} via `CustomResource`", r.spec))
}

fn root(r: &Resource) -> TokenStream {
    let (a, vis, root, spec) = (&r.attrs, &r.vis, &r.root, &r.spec);
    let doc = format!(" {}", doc(r));
    let serde = a.crates.serde();
    let serde_path = serde.to_string().replace(' ', "");
    let metadata = metadata(a);
    let derives = a.derives.iter().filter(|d| !d.is_ident("Default"));
    let attributes = &a.attributes;
    let status = a.status.as_ref().map(|s| {
        quote! {
            /// What has become of the spec.
            #[serde(default)]
            #vis status: ::core::option::Option<#s>,
        }
    });
    quote! {
        #[doc = #doc]
        #[allow(missing_docs)]
        #[derive(#serde::Deserialize, ::core::clone::Clone, ::core::fmt::Debug #(, #derives)*)]
        #(#[#attributes])*
        #[serde(rename_all = "camelCase", crate = #serde_path)]
        #vis struct #root {
            /// Standard metadata.
            #vis metadata: #metadata,
            /// What is wanted.
            #vis spec: #spec,
            #status
        }
    }
}

/// What the attributes say, as a constant of the runtime's type.
fn declared(r: &Resource) -> TokenStream {
    let a = &r.attrs;
    let derive = a.crates.derive();
    let (group, version, kind, singular, plural) = (&r.group, &r.version, &r.kind, &r.singular, &r.plural);
    let (namespaced, storage, served, status) = (a.namespaced, a.storage, a.served, a.status.is_some());
    let (shortnames, categories, selectable) = (&a.shortnames, &a.categories, &a.selectable);
    let columns = a.columns.iter().map(|c| column(c, &derive));
    let scale = option(a.scale.as_ref().map(|s| {
        let (spec, status, selector) =
            (&s.spec_replicas_path, &s.status_replicas_path, option(s.label_selector_path.as_ref()));
        quote!(#derive::Scale { spec_replicas: #spec, status_replicas: #status, label_selector: #selector })
    }));
    let deprecated = option(a.deprecated.as_ref().map(|w| option(w.as_ref())));
    let pairs = |all: &[(LitStr, LitStr)]| -> TokenStream { all.iter().map(|(k, v)| quote!((#k, #v),)).collect() };
    let (annotations, labels) = (pairs(&a.annotations), pairs(&a.labels));
    quote! {
        const DECLARED: &#derive::Declared = &#derive::Declared {
            group: #group,
            version: #version,
            kind: #kind,
            plural: #plural,
            singular: #singular,
            namespaced: #namespaced,
            shortnames: &[#(#shortnames),*],
            categories: &[#(#categories),*],
            columns: &[#(#columns),*],
            selectable: &[#(#selectable),*],
            status: #status,
            scale: #scale,
            storage: #storage,
            served: #served,
            deprecated: #deprecated,
            annotations: &[#annotations],
            labels: &[#labels],
        };
    }
}

fn column(c: &ColumnAttrs, derive: &TokenStream) -> TokenStream {
    let (name, type_, path) = (&c.name, &c.type_, &c.json_path);
    let (format, description) = (option(c.format.as_ref()), option(c.description.as_ref()));
    let priority = option(c.priority.and_then(|p| i32::try_from(p).ok()));
    quote! {
        #derive::Column {
            name: #name, type_: #type_, format: #format, description: #description, priority: #priority, json_path: #path,
        }
    }
}

fn methods(r: &Resource) -> TokenStream {
    let (a, root, spec, metadata) = (&r.attrs, &r.root, &r.spec, metadata(&r.attrs));
    let no_status = a.status.as_ref().map(|_| quote!(status: ::core::option::Option::None,));
    let default = a.derives.iter().any(|d| d.is_ident("Default")).then(|| {
        quote! {
            #[automatically_derived]
            impl ::core::default::Default for #root {
                fn default() -> Self {
                    Self {
                        metadata: <#metadata as ::core::default::Default>::default(),
                        spec: <#spec as ::core::default::Default>::default(),
                        #no_status
                    }
                }
            }
        }
    });
    quote! {
        #[automatically_derived]
        impl #root {
            /// An object of this name and spec.
            pub fn new(name: &str, spec: #spec) -> Self {
                Self { metadata: DECLARED.metadata(name), spec, #no_status }
            }
        }

        #default
    }
}

fn serialize(r: &Resource) -> TokenStream {
    let (a, root, serde) = (&r.attrs, &r.root, r.attrs.crates.serde());
    let (name, api_version, kind) = (root.to_string(), format!("{}/{}", r.group, r.version), &r.kind);
    let status = a.status.as_ref().map(|_| {
        quote! {
            if let ::core::option::Option::Some(__status) = &self.status {
                #serde::ser::SerializeStruct::serialize_field(&mut __o, "status", __status)?;
            }
        }
    });
    let fields = match a.status {
        Some(_) => quote!(4 + (if self.status.is_some() { 1 } else { 0 })),
        None => quote!(4),
    };
    quote! {
        #[automatically_derived]
        impl #serde::Serialize for #root {
            fn serialize<__S: #serde::Serializer>(&self, __s: __S) -> ::core::result::Result<__S::Ok, __S::Error> {
                let mut __o = #serde::Serializer::serialize_struct(__s, #name, #fields)?;
                #serde::ser::SerializeStruct::serialize_field(&mut __o, "apiVersion", #api_version)?;
                #serde::ser::SerializeStruct::serialize_field(&mut __o, "kind", #kind)?;
                #serde::ser::SerializeStruct::serialize_field(&mut __o, "metadata", &self.metadata)?;
                #serde::ser::SerializeStruct::serialize_field(&mut __o, "spec", &self.spec)?;
                #status
                #serde::ser::SerializeStruct::end(__o)
            }
        }
    }
}

fn traits(r: &Resource) -> TokenStream {
    let (a, root, spec, metadata, kube_core) =
        (&r.attrs, &r.root, &r.spec, metadata(&r.attrs), r.attrs.crates.kube_core());
    let scope = if a.namespaced { quote!(NamespaceResourceScope) } else { quote!(ClusterResourceScope) };
    let api_version = format!("{}/{}", r.group, r.version);
    let names = [
        ("group", &r.group),
        ("version", &r.version),
        ("kind", &r.kind),
        ("plural", &r.plural),
        ("api_version", &api_version),
    ];
    let names = names.map(|(name, value)| {
        let name = format_ident!("{name}");
        quote! {
            fn #name(_: &()) -> ::std::borrow::Cow<'_, str> {
                ::std::borrow::Cow::Borrowed(#value)
            }
        }
    });
    let status = a.status.as_ref().map(|s| {
        quote! {
            #[automatically_derived]
            impl #kube_core::object::HasStatus for #root {
                type Status = #s;

                fn status(&self) -> ::core::option::Option<&#s> {
                    self.status.as_ref()
                }

                fn status_mut(&mut self) -> &mut ::core::option::Option<#s> {
                    &mut self.status
                }
            }
        }
    });
    quote! {
        #[automatically_derived]
        impl #kube_core::Resource for #root {
            type DynamicType = ();
            type Scope = #kube_core::#scope;

            #(#names)*

            fn meta(&self) -> &#metadata {
                &self.metadata
            }

            fn meta_mut(&mut self) -> &mut #metadata {
                &mut self.metadata
            }
        }

        #[automatically_derived]
        impl #kube_core::object::HasSpec for #root {
            type Spec = #spec;

            fn spec(&self) -> &#spec {
                &self.spec
            }

            fn spec_mut(&mut self) -> &mut #spec {
                &mut self.spec
            }
        }

        #status
    }
}

fn definition(r: &Resource) -> TokenStream {
    let (a, root, kube_core, derive, k8s) =
        (&r.attrs, &r.root, r.attrs.crates.kube_core(), r.attrs.crates.derive(), r.attrs.crates.k8s_openapi());
    let (name, descriptions) = (format!("{}.{}", r.plural, r.group), &r.descriptions);
    let schema = match a.schema {
        Mode::Disabled => quote!(::core::option::Option::None),
        _ => quote!(#derive::root_schema::<Self>(#derive::Descriptions::#descriptions)),
    };
    quote! {
        #[automatically_derived]
        impl #kube_core::crd::v1::CustomResourceExt for #root {
            fn crd() -> #k8s::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition {
                DECLARED.crd(#schema)
            }

            fn crd_name() -> &'static str {
                #name
            }

            fn api_resource() -> #kube_core::dynamic::ApiResource {
                #kube_core::dynamic::ApiResource::erase::<Self>(&())
            }

            fn shortnames() -> &'static [&'static str] {
                DECLARED.shortnames
            }
        }
    }
}

fn schema(r: &Resource) -> TokenStream {
    let (a, root, spec) = (&r.attrs, &r.root, &r.spec);
    if a.schema != Mode::Derived {
        return TokenStream::new();
    }
    let n = Names::of(&a.crates);
    let (derive, schemars) = (&n.derive, &n.schemars);
    let (title, doc) = (root.to_string(), doc(r));
    let doc = doc.trim();
    let id = format!("::{root}");
    let rules: Vec<Facet> = a.validations.iter().cloned().map(Facet::Rule).collect();
    let rules = apply(&rules, &n);
    let status = a.status.as_ref().map(|s| {
        let ty = quote_spanned!(s.span()=> ::core::option::Option<#s>);
        quote! {
            let __status = #derive::subschema::<#ty>(__g);
            __o.property("status", &[], __status, false);
        }
    });
    quote! {
        #[automatically_derived]
        impl #schemars::JsonSchema for #root {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                ::std::borrow::Cow::Borrowed(#title)
            }

            fn schema_id() -> ::std::borrow::Cow<'static, str> {
                ::std::borrow::Cow::Borrowed(::core::concat!(::core::module_path!(), #id))
            }

            fn json_schema(__g: &mut #schemars::SchemaGenerator) -> #schemars::Schema {
                let mut __o = #derive::Object::new();
                let __spec = #derive::subschema::<#spec>(__g);
                __o.property("spec", &[], __spec, true);
                #status
                let mut __p = #derive::Property::new(__o.into_schema(), false);
                __p.set("title", #title);
                __p.set("description", #doc);
                #rules
                #derive::finish(__g, __p.into_schema())
            }
        }
    }
}

/// Paths lead to fields of types that only the compiler sees.
fn checks(r: &Resource) -> TokenStream {
    let a = &r.attrs;
    if a.schema != Mode::Derived {
        return TokenStream::new();
    }
    let n = Names::of(&a.crates);
    let type_of = |part: &str| match (part, &a.status) {
        ("spec", _) => Some(r.spec.to_token_stream()),
        ("status", Some(status)) => Some(status.to_token_stream()),
        _ => None,
    };
    let mut out: TokenStream = r.checks.iter().filter_map(|c| Some(shape::path(c, &type_of(c.from)?, &n))).collect();
    for (text, names) in a.validations.iter().flat_map(paths::of_rule) {
        if let Some((first, rest)) = names.split_first()
            && let Some(ty) = type_of(first)
        {
            out.extend(shape::field_path(&text, first, rest, &ty, &n));
        }
    }
    out
}

/// kube's methods of these names, on our own schema engine.
fn cel(r: &Resource) -> TokenStream {
    if !r.attrs.cel || r.attrs.schema != Mode::Derived {
        return TokenStream::new();
    }
    let (root, derive) = (&r.root, r.attrs.crates.derive());
    quote! {
        #[automatically_derived]
        impl #root {
            /// Validates this object as the API server will when it is created.
            pub fn validate_cel(&self) -> ::core::result::Result<(), #derive::Invalid> {
                #derive::validate(self, ::core::option::Option::None)
            }

            /// Validates this object as the API server will when it replaces `old`.
            pub fn validate_cel_update(&self, old: &Self) -> ::core::result::Result<(), #derive::Invalid> {
                #derive::validate(self, ::core::option::Option::Some(old))
            }
        }
    }
}

/// One test of the user's own crate: an API server would take the definition.
fn test(r: &Resource) -> TokenStream {
    let (root, derive) = (&r.root, r.attrs.crates.derive());
    let name = format_ident!("definition_of_{}_is_sound", snake(&root.to_string()));
    quote! {
        #[cfg(test)]
        #[allow(unnameable_test_items)]
        #[::core::prelude::v1::test]
        fn #name() {
            if let ::core::result::Result::Err(__e) = #derive::check_definition::<#root>() {
                ::core::panic!("{}", __e);
            }
        }
    }
}
