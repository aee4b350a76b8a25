//! Requests in Kubernetes' protobuf form, read into the JSON value they stand for. client-go's typed clients write compiled-in
//! kinds so, `kubectl create namespace` among them. The messages are tables of field numbers, as the `generated.proto` files of
//! k8s.io/api and k8s.io/apimachinery list them; fields of no table are passed over. What Go writes as a zero is an absent
//! member.

use super::MAX_DEPTH;
use serde_json::{Map, Value};

/// What every such body begins with (R30).
pub const MAGIC: &[u8] = b"k8s\0";

type Field = (u64, &'static str, &'static Type);

enum Type {
    Text,
    Integer,
    Flag,
    /// Seconds and nanoseconds since the epoch.
    Time,
    /// JSON in field 1.
    Raw,
    /// Pairs of key (1) and value (2).
    Pairs,
    Repeated(&'static Type),
    Message(&'static [Field]),
}

use Type::{Flag, Integer, Message, Pairs, Raw, Repeated, Text, Time};

static UNKNOWN: &[Field] = &[(1, "typeMeta", &Message(&[(1, "apiVersion", &Text), (2, "kind", &Text)]))];

static OBJECT_META: Type = Message(&[
    (1, "name", &Text),
    (2, "generateName", &Text),
    (3, "namespace", &Text),
    (4, "selfLink", &Text),
    (5, "uid", &Text),
    (6, "resourceVersion", &Text),
    (7, "generation", &Integer),
    (8, "creationTimestamp", &Time),
    (9, "deletionTimestamp", &Time),
    (10, "deletionGracePeriodSeconds", &Integer),
    (11, "labels", &Pairs),
    (12, "annotations", &Pairs),
    (13, "ownerReferences", &Repeated(&OWNER)),
    (14, "finalizers", &Repeated(&Text)),
    (17, "managedFields", &Repeated(&MANAGED)),
]);

static OWNER: Type = Message(&[
    (1, "kind", &Text),
    (3, "name", &Text),
    (4, "uid", &Text),
    (5, "apiVersion", &Text),
    (6, "controller", &Flag),
    (7, "blockOwnerDeletion", &Flag),
]);

static MANAGED: Type = Message(&[
    (1, "manager", &Text),
    (2, "operation", &Text),
    (3, "apiVersion", &Text),
    (4, "time", &Time),
    (6, "fieldsType", &Text),
    (7, "fieldsV1", &Raw),
    (8, "subresource", &Text),
]);

static NAMESPACE: &[Field] = &[
    (1, "metadata", &OBJECT_META),
    (2, "spec", &Message(&[(1, "finalizers", &Repeated(&Text))])),
    (3, "status", &Message(&[(1, "phase", &Text), (2, "conditions", &Repeated(&CONDITION))])),
];

static CONDITION: Type = Message(&[
    (1, "type", &Text),
    (2, "status", &Text),
    (4, "lastTransitionTime", &Time),
    (5, "reason", &Text),
    (6, "message", &Text),
]);

/// A question about the client itself: nothing in it is the client's to say.
static SUBJECT_REVIEW: &[Field] = &[(1, "metadata", &OBJECT_META)];

static ACCESS_REVIEW: &[Field] = &[
    (1, "metadata", &OBJECT_META),
    (2, "spec", &Message(&[(1, "resourceAttributes", &RESOURCE), (2, "nonResourceAttributes", &PATH)])),
];

static RULES_REVIEW: &[Field] = &[(1, "metadata", &OBJECT_META), (2, "spec", &Message(&[(1, "namespace", &Text)]))];

static RESOURCE: Type = Message(&[
    (1, "namespace", &Text),
    (2, "verb", &Text),
    (3, "group", &Text),
    (4, "version", &Text),
    (5, "resource", &Text),
    (6, "subresource", &Text),
    (7, "name", &Text),
]);

static PATH: Type = Message(&[(1, "path", &Text), (2, "verb", &Text)]);

static DELETE_OPTIONS: &[Field] = &[
    (1, "gracePeriodSeconds", &Integer),
    (2, "preconditions", &Message(&[(1, "uid", &Text), (2, "resourceVersion", &Text)])),
    (3, "orphanDependents", &Flag),
    (4, "propagationPolicy", &Text),
    (5, "dryRun", &Repeated(&Text)),
    (6, "ignoreStoreReadErrorWithClusterBreakingPotential", &Flag),
];

/// The object of a body.
///
/// # Errors
/// A body of another form, or of a kind there is no table for.
pub fn decode(body: &[u8]) -> Result<Value, String> {
    let envelope = body.strip_prefix(MAGIC).ok_or("the body does not begin as Kubernetes' protobuf does")?;
    let mut out = match message(envelope, UNKNOWN, 0)?.remove("typeMeta") {
        Some(Value::Object(o)) => o,
        _ => return Err("the body does not say its kind".into()),
    };
    let raw = fields(envelope)?.into_iter().find_map(|f| f.bytes().filter(|_| f.number == 2)).unwrap_or_default();
    let table = match out.get("kind").and_then(Value::as_str).unwrap_or_default() {
        "Namespace" => NAMESPACE,
        "DeleteOptions" => DELETE_OPTIONS,
        "SelfSubjectReview" => SUBJECT_REVIEW,
        "SelfSubjectAccessReview" => ACCESS_REVIEW,
        "SelfSubjectRulesReview" => RULES_REVIEW,
        other => return Err(format!("no protobuf form of kind {other:?} is known; send application/json")),
    };
    out.extend(message(raw, table, 0)?);
    Ok(out.into())
}

struct Wire<'a> {
    number: u64,
    content: Content<'a>,
}

enum Content<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

impl<'a> Wire<'a> {
    fn bytes(&self) -> Option<&'a [u8]> {
        match self.content {
            Content::Bytes(b) => Some(b),
            Content::Number(_) => None,
        }
    }
}

