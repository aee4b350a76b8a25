//! `#[versioned(...)]`: at the head of an item or module what versions there are, inside of it what differs between them.

use super::item::{Given, Item, items, once};
use super::kube::Crates;
use crate::report::Report;
use proc_macro2::{TokenStream, TokenTree};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, Ident, LitStr, Meta, Path, Token, Type};

/// What the head knows.
pub(crate) const HEAD: &[&str] = &["version", "crates", "test"];
/// What `version(...)` knows.
pub(crate) const VERSION: &[&str] = &["name", "storage", "served", "deprecated"];

/// Where a difference is written.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Place {
    Type,
    Field,
    Variant,
}

impl Place {
    /// What may be said there.
    pub(crate) fn known(self) -> &'static [&'static str] {
        match self {
            Self::Type => &["added", "removed", "changed", "attr", "shared", "nested_status"],
            Self::Field => &["added", "removed", "changed", "deprecated", "attr", "nested"],
            Self::Variant => &["added", "removed", "changed", "deprecated", "attr"],
        }
    }

    /// What a difference may say there.
    pub(crate) fn entries(self, difference: &str) -> &'static [&'static str] {
        match (self, difference) {
            (_, "deprecated") => &["since", "note"],
            (Self::Type, "changed") => &["since", "from_name", "upgrade_with", "downgrade_with"],
            (Self::Type, _) => &["since"],
            (Self::Field, "added") => &["since", "default", "upgrade_with"],
            (Self::Field, "removed") => &["since", "default", "downgrade_with"],
            (Self::Field, _) => &["since", "from_name", "from_type", "upgrade_with", "downgrade_with"],
            (Self::Variant, "added") => &["since", "instead", "downgrade_with"],
            (Self::Variant, "removed") => &["since", "instead", "upgrade_with"],
            (Self::Variant, _) => &["since", "from_name"],
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Type => "#[versioned] on a type",
            Self::Field => "#[versioned] on a field",
            Self::Variant => "#[versioned] on a variant",
        }
    }
}

/// A version as written.
pub(crate) struct VersionAttrs {
    pub(crate) name: LitStr,
    pub(crate) storage: Option<Ident>,
    pub(crate) served: bool,
    pub(crate) deprecated: Option<Option<LitStr>>,
}

/// The head as written.
pub(crate) struct HeadAttrs {
    pub(crate) versions: Vec<VersionAttrs>,
    pub(crate) crates: Crates,
    pub(crate) test: bool,
}

impl HeadAttrs {
    pub(crate) fn read(tokens: TokenStream, report: &mut Report) -> Self {
        let mut out = Self { versions: Vec::new(), crates: Crates::default(), test: true };
        for item in super::item::parse(tokens, report) {
            match item.name.to_string().as_str() {
                "version" => out.versions.extend(version(&item, report)),
                "crates" => out.crates.read(&item, report),
                "test" => out.test = item.boolean(report),
                _ => report.unknown(&item.name, "#[versioned]", HEAD),
            }
        }
        out
    }
}

fn version(item: &Item, report: &mut Report) -> Option<VersionAttrs> {
    let (mut name, mut storage, mut served, mut deprecated) = (None, None, true, None);
    let before = report.count();
    for i in item.list(report) {
        match i.name.to_string().as_str() {
            "name" => once(&mut name, &i.name, i.text(report), report),
            "storage" if i.boolean(report) => storage = Some(i.name.clone()),
            "storage" => {}
            "served" => served = i.boolean(report),
            "deprecated" => {
                let warning = match i.given {
                    Given::Flag => None,
                    _ => i.text(report),
                };
                deprecated = Some(warning);
            }
            _ => report.unknown(&i.name, "version(...)", VERSION),
        }
    }
    if name.is_none() && report.count() == before {
        report.at(&item.name, "which version? write `version(name = \"v1\")`");
    }
    Some(VersionAttrs { name: name?, storage, served, deprecated })
}

/// One difference as written. What does not belong to its place is reported and left out.
pub(crate) struct Difference {
    /// `added`, `removed`, `changed` or `deprecated`.
    pub(crate) keyword: Ident,
    pub(crate) since: Option<LitStr>,
    pub(crate) default: Option<Expr>,
    pub(crate) instead: Option<Path>,
    pub(crate) upgrade_with: Option<Path>,
    pub(crate) downgrade_with: Option<Path>,
    pub(crate) from_name: Option<LitStr>,
    pub(crate) from_type: Option<Type>,
    pub(crate) note: Option<LitStr>,
    /// Whether all of it could be read: what is missing may be in what could not.
    pub(crate) clean: bool,
}

/// Attributes of some versions only.
pub(crate) struct Only {
    pub(crate) since: Option<LitStr>,
    pub(crate) before: Option<LitStr>,
    pub(crate) attrs: Vec<Meta>,
}

/// All that is said about a type, field or variant.
#[derive(Default)]
pub(crate) struct DifferenceAttrs {
    pub(crate) added: Option<Difference>,
    pub(crate) removed: Option<Difference>,
    pub(crate) changed: Vec<Difference>,
    pub(crate) deprecated: Option<Difference>,
    pub(crate) only: Vec<Only>,
    pub(crate) nested: bool,
    pub(crate) shared: Option<Ident>,
    pub(crate) nested_status: Option<Ident>,
}

