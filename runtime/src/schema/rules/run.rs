//! Rules run on an object: in upstream's order, against the old object where its parts correspond, within the budget. What
//! unchanged data breaks becomes a warning, unless the rule looks at the old value.

use super::{Rule, Rules};
use crate::schema::cel::{Clock, Error, Meter, PER_CALL_LIMIT, PER_OBJECT_LIMIT, Value};
use crate::schema::node::{ListType, Node, Type};
use crate::schema::validate::correlate::Pair;
use crate::schema::validate::keys::ByKeys;
use crate::schema::validate::place::Place;
use crate::schema::validate::{Outcome, bad};
use crate::status::field::{BadValue, FieldError, Path};
use serde_json::Value as Json;

/// The longest message that an expression may make, in bytes.
const MAX_MESSAGE: usize = 5 * 1024;
const OUT_OF_BUDGET: &str =
    "validation failed due to running out of cost budget, no further validation rules will be run";

/// Runs the rules of a schema on a whole object, and with `old` the rules about the change.
pub(in crate::schema) fn validate(rules: &Rules, node: &Node, new: &Json, old: Option<&Json>, outcome: &mut Outcome) {
    let mut run = Run { budget: PER_OBJECT_LIMIT, clock: Clock::default(), outcome };
    let unchanged = Unchanged { current: old.map(|old| Pair { old, new, node }), nearest: None };
    // Nothing runs after the budget is spent.
    let _ = run.node(rules, node, &Place::Start(&Path::root()), Values { new, old }, unchanged, true);
}

/// Runs the rules at and below a default, which is at `path`: as a value that stays what it is, and if that may be, as a new
/// one, for rules to which the old value is optional (apiextensions `schema/defaulting/validation.go`). What is left of the
/// budget; nothing if it is spent.
pub(in crate::schema) fn validate_default(
    rules: &Rules,
    node: &Node,
    default: &Json,
    is_resource: bool,
    path: &Path,
    budget: i64,
    errors: &mut Vec<FieldError>,
) -> Option<i64> {
    let from = |old| {
        let mut outcome = Outcome::default();
        let mut run = Run { budget, clock: Clock::default(), outcome: &mut outcome };
        let (values, unchanged) = (Values { new: default, old }, Unchanged { current: None, nearest: None });
        let done = run.node(rules, node, &Place::Start(path), values, unchanged, is_resource);
        let left = done.is_ok().then_some(run.budget);
        (outcome.errors, left)
    };
    let (mut found, mut left) = from(Some(default));
    if found.is_empty() {
        let (as_new, left_as_new) = from(None);
        (found, left) = (as_new, left.min(left_as_new));
    }
    errors.append(&mut found);
    left
}

/// The end of all rules.
struct Spent;

struct Run<'o> {
    budget: i64,
    clock: Clock,
    outcome: &'o mut Outcome,
}

/// A value and its old self, as far as rules may compare them.
#[derive(Clone, Copy)]
struct Values<'a> {
    new: &'a Json,
    old: Option<&'a Json>,
}

/// What tells whether errors are about unchanged data: the value with its old self, or the nearest around it that has one.
#[derive(Clone, Copy)]
struct Unchanged<'a> {
    current: Option<Pair<'a>>,
    nearest: Option<Pair<'a>>,
}

impl<'a> Unchanged<'a> {
    fn holds(&self) -> bool {
        self.current.or(self.nearest).is_some_and(|p| p.equal())
    }

