//! Query parameters: parsed once, with Go's messages for what does not parse.

use crate::status::{Result, Status};
use crate::verbs::options::{RawDeleteOptions, RawWriteOptions};

/// A request's query, decoded.
#[derive(Clone, Debug, Default)]
pub struct Query(Vec<(String, String)>);

fn decode(s: &str) -> String {
    let plus = s.replace('+', " ");
    let bytes = plus.as_bytes();
    let (mut out, mut i) = (Vec::with_capacity(bytes.len()), 0);
    while i < bytes.len() {
        let hex = (bytes[i] == b'%').then(|| plus.get(i + 1..i + 3)).flatten();
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

impl Query {
    /// Parses a query.
    pub fn parse(query: Option<&str>) -> Self {
        let pairs = query.unwrap_or_default().split('&').filter(|p| !p.is_empty());
        Self(pairs.map(|p| p.split_once('=').unwrap_or((p, ""))).map(|(k, v)| (decode(k), decode(v))).collect())
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

    /// A boolean as Kubernetes reads it: empty, `0` and `false` are false, all else is true.
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.get(name).map(|v| !(v.is_empty() || v == "0" || v.eq_ignore_ascii_case("false")))
    }

    /// An integer.
    ///
    /// # Errors
    /// 400 with the text of Go's ParseInt.
    pub fn integer(&self, name: &str) -> Result<Option<i64>> {
        match self.get(name) {
            None | Some("") => Ok(None),
            Some(v) => v
                .parse()
                .map(Some)
                .map_err(|_| Status::bad_request(format!("strconv.ParseInt: parsing {v:?}: invalid syntax"))),
        }
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

    /// Options of a delete.
    ///
    /// # Errors
    /// 400.
    pub fn delete_options(&self) -> Result<RawDeleteOptions> {
        Ok(RawDeleteOptions {
            dry_run: self.all("dryRun"),
            grace_period_seconds: self.integer("gracePeriodSeconds")?,
            uid: None,
            resource_version: None,
            propagation_policy: self.get("propagationPolicy").map(str::to_owned),
            orphan_dependents: self.flag("orphanDependents"),
        })
    }
}
