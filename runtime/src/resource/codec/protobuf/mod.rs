//! Kubernetes' protobuf form of the few types that are spoken in it (R28, R30): Status, metadata, discovery and watch events are
//! written, compiled-in kinds, scales and options are read. client-go's typed clients write so, `kubectl create namespace` among them.
//! Messages are tables over the JSON form (`tables`); fields of no table are passed over.

mod tables;
pub mod wire;

use serde_json::{Map, Value};
use tables::{Field, Type};
use wire::{Content, Reader, bytes, number};

/// What every such body begins with.
const MAGIC: &[u8] = b"k8s\0";

/// A value in the envelope that says what it is; `None` for a kind without a protobuf form here.
pub fn encode(value: &Value) -> Option<Vec<u8>> {
    let kind = value.get("kind").and_then(Value::as_str).unwrap_or_default();
    let content = fields(tables::of(kind)?, value);
    let mut out = MAGIC.to_vec();
    bytes(&mut out, 1, &fields(tables::TYPE_META, value));
    bytes(&mut out, 2, &content);
    bytes(&mut out, 3, b"");
    bytes(&mut out, 4, b"");
    Some(out)
}

/// A frame of a watch: its length in four bytes, then a WatchEvent around the enveloped object.
pub fn frame(kind: &str, object: &[u8]) -> Vec<u8> {
    let (mut raw, mut event) = (Vec::new(), Vec::new());
    bytes(&mut raw, 1, object);
    bytes(&mut event, 1, kind.as_bytes());
    bytes(&mut event, 2, &raw);
    let mut out = u32::try_from(event.len()).unwrap_or(u32::MAX).to_be_bytes().to_vec();
    out.extend_from_slice(&event);
    out
}

/// Writes a message.
fn fields(table: &[Field], value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    for Field(n, name, type_, always) in table {
        let given = value.get(name).filter(|v| !v.is_null());
        if given.is_none() && !always {
            continue;
        }
        let v = given.unwrap_or(&Value::Null);
        let items = || v.as_array().into_iter().flatten();
        match type_ {
            Type::Text => bytes(&mut out, *n, v.as_str().unwrap_or_default().as_bytes()),
            Type::Flag => number(&mut out, *n, u64::from(v.as_bool().unwrap_or_default())),
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
                bytes(&mut raw, 1, &super::json::encode(v));
                bytes(&mut out, *n, &raw);
            }
            Type::Texts => items().for_each(|t| bytes(&mut out, *n, t.as_str().unwrap_or_default().as_bytes())),
            Type::Wrapped => {
                let mut list = Vec::new();
                items().for_each(|t| bytes(&mut list, 1, t.as_str().unwrap_or_default().as_bytes()));
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
            Type::Messages(table) => items().for_each(|m| bytes(&mut out, *n, &fields(table, m))),
        }
    }
    out
}

/// The object of a body; `kind` is what a body is that does not say its own.
///
/// # Errors
/// A body of another form, or of a kind there is no table for.
pub fn decode(body: &[u8], kind: &str) -> Result<Value, String> {
    let envelope = body
        .strip_prefix(MAGIC)
        .ok_or("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]")?;
    let (type_meta, content) = (nested(envelope, 1)?, nested(envelope, 2)?);
    let mut out = message(tables::TYPE_META, type_meta)?;
    let kind = out.get("kind").and_then(Value::as_str).unwrap_or(kind);
    let table = tables::of(kind).ok_or_else(|| format!("{kind} has no protobuf form; send application/json"))?;
    out.extend(message(table, content)?);
    Ok(out.into())
}

/// The message, text or bytes in a field of a message; none are empty.
fn nested(content: &[u8], wanted: u64) -> Result<&[u8], String> {
    let mut found = &[][..];
    for field in Reader(content) {
        if let (n, Content::Bytes(b)) = field?
            && n == wanted
        {
            found = b;
        }
    }
    Ok(found)
}

