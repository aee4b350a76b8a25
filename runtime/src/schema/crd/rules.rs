//! `x-kubernetes-validations` in a definition: texts, messages and paths of rules, and how often a rule can run. Parsing,
//! types and costs of expressions are `schema::cel`'s.

use super::at::At;
use super::openapi::Walk;
use super::props::Props;
use super::structural;
use crate::schema::cel::{Declared, Rule};
use crate::schema::fieldpath;
use crate::schema::node::Node;
use crate::status::field::{BadValue, FieldError};
use serde_json::Value;

/// How the error of a rule begins that costs too much by itself.
pub(in crate::schema) const TOO_COSTLY: &str = "estimated rule cost exceeds";
const REASONS: [&str; 4] = ["FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"];
/// The most that one expression may be estimated to cost.
pub(super) const LIMIT: u64 = 10_000_000;
/// What a rule may cost before it is named as one of those that make all rules cost too much.
pub(super) const NAMED_FROM: u64 = TOTAL_LIMIT / 100;
/// The most that all rules of one schema may be estimated to cost.
const TOTAL_LIMIT: u64 = 100_000_000;

/// The place of a node among those whose rules are compiled.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    /// The compiled node.
    pub(super) node: &'a Node,
    /// Whether it is the root of the resource.
    pub(super) root: bool,
    /// How many values there can be here, if every list and map above is bounded.
    pub(super) cardinality: Option<u64>,
}

impl<'a> Scope<'a> {
    pub(super) fn root(node: &'a Node) -> Self {
        Self { node, root: true, cardinality: Some(1) }
    }

    /// The scope of a child of `s`, which is the schema here.
    pub(super) fn child(&self, s: Props<'_>, to: impl FnOnce(&'a Node) -> Option<&'a Node>) -> Option<Self> {
        let bound = |keyword| s.int(keyword).map(|n| u64::try_from(n).unwrap_or(0));
        let most = match s.type_() {
            "object" if s.has("additionalProperties") => bound("maxProperties"),
            "array" => bound("maxItems"),
            _ => Some(1),
        };
        let cardinality = self.cardinality.zip(most).map(|(a, b)| a.saturating_mul(b));
        Some(Self { node: to(self.node)?, root: false, cardinality })
    }
}

/// What all rules of a schema are estimated to cost, and which cost most.
#[derive(Debug, Default)]
pub(super) struct TotalCost {
    total: u64,
    most: Vec<(u64, String)>,
}

impl TotalCost {
    /// Adds an expression's cost. Those of less than a hundredth of the limit are not worth naming.
    pub(super) fn observe(&mut self, at: &At<'_>, cost: u64) {
        self.total = self.total.saturating_add(cost);
        if cost < NAMED_FROM {
            return;
        }
        self.most.push((cost, at.to_string()));
        self.most.sort_by_key(|(cost, _)| std::cmp::Reverse(*cost));
        self.most.truncate(4);
    }

    pub(super) fn validate(&self, at: &At<'_>, errors: &mut Vec<FieldError>) {
        if self.total <= TOTAL_LIMIT {
            return;
        }
        for (_, at) in &self.most {
            let detail = "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema";
            errors.push(FieldError::forbidden(at, detail));
        }
        let what = "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema";
        errors.push(FieldError::forbidden(at, excess(what, self.total, TOTAL_LIMIT)));
    }
}

/// By how much a cost is too high, and what to do.
pub(super) fn excess(what: &str, cost: u64, limit: u64) -> String {
    let factor = cost as f64 / limit as f64;
    let factor = if factor > 100.0 {
        "more than 100x".to_owned()
    } else if factor < 1.5 {
        format!("{factor:.6}x")
    } else {
        format!("{factor:.1}x")
    };
    format!(
        "{what} exceeds budget by factor of {factor} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)"
    )
}

