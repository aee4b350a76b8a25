//! Evaluation with cel-go's semantics: errors are values that `||`, `&&` and comprehensions may absorb, every step is
//! metered, and what the object holds is only looked at where the expression looks.

use super::cost::{self, Cost, Meter};
use super::functions::Compiled;
use super::message;
use super::plan::{Base, Fold, Invocation, Node, Program};
use super::select::{Found, find, resolve};
use super::value::{Error, Key, Map, Result, Str, Value, characters};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A variable: an accumulator gets its first value when it is first asked for.
pub(super) enum Slot<'a> {
    Unset(&'a Node),
    Set(Result<'a>),
}

/// With so few variables, as nearly all rules have, there is no need for the heap.
const FEW: usize = 4;

pub(super) struct Frame<'a, 'm> {
    pub(super) slots: &'m mut [Slot<'a>],
    pub(super) meter: &'m mut Meter,
}

impl Program {
    /// Evaluates the expression for the values of its variables, in the order in which they were named; an error in place of
    /// a value is the error of every use of the variable.
    ///
    /// # Errors
    /// What no part of the expression absorbs; [`Error::is_cancelled`] if the meter's limit ended it.
    pub fn eval<'a>(&'a self, variables: &[Result<'a>], meter: &mut Meter) -> Result<'a> {
        let given = |i: usize| match variables.get(i).filter(|_| i < self.globals) {
            Some(value) => Slot::Set(value.clone()),
            None => Slot::Set(Ok(Value::Null)),
        };
        if self.slots <= FEW {
            let mut slots: [Slot<'a>; FEW] = std::array::from_fn(given);
            return eval(&self.root, &mut Frame { slots: &mut slots, meter });
        }
        let mut slots: Vec<Slot<'a>> = (0..self.slots).map(given).collect();
        eval(&self.root, &mut Frame { slots: &mut slots, meter })
    }
}

/// Computes a node of constants, without cost.
pub(super) fn constant(node: &Node) -> std::result::Result<Value<'static>, Error> {
    let mut meter = Meter::new(u64::MAX);
    let value = eval(node, &mut Frame { slots: &mut [], meter: &mut meter })?;
    owned(value)
}

/// The value with nothing borrowed. Constants are made of literals, so nothing of an object is in them.
fn owned(v: Value<'_>) -> std::result::Result<Value<'static>, Error> {
    Ok(match v {
        Value::Null => Value::Null,
        Value::Bool(b) => Value::Bool(b),
        Value::Int(i) => Value::Int(i),
        Value::Uint(u) => Value::Uint(u),
        Value::Double(d) => Value::Double(d),
        Value::String(s) => Value::string(&*s),
        Value::Bytes(b) => Value::Bytes(b),
        Value::Timestamp(t) => Value::Timestamp(t),
        Value::Duration(d) => Value::Duration(d),
        Value::Type(t) => Value::Type(Str::Shared((&*t).into())),
        Value::Opaque(o) => Value::Opaque(o),
        Value::Optional(None) => Value::Optional(None),
        Value::Optional(Some(v)) => Value::some(owned(Arc::unwrap_or_clone(v))?),
        Value::List(l) => Value::list(l.to_vec()?.into_iter().map(owned).collect::<std::result::Result<_, _>>()?),
        Value::Map(m) => {
            let mut entries = BTreeMap::new();
            for (key, value) in m.entries() {
                entries.insert(Key::new(owned(key)?, entries.len())?, owned(value?)?);
            }
            Value::Map(Map::owned(entries))
        }
        Value::Preserved(_) => return Err(Error::no_such_overload()),
    })
}

pub(super) fn eval<'a>(node: &'a Node, f: &mut Frame<'a, '_>) -> Result<'a> {
    match node {
        Node::Const(v) => Ok(v.lend()),
        Node::Attr(a) => {
            let value = resolve(a, f);
            if !matches!(a.base, Base::If(..)) {
                f.meter.charge(1)?;
            }
            value
        }
        Node::Has(a) => {
            let value = resolve(a, f);
            if !matches!(a.base, Base::If(..)) {
                f.meter.charge(1)?;
            }
            f.meter.refund();
            match value? {
                Value::Optional(v) => Ok(Value::Bool(v.is_some())),
                v => Ok(v),
            }
        }
        Node::Or(terms) => logic(terms, true, f).map(Value::Bool),
        Node::And(terms) => logic(terms, false, f).map(Value::Bool),
        Node::Equal(sides, wanted) => equal(sides, *wanted, f).map(Value::Bool),
        Node::NotStrictlyFalse(arg) => {
            let value = absorb(eval(arg, f))?;
            f.meter.charge(1)?;
            match value {
                Ok(Value::Bool(b)) => Ok(Value::Bool(b)),
                Err(_) => Ok(Value::Bool(true)),
                Ok(v) => Err(Error::new(format!("no such overload: @not_strictly_false({})", v.type_name()))),
            }
        }
        Node::Call(c) => call(c, f),
        Node::OptionalOr(sides, value) => match eval(&sides[0], f)? {
            Value::Optional(Some(v)) if *value => Ok(Arc::unwrap_or_clone(v)),
            v @ Value::Optional(Some(_)) => Ok(v),
            Value::Optional(None) => eval(&sides[1], f),
            _ => Err(Error::no_such_overload()),
        },
        Node::Member(item, set) => {
            let item = eval(item, f)?;
            let found = match &item {
                Value::Double(d) if d.is_nan() => false,
                Value::Bool(_) | Value::Int(_) | Value::Uint(_) | Value::Double(_) | Value::String(_) => {
                    Key::new(item, 0).is_ok_and(|k| contains(set, &k))
                }
                Value::Bytes(_) => {
                    return Err(Error::fatal(format!(
                        "internal error: runtime error: hash of unhashable type {}",
                        item.go_type()
                    )));
                }
                _ => false,
            };
            Ok(Value::Bool(found))
        }
        Node::List(items) => {
            let value = make_list(items, f);
            f.meter.charge(cost::LIST)?;
            value
        }
        Node::Map(entries) => {
            let value = make_map(entries, f);
            f.meter.charge(cost::MAP)?;
            value
        }
        Node::Message(name, fields) => {
            let value = make_message(name, fields, f);
            f.meter.charge(cost::STRUCT)?;
            value
        }
        Node::Fold(fold) => comprehend(fold, f),
    }
}

