//! Paths through a shape: where one leads, and what is told of one that leads nowhere.

use super::text::{Text, same, slips};
use super::{Field, Form, Shape};

/// A step of a path.
pub enum Step {
    /// To a field, or to the value of a key.
    Field(&'static str),
    /// To the items of a list.
    Items,
}

/// What a path must lead to.
#[derive(Clone, Copy)]
pub enum Wanted {
    /// Any value.
    Anything,
    /// A whole number, for what is named.
    Integer(&'static str),
    /// A number.
    Number(&'static str),
    /// A string.
    Text(&'static str),
    /// True or false.
    Flag(&'static str),
    /// A string, a whole number, true or false.
    Selectable(&'static str),
}

/// Where a path leads.
enum Found {
    /// To what is wanted, as far as can be seen.
    Good,
    /// To something else.
    Other(&'static Shape),
    /// Nowhere: the step that the shape has not.
    No(usize, &'static Shape),
}

impl Found {
    /// The one that says more, of two ways that a value may go.
    const fn or(self, other: Self) -> Self {
        match (&self, &other) {
            (Self::Good, _) => self,
            (_, Self::Good) => other,
            (Self::Other(_), _) => self,
            (_, Self::Other(_)) => other,
            (Self::No(a, _), Self::No(b, _)) => {
                if *a >= *b {
                    self
                } else {
                    other
                }
            }
        }
    }
}

const fn follow(shape: &'static Shape, steps: &[Step], at: usize, wanted: Wanted) -> Found {
    if let Form::Parts(parts) = shape.form {
        let mut best = Found::No(at, shape);
        let mut i = 0;
        while i < parts.len() {
            best = best.or(follow(parts[i], steps, at, wanted));
            i += 1;
        }
        return best;
    }
    if at == steps.len() {
        return if fits(&shape.form, wanted) { Found::Good } else { Found::Other(shape) };
    }
    match (&steps[at], &shape.form) {
        (_, Form::Open) => Found::Good,
        (Step::Field(_), Form::Map(values)) => follow(values, steps, at + 1, wanted),
        (Step::Items, Form::List(items)) => follow(items, steps, at + 1, wanted),
        (Step::Field(name), Form::Object(fields)) => match find(fields, name) {
            Some(field) => follow(field.shape, steps, at + 1, wanted),
            None => Found::No(at, shape),
        },
        _ => Found::No(at, shape),
    }
}

const fn find(fields: &'static [Field], name: &str) -> Option<&'static Field> {
    let mut i = 0;
    while i < fields.len() {
        if same(fields[i].name, name) {
            return Some(&fields[i]);
        }
        i += 1;
    }
    None
}

const fn fits(form: &Form, wanted: Wanted) -> bool {
    match wanted {
        _ if matches!(form, Form::Open | Form::Parts(_)) => true,
        Wanted::Anything => true,
        Wanted::Integer(_) => matches!(form, Form::Integer),
        Wanted::Number(_) => matches!(form, Form::Integer | Form::Number),
        Wanted::Text(_) => matches!(form, Form::Text | Form::Names(_)),
        Wanted::Flag(_) => matches!(form, Form::Flag),
        Wanted::Selectable(_) => matches!(form, Form::Text | Form::Names(_) | Form::Integer | Form::Flag),
    }
}

pub(super) const fn called(shape: &Shape) -> &'static str {
    match shape.form {
        Form::Parts([one]) => called(one),
        Form::Parts(_) if is_object(shape) => "an object",
        Form::Open | Form::Parts(_) => "of several forms",
        Form::Text | Form::Names(_) => "a string",
        Form::Integer => "a whole number",
        Form::Number => "a number",
        Form::Flag => "true or false",
        Form::List(_) => "a list",
        Form::Map(_) => "a map",
        Form::Object(_) => "an object",
    }
}

/// Stops the compilation if a path of a definition leads nowhere, or to what it may not.
///
/// The path begins with `from` (`spec`, `status`), which has this shape. A field of it that is near no other may be missing:
/// kube's derive lets any name pass, and its published examples name some. The derive warns of it, and its test fails.
#[track_caller]
pub const fn path_leads(shape: &'static Shape, from: &'static str, steps: &[Step], wanted: Wanted) {
    match follow(shape, steps, 0, wanted) {
        Found::No(0, has) if nearest(has, name(&steps[0])).is_none() && is_object(has) => {}
        found => tell(found, from, steps, wanted),
    }
}

/// Stops the compilation if the field path of a rule leads nowhere: Kubernetes refuses such a definition.
#[track_caller]
pub const fn field_path_leads(shape: &'static Shape, from: &'static str, steps: &[Step]) {
    tell(follow(shape, steps, 0, Wanted::Anything), from, steps, Wanted::Anything);
}

#[track_caller]
const fn tell(found: Found, from: &str, steps: &[Step], wanted: Wanted) {
    match found {
        Found::Good => {}
        Found::Other(shape) => {
            let (wants, what) = match wanted {
                Wanted::Anything => return,
                Wanted::Integer(what) => ("a whole number", what),
                Wanted::Number(what) => ("a number", what),
                Wanted::Text(what) => ("a string", what),
                Wanted::Flag(what) => ("true or false", what),
                Wanted::Selectable(what) => ("a string, a whole number, true or false", what),
            };
            let text = place(from, steps, steps.len()).push(" is ").push(called(shape));
            text.push(", but ").push(what).push(" needs ").push(wants).stop()
        }
        Found::No(at, shape) => {
            let text = place(from, steps, at);
            match &steps[at] {
                Step::Items => text.push(" is ").push(called(shape)).push(", and no list").stop(),
                Step::Field(name) if !is_object(shape) => {
                    text.push(" is ").push(called(shape)).push(", and has no field `").push(name).push("`").stop()
                }
                Step::Field(name) => {
                    no_field(text.push(" has no field `").push(name).push("`"), shape, name, "; it has: ")
                }
            }
        }
    }
}

const fn name(step: &Step) -> &'static str {
    match step {
        Step::Field(name) => name,
        Step::Items => "",
    }
}

/// The path up to a step.
const fn place(from: &str, steps: &[Step], end: usize) -> Text {
    let mut text = match from.is_empty() {
        true if end == 0 => return Text::new().push("the value"),
        true => Text::new().push("`"),
        false => Text::new().push("`.").push(from),
    };
    let mut i = 0;
    while i < end {
        text = match &steps[i] {
            Step::Field(name) => text.push(".").push(name),
            Step::Items => text.push("[*]"),
        };
        i += 1;
    }
    text.push("`")
}

const fn is_object(shape: &Shape) -> bool {
    match shape.form {
        Form::Object(_) => true,
        Form::Parts(parts) => {
            let mut i = 0;
            while i < parts.len() {
                if is_object(parts[i]) {
                    return true;
                }
                i += 1;
            }
            false
        }
        _ => false,
    }
}

/// The field that was probably meant, and by how many slips it was missed.
const fn nearest(shape: &'static Shape, name: &str) -> Option<(usize, &'static str)> {
    let mut best: Option<(usize, &'static str)> = None;
    let mut i = 0;
    match shape.form {
        Form::Object(fields) => {
            while i < fields.len() {
                best = nearer(
                    best,
                    match slips(name, fields[i].name) {
                        Some(n) => Some((n, fields[i].name)),
                        None => None,
                    },
                );
                i += 1;
            }
        }
        Form::Parts(parts) => {
            while i < parts.len() {
                best = nearer(best, nearest(parts[i], name));
                i += 1;
            }
        }
        _ => {}
    }
    best
}

pub(super) const fn nearer(
    old: Option<(usize, &'static str)>,
    new: Option<(usize, &'static str)>,
) -> Option<(usize, &'static str)> {
    match (old, new) {
        (Some((a, _)), Some((b, _))) if b < a => new,
        (Some(_), _) => old,
        (None, _) => new,
    }
}

#[track_caller]
const fn no_field(text: Text, shape: &'static Shape, name: &str, has: &str) -> ! {
    match nearest(shape, name) {
        Some((_, meant)) => text.push("; did you mean `").push(meant).push("`?").stop(),
        None => names(text.push(has), shape, true).0.stop(),
    }
}

/// Adds the names of all fields.
const fn names(mut text: Text, shape: &Shape, mut first: bool) -> (Text, bool) {
    let mut i = 0;
    match shape.form {
        Form::Object(fields) => {
            while i < fields.len() {
                text = if first { text } else { text.push(", ") };
                text = text.push(fields[i].name);
                first = false;
                i += 1;
            }
        }
        Form::Parts(parts) => {
            while i < parts.len() {
                (text, first) = names(text, parts[i], first);
                i += 1;
            }
        }
        _ => {}
    }
    (text, first)
}

/// Stops the compilation if the items of a list cannot be told apart by this key.
#[track_caller]
pub const fn key_is_field(list: &'static Shape, key: &'static str) {
    let steps = [Step::Items, Step::Field(key)];
    match follow(list, &steps, 0, Wanted::Selectable("")) {
        Found::Good => {}
        Found::No(1, items) if is_object(items) => {
            let text = Text::new().push("the items have no field `").push(key).push("` to be told apart by");
            no_field(text, items, key, "; they have: ")
        }
        Found::No(..) => Text::new().push("only lists of objects have keys").stop(),
        Found::Other(shape) => {
            let text = Text::new().push("the items cannot be told apart by `").push(key).push("`, which is ");
            text.push(called(shape)).push(": a key is a string, a whole number, true or false").stop()
        }
    }
    if let Form::List(items) = list.form
        && may_be_without(items, key)
    {
        let text = Text::new().push("the items may be without `").push(key);
        text.push("`, by which they are to be told apart; make it no option, or give it a default").stop()
    }
}

const fn may_be_without(shape: &'static Shape, key: &str) -> bool {
    match shape.form {
        Form::Object(fields) => matches!(find(fields, key), Some(Field { optional: true, .. })),
        Form::Parts(parts) => {
            let mut i = 0;
            while i < parts.len() && !may_be_without(parts[i], key) {
                i += 1;
            }
            i < parts.len()
        }
        _ => false,
    }
}
