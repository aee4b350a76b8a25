//! A struct or enum of many versions: its fields and variants, each with its life.

use super::Version;
use super::life::{self, Life};
use crate::model::case::Case;
use crate::report::{Report, nearest};
use crate::syntax::{Difference, DifferenceAttrs, KubeNames, Place, SerdeAttrs, without_entries};
use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Attribute, DeriveInput, Ident, Item, LitStr, Path, Visibility};

/// A type.
pub(crate) struct Type {
    pub(crate) ident: Ident,
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) life: Life,
    pub(crate) data: Data,
    /// What it is the spec of.
    pub(crate) kind: Option<Kind>,
}

/// The resource whose spec a type is.
pub(crate) struct Kind {
    pub(crate) root: Ident,
    /// Its status is of a type that another `#[versioned]` has made.
    pub(crate) nested_status: bool,
}

impl Kind {
    /// What the spec of the kind says of its status in a version.
    pub(crate) fn status(&self, spec: &Type, v: usize) -> Option<Path> {
        let of_version = spec.life.attrs(v).map(|meta| syn::parse_quote!(#[#meta]));
        let all: Vec<Attribute> = spec.attrs.iter().cloned().chain(of_version).collect();
        KubeNames::read(&all).status
    }
}

pub(crate) enum Data {
    Struct(Fields),
    Enum(Vec<Variant>),
}

/// Fields, and how they stand.
pub(crate) struct Fields {
    pub(crate) all: Vec<Field>,
    pub(crate) form: syn::Fields,
}

pub(crate) struct Field {
    /// `None` in a tuple.
    pub(crate) ident: Option<Ident>,
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) ty: syn::Type,
    pub(crate) life: Life,
    /// Its type is of another versioned item or module.
    pub(crate) nested: bool,
    pub(crate) in_variant: bool,
    rename: Option<String>,
    case: Case,
}

impl Field {
    /// What it is called in an object of a version.
    pub(crate) fn key(&self, v: usize, index: usize) -> String {
        match (&self.rename, &self.ident) {
            (Some(name), _) => name.clone(),
            (None, Some(ident)) => self.case.field(&crate::model::container::unraw(&self.life.name(ident, v))),
            (None, None) => index.to_string(),
        }
    }
}

pub(crate) struct Variant {
    pub(crate) ident: Ident,
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) life: Life,
    pub(crate) fields: Fields,
    pub(crate) discriminant: Option<syn::Expr>,
    /// What it becomes in the version before its first.
    pub(crate) below: Option<Fallback>,
    /// What it becomes in the version after its last.
    pub(crate) above: Option<Fallback>,
    /// The key it is under in an object, if it is under one.
    pub(crate) key: Option<String>,
}

/// What a variant becomes in the version next to those it is in.
pub(crate) enum Fallback {
    Unit(Ident),
    Function(Path),
}

/// The attributes that are ours, taken from the others. `#[kubegraft::versioned]` is read as `#[versioned]`.
fn take(attrs: &mut Vec<Attribute>) -> Vec<Attribute> {
    let ours = |a: &Attribute| a.path().segments.last().is_some_and(|s| s.ident == "versioned");
    let (mut taken, rest): (Vec<_>, Vec<_>) = std::mem::take(attrs).into_iter().partition(ours);
    *attrs = rest;
    for a in &mut taken {
        if let syn::Meta::List(list) = &mut a.meta
            && let Some(last) = list.path.segments.last().cloned()
        {
            list.path = last.into();
        }
    }
    taken
}

/// An item without any attribute of ours.
pub(super) fn plain(mut item: Item) -> TokenStream {
    each(&mut item, &mut |attrs| drop(take(attrs)));
    item.into_token_stream()
}

/// The attributes of an item, its variants and fields.
fn each(item: &mut Item, run: &mut dyn FnMut(&mut Vec<Attribute>)) {
    match item {
        Item::Struct(s) => {
            run(&mut s.attrs);
            s.fields.iter_mut().for_each(|f| run(&mut f.attrs));
        }
        Item::Enum(e) => {
            run(&mut e.attrs);
            for v in &mut e.variants {
                run(&mut v.attrs);
                v.fields.iter_mut().for_each(|f| run(&mut f.attrs));
            }
        }
        Item::Mod(m) => m.content.iter_mut().flat_map(|(_, items)| items).for_each(|item| each(item, run)),
        _ => {}
    }
}

