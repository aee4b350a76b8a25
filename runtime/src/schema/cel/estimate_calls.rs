//! What calls cost at worst, and how large their results may be.
//!
//! Source: cel-go, `checker/cost.go` and its libraries of lists and sets; Kubernetes, `apiserver/pkg/cel/library/cost.go`.

use super::estimate::{Argument, Estimator};
use super::range::Range;
use super::types::Type;
use kubegraft_syntax::cel::ast::{Expr, Kind, Literal};

/// Of each character, to read a text once.
pub(super) const TRAVERSAL: f64 = 0.1;
/// Of each character of a pattern.
const PATTERN: f64 = 0.25;
/// The longest pattern of a named format, as costs take it.
const FORMAT_PATTERN: f64 = 128.0;
/// The largest named format.
const FORMAT: u64 = 64;
const ONE: Range = Range::exactly(1);
const LIST: Range = Range::exactly(10);
/// The bytes of an address.
const ADDRESS: Range = Range { min: 4, max: 16 };

/// A call of one overload.
pub(super) struct Call<'c, 'a> {
    pub(super) function: &'c str,
    pub(super) overload: &'static str,
    pub(super) target: Option<&'c Argument<'a>>,
    pub(super) args: &'c [Argument<'a>],
    /// The costs of the arguments.
    pub(super) costs: &'c [Range],
}

impl Call<'_, '_> {
    pub(super) fn arguments_cost(&self) -> Range {
        self.costs.iter().fold(Range::exactly(0), |sum, c| sum.plus(*c))
    }
}

/// A cost without that of the arguments, and the size of the result.
type Estimate = (Range, Option<Range>);

/// The estimate that a library makes, if one does.
pub(super) fn library(estimator: &Estimator<'_>, call: &Call<'_, '_>) -> Option<Estimate> {
    lists_and_sets(call).or_else(|| kubernetes(estimator, call))
}

fn lists_and_sets(call: &Call<'_, '_>) -> Option<Estimate> {
    let sets = |factor: f64| match call.args {
        [a, b] => Some((a.size().times(b.size()).scaled(factor).plus(ONE), None)),
        _ => None,
    };
    let allocated = |factor: f64, size: Range| Some((size.scaled(factor).plus(ONE).plus(LIST), Some(size)));
    let squared = |factor: f64, size: Range| allocated(factor, size.times(size));
    // Texts also cost their comparison.
    let by_text = |overload: &str| {
        if overload.starts_with("list_string") || overload.starts_with("list_bytes") { 2.1 } else { 2.0 }
    };
    match (call.overload, call.target, call.args) {
        ("list_sets_contains_list" | "list_sets_intersects_list", _, _) => sets(1.0),
        ("list_sets_equivalent_list", _, _) => sets(2.0),
        ("list_slice", Some(list), [start, end]) => {
            let end = whole_number(end.expr).unwrap_or(list.size().max);
            let length = end.wrapping_sub(whole_number(start.expr).unwrap_or(0));
            allocated(1.0, Range::exactly(length))
        }
        ("list_flatten", Some(list), _) => allocated(1.0, list.size()),
        ("list_flatten_int", Some(list), [depth]) => {
            allocated(whole_number(depth.expr).unwrap_or(u64::MAX) as f64, list.size())
        }
        ("lists_range", None, [n]) => allocated(1.0, Range::exactly(whole_number(n.expr).unwrap_or(u64::MAX))),
        ("list_reverse", Some(list), []) => allocated(1.0, list.size()),
        ("list_distinct", Some(list), []) => squared(2.0, list.size()),
        (overload, Some(list), []) if overload.ends_with("_sort") => squared(by_text(overload), list.size()),
        (overload, Some(_), [keys]) if overload.ends_with("_sortByAssociatedKeys") => {
            squared(by_text(overload), keys.size())
        }
        _ => None,
    }
}

/// An integer that is written out; a negative one counts as none.
fn whole_number(e: &Expr) -> Option<u64> {
    match e.kind {
        Kind::Literal(Literal::Int(n)) => Some(n.max(0) as u64),
        _ => None,
    }
}

