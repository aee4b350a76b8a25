//! Types of fields that are seen to lead to no other derived type: most fields, of which nothing need be asked of the compiler.

use super::container::{arguments, is_one_of};
use syn::Type;

const PLAIN: &[&str] = &[
    "String",
    "str",
    "char",
    "bool",
    "i8",
    "i16",
    "i32",
    "i64",
    "isize",
    "u8",
    "u16",
    "u32",
    "u64",
    "usize",
    "f32",
    "f64",
    "Value",
    "Quantity",
    "IntOrString",
    "Time",
];

const HOLDERS: &[&str] =
    &["Option", "Vec", "Box", "Arc", "Rc", "BTreeMap", "HashMap", "BTreeSet", "HashSet", "VecDeque", "Cow"];

/// Whether no derived type is below.
pub(crate) fn nowhere(ty: &Type) -> bool {
    if is_one_of(ty, PLAIN) {
        return true;
    }
    let inner = arguments(ty, HOLDERS);
    !inner.is_empty() && inner.into_iter().all(nowhere)
}
