//! `#[kube(...)]`: every attribute of kube-derive 5.0, and ours.

use super::item::{Given, Item, items, once};
use crate::report::Report;
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, Expr, LitStr, Meta, Path};

/// What `#[kube(...)]` knows.
pub(crate) const KNOWN: &[&str] = &[
    "group",
    "version",
    "kind",
    "root",
    "plural",
    "singular",
    "namespaced",
    "status",
    "scale",
    "printcolumn",
    "selectable",
    "shortname",
    "category",
    "derive",
    "attr",
    "schema",
    "doc",
    "annotation",
    "label",
    "storage",
    "served",
    "deprecated",
    "validation",
    "cel",
    "crates",
    "descriptions",
    "test",
    "apply",
];

/// Whether and how the root type has a schema.
#[derive(Clone, Copy, Default, PartialEq)]
pub(crate) enum Mode {
    #[default]
    Derived,
    Manual,
    Disabled,
}

/// A printer column as written.
pub(crate) struct ColumnAttrs {
    pub(crate) name: LitStr,
    pub(crate) type_: LitStr,
    pub(crate) json_path: LitStr,
    pub(crate) format: Option<LitStr>,
    pub(crate) description: Option<LitStr>,
    pub(crate) priority: Option<i64>,
}

/// The scale subresource as written.
pub(crate) struct ScaleAttrs {
    pub(crate) spec_replicas_path: LitStr,
    pub(crate) status_replicas_path: LitStr,
    pub(crate) label_selector_path: Option<LitStr>,
}

/// Paths that generated code names instead of the runtime's re-exports.
#[derive(Default)]
pub(crate) struct Crates {
    kubegraft: Option<Path>,
    kube_core: Option<Path>,
    k8s_openapi: Option<Path>,
    schemars: Option<Path>,
    serde: Option<Path>,
    serde_json: Option<Path>,
}

