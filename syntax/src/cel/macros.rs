//! What macros expand to: has, all, exists, exists_one, map and filter; those with two variables; optMap, optFlatMap and
//! sortBy. Which there are is fixed by the environment of Kubernetes 1.36.

use super::ast::{Comprehension, Entry, Expr, Field, Id, Kind, Literal};
use super::ids::Ids;

/// The name of the accumulator, which no expression can spell.
const ACCUMULATOR: &str = "@result";
const OVERWRITES: &str = "iteration variable overwrites accumulator variable";
const SIMPLE_NAME: &str = "argument must be a simple name";
const IDENTIFIER: &str = "argument is not an identifier";

/// A mistake in the arguments of a macro, and where.
type Mistake = (u32, String);
type Expanded = Result<Expr, Mistake>;
type Expand = fn(&mut Expansion<'_>, Option<Expr>, Vec<Expr>) -> Expanded;

/// The macro of this name and shape.
pub(super) fn find(name: &str, args: usize, method: bool) -> Option<Expand> {
    Some(match (name, args, method) {
        ("has", 1, false) => has,
        ("all", 2, true) => |x, t, a| quantifier(x, t, a, Quantifier::All),
        ("exists", 2, true) => |x, t, a| quantifier(x, t, a, Quantifier::Exists),
        ("exists_one", 2, true) => |x, t, a| quantifier(x, t, a, Quantifier::ExistsOne),
        ("map", 2 | 3, true) => |x, t, a| {
            let target = required(x, t);
            map(x, target, a)
        },
        ("filter", 2, true) => filter,
        ("all", 3, true) => |x, t, a| quantifier2(x, t, a, Quantifier::All),
        ("exists", 3, true) => |x, t, a| quantifier2(x, t, a, Quantifier::Exists),
        ("existsOne" | "exists_one", 3, true) => |x, t, a| quantifier2(x, t, a, Quantifier::ExistsOne),
        ("transformList", 3 | 4, true) => |x, t, a| transform(x, t, a, Transform::List),
        ("transformMap", 3 | 4, true) => |x, t, a| transform(x, t, a, Transform::Map),
        ("transformMapEntry", 3 | 4, true) => |x, t, a| transform(x, t, a, Transform::MapEntry),
        ("optMap", 2, true) => |x, t, a| opt_map(x, t, a, false),
        ("optFlatMap", 2, true) => |x, t, a| opt_map(x, t, a, true),
        ("sortBy", 2, true) => sort_by,
        _ => return None,
    })
}

/// One expansion: everything in it is said to be where the macro's call is.
pub(super) struct Expansion<'a> {
    pub(super) ids: &'a mut Ids,
    pub(super) at: u32,
}

