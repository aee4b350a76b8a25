//! `#[serde(...)]` as far as it changes what is read and written. What serde does not know, serde reports.

use super::item::{Given, Item, items};
use crate::report::Report;
use syn::{Attribute, Ident, LitStr, Path, Type};

/// Where a missing field's value comes from.
#[derive(Clone)]
pub(crate) enum DefaultFrom {
    Trait,
    Function(Path),
}

/// The attributes of a container, variant or field together; each place uses those that serde allows there.
#[derive(Default)]
pub(crate) struct SerdeAttrs {
    pub(crate) rename: Option<LitStr>,
    pub(crate) rename_all: Option<LitStr>,
    pub(crate) rename_all_fields: Option<LitStr>,
    pub(crate) aliases: Vec<LitStr>,
    pub(crate) default: Option<DefaultFrom>,
    pub(crate) flatten: bool,
    pub(crate) skip_serializing: bool,
    pub(crate) skip_deserializing: bool,
    pub(crate) skip_serializing_if: Option<Path>,
    pub(crate) with: Option<LitStr>,
    pub(crate) serialize_with: Option<Path>,
    pub(crate) deserialize_with: bool,
    pub(crate) transparent: bool,
    pub(crate) deny_unknown_fields: bool,
    pub(crate) tag: Option<LitStr>,
    pub(crate) content: Option<LitStr>,
    pub(crate) untagged: Option<Ident>,
    pub(crate) other: bool,
    pub(crate) from: Option<Type>,
    /// Written through another type.
    pub(crate) into: bool,
}

impl SerdeAttrs {
    pub(crate) fn read(attrs: &[Attribute], report: &mut Report) -> Self {
        // serde reports its own syntax errors, at the same tokens.
        let mut silent = Report::default();
        let all = items(attrs, "serde", &mut silent);
        let mut out = Self::default();
        for item in &all {
            out.take(item, &mut silent, report);
        }
        // schemars' own attributes of these names win: they exist to correct what serde's say.
        for item in items(attrs, "schemars", &mut silent) {
            match item.name.to_string().as_str() {
                "rename"
                | "rename_all"
                | "rename_all_fields"
                | "tag"
                | "content"
                | "untagged"
                | "flatten"
                | "transparent"
                | "deny_unknown_fields"
                | "from"
                | "try_from"
                | "skip_serializing_if"
                | "skip"
                | "default" => {
                    out.take(&item, &mut silent, report);
                }
                _ => {}
            }
        }
        out
    }

    fn take(&mut self, item: &Item, silent: &mut Report, report: &mut Report) {
        match item.name.to_string().as_str() {
            "rename" => self.rename = name(item, silent, report),
            "rename_all" => self.rename_all = name(item, silent, report),
            "rename_all_fields" => self.rename_all_fields = name(item, silent, report),
            "alias" => self.aliases.extend(item.text(silent)),
            "default" => {
                self.default = match &item.given {
                    Given::Flag => Some(DefaultFrom::Trait),
                    _ => item.path(silent).map(DefaultFrom::Function),
                }
            }
            "flatten" => self.flatten = true,
            "skip" => (self.skip_serializing, self.skip_deserializing) = (true, true),
            "skip_serializing" => self.skip_serializing = true,
            "skip_deserializing" => self.skip_deserializing = true,
            "skip_serializing_if" => self.skip_serializing_if = item.path(silent),
            "with" => self.with = item.text(silent),
            "serialize_with" => self.serialize_with = item.path(silent),
            "deserialize_with" => self.deserialize_with = true,
            "transparent" => self.transparent = true,
            "deny_unknown_fields" => self.deny_unknown_fields = true,
            "tag" => self.tag = item.text(silent),
            "content" => self.content = item.text(silent),
            "untagged" => self.untagged = Some(item.name.clone()),
            "other" => self.other = true,
            "from" | "try_from" => self.from = item.ty(silent),
            "into" => self.into = true,
            _ => {}
        }
    }
}

/// `name = "x"`, or `name(serialize = "x", deserialize = "y")`. Kubernetes keeps what is written and gives it back to be read,
/// so the two must be the same.
fn name(item: &Item, silent: &mut Report, report: &mut Report) -> Option<LitStr> {
    let Given::List(..) = &item.given else { return item.text(silent) };
    let (mut written, mut read) = (None, None);
    for i in item.list(silent) {
        match i.name.to_string().as_str() {
            "serialize" => written = i.text(silent),
            "deserialize" => read = i.text(silent),
            _ => {}
        }
    }
    let same = written.as_ref().map(LitStr::value) == read.as_ref().map(LitStr::value);
    if !same {
        report.at(
            &item.name,
            "written under one name and read under another: Kubernetes gives back what was written; \
             use one name, and `alias` for others that are read",
        );
    }
    read.or(written)
}
