//! Whether a literal format fits its literal list of arguments.

use super::types::{Checked, Type};
use kubegraft_syntax::cel::ast::{Expr, Id, Kind};

/// What is wrong: the argument that is to blame, if it is one, and the message.
type Mistake = (Option<Id>, String);

/// Checks a call of `format`.
pub(super) fn check(checked: &Checked, format: &str, args: &[Expr]) -> Result<(), Mistake> {
    let bytes = format.as_bytes();
    let mut used = 0;
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] != b'%' {
            at += 1;
            continue;
        }
        if bytes.get(at + 1) == Some(&b'%') {
            at += 2;
            continue;
        }
        let clause = bytes.get(at + 1..).filter(|rest| !rest.is_empty());
        let clause = clause.ok_or_else(|| (None, "unexpected end of string".to_owned()))?;
        let arg = args.get(used).ok_or_else(|| (None, format!("index {used} out of range")))?;
        let precision = precision(clause)
            .map_err(|m| (None, format!("could not parse formatting clause: error while parsing precision: {m}")))?;
        one(checked, clause[precision], arg)?;
        at += precision + 2;
        used += 1;
    }
    if args.len() > used {
        let given = args.len();
        return Err((None, format!("too many arguments supplied to string.format (expected {used}, got {given})")));
    }
    Ok(())
}

/// The length of a leading precision.
fn precision(clause: &[u8]) -> Result<usize, String> {
    if clause[0] != b'.' {
        return Ok(0);
    }
    let digits = clause[1..].iter().take_while(|c| c.is_ascii_digit()).count();
    if digits + 1 == clause.len() {
        return Err("could not find end of precision specifier".to_owned());
    }
    let text = String::from_utf8_lossy(&clause[1..=digits]);
    let reason = match text.parse::<i64>() {
        Ok(_) => return Ok(digits + 1),
        Err(_) if text.is_empty() => "invalid syntax",
        Err(_) => "value out of range",
    };
    Err(format!("error while converting precision to integer: strconv.Atoi: parsing \"{text}\": {reason}"))
}

fn one(checked: &Checked, clause: u8, arg: &Expr) -> Result<(), Mistake> {
    let t = checked.type_of(arg.id);
    let (fits, rule) = match clause {
        b's' => {
            return string(checked, arg).map_err(|id| {
                mistake(
                    id,
                    "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps",
                    checked.type_of(id),
                )
            });
        }
        b'd' => (matches!(t, Type::Int | Type::Uint), "decimal clause can only be used on integers"),
        b'f' => (matches!(t, Type::Double | Type::String), "fixed-point clause can only be used on doubles"),
        b'e' => (matches!(t, Type::Double | Type::String), "scientific clause can only be used on doubles"),
        b'b' => {
            (matches!(t, Type::Int | Type::Uint | Type::Bool), "only integers and bools can be formatted as binary")
        }
        b'x' | b'X' => (
            matches!(t, Type::Int | Type::Uint | Type::String | Type::Bytes),
            "only integers, byte buffers, and strings can be formatted as hex",
        ),
        b'o' => (matches!(t, Type::Int | Type::Uint), "octal clause can only be used on integers"),
        other => {
            let c = char::from(other);
            return Err((None, format!("could not parse formatting clause: unrecognized formatting clause \"{c}\"")));
        }
    };
    if fits || matches!(t, Type::Dyn) { Ok(()) } else { Err(mistake(arg.id, rule, t)) }
}

fn mistake(id: Id, rule: &str, t: &Type) -> Mistake {
    (Some(id), format!("error during formatting: {rule}, was given {}", t.name()))
}

/// Whether `%s` can print it; otherwise the part that it cannot.
fn string(checked: &Checked, e: &Expr) -> Result<(), Id> {
    if matches!(checked.type_of(e.id), Type::Object(_) | Type::Named(_) | Type::Opaque(..) | Type::Any) {
        return Err(e.id);
    }
    match &e.kind {
        Kind::List { elements, .. } => elements.iter().try_for_each(|e| string(checked, e)),
        Kind::Map(entries) => entries.iter().try_for_each(|entry| {
            string(checked, &entry.key)?;
            string(checked, &entry.value)
        }),
        _ => Ok(()),
    }
}