impl Expansion<'_> {
    fn expr(&mut self, kind: Kind) -> Expr {
        self.ids.expr(self.at, kind)
    }

    fn literal(&mut self, value: Literal) -> Expr {
        self.expr(Kind::Literal(value))
    }

    fn name(&mut self, name: &str) -> Expr {
        self.expr(Kind::Ident(name.to_owned()))
    }

    fn accumulator(&mut self) -> Expr {
        self.name(ACCUMULATOR)
    }

    fn list(&mut self, elements: Vec<Expr>) -> Expr {
        self.expr(Kind::List { elements, optional: Vec::new() })
    }

    fn call(&mut self, function: &str, args: Vec<Expr>) -> Expr {
        self.expr(Kind::Call { target: None, function: function.to_owned(), args })
    }

    fn method(&mut self, target: Expr, function: &str, args: Vec<Expr>) -> Expr {
        self.expr(Kind::Call { target: Some(Box::new(target)), function: function.to_owned(), args })
    }

    fn mistake(&self, id: Id, message: impl Into<String>) -> Mistake {
        (self.ids.offset(id), message.into())
    }

    /// The step if the filter holds, otherwise the accumulator as it is.
    fn filtered(&mut self, filter: Option<Expr>, step: Expr) -> Expr {
        match filter {
            Some(filter) => {
                let otherwise = self.accumulator();
                self.call("_?_:_", vec![filter, step, otherwise])
            }
            None => step,
        }
    }

    /// The same again, with ids of its own.
    fn copy(&mut self, expr: &Expr) -> Expr {
        let id = self.ids.new_id(self.ids.offset(expr.id));
        if self.ids.full() {
            return Expr { id, kind: Kind::Literal(Literal::Null) };
        }
        let kind = match &expr.kind {
            Kind::Literal(_) | Kind::Ident(_) => expr.kind.clone(),
            Kind::Select { operand, field, test } => {
                Kind::Select { operand: Box::new(self.copy(operand)), field: field.clone(), test: *test }
            }
            Kind::Call { target, function, args } => {
                let args = args.iter().map(|a| self.copy(a)).collect();
                let target = target.as_ref().map(|t| Box::new(self.copy(t)));
                Kind::Call { target, function: function.clone(), args }
            }
            Kind::List { elements, optional } => {
                let elements = elements.iter().map(|e| self.copy(e)).collect();
                Kind::List { elements, optional: optional.clone() }
            }
            Kind::Map(entries) => Kind::Map(entries.iter().map(|e| self.copy_entry(e)).collect()),
            Kind::Struct { name, fields } => {
                Kind::Struct { name: name.clone(), fields: fields.iter().map(|f| self.copy_field(f)).collect() }
            }
            Kind::Comprehension(c) => self.copy_comprehension(c),
        };
        Expr { id, kind }
    }

    fn copy_entry(&mut self, entry: &Entry) -> Entry {
        let id = self.ids.new_id(self.at);
        Entry { id, key: self.copy(&entry.key), value: self.copy(&entry.value), optional: entry.optional }
    }

    fn copy_field(&mut self, field: &Field) -> Field {
        let id = self.ids.new_id(self.at);
        Field { id, name: field.name.clone(), value: self.copy(&field.value), optional: field.optional }
    }

    fn copy_comprehension(&mut self, c: &Comprehension) -> Kind {
        Kind::Comprehension(Box::new(Comprehension {
            iter_var: c.iter_var.clone(),
            iter_var2: c.iter_var2.clone(),
            accu_var: c.accu_var.clone(),
            iter_range: self.copy(&c.iter_range),
            accu_init: self.copy(&c.accu_init),
            loop_condition: self.copy(&c.loop_condition),
            loop_step: self.copy(&c.loop_step),
            result: self.copy(&c.result),
        }))
    }
}

/// The target of a method macro, which `find` has made sure of.
fn required(x: &mut Expansion<'_>, target: Option<Expr>) -> Expr {
    match target {
        Some(target) => target,
        None => x.literal(Literal::Null),
    }
}

/// The next argument, of those `find` has counted.
fn next(x: &mut Expansion<'_>, args: &mut std::vec::IntoIter<Expr>) -> Expr {
    let arg = args.next();
    required(x, arg)
}

fn variable(x: &Expansion<'_>, arg: &Expr, otherwise: &str) -> Result<String, Mistake> {
    match &arg.kind {
        Kind::Ident(name) => Ok(name.clone()),
        _ => Err(x.mistake(arg.id, otherwise)),
    }
}

/// A variable that does not hide the accumulator, under its present or its older name.
fn free_variable(x: &Expansion<'_>, arg: &Expr, otherwise: &str) -> Result<String, Mistake> {
    let name = variable(x, arg, otherwise)?;
    if name == ACCUMULATOR || name == "__result__" {
        return Err(x.mistake(arg.id, OVERWRITES));
    }
    Ok(name)
}

fn two_variables(x: &Expansion<'_>, first: &Expr, second: &Expr) -> Result<(String, String), Mistake> {
    let (a, b) = (variable(x, first, SIMPLE_NAME)?, variable(x, second, SIMPLE_NAME)?);
    if a == b {
        return Err(x.mistake(second.id, format!("duplicate variable name: {a}")));
    }
    Ok((free_variable(x, first, SIMPLE_NAME)?, free_variable(x, second, SIMPLE_NAME)?))
}

/// Variables and range of a fold.
struct Range {
    target: Expr,
    variable: String,
    second: Option<String>,
}