/// Keys of the program and keys of the object live differently long, and are compared all the same.
fn contains<'k>(set: &BTreeSet<Key<'k>>, key: &Key<'k>) -> bool {
    set.contains(key)
}

/// Errors that may be absorbed as values; those that may not end the evaluation.
pub(super) fn absorb<'a>(r: Result<'a>) -> std::result::Result<Result<'a>, Error> {
    match r {
        Err(e) if e.is_cancelled() => Err(e),
        r => Ok(r),
    }
}

/// Evaluates where a boolean is asked for, without making a value of it; none is another value.
fn holds<'a>(node: &'a Node, f: &mut Frame<'a, '_>) -> std::result::Result<Option<bool>, Error> {
    match node {
        Node::Or(terms) => logic(terms, true, f).map(Some),
        Node::And(terms) => logic(terms, false, f).map(Some),
        Node::Equal(sides, wanted) => equal(sides, *wanted, f).map(Some),
        Node::Call(c) => match c.known_pattern() {
            Some((pattern, text)) if pattern.is_test() => Ok(Some(pattern.is_match(&subject(text, pattern, f)?))),
            _ => call(c, f).map(truth),
        },
        node => eval(node, f).map(truth),
    }
}

fn truth(value: Value<'_>) -> Option<bool> {
    match value {
        Value::Bool(b) => Some(b),
        _ => None,
    }
}

/// `||` where `decisive` is true, `&&` where it is false.
fn logic<'a>(terms: &'a [Node], decisive: bool, f: &mut Frame<'a, '_>) -> std::result::Result<bool, Error> {
    let mut error = None;
    for term in terms {
        match holds(term, f) {
            Ok(Some(b)) if b == decisive => return Ok(decisive),
            Ok(Some(_)) => {}
            Ok(None) => error = error.or_else(|| Some(Error::no_such_overload())),
            Err(e) if e.is_cancelled() => return Err(e),
            Err(e) => error = error.or(Some(e)),
        }
    }
    error.map_or(Ok(!decisive), Err)
}

fn equal<'a>(sides: &'a [Node; 2], wanted: bool, f: &mut Frame<'a, '_>) -> std::result::Result<bool, Error> {
    let a = absorb(eval(&sides[0], f))?;
    let b = absorb(eval(&sides[1], f))?;
    if matches!(a, Ok(Value::List(_) | Value::Map(_))) {
        f.meter.expect_large();
    }
    let value = match (&a, &b) {
        (Err(e), _) | (_, Err(e)) => Err(e.clone()),
        (Ok(a), Ok(b)) => match (a.equals_or_null(b), wanted) {
            (Ok(same), wanted) => Ok(same == wanted),
            (Err(e), true) => Err(e),
            // What cannot be compared differs.
            (Err(_), false) => Ok(true),
        },
    };
    f.meter.charge(cost::equality(a.as_ref().ok(), b.as_ref().ok(), wanted))?;
    value
}

