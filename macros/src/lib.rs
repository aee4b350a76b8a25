//! Macros of kubegraft: syntax (tokens to spanned attributes) -> model (checked) -> emit (tokens). Every mistake is
//! reported at once, at its token, and the code is emitted all the same, so that one mistake is one error.

mod emit;
mod model;
mod report;
mod syntax;

use proc_macro::TokenStream;
use report::Report;
use syn::{DeriveInput, Item, parse_macro_input};

/// Derives `schemars::JsonSchema` with serde's own meaning, as a structural schema that Kubernetes takes.
///
/// Reads `#[serde(...)]`, `#[x_kube(...)]`, and the validation attributes of `#[schemars(...)]`, `#[validate(...)]` and
/// `#[garde(...)]`. All attributes are in docs/reference/attributes.md.
#[proc_macro_derive(KubeSchema, attributes(x_kube, schemars, validate))]
pub fn derive_kube_schema(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let mut report = Report::default();
    let model = model::Container::read(&input, &mut report);
    let mut code = emit::schema(&model);
    if model.attrs.apply && !syntax::applies(&input.attrs) {
        code.extend(emit::apply(&model::Apply::read(&input), &model.attrs.crates));
    }
    report.finish(code).into()
}

/// Makes a resource of the struct that is its `spec`: the root type, kube's `Resource` and `CustomResourceExt`, and its
/// definition. A drop-in for kube's own derive: all attributes of kube-derive 5.0 mean the same here.
#[proc_macro_derive(CustomResource, attributes(kube))]
pub fn derive_custom_resource(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let mut report = Report::default();
    let code = model::Resource::read(&input, &mut report).map(|m| emit::resource(&m, report.is_clean()));
    report.finish(code.unwrap_or_default()).into()
}

/// Makes a type of one's own usable as another resource: `#[resource(inherit = ConfigMap)]`.
#[proc_macro_derive(Resource, attributes(resource))]
pub fn derive_resource(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let mut report = Report::default();
    let code = syntax::Inherit::read(&input, &mut report).map(|i| emit::inherit(&i));
    report.finish(code.unwrap_or_default()).into()
}

/// Many versions of a type written once: what is different between them stands at what differs. On a struct or enum it makes
/// one of each version, with the version in its name; on a module it makes a module of each version in it.
///
/// Conversions between neighbours come with them both ways, `versions()` on the newest root type serves all of them together,
/// and a test proves that nothing is lost on any way between them. All it knows is in docs/reference/versioned.md.
#[proc_macro_attribute]
pub fn versioned(head: TokenStream, item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as Item);
    let mut report = Report::default();
    match model::Versioned::read(head.into(), item, &mut report) {
        Ok(model) => {
            let code = emit::versioned(&model, report.is_clean());
            report.finish(code).into()
        }
        Err(as_it_was) => report.finish(as_it_was).into(),
    }
}