/// A fold into the usual accumulator.
fn fold(x: &mut Expansion<'_>, range: Range, init: Expr, condition: Expr, step: Expr, result: Expr) -> Expr {
    x.expr(Kind::Comprehension(Box::new(Comprehension {
        iter_var: range.variable,
        iter_var2: range.second,
        iter_range: range.target,
        accu_var: ACCUMULATOR.to_owned(),
        accu_init: init,
        loop_condition: condition,
        loop_step: step,
        result,
    })))
}

fn has(x: &mut Expansion<'_>, _: Option<Expr>, mut args: Vec<Expr>) -> Expanded {
    match args.pop() {
        Some(Expr { kind: Kind::Select { operand, field, .. }, .. }) => {
            Ok(x.expr(Kind::Select { operand, field, test: true }))
        }
        other => {
            let id = other.map_or(0, |e| e.id);
            Err(x.mistake(id, "invalid argument to has() macro"))
        }
    }
}

#[derive(Clone, Copy)]
enum Quantifier {
    All,
    Exists,
    ExistsOne,
}

fn quantifier(x: &mut Expansion<'_>, target: Option<Expr>, args: Vec<Expr>, which: Quantifier) -> Expanded {
    let mut args = args.into_iter();
    let name = next(x, &mut args);
    let predicate = next(x, &mut args);
    let variable = free_variable(x, &name, SIMPLE_NAME)?;
    let target = required(x, target);
    Ok(quantify(x, Range { target, variable, second: None }, predicate, which))
}

fn quantifier2(x: &mut Expansion<'_>, target: Option<Expr>, args: Vec<Expr>, which: Quantifier) -> Expanded {
    let mut args = args.into_iter();
    let (first, second, predicate) = (next(x, &mut args), next(x, &mut args), next(x, &mut args));
    let (variable, second) = two_variables(x, &first, &second)?;
    let target = required(x, target);
    Ok(quantify(x, Range { target, variable, second: Some(second) }, predicate, which))
}

fn quantify(x: &mut Expansion<'_>, range: Range, predicate: Expr, which: Quantifier) -> Expr {
    match which {
        Quantifier::All => {
            let init = x.literal(Literal::Bool(true));
            let accumulator = x.accumulator();
            let condition = x.call("@not_strictly_false", vec![accumulator]);
            let accumulator = x.accumulator();
            let step = x.call("_&&_", vec![accumulator, predicate]);
            let result = x.accumulator();
            fold(x, range, init, condition, step, result)
        }
        Quantifier::Exists => {
            let init = x.literal(Literal::Bool(false));
            let accumulator = x.accumulator();
            let not = x.call("!_", vec![accumulator]);
            let condition = x.call("@not_strictly_false", vec![not]);
            let accumulator = x.accumulator();
            let step = x.call("_||_", vec![accumulator, predicate]);
            let result = x.accumulator();
            fold(x, range, init, condition, step, result)
        }
        Quantifier::ExistsOne => {
            let init = x.literal(Literal::Int(0));
            let condition = x.literal(Literal::Bool(true));
            let (accumulator, one) = (x.accumulator(), x.literal(Literal::Int(1)));
            let more = x.call("_+_", vec![accumulator, one]);
            let step = x.filtered(Some(predicate), more);
            let (accumulator, one) = (x.accumulator(), x.literal(Literal::Int(1)));
            let result = x.call("_==_", vec![accumulator, one]);
            fold(x, range, init, condition, step, result)
        }
    }
}

fn map(x: &mut Expansion<'_>, target: Expr, args: Vec<Expr>) -> Expanded {
    let filters = args.len() == 3;
    let mut args = args.into_iter();
    let name = next(x, &mut args);
    let variable = free_variable(x, &name, IDENTIFIER)?;
    let filter = if filters { args.next() } else { None };
    let value = next(x, &mut args);
    Ok(collect(x, Range { target, variable, second: None }, filter, value))
}

