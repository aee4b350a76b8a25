//! The shape of derived types, known to the compiler: what attributes say of the fields of another type is held against them
//! when constants are evaluated, and what is wrong stops the compilation at its token. A derive sees one type at a time.
//!
//! Types of other derives have no shape and are open: about them the generated test knows more.

mod default;
mod follow;
mod recursion;
mod text;

pub use default::default_fits;
pub use follow::{Step, Wanted, field_path_leads, key_is_field, path_leads};
pub use recursion::does_not_contain_itself;

use std::marker::PhantomData;

/// What a type reads and writes.
pub struct Shape {
    id: &'static str,
    form: Form,
}

/// The forms of values, as far as a path can tell them apart.
pub enum Form {
    /// Anything.
    Open,
    /// A string.
    Text,
    /// One of these strings.
    Names(&'static [&'static str]),
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// True or false.
    Flag,
    /// An array.
    List(&'static Shape),
    /// An object with any keys.
    Map(&'static Shape),
    /// An object with these fields, and no others.
    Object(&'static [Field]),
    /// Any or all of these: flattened structs, variants of an enum.
    Parts(&'static [&'static Shape]),
}

/// A field of an object.
pub struct Field {
    name: &'static str,
    shape: &'static Shape,
    /// It may be missing, and no default is filled in.
    optional: bool,
}

impl Shape {
    /// Nothing is known.
    pub const OPEN: &'static Self = &Self::of(Form::Open);
    /// A string.
    pub const TEXT: &'static Self = &Self::of(Form::Text);

    /// A shape that no type alone has.
    pub const fn of(form: Form) -> Self {
        Self { id: "", form }
    }

    /// The shape of the type of this name, modules and all.
    pub const fn named(id: &'static str, form: Form) -> Self {
        Self { id, form }
    }
}

impl Field {
    /// A field.
    pub const fn new(name: &'static str, shape: &'static Shape, optional: bool) -> Self {
        Self { name, shape, optional }
    }
}

/// How many types deep a shape goes; below, it is open. Without an end, a type that contains itself would be a constant that
/// needs itself, of which the compiler tells in words that nobody understands.
pub trait Depth {
    /// One type deeper.
    type Less: Depth;
    /// The shape of a type at this depth.
    type Next<T: Fields<Self::Less> + ?Sized>: HasShape;
}

/// A constant shape.
pub trait HasShape {
    /// The shape.
    const SHAPE: &'static Shape;
}

/// The bottom.
pub struct Bottom;

/// Not at the bottom yet.
pub struct Above<D>(PhantomData<D>);

/// The shape of `T` at depth `D`.
pub struct At<T: ?Sized, D>(PhantomData<(D, PhantomData<T>)>);

impl Depth for Bottom {
    type Less = Self;
    type Next<T: Fields<Self> + ?Sized> = Self;
}

impl HasShape for Bottom {
    const SHAPE: &'static Shape = Shape::OPEN;
}

impl<D: Depth> Depth for Above<D> {
    type Less = D;
    type Next<T: Fields<D> + ?Sized> = At<T, D>;
}

impl<T: Fields<D> + ?Sized, D: Depth> HasShape for At<T, D> {
    const SHAPE: &'static Shape = T::SHAPE;
}

type Four<D> = Above<Above<Above<Above<D>>>>;

/// As deep as anybody nests.
pub type Top = Four<Four<Four<Bottom>>>;

const DEPTH: usize = 12;

/// A type with a shape, down to a depth.
pub trait Fields<D: Depth> {
    /// The shape.
    const SHAPE: &'static Shape;
}

/// The shape of a type, if it is known. `ShapeOf::<T, D>::SHAPE` is the constant of this type for a `T` that has `Fields`, and
/// that of `AnyFields` for all others: the compiler looks at a type's own constants first.
pub struct ShapeOf<T: ?Sized, D = Top>(PhantomData<(D, PhantomData<T>)>);

impl<T: Fields<D::Less> + ?Sized, D: Depth> ShapeOf<T, D> {
    /// The shape.
    pub const SHAPE: &'static Shape = <D::Next<T> as HasShape>::SHAPE;
}

/// The way of types that say nothing about their fields.
pub trait AnyFields {
    /// Not known.
    const SHAPE: &'static Shape = Shape::OPEN;
}

impl<T: ?Sized, D> AnyFields for ShapeOf<T, D> {}

macro_rules! plain {
    ($($form:ident: $($ty:ty),*;)*) => {$($(
        impl<D: Depth> Fields<D> for $ty {
            const SHAPE: &'static Shape = &Shape::of(Form::$form);
        }
    )*)*};
}

plain! {
    Text: String, str, char;
    Integer: i8, i16, i32, i64, isize, u8, u16, u32, u64, usize;
    Number: f32, f64;
    Flag: bool;
}

macro_rules! holding {
    ($($shape:expr, $inner:ident: $([$($params:tt)*] $ty:ty),*;)*) => {$($(
        impl<$inner: Fields<D>, D: Depth, $($params)*> Fields<D> for $ty {
            const SHAPE: &'static Shape = $shape;
        }
    )*)*};
}

holding! {
    T::SHAPE, T: [] Option<T>;
    &Shape::of(Form::List(T::SHAPE)), T:
        [] Vec<T>, [] [T], [const N: usize] [T; N], [] std::collections::VecDeque<T>, [] std::collections::BTreeSet<T>,
        [S] std::collections::HashSet<T, S>;
    &Shape::of(Form::Map(V::SHAPE)), V:
        [K] std::collections::BTreeMap<K, V>, [K, S] std::collections::HashMap<K, V, S>;
}

impl<T: Fields<D> + ?Sized, D: Depth> Fields<D> for Box<T> {
    const SHAPE: &'static Shape = T::SHAPE;
}

impl<T: Fields<D> + ?Sized, D: Depth> Fields<D> for std::sync::Arc<T> {
    const SHAPE: &'static Shape = T::SHAPE;
}

impl<T: Fields<D> + ?Sized, D: Depth> Fields<D> for std::rc::Rc<T> {
    const SHAPE: &'static Shape = T::SHAPE;
}

impl<T: Fields<D> + ToOwned + ?Sized, D: Depth> Fields<D> for std::borrow::Cow<'_, T> {
    const SHAPE: &'static Shape = T::SHAPE;
}
