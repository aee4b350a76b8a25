//! A list's bytes, joined block by block from those of its objects as they are sent: a long list is never in memory as a whole.

use crate::status::Result;
use crate::verbs::context::Target;
use crate::verbs::list::Listed;
use crate::verbs::{Entry, Served};
use bytes::Bytes;
use serde_json::Value;
use std::sync::Arc;

/// What goes to the connection at a time: no more than allocators give again and again without asking the system for pages.
const SIZE: usize = 28 << 10;
/// Room for the end of the last object.
const ROOM: usize = 4 << 10;

/// A list in the encoding of custom resources, as blocks.
pub(super) struct Blocks {
    served: Arc<Served>,
    version: usize,
    items: std::vec::IntoIter<Arc<Entry>>,
    separated: bool,
    /// What an item's bytes begin with that is left out: upstream's lists of compiled-in kinds do not say it of each item.
    implied: String,
    head: String,
    tail: String,
    bytes: u64,
}

impl Blocks {
    /// A list and its metadata.
    ///
    /// # Errors
    /// 500 for an object that cannot be converted.
    pub(super) fn new(target: &Target, listed: &Listed, meta: &Value) -> Result<Self> {
        let mut blocks = Self::unmeasured(target, listed, meta);
        let items = blocks.items.as_slice();
        let lengths = items.iter().map(|e| blocks.len(e)).sum::<Result<usize>>()?;
        let all = blocks.head.len() + lengths + items.len().saturating_sub(1) + blocks.tail.len();
        blocks.bytes = all as u64;
        Ok(blocks)
    }

    fn unmeasured(target: &Target, listed: &Listed, meta: &Value) -> Self {
        let kind = Value::from(target.served.definition.names.list_kind.as_str());
        let version = Value::from(target.group_version().to_string());
        let implied = match target.served.strategy.builtin() {
            true => format!("{{\"apiVersion\":{version},\"kind\":{},", Value::from(target.kind())),
            false => String::new(),
        };
        Self {
            implied,
            served: target.served.clone(),
            version: target.version,
            items: listed.items.clone().into_iter(),
            separated: false,
            head: format!("{{\"apiVersion\":{version},\"items\":["),
            tail: format!("],\"kind\":{kind},\"metadata\":{meta}}}"),
            bytes: 0,
        }
    }

    fn len(&self, entry: &Entry) -> Result<usize> {
        if self.implied.is_empty() {
            return self.served.len(entry, self.version);
        }
        let bytes = self.served.bytes(entry, self.version)?;
        Ok(bytes.strip_prefix(self.implied.as_bytes()).map_or(bytes.len(), |rest| rest.len() + 1))
    }

    fn append(&self, entry: &Entry, block: &mut Vec<u8>) {
        let start = block.len();
        self.served.append(entry, self.version, block);
        if !self.implied.is_empty() && block[start..].starts_with(self.implied.as_bytes()) {
            block.drain(start + 1..start + self.implied.len());
        }
    }

    /// How many bytes there are, before the first block is taken.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Iterator for Blocks {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        let mut block = Vec::with_capacity(SIZE + ROOM);
        block.extend_from_slice(std::mem::take(&mut self.head).as_bytes());
        while block.len() < SIZE {
            let Some(entry) = self.items.next() else {
                block.extend_from_slice(std::mem::take(&mut self.tail).as_bytes());
                break;
            };
            if std::mem::replace(&mut self.separated, true) {
                block.push(b',');
            }
            self.append(&entry, &mut block);
        }
        (!block.is_empty()).then(|| block.into())
    }
}
