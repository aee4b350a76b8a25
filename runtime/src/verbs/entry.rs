//! `Entry`: an object as the cache holds it, encoded once per served version. It owns where the resourceVersion is spliced
//! into the bytes and which parts of an object selectors look at; conversion between versions is `convert`'s.

use super::served::Pending;
use crate::resource::Object;
use bytes::Bytes;
use serde_json::Value;
use std::cell::RefCell;
use std::sync::{Arc, OnceLock};

/// An object's JSON without its resourceVersion, and where that one goes. Storage keeps exactly these bytes, so a write
/// is encoded once, before its revision is known.
#[derive(Clone, Debug)]
pub struct Encoded {
    /// JSON with sorted keys, `metadata.resourceVersion` left out.
    pub bytes: Bytes,
    /// Offset at which `"resourceVersion":"N"` is written.
    at: u32,
    /// Which neighbours it has, and so where its comma goes.
    comma: Comma,
}

#[derive(Clone, Copy, Debug)]
enum Comma {
    None,
    Before,
    After,
}

thread_local! {
    /// Where objects are encoded before their size is known.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl Encoded {
    /// Encodes an object. Encoding JSON values cannot fail.
    pub fn new(object: &Object) -> Self {
        SCRATCH.with_borrow_mut(|out| {
            out.clear();
            // Kept for as long as history is: exactly as large as it must be.
            let (at, comma) = Self::write(object, out);
            Self { bytes: Bytes::copy_from_slice(out), at: u32::try_from(at).unwrap_or(0), comma }
        })
    }

    fn write(object: &Object, out: &mut Vec<u8>) -> (usize, Comma) {
        let (mut at, mut comma) = (0, Comma::None);
        out.push(b'{');
        let mut first = true;
        for (k, v) in &object.0 {
            if !std::mem::take(&mut first) {
                out.push(b',');
            }
            write_key(out, k);
            match (k.as_str(), v) {
                ("metadata", Value::Object(meta)) => {
                    out.push(b'{');
                    let mut before = 0usize;
                    let mut placed = false;
                    for (k, v) in meta.iter().filter(|(k, _)| *k != "resourceVersion") {
                        if !placed && k.as_str() > "resourceVersion" {
                            (at, comma, placed) = (out.len() + usize::from(before > 0), Comma::After, true);
                        }
                        if before > 0 {
                            out.push(b',');
                        }
                        write_key(out, k);
                        write_json(out, v);
                        before += 1;
                    }
                    if !placed {
                        (at, comma) = (out.len(), if before > 0 { Comma::Before } else { Comma::None });
                    }
                    out.push(b'}');
                }
                _ => write_json(out, v),
            }
        }
        out.push(b'}');
        (at, comma)
    }

    /// Takes another copy of the same bytes for its own.
    pub(super) fn share(&mut self, other: &Bytes) {
        if self.bytes == *other {
            self.bytes = other.clone();
        }
    }

    /// The bytes a client sees at a revision; 0 leaves the resourceVersion out (dry run).
    pub fn at_revision(&self, revision: u64) -> Bytes {
        if revision == 0 || self.at == 0 {
            return self.bytes.clone();
        }
        let mut out = Vec::with_capacity(self.bytes.len() + 44);
        self.append_at_revision(revision, &mut out);
        out.into()
    }

    /// How many bytes a client sees at a revision.
    pub fn len_at(&self, revision: u64) -> usize {
        if revision == 0 || self.at == 0 {
            return self.bytes.len();
        }
        let digits = revision.ilog10() as usize + 1;
        self.bytes.len() + "\"resourceVersion\":\"\"".len() + digits + usize::from(!matches!(self.comma, Comma::None))
    }

    /// Appends the bytes a client sees at a revision.
    pub fn append_at_revision(&self, revision: u64, out: &mut Vec<u8>) {
        if revision == 0 || self.at == 0 {
            out.extend_from_slice(&self.bytes);
            return;
        }
        let (head, tail) = self.bytes.split_at(self.at as usize);
        out.extend_from_slice(head);
        let (before, after): (&[u8], &[u8]) = match self.comma {
            Comma::None => (b"", b""),
            Comma::Before => (b",", b""),
            Comma::After => (b"", b","),
        };
        out.extend_from_slice(before);
        out.extend_from_slice(b"\"resourceVersion\":\"");
        let mut digits = [0u8; 20];
        let mut at = digits.len();
        let mut rest = revision;
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        out.extend_from_slice(&digits[at..]);
        out.push(b'"');
        out.extend_from_slice(after);
        out.extend_from_slice(tail);
    }
}

fn write_key(out: &mut Vec<u8>, key: &str) {
    // Names of fields need no escapes, but for what nobody should be able to rely on.
    if key.bytes().all(|b| b.is_ascii_alphanumeric()) {
        out.push(b'"');
        out.extend_from_slice(key.as_bytes());
        out.push(b'"');
    } else {
        write_json(out, &Value::from(key));
    }
    out.push(b':');
}

