//! Kube-aware order of version names (M/version/helpers.go): GA first, then beta, then alpha, each newest first; names of
//! any other form come last, in lexical order.

use std::cmp::Ordering;

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Alpha,
    Beta,
    Ga,
}

fn digits(s: &str) -> Option<(u64, &str)> {
    let end = s.find(|c: char| !c.is_ascii_digit()).unwrap_or(s.len());
    if s.starts_with('0') {
        return None;
    }
    Some((s[..end].parse().ok()?, &s[end..]))
}

fn parse(v: &str) -> Option<(Stage, u64, u64)> {
    let (major, rest) = digits(v.strip_prefix('v')?)?;
    if rest.is_empty() {
        return Some((Stage::Ga, major, 0));
    }
    let (stage, rest) = match (rest.strip_prefix("beta"), rest.strip_prefix("alpha")) {
        (Some(r), _) => (Stage::Beta, r),
        (_, Some(r)) => (Stage::Alpha, r),
        _ => return None,
    };
    match digits(rest)? {
        (minor, "") => Some((stage, major, minor)),
        _ => None,
    }
}

/// Orders version names by priority, the preferred one first.
pub fn by_priority(a: &str, b: &str) -> Ordering {
    match (parse(a), parse(b)) {
        (Some(x), Some(y)) => y.cmp(&x),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.cmp(b),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn ga_before_beta_before_alpha_before_the_rest() {
        let mut v =
            vec!["foo10", "v11alpha2", "v1", "foo1", "v12alpha1", "v3beta1", "v2", "v10", "v11beta2", "v10beta3"];
        v.sort_by(|a, b| super::by_priority(a, b));
        let want = ["v10", "v2", "v1", "v11beta2", "v10beta3", "v3beta1", "v12alpha1", "v11alpha2", "foo1", "foo10"];
        assert_eq!(v, want);
    }
}
