//! Kubernetes' URL library.

use super::{Function, T, function, global, method};

const URL: T = T::Named("kubernetes.URL");

pub(super) const FUNCTIONS: &[Function] = &[
    function("url", &[global("string_to_url", &[T::String], URL)]),
    function("getScheme", &[method("url_get_scheme", &[URL], T::String)]),
    function("getHost", &[method("url_get_host", &[URL], T::String)]),
    function("getHostname", &[method("url_get_hostname", &[URL], T::String)]),
    function("getPort", &[method("url_get_port", &[URL], T::String)]),
    function("getEscapedPath", &[method("url_get_escaped_path", &[URL], T::String)]),
    function("getQuery", &[method("url_get_query", &[URL], T::Map(&T::String, &T::List(&T::String)))]),
    function("isURL", &[global("is_url_string", &[T::String], T::Bool)]),
];