/// Attributes of derives.
const HELPERS: &[&str] = &["serde", "kube", "x_kube", "schemars", "validate", "garde"];

/// A type whose derives have run already, before its versions were made: as it was then, without what only derives read.
pub(super) fn derived_before(item: &Item) -> Option<(Ident, TokenStream)> {
    let (attrs, ident) = match item {
        Item::Struct(s) => (&s.attrs, s.ident.clone()),
        Item::Enum(e) => (&e.attrs, e.ident.clone()),
        _ => return None,
    };
    let helper = |a: &Attribute| HELPERS.iter().any(|name| a.path().is_ident(name));
    if attrs.iter().any(|a| a.path().is_ident("derive")) {
        return None;
    }
    let mut found = false;
    let mut plain = item.clone();
    each(&mut plain, &mut |attrs| {
        take(attrs);
        let before = attrs.len();
        attrs.retain(|a| !helper(a));
        found |= attrs.len() < before;
    });
    found.then(|| (ident, plain.into_token_stream()))
}

impl Type {
    /// One that says it is shared by all versions is given back.
    pub(super) fn read(
        mut input: DeriveInput,
        versions: &[Version],
        in_module: bool,
        report: &mut Report,
    ) -> Result<Self, TokenStream> {
        let differences = DifferenceAttrs::read(&take(&mut input.attrs), Place::Type, report);
        if let Some(shared) = &differences.shared {
            if differences.added.is_some() || differences.removed.is_some() || !differences.changed.is_empty() {
                report.at(shared, "a type that all versions share has no differences");
            }
            if in_module {
                return Err(input.into_token_stream());
            }
            report.at(shared, "`shared` is for a type in a module with versions; leave `#[versioned]` out here");
        }
        if let Some(p) = input.generics.params.first() {
            report.at(p, "a type that has versions cannot be generic");
        }
        let derives: Vec<String> = input.attrs.iter().filter(|a| a.path().is_ident("derive")).map(derived).collect();
        let read = input.attrs.iter().any(|a| ["serde", "kube", "x_kube"].iter().any(|name| a.path().is_ident(name)));
        if derives.is_empty() && read {
            report.at(
                &input.ident,
                "a type with versions derives for each of them: write `#[derive(...)]` below `#[versioned]`",
            );
        }
        let nested_status = differences.nested_status.clone();
        let life = Life::read(differences, versions, report);
        let is_resource = derives.iter().any(|d| d.contains("CustomResource"));
        let mut kind = is_resource.then(|| kind(&mut input.attrs, in_module, report)).flatten();
        if let Some(word) = &nested_status {
            match &mut kind {
                Some(kind) => kind.nested_status = true,
                None => report.at(word, "only the spec of a resource has a status: `#[derive(CustomResource)]`"),
            }
        }
        let serde = SerdeAttrs::read(&input.attrs, &mut Report::default());
        let data = match input.data {
            syn::Data::Struct(s) => {
                let case = Case::read(serde.rename_all.as_ref(), &mut Report::default());
                Data::Struct(fields(s.fields, case, false, versions, report))
            }
            syn::Data::Enum(e) => {
                let all = e.variants.into_iter().map(|v| variant(v, &serde, versions, report)).collect();
                Data::Enum(fallbacks(all, versions, report))
            }
            syn::Data::Union(_) => Data::Enum(Vec::new()),
        };
        let mut out = Self { ident: input.ident, attrs: input.attrs, vis: input.vis, life, data, kind };
        if let (Some(word), Some(kind)) = (&nested_status, &out.kind)
            && (out.life.from..out.life.to).all(|v| kind.status(&out, v).is_none())
        {
            report.at(
                word,
                "there is no status: write `#[kube(status = \"...\")]`, with the name that the type has there",
            );
        }
        match &mut out.data {
            Data::Struct(f) => {
                named_once(&mut f.all, |f| Some((f.ident.as_ref()?, &f.life)), "fields", versions, report)
            }
            Data::Enum(variants) => {
                let fields = variants.iter_mut().map(|v| &mut v.fields.all);
                fields.for_each(|all| {
                    named_once(all, |f| Some((f.ident.as_ref()?, &f.life)), "fields", versions, report)
                });
                named_once(variants, |v| Some((&v.ident, &v.life)), "variants", versions, report);
            }
        }
        Ok(out)
    }
}

