//! The checker: the type of every node of an expression in an environment, or every mistake in cel-go's words. What the
//! checker cannot say of literals is `check_literals`'s; when one type may stand for another is `unify`'s.
//!
//! Source: cel-go's checker with Kubernetes' options: homogeneous literals, comparison across numeric types.

use super::decls;
use super::types::{Checked, Object, Reference, Type};
use super::unify::Unifier;
use kubegraft_syntax::cel::ast::{Comprehension, Entry, Expr, Field, Id, Kind, Literal};
use kubegraft_syntax::cel::{Ast, Errors, Source};
use std::sync::Arc;

/// The variables an expression may name, and their types.
pub type Variables<'a> = &'a [(&'a str, Type)];

/// Parses and checks an expression.
///
/// # Errors
/// Everything wrong with it, printed as kube-apiserver does.
pub fn compile(text: &str, variables: Variables<'_>) -> Result<Checked, Errors> {
    let ast = kubegraft_syntax::cel::parse(text)?;
    check(ast, Arc::new(Source::new(text)), variables)
}

/// Checks a parsed expression; `source` is its text.
///
/// # Errors
/// Everything wrong with it.
pub fn check(ast: Ast, source: Arc<Source>, variables: Variables<'_>) -> Result<Checked, Errors> {
    let Ast { mut root, offsets } = ast;
    let mut checker = Checker {
        types: vec![None; offsets.len()],
        references: vec![None; offsets.len()],
        offsets: &offsets,
        errors: Errors::new(source),
        variables,
        locals: Vec::new(),
        unifier: Unifier::default(),
    };
    checker.check(&mut root);
    let Checker { types, references, mut errors, mut unifier, .. } = checker;
    let types = types.into_iter().map(|t| t.map_or(Type::Dyn, |t| unifier.substitute(&t, true))).collect();
    if unifier.exhausted() {
        errors.report_at(0, "expression is too complex to be checked");
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let checked = Checked { ast: Ast { root, offsets }, types, references };
    super::check_literals::check(&checked, &mut errors);
    if errors.is_empty() { Ok(checked) } else { Err(errors) }
}

struct Checker<'a> {
    types: Vec<Option<Type>>,
    references: Vec<Option<Reference>>,
    offsets: &'a [u32],
    errors: Errors,
    variables: Variables<'a>,
    /// The variables of the comprehensions around, the innermost last.
    locals: Vec<(String, Type)>,
    unifier: Unifier,
}

/// An identifier that means something: its full name, and its type.
struct Resolved {
    name: String,
    type_: Type,
}

impl Checker<'_> {
    fn check(&mut self, e: &mut Expr) {
        match &mut e.kind {
            Kind::Literal(literal) => {
                let t = literal_type(literal);
                self.set_type(e.id, t);
            }
            Kind::Ident(_) => self.ident(e),
            Kind::Select { .. } => self.select(e),
            Kind::Call { .. } => self.call(e),
            Kind::List { elements, optional } => self.list(e.id, elements, optional),
            Kind::Map(entries) => self.map(e.id, entries),
            Kind::Struct { name, fields } => self.message(e.id, name, fields),
            Kind::Comprehension(comprehension) => self.comprehension(e.id, comprehension),
        }
    }

    fn error(&mut self, id: Id, message: String) {
        let offset = self.offsets.get(id as usize).copied().unwrap_or(0);
        self.errors.report_at(offset, message);
    }

    fn undeclared(&mut self, id: Id, name: &str) {
        self.set_type(id, Type::Error);
        self.error(id, format!("undeclared reference to '{name}' (in container '')"));
    }

    fn mismatch(&mut self, id: Id, expected: &Type, found: &Type) {
        self.error(id, format!("expected type '{}' but found '{}'", expected.shown(), found.shown()));
    }

    fn set_type(&mut self, id: Id, t: Type) {
        if let Some(slot) = self.types.get_mut(id as usize) {
            *slot = Some(self.unifier.bounded(t));
        }
    }

    fn type_of(&self, id: Id) -> Type {
        self.types.get(id as usize).cloned().flatten().unwrap_or(Type::Error)
    }

    fn refer(&mut self, id: Id, reference: Reference) {
        if let Some(slot) = self.references.get_mut(id as usize) {
            *slot = Some(reference);
        }
    }

    fn local(&self, name: &str) -> Option<&Type> {
        let name = name.strip_prefix('.').unwrap_or(name);
        self.locals.iter().rev().find(|(n, _)| n == name).map(|(_, t)| t)
    }

    fn global(&self, name: &str) -> Option<Type> {
        let name = name.strip_prefix('.').unwrap_or(name);
        if let Some((_, t)) = self.variables.iter().find(|(n, _)| *n == name) {
            return Some(t.clone());
        }
        decls::type_named(name).map(|t| Type::Type(Some(Arc::new(t))))
    }

    /// What a name means: a local variable hides a global one, unless a dot leads the name.
    fn resolve(&self, name: &str) -> Option<Resolved> {
        let bare = name.strip_prefix('.').unwrap_or(name);
        let local = self.local(name);
        match local {
            Some(t) if bare == name => return Some(Resolved { name: bare.to_owned(), type_: t.clone() }),
            _ => {}
        }
        let hidden = if local.is_some() { "." } else { "" };
        Some(Resolved { name: format!("{hidden}{bare}"), type_: self.global(name)? })
    }

    /// What a chain of selections means as one name.
    fn resolve_qualified(&self, names: &[&str]) -> Option<Resolved> {
        let (first, _) = names.split_first()?;
        if self.local(first).is_some() && !first.starts_with('.') {
            return None;
        }
        let name = names.join(".");
        let bare = name.strip_prefix('.').unwrap_or(&name);
        let hidden = if self.local(first).is_some() { "." } else { "" };
        Some(Resolved { name: format!("{hidden}{bare}"), type_: self.global(&name)? })
    }

    fn ident(&mut self, e: &mut Expr) {
        let Kind::Ident(name) = &e.kind else { return };
        match self.resolve(name) {
            Some(resolved) => self.name(e, resolved),
            None => {
                let name = name.clone();
                self.undeclared(e.id, &name);
            }
        }
    }

    fn name(&mut self, e: &mut Expr, resolved: Resolved) {
        self.set_type(e.id, resolved.type_);
        self.refer(e.id, Reference::Name(resolved.name.clone()));
        e.kind = Kind::Ident(resolved.name);
    }

    fn select(&mut self, e: &mut Expr) {
        if let Some(names) = qualifiers(e)
            && let Some(resolved) = self.resolve_qualified(&names)
        {
            self.name(e, resolved);
            return;
        }
        let Kind::Select { operand, field, test } = &mut e.kind else { return };
        let t = self.field(e.id, operand, field, false);
        let t = if *test { Type::Bool } else { t };
        let t = self.unifier.substitute(&t, false);
        self.set_type(e.id, t);
    }

    fn optional_select(&mut self, id: Id, args: &mut [Expr]) {
        let [operand, Expr { kind: Kind::Literal(Literal::String(field)), .. }] = args else {
            self.error(id, "unsupported optional field selection".to_owned());
            return;
        };
        let t = self.field(id, operand, field, true);
        let t = self.unifier.substitute(&t, false);
        self.set_type(id, t);
        self.refer(id, Reference::Overloads(vec!["select_optional_field"]));
    }

    fn field(&mut self, id: Id, operand: &mut Expr, field: &str, optional: bool) -> Type {
        self.check(operand);
        let operand = self.unifier.substitute(&self.type_of(operand.id), false);
        let (target, wrap) = match operand.optional_value() {
            Some(value) => (value.clone(), true),
            None => (operand, optional),
        };
        let result = match &target {
            Type::Map(entry) => entry.1.clone(),
            Type::Object(object) => match find_field(object, field) {
                Some(t) => t.clone(),
                None => {
                    self.error(id, format!("undefined field '{field}'"));
                    Type::Error
                }
            },
            Type::Named(name) => {
                self.error(id, format!("unexpected failed resolution of '{name}'"));
                Type::Error
            }
            Type::Param(_) => {
                self.unifier.assignable(&Type::Dyn, &target);
                Type::Dyn
            }
            Type::Dyn | Type::Any | Type::Error => Type::Dyn,
            other => {
                let message = format!("type '{}' does not support field selection", other.shown());
                self.error(id, message);
                Type::Dyn
            }
        };
        if wrap { Type::optional(result) } else { result }
    }

    fn call(&mut self, e: &mut Expr) {
        let id = e.id;
        let Kind::Call { target, function, args } = &mut e.kind else { return };
        if function == "_?._" {
            self.optional_select(id, args);
            return;
        }
        for arg in args.iter_mut() {
            self.check(arg);
        }
        let Some(receiver) = target else {
            match decls::find(function) {
                Some((name, overloads)) => {
                    name.clone_into(function);
                    self.overload(id, name, overloads, None, args);
                }
                None => {
                    let name = function.clone();
                    self.undeclared(id, &name);
                }
            }
            return;
        };
        // A method of what stands before the dot, or a function whose name has dots.
        if let Some(names) = qualifiers(receiver) {
            let qualified = format!("{}.{function}", names.join("."));
            if let Some((name, overloads)) = decls::find(&qualified) {
                name.clone_into(function);
                *target = None;
                self.overload(id, name, overloads, None, args);
                return;
            }
        }
        self.check(receiver);
        let receiver = receiver.id;
        match decls::find(function) {
            Some((name, overloads)) => self.overload(id, name, overloads, Some(receiver), args),
            None => {
                let name = function.clone();
                self.undeclared(id, &name);
            }
        }
    }

    fn overload(&mut self, id: Id, name: &str, all: &[&'static decls::Overload], target: Option<Id>, args: &[Expr]) {
        let ids: Vec<Id> = target.into_iter().chain(args.iter().map(|a| a.id)).collect();
        let types: Vec<Type> = ids.iter().map(|id| self.type_of(*id)).collect();
        if name == "_&&_" || name == "_||_" {
            return self.logical(id, all, &ids, &types);
        }
        let mut result: Option<Type> = None;
        let mut matching = Vec::new();
        for overload in all.iter().filter(|o| o.method == target.is_some()) {
            let Some(t) = self.unifier.apply(overload, &types) else { continue };
            matching.push(overload.id);
            result = Some(match result {
                None => t,
                Some(earlier) if earlier.is_dyn() || earlier == t => earlier,
                Some(_) => Type::Dyn,
            });
        }
        match result {
            Some(t) => {
                self.set_type(id, t);
                self.refer(id, Reference::Overloads(matching));
            }
            None => {
                self.set_type(id, Type::Error);
                let types: Vec<String> =
                    types.iter().map(|t| self.unifier.substitute(t, true).shown().to_string()).collect();
                let signature = match target {
                    Some(_) => format!("{}.({})", types[0], types[1..].join(", ")),
                    None => format!("({})", types.join(", ")),
                };
                self.error(id, format!("found no matching overload for '{name}' applied to '{signature}'"));
            }
        }
    }

    fn logical(&mut self, id: Id, all: &[&'static decls::Overload], ids: &[Id], types: &[Type]) {
        let mut fits = true;
        for (arg, t) in ids.iter().zip(types) {
            if !self.unifier.assignable(t, &Type::Bool) {
                self.mismatch(*arg, &Type::Bool, t);
                fits = false;
            }
        }
        self.set_type(id, if fits { Type::Bool } else { Type::Error });
        if fits {
            self.refer(id, Reference::Overloads(all.iter().map(|o| o.id).collect()));
        }
    }

    /// The type of an element or entry that may be marked as optional.
    fn element(&mut self, e: &mut Expr, optional: bool) -> Type {
        self.check(e);
        let t = self.type_of(e.id);
        if !optional {
            return t;
        }
        match t.optional_value() {
            Some(value) => value.clone(),
            None => {
                if !t.is_dyn() {
                    self.mismatch(e.id, &Type::optional(t.clone()), &t);
                }
                t
            }
        }
    }

    fn list(&mut self, id: Id, elements: &mut [Expr], optional: &[usize]) {
        let mut joined = None;
        for (i, e) in elements.iter_mut().enumerate() {
            let t = self.element(e, optional.contains(&i));
            joined = Some(self.join(joined, t));
        }
        let element = joined.unwrap_or_else(|| self.unifier.fresh());
        self.set_type(id, Type::list(element));
    }

    fn map(&mut self, id: Id, entries: &mut [Entry]) {
        let mut joined: Option<(Type, Type)> = None;
        for entry in entries {
            let (earlier_key, earlier_value) = joined.map_or((None, None), |(k, v)| (Some(k), Some(v)));
            let key = self.element(&mut entry.key, false);
            let key = self.join(earlier_key, key);
            let value = self.element(&mut entry.value, entry.optional);
            let value = self.join(earlier_value, value);
            joined = Some((key, value));
        }
        let (key, value) = joined.unwrap_or_else(|| (self.unifier.fresh(), self.unifier.fresh()));
        self.set_type(id, Type::map(key, value));
    }

    /// The common type of what came before and one more; whether they may be mixed is `check_literals`'s to say.
    fn join(&mut self, previous: Option<Type>, current: Type) -> Type {
        let Some(previous) = previous else { return current };
        if self.unifier.assignable(&previous, &current) {
            return super::unify::most_general(previous, current);
        }
        Type::Dyn
    }

    /// Messages of protobuf that stand for plain values; there are no others.
    fn message(&mut self, id: Id, name: &mut String, fields: &mut [Field]) {
        let bare = name.strip_prefix('.').unwrap_or(name).to_owned();
        let Some(message) = decls::message(&bare) else {
            if decls::type_named(&bare).is_none() {
                let name = name.clone();
                return self.undeclared(id, &name);
            }
            self.set_type(id, Type::Error);
            self.error(id, format!("'{bare}' is not a message type"));
            fields.iter_mut().for_each(|f| self.check(&mut f.value));
            return;
        };
        self.set_type(id, message.type_);
        self.refer(id, Reference::Name(bare.clone()));
        *name = bare;
        for field in fields {
            let found = self.element(&mut field.value, field.optional);
            let Some((_, wanted)) = message.fields.iter().find(|(name, _)| *name == field.name) else {
                self.error(field.id, format!("undefined field '{}'", field.name));
                continue;
            };
            if !self.unifier.assignable(wanted, &found) {
                let (name, wanted, found) = (&field.name, wanted.shown(), found.shown());
                let message = format!("expected type of field '{name}' is '{wanted}' but provided type is '{found}'");
                self.error(field.id, message);
            }
        }
    }

    fn comprehension(&mut self, id: Id, c: &mut Comprehension) {
        self.check(&mut c.iter_range);
        self.check(&mut c.accu_init);
        let range = self.unifier.substitute(&self.type_of(c.iter_range.id), false);
        let accumulator = self.type_of(c.accu_init.id);
        let outer = self.locals.len();
        self.locals.push((c.accu_var.clone(), accumulator.clone()));
        let two = c.iter_var2.is_some();
        let (first, second) = match &range {
            Type::List(element) if two => (Type::Int, (**element).clone()),
            Type::List(element) => ((**element).clone(), Type::Dyn),
            Type::Map(entry) => (entry.0.clone(), entry.1.clone()),
            Type::Dyn | Type::Any | Type::Error | Type::Param(_) => {
                self.unifier.assignable(&Type::Dyn, &range);
                (Type::Dyn, Type::Dyn)
            }
            other => {
                let shown = other.shown();
                let message = format!(
                    "expression of type '{shown}' cannot be range of a comprehension (must be list, map, or dynamic)"
                );
                self.error(c.iter_range.id, message);
                (Type::Error, Type::Error)
            }
        };
        let inner = self.locals.len();
        self.locals.push((c.iter_var.clone(), first));
        if let Some(name) = &c.iter_var2 {
            self.locals.push((name.clone(), second));
        }
        self.check(&mut c.loop_condition);
        self.assert(c.loop_condition.id, &Type::Bool);
        self.check(&mut c.loop_step);
        self.assert(c.loop_step.id, &accumulator);
        self.locals.truncate(inner);
        self.check(&mut c.result);
        self.locals.truncate(outer);
        let t = self.unifier.substitute(&self.type_of(c.result.id), false);
        self.set_type(id, t);
    }

    fn assert(&mut self, id: Id, expected: &Type) {
        let found = self.type_of(id);
        if !self.unifier.assignable(expected, &found) {
            self.mismatch(id, expected, &found);
        }
    }
}

fn literal_type(literal: &Literal) -> Type {
    match literal {
        Literal::Null => Type::Null,
        Literal::Bool(_) => Type::Bool,
        Literal::Int(_) => Type::Int,
        Literal::Uint(_) => Type::Uint,
        Literal::Double(_) => Type::Double,
        Literal::String(_) => Type::String,
        Literal::Bytes(_) => Type::Bytes,
    }
}

/// The names of `a.b.c`, if it is nothing but names.
fn qualifiers(e: &Expr) -> Option<Vec<&str>> {
    let mut names = Vec::new();
    let mut at = e;
    loop {
        match &at.kind {
            Kind::Ident(name) => {
                names.push(name.as_str());
                names.reverse();
                return Some(names);
            }
            Kind::Select { operand, field, test: false } => {
                names.push(field.as_str());
                at = operand;
            }
            _ => return None,
        }
    }
}

/// A field by its name; one whose name is a reserved word may also be written as it is.
fn find_field<'a>(object: &'a Object, name: &str) -> Option<&'a Type> {
    object
        .fields
        .get(name)
        .or_else(|| super::escape::is_reserved(name).then(|| object.fields.get(&format!("__{name}__"))).flatten())
}
