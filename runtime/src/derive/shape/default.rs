//! Defaults that are written out, of fields whose type only the compiler sees.

use super::follow::{called, nearer};
use super::text::{Text, same, slips};
use super::{Form, Shape};

/// Stops the compilation if the type of a field does not take a default. `text` is its text, if it is one.
#[track_caller]
pub const fn default_fits(shape: &'static Shape, default: Form, text: &'static str, shown: &'static str) {
    if takes(shape, &default, text) {
        return;
    }
    let message = Text::new().push("the default ").push(shown);
    match (alone(shape), default) {
        (Shape { form: Form::Names(names), .. }, Form::Text) => {
            let message = message.push(" is none of the values");
            match nearest(names, text) {
                Some((_, meant)) => message.push("; did you mean \"").push(meant).push("\"?").stop(),
                None => {
                    let mut message = message;
                    let mut i = 0;
                    while i < names.len() {
                        message = message.push(if i == 0 { " " } else { ", " }).push(names[i]);
                        i += 1;
                    }
                    message.stop()
                }
            }
        }
        (shape, default) => {
            let message = message.push(" is ").push(called(&Shape::of(default))).push(", but the field is ");
            message.push(called(shape)).stop()
        }
    }
}

/// The shape that a newtype is around.
const fn alone(shape: &'static Shape) -> &'static Shape {
    match shape.form {
        Form::Parts([one]) => alone(one),
        _ => shape,
    }
}

const fn takes(shape: &'static Shape, default: &Form, text: &str) -> bool {
    match (&shape.form, default) {
        (Form::Open, _)
        | (Form::Text, Form::Text)
        | (Form::Flag, Form::Flag)
        | (Form::Integer, Form::Integer)
        | (Form::Number, Form::Integer | Form::Number) => true,
        (Form::Names(names), Form::Text) => {
            let mut i = 0;
            while i < names.len() && !same(names[i], text) {
                i += 1;
            }
            i < names.len()
        }
        (Form::Parts(parts), _) => {
            let mut i = 0;
            while i < parts.len() && !takes(parts[i], default, text) {
                i += 1;
            }
            i < parts.len()
        }
        _ => false,
    }
}

const fn nearest(names: &'static [&'static str], text: &str) -> Option<(usize, &'static str)> {
    let mut best = None;
    let mut i = 0;
    while i < names.len() {
        let slips = match slips(text, names[i]) {
            Some(n) => Some((n, names[i])),
            None => None,
        };
        best = nearer(best, slips);
        i += 1;
    }
    best
}