fn kubernetes(estimator: &Estimator<'_>, call: &Call<'_, '_>) -> Option<Estimate> {
    let first = call.args.first().map(|a| declared(estimator, a));
    let target = call.target.map(|t| declared(estimator, t));
    let cost = |cost| Some((cost, None));
    match call.function {
        "check" => cost(Range::exactly(350_000)),
        "serviceAccount" | "path" | "group" | "resource" | "subresource" | "namespace" | "name" | "allowed"
        | "reason" | "error" | "errored" => cost(ONE),
        "fieldSelector" | "labelSelector" => match call.args {
            [_] => cost(selector(first?)),
            _ => None,
        },
        "isSorted" | "sum" | "max" | "min" | "indexOf" | "lastIndexOf" => search(estimator, call.target?),
        "url" => match call.args {
            [_] => Some((first?.scaled(TRAVERSAL), first)),
            _ => None,
        },
        "lowerAscii" | "upperAscii" | "substring" | "trim" => Some((target?.scaled(TRAVERSAL), target)),
        "replace" => match call.args {
            [from, to, ..] => Some(replace(target?, declared(estimator, from), declared(estimator, to))),
            _ => None,
        },
        "split" => {
            let most = match call.args.get(1).map(|a| &a.expr.kind) {
                Some(Kind::Literal(Literal::Int(n))) => *n as u64,
                _ => target?.max,
            };
            Some((target?.scaled(2.0 * TRAVERSAL), Some(Range { min: 0, max: most })))
        }
        "join" => join(estimator, call.target?, first),
        "find" | "findAll" => {
            let text = target?.plus(ONE).scaled(TRAVERSAL);
            Some((text.times(first?.scaled(PATTERN)), Some(Range { min: 0, max: target?.max })))
        }
        "ip" if call.overload == "cidr_ip" => cost(ONE),
        "cidr" | "isIP" | "isCIDR" | "ip" | "quantity" | "isQuantity" | "semver" | "isSemver" => {
            cost(first?.scaled(TRAVERSAL))
        }
        "ip.isCanonical" => cost(first?.scaled(2.0 * TRAVERSAL)),
        "containsIP" | "containsCIDR" => {
            let mut sum = ADDRESS.plus(ADDRESS).scaled(TRAVERSAL);
            if call.function == "containsCIDR" {
                sum = sum.plus(ADDRESS.scaled(TRAVERSAL)).plus(ONE);
            }
            if matches!(call.overload, "cidr_contains_ip_string" | "cidr_contains_cidr_string") {
                sum = sum.plus(first?.scaled(TRAVERSAL));
            }
            first.and_then(|_| cost(sum))
        }
        "validate" => cost(first?.scaled(TRAVERSAL).scaled(FORMAT_PATTERN * PATTERN)),
        "masked"
        | "prefixLength"
        | "family"
        | "isUnspecified"
        | "isLoopback"
        | "isLinkLocalMulticast"
        | "isLinkLocalUnicast"
        | "isGlobalUnicast"
        | "format.named"
        | "sign"
        | "asInteger"
        | "isInteger"
        | "asApproximateFloat"
        | "isGreaterThan"
        | "isLessThan"
        | "compareTo"
        | "add"
        | "sub"
        | "major"
        | "minor"
        | "patch"
        | "getScheme"
        | "getHostname"
        | "getHost"
        | "getPort"
        | "getEscapedPath"
        | "getQuery" => cost(ONE),
        "_==_" => equality(call),
        _ => None,
    }
}

/// The size that is known or that the schema allows.
fn declared(estimator: &Estimator<'_>, argument: &Argument<'_>) -> Range {
    argument.size.or_else(|| estimator.declared_size(&argument.path)).unwrap_or(Range::UNKNOWN)
}

fn selector(length: Range) -> Range {
    let requirements = length.scaled(0.5).scaled(50.0);
    LIST.plus(length.scaled(TRAVERSAL)).plus(requirements)
}

/// The type of a list's elements (or of the first thing in any other type with parameters), and what is known of their size.
fn element<'t>(estimator: &Estimator<'_>, list: &'t Argument<'_>) -> Option<(&'t Type, Range)> {
    let t = match list.type_ {
        Type::List(e) | Type::Opaque(_, Some(e)) | Type::Type(Some(e)) => e,
        Type::Map(entry) => &entry.0,
        _ => return None,
    };
    let size = list.path.first().and_then(|_| estimator.declared_size(&list.path.extended("@items")));
    Some((t, size.unwrap_or(Range::UNKNOWN)))
}

