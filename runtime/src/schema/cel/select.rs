//! What a name and the selections after it lead to (cel-go `interpreter/attributes.go`). Names of an object's members are
//! followed through its JSON and schema, and only where they end is a value made.

use super::eval::{Frame, Slot, absorb, eval, force};
use super::plan::{Attr, Base, Qual, QualKey, check_qualifier};
use super::value::{Error, List, Map, Members, Result, Value};
use crate::schema::node::Node as Schema;
use serde_json::Value as Json;
use std::sync::Arc;

/// What a name leads to: a part of the object, or a value.
pub(super) enum Found<'a> {
    Part(&'a Json, &'a Schema),
    Value(Result<'a>),
}

impl<'a> Found<'a> {
    pub(super) fn value(self) -> Result<'a> {
        match self {
            Self::Part(value, schema) => Value::of_json(value, schema, false),
            Self::Value(value) => value,
        }
    }

    /// The text, if it is one that needs no reading.
    pub(super) fn text(&self) -> Option<&'a str> {
        match self {
            Self::Part(Json::String(s), schema) if schema.is_text() => Some(s),
            _ => None,
        }
    }
}

/// Follows names from member to member as far as there are objects.
fn follow<'a>(mut members: Members<'a>, quals: &'a [Arc<Qual>], f: &mut Frame<'a, '_>) -> Found<'a> {
    for (i, q) in quals.iter().enumerate() {
        let (QualKey::Const(key @ Value::String(name), property), false, false) = (&q.key, q.optional, q.test) else {
            return Found::Value(walk(Value::Map(Map::Json(members)), false, &quals[i..], f));
        };
        let part = members.part(name, property.as_deref());
        if let Err(e) = f.meter.charge(1) {
            return Found::Value(Err(e));
        }
        let Some((value, schema)) = part else { return Found::Value(Err(no_such_key(key))) };
        if i + 1 == quals.len() {
            return Found::Part(value, schema);
        }
        match Members::of(value, schema) {
            Some(next) => members = next,
            None => {
                let value = Value::of_json(value, schema, false);
                return Found::Value(value.and_then(|v| walk(v, false, &quals[i + 1..], f)));
            }
        }
    }
    Found::Value(Ok(Value::Map(Map::Json(members))))
}

fn no_such_key(key: &Value<'_>) -> Error {
    Error::new(format!("no such key: {key}"))
}

/// What an attribute leads to.
pub(super) fn find<'a>(attr: &'a Attr, f: &mut Frame<'a, '_>) -> Found<'a> {
    if let Base::Var(slot) = attr.base
        && let Some(Slot::Set(Ok(Value::Map(Map::Json(members))))) = f.slots.get(slot)
    {
        return follow(*members, &attr.quals, f);
    }
    Found::Value(compute(attr, f))
}

/// The value of an attribute.
pub(super) fn resolve<'a>(attr: &'a Attr, f: &mut Frame<'a, '_>) -> Result<'a> {
    find(attr, f).value()
}

fn compute<'a>(attr: &'a Attr, f: &mut Frame<'a, '_>) -> Result<'a> {
    let value = match &attr.base {
        Base::Var(slot) => {
            force(*slot, f)?;
            match f.slots.get(*slot) {
                Some(Slot::Set(value)) => value.clone()?,
                _ => return Err(Error::new("no such attribute(s)")),
            }
        }
        Base::Missing(name) => return Err(Error::new(format!("no such attribute(s): {name}"))),
        Base::If(parts) => {
            let (condition, yes, no) = &**parts;
            return match eval(condition, f)? {
                Value::Bool(true) => resolve(yes, f),
                Value::Bool(false) => resolve(no, f),
                _ => Err(Error::no_such_overload()),
            };
        }
        Base::Of(node) => eval(node, f)?,
    };
    if attr.quals.is_empty() { Ok(value) } else { select(value, &attr.quals, f) }
}

