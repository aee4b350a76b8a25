//! Paths of members that are dropped, for whoever wants to tell the client: kept up to date only then, and not without end.

use std::fmt::Write;

/// The most bytes of paths that are told: deep bodies have a path of kilobytes for each few bytes of their own.
const MAX: usize = 4 << 20;

/// Where a walk through a value is, and what it has dropped.
pub(super) struct Dropped<'a> {
    /// The path so far; only kept up to date while there is a list.
    at: String,
    /// How many bytes of paths may still be told.
    room: usize,
    /// The paths; nothing while nobody asks.
    pub(super) list: Option<&'a mut Vec<String>>,
}

impl<'a> Dropped<'a> {
    /// From that path on.
    pub(super) fn below(prefix: &str, list: Option<&'a mut Vec<String>>) -> Self {
        Self { at: prefix.to_owned(), room: MAX, list }
    }

    /// Whether the path is still empty.
    pub(super) fn is_at_root(&self) -> bool {
        self.at.is_empty()
    }

    /// Goes to a member; what is returned leads back.
    pub(super) fn enter(&mut self, key: &str) -> usize {
        let back = self.at.len();
        if self.list.is_some() {
            if back > 0 {
                self.at.push('.');
            }
            self.at.push_str(key);
        }
        back
    }

    /// Goes to an item of a list; what is returned leads back.
    pub(super) fn enter_item(&mut self, i: usize) -> usize {
        let back = self.at.len();
        if self.list.is_some() {
            let _ = write!(self.at, "[{i}]");
        }
        back
    }

    /// Goes back to where it entered.
    pub(super) fn leave(&mut self, back: usize) {
        self.at.truncate(back);
    }

    /// Tells that a member is dropped, as long as there is room.
    pub(super) fn tell(&mut self, key: &str) {
        if let Some(list) = &mut self.list
            && let Some(room) = self.room.checked_sub(self.at.len() + 1 + key.len())
        {
            self.room = room;
            list.push(if self.at.is_empty() { key.to_owned() } else { format!("{}.{key}", self.at) });
        }
    }
}
