//! The fields of a derived struct, known to the compiler: one type's attributes may name fields of another, and a name that is
//! none stops the compilation. A derive sees one type at a time, so the names are compared when constants are evaluated.

use std::marker::PhantomData;

/// A struct that has these fields and no others.
pub trait Fields {
    /// As they are read and written.
    const NAMES: &'static [&'static str];
}

/// The fields of a type, if they are known. `FieldsOf::<T>::NAMES` is the constant of this type for a `T` that has `Fields`, and
/// that of `AnyFields` for all others: the compiler looks at a type's own constants first.
pub struct FieldsOf<T: ?Sized>(PhantomData<T>);

impl<T: Fields + ?Sized> FieldsOf<T> {
    /// The fields.
    pub const NAMES: Option<&'static [&'static str]> = Some(T::NAMES);
}

/// The way of types that say nothing about their fields.
pub trait AnyFields {
    /// Not known.
    const NAMES: Option<&'static [&'static str]> = None;
}

impl<T: ?Sized> AnyFields for FieldsOf<T> {}

/// Stops the compilation if the items of a list have no such field.
#[track_caller]
pub const fn key_is_field(names: Option<&[&str]>, key: &str) {
    let Some(names) = names else { return };
    let mut i = 0;
    while i < names.len() {
        if same(names[i].as_bytes(), key.as_bytes()) {
            return;
        }
        i += 1;
    }
    let mut text = Text::new().push("the items have no field `").push(key).push("` to be told apart by; they have: ");
    i = 0;
    while i < names.len() {
        text = if i == 0 { text } else { text.push(", ") };
        text = text.push(names[i]);
        i += 1;
    }
    match std::str::from_utf8(text.bytes.split_at(text.len).0) {
        Ok(message) => panic!("{}", message),
        Err(_) => panic!("the items have no such field to be told apart by"),
    }
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

/// A text that grows while constants are evaluated; what does not fit is left out.
struct Text {
    bytes: [u8; 1024],
    len: usize,
}

impl Text {
    const fn new() -> Self {
        Self { bytes: [0; 1024], len: 0 }
    }

    const fn push(mut self, s: &str) -> Self {
        let s = s.as_bytes();
        if self.len + s.len() > self.bytes.len() {
            return self;
        }
        let mut i = 0;
        while i < s.len() {
            self.bytes[self.len] = s[i];
            self.len += 1;
            i += 1;
        }
        self
    }
}
