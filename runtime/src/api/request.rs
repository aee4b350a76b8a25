//! What a request is for: Kubernetes' path grammar (A/endpoints/request/requestinfo.go, D1-D5).

use super::query::Query;
use crate::resource::selector::FieldSelector;
use http::Method;

/// A request's path, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Info {
    /// Whether it is for a resource.
    pub resource_request: bool,
    /// Verb: `get`, `list`, ...; the method in lower case for non-resource requests.
    pub verb: String,
    /// API group, empty for core.
    pub group: String,
    /// Version.
    pub version: String,
    /// Namespace, may be empty.
    pub namespace: String,
    /// Plural.
    pub resource: String,
    /// Name, may be empty.
    pub name: String,
    /// The one name that a list, watch or deletecollection selects by field, which authorization sees as the name (D5).
    pub selected: String,
    /// Subresource and whatever follows.
    pub subresource: Vec<String>,
    /// Whether the path says `watch` or `proxy` before the resource.
    pub prefix: Option<&'static str>,
    /// Whether the path is one of a namespace.
    pub in_namespace: bool,
}

fn decode(segment: &str) -> String {
    let mut out = Vec::with_capacity(segment.len());
    let bytes = segment.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        let hex = (bytes[i] == b'%').then(|| segment.get(i + 1..i + 3)).flatten();
        match hex.and_then(|h| u8::from_str_radix(h, 16).ok()) {
            Some(b) => {
                out.push(b);
                i += 3;
            }
            None => {
                out.push(bytes[i]);
                i += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

impl Info {
    /// Takes a method and a path apart; the query says whether it is a watch, and what is selected.
    pub fn new(method: &Method, path: &str, query: &Query) -> Self {
        let decoded = decode(path);
        let mut parts: Vec<String> = decoded.trim_matches('/').split('/').map(str::to_owned).collect();
        let mut info = Self { verb: method.as_str().to_lowercase(), ..Self::default() };
        if path.starts_with("//") {
            return info;
        }
        match (parts.first().map(String::as_str), parts.len()) {
            (Some("api"), n) if n >= 3 => {
                info.version = parts[1].clone();
                parts.drain(..2);
            }
            (Some("apis"), n) if n >= 4 => {
                (info.group, info.version) = (parts[1].clone(), parts[2].clone());
                parts.drain(..3);
            }
            _ => return info,
        }
        info.resource_request = true;
        info.verb = match *method {
            Method::GET | Method::HEAD => "get",
            Method::POST => "create",
            Method::PUT => "update",
            Method::PATCH => "patch",
            Method::DELETE => "delete",
            _ => "",
        }
        .to_owned();
        for (word, verb) in [("watch", "watch"), ("proxy", "proxy")] {
            if parts.first().is_some_and(|p| p == word) && parts.len() > 1 {
                info.prefix = Some(word);
                info.verb = verb.into();
                parts.remove(0);
                break;
            }
        }
        if parts.first().is_some_and(|p| p == "namespaces") {
            // The namespace's own subresources are not resources inside of it (D2).
            let own = parts.get(2).is_none_or(|p| p == "status" || p == "finalize");
            if !own {
                info.namespace = parts[1].clone();
                info.in_namespace = true;
                parts.drain(..2);
            } else if let Some(ns) = parts.get(1) {
                info.namespace = ns.clone();
            }
        }
        let mut rest = parts.into_iter();
        info.resource = rest.next().unwrap_or_default();
        info.name = rest.next().unwrap_or_default();
        info.subresource = rest.collect();
        if info.name.is_empty() {
            info.verb = match info.verb.as_str() {
                "get" if query.watch() => "watch".into(),
                "get" => "list".into(),
                "delete" => "deletecollection".into(),
                other => other.into(),
            };
            if ["list", "watch", "deletecollection"].contains(&info.verb.as_str()) {
                let fields = FieldSelector::parse(&query.text("fieldSelector")).unwrap_or_default();
                let name = fields.pinned("metadata.name").unwrap_or_default();
                if !["", ".", ".."].contains(&name) && !name.contains(['/', '%']) {
                    info.selected = name.to_owned();
                }
            }
        }
        info
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(method: Method, path: &str, watch: bool, want: (&str, &str, &str, &str, &str, &str)) {
        let query = Query::parse(watch.then_some("watch=1"));
        let i = Info::new(&method, path, &query);
        let sub = i.subresource.join("/");
        let got = (
            i.verb.as_str(),
            i.group.as_str(),
            i.namespace.as_str(),
            i.resource.as_str(),
            i.name.as_str(),
            sub.as_str(),
        );
        assert_eq!(got, want, "{method} {path}");
    }

    #[test]
    fn paths_are_taken_apart_as_upstream_does() {
        check(Method::GET, "/apis/g/v1/namespaces/a/widgets", false, ("list", "g", "a", "widgets", "", ""));
        check(Method::GET, "/apis/g/v1/namespaces/a/widgets", true, ("watch", "g", "a", "widgets", "", ""));
        check(
            Method::PUT,
            "/apis/g/v1/namespaces/a/widgets/b/status",
            false,
            ("update", "g", "a", "widgets", "b", "status"),
        );
        check(Method::GET, "/api/v1/namespaces/a", false, ("get", "", "a", "namespaces", "a", ""));
        check(Method::PUT, "/api/v1/namespaces/a/finalize", false, ("update", "", "a", "namespaces", "a", "finalize"));
        check(Method::DELETE, "/apis/g/v1/widgets", false, ("deletecollection", "g", "", "widgets", "", ""));
        check(Method::GET, "/apis/g/v1/watch/widgets", false, ("watch", "g", "", "widgets", "", ""));
        let none = Query::default();
        assert!(!Info::new(&Method::GET, "/apis/g/v1", &none).resource_request);
        assert_eq!(Info::new(&Method::GET, "/version", &none).verb, "get");
        let named = Query::parse(Some("fieldSelector=metadata.name%3Da"));
        assert_eq!(Info::new(&Method::GET, "/apis/g/v1/widgets", &named).selected, "a");
    }
}
