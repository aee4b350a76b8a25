//! The `fieldPath` of a rule: `.spec.name` or `.labels['a/b']`, as the path that errors show.

use crate::schema::node::Node;
use crate::status::field::Path;

/// The path as errors show it; none if it does not lead to a field of the schema.
pub(super) fn normalized(path: &str, node: &Node) -> Option<String> {
    let (mut out, mut node, mut rest) = (Path::root(), node, path);
    while !rest.is_empty() {
        let name;
        if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[', ']']).unwrap_or(after.len());
            if end == 0 {
                return None;
            }
            name = after[..end].to_owned();
            rest = &after[end..];
        } else {
            let quoted = rest.strip_prefix("['")?;
            (name, rest) = unquote(quoted)?;
            rest = rest.strip_prefix(']')?;
        }
        if node.declares_properties {
            out = out.child(&name);
            node = node.property(&name)?;
        } else {
            out = out.key(&name);
            node = node.additional_schema()?;
        }
    }
    Some(out.as_str().to_owned()).filter(|p| !p.is_empty())
}

/// The text up to the closing quote, and what follows.
fn unquote(s: &str) -> Option<(String, &str)> {
    let mut out = String::new();
    let mut chars = s.char_indices();
    while let Some((i, c)) = chars.next() {
        match c {
            '\'' => return Some((out, &s[i + 1..])),
            '\\' => out.push(match chars.next()?.1 {
                'a' => '\x07',
                'b' => '\x08',
                'f' => '\x0c',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'v' => '\x0b',
                c @ ('\'' | '\\') => c,
                _ => return None,
            }),
            c => out.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::normalized;
    use crate::schema::node::Node;
    use serde_json::json;

    #[test]
    fn paths_lead_through_properties_and_maps() {
        let node = Node::parse(&json!({"type": "object", "properties": {
            "spec": {"type": "object", "properties": {"a.b": {"type": "string"}}},
            "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        }}));
        assert_eq!(normalized(".spec['a.b']", &node).as_deref(), Some("spec.a.b"));
        assert_eq!(normalized(".labels['it\\'s']", &node).as_deref(), Some("labels[it's]"));
        for path in ["spec", ".spec.c", ".spec[0]", ".spec[", "."] {
            assert_eq!(normalized(path, &node), None, "{path}");
        }
    }
}