fn call<'a>(c: &'a Invocation, f: &mut Frame<'a, '_>) -> Result<'a> {
    if let Some((pattern, text)) = c.known_pattern() {
        return pattern.run(&subject(text, pattern, f)?, None);
    }
    // Nearly all calls have one or two arguments, which need no heap.
    match &*c.args {
        [a] => {
            let mut args = [Value::Null];
            evaluate(c, std::slice::from_ref(a), &mut args, f)
        }
        [_, _] => {
            let mut args = [Value::Null, Value::Null];
            evaluate(c, &c.args, &mut args, f)
        }
        nodes => {
            let mut args = vec![Value::Null; nodes.len()];
            evaluate(c, nodes, &mut args, f)
        }
    }
}

/// The text that a pattern is matched against. The pattern is known, and so is what it costs.
fn subject<'a>(text: &'a Node, pattern: &Compiled, f: &mut Frame<'a, '_>) -> std::result::Result<Str<'a>, Error> {
    let found = match text {
        Node::Attr(a) if !matches!(a.base, Base::If(..)) => {
            let found = find(a, f);
            f.meter.charge(1)?;
            found
        }
        node => Found::Value(eval(node, f)),
    };
    if let Some(text) = found.text() {
        f.meter.charge(cost::matching(characters(text), pattern.cost))?;
        return Ok(Str::Borrowed(text));
    }
    let value = found.value()?;
    f.meter.charge(cost::matching(value.cost_size(), pattern.cost))?;
    match value {
        Value::String(text) => Ok(text),
        _ => Err(Error::no_such_overload()),
    }
}

fn evaluate<'a>(c: &'a Invocation, nodes: &'a [Node], args: &mut [Value<'a>], f: &mut Frame<'a, '_>) -> Result<'a> {
    let mut error = None;
    for (i, node) in nodes.iter().enumerate() {
        let value = match c.takes {
            Some(slot) if i == 0 => take(slot, f),
            _ => eval(node, f),
        };
        match absorb(value)? {
            Ok(v) => args[i] = v,
            Err(e) if c.stops && i + 1 < nodes.len() => return Err(e),
            Err(e) => error = error.or(Some((i, e))),
        }
    }
    if let Some((i, e)) = error {
        f.meter.charge(c.cost.failed(args, i)?)?;
        return Err(e);
    }
    let large = |v: &Value<'_>| matches!(v, Value::List(_) | Value::Map(_));
    if args.iter().any(large) || c.cost == Cost::Pattern {
        f.meter.expect_large();
    }
    if let Some(cost) = c.cost.before(args)? {
        f.meter.charge(cost)?;
        if let (Cost::Fixed(_), [Value::List(a), Value::List(b)]) = (c.cost, &*args) {
            // The items of an accumulator are there already.
            f.meter.make(b.len() + if c.takes.is_some() { 0 } else { a.len() })?;
        }
        let value = run(c, args);
        if let (Cost::Flatten, Ok(Value::List(l))) = (c.cost, &value) {
            f.meter.make(l.len())?;
        }
        return value;
    }
    let value = absorb(run(c, args))?;
    f.meter.charge(c.cost.after(value.as_ref().ok()))?;
    value
}

fn run<'a>(c: &'a Invocation, args: &mut [Value<'a>]) -> Result<'a> {
    match &c.pattern {
        Some(pattern) => match args {
            [Value::String(text), rest @ ..] => pattern.run(text, rest.get(1)),
            _ => Err(Error::no_such_overload()),
        },
        None => c.call.run(args),
    }
}

/// The accumulator's value, which its variable no longer holds.
fn take<'a>(slot: usize, f: &mut Frame<'a, '_>) -> Result<'a> {
    force(slot, f)?;
    f.meter.charge(1)?;
    match f.slots.get_mut(slot) {
        Some(Slot::Set(value)) => std::mem::replace(value, Ok(Value::Null)),
        _ => Ok(Value::Null),
    }
}

/// Sees to it that an accumulator has its first value.
pub(super) fn force<'a>(slot: usize, f: &mut Frame<'a, '_>) -> std::result::Result<(), Error> {
    if let Some(Slot::Unset(init)) = f.slots.get(slot) {
        let init = *init;
        f.slots[slot] = Slot::Set(Ok(Value::Null));
        let value = absorb(eval(init, f))?;
        f.slots[slot] = Slot::Set(value);
    }
    Ok(())
}

fn make_list<'a>(items: &'a [(Node, bool)], f: &mut Frame<'a, '_>) -> Result<'a> {
    let mut out = Vec::with_capacity(items.len());
    for (node, optional) in items {
        match (eval(node, f)?, optional) {
            (v, false) => out.push(v),
            (Value::Optional(Some(v)), true) => out.push(Arc::unwrap_or_clone(v)),
            (Value::Optional(None), true) => {}
            (v, true) => {
                let text = format!("cannot initialize optional list element from non-optional value {v}");
                return Err(Error::new(text));
            }
        }
    }
    Ok(Value::list(out))
}

