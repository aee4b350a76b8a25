//! A resource: what `#[kube(...)]` says, checked against Kubernetes' rules and against the struct.

use super::apply::Apply;
use super::container::unraw;
use super::{case::Case, names, paths, rules};
use crate::report::Report;
use crate::syntax::{ColumnAttrs, KubeAttrs, Mode, SerdeAttrs};
use proc_macro2::Span;
use syn::{Data, DeriveInput, Fields, Ident, LitStr, Visibility};

/// A resource to emit. Names that were wrong stay as they were written: the error is already reported.
pub(crate) struct Resource {
    pub(crate) spec: Ident,
    pub(crate) root: Ident,
    pub(crate) vis: Visibility,
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
    pub(crate) singular: String,
    pub(crate) plural: String,
    pub(crate) descriptions: Ident,
    pub(crate) attrs: KubeAttrs,
    /// Paths that lead into other types.
    pub(crate) checks: Vec<paths::Check>,
    /// The apply configuration of the spec, if there is to be one.
    pub(crate) apply: Option<Apply>,
}

const COLUMN_TYPES: &[&str] = &["integer", "number", "string", "boolean", "date"];
const COLUMN_FORMATS: &[&str] = &["int32", "int64", "float", "double", "byte", "date", "date-time", "password"];

impl Resource {
    /// None if not even the name of the root type is known.
    pub(crate) fn read(input: &DeriveInput, report: &mut Report) -> Option<Self> {
        let mut attrs = KubeAttrs::read(&input.attrs, report);
        if let Data::Union(u) = &input.data {
            report.at(u.union_token, "serde reads no unions; use a struct");
        }
        if let Some(p) = input.generics.params.first() {
            report.at(p, "a resource has one schema, so its type cannot be generic");
            return None;
        }
        for (given, name, example) in [
            (attrs.group.is_some(), "group", "example.com"),
            (attrs.version.is_some(), "version", "v1"),
            (attrs.kind.is_some(), "kind", "Widget"),
        ] {
            if !given {
                report.at(&input.ident, format!("which {name} is it? add `#[kube({name} = \"{example}\")]`"));
            }
        }
        check_names(&attrs, report);
        let kind = attrs.kind.clone()?;
        let root = root(&attrs, &kind, input, report)?;
        let seen = paths::Seen { fields: fields(input), status: attrs.status.is_some() };
        let checks = check_paths(&mut attrs, &seen, report);
        attrs.validations.iter().for_each(|r| rules::rule(r, report));
        let kind_text = kind.value();
        let singular = attrs.singular.as_ref().map_or_else(|| kind_text.to_ascii_lowercase(), LitStr::value);
        let plural = attrs.plural.as_ref().map_or_else(|| names::plural(&singular), LitStr::value);
        let descriptions = descriptions(&attrs, report);
        let text = |t: &Option<LitStr>| t.as_ref().map(LitStr::value).unwrap_or_default();
        Some(Self {
            spec: input.ident.clone(),
            root,
            vis: input.vis.clone(),
            group: text(&attrs.group),
            version: text(&attrs.version),
            kind: kind_text,
            singular,
            plural,
            descriptions,
            apply: attrs.apply.then(|| Apply::read(input)),
            attrs,
            checks,
        })
    }
}

fn root(attrs: &KubeAttrs, kind: &LitStr, input: &DeriveInput, report: &mut Report) -> Option<Ident> {
    let text = attrs.root.as_ref().unwrap_or(kind);
    let Ok(parsed) = syn::parse_str::<Ident>(&text.value()) else {
        if attrs.root.is_some() {
            report.at(text, "not a name for a type");
        }
        return None;
    };
    if input.ident == parsed {
        report.at(
            &input.ident,
            format!("the derive makes the type `{parsed}` of this, its spec; name this `{parsed}Spec`, or that `root = \"...\"`"),
        );
        return None;
    }
    Some(Ident::new(&text.value(), Span::call_site()))
}

fn descriptions(attrs: &KubeAttrs, report: &mut Report) -> Ident {
    let name = match attrs.descriptions.as_ref().map(|d| (d, d.value())) {
        None => "Full",
        Some((_, d)) if d == "full" => "Full",
        Some((_, d)) if d == "short" => "Short",
        Some((_, d)) if d == "none" => "None",
        Some((at, _)) => {
            report.at(at, "`descriptions` is \"full\", \"short\" or \"none\"");
            "Full"
        }
    };
    Ident::new(name, Span::call_site())
}