/// A fold that appends values to a list.
fn collect(x: &mut Expansion<'_>, range: Range, filter: Option<Expr>, value: Expr) -> Expr {
    let init = x.list(Vec::new());
    let condition = x.literal(Literal::Bool(true));
    let accumulator = x.accumulator();
    let element = x.list(vec![value]);
    let step = x.call("_+_", vec![accumulator, element]);
    let step = x.filtered(filter, step);
    let result = x.accumulator();
    fold(x, range, init, condition, step, result)
}

fn filter(x: &mut Expansion<'_>, target: Option<Expr>, args: Vec<Expr>) -> Expanded {
    let mut args = args.into_iter();
    let (name, predicate) = (next(x, &mut args), next(x, &mut args));
    let variable = free_variable(x, &name, IDENTIFIER)?;
    let target = required(x, target);
    Ok(collect(x, Range { target, variable, second: None }, Some(predicate), name))
}

enum Transform {
    List,
    Map,
    MapEntry,
}

fn transform(x: &mut Expansion<'_>, target: Option<Expr>, args: Vec<Expr>, which: Transform) -> Expanded {
    let filters = args.len() == 4;
    let mut args = args.into_iter();
    let (first, second) = (next(x, &mut args), next(x, &mut args));
    let (variable, second) = two_variables(x, &first, &second)?;
    let filter = if filters { args.next() } else { None };
    let value = next(x, &mut args);
    let target = required(x, target);
    let key = variable.clone();
    let range = Range { target, variable, second: Some(second) };
    if matches!(which, Transform::List) {
        return Ok(collect(x, range, filter, value));
    }
    let init = x.expr(Kind::Map(Vec::new()));
    let condition = x.literal(Literal::Bool(true));
    let mut inserted = vec![x.accumulator()];
    if matches!(which, Transform::Map) {
        inserted.push(x.name(&key));
    }
    inserted.push(value);
    let step = x.call("cel.@mapInsert", inserted);
    let step = x.filtered(filter, step);
    let result = x.accumulator();
    Ok(fold(x, range, init, condition, step, result))
}

/// Gives a value a name: a fold over nothing, with the value as accumulator.
fn bind(x: &mut Expansion<'_>, name: String, value: Expr, result: Expr) -> Expr {
    let iter_range = x.list(Vec::new());
    let loop_condition = x.literal(Literal::Bool(false));
    let loop_step = x.name(&name);
    x.expr(Kind::Comprehension(Box::new(Comprehension {
        iter_var: "#unused".to_owned(),
        iter_var2: None,
        iter_range,
        accu_var: name,
        accu_init: value,
        loop_condition,
        loop_step,
        result,
    })))
}

fn opt_map(x: &mut Expansion<'_>, target: Option<Expr>, args: Vec<Expr>, flat: bool) -> Expanded {
    let mut args = args.into_iter();
    let (name, value) = (next(x, &mut args), next(x, &mut args));
    let macro_name = if flat { "optFlatMap" } else { "optMap" };
    let variable = variable(x, &name, &format!("{macro_name}() variable name must be a simple identifier"))?;
    let target = required(x, target);
    let again = x.copy(&target);
    let test = x.method(target, "hasValue", Vec::new());
    let held = x.method(again, "value", Vec::new());
    let bound = bind(x, variable, held, value);
    let some = if flat { bound } else { x.call("optional.of", vec![bound]) };
    let none = x.call("optional.none", Vec::new());
    Ok(x.call("_?_:_", vec![test, some, none]))
}

fn sort_by(x: &mut Expansion<'_>, target: Option<Expr>, args: Vec<Expr>) -> Expanded {
    const INPUT: &str = "@__sortBy_input__";
    let target = required(x, target);
    if matches!(target.kind, Kind::Literal(_) | Kind::Map(_) | Kind::Struct { .. }) {
        let message = "sortBy can only be applied to a list, identifier, comprehension, call or select expression";
        return Err(x.mistake(target.id, message));
    }
    let range = x.name(INPUT);
    let keys = map(x, range, args)?;
    let list = x.name(INPUT);
    let sorted = x.method(list, "@sortByAssociatedKeys", vec![keys]);
    Ok(bind(x, INPUT.to_owned(), target, sorted))
}
