//! The apply configuration of a type: its fields as serde writes them, each to be set or not. What is wrong with the type itself
//! the schema's derive reports.

use super::case::Case;
use super::container::{arguments, inside, is_one_of, unraw};
use crate::report::Report;
use crate::syntax::{Facet, SchemaAttrs, SerdeAttrs, docs};
use proc_macro2::Span;
use syn::{Data, DeriveInput, Fields, Generics, Ident, LitStr, Member, Path, Type, Visibility};

/// A configuration to emit.
pub(crate) struct Apply {
    pub(crate) source: Ident,
    pub(crate) vis: Visibility,
    pub(crate) generics: Generics,
    pub(crate) name: Ident,
    pub(crate) form: ApplyForm,
}

/// What is given of a value.
pub(crate) enum ApplyForm {
    /// All or nothing.
    Whole,
    /// What is given of the only field.
    Through { member: Member, ty: Box<Type> },
    /// Fields that are set or not. `complete`, if they are all that the type has.
    Fields { fields: Vec<ApplyField>, complete: bool },
    /// One variant with such fields.
    Variants { tag: Option<LitStr>, content: Option<LitStr>, untagged: bool, variants: Vec<ApplyVariant> },
}

/// A field that can be set.
pub(crate) struct ApplyField {
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    pub(crate) ty: Type,
    pub(crate) name: String,
    pub(crate) docs: Option<String>,
    pub(crate) flatten: bool,
    pub(crate) whole: bool,
    /// The function that writes it.
    pub(crate) written_by: Option<Path>,
    /// Whether null is a value of it.
    pub(crate) nullable: bool,
    pub(crate) setter: Setter,
}

/// How a field is set.
pub(crate) enum Setter {
    /// A number, which a literal must find without conversion.
    Plain(Type),
    One(Type),
    List(Type),
    /// Of keys and values.
    Map(Box<(Type, Type)>),
}

/// A variant that can be given.
pub(crate) struct ApplyVariant {
    pub(crate) ident: Ident,
    pub(crate) name: String,
    pub(crate) docs: Option<String>,
    pub(crate) untagged: bool,
    pub(crate) body: ApplyBody,
}

/// The content of a variant.
pub(crate) enum ApplyBody {
    Unit,
    Tuple(Vec<Type>),
    Fields(Vec<ApplyField>),
}

impl Apply {
    pub(crate) fn read(input: &DeriveInput) -> Self {
        Self {
            source: input.ident.clone(),
            vis: input.vis.clone(),
            generics: input.generics.clone(),
            name: configuration(&input.ident),
            form: form(input),
        }
    }
}

/// The name of a type's configuration.
pub(crate) fn configuration(of: &Ident) -> Ident {
    Ident::new(&format!("{}Apply", unraw(of)), of.span())
}

fn form(input: &DeriveInput) -> ApplyForm {
    let mut silent = Report::default();
    let serde = SerdeAttrs::read(&input.attrs, &mut silent);
    if serde.from.is_some() || serde.into {
        return ApplyForm::Whole;
    }
    let case = Case::read(serde.rename_all.as_ref(), &mut silent);
    match &input.data {
        Data::Struct(s) => match &s.fields {
            Fields::Named(all) if serde.transparent && all.named.len() == 1 => through(&s.fields),
            Fields::Named(all) => {
                let fields: Vec<ApplyField> = all.named.iter().filter_map(|f| field(f, case)).collect();
                let complete = fields.len() == all.named.len();
                ApplyForm::Fields { fields, complete }
            }
            Fields::Unnamed(all) if all.unnamed.len() == 1 => through(&s.fields),
            _ => ApplyForm::Whole,
        },
        Data::Enum(e) => variants(e, &serde, case),
        Data::Union(_) => ApplyForm::Whole,
    }
}

fn through(fields: &Fields) -> ApplyForm {
    let Some(f) = fields.iter().next() else { return ApplyForm::Whole };
    let serde = SerdeAttrs::read(&f.attrs, &mut Report::default());
    if is_whole(f) || serde.with.is_some() || serde.serialize_with.is_some() {
        return ApplyForm::Whole;
    }
    let member = f.ident.clone().map_or_else(|| Member::from(0), Member::Named);
    ApplyForm::Through { member, ty: Box::new(f.ty.clone()) }
}

/// Fields whose form is open, or is said to be whole.
fn is_whole(f: &syn::Field) -> bool {
    let attrs = SchemaAttrs::read(&f.attrs, false, &mut Report::default());
    attrs.apply || attrs.open
}

