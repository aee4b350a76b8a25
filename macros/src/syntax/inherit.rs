//! `#[resource(inherit = Type)]`, kube's way to type a resource more closely than its own type does.

use super::item::items;
use super::kube::Crates;
use crate::report::Report;
use syn::{DeriveInput, Ident, Path};

/// A type that is to be usable as another resource.
pub(crate) struct Inherit {
    pub(crate) ident: Ident,
    pub(crate) of: Path,
    pub(crate) crates: Crates,
}

impl Inherit {
    pub(crate) fn read(input: &DeriveInput, report: &mut Report) -> Option<Self> {
        let mut of = None;
        let mut crates = Crates::default();
        for item in items(&input.attrs, "resource", report) {
            match item.name.to_string().as_str() {
                "inherit" => of = item.path(report),
                "crates" => crates.read(&item, report),
                _ => report.unknown(&item.name, "#[resource]", &["inherit", "crates"]),
            }
        }
        if let syn::Data::Union(u) = &input.data {
            report.at(u.union_token, "a union cannot be a resource; use a struct");
            return None;
        }
        if of.is_none() && report.is_clean() {
            report.at(&input.ident, "which resource is it? write `#[resource(inherit = ConfigMap)]`");
        }
        Some(Self { ident: input.ident.clone(), of: of?, crates })
    }
}
