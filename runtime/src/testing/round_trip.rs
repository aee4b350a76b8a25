//! The property that makes versions safe to serve together: whatever a version holds is there again after a way through any
//! other. [`round_trip`] proves it for a user's own types, with objects made from their schemas.

use super::arbitrary;
use crate::generate::Versions;
use crate::resource::Object;
use crate::resource::conversion::Graph;
use crate::schema::{Definition, crd};
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};
use serde_json::Value;
use std::fmt;
use std::sync::Arc;

/// Why versions cannot be served together: the smallest object found that shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct NotLossless(String);

impl fmt::Display for NotLossless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// As a person reads it: it is what a test that returns it prints.
impl fmt::Debug for NotLossless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotLossless {}

/// Checks with arbitrary objects of every version that
///
/// - it converts to every other version, into an object which that version's schema and rules take, so that a client can
///   write back what it read;
/// - it comes back from there, directly and through every third version, as it was.
///
/// Objects are made from the schemas: 256 for each version, or as many as the variable `PROPTEST_CASES` says. A conversion
/// that refuses what its schema takes fails too; say in the schema what it cannot convert.
///
/// # Errors
/// The smallest object found that does not come back, and what became of it; or a definition that cannot be served.
///
/// ```
/// # use kubegraft::Versions;
/// # mod v1 {
/// #     use kubegraft::{CustomResource, KubeSchema};
/// #     use serde::{Deserialize, Serialize};
/// #     #[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug)]
/// #     #[kube(group = "example.com", version = "v1", kind = "Pane")]
/// #     pub struct PaneSpec { pub size: u32 }
/// # }
/// # mod v2 {
/// #     use kubegraft::{CustomResource, KubeSchema};
/// #     use serde::{Deserialize, Serialize};
/// #     #[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug)]
/// #     #[kube(group = "example.com", version = "v2", kind = "Pane")]
/// #     pub struct PaneSpec { pub width: u32, pub height: u32 }
/// # }
/// impl From<v1::PaneSpec> for v2::PaneSpec {
///     fn from(old: v1::PaneSpec) -> Self {
///         Self { width: old.size, height: old.size }
///     }
/// }
/// impl From<v2::PaneSpec> for v1::PaneSpec {
///     fn from(new: v2::PaneSpec) -> Self {
///         Self { size: new.width }
///     }
/// }
/// // The body of a test:
/// kubegraft::testing::round_trip(Versions::oldest::<v1::Pane>().then_spec::<v2::Pane>())?;
/// # Ok::<(), kubegraft::testing::NotLossless>(())
/// ```
pub fn round_trip<Newest>(versions: Versions<Newest>) -> Result<(), NotLossless> {
    let (crd, graph) = versions.finish().map_err(NotLossless)?;
    let crd = crd::of_program(&crd).map_err(|why| NotLossless(why.join("\n")))?;
    let definition = Definition::from_crd(&crd)
        .map_err(|e| NotLossless(e.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))?;
    let definition = Arc::new(definition);
    for (home, version) in definition.versions.iter().enumerate() {
        let config = Config { failure_persistence: None, max_global_rejects: 65_536, ..Config::default() };
        let objects = arbitrary::object(&definition, version);
        let done = TestRunner::new(config).run(&objects, |object| {
            let object = Object::from_value(object).unwrap_or_default();
            comes_back(&definition, &graph, home, &object).map_err(TestCaseError::fail)
        });
        done.map_err(|e| match e {
            TestError::Fail(why, object) => NotLossless(format!("{why}\nThe object:\n{object:#}")),
            TestError::Abort(why) => NotLossless(format!(
                "too few objects of {} can be made from its schema, since its rules refuse most: {why}",
                version.name
            )),
        })?;
    }
    Ok(())
}

/// In words, field by field, what has become of an object.
fn difference(path: &str, was: Option<&Value>, is: Option<&Value>) -> Vec<String> {
    let shown = |v: Option<&Value>| v.map_or("nothing".to_owned(), Value::to_string);
    match (was, is) {
        (was, is) if was == is => Vec::new(),
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            let keys = a.keys().chain(b.keys().filter(|k| !a.contains_key(*k)));
            let dot = if path.is_empty() { "" } else { "." };
            keys.flat_map(|k| difference(&format!("{path}{dot}{k}"), a.get(k), b.get(k))).collect()
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) if a.len() == b.len() => a
            .iter()
            .zip(b)
            .enumerate()
            .flat_map(|(i, (a, b))| difference(&format!("{path}[{i}]"), Some(a), Some(b)))
            .collect(),
        (was, is) => vec![format!("{path} was {} and is {}", shown(was), shown(is))],
    }
}

fn comes_back(definition: &Definition, graph: &Graph, home: usize, object: &Object) -> Result<(), String> {
    let name = |version: usize| definition.versions[version].name.as_str();
    // As the server converts what it reads.
    let convert =
        |object: &Object, to: usize| definition.convert(Some(graph), object.clone(), to).map_err(|e| e.to_string());
    let same = |back: Object, way: &[usize]| match back == *object {
        true => Ok(()),
        false => {
            let way: Vec<&str> = way.iter().map(|v| name(*v)).collect();
            let (was, is) = (object.clone().into_value(), back.into_value());
            let different = difference("", Some(&was), Some(&is)).join("\n  ");
            Err(format!("it does not come back from {}\n  {different}", way.join(" -> ")))
        }
    };
    let others = |than: &[usize]| (0..definition.versions.len()).filter(|v| !than.contains(v)).collect::<Vec<_>>();
    for there in others(&[home]) {
        let converted = convert(object, there)?;
        let verdict = definition.validate(converted.clone().into_value(), None);
        if !verdict.is_accepted() {
            let why: Vec<String> = verdict.errors.iter().map(ToString::to_string).collect();
            let (home, there, why, converted) = (name(home), name(there), why.join("; "), converted.into_value());
            return Err(format!("what {home} takes is refused in {there}: {why}\nIn {there}:\n{converted:#}"));
        }
        same(convert(&converted, home)?, &[home, there, home])?;
        for third in others(&[home, there]) {
            same(convert(&convert(&converted, third)?, home)?, &[home, there, third, home])?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::difference;
    use serde_json::{Value, json};

    fn check(was: Value, is: Value, words: &[&str]) {
        assert_eq!(difference("", Some(&was), Some(&is)), words);
    }

    #[test]
    fn what_has_not_come_back_is_told_field_by_field() {
        check(json!({"a": 1, "b": [1]}), json!({"a": 1, "b": [1]}), &[]);
        check(
            json!({"spec": {"a": [{"b": 1}, {"b": 2}], "gone": "x", "same": true}}),
            json!({"spec": {"a": [{"b": 1}, {"b": 3}], "new": null, "same": true}}),
            &["spec.a[1].b was 2 and is 3", "spec.gone was \"x\" and is nothing", "spec.new was nothing and is null"],
        );
        check(json!({"a": [1, 2]}), json!({"a": [1]}), &["a was [1,2] and is [1]"]);
    }
}