fn check_names(attrs: &KubeAttrs, report: &mut Report) {
    if let Some(t) = &attrs.group {
        names::group(t, report);
    }
    if let Some(t) = &attrs.version {
        names::label(t, "a version", report);
    }
    if let Some(t) = &attrs.kind {
        names::kind(t, report);
    }
    let named = [(&attrs.plural, "a plural"), (&attrs.singular, "a singular")];
    for (text, what) in named {
        if let Some(t) = text {
            names::label(t, what, report);
        }
    }
    attrs.shortnames.iter().for_each(|t| names::label(t, "a short name", report));
    attrs.categories.iter().for_each(|t| names::label(t, "a category", report));
    if let Some(Some(warning)) = &attrs.deprecated
        && (warning.value().is_empty() || warning.value().len() > 256)
    {
        report.at(warning, "a deprecation warning has 1 to 256 bytes");
    }
    if attrs.cel
        && attrs.schema != Mode::Derived
        && let Some(kind) = &attrs.kind
    {
        report.at(kind, "`cel` needs a derived schema; it cannot be with `schema = \"manual\"` or `\"disabled\"`");
    }
}

fn check_paths(attrs: &mut KubeAttrs, seen: &paths::Seen, report: &mut Report) -> Vec<paths::Check> {
    let mut checks = Vec::new();
    let wanted = |form: &'static str, what: &str| paths::Wanted { form, what: what.to_owned() };
    let mut names: Vec<String> = Vec::new();
    for c in &attrs.columns {
        column(c, report);
        if names.contains(&c.name.value().to_uppercase()) {
            report.at(&c.name, "there is a column of this name already");
        }
        names.push(c.name.value().to_uppercase());
        let type_ = c.type_.value();
        // A column of strings shows whatever it finds; others show nothing of what is of another type.
        let form = match type_.as_str() {
            "integer" | "number" => "Number",
            "boolean" => "Flag",
            "date" => "Text",
            _ => "",
        };
        paths::column(&c.json_path, wanted(form, &format!("a column of type {type_}")), seen, &mut checks, report);
    }
    if let Some(s) = &attrs.scale {
        let (spec, status) = (wanted("Integer", "spec_replicas_path"), wanted("Integer", "status_replicas_path"));
        paths::plain(&s.spec_replicas_path, &["spec"], spec, seen, &mut checks, report);
        paths::plain(&s.status_replicas_path, &["status"], status, seen, &mut checks, report);
        if let Some(l) = &s.label_selector_path {
            paths::plain(l, &["spec", "status"], wanted("Text", "label_selector_path"), seen, &mut checks, report);
        }
    }
    for s in &mut attrs.selectable {
        // kube's documentation writes them without the dot, which Kubernetes needs.
        if !s.value().starts_with('.') {
            *s = LitStr::new(&format!(".{}", s.value()), s.span());
        }
        let selectable = wanted("Selectable", "a selectable field");
        paths::plain(s, &["spec", "status"], selectable, seen, &mut checks, report);
    }
    checks
}

fn column(c: &ColumnAttrs, report: &mut Report) {
    let known = [(Some(&c.type_), COLUMN_TYPES, "type"), (c.format.as_ref(), COLUMN_FORMATS, "format")];
    for (text, all, what) in known {
        let Some(t) = text else { continue };
        if !all.contains(&t.value().as_str()) {
            let meant = crate::report::nearest(&t.value(), all);
            let meant = meant.map(|m| format!("; did you mean \"{m}\"?")).unwrap_or_default();
            report.at(t, format!("the {what} of a column is one of {}{meant}", all.join(", ")));
        }
    }
    if c.name.value().is_empty() {
        report.at(&c.name, "a column has a name");
    }
    if c.priority.is_some_and(|p| i32::try_from(p).is_err()) {
        report.at(&c.name, "the priority of a column has 32 bits");
    }
}

/// The names of the fields of a struct, if they are all that it can have.
fn fields(input: &DeriveInput) -> Option<Vec<String>> {
    let Data::Struct(s) = &input.data else { return None };
    let Fields::Named(named) = &s.fields else { return None };
    // The schema's derive reports what is wrong with these.
    let mut silent = Report::default();
    let container = SerdeAttrs::read(&input.attrs, &mut silent);
    if container.from.is_some() || container.transparent {
        return None;
    }
    let case = Case::read(container.rename_all.as_ref(), &mut silent);
    let mut out = Vec::new();
    for f in &named.named {
        let serde = SerdeAttrs::read(&f.attrs, &mut silent);
        if serde.flatten {
            return None;
        }
        let ident = f.ident.as_ref().map(unraw).unwrap_or_default();
        out.push(serde.rename.as_ref().map_or_else(|| case.field(&ident), LitStr::value));
        out.extend(serde.aliases.iter().map(LitStr::value));
    }
    Some(out)
}
