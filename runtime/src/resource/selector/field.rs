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
                None => return Err(r"invalid field selector: invalid escape sequence: \".into()),
            },
            // Upstream shows the character as its number.
            ',' | '=' => return Err(format!("invalid field selector: unescaped character in value: {}", u32::from(c))),
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
        // In their order by name, which shows where several are wrong.
        let mut parts = split(text);
        parts.sort();
        let mut out = Vec::new();
        for part in parts.into_iter().filter(|p| !p.is_empty()) {
            let operator =
                |(i, _)| ["!=", "==", "="].into_iter().find(|op| part[i..].starts_with(op)).map(|op| (i, op));
            let Some((i, operator)) = part.char_indices().find_map(operator) else {
                return Err(format!("invalid selector: '{text}'; can't understand '{part}'"));
            };
            let (field, value) = (part[..i].to_owned(), unescape(&part[i + operator.len()..])?);
            // Nothing is nothing, which any object has.
            if operator == "!=" || !(field.is_empty() && value.is_empty()) {
                out.push(Requirement { field, value, equal: operator != "!=" });
            }
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
        assert_eq!(FieldSelector::parse("=,a!b=c").expect("valid").0.len(), 1);
    }

    #[test]
    fn mistakes_are_named_in_the_order_of_the_parts() {
        let refused = |text: &str, want: &str| assert_eq!(FieldSelector::parse(text).unwrap_err(), want);
        refused("a", "invalid selector: 'a'; can't understand 'a'");
        refused("b,a!c", "invalid selector: 'b,a!c'; can't understand 'a!c'");
        refused("a=b=c", "invalid field selector: unescaped character in value: 61");
        refused(r"a=b\q", r"invalid field selector: invalid escape sequence: \q");
        refused(r"a=b\", r"invalid field selector: invalid escape sequence: \");
    }
}
