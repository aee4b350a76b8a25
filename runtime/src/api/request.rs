//! What a request is for: Kubernetes' path grammar (A/endpoints/request/requestinfo.go, D1-D5).

use super::query::{Query, unescape};
use crate::resource::selector::FieldSelector;
use http::Method;

/// A request's path, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Info {
    /// The path, decoded.
    pub path: String,
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
    /// The one name that a list or watch selects by field, which authorization sees as the name (D5).
    pub selected: String,
    /// Subresource and whatever follows.
    pub subresource: Vec<String>,
    /// Whether the path says `watch` or `proxy` before the resource.
    pub prefix: Option<&'static str>,
    /// Whether the path is one of a namespace.
    pub in_namespace: bool,
    /// How many parts the path has from the resource on, empty ones too.
    pub depth: usize,
}

/// Why a path is not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// A percent sign without two digits.
    Escape,
    /// `watch` or `proxy` before nothing.
    Prefix,
}

impl Info {
    /// Takes a method and a path apart; the query says whether it is a watch, and what is selected.
    ///
    /// # Errors
    /// A path that is not understood.
    pub fn new(method: &Method, path: &str, query: &Query) -> Result<Self, Unreadable> {
        let path = unescape(path).ok_or(Unreadable::Escape)?;
        let mut parts: Vec<String> = path.trim_matches('/').split('/').map(str::to_owned).collect();
        let mut info = Self { verb: method.as_str().to_lowercase(), path, ..Self::default() };
        if info.path.starts_with("//") {
            return Ok(info);
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
            _ => return Ok(info),
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
        for word in ["watch", "proxy"] {
            if parts.first().is_some_and(|p| p == word) {
                parts.remove(0);
                if parts.is_empty() {
                    return Err(Unreadable::Prefix);
                }
                info.prefix = Some(word);
                info.verb = word.into();
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
        info.depth = parts.len();
        let mut rest = parts.into_iter();
        info.resource = rest.next().unwrap_or_default();
        info.name = rest.next().unwrap_or_default();
        info.subresource = rest.collect();
        if info.name.is_empty() {
            match info.verb.as_str() {
                "get" => {
                    info.verb = if query.watch() { "watch" } else { "list" }.into();
                    info.selected = selected(query);
                }
                "delete" => info.verb = "deletecollection".into(),
                _ => {}
            }
        }
        Ok(info)
    }
}

/// The one name that a query selects, if a path could have it.
fn selected(query: &Query) -> String {
    let fields = FieldSelector::parse(&query.text("fieldSelector")).unwrap_or_default();
    let name = fields.pinned("metadata.name").unwrap_or_default();
    let fits = ![".", ".."].contains(&name) && !name.contains(['/', '%']);
    if fits { name.to_owned() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(method: Method, path: &str, watch: bool, want: (&str, &str, &str, &str, &str, &str)) {
        let query = Query::parse(watch.then_some("watch=1"));
        let i = Info::new(&method, path, &query).expect(path);
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
        check(Method::GET, "/apis/g/v1/namespaces//widgets", false, ("list", "g", "", "widgets", "", ""));
        check(Method::GET, "/apis/g%2fv1/widgets/%61", false, ("get", "g", "", "widgets", "a", ""));
        let new = |method, path, query| Info::new(&method, path, &Query::parse(Some(query)));
        let resource = |path| new(Method::GET, path, "").expect(path).resource_request;
        assert!(!resource("/apis/g/v1") && !resource("//apis/g/v1/widgets"));
        assert_eq!(new(Method::GET, "/version", "").map(|i| i.verb), Ok("get".into()));
        assert_eq!(new(Method::GET, "/apis/g/v1/watch", ""), Err(Unreadable::Prefix));
        assert_eq!(new(Method::GET, "/api/%4", ""), Err(Unreadable::Escape));
        assert_eq!(new(Method::GET, "/api/%+1", ""), Err(Unreadable::Escape));
        let named = "fieldSelector=metadata.name%3Da";
        assert_eq!(new(Method::GET, "/apis/g/v1/widgets", named).map(|i| i.selected), Ok("a".into()));
        assert_eq!(new(Method::DELETE, "/apis/g/v1/widgets", named).map(|i| i.selected), Ok(String::new()));
    }
}
