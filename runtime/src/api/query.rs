//! Query parameters: parsed once, with Go's messages for what does not parse.

use crate::status::{Result, Status};
use crate::verbs::options::{RawDeleteOptions, RawWriteOptions};

/// A request's query, decoded.
#[derive(Clone, Debug, Default)]
pub struct Query(Vec<(String, String)>);

/// As form fields are written: a plus is a space. `None` for a broken escape.
fn decode(s: &str) -> Option<String> {
    unescape(&s.replace('+', " "))
}

/// A text with its percent escapes decoded; `None` for a broken one.
pub(super) fn unescape(s: &str) -> Option<String> {
    let (mut out, mut rest) = (Vec::with_capacity(s.len()), s.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        out.push(match first {
            b'%' => {
                let (hex, after) = rest.split_at_checked(2)?;
                rest = after;
                let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
                16 * digit(hex[0])? + digit(hex[1])?
            }
            other => *other,
        });
    }
    Some(String::from_utf8_lossy(&out).into_owned())
}

impl Query {
    /// Parses a query. As in Go, a parameter with a broken escape or a semicolon is as good as not given.
    pub fn parse(query: Option<&str>) -> Self {
        let pairs = query.unwrap_or_default().split('&').filter(|p| !p.is_empty() && !p.contains(';'));
        let pairs = pairs.map(|p| p.split_once('=').unwrap_or((p, "")));
        Self(pairs.filter_map(|(k, v)| Some((decode(k)?, decode(v)?))).collect())
    }

    /// The first value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(k, _)| k == name).map(|(_, v)| v.as_str())
    }

    /// The first value, or nothing.
    pub fn text(&self, name: &str) -> String {
        self.get(name).unwrap_or_default().to_owned()
    }

    /// All values.
    pub fn all(&self, name: &str) -> Vec<String> {
        self.0.iter().filter(|(k, _)| k == name).map(|(_, v)| v.clone()).collect()
    }

    /// A boolean as Kubernetes reads it: `0` and `false` are false, all else is true, nothing too (M/runtime/conversion.go).
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.get(name).map(|v| !(v == "0" || v.eq_ignore_ascii_case("false")))
    }

    /// An integer.
    ///
    /// # Errors
    /// 400 with the text of Go's ParseInt.
    pub fn integer(&self, name: &str) -> Result<Option<i64>> {
        use std::num::IntErrorKind::{NegOverflow, PosOverflow};
        let Some(v) = self.get(name) else { return Ok(None) };
        let wrong = |e: std::num::ParseIntError| {
            let why =
                if matches!(e.kind(), PosOverflow | NegOverflow) { "value out of range" } else { "invalid syntax" };
            Status::bad_request(format!("strconv.ParseInt: parsing {v:?}: {why}"))
        };
        v.parse().map(Some).map_err(wrong)
    }

    /// Whether a watch is asked for.
    pub fn watch(&self) -> bool {
        self.flag("watch").unwrap_or_default()
    }

    /// Options of a write.
    pub fn write_options(&self) -> RawWriteOptions {
        RawWriteOptions {
            dry_run: self.all("dryRun"),
            field_manager: self.text("fieldManager"),
            field_validation: self.text("fieldValidation"),
            force: self.flag("force"),
        }
    }

    /// Options of a delete; preconditions are parameters of their own here (M/apis/meta/v1/conversion.go).
    ///
    /// # Errors
    /// 400.
    pub fn delete_options(&self) -> Result<RawDeleteOptions> {
        let given = |name| self.get(name).filter(|v| !v.is_empty()).map(str::to_owned);
        Ok(RawDeleteOptions {
            dry_run: self.all("dryRun"),
            grace_period_seconds: self.integer("gracePeriodSeconds")?,
            uid: given("uid"),
            resource_version: given("resourceVersion"),
            propagation_policy: self.get("propagationPolicy").map(str::to_owned),
            orphan_dependents: self.flag("orphanDependents"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Query;

    fn query(text: &str) -> Query {
        Query::parse(Some(text))
    }

    #[test]
    fn what_go_cannot_read_is_not_there() {
        let q = query("a=1%2&b=%zz&c=x;y&d=%41+b&%zz=1&e=%+1&f");
        assert_eq!([q.get("a"), q.get("b"), q.get("c"), q.get("d")], [None, None, None, Some("A b")]);
        assert_eq!((q.get("e"), q.get("f")), (None, Some("")));
    }

    #[test]
    fn a_flag_without_a_value_is_set() {
        let q = query("watch&a=false&b=FALSE&c=0&d=no");
        assert_eq!((q.watch(), q.flag("a"), q.flag("b")), (true, Some(false), Some(false)));
        assert_eq!((q.flag("c"), q.flag("d"), q.flag("e")), (Some(false), Some(true), None));
    }

    #[test]
    fn numbers_are_refused_in_the_words_of_go() {
        let refused = |text| query(text).integer("limit").expect_err(text).message;
        assert_eq!(refused("limit="), "strconv.ParseInt: parsing \"\": invalid syntax");
        assert_eq!(refused("limit=1e3"), "strconv.ParseInt: parsing \"1e3\": invalid syntax");
        assert_eq!(
            refused("limit=99999999999999999999"),
            "strconv.ParseInt: parsing \"99999999999999999999\": value out of range"
        );
        assert_eq!(query("limit=-1").integer("limit").ok(), Some(Some(-1)));
    }
}