/// Of two that have one name in one version the second is reported and left out.
fn named_once<T>(
    all: &mut Vec<T>,
    get: impl Fn(&T) -> Option<(&Ident, &Life)>,
    what: &str,
    versions: &[Version],
    report: &mut Report,
) {
    let mut seen: Vec<(usize, Ident)> = Vec::new();
    all.retain(|one| {
        let Some((ident, life)) = get(one) else { return true };
        let names: Vec<(usize, Ident)> =
            (0..versions.len()).filter(|v| life.in_version(*v)).map(|v| (v, life.name(ident, v))).collect();
        if let Some((v, name)) = names.iter().find(|n| seen.contains(n)) {
            report.at(ident, format!("there are two {what} named `{name}` in {}", versions[*v].name));
            return false;
        }
        seen.extend(names);
        true
    });
}

fn derived(a: &Attribute) -> String {
    match &a.meta {
        syn::Meta::List(list) => list.tokens.to_string(),
        _ => String::new(),
    }
}

fn kind(attrs: &mut [Attribute], in_module: bool, report: &mut Report) -> Option<Kind> {
    let names = KubeNames::read(attrs);
    let mut wrong: Vec<&Ident> = names.of_versions.iter().collect();
    for ident in &wrong {
        report.at(ident, format!("each version has its own: write `{ident}` in `#[versioned(version(...))]`"));
    }
    if let (Some((ident, root)), false) = (&names.root, in_module) {
        report.at(root, "the root types are named by kind and version; put the spec into a module to name them");
        wrong.push(ident);
    }
    without_entries(attrs, &wrong);
    let root = names.root.as_ref().map(|(_, text)| text).filter(|_| in_module);
    // The derive asks for a kind.
    let root = life::ident(root.or(names.kind.as_ref())?)?;
    Some(Kind { root, nested_status: false })
}

fn fields(form: syn::Fields, case: Case, in_variant: bool, versions: &[Version], report: &mut Report) -> Fields {
    let all = form.iter().cloned().map(|f| field(f, case, in_variant, versions, report)).collect();
    Fields { all, form }
}

fn field(mut f: syn::Field, case: Case, in_variant: bool, versions: &[Version], report: &mut Report) -> Field {
    let differences = DifferenceAttrs::read(&take(&mut f.attrs), Place::Field, report);
    let functions = [
        differences.added.as_ref().and_then(|d| d.upgrade_with.as_ref()),
        differences.removed.as_ref().and_then(|d| d.downgrade_with.as_ref()),
    ];
    for function in functions.into_iter().flatten().filter(|_| in_variant) {
        report.at(
            function,
            "the function of a new or old field reads the whole struct, which a variant is not; give a `default`",
        );
    }
    let both = |d: &Option<Difference>, function: fn(&Difference) -> Option<&Path>, report: &mut Report| {
        if let Some(d) = d
            && let (Some(default), Some(_)) = (&d.default, function(d))
        {
            report.at(default, "the function gives the value; leave one of them out");
        }
    };
    both(&differences.added, |d| d.upgrade_with.as_ref(), report);
    both(&differences.removed, |d| d.downgrade_with.as_ref(), report);
    for name in differences.changed.iter().filter_map(|c| c.from_name.as_ref()).filter(|_| f.ident.is_none()) {
        report.at(name, "a field of a tuple has no name");
    }
    let all = std::iter::once(&f.ty).chain(differences.changed.iter().filter_map(|c| c.from_type.as_ref()));
    if let Some(set) = all.filter_map(|ty| hash_set(ty.to_token_stream())).next() {
        report.at(
            set,
            "a HashSet comes in another order each time it is written, so that no two versions agree; use a BTreeSet",
        );
    }
    let nested = differences.nested;
    let serde = SerdeAttrs::read(&f.attrs, &mut Report::default());
    Field {
        life: Life::read(differences, versions, report),
        ident: f.ident,
        attrs: f.attrs,
        vis: f.vis,
        ty: f.ty,
        nested,
        in_variant,
        rename: serde.rename.as_ref().map(LitStr::value),
        case,
    }
}

