//! Field selectors (M/fields/selector.go): `f=v`, `f==v`, `f!=v`, joined by commas, with backslash escapes.

/// A parsed field selector; the default matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSelector(pub Vec<Requirement>);

/// One requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// Field path without a leading dot.
    pub field: String,
    /// Compared text.
    pub value: String,
    /// Whether it must be equal, or must not.
    pub equal: bool,
}

fn split(text: &str) -> Vec<String> {
    let (mut out, mut part, mut escaped) = (Vec::new(), String::new(), false);
    for c in text.chars() {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == ',' {
            out.push(std::mem::take(&mut part));
            continue;
        }
        part.push(c);
    }
    out.push(part);
    out
}

fn unescape(value: &str) -> Result<String, String> {
    let (mut out, mut chars) = (String::new(), value.chars());
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(e @ ('\\' | ',' | '=')) => out.push(e),
                Some(e) => {
                    return Err(format!("invalid field selector: invalid escape sequence: \\{e}"));
                }
                None => return Err("invalid field selector: invalid escape sequence: \"\\\\\"".into()),
            },
            ',' | '=' => return Err(format!("invalid field selector: unescaped character in value: {c:?}")),
            c => out.push(c),
        }
    }
    Ok(out)
}

impl FieldSelector {
    /// Parses a selector.
    ///
    /// # Errors
    /// Upstream's message.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut out = Vec::new();
        for part in split(text).into_iter().filter(|p| !p.is_empty()) {
            let at = part.find(['=', '!']).filter(|i| part[*i..].starts_with('=') || part[*i..].starts_with("!="));
            let Some(i) = at else {
                return Err(format!("invalid selector: '{text}'; can't understand '{part}'"));
            };
            let (field, rest) = part.split_at(i);
            let (equal, value) = match (rest.strip_prefix("!="), rest.strip_prefix("=="), rest.strip_prefix('=')) {
                (Some(v), _, _) => (false, v),
                (_, Some(v), _) | (_, _, Some(v)) => (true, v),
                _ => (true, ""),
            };
            out.push(Requirement { field: field.to_owned(), value: unescape(value)?, equal });
        }
        Ok(Self(out))
    }

    /// What selects one object.
    pub fn named(name: &str) -> Self {
        Self(vec![Requirement { field: "metadata.name".into(), value: name.into(), equal: true }])
    }

    /// Whether it matches everything.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value a field is pinned to.
    pub fn pinned(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|r| r.equal && r.field == field).map(|r| r.value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_may_hold_escaped_commas() {
        let s = FieldSelector::parse(r"a=b\,c,d!=e").expect("valid");
        assert_eq!(s.0[0].value, "b,c");
        assert!(!s.0[1].equal);
        assert_eq!(FieldSelector::parse("a").unwrap_err(), "invalid selector: 'a'; can't understand 'a'");
    }
}
