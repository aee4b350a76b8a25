//! The protobuf form of the few types of `meta.k8s.io` that are served in it: Status, metadata, discovery, watch events; and
//! DeleteOptions, which clients send in it (R30). Messages are tables over the JSON form; as upstream's generator does, a
//! member that is no pointer is always written.

use serde_json::{Map, Value};

/// How a member is written.
enum Type {
    Text,
    Flag,
    Integer,
    /// `metav1.Time`
    Time,
    /// `FieldsV1`: JSON as it stands.
    Raw,
    Texts,
    TextMap,
    Message(&'static [Field]),
    Messages(&'static [Field]),
    /// A list of texts in a message of its own (`Verbs`).
    Wrapped,
}

/// A member: its number, its JSON name, its type, and whether it is written when absent.
struct Field(u32, &'static str, Type, bool);

const ALWAYS: bool = true;
const GIVEN: bool = false;

const OWNER: &[Field] = &[
    Field(1, "kind", Type::Text, ALWAYS),
    Field(3, "name", Type::Text, ALWAYS),
    Field(4, "uid", Type::Text, ALWAYS),
    Field(5, "apiVersion", Type::Text, ALWAYS),
    Field(6, "controller", Type::Flag, GIVEN),
    Field(7, "blockOwnerDeletion", Type::Flag, GIVEN),
];
const MANAGED: &[Field] = &[
    Field(1, "manager", Type::Text, ALWAYS),
    Field(2, "operation", Type::Text, ALWAYS),
    Field(3, "apiVersion", Type::Text, ALWAYS),
    Field(4, "time", Type::Time, GIVEN),
    Field(6, "fieldsType", Type::Text, ALWAYS),
    Field(7, "fieldsV1", Type::Raw, GIVEN),
    Field(8, "subresource", Type::Text, ALWAYS),
];
const OBJECT_META: &[Field] = &[
    Field(1, "name", Type::Text, ALWAYS),
    Field(2, "generateName", Type::Text, ALWAYS),
    Field(3, "namespace", Type::Text, ALWAYS),
    Field(4, "selfLink", Type::Text, ALWAYS),
    Field(5, "uid", Type::Text, ALWAYS),
    Field(6, "resourceVersion", Type::Text, ALWAYS),
    Field(7, "generation", Type::Integer, ALWAYS),
    Field(8, "creationTimestamp", Type::Time, ALWAYS),
    Field(9, "deletionTimestamp", Type::Time, GIVEN),
    Field(10, "deletionGracePeriodSeconds", Type::Integer, GIVEN),
    Field(11, "labels", Type::TextMap, GIVEN),
    Field(12, "annotations", Type::TextMap, GIVEN),
    Field(13, "ownerReferences", Type::Messages(OWNER), GIVEN),
    Field(14, "finalizers", Type::Texts, GIVEN),
    Field(17, "managedFields", Type::Messages(MANAGED), GIVEN),
];
const LIST_META: &[Field] = &[
    Field(1, "selfLink", Type::Text, ALWAYS),
    Field(2, "resourceVersion", Type::Text, ALWAYS),
    Field(3, "continue", Type::Text, ALWAYS),
    Field(4, "remainingItemCount", Type::Integer, GIVEN),
];
const PARTIAL: &[Field] = &[Field(1, "metadata", Type::Message(OBJECT_META), ALWAYS)];
const PARTIAL_LIST: &[Field] =
    &[Field(1, "metadata", Type::Message(LIST_META), ALWAYS), Field(2, "items", Type::Messages(PARTIAL), GIVEN)];
const CAUSE: &[Field] = &[
    Field(1, "reason", Type::Text, ALWAYS),
    Field(2, "message", Type::Text, ALWAYS),
    Field(3, "field", Type::Text, ALWAYS),
];
const DETAILS: &[Field] = &[
    Field(1, "name", Type::Text, ALWAYS),
    Field(2, "group", Type::Text, ALWAYS),
    Field(3, "kind", Type::Text, ALWAYS),
    Field(4, "causes", Type::Messages(CAUSE), GIVEN),
    Field(5, "retryAfterSeconds", Type::Integer, ALWAYS),
    Field(6, "uid", Type::Text, ALWAYS),
];
const STATUS: &[Field] = &[
    Field(1, "metadata", Type::Message(LIST_META), ALWAYS),
    Field(2, "status", Type::Text, ALWAYS),
    Field(3, "message", Type::Text, ALWAYS),
    Field(4, "reason", Type::Text, ALWAYS),
    Field(5, "details", Type::Message(DETAILS), GIVEN),
    Field(6, "code", Type::Integer, ALWAYS),
];
const ADDRESS: &[Field] = &[Field(1, "clientCIDR", Type::Text, ALWAYS), Field(2, "serverAddress", Type::Text, ALWAYS)];
const API_VERSIONS: &[Field] =
    &[Field(1, "versions", Type::Texts, GIVEN), Field(2, "serverAddressByClientCIDRs", Type::Messages(ADDRESS), GIVEN)];
const GROUP_VERSION: &[Field] =
    &[Field(1, "groupVersion", Type::Text, ALWAYS), Field(2, "version", Type::Text, ALWAYS)];
const API_GROUP: &[Field] = &[
    Field(1, "name", Type::Text, ALWAYS),
    Field(2, "versions", Type::Messages(GROUP_VERSION), GIVEN),
    Field(3, "preferredVersion", Type::Message(GROUP_VERSION), ALWAYS),
    Field(4, "serverAddressByClientCIDRs", Type::Messages(ADDRESS), GIVEN),
];
const API_GROUP_LIST: &[Field] = &[Field(1, "groups", Type::Messages(API_GROUP), GIVEN)];
const API_RESOURCE: &[Field] = &[
    Field(1, "name", Type::Text, ALWAYS),
    Field(2, "namespaced", Type::Flag, ALWAYS),
    Field(3, "kind", Type::Text, ALWAYS),
    Field(4, "verbs", Type::Wrapped, GIVEN),
    Field(5, "shortNames", Type::Texts, GIVEN),
    Field(6, "singularName", Type::Text, ALWAYS),
    Field(7, "categories", Type::Texts, GIVEN),
    Field(8, "group", Type::Text, ALWAYS),
    Field(9, "version", Type::Text, ALWAYS),
    Field(10, "storageVersionHash", Type::Text, ALWAYS),
];
const API_RESOURCE_LIST: &[Field] =
    &[Field(1, "groupVersion", Type::Text, ALWAYS), Field(2, "resources", Type::Messages(API_RESOURCE), GIVEN)];
const KIND: &[Field] = &[
    Field(1, "group", Type::Text, ALWAYS),
    Field(2, "version", Type::Text, ALWAYS),
    Field(3, "kind", Type::Text, ALWAYS),
];
const SUBRESOURCE_DISCOVERY: &[Field] = &[
    Field(1, "subresource", Type::Text, ALWAYS),
    Field(2, "responseKind", Type::Message(KIND), GIVEN),
    Field(3, "acceptedTypes", Type::Messages(KIND), GIVEN),
    Field(4, "verbs", Type::Texts, GIVEN),
];
const RESOURCE_DISCOVERY: &[Field] = &[
    Field(1, "resource", Type::Text, ALWAYS),
    Field(2, "responseKind", Type::Message(KIND), GIVEN),
    Field(3, "scope", Type::Text, ALWAYS),
    Field(4, "singularResource", Type::Text, ALWAYS),
    Field(5, "verbs", Type::Texts, GIVEN),
    Field(6, "shortNames", Type::Texts, GIVEN),
    Field(7, "categories", Type::Texts, GIVEN),
    Field(8, "subresources", Type::Messages(SUBRESOURCE_DISCOVERY), GIVEN),
];
const VERSION_DISCOVERY: &[Field] = &[
    Field(1, "version", Type::Text, ALWAYS),
    Field(2, "resources", Type::Messages(RESOURCE_DISCOVERY), GIVEN),
    Field(3, "freshness", Type::Text, ALWAYS),
];
const GROUP_DISCOVERY: &[Field] = &[
    Field(1, "metadata", Type::Message(OBJECT_META), ALWAYS),
    Field(2, "versions", Type::Messages(VERSION_DISCOVERY), GIVEN),
];
const GROUP_DISCOVERY_LIST: &[Field] = &[
    Field(1, "metadata", Type::Message(LIST_META), ALWAYS),
    Field(2, "items", Type::Messages(GROUP_DISCOVERY), GIVEN),
];
const PRECONDITIONS: &[Field] = &[Field(1, "uid", Type::Text, GIVEN), Field(2, "resourceVersion", Type::Text, GIVEN)];
const DELETE_OPTIONS: &[Field] = &[
    Field(1, "gracePeriodSeconds", Type::Integer, GIVEN),
    Field(2, "preconditions", Type::Message(PRECONDITIONS), GIVEN),
    Field(3, "orphanDependents", Type::Flag, GIVEN),
    Field(4, "propagationPolicy", Type::Text, GIVEN),
    Field(5, "dryRun", Type::Texts, GIVEN),
];

const MAGIC: &[u8] = b"k8s\0";

/// The tables by kind.
fn message(kind: &str) -> Option<&'static [Field]> {
    Some(match kind {
        "Status" => STATUS,
        "PartialObjectMetadata" => PARTIAL,
        "PartialObjectMetadataList" => PARTIAL_LIST,
        "APIVersions" => API_VERSIONS,
        "APIGroup" => API_GROUP,
        "APIGroupList" => API_GROUP_LIST,
        "APIResourceList" => API_RESOURCE_LIST,
        "APIGroupDiscoveryList" => GROUP_DISCOVERY_LIST,
        "DeleteOptions" => DELETE_OPTIONS,
        _ => return None,
    })
}

fn varint(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push((n as u8) | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn number(out: &mut Vec<u8>, field: u32, n: u64) {
    varint(out, u64::from(field << 3));
    varint(out, n);
}

fn bytes(out: &mut Vec<u8>, field: u32, content: &[u8]) {
    varint(out, u64::from(field << 3 | 2));
    varint(out, content.len() as u64);
    out.extend_from_slice(content);
}

fn fields(table: &[Field], value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    for Field(n, name, type_, always) in table {
        let given = value.get(name).filter(|v| !v.is_null());
        if given.is_none() && !always {
            continue;
        }
        let v = given.unwrap_or(&Value::Null);
        let texts = |v: &Value| v.as_array().cloned().unwrap_or_default();
        match type_ {
            Type::Text => bytes(&mut out, *n, v.as_str().unwrap_or_default().as_bytes()),
            Type::Flag => number(&mut out, *n, u64::from(v.as_bool().unwrap_or_default())),
            // Negative integers are written in ten bytes, as two's complement.
            Type::Integer => number(&mut out, *n, v.as_i64().unwrap_or_default() as u64),
            Type::Time => {
                let mut time = Vec::new();
                if let Some(t) = v.as_str().and_then(|s| s.parse::<jiff::Timestamp>().ok()) {
                    number(&mut time, 1, t.as_second() as u64);
                    number(&mut time, 2, 0);
                }
                bytes(&mut out, *n, &time);
            }
            Type::Raw => {
                let mut raw = Vec::new();
                bytes(&mut raw, 1, &crate::resource::codec::json::encode(v));
                bytes(&mut out, *n, &raw);
            }
            Type::Texts => {
                texts(v).iter().for_each(|t| bytes(&mut out, *n, t.as_str().unwrap_or_default().as_bytes()));
            }
            Type::Wrapped => {
                let mut list = Vec::new();
                texts(v).iter().for_each(|t| bytes(&mut list, 1, t.as_str().unwrap_or_default().as_bytes()));
                bytes(&mut out, *n, &list);
            }
            Type::TextMap => {
                for (k, v) in v.as_object().into_iter().flatten() {
                    let mut pair = Vec::new();
                    bytes(&mut pair, 1, k.as_bytes());
                    bytes(&mut pair, 2, v.as_str().unwrap_or_default().as_bytes());
                    bytes(&mut out, *n, &pair);
                }
            }
            Type::Message(table) => bytes(&mut out, *n, &fields(table, v)),
            Type::Messages(table) => texts(v).iter().for_each(|m| bytes(&mut out, *n, &fields(table, m))),
        }
    }
    out
}

/// A value in the envelope that says what it is; `None` for a kind without a protobuf form here.
pub(super) fn encode(value: &Value) -> Option<Vec<u8>> {
    let text = |k: &str| value.get(k).and_then(Value::as_str).unwrap_or_default();
    let content = fields(message(text("kind"))?, value);
    let mut type_meta = Vec::new();
    bytes(&mut type_meta, 1, text("apiVersion").as_bytes());
    bytes(&mut type_meta, 2, text("kind").as_bytes());
    let mut out = MAGIC.to_vec();
    bytes(&mut out, 1, &type_meta);
    bytes(&mut out, 2, &content);
    bytes(&mut out, 3, b"");
    bytes(&mut out, 4, b"");
    Some(out)
}

/// A frame of a watch: its length in four bytes, then a WatchEvent around the enveloped object.
pub(super) fn frame(kind: &str, object: &[u8]) -> Vec<u8> {
    let (mut raw, mut event) = (Vec::new(), Vec::new());
    bytes(&mut raw, 1, object);
    bytes(&mut event, 1, kind.as_bytes());
    bytes(&mut event, 2, &raw);
    let mut out = u32::try_from(event.len()).unwrap_or(u32::MAX).to_be_bytes().to_vec();
    out.extend_from_slice(&event);
    out
}

/// A field of a message on the wire.
enum Wire<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

struct Reader<'a>(&'a [u8]);

const TRUNCATED: &str = "unexpected EOF";

impl<'a> Reader<'a> {
    fn varint(&mut self) -> Result<u64, String> {
        let mut n = 0u64;
        for shift in (0..64).step_by(7) {
            let (b, rest) = self.0.split_first().ok_or(TRUNCATED)?;
            self.0 = rest;
            n |= u64::from(b & 0x7f) << shift;
            if b & 0x80 == 0 {
                return Ok(n);
            }
        }
        Err("proto: integer overflow".into())
    }

    fn take(&mut self, n: u64) -> Result<&'a [u8], String> {
        let n = usize::try_from(n).ok().filter(|n| *n <= self.0.len()).ok_or(TRUNCATED)?;
        let (head, rest) = self.0.split_at(n);
        self.0 = rest;
        Ok(head)
    }

    fn next(&mut self) -> Result<Option<(u64, Wire<'a>)>, String> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let wire = match tag & 7 {
            0 => Wire::Number(self.varint()?),
            1 => Wire::Bytes(self.take(8)?),
            2 => {
                let n = self.varint()?;
                Wire::Bytes(self.take(n)?)
            }
            5 => Wire::Bytes(self.take(4)?),
            other => return Err(format!("proto: illegal wireType {other}")),
        };
        Ok(Some((tag >> 3, wire)))
    }
}

fn read(table: &[Field], content: &[u8]) -> Result<Value, String> {
    let (mut reader, mut out) = (Reader(content), Map::new());
    while let Some((n, wire)) = reader.next()? {
        let Some(Field(_, name, type_, _)) = table.iter().find(|f| u64::from(f.0) == n) else { continue };
        let text = |b: &[u8]| Value::from(String::from_utf8_lossy(b));
        let value = match (type_, wire) {
            (Type::Text, Wire::Bytes(b)) => text(b),
            (Type::Flag, Wire::Number(n)) => Value::Bool(n != 0),
            (Type::Integer, Wire::Number(n)) => Value::from(n as i64),
            (Type::Message(table), Wire::Bytes(b)) => read(table, b)?,
            (Type::Texts, Wire::Bytes(b)) => {
                let list = out.entry(*name).or_insert_with(|| Value::Array(Vec::new()));
                list.as_array_mut().into_iter().for_each(|l| l.push(text(b)));
                continue;
            }
            (Type::Text | Type::Flag | Type::Integer | Type::Message(_) | Type::Texts, _) => {
                return Err(format!("proto: wrong wireType for field {name}"));
            }
            // No message that is read has others.
            _ => continue,
        };
        out.insert((*name).to_owned(), value);
    }
    Ok(Value::Object(out))
}

/// Whether bytes are in the envelope at all.
///
/// # Errors
/// Upstream's words for what is not.
pub(super) fn check_prefix(raw: &[u8]) -> Result<(), String> {
    if raw.starts_with(MAGIC) {
        return Ok(());
    }
    Err("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]".into())
}

/// Reads an enveloped DeleteOptions.
///
/// # Errors
/// What it is instead.
pub(super) fn delete_options(raw: &[u8]) -> Result<Value, String> {
    check_prefix(raw)?;
    let mut reader = Reader(&raw[MAGIC.len()..]);
    let (mut content, mut type_meta) = (&[][..], &[][..]);
    while let Some((n, wire)) = reader.next()? {
        match (n, wire) {
            (1, Wire::Bytes(b)) => type_meta = b,
            (2, Wire::Bytes(b)) => content = b,
            _ => {}
        }
    }
    let type_meta = read(&[Field(1, "apiVersion", Type::Text, GIVEN), Field(2, "kind", Type::Text, GIVEN)], type_meta)?;
    let mut out = read(DELETE_OPTIONS, content)?;
    if let (Value::Object(out), Value::Object(type_meta)) = (&mut out, type_meta) {
        out.extend(type_meta);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_status_is_encoded_as_kube_apiserver_does() {
        let status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "reason": "NotFound", "code": 404,
            "message": "things.v18.parity.example.com \"zz\" not found",
            "details": {"name": "zz", "group": "v18.parity.example.com", "kind": "things"}});
        // As recorded.
        let want: &[u8] = b"k8s\0\n\x0c\n\x02v1\x12\x06Status\x12v\n\x06\n\0\x12\0\x1a\0\x12\x07Failure\x1a,things.v18.parity.example.com \"zz\" not found\"\x08NotFound*(\n\x02zz\x12\x16v18.parity.example.com\x1a\x06things(\x002\x000\x94\x03\x1a\0\"\0";
        assert_eq!(encode(&status).as_deref(), Some(want));
    }

