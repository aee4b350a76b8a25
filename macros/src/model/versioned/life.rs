//! In which versions something is, under which name and with which type; and what becomes of it between two of them.

use super::Version;
use crate::report::{Report, nearest};
use crate::syntax::{Difference, DifferenceAttrs, Only, VersionAttrs};
use proc_macro2::Span;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use syn::{Ident, LitStr, Meta, Type};

/// The versions of a type, field or variant, by their indexes: `from` on, `to` no more.
pub(crate) struct Life {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) added: Option<Difference>,
    pub(crate) removed: Option<Difference>,
    /// By the version since which it is different.
    pub(crate) changes: BTreeMap<usize, Difference>,
    pub(crate) deprecated: Option<(usize, Option<String>)>,
    /// Attributes of some versions only.
    only: Vec<(usize, usize, Vec<Meta>)>,
}

impl Life {
    pub(super) fn read(attrs: DifferenceAttrs, versions: &[Version], report: &mut Report) -> Self {
        let mut out = Self {
            from: 0,
            to: versions.len(),
            added: None,
            removed: None,
            changes: BTreeMap::new(),
            deprecated: None,
            only: attrs.only.iter().filter_map(|o| only(o, versions, report)).collect(),
        };
        if let Some((since, added)) = since(attrs.added, versions, report) {
            if since == 0 {
                first(&added, "without `added` it is there from the first version on", versions, report);
            } else {
                (out.from, out.added) = (since, Some(added));
            }
        }
        if let Some((since, removed)) = since(attrs.removed, versions, report) {
            if since <= out.from {
                out.not_yet(&removed, versions, report);
            } else {
                (out.to, out.removed) = (since, Some(removed));
            }
        }
        for change in attrs.changed {
            if let Some((since, change)) = since(Some(change), versions, report) {
                out.change(since, change, versions, report);
            }
        }
        if let Some((since, deprecated)) = since(attrs.deprecated, versions, report) {
            match out.in_version(since) {
                true => out.deprecated = Some((since, deprecated.note.as_ref().map(LitStr::value))),
                false => out.not_yet(&deprecated, versions, report),
            }
        }
        out
    }

    fn change(&mut self, since: usize, change: Difference, versions: &[Version], report: &mut Report) {
        let nothing = change.from_name.is_none() && change.from_type.is_none();
        if nothing && change.upgrade_with.is_none() && change.downgrade_with.is_none() {
            if !change.clean {
                return;
            }
            report.at(&change.keyword, "what changed? say what it was: `from_name = \"...\"`, or how it is converted");
        } else if since == 0 {
            first(&change, "there is none that it could have changed from", versions, report);
        } else if since <= self.from || since >= self.to {
            self.not_yet(&change, versions, report);
        } else if let Entry::Vacant(place) = self.changes.entry(since) {
            if let Some(name) = &change.from_name
                && ident(name).is_none()
            {
                report.at(name, "not a name");
            }
            place.insert(change);
        } else {
            report.at(&change.since, "changed twice since one version; write one `changed(...)` of both");
        }
    }

    /// Something that happens to it when it is not there.
    fn not_yet(&self, difference: &Difference, versions: &[Version], report: &mut Report) {
        let name = |v: usize| versions.get(v).map(|v| v.name.as_str()).unwrap_or_default();
        let life = match (self.from, self.to) {
            (0, to) if to < versions.len() => format!("it is removed since {}", name(to)),
            (from, to) if to < versions.len() => {
                format!("it is added since {} and removed since {}", name(from), name(to))
            }
            (0, _) => format!("{} is the first version, so there would never have been any", name(0)),
            (from, _) => format!("it is added since {} only", name(from)),
        };
        report.at(&difference.since, format!("`{}` does not fit: {life}", difference.keyword));
    }

    pub(crate) fn in_version(&self, v: usize) -> bool {
        (self.from..self.to).contains(&v)
    }

    /// What the next change after this version says it was before.
    fn before<'a, T: 'a>(&'a self, v: usize, get: impl Fn(&'a Difference) -> Option<T>) -> Option<T> {
        self.changes.range(v + 1..).find_map(|(_, c)| get(c))
    }

    /// Its name in a version; `newest` is the one it has now.
    pub(crate) fn name(&self, newest: &Ident, v: usize) -> Ident {
        self.before(v, |c| c.from_name.as_ref()).and_then(ident).unwrap_or_else(|| newest.clone())
    }

    /// Its type in a version.
    pub(crate) fn ty<'a>(&'a self, newest: &'a Type, v: usize) -> &'a Type {
        self.before(v, |c| c.from_type.as_ref()).unwrap_or(newest)
    }

    /// The attributes that it has in this version only.
    pub(crate) fn attrs(&self, v: usize) -> impl Iterator<Item = &Meta> {
        self.only.iter().filter(move |(from, to, _)| (*from..*to).contains(&v)).flat_map(|(_, _, all)| all)
    }
}

