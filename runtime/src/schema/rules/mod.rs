//! The rules of a schema (`x-kubernetes-validations`), compiled once and run on every object (apiextensions
//! `schema/cel/validation.go`). Whether a definition may have them is said when it is written; here a rule that does not
//! compile is an error of every object.

mod field_path;
mod run;
#[cfg(test)]
mod tests;

pub(in crate::schema) use run::{validate, validate_default};

use super::cel::{self, Declared};
use super::node::Node;
use serde_json::Value;
use std::sync::Arc;

/// The rules of a node of a schema, and of all below it.
#[derive(Debug, Default)]
pub(in crate::schema) struct Rules {
    own: Box<[Rule]>,
    items: Option<Box<Rules>>,
    properties: Box<[(Arc<str>, Rules)]>,
    additional: Option<Box<Rules>>,
    all_of: Box<[Rules]>,
}

/// One rule.
#[derive(Debug)]
struct Rule {
    compiled: cel::Rule,
    optional_old_self: bool,
    texts: Box<Texts>,
}

/// A rule as it was written.
#[derive(Debug)]
struct Texts {
    rule: String,
    message: String,
    message_expression: String,
    reason: String,
    /// Where errors point to, below the rule's own place.
    field_path: Option<String>,
}

impl Rules {
    /// Compiles all rules at and below a node; none if there are none. With `is_root` its values are whole resources.
    pub(in crate::schema) fn of(node: &Node, is_root: bool) -> Option<Self> {
        node.has_rules.then(|| Self::read(node, node, is_root)).flatten()
    }

    /// Rules stand where `stated` has them, but types are those of `node`: within allOf the two differ.
    fn read(stated: &Node, node: &Node, is_root: bool) -> Option<Self> {
        let below = |stated: &Node, node: &Node| Self::read(stated, node, node.embedded);
        let properties = stated
            .properties
            .iter()
            .filter_map(|(name, stated)| Some((name.clone(), below(stated, node.property(name)?)?)));
        let checks = stated.checks.as_deref();
        let rules = Self {
            own: own(stated, node, is_root),
            items: pair(stated.items.as_deref(), node.items.as_deref(), below),
            properties: properties.collect(),
            additional: pair(stated.additional_schema(), node.additional_schema(), below),
            all_of: checks.iter().flat_map(|c| &*c.all_of).filter_map(|s| Self::read(s, node, is_root)).collect(),
        };
        let empty = rules.own.is_empty()
            && rules.items.is_none()
            && rules.properties.is_empty()
            && rules.additional.is_none()
            && rules.all_of.is_empty();
        (!empty).then_some(rules)
    }
}

fn pair(
    stated: Option<&Node>,
    node: Option<&Node>,
    read: impl Fn(&Node, &Node) -> Option<Rules>,
) -> Option<Box<Rules>> {
    read(stated?, node?).map(Box::new)
}

fn own(stated: &Node, node: &Node, is_root: bool) -> Box<[Rule]> {
    let Some(Value::Array(rules)) = stated.rules.as_deref() else { return Box::default() };
    // Values that expressions cannot see have no rules.
    let Some(declared) = Declared::of(node, is_root) else { return Box::default() };
    rules.iter().map(|r| Rule::compile(r, node, &declared)).collect()
}

impl Rule {
    fn compile(rule: &Value, node: &Node, declared: &Declared) -> Self {
        let text = |key: &str| rule.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        Self {
            compiled: cel::Rule::compile(rule, declared),
            optional_old_self: rule.get("optionalOldSelf").and_then(Value::as_bool).unwrap_or(false),
            texts: Box::new(Texts {
                rule: text("rule"),
                message: text("message"),
                message_expression: text("messageExpression"),
                reason: text("reason"),
                field_path: rule.get("fieldPath").and_then(Value::as_str).and_then(|p| field_path::normalized(p, node)),
            }),
        }
    }

    /// What errors call the rule.
    fn name(&self) -> &str {
        if self.texts.message.is_empty() { self.texts.rule.trim() } else { self.texts.message.trim() }
    }

    /// What a failure says if no expression says it better.
    fn default_message(&self) -> String {
        if self.texts.message.is_empty() { format!("failed rule: {}", self.name()) } else { self.name().to_owned() }
    }
}