impl Crates {
    const KNOWN: &'static [&'static str] =
        &["kubegraft", "kube_core", "k8s_openapi", "schemars", "serde", "serde_json", "kube", "std"];

    pub(crate) fn read(&mut self, item: &Item, report: &mut Report) {
        for i in item.list(report) {
            let slot = match i.name.to_string().as_str() {
                "kubegraft" => &mut self.kubegraft,
                "kube_core" => &mut self.kube_core,
                "k8s_openapi" => &mut self.k8s_openapi,
                "schemars" => &mut self.schemars,
                "serde" => &mut self.serde,
                "serde_json" => &mut self.serde_json,
                // kube-derive's; nothing of them is named here.
                "kube" | "std" => continue,
                _ => {
                    report.unknown(&i.name, "crates(...)", Self::KNOWN);
                    continue;
                }
            };
            once(slot, &i.name, i.path(report), report);
        }
    }

    /// The runtime's room for generated code.
    pub(crate) fn private(&self) -> TokenStream {
        let root = self.kubegraft.as_ref().map_or_else(|| quote!(::kubegraft), ToTokens::to_token_stream);
        quote!(#root::__private)
    }

    fn named(&self, slot: &Option<Path>, name: &str) -> TokenStream {
        let private = self.private();
        let name = quote::format_ident!("{name}");
        slot.as_ref().map_or_else(|| quote!(#private::#name), ToTokens::to_token_stream)
    }

    /// The runtime's module for generated code.
    pub(crate) fn derive(&self) -> TokenStream {
        let private = self.private();
        quote!(#private::derive)
    }

    pub(crate) fn kube_core(&self) -> TokenStream {
        self.named(&self.kube_core, "kube_core")
    }

    pub(crate) fn k8s_openapi(&self) -> TokenStream {
        self.named(&self.k8s_openapi, "k8s_openapi")
    }

    pub(crate) fn schemars(&self) -> TokenStream {
        self.named(&self.schemars, "schemars")
    }

    pub(crate) fn serde(&self) -> TokenStream {
        self.named(&self.serde, "serde")
    }

    pub(crate) fn serde_json(&self) -> TokenStream {
        self.named(&self.serde_json, "serde_json")
    }
}

/// All of `#[kube(...)]`.
pub(crate) struct KubeAttrs {
    pub(crate) group: Option<LitStr>,
    pub(crate) version: Option<LitStr>,
    pub(crate) kind: Option<LitStr>,
    pub(crate) root: Option<LitStr>,
    pub(crate) plural: Option<LitStr>,
    pub(crate) singular: Option<LitStr>,
    pub(crate) namespaced: bool,
    pub(crate) status: Option<Path>,
    pub(crate) scale: Option<ScaleAttrs>,
    pub(crate) columns: Vec<ColumnAttrs>,
    pub(crate) selectable: Vec<LitStr>,
    pub(crate) shortnames: Vec<LitStr>,
    pub(crate) categories: Vec<LitStr>,
    pub(crate) derives: Vec<Path>,
    pub(crate) attributes: Vec<Meta>,
    pub(crate) schema: Mode,
    pub(crate) doc: Option<LitStr>,
    pub(crate) annotations: Vec<(LitStr, LitStr)>,
    pub(crate) labels: Vec<(LitStr, LitStr)>,
    pub(crate) storage: bool,
    pub(crate) served: bool,
    pub(crate) deprecated: Option<Option<LitStr>>,
    pub(crate) validations: Vec<Expr>,
    pub(crate) cel: bool,
    pub(crate) crates: Crates,
    pub(crate) descriptions: Option<LitStr>,
    pub(crate) test: bool,
    pub(crate) apply: bool,
}

impl KubeAttrs {
    pub(crate) fn read(attrs: &[Attribute], report: &mut Report) -> Self {
        let mut out = Self {
            group: None,
            version: None,
            kind: None,
            root: None,
            plural: None,
            singular: None,
            namespaced: false,
            status: None,
            scale: None,
            columns: Vec::new(),
            selectable: Vec::new(),
            shortnames: Vec::new(),
            categories: Vec::new(),
            derives: Vec::new(),
            attributes: Vec::new(),
            schema: Mode::default(),
            doc: None,
            annotations: Vec::new(),
            labels: Vec::new(),
            storage: true,
            served: true,
            deprecated: None,
            validations: Vec::new(),
            cel: false,
            crates: Crates::default(),
            descriptions: None,
            test: true,
            apply: false,
        };
        for item in items(attrs, "kube", report) {
            out.take(&item, report);
        }
        out
    }

    fn take(&mut self, item: &Item, report: &mut Report) {
        match item.name.to_string().as_str() {
            "group" => once(&mut self.group, &item.name, item.text(report), report),
            "version" => once(&mut self.version, &item.name, item.text(report), report),
            "kind" => once(&mut self.kind, &item.name, item.text(report), report),
            "root" => once(&mut self.root, &item.name, item.text(report), report),
            "plural" => once(&mut self.plural, &item.name, item.text(report), report),
            "singular" => once(&mut self.singular, &item.name, item.text(report), report),
            "namespaced" => self.namespaced = item.boolean(report),
            "status" => once(&mut self.status, &item.name, item.path(report), report),
            "scale" => {
                let scale = scale(item, report);
                once(&mut self.scale, &item.name, scale, report);
            }
            "printcolumn" => self.columns.extend(column(item, report)),
            "selectable" => self.selectable.extend(item.text(report)),
            "shortname" => self.shortnames.extend(item.texts(report)),
            "category" => self.categories.extend(item.texts(report)),
            "derive" => self.derives.extend(item.path(report)),
            "attr" => self.attributes.extend(attribute(item, report)),
            "schema" => self.schema = mode(item, report),
            "doc" => once(&mut self.doc, &item.name, item.text(report), report),
            "annotation" => self.annotations.extend(pair(item, report)),
            "label" => self.labels.extend(pair(item, report)),
            "storage" => self.storage = item.boolean(report),
            "served" => self.served = item.boolean(report),
            "deprecated" => {
                let warning = match item.given {
                    Given::Flag => None,
                    _ => item.text(report),
                };
                self.deprecated = Some(warning);
            }
            "validation" => self.validations.extend(item.expr(report)),
            "cel" => self.cel = item.boolean(report),
            "crates" => self.crates.read(item, report),
            "descriptions" => once(&mut self.descriptions, &item.name, item.text(report), report),
            "test" => self.test = item.boolean(report),
            "apply" => self.apply = item.boolean(report),
            _ => report.unknown(&item.name, "#[kube]", KNOWN),
        }
    }
}

/// Whether the derive of the resource makes the apply configuration of its spec.
pub(crate) fn applies(attrs: &[Attribute]) -> bool {
    let mut silent = Report::default();
    let all = items(attrs, "kube", &mut silent);
    all.iter().any(|i| i.name == "apply" && i.boolean(&mut silent))
}

fn pair(item: &Item, report: &mut Report) -> Option<(LitStr, LitStr)> {
    match item.texts(report).as_slice() {
        [k, v] => Some((k.clone(), v.clone())),
        _ => {
            report.at(&item.name, format!("`{}` takes a key and a value: `{0}(\"key\", \"value\")`", item.name));
            None
        }
    }
}

fn mode(item: &Item, report: &mut Report) -> Mode {
    let Some(text) = item.text(report) else { return Mode::default() };
    match text.value().as_str() {
        "derived" => Mode::Derived,
        "manual" => Mode::Manual,
        "disabled" => Mode::Disabled,
        _ => {
            report.at(text, "`schema` is \"derived\", \"manual\" or \"disabled\"");
            Mode::default()
        }
    }
}

fn attribute(item: &Item, report: &mut Report) -> Option<Meta> {
    let text = item.text(report)?;
    let meta = match text.parse::<Meta>() {
        Ok(m) => m,
        Err(e) => {
            report.at(&text, format!("not an attribute: {e}"));
            return None;
        }
    };
    if meta.path().is_ident("derive") {
        report.at(text, "derives are given by `derive = \"...\"`");
        return None;
    }
    if meta.path().is_ident("serde") || meta.path().is_ident("schemars") {
        report.at(text, "attributes of serde and schemars cannot be set on the root type: its form is Kubernetes'");
        return None;
    }
    Some(meta)
}

/// One value of an older form: JSON in a string.
fn json_member(all: &std::collections::BTreeMap<String, String>, name: &str, at: &LitStr) -> Option<LitStr> {
    all.get(name).map(|v| LitStr::new(v, at.span()))
}

/// The members of a flat JSON object whose values are strings or numbers, as kube's older form writes them.
fn flat_json(text: &LitStr, report: &mut Report) -> Option<std::collections::BTreeMap<String, String>> {
    let parsed = (|| {
        let tokens: TokenStream = text.value().parse().ok()?;
        let mut trees = tokens.into_iter();
        let Some(proc_macro2::TokenTree::Group(g)) = trees.next() else { return None };
        let parser = syn::punctuated::Punctuated::<Member, syn::Token![,]>::parse_terminated;
        let all = syn::parse::Parser::parse2(parser, g.stream()).ok()?;
        Some(all.into_iter().map(|m| (m.0, m.1)).collect())
    })();
    if parsed.is_none() {
        report.at(text, "not a JSON object of strings; write it as a list: `printcolumn(name = \"...\", ...)`");
    }
    parsed
}

struct Member(String, String);

impl syn::parse::Parse for Member {
    fn parse(input: syn::parse::ParseStream<'_>) -> syn::Result<Self> {
        let name: LitStr = input.parse()?;
        input.parse::<syn::Token![:]>()?;
        let value: syn::Lit = input.parse()?;
        let value = match value {
            syn::Lit::Str(s) => s.value(),
            other => other.to_token_stream().to_string(),
        };
        Ok(Self(name.value(), value))
    }
}

fn missing(item: &Item, what: &str, report: &mut Report) {
    report.at(&item.name, format!("`{}` lacks `{what}`", item.name));
}

fn column(item: &Item, report: &mut Report) -> Option<ColumnAttrs> {
    if let Given::Value(_) = item.given {
        let text = item.text(report)?;
        let all = flat_json(&text, report)?;
        let get = |name: &str| json_member(&all, name, &text);
        let (Some(name), Some(type_), Some(json_path)) =
            (get("name"), get("type").or_else(|| get("type_")), get("jsonPath"))
        else {
            report.at(text, "a column needs \"name\", \"type\" and \"jsonPath\"");
            return None;
        };
        let priority = get("priority").and_then(|p| p.value().parse().ok());
        return Some(ColumnAttrs {
            name,
            type_,
            json_path,
            format: get("format"),
            description: get("description"),
            priority,
        });
    }
    let (mut name, mut type_, mut path, mut format, mut description, mut priority) =
        (None, None, None, None, None, None);
    let before = report.count();
    for i in item.list(report) {
        match i.name.to_string().as_str() {
            "name" => once(&mut name, &i.name, i.text(report), report),
            "type_" | "type" => once(&mut type_, &i.name, i.text(report), report),
            "json_path" => once(&mut path, &i.name, i.text(report), report),
            "format" => once(&mut format, &i.name, i.text(report), report),
            "description" => once(&mut description, &i.name, i.text(report), report),
            "priority" => once(&mut priority, &i.name, i.integer(report), report),
            _ => report.unknown(
                &i.name,
                "printcolumn(...)",
                &["name", "type_", "json_path", "format", "description", "priority"],
            ),
        }
    }
    if report.count() == before {
        for (what, missed) in [("name", name.is_none()), ("type_", type_.is_none()), ("json_path", path.is_none())] {
            if missed {
                missing(item, what, report);
            }
        }
    }
    Some(ColumnAttrs { name: name?, type_: type_?, json_path: path?, format, description, priority })
}

fn scale(item: &Item, report: &mut Report) -> Option<ScaleAttrs> {
    if let Given::Value(_) = item.given {
        let text = item.text(report)?;
        let all = flat_json(&text, report)?;
        let get = |name: &str| json_member(&all, name, &text);
        let (Some(spec), Some(status)) = (get("specReplicasPath"), get("statusReplicasPath")) else {
            report.at(text, "a scale needs \"specReplicasPath\" and \"statusReplicasPath\"");
            return None;
        };
        return Some(ScaleAttrs {
            spec_replicas_path: spec,
            status_replicas_path: status,
            label_selector_path: get("labelSelectorPath"),
        });
    }
    let (mut spec, mut status, mut selector) = (None, None, None);
    let before = report.count();
    for i in item.list(report) {
        match i.name.to_string().as_str() {
            "spec_replicas_path" => once(&mut spec, &i.name, i.text(report), report),
            "status_replicas_path" => once(&mut status, &i.name, i.text(report), report),
            "label_selector_path" => once(&mut selector, &i.name, i.text(report), report),
            _ => report.unknown(
                &i.name,
                "scale(...)",
                &["spec_replicas_path", "status_replicas_path", "label_selector_path"],
            ),
        }
    }
    if report.count() == before {
        for (what, missed) in [("spec_replicas_path", spec.is_none()), ("status_replicas_path", status.is_none())] {
            if missed {
                missing(item, what, report);
            }
        }
    }
    Some(ScaleAttrs { spec_replicas_path: spec?, status_replicas_path: status?, label_selector_path: selector })
}
