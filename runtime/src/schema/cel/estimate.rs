//! What an expression may cost at worst, before it runs: cel-go's estimator, with the sizes a schema allows. What calls cost
//! is in `estimate_calls`.
//!
//! Source: cel-go, `checker/cost.go`.

use super::declared::{Declared, Inner};
use super::estimate_calls::{self, Call};
use super::estimate_path::Path;
use super::range::Range;
use super::types::{Checked, Type};
use kubegraft_syntax::cel::ast::{Comprehension, Entry, Expr, Id, Kind, Literal};
use std::collections::HashMap;

const LIST: Range = Range::exactly(10);
const MAP: Range = Range::exactly(30);
const MESSAGE: Range = Range::exactly(40);
const STEP: Range = Range::exactly(1);
const FREE: Range = Range::exactly(0);

/// Estimates the cost of an expression. `root` describes the values of its variables.
pub fn estimate(checked: &Checked, root: Option<&Declared>) -> Range {
    let mut estimator = Estimator {
        checked,
        root,
        paths: HashMap::new(),
        locals: Vec::new(),
        sizes: HashMap::new(),
        entries: HashMap::new(),
    };
    estimator.cost(&checked.ast.root)
}

/// The sizes of the keys and values that a list or a map holds.
#[derive(Clone, Copy)]
pub(super) struct EntrySizes {
    is_list: bool,
    key: Range,
    value: Range,
}

impl EntrySizes {
    fn union(self, other: Self) -> Self {
        Self { is_list: self.is_list, key: self.key.union(other.key), value: self.value.union(other.value) }
    }
}

struct Local {
    name: String,
    path: Path,
    size: Option<Range>,
    entries: Option<EntrySizes>,
}

/// An argument as the costs of calls see it.
pub(super) struct Argument<'a> {
    /// Where it is in the values of the variables, if it is a place there.
    pub(super) path: Path,
    pub(super) type_: &'a Type,
    pub(super) expr: &'a Expr,
    pub(super) size: Option<Range>,
}

impl Argument<'_> {
    pub(super) fn size(&self) -> Range {
        self.size.unwrap_or(Range::UNKNOWN)
    }
}

pub(super) struct Estimator<'a> {
    checked: &'a Checked,
    root: Option<&'a Declared>,
    paths: HashMap<Id, Path>,
    locals: Vec<Local>,
    sizes: HashMap<Id, Range>,
    entries: HashMap<Id, EntrySizes>,
}

impl<'a> Estimator<'a> {
    fn cost(&mut self, e: &'a Expr) -> Range {
        match &e.kind {
            Kind::Literal(_) => FREE,
            Kind::Ident(name) => {
                let path = match self.local(name) {
                    Some(local) => local.path.clone(),
                    None => Path::of(name),
                };
                self.paths.insert(e.id, path);
                STEP
            }
            Kind::Select { operand, test: true, .. } => self.cost(operand),
            Kind::Select { operand, field, .. } => self.select(e, operand, field),
            Kind::Call { target, function, args } => self.call(e, target.as_deref(), function, args),
            Kind::List { elements, .. } => self.list(e, elements),
            Kind::Map(entries) => self.map(e, entries),
            Kind::Struct { fields, .. } => {
                fields.iter().fold(FREE, |sum, f| sum.plus(self.cost(&f.value))).plus(MESSAGE)
            }
            Kind::Comprehension(c) if is_binding(c) => self.binding(e, c),
            Kind::Comprehension(c) => self.comprehension(e, c),
        }
    }

    fn local(&self, name: &str) -> Option<&Local> {
        self.locals.iter().rev().find(|l| l.name == name)
    }

    fn path(&self, e: &Expr) -> Path {
        if let Kind::Ident(name) = &e.kind
            && let Some(local) = self.local(name)
        {
            return local.path.clone();
        }
        self.paths.get(&e.id).cloned().unwrap_or_default()
    }

    fn select(&mut self, e: &'a Expr, operand: &'a Expr, field: &str) -> Range {
        let cost = self.cost(operand);
        let path = self.path(operand).append(field);
        self.paths.insert(e.id, path);
        match self.checked.type_of(operand.id) {
            Type::Map(_) | Type::Object(_) | Type::Named(_) => cost.plus(STEP),
            _ => cost,
        }
    }