/// The word in a type, if it is there.
fn hash_set(ty: TokenStream) -> Option<Ident> {
    ty.into_iter().find_map(|t| match t {
        proc_macro2::TokenTree::Ident(i) if i == "HashSet" => Some(i),
        proc_macro2::TokenTree::Group(g) => hash_set(g.stream()),
        _ => None,
    })
}

fn variant(mut v: syn::Variant, container: &SerdeAttrs, versions: &[Version], report: &mut Report) -> Variant {
    let differences = DifferenceAttrs::read(&take(&mut v.attrs), Place::Variant, report);
    let mut silent = Report::default();
    let serde = SerdeAttrs::read(&v.attrs, &mut silent);
    let case = serde.rename_all.as_ref().or(container.rename_all_fields.as_ref());
    let fields = fields(v.fields, Case::read(case, &mut silent), true, versions, report);
    let external = container.tag.is_none() && container.untagged.is_none() && serde.untagged.is_none();
    let own = Case::read(container.rename_all.as_ref(), &mut silent);
    let key = || match &serde.rename {
        Some(name) => name.value(),
        None => own.variant(&crate::model::container::unraw(&v.ident)),
    };
    Variant {
        key: (external && !fields.all.is_empty()).then(key),
        life: Life::read(differences, versions, report),
        ident: v.ident,
        attrs: v.attrs,
        fields,
        discriminant: v.discriminant.map(|(_, e)| e),
        below: None,
        above: None,
    }
}

/// Every variant that comes or goes becomes another one where it is not.
fn fallbacks(mut all: Vec<Variant>, versions: &[Version], report: &mut Report) -> Vec<Variant> {
    let mut found = Vec::new();
    for v in &all {
        let below = v.life.added.as_ref().and_then(|d| {
            fallback(v, d, v.life.from - 1, ("downgrade_with", d.downgrade_with.as_ref()), &all, versions, report)
        });
        let above =
            v.life.removed.as_ref().and_then(|d| {
                fallback(v, d, v.life.to, ("upgrade_with", d.upgrade_with.as_ref()), &all, versions, report)
            });
        found.push((below, above));
    }
    all.iter_mut().zip(found).for_each(|(v, (below, above))| (v.below, v.above) = (below, above));
    all
}

/// What becomes of a variant in the version `there`.
fn fallback(
    v: &Variant,
    difference: &Difference,
    there: usize,
    (name, function): (&str, Option<&Path>),
    all: &[Variant],
    versions: &[Version],
    report: &mut Report,
) -> Option<Fallback> {
    let version = &versions[there].name;
    match (&difference.instead, function) {
        (Some(instead), Some(_)) => {
            report.at(instead, "the function gives the variant; leave one of them out");
            None
        }
        (None, Some(function)) => Some(Fallback::Function(function.clone())),
        (Some(instead), None) => unit(instead, all, there, version, name, report).map(Fallback::Unit),
        (None, None) if !difference.clean => None,
        (None, None) => {
            report.at(
                &difference.keyword,
                format!("what is `{}` in {version}? say `instead = Variant` or `{name} = function`", v.ident),
            );
            None
        }
    }
}

/// The name in a version of a variant without data.
fn unit(
    name: &Path,
    all: &[Variant],
    there: usize,
    version: &str,
    function: &str,
    report: &mut Report,
) -> Option<Ident> {
    let in_version: Vec<(&Variant, Ident)> =
        all.iter().filter(|v| v.life.in_version(there)).map(|v| (v, v.life.name(&v.ident, there))).collect();
    let Some((v, name_there)) = in_version.iter().find(|(v, there)| name.is_ident(&v.ident) || name.is_ident(there))
    else {
        let known: Vec<String> = in_version.iter().map(|(_, n)| n.to_string()).collect();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let given = name.to_token_stream().to_string();
        let meant = match nearest(&given, &known) {
            Some(best) => format!("did you mean `{best}`?"),
            None => format!("there are {}", known.join(", ")),
        };
        report.at(name, format!("there is no variant `{given}` in {version}; {meant}"));
        return None;
    };
    if !v.fields.all.is_empty() {
        report.at(name, format!("`{}` has data; make it by a function: `{function} = function`", v.ident));
        return None;
    }
    Some(name_there.clone())
}