/// A text, whose faulty bytes become U+FFFD as Go's JSON makes them.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Reads a message.
fn message(table: &[Field], content: &[u8]) -> Result<Map<String, Value>, String> {
    let mut out = Map::new();
    for field in Reader(content) {
        let (n, content) = field?;
        let Some(Field(_, name, type_, always)) = table.iter().find(|f| u64::from(f.0) == n) else { continue };
        let mut add = |item: Value| match out.entry(*name).or_insert_with(|| Value::Array(Vec::new())) {
            Value::Array(list) => list.push(item),
            other => *other = item,
        };
        let value = match (type_, content) {
            (Type::Text, Content::Bytes(b)) => Some(text(b)).filter(|t| !always || !t.is_empty()).map(Value::from),
            (Type::Integer, Content::Number(n)) => Some(n as i64).filter(|n| !always || *n != 0).map(Value::from),
            (Type::Flag, Content::Number(n)) => Some(n != 0).filter(|f| !always || *f).map(Value::from),
            (Type::Time, Content::Bytes(b)) => time(b)?,
            (Type::Raw, Content::Bytes(b)) => Some(super::json::decode(nested(b, 1)?)?.value),
            (Type::Message(table), Content::Bytes(b)) => Some(message(table, b)?.into()),
            (Type::Texts, Content::Bytes(b)) => {
                add(text(b).into());
                None
            }
            (Type::Messages(table), Content::Bytes(b)) => {
                add(message(table, b)?.into());
                None
            }
            (Type::Wrapped, Content::Bytes(b)) => {
                for item in Reader(b) {
                    if let (1, Content::Bytes(item)) = item? {
                        add(text(item).into());
                    }
                }
                None
            }
            (Type::TextMap, Content::Bytes(b)) => {
                let pair = (text(nested(b, 1)?), text(nested(b, 2)?).into());
                if let Value::Object(map) = out.entry(*name).or_insert_with(|| Map::new().into()) {
                    map.extend([pair]);
                }
                None
            }
            _ => return Err(format!("proto: wrong wireType for field {name}")),
        };
        if let Some(value) = value {
            out.insert((*name).to_owned(), value);
        }
    }
    Ok(out)
}

/// A time, of seconds (1) and nanoseconds (2), which JSON does not show; `None` for an empty one.
fn time(content: &[u8]) -> Result<Option<Value>, String> {
    for field in Reader(content) {
        if let (1, Content::Number(seconds)) = field? {
            let at = jiff::Timestamp::from_second(seconds as i64).ok();
            return Ok(at.map(|at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string().into()));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn field(number: u8, content: &[u8]) -> Vec<u8> {
        let mut out = vec![number << 3 | 2, u8::try_from(content.len()).expect("short")];
        out.extend_from_slice(content);
        out
    }

    fn body(kind: &str, raw: &[u8]) -> Vec<u8> {
        let type_meta = [field(1, b"v1"), field(2, kind.as_bytes())].concat();
        [MAGIC.to_vec(), field(1, &type_meta), field(2, raw), field(3, b""), field(4, b"")].concat()
    }

    /// What `kubectl create namespace team` sends.
    fn team() -> Vec<u8> {
        let label = [field(1, b"a"), field(2, b"b")].concat();
        let meta = [field(1, b"team"), field(2, b""), vec![7 << 3, 0], field(8, b""), field(11, &label)].concat();
        body("Namespace", &[field(1, &meta), field(2, b""), field(3, &field(1, b""))].concat())
    }

    #[test]
    fn a_namespace_is_what_its_json_would_be() {
        let want = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team", "labels": {"a": "b"}},
            "spec": {}, "status": {}});
        assert_eq!(decode(&team(), "Namespace"), Ok(want));
    }

    #[test]
    fn options_keep_their_zeros() {
        let raw = [vec![1 << 3, 0], vec![3 << 3, 0], field(5, b"All")].concat();
        let want = json!({"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0, "orphanDependents": false,
            "dryRun": ["All"]});
        assert_eq!(decode(&body("DeleteOptions", &raw), ""), Ok(want));
    }

    #[test]
    fn a_scale_has_its_replicas_and_no_zeros() {
        let raw = field(2, &[1 << 3, 3]).into_iter().chain(field(3, &[1 << 3, 0])).collect::<Vec<_>>();
        let want = json!({"apiVersion": "v1", "kind": "Scale", "spec": {"replicas": 3}, "status": {}});
        assert_eq!(decode(&body("Scale", &raw), ""), Ok(want));
    }

    #[test]
    fn what_is_cut_or_foreign_is_an_error_and_no_panic() {
        let whole = team();
        for end in 0..whole.len() {
            // Some cuts fall between fields and are whole messages.
            let _ = decode(&whole[..end], "Namespace");
        }
        assert!(decode(b"{}", "Namespace").is_err());
        assert!(decode(&body("Pod", b""), "").is_err_and(|e| e.contains("application/json")));
        assert!(decode(&body("Namespace", &[0xff; 16]), "").is_err());
    }

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
        assert_eq!(decode(&encode(&options).expect("a known kind"), ""), Ok(options));
        assert!(decode(b"k8s", "DeleteOptions").is_err_and(|e| e.starts_with("provided data does not appear")));
        assert_eq!(decode(b"k8s\0\n\x7f", "DeleteOptions"), Err("unexpected EOF".to_owned()));
    }
}