    fn argument(&mut self, e: &'a Expr) -> Argument<'a> {
        let mut path = self.path(e);
        if path.first().is_some_and(|name| matches!(&*name, "@result" | "__result__")) {
            path = Path::default();
        }
        Argument { path, type_: self.checked.type_of(e.id), expr: e, size: self.size(e) }
    }

    fn call(&mut self, e: &'a Expr, target: Option<&'a Expr>, function: &str, args: &'a [Expr]) -> Range {
        if function == "dyn" {
            let [arg] = args else { return STEP };
            let cost = self.cost(arg);
            self.copy_sizes(e, arg);
            return cost.plus(STEP);
        }
        let mut costs = Vec::with_capacity(args.len());
        let mut arguments = Vec::with_capacity(args.len());
        for arg in args {
            costs.push(self.cost(arg));
            arguments.push(self.argument(arg));
        }
        let overloads = self.checked.overloads(e.id);
        if overloads.is_empty() {
            return FREE;
        }
        let mut sum = FREE;
        let target = target.map(|t| {
            sum = self.cost(t);
            self.argument(t)
        });
        let mut cost = Range::EMPTY;
        let mut size: Option<Range> = None;
        for overload in overloads {
            let call = Call { function, overload, target: target.as_ref(), args: &arguments, costs: &costs };
            let (one, result) = self.overload(e, &call);
            cost = cost.union(one);
            if let Some(result) = result {
                size = Some(size.map_or(result, |s| s.union(result)));
            }
            if let (Some(step), Some(operand)) = (
                match *overload {
                    "index_list" => Some("@items"),
                    "index_map" => Some("@values"),
                    _ => None,
                },
                args.first(),
            ) {
                size = self.entry_sizes(operand).map(|s| s.value);
                let path = self.path(operand).append(step);
                self.paths.insert(e.id, path);
            }
            if size.is_none() {
                size = self.size(e);
            }
        }
        if let Some(size) = size {
            self.sizes.insert(e.id, size);
        }
        sum.plus(cost)
    }

    /// The cost of one overload, and the size of its result if it has one.
    fn overload(&mut self, e: &Expr, call: &Call<'_, 'a>) -> (Range, Option<Range>) {
        if let Some((cost, size)) = estimate_calls::library(self, call) {
            return (cost.plus(call.arguments_cost()), size);
        }
        match (call.overload, call.args) {
            ("logical_or" | "logical_and", _) => {
                let [left, right] = call.costs else { return (call.arguments_cost(), None) };
                (Range { min: left.min, max: left.plus(*right).max }, None)
            }
            ("conditional", [_, yes, no]) => {
                let size = yes.size().union(no.size());
                if let (Some(a), Some(b)) = (self.entry_sizes(yes.expr), self.entry_sizes(no.expr)) {
                    self.entries.insert(e.id, a.union(b));
                }
                let cost = call.costs[0].plus(call.costs[1].union(call.costs[2]));
                (cost, Some(size))
            }
            ("add_string" | "add_bytes" | "add_list", [left, right]) => {
                let size = left.size().plus(right.size());
                if let (Some(a), Some(b)) = (self.entry_sizes(left.expr), self.entry_sizes(right.expr)) {
                    self.entries.insert(e.id, a.union(b));
                }
                let cost = if call.overload == "add_list" { STEP } else { size.scaled(estimate_calls::TRAVERSAL) };
                (cost.plus(call.arguments_cost()), Some(size))
            }
            _ => estimate_calls::standard(call),
        }
    }

    fn list(&mut self, e: &'a Expr, elements: &'a [Expr]) -> Range {
        let mut sum = FREE;
        let mut value = if elements.is_empty() { FREE } else { Range::EMPTY };
        for element in elements {
            sum = sum.plus(self.cost(element));
            value = value.union(self.size(element).unwrap_or(Range::UNKNOWN));
        }
        self.entries.insert(e.id, EntrySizes { is_list: true, key: STEP, value });
        sum.plus(LIST)
    }

    fn map(&mut self, e: &'a Expr, entries: &'a [Entry]) -> Range {
        let mut sum = FREE;
        let empty = if entries.is_empty() { FREE } else { Range::EMPTY };
        let mut sizes = EntrySizes { is_list: false, key: empty, value: empty };
        for entry in entries {
            sum = sum.plus(self.cost(&entry.key)).plus(self.cost(&entry.value));
            sizes.key = sizes.key.union(self.size(&entry.key).unwrap_or(Range::UNKNOWN));
            sizes.value = sizes.value.union(self.size(&entry.value).unwrap_or(Range::UNKNOWN));
        }
        self.entries.insert(e.id, sizes);
        sum.plus(MAP)
    }

    fn comprehension(&mut self, e: &'a Expr, c: &'a Comprehension) -> Range {
        let mut sum = self.cost(&c.iter_range).plus(self.cost(&c.accu_init));
        let outer = self.locals.len();
        self.bind(&c.accu_var, &c.accu_init);
        let inner = self.locals.len();
        self.iterate(c);
        let condition = self.cost(&c.loop_condition);
        let step = self.cost(&c.loop_step);
        self.locals.truncate(inner);
        sum = sum.plus(self.cost(&c.result));
        self.locals.truncate(outer);
        let count = self.size(&c.iter_range).unwrap_or(Range::UNKNOWN);
        sum = sum.plus(count.times(step.plus(condition)));
        match &c.accu_init.kind {
            Kind::Literal(_) => {
                if let Some(size) = self.size(&c.accu_init) {
                    self.sizes.insert(e.id, size);
                }
            }
            Kind::List { .. } | Kind::Map(_) => {
                self.sizes.insert(e.id, count);
                if let Some(sizes) = self.entry_sizes(&c.loop_step) {
                    self.entries.insert(e.id, sizes);
                }
            }
            _ => {}
        }
        sum
    }

    /// The variables of a loop: where their values are, and how large.
    fn iterate(&mut self, c: &'a Comprehension) {
        let range = &c.iter_range;
        let sizes = self.entry_sizes(range);
        let is_list = match sizes {
            Some(sizes) => sizes.is_list,
            None => matches!(self.checked.type_of(range.id), Type::List(_)),
        };
        let (key, value) = (sizes.map(|s| s.key), sizes.map(|s| s.value));
        let path = self.path(range);
        let mut push = |name: &str, step: &str, size| {
            let path = path.append(step);
            self.locals.push(Local { name: name.to_owned(), path, size, entries: None });
        };
        match (&c.iter_var2, is_list) {
            (None, true) => push(&c.iter_var, "@items", value),
            (None, false) => push(&c.iter_var, "@keys", key),
            (Some(second), true) => {
                push(&c.iter_var, "@indices", key);
                push(second, "@items", value);
            }
            (Some(second), false) => {
                push(&c.iter_var, "@keys", key);
                push(second, "@values", value);
            }
        }
    }

    fn bind(&mut self, name: &str, e: &'a Expr) {
        let local =
            Local { name: name.to_owned(), path: self.path(e), entries: self.entry_sizes(e), size: self.size(e) };
        self.locals.push(local);
    }

    fn binding(&mut self, e: &'a Expr, c: &'a Comprehension) -> Range {
        let mut sum = self.cost(&c.iter_range).plus(self.cost(&c.accu_init));
        let outer = self.locals.len();
        self.bind(&c.accu_var, &c.accu_init);
        sum = sum.plus(self.cost(&c.result));
        self.locals.truncate(outer);
        self.copy_sizes(e, &c.result);
        sum
    }

    fn copy_sizes(&mut self, to: &Expr, from: &'a Expr) {
        if let Some(size) = self.size(from) {
            self.sizes.insert(to.id, size);
        }
        if let Some(sizes) = self.entry_sizes(from) {
            self.entries.insert(to.id, sizes);
        }
    }

    fn size(&mut self, e: &Expr) -> Option<Range> {
        if let Some(size) = self.sizes.get(&e.id) {
            return Some(*size);
        }
        if let Some(size) = written_size(e) {
            return Some(Range::exactly(size));
        }
        let path = self.path(e);
        if let Some(size) = self.declared_size(&path) {
            self.sizes.insert(e.id, size);
            return Some(size);
        }
        if is_scalar(self.checked.type_of(e.id)) {
            return Some(STEP);
        }
        match &e.kind {
            Kind::Ident(name) => self.local(name)?.size,
            _ => None,
        }
    }

    fn entry_sizes(&self, e: &Expr) -> Option<EntrySizes> {
        if let Some(sizes) = self.entries.get(&e.id) {
            return Some(*sizes);
        }
        match &e.kind {
            Kind::Ident(name) => self.local(name)?.entries,
            _ => None,
        }
    }

    /// The size that the schema allows at a place.
    pub(super) fn declared_size(&self, path: &Path) -> Option<Range> {
        let mut at = self.root?;
        path.first()?;
        for step in path.steps().iter().skip(1) {
            at = match (&**step, &at.inner) {
                ("@items" | "@values", Inner::Items(inner) | Inner::Values(inner)) => inner,
                ("@keys", Inner::Values(_)) => return Some(Range { min: 0, max: 0 }),
                (name, Inner::Fields(fields)) => fields.get(name)?,
                _ => return None,
            };
        }
        Some(Range { min: 0, max: at.max_elements as u64 })
    }
}

/// Whether the fold only gives a value a name.
fn is_binding(c: &Comprehension) -> bool {
    matches!(&c.iter_range.kind, Kind::List { elements, .. } if elements.is_empty())
        && c.loop_condition.kind == Kind::Literal(Literal::Bool(false))
        && c.accu_var != "__result__"
}

/// The size of what is written out.
fn written_size(e: &Expr) -> Option<u64> {
    Some(match &e.kind {
        Kind::Literal(Literal::String(s)) => s.chars().count() as u64,
        Kind::Literal(Literal::Bytes(b)) => b.len() as u64,
        Kind::Literal(_) => 1,
        Kind::List { elements, .. } => elements.len() as u64,
        Kind::Map(entries) => entries.len() as u64,
        _ => return None,
    })
}

fn is_scalar(t: &Type) -> bool {
    match t {
        Type::Bool | Type::Double | Type::Duration | Type::Int | Type::Timestamp | Type::Uint => true,
        _ => t.optional_value().is_some_and(is_scalar),
    }
}