    #[test]
    fn metadata_is_written_in_full() {
        let partial = json!({
            "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": {
                "name": "a", "generation": 1, "creationTimestamp": "2026-11-23T11:03:42Z", "labels": {"l": "x"},
                "managedFields": [{"manager": "m", "operation": "Update", "fieldsV1": {"f:spec": {}}}]}});
        let encoded = encode(&partial).expect("a known kind");
        let find = |part: &[u8]| encoded.windows(part.len()).any(|w| w == part);
        assert!(find(b"\n\x01a\x12\0\x1a\0\"\0*\x002\x008\x01B\x08"));
        assert!(find(b"Z\x06\n\x01l\x12\x01x"));
        assert!(find(b":\x0f\n\x0d{\"f:spec\":{}}B\0"));
    }

    #[test]
    fn delete_options_are_read_back() {
        let options = json!({
            "kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": -1, "propagationPolicy": "Orphan",
            "preconditions": {"uid": "u"}, "dryRun": ["All", "All"], "orphanDependents": false});
        assert_eq!(delete_options(&encode(&options).expect("a known kind")), Ok(options));
        assert!(delete_options(b"k8s").is_err_and(|e| e.starts_with("provided data does not appear")));
        assert_eq!(delete_options(b"k8s\0\n\x7f"), Err(TRUNCATED.to_owned()));
    }
}