fn varint(bytes: &mut &[u8]) -> Result<u64, String> {
    let mut out = 0u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first().ok_or("the body ends inside a number")?;
        *bytes = rest;
        out |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(out);
        }
    }
    Err("a number is too long".into())
}

fn fields<'a>(mut bytes: &'a [u8]) -> Result<Vec<Wire<'a>>, String> {
    let mut out = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes)?;
        let take = |bytes: &mut &'a [u8], n: u64| {
            let cut = usize::try_from(n).ok().and_then(|n| bytes.split_at_checked(n));
            let (taken, rest) = cut.ok_or("the body ends inside a field")?;
            *bytes = rest;
            Ok::<_, String>(Content::Bytes(taken))
        };
        let content = match tag & 7 {
            0 => Content::Number(varint(&mut bytes)?),
            1 => take(&mut bytes, 8)?,
            5 => take(&mut bytes, 4)?,
            2 => {
                let n = varint(&mut bytes)?;
                take(&mut bytes, n)?
            }
            other => return Err(format!("wire type {other} is not known")),
        };
        out.push(Wire { number: tag >> 3, content });
    }
    Ok(out)
}

fn message(bytes: &[u8], table: &[Field], depth: usize) -> Result<Map<String, Value>, String> {
    if depth > MAX_DEPTH {
        return Err("the body nests too deep".into());
    }
    let mut out = Map::new();
    for field in fields(bytes)? {
        let Some((_, name, type_)) = table.iter().find(|(n, ..)| *n == field.number) else { continue };
        match type_ {
            Repeated(inner) => {
                let Some(item) = value(&field, inner, depth)? else { continue };
                match out.entry(*name).or_insert_with(|| Value::Array(Vec::new())) {
                    Value::Array(list) => list.push(item),
                    other => *other = item,
                }
            }
            Pairs => {
                let pair = message(field.bytes().unwrap_or_default(), &[(1, "k", &Text), (2, "v", &Text)], depth + 1)?;
                let text = |k: &str| pair.get(k).and_then(Value::as_str).unwrap_or_default().to_owned();
                match out.entry(*name).or_insert_with(|| Value::Object(Map::new())) {
                    Value::Object(map) => drop(map.insert(text("k"), text("v").into())),
                    other => *other = Value::Null,
                }
            }
            single => {
                let zero = |v: &Value| *v == "" || (**name == *"generation" && *v == 0);
                if let Some(v) = value(&field, single, depth)?.filter(|v| !zero(v)) {
                    out.insert((*name).into(), v);
                }
            }
        }
    }
    Ok(out)
}

fn value(field: &Wire<'_>, type_: &Type, depth: usize) -> Result<Option<Value>, String> {
    Ok(match (type_, &field.content) {
        (Text, Content::Bytes(b)) => Some(std::str::from_utf8(b).map_err(|_| "a text is not UTF-8".to_owned())?.into()),
        // Two's complement, as int64 is written.
        (Integer, Content::Number(n)) => Some((*n as i64).into()),
        (Flag, Content::Number(n)) => Some((*n != 0).into()),
        (Time, Content::Bytes(b)) => {
            let parts = message(b, &[(1, "seconds", &Integer)], depth + 1)?;
            let seconds = parts.get("seconds").and_then(Value::as_i64);
            let at = seconds.and_then(|s| jiff::Timestamp::from_second(s).ok());
            at.map(|at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string().into())
        }
        (Raw, Content::Bytes(b)) => {
            let raw = fields(b)?.into_iter().find_map(|f| f.bytes().filter(|_| f.number == 1));
            raw.map(super::json::decode).transpose()?.map(|d| d.value)
        }
        (Message(table), Content::Bytes(b)) => Some(message(b, table, depth + 1)?.into()),
        _ => return Err(format!("field {} has another wire type than expected", field.number)),
    })
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
        assert_eq!(decode(&team()), Ok(want));
    }

    #[test]
    fn options_keep_their_zeros() {
        let raw = [vec![1 << 3, 0], vec![3 << 3, 0], field(5, b"All")].concat();
        let want = json!({"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0, "orphanDependents": false,
            "dryRun": ["All"]});
        assert_eq!(decode(&body("DeleteOptions", &raw)), Ok(want));
    }

    #[test]
    fn what_is_cut_or_foreign_is_an_error_and_no_panic() {
        let whole = team();
        for end in 0..whole.len() {
            // Some cuts fall between fields and are whole messages.
            let _ = decode(&whole[..end]);
        }
        assert!(decode(b"{}").is_err());
        assert!(decode(&body("Pod", b"")).is_err_and(|e| e.contains("application/json")));
        assert!(decode(&body("Namespace", &[0xff; 16])).is_err());
    }
}
