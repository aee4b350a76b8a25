//! One rule of `x-kubernetes-validations`, compiled for a schema: its program, what it may cost, and the expression of its
//! message. Where rules may stand and what they may cost together is `schema::crd`'s; when they run is not decided here.
//!
//! Source: Kubernetes, `apiextensions-apiserver/pkg/apiserver/schema/cel/compilation.go`.

use super::{Checked, Declared, Program, Type, compile, estimate};
use serde_json::Value;

/// The variables of a rule, in the order its program takes them.
pub const VARIABLES: [&str; 2] = ["self", "oldSelf"];

/// A rule as compiled. A rule with a mistake still says what was found out before.
#[derive(Debug, Default)]
pub struct Rule {
    /// The program, or why there is none; neither if there is no rule.
    pub program: Option<Result<Program, String>>,
    /// Whether the rule asks for the old value.
    pub uses_old_self: bool,
    /// The most that one evaluation may cost.
    pub max_cost: u64,
    /// The expression of the message with the most it may cost, or why it cannot be used; it is only looked at if the
    /// rule itself is right.
    pub message: Option<Result<(Program, u64), String>>,
}

impl Rule {
    /// Compiles an entry of `x-kubernetes-validations` for the values that `declared` describes.
    pub fn compile(rule: &Value, declared: &Declared) -> Self {
        let text = |field: &str| rule.get(field).and_then(Value::as_str).unwrap_or_default();
        let mut compiled = Self::default();
        if text("rule").trim().is_empty() {
            return compiled;
        }
        let optional = rule.get("optionalOldSelf") == Some(&Value::Bool(true));
        let old = declared.type_.clone();
        let old = if optional { Type::optional(old) } else { old };
        let variables = [(VARIABLES[0], declared.type_.clone()), (VARIABLES[1], old)];
        let checked = match compile(text("rule"), &variables) {
            Ok(checked) => checked,
            Err(errors) => {
                compiled.program = Some(Err(format!("compilation failed: {errors}")));
                return compiled;
            }
        };
        if *checked.output() != Type::Bool {
            compiled.program = Some(Err("cel expression must evaluate to a bool".to_owned()));
            return compiled;
        }
        compiled.uses_old_self = checked.uses(VARIABLES[1]);
        match program(&checked) {
            Ok(program) => compiled.program = Some(Ok(program)),
            Err(error) => {
                compiled.program = Some(Err(format!("program instantiation failed: {error}")));
                return compiled;
            }
        }
        compiled.max_cost = estimate(&checked, Some(declared)).max;
        if !text("messageExpression").is_empty() {
            compiled.message = Some(message(text("messageExpression"), &variables, declared));
        }
        compiled
    }
}

fn program(checked: &Checked) -> Result<Program, String> {
    Program::new(checked, &VARIABLES).map_err(|e| e.to_string())
}

fn message(text: &str, variables: &[(&str, Type)], declared: &Declared) -> Result<(Program, u64), String> {
    let checked = compile(text, variables).map_err(|e| format!("messageExpression compilation failed: {e}"))?;
    if *checked.output() != Type::String {
        return Err("messageExpression must evaluate to a string".to_owned());
    }
    let program = program(&checked).map_err(|e| format!("messageExpression instantiation failed: {e}"))?;
    Ok((program, estimate(&checked, Some(declared)).max))
}
