//! The router in front of what upstream compiles in: which methods a path takes, and which media types go in and out by it.
//! Upstream's (go-restful) refuses in words of its own, before authorization's successor, the handler, has a say. Custom
//! resources have no router: their handler answers for itself.

use super::request::Info;
use super::reviews;
use crate::status::{Result, Status};
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, Method, request};

const JSON: &str = "application/json";
const MEDIA: [&str; 3] = [JSON, "application/yaml", "application/vnd.kubernetes.protobuf"];
/// What lists and watches are sent as.
const STREAMS: [&str; 5] =
    [MEDIA[0], MEDIA[1], MEDIA[2], "application/json;stream=watch", "application/vnd.kubernetes.protobuf;stream=watch"];
const PATCHES: [&str; 4] = [
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
];

/// Whether a group is compiled in upstream.
pub(super) fn is_builtin(group: &str) -> bool {
    ["", "apiextensions.k8s.io"].contains(&group) || reviews::is_group(group)
}

/// One path.
pub(super) struct Route {
    methods: &'static [&'static str],
    sends: &'static [&'static str],
    /// What a body may be; anything where there is none.
    reads: Option<&'static [&'static str]>,
}

impl Route {
    /// A document of discovery.
    pub(super) const DOCUMENT: Self = Self { methods: &["GET"], sends: &MEDIA, reads: Some(&MEDIA) };
    /// `/version`
    pub(super) const VERSION: Self = Self { methods: &["GET"], sends: &[JSON], reads: Some(&[JSON]) };
    /// A review, which is asked and not kept.
    pub(super) const REVIEW: Self = Self { methods: &["POST"], sends: &MEDIA, reads: None };

    /// The path of a compiled-in kind that a request names.
    ///
    /// # Errors
    /// 404 for one that there is not.
    pub(super) fn of(info: &Info) -> Result<Self> {
        let namespaces = info.group.is_empty() && info.resource == "namespaces";
        let subresource = info.subresource.first().map(String::as_str).unwrap_or_default();
        let methods: &'static [&'static str] = match (info.prefix, info.depth, subresource) {
            (Some("watch"), 1 | 2, _) => &["GET"],
            (None, 1, _) if namespaces => &["GET", "POST"],
            (None, 1, _) => &["GET", "POST", "DELETE"],
            (None, 2, _) => &["GET", "PUT", "PATCH", "DELETE"],
            (None, 3, "status") => &["GET", "PUT", "PATCH"],
            (None, 3, "finalize") if namespaces => &["PUT"],
            _ => return Err(Status::no_such_resource()),
        };
        let streams = info.prefix.is_some() || info.verb == "list" || info.verb == "watch";
        let reads: Option<&'static [&'static str]> = (info.verb == "patch").then_some(&PATCHES);
        Ok(Self { methods, sends: if streams { &STREAMS } else { &MEDIA }, reads })
    }

    /// Lets a request through.
    ///
    /// # Errors
    /// 405, 406 and 415 in the router's words.
    pub(super) fn check(&self, parts: &request::Parts) -> Result<()> {
        let (method, headers) = (&parts.method, &parts.headers);
        if !self.methods.contains(&method.as_str()) {
            return Err(Status::no_such_method());
        }
        if !self.reads(method, headers) {
            return Err(Status::unroutable(415, "415: Unsupported Media Type"));
        }
        if !fits(text(headers, ACCEPT).filter(|a| !a.is_empty()).unwrap_or("*/*"), self.sends, true) {
            let available = format!("Available representations: {}", self.sends.join(", "));
            let body = text(headers, CONTENT_LENGTH).is_some_and(|n| !["", "0"].contains(&n));
            let writes = [Method::POST, Method::PUT, Method::PATCH].contains(method);
            return Err(if writes && !body {
                Status::unroutable(415, format!("415: Unsupported Media Type\n\n{available}"))
            } else {
                Status::unroutable(406, format!("406: Not Acceptable\n\n{available}"))
            });
        }
        Ok(())
    }

    fn reads(&self, method: &Method, headers: &HeaderMap) -> bool {
        let Some(reads) = self.reads else { return true };
        match text(headers, CONTENT_TYPE).unwrap_or_default() {
            "" => method == Method::GET,
            given => fits(given, reads, false),
        }
    }
}