fn field(f: &syn::Field, case: Case) -> Option<ApplyField> {
    let mut silent = Report::default();
    let serde = SerdeAttrs::read(&f.attrs, &mut silent);
    if serde.skip_serializing {
        return None;
    }
    let ident = f.ident.clone()?;
    let attrs = SchemaAttrs::read(&f.attrs, false, &mut silent);
    let module = serde.with.as_ref().and_then(|m| m.parse::<Path>().ok()).map(|mut path| {
        path.segments.push(Ident::new("serialize", Span::call_site()).into());
        path
    });
    let written_by = serde.serialize_with.clone().or(module);
    let whole = attrs.apply || attrs.open || written_by.is_some();
    let optional = inside(&f.ty, &["Option"]);
    let not_null = attrs.facets.iter().any(|f| matches!(f, Facet::NotNull));
    Some(ApplyField {
        name: serde.rename.as_ref().map_or_else(|| case.field(&unraw(&ident)), LitStr::value),
        vis: f.vis.clone(),
        docs: docs(&f.attrs),
        flatten: serde.flatten,
        nullable: optional.is_some() && !not_null && !serde.flatten && written_by.is_none(),
        setter: setter(if written_by.is_some() { &f.ty } else { optional.unwrap_or(&f.ty) }, whole),
        ty: f.ty.clone(),
        whole,
        written_by,
        ident,
    })
}

const SCALARS: &[&str] = &[
    "bool", "char", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32", "u64", "u128", "usize", "f32",
    "f64",
];

/// Lists, which are applied as lists of configurations.
pub(crate) const LISTS: &[&str] = &["Vec", "VecDeque", "LinkedList", "BTreeSet", "HashSet"];

/// Maps, whose values are configurations.
pub(crate) const MAPS: &[&str] = &["BTreeMap", "HashMap"];

/// Whether values of this type are given without conversion: a literal would not find its type through one.
pub(crate) fn is_plain(ty: &Type) -> bool {
    is_one_of(ty, SCALARS)
}

fn setter(ty: &Type, whole: bool) -> Setter {
    if is_plain(ty) {
        return Setter::Plain(ty.clone());
    }
    if whole {
        return Setter::One(ty.clone());
    }
    if let Some(item) = inside(ty, LISTS) {
        return Setter::List(item.clone());
    }
    match arguments(ty, MAPS).as_slice() {
        [key, value] => Setter::Map(Box::new(((*key).clone(), (*value).clone()))),
        _ => Setter::One(ty.clone()),
    }
}

/// Variants that only have names are given whole; so are those that functions write.
fn variants(e: &syn::DataEnum, serde: &SerdeAttrs, case: Case) -> ApplyForm {
    let mut silent = Report::default();
    let fields_case = Case::read(serde.rename_all_fields.as_ref(), &mut silent);
    if e.variants.iter().all(|v| matches!(v.fields, Fields::Unit)) {
        return ApplyForm::Whole;
    }
    let mut all = Vec::new();
    for v in &e.variants {
        let own = SerdeAttrs::read(&v.attrs, &mut silent);
        let odd = own.skip_serializing || own.skip_deserializing || own.with.is_some() || own.serialize_with.is_some();
        if odd || v.fields.iter().any(|f| f.ident.is_none() && (is_whole(f) || by_function(f))) {
            return ApplyForm::Whole;
        }
        let case_of_fields =
            own.rename_all.as_ref().map_or(fields_case, |_| Case::read(own.rename_all.as_ref(), &mut silent));
        let body = match &v.fields {
            Fields::Unit => ApplyBody::Unit,
            Fields::Unnamed(u) => ApplyBody::Tuple(u.unnamed.iter().map(|f| f.ty.clone()).collect()),
            Fields::Named(n) => {
                let fields: Vec<ApplyField> = n.named.iter().filter_map(|f| field(f, case_of_fields)).collect();
                if fields.iter().any(|f| f.written_by.is_some()) {
                    return ApplyForm::Whole;
                }
                ApplyBody::Fields(fields)
            }
        };
        all.push(ApplyVariant {
            name: own.rename.as_ref().map_or_else(|| case.variant(&unraw(&v.ident)), LitStr::value),
            ident: v.ident.clone(),
            docs: docs(&v.attrs),
            untagged: own.untagged.is_some(),
            body,
        });
    }
    ApplyForm::Variants {
        tag: serde.tag.clone(),
        content: serde.content.clone(),
        untagged: serde.untagged.is_some(),
        variants: all,
    }
}

fn by_function(f: &syn::Field) -> bool {
    let serde = SerdeAttrs::read(&f.attrs, &mut Report::default());
    serde.with.is_some() || serde.serialize_with.is_some() || serde.skip_serializing || serde.skip_deserializing
}
