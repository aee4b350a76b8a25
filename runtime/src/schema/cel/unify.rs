//! When one type may stand for another, and what the types still to be found out are. Work and sizes are bounded: types
//! can double with every step of an expression.

use super::decls::{Overload, T};
use super::types::Type;
use std::sync::Arc;

/// The most nodes of one type.
const MAX_SIZE: usize = 2000;
/// The most comparisons and substitutions of one expression.
const MAX_STEPS: usize = 2_000_000;
/// Parameters below are those of the types `list` and `map` themselves.
const FIRST: u32 = 2;

/// The substitutions found so far.
#[derive(Default)]
pub(super) struct Unifier {
    bound: Vec<Option<Type>>,
    next: u32,
    /// What to restore if a try fails.
    journal: Vec<(u32, Option<Type>)>,
    steps: usize,
}

impl Unifier {
    /// Whether the expression cost too much to check; then no answer of this counts.
    pub(super) fn exhausted(&self) -> bool {
        self.steps > MAX_STEPS
    }

    fn step(&mut self) -> bool {
        self.steps += 1;
        !self.exhausted()
    }

    /// A type to be found out.
    pub(super) fn fresh(&mut self) -> Type {
        self.next += 1;
        Type::Param(FIRST + self.next - 1)
    }

    /// The type, unless it is too large.
    pub(super) fn bounded(&mut self, t: Type) -> Type {
        let mut left = MAX_SIZE;
        if fits(&t, &mut left) {
            return t;
        }
        self.steps = MAX_STEPS + 1;
        Type::Error
    }

    fn find(&self, param: u32) -> Option<&Type> {
        self.bound.get(param as usize)?.as_ref()
    }

    fn bind(&mut self, param: u32, t: Type) {
        let index = param as usize;
        if self.bound.len() <= index {
            self.bound.resize(index + 1, None);
        }
        let old = self.bound[index].replace(t);
        self.journal.push((param, old));
    }

    /// Runs a try, and takes back what it found out if it fails.
    fn attempt(&mut self, run: impl FnOnce(&mut Self) -> bool) -> bool {
        self.journal.clear();
        if run(self) {
            return true;
        }
        while let Some((param, old)) = self.journal.pop() {
            self.bound[param as usize] = old;
        }
        false
    }

    /// Whether a value of the second type may be used where the first is expected.
    pub(super) fn assignable(&mut self, expected: &Type, found: &Type) -> bool {
        self.attempt(|u| u.assign(expected, found))
    }

    /// The result of calling an overload with arguments of these types, if it takes them.
    pub(super) fn apply(&mut self, overload: &Overload, args: &[Type]) -> Option<Type> {
        let mut params = Params::default();
        params.count(&overload.result);
        overload.args.iter().for_each(|t| params.count(t));
        let base = FIRST + self.next;
        self.next += u32::from(params.a) + u32::from(params.b);
        if args.len() != overload.args.len() {
            return None;
        }
        let b = base + u32::from(params.a);
        let wanted: Vec<Type> = overload.args.iter().map(|t| instance(t, base, b)).collect();
        if !self.attempt(|u| args.iter().zip(&wanted).all(|(found, wanted)| u.assign(found, wanted))) {
            return None;
        }
        Some(self.substitute(&instance(&overload.result, base, b), false))
    }

    fn assign(&mut self, t1: &Type, t2: &Type) -> bool {
        if !self.step() {
            return false;
        }
        if let Type::Param(p2) = t2 {
            let (valid, bound) = self.substitution(t1, *p2);
            if valid || bound {
                return valid;
            }
        }
        if let Type::Param(p1) = t1 {
            return self.substitution(t2, *p1).0;
        }
        match (t1, t2) {
            (Type::Dyn | Type::Any | Type::Error, _) | (_, Type::Dyn | Type::Any | Type::Error) => true,
            (Type::Null, other) | (other, Type::Null) => matches!(
                other,
                Type::Null | Type::Opaque(..) | Type::Object(_) | Type::Named(_) | Type::Duration | Type::Timestamp
            ),
            (Type::Type(_), Type::Type(_)) => true,
            (Type::List(a), Type::List(b)) => self.assign(a, b),
            (Type::Map(a), Type::Map(b)) => self.assign(&a.0, &b.0) && self.assign(&a.1, &b.1),
            (Type::Opaque(a, p), Type::Opaque(b, q)) => {
                a == b
                    && match (p, q) {
                        (Some(p), Some(q)) => self.assign(p, q),
                        (p, q) => p.is_none() && q.is_none(),
                    }
            }
            _ => t1 == t2,
        }
    }