    fn step(self, next: impl Fn(Pair<'a>) -> Option<Pair<'a>>) -> Self {
        match self.current {
            None => self,
            Some(current) => Self { current: next(current), nearest: Some(current) },
        }
    }

    fn key(self, name: &str) -> Self {
        // Both objects have been converted to the same type, so these never count as unchanged.
        if self.nearest.is_none() && matches!(name, "apiVersion" | "kind") {
            return Self { current: None, nearest: None };
        }
        self.step(|p| p.key(name))
    }
}

impl Run<'_> {
    fn node<'a>(
        &mut self,
        rules: &'a Rules,
        node: &'a Node,
        place: &Place<'_>,
        values: Values<'a>,
        unchanged: Unchanged<'a>,
        is_root: bool,
    ) -> Result<(), Spent> {
        if values.new.is_null() {
            return Ok(());
        }
        let values = Values { old: values.old.filter(|o| !o.is_null()), ..values };
        self.own(&rules.own, node, place, values, unchanged, is_root)?;
        for branch in &rules.all_of {
            let unchanged = Unchanged { current: None, nearest: unchanged.nearest };
            self.node(branch, node, place, values, unchanged, is_root)?;
        }
        match values.new {
            Json::Array(items) => self.items(rules, node, place, items, values.old, unchanged),
            Json::Object(_) => self.members(rules, node, place, values, unchanged),
            _ => Ok(()),
        }
    }

    fn members<'a>(
        &mut self,
        rules: &'a Rules,
        node: &'a Node,
        place: &Place<'_>,
        values: Values<'a>,
        unchanged: Unchanged<'a>,
    ) -> Result<(), Spent> {
        let Some(new) = values.new.as_object() else { return Ok(()) };
        let old = values.old.and_then(Json::as_object);
        let member = |name: &str, new: &'a Json| Values { new, old: old.and_then(|o| o.get(name)) };
        if let (Some(additional), Some(schema)) = (&rules.additional, node.additional_schema()) {
            for (name, value) in new {
                let place = Place::Key(place, name);
                self.node(additional, schema, &place, member(name, value), unchanged.key(name), schema.embedded)?;
            }
        }
        for (name, below) in &rules.properties {
            let (Some(value), Some(schema)) = (new.get(&**name), node.property(name)) else { continue };
            let place = Place::Child(place, name);
            self.node(below, schema, &place, member(name, value), unchanged.key(name), schema.embedded)?;
        }
        Ok(())
    }

    fn items<'a>(
        &mut self,
        rules: &'a Rules,
        node: &'a Node,
        place: &Place<'_>,
        items: &'a [Json],
        old: Option<&'a Json>,
        unchanged: Unchanged<'a>,
    ) -> Result<(), Spent> {
        let (Some(below), Some(schema)) = (&rules.items, node.items.as_deref()) else { return Ok(()) };
        let old = old.and_then(Json::as_array).filter(|_| node.list_type == Some(ListType::Map));
        let old = old.map(|old| ByKeys::of(node, old));
        for (i, new) in items.iter().enumerate() {
            let old = old.as_ref().and_then(|old| old.get(new));
            let unchanged = unchanged.step(|_| old.map(|old| Pair { old, new, node: schema }));
            let old = old.filter(|_| is_keyed(node, new));
            self.node(below, schema, &Place::Index(place, i), Values { new, old }, unchanged, schema.embedded)?;
        }
        Ok(())
    }

    fn own<'a>(
        &mut self,
        rules: &'a [Rule],
        node: &'a Node,
        place: &Place<'_>,
        values: Values<'a>,
        unchanged: Unchanged<'a>,
        is_root: bool,
    ) -> Result<(), Spent> {
        if rules.is_empty() {
            return Ok(());
        }
        let invalid = |detail: String| FieldError::invalid(place.path(), type_text(node), detail);
        if self.budget <= 0 {
            self.outcome.errors.push(invalid(OUT_OF_BUDGET.into()));
            return Err(Spent);
        }
        let unknown = || Err(Error::new("no such attribute(s): oldSelf"));
        let this = Value::of_json(values.new, node, is_root);
        let any_old = rules.iter().any(|r| r.compiled.uses_old_self);
        let old = values.old.filter(|_| any_old).map(|o| Value::of_json(o, node, is_root));
        // What a rule sees; messages see the old value as it is, even of rules for which it is optional.
        let plain = [this.clone(), old.clone().unwrap_or_else(unknown)];
        for rule in rules {
            if rule.compiled.uses_old_self && old.is_none() && !rule.optional_old_self {
                continue;
            }
            let program = match &rule.compiled.program {
                // The empty rule always holds.
                None => continue,
                Some(Ok(p)) => p,
                Some(Err(e)) => {
                    self.outcome.errors.push(invalid(format!("rule compile error: {e}")));
                    continue;
                }
            };
            let mut meter = Meter::timed(PER_CALL_LIMIT, self.clock);
            let verdict = if rule.optional_old_self && any_old {
                let old = match &old {
                    Some(old) => old.clone().map(Value::some),
                    None => Ok(Value::Optional(None)),
                };
                program.eval(&[this.clone(), old], &mut meter)
            } else {
                program.eval(&plain, &mut meter)
            };
            if !self.pay(&meter) {
                self.outcome.errors.push(invalid(OUT_OF_BUDGET.into()));
                return Err(Spent);
            }
            match verdict {
                Ok(Value::Bool(true)) => {}
                Ok(_) => self.fail(rule, node, place, values.new, &plain, unchanged)?,
                Err(e) => {
                    let text = e.text();
                    let detail = if text.starts_with("no such overload") {
                        format!(
                            "'{text}': call arguments did not match a supported operator, function or macro signature \
                             for rule: {}",
                            rule.name()
                        )
                    } else if text.starts_with("operation cancelled: actual cost limit exceeded") {
                        format!(
                            "'{text}': no further validation rules will be run due to call cost exceeds limit for rule: {}",
                            rule.name()
                        )
                    } else {
                        format!("{text} evaluating rule: {}", rule.name())
                    };
                    let ends = detail.contains("no further validation rules");
                    self.outcome.errors.push(invalid(detail));
                    if ends && e.is_cancelled() {
                        return Err(Spent);
                    }
                }
            }
        }
        Ok(())
    }

    /// Takes the cost off the budget, if it is there.
    fn pay(&mut self, meter: &Meter) -> bool {
        self.clock = meter.clock();
        match i64::try_from(meter.cost()) {
            Ok(cost) if cost <= self.budget => {
                self.budget -= cost;
                true
            }
            _ => false,
        }
    }

    /// Reports a rule that does not hold.
    fn fail<'a>(
        &mut self,
        rule: &'a Rule,
        node: &Node,
        place: &Place<'_>,
        new: &Json,
        variables: &[Result<Value<'a>, Error>],
        unchanged: Unchanged<'_>,
    ) -> Result<(), Spent> {
        let path = match &rule.texts.field_path {
            Some(below) => place.path().child(below),
            None => place.path(),
        };
        let (error, ends) = match self.message(rule, variables) {
            Ok(detail) => (reported(rule, path, node, new, detail), Ok(())),
            Err(detail) => (FieldError::invalid(path, type_text(node), detail), Err(Spent)),
        };
        if !rule.compiled.uses_old_self && unchanged.holds() {
            self.outcome.warnings.push(error.to_string());
        } else {
            self.outcome.errors.push(error);
        }
        ends
    }

    /// What a failure says: what the message expression makes, if that is of use. An error is the end of all rules.
    fn message<'a>(&mut self, rule: &'a Rule, variables: &[Result<Value<'a>, Error>]) -> Result<String, String> {
        let Some(Ok((program, _))) = &rule.compiled.message else { return Ok(rule.default_message()) };
        let mut meter = Meter::timed(PER_CALL_LIMIT, self.clock);
        let made = program.eval(variables, &mut meter);
        if !self.pay(&meter) {
            return Err(
                "messageExpression evaluation failed due to running out of cost budget, no further validation \
                        rules will be run"
                    .into(),
            );
        }
        match made {
            Err(e) if e.text().starts_with("operation cancelled: actual cost limit exceeded") => Err(format!(
                "no further validation rules will be run due to call cost exceeds limit for messageExpression: {}",
                crate::schema::cel::quote(&rule.texts.message_expression)
            )),
            Ok(Value::String(s)) => {
                let s = s.trim();
                let fits = !s.is_empty() && s.len() <= MAX_MESSAGE && !s.contains('\n');
                Ok(if fits { s.to_owned() } else { rule.default_message() })
            }
            _ => Ok(rule.default_message()),
        }
    }
}

fn type_text(node: &Node) -> &'static str {
    node.type_.map_or("", Type::as_str)
}

fn reported(rule: &Rule, path: Path, node: &Node, new: &Json, detail: String) -> FieldError {
    let mut error = match &*rule.texts.reason {
        "FieldValueForbidden" => return FieldError::forbidden(path, detail),
        "FieldValueRequired" => return FieldError::required(path, detail),
        "FieldValueDuplicate" => FieldError::duplicate(path, Json::Null),
        _ => FieldError::invalid(path, Json::Null, detail),
    };
    error.value = match node.type_ {
        Some(Type::Object | Type::Array) => BadValue::Omitted,
        _ => bad(new),
    };
    error
}

/// Whether an item of a map list can have an old self: all its keys are there, and are scalars.
fn is_keyed(node: &Node, item: &Json) -> bool {
    let scalar = |v: &Json| v.is_string() || v.is_number() || v.is_boolean();
    !node.list_map_keys.is_empty() && node.list_map_keys.iter().all(|k| item.get(&**k).is_some_and(scalar))
}
