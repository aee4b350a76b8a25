//! The default of a field as JSON, if its type can be serialized: chosen by method resolution, so that derived code need not
//! know which types can.

use serde::Serialize;
use serde_json::Value;

/// A default value on its way to the schema.
pub struct Default<'a, T: ?Sized>(pub &'a T);

/// The way of types that serialize.
pub trait ViaSerialize {
    /// The value as JSON; none for null, which says nothing that a missing field does not.
    fn value(&self) -> Option<Value>;
}

/// The way of all other types; found after one more reference.
pub trait ViaNothing {
    /// None: such a default is filled in by the program only.
    fn value(&self) -> Option<Value>;
}

impl<T: Serialize + ?Sized> ViaSerialize for Default<'_, T> {
    fn value(&self) -> Option<Value> {
        serde_json::to_value(self.0).ok().filter(|v| !v.is_null())
    }
}

impl<T: ?Sized> ViaNothing for &Default<'_, T> {
    fn value(&self) -> Option<Value> {
        None
    }
}
