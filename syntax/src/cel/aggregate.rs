//! Lists, maps and messages: what stands between brackets and braces. The rest of the grammar is `parse`'s.

use super::ast::{Entry, Expr, Field, Id, Kind};
use super::parse::{EXPR, NAME, Node, OPTIONAL_EXPR, Parser, Rule};
use super::token::{Kind as T, Set};

impl Parser<'_> {
    pub(super) fn list(&mut self) -> Rule<Node> {
        let open = self.stream.take();
        let id = self.ids.new_id(open.start);
        let end = Set::of(&[T::Comma, T::RBracket]);
        let mut elements = Vec::new();
        let mut optional = Vec::new();
        let mut height = 0;
        self.stream.sync(OPTIONAL_EXPR.with(end))?;
        if OPTIONAL_EXPR.has(self.stream.kind()) {
            self.stream.enter(end);
            let read = self.elements(&mut elements, &mut optional, &mut height);
            self.stream.leave();
            read?;
        }
        self.close(T::RBracket)?;
        Ok(Node { expr: Expr { id, kind: Kind::List { elements, optional } }, height })
    }

    /// The end of a list, map or message, after an optional comma.
    fn close(&mut self, kind: T) -> Rule<()> {
        self.stream.sync(Set::of(&[T::Comma, kind]))?;
        if self.stream.kind() == T::Comma {
            self.stream.take();
        }
        self.stream.expect(kind, Set::END)?;
        Ok(())
    }

    /// Whether another element follows; a comma before the end is left.
    fn another(&mut self, first: Set) -> bool {
        let more = self.stream.kind() == T::Comma && first.has(self.stream.peek(2).kind);
        if more {
            self.stream.take();
        }
        more
    }

    fn elements(&mut self, elements: &mut Vec<Expr>, optional: &mut Vec<usize>, height: &mut u32) -> Rule<()> {
        loop {
            let (node, marked) = self.optional_expr(Set::of(&[T::Comma]).with(Set::END))?;
            if marked {
                optional.push(elements.len());
            }
            *height = node.height.max(*height);
            elements.push(node.expr);
            if !self.another(OPTIONAL_EXPR) {
                return Ok(());
            }
        }
    }

    /// `a` or `?a`.
    fn optional_expr(&mut self, follow: Set) -> Rule<(Node, bool)> {
        self.stream.enter(follow);
        let synced = self.stream.sync(OPTIONAL_EXPR);
        let result = match synced {
            Ok(()) => {
                let marked = self.stream.kind() == T::Question;
                if marked {
                    self.stream.take();
                }
                self.expr(Set::END).map(|node| (node, marked))
            }
            Err(stop) => match self.stream.recover(stop) {
                Ok(()) => Ok((self.missing(), false)),
                Err(stop) => Err(stop),
            },
        };
        self.stream.leave();
        result
    }

    pub(super) fn map(&mut self) -> Rule<Node> {
        let open = self.stream.take();
        let id = self.ids.new_id(open.start);
        let end = Set::of(&[T::Comma, T::RBrace]);
        let mut entries = Vec::new();
        let mut height = 0;
        self.stream.sync(OPTIONAL_EXPR.with(end))?;
        if OPTIONAL_EXPR.has(self.stream.kind()) {
            self.stream.enter(end);
            let mut read = self.entries(&mut entries, &mut height);
            if let Err(stop) = read {
                read = self.stream.recover(stop);
            }
            self.stream.leave();
            read?;
        }
        self.close(T::RBrace)?;
        Ok(Node { expr: Expr { id, kind: Kind::Map(entries) }, height })
    }

    fn entries(&mut self, entries: &mut Vec<Entry>, height: &mut u32) -> Rule<()> {
        loop {
            let id = self.ids.new_id(0);
            let (key, optional) = self.optional_expr(Set::of(&[T::Colon]))?;
            self.colon(id)?;
            let value = self.expr(Set::of(&[T::Comma]).with(Set::END))?;
            *height = key.height.max(value.height).max(*height);
            entries.push(Entry { id, key: key.expr, value: value.expr, optional });
            if !self.another(OPTIONAL_EXPR) {
                return Ok(());
            }
        }
    }

    /// The colon of an entry, where the entry is said to be.
    fn colon(&mut self, entry: Id) -> Rule<()> {
        let colon = self.stream.expect(T::Colon, EXPR)?;
        if let Some(offset) = self.ids.offsets.get_mut(entry as usize) {
            *offset = colon.start;
        }
        Ok(())
    }

    pub(super) fn message(&mut self, tokens: usize) -> Rule<Node> {
        let mut name = String::new();
        for _ in 0..tokens {
            let token = self.stream.take();
            name.push_str(&self.stream.text(token));
        }
        let open = self.stream.take();
        let id = self.ids.new_id(open.start);
        let first = NAME.with(Set::of(&[T::Question]));
        let end = Set::of(&[T::Comma, T::RBrace]);
        let mut fields = Vec::new();
        let mut height = 0;
        self.stream.sync(first.with(end))?;
        if first.has(self.stream.kind()) {
            self.stream.enter(end);
            let mut read = self.fields(&mut fields, &mut height, first);
            if let Err(stop) = read {
                read = self.stream.recover(stop);
            }
            self.stream.leave();
            read?;
        }
        self.close(T::RBrace)?;
        Ok(Node { expr: Expr { id, kind: Kind::Struct { name, fields } }, height })
    }

    fn fields(&mut self, fields: &mut Vec<Field>, height: &mut u32, first: Set) -> Rule<()> {
        loop {
            let id = self.ids.new_id(0);
            let optional = self.stream.kind() == T::Question;
            if optional {
                self.stream.take();
            }
            let name = self.name(Set::of(&[T::Colon]))?;
            self.colon(id)?;
            let value = self.expr(Set::of(&[T::Comma]).with(Set::END))?;
            *height = value.height.max(*height);
            if let Some((_, name)) = name {
                fields.push(Field { id, name, value: value.expr, optional });
            }
            if !self.another(first) {
                return Ok(());
            }
        }
    }
}