/// Selects step by step; from the first optional step on, what is not there is no error but none.
fn select<'a>(value: Value<'a>, quals: &'a [Arc<Qual>], f: &mut Frame<'a, '_>) -> Result<'a> {
    match value {
        Value::Optional(None) => Ok(Value::Optional(None)),
        Value::Optional(Some(v)) => walk(Arc::unwrap_or_clone(v), true, quals, f),
        v => walk(v, false, quals, f),
    }
}

fn walk<'a>(mut value: Value<'a>, mut optional: bool, quals: &'a [Arc<Qual>], f: &mut Frame<'a, '_>) -> Result<'a> {
    for q in quals {
        optional |= q.optional;
        let found = match &q.key {
            QualKey::Const(..) => q.constant(&value, optional),
            QualKey::Dynamic(attr) => {
                let key = absorb(resolve(attr, f))?;
                match key.and_then(|k| check_qualifier(&k).map(|()| k)) {
                    Ok(key) => get(&value, &key, optional),
                    Err(e) => Err(e),
                }
            }
        };
        match advance(found, q, optional, f)? {
            Some(v) => value = v,
            None => return Ok(Value::Optional(None)),
        }
    }
    Ok(if optional { Value::some(value) } else { value })
}

/// What the next step selects from; none if the whole is none.
fn advance<'a>(found: Step<'a>, q: &Qual, optional: bool, f: &mut Frame<'a, '_>) -> Step<'a> {
    let tests = q.test && !optional;
    match found {
        Ok(None) if !tests => Ok(None),
        Ok(found) => {
            f.meter.charge(1)?;
            Ok(if tests { Some(Value::Bool(found.is_some())) } else { found })
        }
        Err(e) => {
            // Upstream only counts steps that lead somewhere, or fail where they had to.
            if !optional && !e.is_cancelled() {
                f.meter.charge(1)?;
            }
            Err(e)
        }
    }
}

/// A value, or none where there is none and that was the question.
type Step<'a> = std::result::Result<Option<Value<'a>>, Error>;

impl Qual {
    /// What a constant key selects.
    fn constant<'a>(&self, value: &Value<'a>, optional: bool) -> Step<'a> {
        let QualKey::Const(key, name) = &self.key else { return Ok(None) };
        let test = optional || self.test;
        match (value, key) {
            (Value::Map(Map::Json(m)), Value::String(s)) => match m.named(s, name.as_deref()) {
                Some(v) => v.map(Some),
                None if test => Ok(None),
                None => Err(no_such_key(key)),
            },
            _ => get(value, key, test),
        }
    }
}

/// What a key selects: none where it is not there and that was the question.
fn get<'a>(value: &Value<'a>, key: &Value<'_>, test: bool) -> Step<'a> {
    match value {
        Value::Map(m) => match m.get(key) {
            Some(v) => v.map(Some),
            None if test => Ok(None),
            None => Err(no_such_key(key)),
        },
        Value::List(l) => {
            let i = index(key)?;
            match usize::try_from(i).ok().and_then(|i| l.get(i)) {
                Some(_) if matches!(l, List::Json { .. }) && !matches!(key, Value::Int(_)) => {
                    Err(Error::new(format!("unsupported index: {key}")))
                }
                Some(v) => v.map(Some),
                None if test => Ok(None),
                None => Err(Error::new(format!("index out of bounds: {key}"))),
            }
        }
        _ if test => Ok(None),
        _ => Err(no_such_key(key)),
    }
}

fn index(key: &Value<'_>) -> std::result::Result<i64, Error> {
    let unsupported = || Error::new(format!("unsupported index value {key} in list"));
    match key {
        Value::Int(i) => Ok(*i),
        Value::Uint(u) => i64::try_from(*u).map_err(|_| unsupported()),
        Value::Double(d) => super::value::go::whole_i64(*d).ok_or_else(unsupported),
        v => Err(Error::new(format!("unsupported index type '{}' in list", v.type_name()))),
    }
}