fn text(headers: &HeaderMap, name: http::HeaderName) -> Option<&str> {
    headers.get(name).map(|v| v.to_str().unwrap_or("?"))
}

/// Whether one of the media types of a header, taken without their parameters, is among those known; a star is one where
/// everything is asked for.
fn fits(header: &str, known: &[&str], star: bool) -> bool {
    header.split(',').any(|clause| {
        let media = clause.split(';').next().unwrap_or_default().trim_matches(' ');
        (star && media == "*/*") || known.contains(&media)
    })
}

#[cfg(test)]
mod tests {
    use super::super::query::Query;
    use super::*;

    fn check(method: Method, path: &str, headers: &[(http::HeaderName, &str)], want: Option<(u16, &str)>) {
        let info = Info::new(&method, path, &Query::default()).expect(path);
        let mut request = http::Request::builder().method(&method).uri(path);
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        let parts = request.body(()).expect("a request").into_parts().0;
        let got = Route::of(&info).and_then(|r| r.check(&parts)).err();
        let got = got.as_ref().map(|s| (s.code, s.message.as_str()));
        assert_eq!(got, want, "{method} {path}");
    }

    #[test]
    fn paths_take_the_methods_of_their_routes() {
        const NO_METHOD: Option<(u16, &str)> =
            Some((405, "the server does not allow this method on the requested resource"));
        const NO_PATH: Option<(u16, &str)> = Some((404, "the server could not find the requested resource"));
        let crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        check(Method::DELETE, crds, &[], None);
        check(Method::DELETE, "/api/v1/namespaces", &[], NO_METHOD);
        check(Method::HEAD, "/api/v1/namespaces", &[], NO_METHOD);
        check(Method::OPTIONS, "/api/v1/namespaces/a", &[], NO_METHOD);
        check(Method::POST, "/api/v1/namespaces/a", &[], NO_METHOD);
        check(Method::PUT, "/api/v1/namespaces/a/finalize", &[], None);
        check(Method::GET, "/api/v1/namespaces/a/finalize", &[], NO_METHOD);
        check(Method::PUT, &format!("{crds}/a/finalize"), &[], NO_PATH);
        check(Method::GET, &format!("{crds}/a/status/b"), &[], NO_PATH);
        check(Method::GET, "/api/v1/watch/namespaces/a", &[], None);
        check(Method::POST, "/api/v1/watch/namespaces", &[], NO_METHOD);
        check(Method::GET, "/api/v1/proxy/namespaces/a", &[], NO_PATH);
    }

    #[test]
    fn media_types_are_refused_in_the_words_of_the_router() {
        let item = "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, \
                    application/vnd.kubernetes.protobuf";
        let list = format!("{item}, application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch");
        check(Method::GET, "/api/v1/namespaces", &[(ACCEPT, "text/html, application/*")], Some((406, &list)));
        check(Method::GET, "/api/v1/namespaces/a", &[(ACCEPT, "text/html")], Some((406, item)));
        let length = (CONTENT_LENGTH, "2");
        check(Method::POST, "/api/v1/namespaces", &[(ACCEPT, "text/html"), length], Some((406, item)));
        let empty = item.replace("406: Not Acceptable", "415: Unsupported Media Type");
        check(Method::POST, "/api/v1/namespaces", &[(ACCEPT, "text/html")], Some((415, &empty)));
        check(Method::GET, "/api/v1/namespaces", &[(ACCEPT, "text/html,*/*;q=0.1")], None);
        let unsupported = Some((415, "415: Unsupported Media Type"));
        check(Method::PATCH, "/api/v1/namespaces/a", &[(CONTENT_TYPE, "application/json")], unsupported);
        check(Method::PATCH, "/api/v1/namespaces/a", &[], unsupported);
        check(Method::PATCH, "/api/v1/namespaces/a", &[(CONTENT_TYPE, "application/merge-patch+json; a")], None);
        check(Method::POST, "/api/v1/namespaces", &[(CONTENT_TYPE, "text/plain")], None);
    }
}
