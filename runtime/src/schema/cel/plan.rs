//! A checked expression made ready to run (cel-go `interpreter/planner.go`): functions resolved, variables numbered, what
//! consists of constants computed, constant patterns compiled. Upstream's shapes are kept, since costs follow them: names
//! with what is selected from them are one node, and so are the branches of a conditional.

use super::cost::Cost;
use super::escape;
use super::eval;
use super::functions::{self, Call, Compiled};
use super::types::{Checked, Reference, Type};
use super::value::{Error, Key, List, Str, Value};
use kubegraft_syntax::cel::ast::{Comprehension, Expr, Kind, Literal};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A program: an expression that can be evaluated any number of times.
#[derive(Debug)]
pub struct Program {
    pub(super) root: Node,
    /// How many variables it has, those of comprehensions included.
    pub(super) slots: usize,
    pub(super) globals: usize,
}

#[derive(Debug)]
pub(super) enum Node {
    Const(Value<'static>),
    Attr(Box<Attr>),
    /// `has()`
    Has(Box<Attr>),
    Or(Box<[Node]>),
    And(Box<[Node]>),
    /// `==`, or `!=` where false.
    Equal(Box<[Node; 2]>, bool),
    NotStrictlyFalse(Box<Node>),
    Call(Box<Invocation>),
    /// `or`, and `orValue` where true.
    OptionalOr(Box<[Node; 2]>, bool),
    /// `in` a list of constants.
    Member(Box<Node>, BTreeSet<Key<'static>>),
    List(Box<[(Node, bool)]>),
    Map(Box<[(Node, Node, bool)]>),
    Message(Box<str>, Box<[(Box<str>, Node)]>),
    Fold(Box<Fold>),
}

pub(super) struct Invocation {
    pub(super) call: Call,
    pub(super) args: Box<[Node]>,
    pub(super) cost: Cost,
    /// Whether an error of an argument spares those after it.
    pub(super) stops: bool,
    /// The accumulator that the first argument is: it is taken, changed and put back.
    pub(super) takes: Option<usize>,
    pub(super) pattern: Option<Compiled>,
}

impl Invocation {
    /// The pattern that a text is matched against, and the text, where nothing else is to be evaluated.
    pub(super) fn known_pattern(&self) -> Option<(&Compiled, &Node)> {
        match (&self.pattern, &*self.args, self.cost) {
            (Some(pattern), [text, _], Cost::Pattern) => Some((pattern, text)),
            _ => None,
        }
    }
}

impl std::fmt::Debug for Invocation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Invocation").field("function", &self.call.name()).field("args", &self.args).finish()
    }
}

/// A value and what is selected from it.
#[derive(Debug)]
pub(super) struct Attr {
    pub(super) base: Base,
    pub(super) quals: Vec<Arc<Qual>>,
}

#[derive(Debug)]
pub(super) enum Base {
    Var(usize),
    Missing(Box<str>),
    If(Box<(Node, Attr, Attr)>),
    Of(Node),
}

/// One step of selection.
#[derive(Debug)]
pub(super) struct Qual {
    pub(super) key: QualKey,
    pub(super) optional: bool,
    pub(super) test: bool,
}

#[derive(Debug)]
pub(super) enum QualKey {
    /// A key, and the name of the property that it is the identifier of.
    Const(Value<'static>, Option<Box<str>>),
    Dynamic(Attr),
}

#[derive(Debug)]
pub(super) struct Fold {
    pub(super) range: Node,
    pub(super) accu: usize,
    pub(super) init: Node,
    pub(super) iter: usize,
    pub(super) iter2: Option<usize>,
    pub(super) condition: Node,
    pub(super) step: Node,
    pub(super) result: Node,
    /// Whether it is what `all` makes.
    pub(super) is_all: bool,
}

impl Program {
    /// Plans an expression whose variables are given by name, in the order in which evaluation gets their values.
    ///
    /// # Errors
    /// Where constants cannot be computed: conversions that fail, patterns that do not compile, indexes of no use.
    pub fn new(checked: &Checked, variables: &[&str]) -> Result<Self, Error> {
        let scope = variables.iter().enumerate().map(|(i, name)| ((*name).to_owned(), i)).collect();
        let mut p = Planner { checked, scope, globals: variables.len(), slots: variables.len() };
        let root = p.plan(&checked.ast.root)?;
        Ok(Self { root, slots: p.slots, globals: variables.len() })
    }
}

struct Planner<'c> {
    checked: &'c Checked,
    /// Names in scope, the innermost last.
    scope: Vec<(String, usize)>,
    globals: usize,
    slots: usize,
}

