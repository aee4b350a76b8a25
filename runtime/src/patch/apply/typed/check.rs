//! What of a value cannot be typed by its schema, in upstream's words (SMD/typed/validate.go).

use super::items::{Key, SHORT};
use super::{Items, Scalar, Shape, Type};
use crate::resource::codec::{go, json};
use serde_json::{Map, Value};
use std::collections::HashSet;

/// Why a place of a value cannot be typed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Fault {
    path: String,
    why: String,
}

/// Several faults as one text.
fn tell(faults: &[Fault]) -> String {
    let one = |f: &Fault| if f.path.is_empty() { f.why.clone() } else { format!("{}: {}", f.path, f.why) };
    match faults {
        [f] => one(f),
        many => many.iter().fold("errors:".to_owned(), |text, f| format!("{text}\n  {}", one(f))),
    }
}

/// Finds what cannot be typed. Equal items are a fault unless `twice` allows them, as in what is stored already.
pub(in super::super) fn check(root: Type<'_>, map: &Map<String, Value>, twice: bool) -> Result<(), String> {
    let mut all = Vec::new();
    let mut walk = Walk { path: Vec::new(), faults: &mut all, twice };
    walk.map(root, map);
    if all.is_empty() { Ok(()) } else { Err(tell(&all)) }
}

/// One step, shown only when there is a fault below it.
enum Step<'v> {
    Field(&'v str),
    Item(Key<'v>),
    Index(usize),
}

struct Walk<'v, 'f> {
    path: Vec<Step<'v>>,
    faults: &'f mut Vec<Fault>,
    twice: bool,
}

impl<'v> Walk<'v, '_> {
    fn fault(&mut self, why: String) {
        let mut path = String::new();
        for step in &self.path {
            match step {
                Step::Field(name) => {
                    path.push('.');
                    path.push_str(name);
                }
                Step::Item(key) => key.element().show_applied(&mut path),
                Step::Index(i) => path.push_str(&format!("[{i}]")),
            }
        }
        self.faults.push(Fault { path, why });
    }

    fn value<'s: 'v>(&mut self, ty: Type<'s>, value: &'v Value) {
        match (ty.shape(value), value) {
            (_, Value::Null) => {}
            (Shape::Map, Value::Object(map)) => self.map(ty, map),
            (Shape::Map, other) => self.fault(format!("expected map, got {}", shown(other))),
            (Shape::List, Value::Array(items)) => self.list(ty, items),
            (Shape::List, other) => self.fault(format!("expected list, got {}", shown(other))),
            (Shape::Scalar, value) => self.scalar(ty.scalar(), value),
        }
    }

    fn scalar(&mut self, of: Scalar, value: &Value) {
        let fits = match of {
            Scalar::Number => value.is_number(),
            Scalar::Text => value.is_string(),
            Scalar::Boolean => value.is_boolean(),
            Scalar::Any => !value.is_object() && !value.is_array(),
        };
        if fits {
            return;
        }
        self.fault(match of {
            Scalar::Number => format!("expected numeric (int or float), got {}", kind(value)),
            Scalar::Text => format!("expected string, got {}", String::from_utf8_lossy(&json::encode(value))),
            Scalar::Boolean => format!("expected boolean, got {}", shown(value)),
            Scalar::Any => format!("expected any scalar, got {}", shown(value)),
        });
    }

    fn map<'s: 'v>(&mut self, ty: Type<'s>, map: &'v Map<String, Value>) {
        let mut fields = ty.fields();
        for (name, value) in map {
            let Some((of, _)) = fields.next(name) else {
                self.path.push(Step::Field(name));
                self.fault("field not declared in schema".to_owned());
                self.path.pop();
                return;
            };
            // A field that is right is the usual case, and needs no path.
            self.path.push(Step::Field(name));
            self.value(of, value);
            self.path.pop();
        }
    }

    fn list<'s: 'v>(&mut self, ty: Type<'s>, items: &'v [Value]) {
        let associative = !matches!(ty.items(), Items::Atomic);
        let mut seen = Seen::default();
        for (i, item) in items.iter().enumerate() {
            let step = if associative {
                let key = match Key::of(ty, item) {
                    Ok(key) => key,
                    Err(why) => return self.fault(format!("element {i}: {why}")),
                };
                if !self.twice && seen.again(&key, items.len()) {
                    let mut text = String::new();
                    key.element().show_applied(&mut text);
                    self.fault(format!("duplicate entries for key {text}"));
                }
                Step::Item(key)
            } else {
                Step::Index(i)
            };
            self.path.push(step);
            self.value(ty.item(), item);
            self.path.pop();
        }
    }
}

/// The keys of a list so far.
#[derive(Default)]
struct Seen<'v> {
    few: Vec<Key<'v>>,
    many: HashSet<Key<'v>>,
}

impl<'v> Seen<'v> {
    /// Whether a key was there before, in a list of that length.
    fn again(&mut self, key: &Key<'v>, of: usize) -> bool {
        if of > SHORT {
            if self.many.is_empty() {
                self.many.reserve(of);
            }
            return !self.many.insert(key.clone());
        }
        let again = self.few.contains(key);
        self.few.push(key.clone());
        again
    }
}

/// The type of a value, in the words of clients that read upstream's.
fn kind(value: &Value) -> &'static str {
    if value.is_null() { "null" } else { go::type_of(value) }
}

/// A value within a text, as upstream has it: `&{map[name:a]}`.
fn shown(value: &Value) -> String {
    format!("&{{{}}}", go::shown(value))
}