fn make_map<'a>(entries: &'a [(Node, Node, bool)], f: &mut Frame<'a, '_>) -> Result<'a> {
    let mut out = BTreeMap::new();
    for (n, (key, value, optional)) in entries.iter().enumerate() {
        let key = eval(key, f)?;
        let value = match (eval(value, f)?, optional) {
            (v, false) => v,
            (Value::Optional(Some(v)), true) => Arc::unwrap_or_clone(v),
            (Value::Optional(None), true) => {
                out.remove(&Key::new(key, n)?);
                continue;
            }
            (v, true) => {
                let text = format!("cannot initialize optional entry '{key}' from non-optional value {v}");
                return Err(Error::new(text));
            }
        };
        out.insert(Key::new(key, n)?, value);
    }
    Ok(Value::Map(Map::owned(out)))
}

fn make_message<'a>(name: &str, fields: &'a [(Box<str>, Node)], f: &mut Frame<'a, '_>) -> Result<'a> {
    let mut values = Vec::with_capacity(fields.len());
    for (field, node) in fields {
        values.push((&**field, eval(node, f)?));
    }
    message::make(name, values)
}

fn comprehend<'a>(fold: &'a Fold, f: &mut Frame<'a, '_>) -> Result<'a> {
    let range = eval(&fold.range, f)?;
    if let Value::Map(_) = range {
        // Its keys are listed.
        f.meter.expect_large();
    }
    f.slots[fold.accu] = Slot::Unset(&fold.init);
    match (range, fold.iter2) {
        (Value::List(l), None) => {
            for i in 0..l.len() {
                let item = l.get(i).unwrap_or(Ok(Value::Null));
                f.slots[fold.iter] = Slot::Set(item);
                if !turn(fold, f)? {
                    break;
                }
            }
        }
        (Value::List(l), Some(second)) => {
            for i in 0..l.len() {
                f.slots[fold.iter] = Slot::Set(Ok(Value::Int(i as i64)));
                f.slots[second] = Slot::Set(l.get(i).unwrap_or(Ok(Value::Null)));
                if !turn(fold, f)? {
                    break;
                }
            }
        }
        (Value::Map(m), None) => {
            for key in m.keys() {
                f.slots[fold.iter] = Slot::Set(Ok(key));
                if !turn(fold, f)? {
                    break;
                }
            }
        }
        (Value::Map(m), Some(second)) => {
            for (key, value) in m.entries() {
                f.slots[second] = Slot::Set(value);
                f.slots[fold.iter] = Slot::Set(Ok(key));
                if !turn(fold, f)? {
                    break;
                }
            }
        }
        (v, None) => return Err(Error::new(format!("got '{}', expected iterable type", v.go_type()))),
        (v, Some(_)) => {
            return Err(Error::new(format!("unsupported comprehension range type: {}", v.go_type())));
        }
    }
    eval(&fold.result, f)
}

/// One turn of the loop, and whether there may be another.
fn turn<'a>(fold: &'a Fold, f: &mut Frame<'a, '_>) -> std::result::Result<bool, Error> {
    if let (true, Node::And(terms)) = (fold.is_all, &fold.step) {
        return turn_of_all(fold.accu, terms.get(1..).unwrap_or_default(), f);
    }
    if let Ok(Value::Bool(false)) = absorb(eval(&fold.condition, f))? {
        return Ok(false);
    }
    let value = absorb(eval(&fold.step, f))?;
    f.slots[fold.accu] = Slot::Set(value);
    Ok(true)
}

/// The same for `all`, whose accumulator need not be read to be known: it is true, unset being true, or an error, or false.
fn turn_of_all<'a>(accu: usize, terms: &'a [Node], f: &mut Frame<'a, '_>) -> std::result::Result<bool, Error> {
    // The condition: the accumulator, and whether it is not false.
    f.meter.charge(1)?;
    f.meter.charge(1)?;
    if let Some(Slot::Set(Ok(Value::Bool(false)))) = f.slots.get(accu) {
        return Ok(false);
    }
    // The step: the accumulator again, and what must be true.
    f.meter.charge(1)?;
    match logic(terms, false, f) {
        Ok(true) => {}
        Err(e) if e.is_cancelled() => return Err(e),
        Err(_) if matches!(f.slots.get(accu), Some(Slot::Set(Err(_)))) => {}
        value => f.slots[accu] = Slot::Set(value.map(Value::Bool)),
    }
    Ok(true)
}
