//! Kubernetes' library of named formats: `format.dns1123Label().validate(name)`.

use super::super::value::url::Url;
use super::super::value::{Error, Opaque, Value};
use super::{Arg, Function, Overload, overloads, strings, text};
use crate::resource::validate;
use crate::schema::validate::formats;

/// A format with a name.
#[derive(Debug)]
pub struct NamedFormat {
    name: &'static str,
    /// Two formats are equal if these are.
    pub(in crate::schema::cel) label: &'static str,
    check: fn(&str) -> Vec<String>,
    /// The length of a pattern that costs as much.
    pub(in crate::schema::cel) pattern_size: u64,
}

fn one_of(format: &str, s: &str, problem: &str) -> Vec<String> {
    if formats::check(format, s) == Some(true) { Vec::new() } else { vec![problem.to_owned()] }
}

static FORMATS: [NamedFormat; 13] = [
    NamedFormat { name: "dns1123Label", label: "DNS1123Label", check: validate::dns1123_label, pattern_size: 30 },
    NamedFormat {
        name: "dns1123Subdomain",
        label: "DNS1123Subdomain",
        check: validate::dns1123_subdomain,
        pattern_size: 60,
    },
    NamedFormat { name: "dns1035Label", label: "DNS1035Label", check: validate::dns1035_label, pattern_size: 30 },
    NamedFormat { name: "qualifiedName", label: "QualifiedName", check: validate::qualified_name, pattern_size: 60 },
    NamedFormat {
        name: "dns1123LabelPrefix",
        label: "DNS1123LabelPrefix",
        check: |s| validate::dns1123_label(&validate::mask_trailing_dash(s)),
        pattern_size: 30,
    },
    NamedFormat {
        name: "dns1123SubdomainPrefix",
        label: "DNS1123SubdomainPrefix",
        check: |s| validate::dns1123_subdomain(&validate::mask_trailing_dash(s)),
        pattern_size: 60,
    },
    NamedFormat {
        name: "dns1035LabelPrefix",
        label: "DNS1035LabelPrefix",
        check: |s| validate::dns1035_label(&validate::mask_trailing_dash(s)),
        pattern_size: 30,
    },
    NamedFormat { name: "labelValue", label: "LabelValue", check: validate::label_value, pattern_size: 40 },
    NamedFormat {
        name: "uri",
        label: "URI",
        check: |s| Url::check_request(s).err().into_iter().collect(),
        pattern_size: 1103,
    },
    NamedFormat {
        name: "uuid",
        label: "uuid",
        check: |s| one_of("uuid", s, "does not match the UUID format"),
        pattern_size: 70,
    },
    NamedFormat { name: "byte", label: "byte", check: |s| one_of("byte", s, "invalid base64"), pattern_size: 84 },
    NamedFormat { name: "date", label: "date", check: |s| one_of("date", s, "invalid date"), pattern_size: 71 },
    NamedFormat {
        name: "datetime",
        label: "datetime",
        check: |s| one_of("datetime", s, "invalid datetime"),
        pattern_size: 71,
    },
];

fn named<'a>(i: usize) -> Value<'a> {
    Value::opaque(Opaque::Format(&FORMATS[i]))
}

macro_rules! constant {
    ($name:literal, $i:literal) => {
        overloads(concat!("format.", $name), &[Overload(concat!("format.", $name), &[], |_| Ok(named($i)))])
    };
}

pub(super) const FUNCTIONS: &[Function] = &[
    constant!("dns1123Label", 0),
    constant!("dns1123Subdomain", 1),
    constant!("dns1035Label", 2),
    constant!("qualifiedName", 3),
    constant!("dns1123LabelPrefix", 4),
    constant!("dns1123SubdomainPrefix", 5),
    constant!("dns1035LabelPrefix", 6),
    constant!("labelValue", 7),
    constant!("uri", 8),
    constant!("uuid", 9),
    constant!("byte", 10),
    constant!("date", 11),
    constant!("datetime", 12),
    overloads(
        "format.named",
        &[Overload("format-named", &[Arg::Str], |a| {
            let name = text(&a[0])?;
            Ok(match FORMATS.iter().position(|f| f.name == name) {
                Some(i) => Value::some(named(i)),
                None => Value::Optional(None),
            })
        })],
    ),
    overloads(
        "validate",
        &[Overload("format-validate", &[Arg::Format, Arg::Str], |a| {
            let Value::Opaque(o) = &a[0] else { return Err(Error::no_such_overload()) };
            let Opaque::Format(f) = &**o else { return Err(Error::no_such_overload()) };
            let problems = (f.check)(text(&a[1])?);
            Ok(if problems.is_empty() { Value::Optional(None) } else { Value::some(strings(problems)) })
        })],
    ),
];

#[cfg(test)]
mod tests {
    use super::{FORMATS, FUNCTIONS};

    #[test]
    fn every_constant_names_its_own_format() {
        for (f, function) in FORMATS.iter().zip(FUNCTIONS) {
            assert_eq!(function.name, format!("format.{}", f.name));
        }
    }
}
