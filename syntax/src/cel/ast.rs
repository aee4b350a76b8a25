//! The abstract syntax of CEL, after macros are expanded: what the checker types, the estimator weighs and the evaluator
//! runs. Text becomes it in `parse`; it knows nothing of types or values.
//!
//! The shapes are those of cel-spec's `syntax.proto`, so that ids, offsets and expansions can be compared with upstream.

/// Names an expression within its [`Ast`]; ids start at 1 and are nearly dense, so that tables about expressions are vectors.
pub type Id = u32;

/// A parsed program.
#[derive(Debug, Clone, PartialEq)]
pub struct Ast {
    /// The whole expression.
    pub root: Expr,
    /// The offset in characters (Unicode scalar values) of the expression with id `i`, at index `i`; index 0 is unused.
    pub offsets: Vec<u32>,
}

/// An expression and its id.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    /// Its id.
    pub id: Id,
    /// What it is.
    pub kind: Kind,
}

/// The kinds of expressions.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// A literal.
    Literal(Literal),
    /// A name; a leading dot is kept.
    Ident(String),
    /// `operand.field`, or `has(operand.field)` if it only tests.
    Select {
        /// What is selected from.
        operand: Box<Expr>,
        /// The field, without backquotes.
        field: String,
        /// Whether this is `has()`.
        test: bool,
    },
    /// A function, method or operator; operators have cel-go's names (`_+_`, `_?_:_`, `@in`, `_[_]`, `_[?_]`, `_?._`, `!_`, `-_`).
    Call {
        /// What a method is called on.
        target: Option<Box<Expr>>,
        /// The name.
        function: String,
        /// The arguments.
        args: Vec<Expr>,
    },
    /// `[a, ?b]`.
    List {
        /// The elements.
        elements: Vec<Expr>,
        /// The indexes of the elements written with `?`.
        optional: Vec<usize>,
    },
    /// `{k: v, ?k: v}`.
    Map(Vec<Entry>),
    /// `Type{field: value}`.
    Struct {
        /// The type's name.
        name: String,
        /// The fields.
        fields: Vec<Field>,
    },
    /// What `all`, `exists`, `map`, `transformMap` and the like expand to.
    Comprehension(Box<Comprehension>),
}

/// A literal.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// `1`.
    Int(i64),
    /// `1u`.
    Uint(u64),
    /// `1.0`.
    Double(f64),
    /// `'text'`.
    String(String),
    /// `b'bytes'`.
    Bytes(Vec<u8>),
}

/// An entry of a map.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The entry's own id.
    pub id: Id,
    /// The key.
    pub key: Expr,
    /// The value.
    pub value: Expr,
    /// Whether it was written with `?`.
    pub optional: bool,
}

/// A field of a struct.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// The entry's own id.
    pub id: Id,
    /// The field's name.
    pub name: String,
    /// The value.
    pub value: Expr,
    /// Whether it was written with `?`.
    pub optional: bool,
}

/// A fold over a list or a map.
#[derive(Debug, Clone, PartialEq)]
pub struct Comprehension {
    /// The variable of the element, the index or the key.
    pub iter_var: String,
    /// The variable of the element or value, where there are two.
    pub iter_var2: Option<String>,
    /// What is folded.
    pub iter_range: Expr,
    /// The accumulator: `@result`, as in cel-go.
    pub accu_var: String,
    /// Its first value.
    pub accu_init: Expr,
    /// Whether to go on.
    pub loop_condition: Expr,
    /// The next value.
    pub loop_step: Expr,
    /// What the fold gives.
    pub result: Expr,
}
