//! A type or a module in many versions: what `#[versioned(...)]` says, checked against itself.

mod life;
mod types;

pub(crate) use life::Life;
pub(crate) use types::{Data, Fallback, Field, Fields, Kind, Type, Variant};

use super::names;
use crate::report::Report;
use crate::syntax::{Crates, HeadAttrs};
use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Attribute, DeriveInput, Ident, Item, ItemMod, LitStr, Visibility};

/// A version.
pub(crate) struct Version {
    pub(crate) name: String,
    /// The name of the module of its types.
    pub(crate) module: Ident,
    pub(crate) served: bool,
    pub(crate) deprecated: Option<Option<LitStr>>,
}

/// What is to be emitted.
pub(crate) struct Versioned {
    pub(crate) versions: Vec<Version>,
    /// The index of the stored one.
    pub(crate) storage: usize,
    pub(crate) types: Vec<Type>,
    /// The module that has the types, with all else that is in it; without one, types have the version in their name.
    pub(crate) module: Option<Module>,
    pub(crate) crates: Crates,
    pub(crate) test: bool,
}

/// A module of versioned types.
pub(crate) struct Module {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) ident: Ident,
    pub(crate) rest: Vec<Item>,
}

impl Versioned {
    /// What cannot be versioned at all is given back as it was.
    pub(crate) fn read(head: TokenStream, item: Item, report: &mut Report) -> Result<Self, TokenStream> {
        if let Some((ident, as_it_was)) = types::derived_before(&item) {
            report.at(
                ident,
                "a type with versions derives for each of them: write `#[derive(...)]` below `#[versioned]`",
            );
            return Err(as_it_was);
        }
        let head = HeadAttrs::read(head, report);
        let (versions, storage) = life::versions(&head.versions, report);
        if versions.is_empty() {
            if report.is_clean() {
                report.span(
                    proc_macro2::Span::call_site(),
                    "which versions are there? write `#[versioned(version(name = \"v1alpha1\"), version(name = \"v1\"))]`",
                );
            }
            return Err(types::plain(item));
        }
        let (module, inputs) = match item {
            Item::Struct(s) => (None, vec![DeriveInput::from(s)]),
            Item::Enum(e) => (None, vec![DeriveInput::from(e)]),
            Item::Mod(m) => match parts(m, report) {
                Ok((module, inputs)) => (Some(module), inputs),
                Err(as_it_was) => return Err(as_it_was),
            },
            other => {
                report.at(&other, "versions are of a struct, an enum, or a module with such");
                return Err(other.into_token_stream());
            }
        };
        let mut out = Self { versions, storage, types: Vec::new(), module, crates: head.crates, test: head.test };
        for input in inputs {
            if let Err(shared) = out.add(input, report) {
                // Types that do not know versions stay with all else.
                if let (Some(module), Ok(item)) = (&mut out.module, syn::parse2(shared)) {
                    module.rest.push(item);
                }
            }
        }
        out.check_module(report);
        Ok(out)
    }

    fn add(&mut self, input: DeriveInput, report: &mut Report) -> Result<(), TokenStream> {
        let ty = Type::read(input, &self.versions, self.module.is_some(), report)?;
        self.types.push(ty);
        Ok(())
    }

    /// What is said about a type of many versions as if there were one of it is reported and left out.
    fn check_module(&mut self, report: &mut Report) {
        let Self { module: Some(module), types, versions, .. } = self else { return };
        module.rest.retain(|item| {
            let Item::Impl(i) = item else { return true };
            let syn::Type::Path(p) = &*i.self_ty else { return true };
            let Some(ty) = types.iter().find(|t| p.path.is_ident(&t.ident)) else { return true };
            let newest = ty.life.to.checked_sub(1).and_then(|v| versions.get(v)).map(|v| v.module.to_string());
            report.at(
                &i.self_ty,
                format!(
                    "`{}` is another type in each version; say which: `impl {}::{0}`",
                    ty.ident,
                    newest.unwrap_or_default()
                ),
            );
            false
        });
    }

    /// Whether a path is one of these types, as the attributes of a version name it: as it is named now, or then.
    pub(crate) fn names(&self, path: &syn::Path, v: usize) -> bool {
        let there = self.types.iter().filter(|t| t.life.in_version(v));
        there.into_iter().any(|t| path.is_ident(&t.ident) || path.is_ident(&t.life.name(&t.ident, v)))
    }
}

/// A module's types, and the rest of it.
fn parts(m: ItemMod, report: &mut Report) -> Result<(Module, Vec<DeriveInput>), TokenStream> {
    let Some((_, items)) = m.content else {
        report
            .at(&m, "a module in another file cannot have attributes like this; write the module here, with its types");
        return Err(m.into_token_stream());
    };
    let (mut rest, mut inputs) = (Vec::new(), Vec::new());
    for item in items {
        match item {
            Item::Struct(s) => inputs.push(DeriveInput::from(s)),
            Item::Enum(e) => inputs.push(DeriveInput::from(e)),
            other => rest.push(other),
        }
    }
    if inputs.is_empty() {
        report.at(&m.ident, "there is no struct or enum in this module that could have versions");
    }
    Ok((Module { attrs: m.attrs, vis: m.vis, ident: m.ident, rest }, inputs))
}