fn search(estimator: &Estimator<'_>, target: &Argument<'_>) -> Option<Estimate> {
    let size = declared(estimator, target);
    let cost = match element(estimator, target) {
        Some((Type::String | Type::Bytes, each)) => size.times(ONE.plus(each.scaled(TRAVERSAL))),
        Some(_) => size.times(ONE),
        None => size.scaled(TRAVERSAL),
    };
    Some((cost, None))
}

fn replace(text: Range, from: Range, to: Range) -> Estimate {
    let (mut count, mut kept) = (Range::exactly(0), Range::exactly(0));
    // The longest result: an empty text is found around every character.
    if from.min == 0 {
        count.max = text.max.saturating_add(1);
        kept.max = text.max;
    } else if to.max <= from.min {
        kept.max = text.max;
    } else {
        count.max = (text.max as f64 / from.min as f64).ceil() as u64;
    }
    // The shortest.
    if from.max == 0 {
        count.min = text.min.saturating_add(1);
        kept.min = text.min;
    } else if from.max <= to.min {
        kept.min = text.min;
    } else {
        count.min = (text.min as f64 / from.max as f64).ceil() as u64;
    }
    (text.scaled(2.0 * TRAVERSAL), Some(count.times(to).plus(kept)))
}

fn join(estimator: &Estimator<'_>, list: &Argument<'_>, separator: Option<Range>) -> Option<Estimate> {
    let count = declared(estimator, list);
    let mut size = element(estimator, list).map_or(Range::exactly(0), |(_, each)| count.times(each));
    if let Some(separator) = separator {
        let between = Range { min: count.min.saturating_sub(1), max: count.max.saturating_sub(1) };
        size = size.plus(separator.times(between));
    }
    Some((size.scaled(TRAVERSAL), Some(size)))
}

fn equality(call: &Call<'_, '_>) -> Option<Estimate> {
    let [left, right] = call.args else { return None };
    if left.type_.name() != right.type_.name() {
        return None;
    }
    let cost = match left.type_ {
        t if *t == Type::IP || *t == Type::CIDR => ONE,
        t if *t == Type::FORMAT => Range { min: 1, max: FORMAT }.scaled(TRAVERSAL),
        t if *t == Type::URL => Range { min: 1, max: right.size.unwrap_or(ONE).max }.scaled(TRAVERSAL),
        Type::Named(_) => ONE,
        _ => return None,
    };
    Some((cost, None))
}

/// The estimate of what no library knows.
pub(super) fn standard(call: &Call<'_, '_>) -> Estimate {
    let (cost, size) = match (call.overload, call.target, call.args) {
        ("string_format", Some(target), _) => (target.size().scaled(TRAVERSAL), None),
        ("string_to_bytes", _, [arg]) => {
            let size = arg.size();
            // Every character may become four bytes.
            (size.scaled(TRAVERSAL), Some(Range { min: size.min, max: size.max.wrapping_mul(4) }))
        }
        ("bytes_to_string", _, [arg]) => {
            let size = arg.size();
            (size.scaled(TRAVERSAL), Some(Range { min: size.min / 4, max: size.max }))
        }
        ("strings_quote", _, [arg]) => {
            let size = arg.size();
            let quoted = Range { min: size.min.wrapping_add(2), max: size.max.wrapping_mul(2).wrapping_add(2) };
            (size.scaled(TRAVERSAL), Some(quoted))
        }
        ("starts_with_string" | "ends_with_string", _, [arg]) => (arg.size().scaled(TRAVERSAL), None),
        ("in_list", _, [_, list]) => (list.size().scaled(1.0), None),
        ("matches_string", Some(target), [pattern]) => {
            let text = target.size().plus(ONE).scaled(TRAVERSAL);
            (text.times(pattern.size().scaled(PATTERN)), None)
        }
        ("contains_string", Some(target), [part]) => {
            (target.size().scaled(TRAVERSAL).times(part.size().scaled(TRAVERSAL)), None)
        }
        (
            "less_string"
            | "greater_string"
            | "less_equals_string"
            | "greater_equals_string"
            | "less_bytes"
            | "greater_bytes"
            | "less_equals_bytes"
            | "greater_equals_bytes"
            | "equals"
            | "not_equals",
            _,
            [left, right],
        ) => {
            let most = left.size().max.min(right.size().max);
            (Range { min: u64::from(most > 0), max: most }.scaled(TRAVERSAL), None)
        }
        _ => (ONE, None),
    };
    (cost.plus(call.arguments_cost()), size)
}