    /// Whether the type may be what the parameter stands for; and whether the parameter stood for something before.
    fn substitution(&mut self, t: &Type, param: u32) -> (bool, bool) {
        if matches!(t, Type::Param(p) if *p == param) {
            return (true, true);
        }
        let Some(bound) = self.find(param).cloned() else {
            if self.free_of(param, t) {
                self.bind(param, t.clone());
                return (true, false);
            }
            return (false, false);
        };
        if *t == bound {
            return (true, true);
        }
        if !self.assign(t, &bound) {
            return (false, true);
        }
        let general = most_general(t.clone(), bound);
        if self.free_of(param, &general) {
            self.bind(param, general);
        }
        (true, true)
    }

    /// Whether the parameter does not occur in the type.
    fn free_of(&mut self, param: u32, t: &Type) -> bool {
        if !self.step() {
            return false;
        }
        match t {
            Type::Param(p) if *p == param => false,
            Type::Param(p) => match self.find(*p).cloned() {
                Some(bound) => self.free_of(param, &bound),
                None => true,
            },
            Type::List(e) | Type::Opaque(_, Some(e)) | Type::Type(Some(e)) => self.free_of(param, e),
            Type::Map(entry) => self.free_of(param, &entry.0) && self.free_of(param, &entry.1),
            _ => true,
        }
    }

    /// The type with what is known of its parameters; what is not known stays, or is `dyn` with `to_dyn`.
    pub(super) fn substitute(&mut self, t: &Type, to_dyn: bool) -> Type {
        if !self.step() {
            return Type::Error;
        }
        match t {
            Type::Param(p) => match self.find(*p).cloned() {
                Some(bound) => self.substitute(&bound, to_dyn),
                None if to_dyn => Type::Dyn,
                None => t.clone(),
            },
            Type::List(e) => Type::list(self.substitute(e, to_dyn)),
            Type::Map(entry) => Type::map(self.substitute(&entry.0, to_dyn), self.substitute(&entry.1, to_dyn)),
            Type::Opaque(name, Some(e)) => Type::Opaque(name, Some(Arc::new(self.substitute(e, to_dyn)))),
            Type::Type(Some(e)) => Type::Type(Some(Arc::new(self.substitute(e, to_dyn)))),
            other => other.clone(),
        }
    }
}

/// Which parameters a declaration has.
#[derive(Default)]
struct Params {
    a: bool,
    b: bool,
}

impl Params {
    fn count(&mut self, t: &T) {
        match t {
            T::A => self.a = true,
            T::B => self.b = true,
            T::List(e) | T::Optional(e) | T::Type(e) => self.count(e),
            T::Map(k, v) => {
                self.count(k);
                self.count(v);
            }
            _ => {}
        }
    }
}

/// A declared type with these parameters for `A` and `B`.
fn instance(t: &T, a: u32, b: u32) -> Type {
    match t {
        T::Dyn => Type::Dyn,
        T::Bool => Type::Bool,
        T::Int => Type::Int,
        T::Uint => Type::Uint,
        T::Double => Type::Double,
        T::String => Type::String,
        T::Bytes => Type::Bytes,
        T::Duration => Type::Duration,
        T::Timestamp => Type::Timestamp,
        T::List(e) => Type::list(instance(e, a, b)),
        T::Map(k, v) => Type::map(instance(k, a, b), instance(v, a, b)),
        T::Optional(e) => Type::optional(instance(e, a, b)),
        T::Type(e) => Type::Type(Some(Arc::new(instance(e, a, b)))),
        T::Named(name) => Type::Named(name),
        T::Opaque(name) => Type::Opaque(name, None),
        T::A => Type::Param(a),
        T::B => Type::Param(b),
    }
}

fn fits(t: &Type, left: &mut usize) -> bool {
    let Some(less) = left.checked_sub(1) else { return false };
    *left = less;
    match t {
        Type::List(e) | Type::Opaque(_, Some(e)) | Type::Type(Some(e)) => fits(e, left),
        Type::Map(entry) => fits(&entry.0, left) && fits(&entry.1, left),
        _ => true,
    }
}

/// Of two types that agree the one that says less.
pub(super) fn most_general(t1: Type, t2: Type) -> Type {
    if less_specific(&t1, &t2) { t1 } else { t2 }
}

fn less_specific(t1: &Type, t2: &Type) -> bool {
    match (t1, t2) {
        (Type::Dyn | Type::Any | Type::Param(_), _) => true,
        (_, Type::Dyn | Type::Any | Type::Param(_)) => false,
        (Type::Opaque(a, p), Type::Opaque(b, q)) => {
            a == b
                && match (p, q) {
                    (Some(p), Some(q)) => less_specific(p, q),
                    (p, q) => p.is_none() && q.is_none(),
                }
        }
        (Type::List(a), Type::List(b)) => less_specific(a, b),
        (Type::Map(a), Type::Map(b)) => less_specific(&a.0, &b.0) && less_specific(&a.1, &b.1),
        (Type::Type(_), Type::Type(_)) => true,
        _ => t1 == t2,
    }
}
