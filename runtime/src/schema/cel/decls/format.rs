//! Kubernetes' library of named formats: a function without arguments for each, and two to find and use them.

use super::{Function, T, function, global, method};

const F: T = T::Named("kubernetes.NamedFormat");

macro_rules! named {
    ($($name:literal)*) => {
        &[
            $(function(concat!("format.", $name), &[global(concat!("format.", $name), &[], F)]),)*
            function("format.named", &[global("format-named", &[T::String], T::Optional(&F))]),
            function("validate", &[method(
                "format-validate",
                &[F, T::String],
                T::Optional(&T::List(&T::String)),
            )]),
        ]
    };
}

pub(super) const FUNCTIONS: &[Function] = named!(
    "dns1123Label" "dns1123Subdomain" "dns1035Label" "qualifiedName" "dns1123LabelPrefix" "dns1123SubdomainPrefix"
    "dns1035LabelPrefix" "labelValue" "uri" "uuid" "byte" "date" "datetime"
);