fn bad_qualifier(v: &Value<'_>) -> Error {
    Error::new(format!("invalid qualifier type: {}", v.go_type()))
}

/// Whether a value can select from lists and maps.
pub(super) fn check_qualifier(v: &Value<'_>) -> Result<(), Error> {
    match v {
        Value::String(_) | Value::Int(_) | Value::Uint(_) | Value::Bool(_) | Value::Double(_) => Ok(()),
        v => Err(bad_qualifier(v)),
    }
}

impl Planner<'_> {
    fn plan(&mut self, e: &Expr) -> Result<Node, Error> {
        match &e.kind {
            Kind::Literal(l) => Ok(Node::Const(literal(l))),
            Kind::Ident(name) => self.ident(e, name),
            Kind::Select { operand, field, test } => {
                let operand = self.plan(operand)?;
                let key = constant_key(Value::string(field.as_str()));
                let mut attr = attr(operand);
                attr.qualify(Qual { key, optional: false, test: *test });
                Ok(if *test { Node::Has(Box::new(attr)) } else { Node::Attr(Box::new(attr)) })
            }
            Kind::Call { target, function, args } => {
                let mut planned = Vec::with_capacity(args.len() + 1);
                for arg in target.as_deref().into_iter().chain(args) {
                    planned.push(self.plan(arg)?);
                }
                self.call(e, function, planned)
            }
            Kind::List { elements, optional } => {
                let mut items = Vec::with_capacity(elements.len());
                for (i, element) in elements.iter().enumerate() {
                    items.push((self.plan(element)?, optional.contains(&i)));
                }
                let constant = items.iter().all(|(n, _)| matches!(n, Node::Const(_)));
                folded(Node::List(items.into()), constant)
            }
            Kind::Map(entries) => {
                let mut planned = Vec::with_capacity(entries.len());
                for entry in entries {
                    planned.push((self.plan(&entry.key)?, self.plan(&entry.value)?, entry.optional));
                }
                let constant = planned.iter().all(|(k, v, _)| matches!((k, v), (Node::Const(_), Node::Const(_))));
                folded(Node::Map(planned.into()), constant)
            }
            Kind::Struct { name, fields } => {
                let mut planned = Vec::with_capacity(fields.len());
                for field in fields {
                    planned.push((field.name.as_str().into(), self.plan(&field.value)?));
                }
                Ok(Node::Message(name.strip_prefix('.').unwrap_or(name).into(), planned.into()))
            }
            Kind::Comprehension(c) => self.fold(c),
        }
    }

    fn ident(&mut self, e: &Expr, written: &str) -> Result<Node, Error> {
        let name = match self.checked.references.get(e.id as usize) {
            Some(Some(Reference::Name(name))) => name,
            _ => written,
        };
        let global = name.strip_prefix('.').or(written.strip_prefix('.'));
        let slot = match global {
            Some(name) => self.scope[..self.globals].iter().find(|(n, _)| n == name),
            None => self.scope.iter().rev().find(|(n, _)| n == name),
        };
        let slot = slot.map(|(_, i)| *i);
        if let Type::Type(_) = self.checked.type_of(e.id) {
            // Upstream takes every name whose type is `type` for the name of one.
            return match slot {
                Some(_) => Err(Error::new(format!("reference to undefined type: {name}"))),
                None => Ok(Node::Const(Value::Type(Str::Shared(global.unwrap_or(name).into())))),
            };
        }
        let base = slot.map_or_else(|| Base::Missing(name.into()), Base::Var);
        Ok(Node::Attr(Box::new(Attr { base, quals: Vec::new() })))
    }

    fn call(&mut self, e: &Expr, function: &str, args: Vec<Node>) -> Result<Node, Error> {
        let overload = match self.checked.overloads(e.id) {
            [one] => Some(*one),
            _ => None,
        };
        match function {
            "_&&_" => return Ok(Node::And(args.into())),
            "_||_" => return Ok(Node::Or(args.into())),
            "_?_:_" => {
                let [condition, yes, no] = three(args)?;
                let base = Base::If(Box::new((condition, branch(yes), branch(no))));
                return Ok(Node::Attr(Box::new(Attr { base, quals: Vec::new() })));
            }
            "_==_" => return Ok(Node::Equal(Box::new(two(args)?), true)),
            "_!=_" => return Ok(Node::Equal(Box::new(two(args)?), false)),
            "_[_]" => return index(two(args)?, false),
            "_?._" | "_[?_]" => return index(two(args)?, true),
            "@not_strictly_false" | "__not_strictly_false__" => {
                let arg = args.into_iter().next().ok_or_else(|| missing(function))?;
                return Ok(Node::NotStrictlyFalse(Box::new(arg)));
            }
            "or" | "orValue" if args.len() == 2 => {
                return Ok(Node::OptionalOr(Box::new(two(args)?), function == "orValue"));
            }
            _ => {}
        }
        let function = function.strip_prefix('.').unwrap_or(function);
        let entry = functions::find(function).ok_or_else(|| missing(function))?;
        if overload == Some("in_list")
            && let [_, Node::Const(Value::List(_))] = &args[..]
        {
            let [item, list] = two(args)?;
            return Ok(member(entry.call(overload), item, list));
        }
        let pattern = match args.get(1) {
            Some(Node::Const(Value::String(p))) => Compiled::of(function, p).transpose()?,
            _ => None,
        };
        let stops = args.len() > 2
            || pattern.is_some()
            || overload == Some("string_format")
            || overload.is_none() && entry.is_dispatched();
        let converts = matches!(
            function,
            "bool" | "bytes" | "double" | "dyn" | "duration" | "int" | "string" | "timestamp" | "type" | "uint"
        );
        let constant = converts && matches!(&args[..], [Node::Const(_)]);
        let takes = match (function, args.first()) {
            ("_+_" | "cel.@mapInsert", Some(Node::Attr(a))) if a.quals.is_empty() => match a.base {
                Base::Var(slot) if self.is_accumulator(slot) => Some(slot),
                _ => None,
            },
            _ => None,
        };
        let cost = Cost::of(function, overload);
        let call = entry.call(overload);
        let node = Node::Call(Box::new(Invocation { call, args: args.into(), cost, stops, takes, pattern }));
        folded(node, constant)
    }

    fn is_accumulator(&self, slot: usize) -> bool {
        slot >= self.globals && self.scope.iter().any(|(name, s)| *s == slot && name.starts_with("@result"))
    }

    fn fold(&mut self, c: &Comprehension) -> Result<Node, Error> {
        let init = self.plan(&c.accu_init)?;
        let range = self.plan(&c.iter_range)?;
        let depth = self.scope.len();
        let accu = self.declare(&c.accu_var);
        let iter = self.declare(&c.iter_var);
        let iter2 = c.iter_var2.as_deref().map(|v| self.declare(v));
        let condition = self.plan(&c.loop_condition)?;
        let step = self.plan(&c.loop_step)?;
        self.scope.truncate(depth + 1);
        let result = self.plan(&c.result)?;
        self.scope.truncate(depth);
        let is_accu =
            |n: &Node| matches!(n, Node::Attr(a) if a.quals.is_empty() && matches!(a.base, Base::Var(s) if s == accu));
        let is_all = matches!(init, Node::Const(Value::Bool(true)))
            && matches!(&condition, Node::NotStrictlyFalse(n) if is_accu(n))
            && matches!(&step, Node::And(terms) if terms.first().is_some_and(is_accu))
            && is_accu(&result);
        Ok(Node::Fold(Box::new(Fold { range, accu, init, iter, iter2, condition, step, result, is_all })))
    }

    fn declare(&mut self, name: &str) -> usize {
        let slot = self.slots;
        self.slots += 1;
        self.scope.push((name.to_owned(), slot));
        slot
    }
}