fn first(difference: &Difference, why: &str, versions: &[Version], report: &mut Report) {
    let name = versions.first().map(|v| v.name.as_str()).unwrap_or_default();
    report.at(&difference.since, format!("{name} is the first version: {why}"));
}

/// The text as a name; keywords are written raw.
pub(super) fn ident(text: &LitStr) -> Option<Ident> {
    let named = |s: &str| syn::parse_str::<Ident>(s).ok();
    let mut name = named(&text.value()).or_else(|| named(&format!("r#{}", text.value())))?;
    name.set_span(text.span().resolved_at(Span::call_site()));
    Some(name)
}

fn since(given: Option<Difference>, versions: &[Version], report: &mut Report) -> Option<(usize, Difference)> {
    let given = given?;
    Some((version(given.since.as_ref()?, versions, report)?, given))
}

/// The version of that name.
fn version(name: &LitStr, versions: &[Version], report: &mut Report) -> Option<usize> {
    let found = versions.iter().position(|v| v.name == name.value());
    if found.is_none() && !versions.is_empty() {
        let known: Vec<&str> = versions.iter().map(|v| v.name.as_str()).collect();
        let meant = match nearest(&name.value(), &known) {
            Some(best) => format!("did you mean \"{best}\"?"),
            None => format!("there are {}", known.join(", ")),
        };
        report.at(name, format!("there is no version \"{}\"; {meant}", name.value()));
    }
    found
}

fn only(o: &Only, versions: &[Version], report: &mut Report) -> Option<(usize, usize, Vec<Meta>)> {
    let from = o.since.as_ref().map(|s| version(s, versions, report));
    let to = o.before.as_ref().map(|s| version(s, versions, report));
    let (from, to) = (from.unwrap_or(Some(0))?, to.unwrap_or(Some(versions.len()))?);
    if from >= to {
        report.at(&o.before, "there is no version since the one and before the other");
    }
    Some((from, to, o.attrs.clone()))
}

/// How Kubernetes reads the name of a version: major, stage, minor; `None` is a name of another kind.
fn parts(name: &str) -> Option<(u32, u8, u32)> {
    let rest = name.strip_prefix('v')?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (major, rest) = rest.split_at(digits);
    let (stage, minor) = match rest {
        "" => (2, "0"),
        _ => rest.strip_prefix("beta").map(|n| (1, n)).or_else(|| rest.strip_prefix("alpha").map(|n| (0, n)))?,
    };
    Some((major.parse().ok()?, stage, minor.parse().ok()?))
}

/// Versions that Kubernetes takes, oldest first, each once; and which of them is stored.
pub(super) fn versions(attrs: &[VersionAttrs], report: &mut Report) -> (Vec<Version>, usize) {
    let mut out: Vec<Version> = Vec::new();
    let mut stored: Option<usize> = None;
    for a in attrs {
        let name = a.name.value();
        super::names::label(&a.name, "a version", report);
        if out.iter().any(|v| v.name == name) {
            report.at(&a.name, format!("there is a version \"{name}\" already"));
            continue;
        }
        let later = out.iter().find(|v| parts(&v.name).zip(parts(&name)).is_some_and(|(earlier, this)| earlier > this));
        if let Some(later) = later {
            report.at(&a.name, format!("versions stand oldest first: write \"{name}\" before \"{}\"", later.name));
        }
        if let Some(Some(warning)) = &a.deprecated
            && (warning.value().is_empty() || warning.value().len() > 256)
        {
            report.at(warning, "a deprecation warning has 1 to 256 bytes");
        }
        if let Some(storage) = &a.storage {
            match stored {
                None => stored = Some(out.len()),
                Some(s) => {
                    report.at(storage, format!("objects are stored in one version; \"{}\" is it already", out[s].name))
                }
            }
        }
        let lower: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        let module = syn::parse_str(&lower).unwrap_or_else(|_| Ident::new("version", Span::call_site()));
        out.push(Version { name, module, served: a.served, deprecated: a.deprecated.clone() });
    }
    let newest = out.len().saturating_sub(1);
    (out, stored.unwrap_or(newest))
}
