//! What is wrong with the literals of an expression whose types are right: durations, times and patterns that do not parse,
//! lists and maps of mixed types, and formats that do not fit their arguments.
//!
//! Source: cel-go's validators of durations, timestamps, patterns and aggregates, and that of its strings.

use super::check_format;
use super::types::{Checked, Type};
use super::value::{To, Value};
use kubegraft_syntax::cel::Errors;
use kubegraft_syntax::cel::ast::{Expr, Kind, Literal};

/// Reports what is wrong with literals.
pub(super) fn check(checked: &Checked, errors: &mut Errors) {
    Literals { checked, errors, formats: 0 }.visit(&checked.ast.root);
}

struct Literals<'a> {
    checked: &'a Checked,
    errors: &'a mut Errors,
    /// How many calls of `format` are around: their arguments may be of mixed types.
    formats: usize,
}

impl Literals<'_> {
    fn error(&mut self, id: u32, message: impl Into<String>) {
        self.errors.report_at(self.checked.ast.offsets[id as usize], message);
    }

    fn mismatch(&mut self, id: u32, expected: &Type, found: &Type) {
        self.error(id, format!("expected type '{}' but found '{}'", expected.shown(), found.shown()));
    }

    fn visit(&mut self, e: &Expr) {
        match &e.kind {
            Kind::Literal(_) | Kind::Ident(_) => {}
            Kind::Select { operand, .. } => self.visit(operand),
            Kind::Call { target, function, args } => self.call(e, target.as_deref(), function, args),
            Kind::List { elements, optional } => {
                elements.iter().for_each(|e| self.visit(e));
                self.list(elements, optional);
            }
            Kind::Map(entries) => {
                for entry in entries {
                    self.visit(&entry.key);
                    self.visit(&entry.value);
                }
                self.map(entries);
            }
            Kind::Struct { fields, .. } => fields.iter().for_each(|f| self.visit(&f.value)),
            Kind::Comprehension(c) => {
                for part in [&c.iter_range, &c.accu_init, &c.loop_condition, &c.loop_step, &c.result] {
                    self.visit(part);
                }
            }
        }
    }

    fn call(&mut self, e: &Expr, target: Option<&Expr>, function: &str, args: &[Expr]) {
        let format = usize::from(function == "format");
        self.formats += format;
        target.iter().for_each(|t| self.visit(t));
        args.iter().for_each(|a| self.visit(a));
        self.formats -= format;
        if let Some(Expr { id, kind: Kind::Literal(literal) }) = args.first() {
            let valid = match (function, literal) {
                ("duration", Literal::String(text)) => Value::string(text.as_str()).convert(To::Duration).is_ok(),
                ("timestamp", Literal::String(text)) => Value::string(text.as_str()).convert(To::Timestamp).is_ok(),
                ("timestamp", Literal::Int(seconds)) => Value::Int(*seconds).convert(To::Timestamp).is_ok(),
                ("matches", Literal::String(pattern)) => kubegraft_syntax::re2::translate(pattern).is_ok(),
                _ => true,
            };
            if !valid {
                self.error(*id, format!("invalid {function} argument"));
            }
        }
        if let (Some(Expr { kind: Kind::Literal(Literal::String(text)), .. }), "format", [list]) =
            (target, function, args)
            && let Kind::List { elements, .. } = &list.kind
            && let Err((at, message)) = check_format::check(self.checked, text, elements)
        {
            self.error(at.unwrap_or(e.id), message);
        }
    }

    fn list(&mut self, elements: &[Expr], optional: &[usize]) {
        if self.formats > 0 {
            return;
        }
        let mut first: Option<Type> = None;
        for (i, e) in elements.iter().enumerate() {
            let t = self.unwrapped(e, optional.contains(&i));
            match &first {
                None => first = Some(t),
                Some(first) if *first == t => {}
                Some(first) => return self.mismatch(e.id, &first.clone(), &t),
            }
        }
    }

    fn map(&mut self, entries: &[kubegraft_syntax::cel::ast::Entry]) {
        let Some((first, rest)) = entries.split_first() else { return };
        if self.formats > 0 {
            return;
        }
        let (key, value) = (self.unwrapped(&first.key, false), self.unwrapped(&first.value, first.optional));
        for entry in rest {
            let (k, v) = (self.unwrapped(&entry.key, false), self.unwrapped(&entry.value, entry.optional));
            if k != key {
                self.mismatch(entry.key.id, &key, &k);
            }
            if v != value {
                self.mismatch(entry.value.id, &value, &v);
            }
        }
    }

    fn unwrapped(&self, e: &Expr, optional: bool) -> Type {
        let t = self.checked.type_of(e.id);
        match t.optional_value() {
            Some(value) if optional => value.clone(),
            _ => t.clone(),
        }
    }
}
