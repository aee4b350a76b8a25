//! Numbers for the nodes of an expression, in the order in which cel-go gives them.

use super::ast::{Expr, Id, Kind, Literal};

/// The most nodes: macros that copy their target can double an expression again and again.
const MAX_NODES: usize = 200_000;

/// The ids given so far, and what is wrong apart from the grammar.
pub(super) struct Ids {
    pub(super) offsets: Vec<u32>,
    pub(super) errors: Vec<(u32, String)>,
}

impl Default for Ids {
    fn default() -> Self {
        Self { offsets: vec![0], errors: Vec::new() }
    }
}

impl Ids {
    /// A new id for what stands at `offset`.
    pub(super) fn new_id(&mut self, offset: u32) -> Id {
        if self.offsets.len() == MAX_NODES {
            self.errors.push((0, format!("expression has more than {MAX_NODES} nodes once its macros are expanded")));
        }
        if !self.full() {
            self.offsets.push(offset);
        }
        self.offsets.len() as Id - 1
    }

    /// Whether the limit of nodes is passed; what is built then is never used, so it may be anything small.
    pub(super) fn full(&self) -> bool {
        self.offsets.len() > MAX_NODES
    }

    pub(super) fn offset(&self, id: Id) -> u32 {
        self.offsets[id as usize]
    }

    /// Reports a mistake at `offset` and gives something to stand in its place.
    pub(super) fn error(&mut self, offset: u32, message: impl Into<String>) -> Expr {
        self.errors.push((offset, message.into()));
        self.expr(offset, Kind::Literal(Literal::Null))
    }

    pub(super) fn expr(&mut self, offset: u32, kind: Kind) -> Expr {
        Expr { id: self.new_id(offset), kind }
    }
}