/// What is wrong with the rules of one schema without understanding them.
pub(super) fn texts(s: Props<'_>, at: &At<'_>, errors: &mut Vec<FieldError>) {
    let at = at.child("x-kubernetes-validations");
    for (i, rule) in s.rules().iter().enumerate() {
        let at = at.index(i);
        let text = |field: &str| rule.get(field).and_then(Value::as_str).unwrap_or_default();
        let (message, expression, path) = (text("message"), text("messageExpression"), text("fieldPath"));
        let broken = |s: &str| s.contains(['\n', '\r']);
        let blank = |s: &str| !s.is_empty() && s.trim().is_empty();
        if text("rule").trim().is_empty() {
            errors.push(FieldError::required(at.child("rule"), "rule is not specified"));
        } else if blank(message) {
            errors.push(FieldError::invalid(at.child("message"), message, "must be non-empty if specified"));
        } else if broken(message.trim()) {
            errors.push(FieldError::invalid(at.child("message"), message, "must not contain line breaks"));
        } else if broken(text("rule").trim()) && message.is_empty() {
            let detail = "message must be specified if rule contains line breaks";
            errors.push(FieldError::required(at.child("message"), detail));
        }
        if blank(expression) {
            let detail = "messageExpression must be non-empty if specified";
            errors.push(FieldError::required(at.child("messageExpression"), detail));
        }
        if let Some(reason) = rule.get("reason").and_then(Value::as_str).filter(|r| !REASONS.contains(r)) {
            errors.push(FieldError::not_supported(at.child("reason"), reason, &REASONS));
        }
        if blank(path) {
            errors.push(FieldError::invalid(at.child("fieldPath"), path, "must be non-empty if specified"));
        }
        if broken(path) {
            errors.push(FieldError::invalid(at.child("fieldPath"), path, "must not contain line breaks"));
        }
        if !path.is_empty() && structural::unsupported(s).is_none() && fieldpath::resolve(path, s, true).is_err() {
            errors.push(FieldError::invalid(at.child("fieldPath"), path, "must be a valid path"));
        }
    }
}

/// What is wrong with the expressions of one schema, nothing at or below which is wrong otherwise.
pub(super) fn check(
    walk: &mut Walk<'_>,
    s: Props<'_>,
    scope: &Scope<'_>,
    uncorrelatable: Option<&At<'_>>,
    at: &At<'_>,
) {
    let at = at.child("x-kubernetes-validations");
    let errors = &mut walk.rule_errors;
    let Some(declared) = Declared::of(scope.node, scope.root || scope.node.embedded) else {
        let detail = "internal error: failed to construct type information for x-kubernetes-validations rules: unable to convert structural schema to CEL declarations";
        errors.push(FieldError::internal(at, detail));
        return;
    };
    let times = scope.cardinality.unwrap_or_else(|| declared.max_cardinality());
    for (i, source) in s.rules().iter().enumerate() {
        let at = at.index(i);
        let rule = Rule::compile(source, &declared);
        let rule_at = at.child("rule");
        let cost = rule.max_cost.saturating_mul(times);
        if cost > LIMIT && !walk.costs_are_known {
            errors.push(FieldError::forbidden(rule_at, excess("estimated rule cost", cost, LIMIT)));
        }
        walk.total.observe(&rule_at, cost);
        if let Some(Err(why)) = &rule.program {
            errors.push(FieldError { value: dump(source), ..FieldError::invalid(rule_at, Value::Null, why) });
        }
        match &rule.message {
            Some(Err(why)) => {
                let at = at.child("messageExpression");
                errors.push(FieldError { value: dump(source), ..FieldError::invalid(at, Value::Null, why) });
            }
            Some(Ok((_, cost))) => {
                let at = at.child("messageExpression");
                if *cost > LIMIT && !walk.costs_are_known {
                    let detail = excess("estimated messageExpression cost", *cost, LIMIT);
                    errors.push(FieldError::forbidden(at, detail));
                }
                walk.total.observe(&at, *cost);
            }
            None => {}
        }
        match (rule.uses_old_self, uncorrelatable, source.get("optionalOldSelf")) {
            (true, Some(within), _) => {
                let text = source.get("rule").cloned().unwrap_or_default();
                let detail =
                    format!("oldSelf cannot be used on the uncorrelatable portion of the schema within {within}");
                errors.push(FieldError::invalid(rule_at, text, detail));
            }
            (false, _, Some(optional)) => {
                let detail = "may not be set if oldSelf is not used in rule";
                errors.push(FieldError::invalid(at.child("optionalOldSelf"), optional.clone(), detail));
            }
            _ => {}
        }
    }
}

/// A rule as errors show it: upstream's struct, member by member.
fn dump(rule: &Value) -> BadValue {
    let text = |field: &str| rule.get(field).cloned().unwrap_or_else(|| "".into());
    let pointer = |field: &str| rule.get(field).cloned().unwrap_or_default();
    let members = [
        ("Rule", text("rule")),
        ("Message", text("message")),
        ("MessageExpression", text("messageExpression")),
        ("Reason", pointer("reason")),
        ("FieldPath", text("fieldPath")),
        ("OptionalOldSelf", pointer("optionalOldSelf")),
    ];
    let members: Vec<String> = members.iter().map(|(k, v)| format!("\"{k}\":{v}")).collect();
    BadValue::Raw(format!("{{{}}}", members.join(",")))
}