impl DifferenceAttrs {
    pub(crate) fn read(attrs: &[Attribute], place: Place, report: &mut Report) -> Self {
        let mut out = Self::default();
        for item in items(attrs, "versioned", report) {
            let name = item.name.to_string();
            if !place.known().contains(&name.as_str()) {
                report.unknown(&item.name, place.name(), place.known());
                continue;
            }
            match name.as_str() {
                "added" => once(&mut out.added, &item.name, difference(&item, place, report), report),
                "removed" => once(&mut out.removed, &item.name, difference(&item, place, report), report),
                "deprecated" => once(&mut out.deprecated, &item.name, difference(&item, place, report), report),
                "changed" => out.changed.extend(difference(&item, place, report)),
                "attr" => out.only.extend(only(&item, report)),
                "nested" => out.nested = item.boolean(report),
                "nested_status" => out.nested_status = item.boolean(report).then(|| item.name.clone()),
                _ => out.shared = item.boolean(report).then(|| item.name.clone()),
            }
        }
        out
    }
}

fn difference(item: &Item, place: Place, report: &mut Report) -> Option<Difference> {
    let known = place.entries(&item.name.to_string());
    let mut out = Difference {
        keyword: item.name.clone(),
        since: None,
        default: None,
        instead: None,
        upgrade_with: None,
        downgrade_with: None,
        from_name: None,
        from_type: None,
        note: None,
        clean: true,
    };
    let before = report.count();
    for i in item.list(report) {
        let name = i.name.to_string();
        match name.as_str() {
            n if !known.contains(&n) => report.unknown(&i.name, &format!("{}(...)", item.name), known),
            "since" => once(&mut out.since, &i.name, i.text(report), report),
            "default" => once(&mut out.default, &i.name, i.expr(report), report),
            "instead" => once(&mut out.instead, &i.name, i.path(report), report),
            "upgrade_with" => once(&mut out.upgrade_with, &i.name, i.path(report), report),
            "downgrade_with" => once(&mut out.downgrade_with, &i.name, i.path(report), report),
            "from_name" => once(&mut out.from_name, &i.name, i.text(report), report),
            "from_type" => once(&mut out.from_type, &i.name, i.ty(report), report),
            _ => once(&mut out.note, &i.name, i.text(report), report),
        }
    }
    out.clean = report.count() == before;
    if out.since.is_none() {
        if out.clean {
            report.at(&item.name, format!("since which version? write `{}(since = \"v1\")`", item.name));
        }
        return None;
    }
    Some(out)
}

fn only(item: &Item, report: &mut Report) -> Option<Only> {
    let Given::List(tokens, _) = &item.given else {
        item.list(report);
        return None;
    };
    let all = match Punctuated::<Meta, Token![,]>::parse_terminated.parse2(tokens.clone()) {
        Ok(all) => all,
        Err(e) => {
            report.syntax(e);
            return None;
        }
    };
    let mut out = Only { since: None, before: None, attrs: Vec::new() };
    let count = report.count();
    for meta in all {
        let slot = match meta.path() {
            p if p.is_ident("since") => &mut out.since,
            p if p.is_ident("before") => &mut out.before,
            _ => {
                out.attrs.push(meta);
                continue;
            }
        };
        let text = meta.require_name_value().ok().and_then(|m| super::item::as_text(&m.value)).cloned();
        match text {
            Some(text) => *slot = Some(text),
            None => report.at(&meta, "expected the name of a version, like `since = \"v1\"`"),
        }
    }
    if out.since.is_none() && out.before.is_none() {
        if report.count() == count {
            report.at(
                &item.name,
                "in which versions? `attr(since = \"v1\", ...)` is for that one and newer ones, `attr(before = \"v1\", ...)` for older ones",
            );
        }
        return None;
    }
    Some(out)
}

/// Takes entries off `#[kube(...)]`, so that a mistake in them is none of the derive's too.
pub(crate) fn without_entries(attrs: &mut [Attribute], names: &[&Ident]) {
    for a in attrs.iter_mut().filter(|a| a.path().is_ident("kube")) {
        let Meta::List(list) = &mut a.meta else { continue };
        let mut out = TokenStream::new();
        let mut entry = TokenStream::new();
        let mut end = |entry: &mut TokenStream, comma: Option<TokenTree>| {
            let entry = std::mem::take(entry);
            let first = entry.clone().into_iter().next().map(|t| t.to_string());
            if !names.iter().any(|n| first.as_deref() == Some(n.to_string().as_str())) {
                out.extend(entry);
                out.extend(comma);
            }
        };
        for t in list.tokens.clone() {
            match &t {
                TokenTree::Punct(p) if p.as_char() == ',' => end(&mut entry, Some(t)),
                _ => entry.extend([t]),
            }
        }
        end(&mut entry, None);
        list.tokens = out;
    }
}

/// What of `#[kube(...)]` matters to versions.
pub(crate) struct KubeNames {
    pub(crate) kind: Option<LitStr>,
    pub(crate) root: Option<(Ident, LitStr)>,
    pub(crate) status: Option<Path>,
    /// What each version says for itself.
    pub(crate) of_versions: Vec<Ident>,
}

impl KubeNames {
    pub(crate) fn read(attrs: &[Attribute]) -> Self {
        // The derive reports what is wrong with these.
        let mut silent = Report::default();
        let mut out = Self { kind: None, root: None, status: None, of_versions: Vec::new() };
        for item in items(attrs, "kube", &mut silent) {
            match item.name.to_string().as_str() {
                "kind" => out.kind = item.text(&mut silent),
                "root" => out.root = item.text(&mut silent).map(|text| (item.name.clone(), text)),
                "status" => out.status = item.path(&mut silent),
                "version" | "storage" | "served" | "deprecated" => out.of_versions.push(item.name),
                _ => {}
            }
        }
        out
    }
}
