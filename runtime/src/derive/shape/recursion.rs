//! Types that contain themselves by way of others. A structural schema has an end; the derive of one type sees only whether it
//! names itself.

use super::text::{Text, before, same};
use super::{Form, Shape};

/// So many types are looked at; what is beyond them is for the generated test.
const MOST: usize = 256;

/// The way back to a type, and what was seen on it.
struct Search {
    wanted: &'static str,
    seen: [&'static str; MOST],
    count: usize,
    way: [&'static str; super::DEPTH],
    length: usize,
}

/// Stops the compilation if a type's field leads back to the type. A circle is one mistake: it is told of at the type whose name
/// sorts first.
#[track_caller]
pub const fn does_not_contain_itself(id: &'static str, field: &'static Shape) {
    let mut search = Search { wanted: id, seen: [""; MOST], count: 0, way: [""; super::DEPTH], length: 0 };
    if !search.finds(field) {
        return;
    }
    let mut i = 0;
    let mut text = Text::new().push("`").push(short(id)).push("` contains itself (");
    while i < search.length {
        if before(search.way[i], id) {
            return;
        }
        i += 1;
    }
    text = text.push(short(id));
    i = 0;
    while i < search.length {
        text = text.push(" > ").push(short(search.way[i]));
        i += 1;
    }
    let text = text.push(" > ").push(short(id)).push("), which no structural schema can say; ");
    text.push("write `#[x_kube(preserve_unknown_fields)]` on a field between them to leave its values open").stop()
}

impl Search {
    const fn finds(&mut self, shape: &'static Shape) -> bool {
        if same(shape.id, self.wanted) {
            return true;
        }
        let named = !shape.id.is_empty();
        if named {
            let mut i = 0;
            while i < self.count {
                if same(self.seen[i], shape.id) {
                    return false;
                }
                i += 1;
            }
            if self.count == MOST || self.length == self.way.len() {
                return false;
            }
            self.seen[self.count] = shape.id;
            self.count += 1;
            self.way[self.length] = shape.id;
            self.length += 1;
        }
        let mut i = 0;
        let found = match shape.form {
            Form::List(inner) | Form::Map(inner) => self.finds(inner),
            Form::Object(fields) => {
                while i < fields.len() && !self.finds(fields[i].shape) {
                    i += 1;
                }
                i < fields.len()
            }
            Form::Parts(parts) => {
                while i < parts.len() && !self.finds(parts[i]) {
                    i += 1;
                }
                i < parts.len()
            }
            _ => false,
        };
        if named && !found {
            self.length -= 1;
        }
        found
    }
}

/// A name without its modules.
const fn short(id: &'static str) -> &'static str {
    let mut i = id.len();
    while i > 0 && id.as_bytes()[i - 1] != b':' {
        i -= 1;
    }
    id.split_at(i).1
}