fn missing(function: &str) -> Error {
    Error::new(format!("no such overload: {function}"))
}

fn two(args: Vec<Node>) -> Result<[Node; 2], Error> {
    args.try_into().map_err(|_| Error::no_such_overload())
}

fn three(args: Vec<Node>) -> Result<[Node; 3], Error> {
    args.try_into().map_err(|_| Error::no_such_overload())
}

/// Computes what consists of constants.
fn folded(node: Node, constant: bool) -> Result<Node, Error> {
    if !constant {
        return Ok(node);
    }
    // Errors within lists and maps of constants stay for the evaluation, those of conversions do not.
    match eval::constant(&node) {
        Ok(v) => Ok(Node::Const(v)),
        Err(e) if matches!(node, Node::Call(_)) => Err(e),
        Err(_) => Ok(node),
    }
}

fn literal(l: &Literal) -> Value<'static> {
    match l {
        Literal::Null => Value::Null,
        Literal::Bool(b) => Value::Bool(*b),
        Literal::Int(i) => Value::Int(*i),
        Literal::Uint(u) => Value::Uint(*u),
        Literal::Double(d) => Value::Double(*d),
        Literal::String(s) => Value::string(s.as_str()),
        Literal::Bytes(b) => Value::Bytes(b.as_slice().into()),
    }
}