fn write_json(out: &mut Vec<u8>, v: &Value) {
    crate::resource::codec::json::encode_into(v, out);
}

/// What selectors read of an object, kept beside its bytes and shared by its versions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Index {
    /// Namespace, empty for cluster-scoped kinds.
    pub namespace: Box<str>,
    /// Name.
    pub name: Box<str>,
    /// Labels, by key.
    pub labels: Vec<(Box<str>, Box<str>)>,
    /// The values of the definition's selectable fields, in its order; absent ones are empty.
    pub fields: Vec<Box<str>>,
}

/// An object at one revision. Its name, namespace and labels are those of its [`Index`].
#[derive(Debug)]
pub struct Entry {
    /// The revision of the write that made it; 0 for one that was never stored (dry run).
    pub revision: u64,
    /// The encoding of the version that it is stored in, of which the others are made.
    pub encoded: Encoded,
    /// That version, by its index: the storage version, or one that was it when the object was last written.
    pub version: usize,
    /// For selectors.
    pub index: Arc<Index>,
    /// Whether the stored bytes are these: a definition that changed since reads other ones of them.
    pub as_stored: bool,
    /// Served bytes per version of the definition, made when first asked for.
    served: Box<[OnceLock<Bytes>]>,
}

impl Index {
    /// The value of a label.
    pub fn label(&self, key: &str) -> Option<&str> {
        let labels = &self.labels;
        labels.binary_search_by(|(k, _)| (**k).cmp(key)).ok().map(|i| &*labels[i].1)
    }
}

impl std::ops::Deref for Entry {
    type Target = Index;

    fn deref(&self) -> &Index {
        &self.index
    }
}

/// Where the bytes of versions are kept: a kind that has one version serves what is stored.
fn slots(versions: usize) -> Box<[OnceLock<Bytes>]> {
    (0..if versions > 1 { versions } else { 0 }).map(|_| OnceLock::new()).collect()
}

impl Entry {
    /// An entry of a definition with `versions` versions.
    pub fn new(pending: &Pending, revision: u64, versions: usize) -> Self {
        Self {
            revision,
            encoded: pending.encoded.clone(),
            version: pending.version,
            index: pending.index.clone(),
            as_stored: pending.as_stored,
            served: slots(versions),
        }
    }

    /// The same object as of another revision: what a DELETED event shows.
    pub fn moved_to(&self, revision: u64) -> Self {
        Self {
            revision,
            encoded: self.encoded.clone(),
            version: self.version,
            index: self.index.clone(),
            as_stored: self.as_stored,
            served: slots(self.served.len()),
        }
    }

    /// The bytes of a version, made by `make` when not there yet.
    pub(super) fn served<E>(&self, version: usize, make: impl FnOnce() -> Result<Bytes, E>) -> Result<Bytes, E> {
        let Some(slot) = self.served.get(version) else { return make() };
        if let Some(bytes) = slot.get() {
            return Ok(bytes.clone());
        }
        let bytes = make()?;
        Ok(slot.get_or_init(|| bytes).clone())
    }

    /// Decodes the stored form, resourceVersion included.
    pub fn decode(&self) -> Object {
        let mut object = decode(&self.encoded.bytes).unwrap_or_default();
        if self.revision > 0 {
            object.set_meta("resourceVersion", self.revision.to_string());
        }
        object
    }
}

/// Reads stored bytes; anything but a JSON object is an error.
pub fn decode(bytes: &[u8]) -> Result<Object, String> {
    let mut de = serde_json::Deserializer::from_slice(bytes);
    de.disable_recursion_limit();
    let value: Value = serde::Deserialize::deserialize(&mut de).map_err(|e| e.to_string())?;
    Object::from_value(value).map_err(|_| "stored value is not a JSON object".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(object: Value) {
        let o = Object::from_value(object.clone()).expect("an object");
        let e = Encoded::new(&o);
        let bare: Value = serde_json::from_slice(&e.bytes).expect("valid JSON");
        let mut want = object.clone();
        if let Some(m) = want.get_mut("metadata").and_then(Value::as_object_mut) {
            m.remove("resourceVersion");
        }
        assert_eq!(bare, want);
        want["metadata"]["resourceVersion"] = "42".into();
        let at: Value = serde_json::from_slice(&e.at_revision(42)).expect("valid JSON");
        assert_eq!(at, want);
        assert_eq!(e.at_revision(42).len(), e.len_at(42));
    }

    #[test]
    fn the_revision_is_spliced_wherever_the_neighbours_are() {
        check(json!({"metadata": {}}));
        check(json!({"a": 1, "metadata": {"name": "x"}, "z": 2}));
        check(json!({"metadata": {"name": "x", "resourceVersion": "7", "uid": "u"}}));
        check(json!({"metadata": {"uid": "u"}}));
        check(
            json!({"metadata": {"annotations": {"resourceVersion": "1", "uid": "2"}, "uid": "u"}, "spec": {"metadata": {"uid": 1}}}),
        );
    }
}