/// A constant to select by.
fn constant_key(key: Value<'static>) -> QualKey {
    let name = key.as_str().and_then(escape::unescape).map(|name| name.into());
    QualKey::Const(key, name)
}

/// A node as something to select from.
fn attr(node: Node) -> Attr {
    match node {
        Node::Attr(a) => *a,
        node => Attr { base: Base::Of(node), quals: Vec::new() },
    }
}

/// A branch of a conditional. A presence test becomes the bare test, without what makes it free.
fn branch(node: Node) -> Attr {
    match node {
        Node::Has(a) => *a,
        node => attr(node),
    }
}

impl Attr {
    fn qualify(&mut self, q: Qual) {
        self.add(&Arc::new(q));
    }

    fn add(&mut self, q: &Arc<Qual>) {
        match &mut self.base {
            Base::If(parts) => {
                parts.1.add(q);
                parts.2.add(q);
            }
            _ => self.quals.push(q.clone()),
        }
    }
}

fn index([operand, key]: [Node; 2], optional: bool) -> Result<Node, Error> {
    let key = match key {
        Node::Const(v) => {
            check_qualifier(&v)?;
            constant_key(v)
        }
        node => QualKey::Dynamic(attr(node)),
    };
    let mut attr = attr(operand);
    attr.qualify(Qual { key, optional, test: false });
    Ok(Node::Attr(Box::new(attr)))
}

/// `in` a list of constants of types that can be looked up is a lookup; in an empty list it is false.
fn member(call: Call, item: Node, list: Node) -> Node {
    let items = match &list {
        Node::Const(Value::List(l)) => l.clone(),
        _ => List::Range(0),
    };
    if items.is_empty() {
        return Node::Const(Value::Bool(false));
    }
    let mut set = BTreeSet::new();
    for v in items.iter() {
        match v {
            Ok(Value::Bool(b)) => _ = set.insert(Key::Bool(b)),
            Ok(Value::String(s)) => _ = set.insert(Key::String(s)),
            Ok(v @ (Value::Int(_) | Value::Uint(_) | Value::Double(_))) => set.extend(equal_numbers(&v)),
            _ => {
                let args = [item, list].into();
                let cost = Cost::InList;
                return Node::Call(Box::new(Invocation { call, args, cost, stops: false, takes: None, pattern: None }));
            }
        }
    }
    Node::Member(Box::new(item), set)
}

/// The keys of all types that are equal to a number.
fn equal_numbers(v: &Value<'static>) -> Vec<Key<'static>> {
    let candidates = [
        match v {
            Value::Int(i) => Some(Key::Int(*i)),
            Value::Uint(u) => i64::try_from(*u).ok().map(Key::Int),
            Value::Double(d) => (*d as i64 as f64 == *d).then_some(Key::Int(*d as i64)),
            _ => None,
        },
        match v {
            Value::Int(i) => u64::try_from(*i).ok().map(Key::Uint),
            Value::Uint(u) => Some(Key::Uint(*u)),
            Value::Double(d) => (*d >= 0.0 && *d as u64 as f64 == *d).then_some(Key::Uint(*d as u64)),
            _ => None,
        },
        match v {
            Value::Int(i) => Some(Key::Double(*i as f64)),
            Value::Uint(u) => Some(Key::Double(*u as f64)),
            Value::Double(d) => Some(Key::Double(*d)),
            _ => None,
        },
    ];
    candidates.into_iter().flatten().collect()
}
