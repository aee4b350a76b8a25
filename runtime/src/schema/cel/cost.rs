//! What an evaluation costs (cel-go `interpreter/runtimecost.go`, apiserver `cel/library/cost.go`): a meter with a limit, and
//! the price of each function by the sizes of its arguments. What an expression may cost at most is the estimator's.

use super::value::{Error, List, Map, Opaque, Value};
use std::time::{Duration, Instant};

/// What an evaluation may cost by default: upstream's limit per expression.
pub const PER_CALL_LIMIT: u64 = 1_000_000;
/// What all evaluations for one object may cost.
pub const PER_OBJECT_LIMIT: i64 = 10_000_000;

pub(super) const LIST: u64 = 10;
pub(super) const MAP: u64 = 30;
pub(super) const STRUCT: u64 = 40;
const CHARACTER: f64 = 0.1;
const PATTERN_CHARACTER: f64 = 0.25;

/// What rules of one object may take: many times what the dearest take on a busy machine, and unoptimized ten times that. Costs
/// are upstream's and leave out what is large only in strange objects, as do comparisons of lists of lists; upstream has the
/// deadline of the request for that.
pub const TIME_LIMIT: Duration = Duration::from_secs(if cfg!(debug_assertions) { 100 } else { 10 });
/// How many items all lists may have that an evaluation makes at no cost.
pub(super) const MAX_MADE: usize = 4 << 20;
/// How many steps there are between two looks at the clock, and how many make up for one that is as large as the object.
const STEPS: u32 = 256;
const LARGE_STEP: u32 = 64;

/// When evaluations have to be over. It starts when one turns out not to be short.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock(Option<Instant>);

impl Clock {
    /// Whether the time is over.
    pub(super) fn is_over(&mut self) -> bool {
        let now = Instant::now();
        now > *self.0.get_or_insert(now + TIME_LIMIT)
    }
}

/// Counts what one evaluation costs.
#[derive(Debug)]
pub struct Meter {
    cost: u64,
    limit: u64,
    steps: u32,
    made: usize,
    clock: Clock,
}

impl Meter {
    /// A meter that ends the evaluation above the limit.
    pub fn new(limit: u64) -> Self {
        Self::timed(limit, Clock::default())
    }

    /// A meter with what others have left of the time.
    pub fn timed(limit: u64, clock: Clock) -> Self {
        Self { cost: 0, limit, steps: 0, made: 0, clock }
    }

    /// What has been counted.
    pub fn cost(&self) -> u64 {
        self.cost
    }

    /// For the next meter.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    pub(super) fn charge(&mut self, cost: u64) -> Result<(), Error> {
        self.cost = self.cost.saturating_add(cost);
        self.steps += 1;
        if self.cost > self.limit {
            return Err(Error::cancelled());
        }
        if self.steps < STEPS { Ok(()) } else { self.look() }
    }

    /// Looks at the clock.
    #[cold]
    fn look(&mut self) -> Result<(), Error> {
        self.steps = 0;
        if self.clock.is_over() { Err(Error::interrupted()) } else { Ok(()) }
    }

    /// A step that may be as long as the object is large is ahead, whatever it costs.
    pub(super) fn expect_large(&mut self) {
        self.steps += LARGE_STEP;
    }

    /// Counts the items of a list that is made at no cost.
    pub(super) fn make(&mut self, items: usize) -> Result<(), Error> {
        self.made = self.made.saturating_add(items);
        if self.made > MAX_MADE { Err(Error::cancelled()) } else { Ok(()) }
    }

    /// Presence tests are free upstream: it takes back what selecting costs.
    pub(super) fn refund(&mut self) {
        self.cost = self.cost.saturating_sub(1);
    }
}

/// The price of a call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cost {
    Fixed(u64),
    /// The first argument is read so many times.
    Read(f64),
    /// The first argument is read with all that is in it.
    Traverse,
    /// The result is written, twice.
    Joined,
    /// A pattern in the second argument is matched.
    Pattern,
    /// A part in the second argument is looked for.
    Part,
    /// The first two arguments are written one after the other.
    Concat,
    /// The shorter of the first two is read.
    Compare,
    /// The second argument, a list, is searched.
    InList,
    /// A network and an address, or a text to be read as one.
    ContainsIp(bool),
    /// Two networks, or a text to be read as one.
    ContainsCidr(bool),
    /// A text is matched against the pattern of a named format.
    Validate,
    /// A selector is parsed.
    Selector,
    /// A list is made, as long as the result.
    Output,
    /// A list is made of the first argument, level by level.
    Flatten,
    /// A list is made after comparing the items of that argument with each other.
    SelfCompare(usize),
    /// Every item of one list is compared with every item of the other, so many times.
    Sets(u64),
}

/// Rounds up, which the library would do by a call.
fn ceil(size: f64) -> u64 {
    let whole = size as u64;
    if (whole as f64) < size { whole.saturating_add(1) } else { whole }
}

/// What matching a text of that size costs for each of its characters with a pattern of that many.
pub(super) fn pattern(size: u64) -> u64 {
    ceil(size as f64 * PATTERN_CHARACTER)
}

/// The price of matching a text of that size.
pub(super) fn matching(text: u64, pattern: u64) -> u64 {
    ceil((1.0 + text as f64) * CHARACTER).saturating_mul(pattern)
}

fn read(size: u64) -> u64 {
    ceil(size as f64 * CHARACTER)
}

impl Cost {
    /// The price of a function's overload, or of a function whose overload the checker could not tell.
    pub(super) fn of(function: &str, overload: Option<&str>) -> Self {
        match overload.unwrap_or_default() {
            "list_slice" | "lists_range" | "list_reverse" => return Self::Output,
            "list_flatten" | "list_flatten_int" => return Self::Flatten,
            "list_distinct" => return Self::SelfCompare(0),
            "list_sets_contains_list" | "list_sets_intersects_list" => return Self::Sets(1),
            "list_sets_equivalent_list" => return Self::Sets(2),
            o if o.starts_with("list_") && o.ends_with("_sort") => return Self::SelfCompare(0),
            o if o.starts_with("list_") && o.ends_with("_sortByAssociatedKeys") => return Self::SelfCompare(1),
            _ => {}
        }
        match function {
            "check" => return Self::Fixed(350_000),
            "fieldSelector" | "labelSelector" => return Self::Selector,
            "isSorted" | "sum" | "max" | "min" | "indexOf" | "lastIndexOf" => return Self::Traverse,
            "url" | "lowerAscii" | "upperAscii" | "substring" | "trim" | "cidr" | "isIP" | "isCIDR" | "quantity"
            | "isQuantity" | "semver" | "isSemver" => return Self::Read(1.0),
            "ip" if overload == Some("cidr_ip") => return Self::Fixed(1),
            "ip" => return Self::Read(1.0),
            "replace" | "split" | "ip.isCanonical" => return Self::Read(2.0),
            "join" => return Self::Joined,
            "find" | "findAll" => return Self::Pattern,
            "containsIP" => return Self::ContainsIp(overload == Some("cidr_contains_ip_string")),
            "containsCIDR" => return Self::ContainsCidr(overload == Some("cidr_contains_cidr_string")),
            "validate" => return Self::Validate,
            _ => {}
        }
        match overload.unwrap_or_default() {
            "starts_with_string" | "ends_with_string" | "string_to_bytes" | "bytes_to_string" | "strings_quote"
            | "string_format" => Self::Read(1.0),
            "in_list" => Self::InList,
            "less_string"
            | "greater_string"
            | "less_equals_string"
            | "greater_equals_string"
            | "less_bytes"
            | "greater_bytes"
            | "less_equals_bytes"
            | "greater_equals_bytes" => Self::Compare,
            "add_string" | "add_bytes" => Self::Concat,
            "matches_string" => Self::Pattern,
            "contains_string" => Self::Part,
            _ => Self::Fixed(1),
        }
    }

    /// The price where the arguments alone make it, so that what is too dear need not be done.
    pub(super) fn before(self, args: &[Value<'_>]) -> Result<Option<u64>, Error> {
        let size = |i: usize| args.get(i).map_or(1, Value::cost_size);
        Ok(Some(match self {
            Self::Fixed(n) => n,
            Self::Read(times) => ceil(size(0) as f64 * times * CHARACTER),
            Self::Traverse => args.first().map_or(0, traversal),
            Self::Pattern => matching(size(0), pattern(size(1))),
            Self::Part => read(size(0)).saturating_mul(read(size(1))),
            Self::Concat => read(size(0).saturating_add(size(1))),
            Self::Compare => read(size(0).min(size(1))),
            Self::InList => size(1),
            Self::ContainsIp(parse) => read(size(0) * 2) + if parse { read(size(1)) } else { 0 },
            Self::ContainsCidr(parse) => read(size(0) * 2) + read(size(0)) + 1 + if parse { read(size(1)) } else { 0 },
            Self::Validate => match args.first() {
                Some(Value::Opaque(o)) => match &**o {
                    Opaque::Format(f) => {
                        let text = ceil((1.0 + size(1) as f64) * CHARACTER);
                        text * ceil(f.pattern_size as f64 * PATTERN_CHARACTER)
                    }
                    _ => 1,
                },
                _ => 1,
            },
            Self::Selector => {
                let n = size(1) as f64;
                LIST + ceil(n * CHARACTER) + ceil(ceil(n * 0.5) as f64 * (LIST + STRUCT) as f64)
            }
            Self::Flatten => {
                let depth = match args.get(1) {
                    None => 1.0,
                    Some(Value::Int(d)) => *d as f64,
                    Some(v) => {
                        let text =
                            format!("internal error: interface conversion: ref.Val is {}, not types.Int", v.go_type());
                        return Err(Error::fatal(text));
                    }
                };
                allocating(depth, size(0))
            }
            Self::SelfCompare(i) => match args.get(i) {
                Some(Value::List(l)) => {
                    let text = matches!(l.get(0), Some(Ok(Value::String(_) | Value::Bytes(_))));
                    let n = l.len() as u64;
                    allocating(if text { 2.0 + CHARACTER } else { 2.0 }, n.saturating_mul(n))
                }
                v => return Err(not_a_list(v)),
            },
            Self::Sets(times) => size(0).saturating_mul(size(1)).saturating_mul(times).saturating_add(1),
            Self::Joined | Self::Output => return Ok(None),
        }))
    }

    /// The price of a call of which the argument `at` failed: errors have the size of a number.
    pub(super) fn failed(self, args: &[Value<'_>], at: usize) -> Result<u64, Error> {
        match self {
            Self::SelfCompare(i) if i == at => Err(not_a_list(None)),
            Self::Flatten if at == 1 => {
                Err(Error::fatal("internal error: interface conversion: ref.Val is *types.Err, not types.Int"))
            }
            _ => Ok(self.before(args)?.unwrap_or_else(|| self.after(None))),
        }
    }

    /// The price where it takes the result, none of which stands for an error.
    pub(super) fn after(self, result: Option<&Value<'_>>) -> u64 {
        let size = result.map_or(1, Value::cost_size);
        match self {
            Self::Joined => ceil(size as f64 * 2.0 * CHARACTER),
            Self::Output => allocating(1.0, size),
            _ => 0,
        }
    }
}

fn allocating(factor: f64, size: u64) -> u64 {
    ((size as f64 * factor) as u64).saturating_add(1).saturating_add(LIST)
}

/// Upstream reckons the cost of a mismatched call with the wrong types, and falls over it.
fn not_a_list(v: Option<&Value<'_>>) -> Error {
    let (name, missing) = match v {
        Some(
            v @ (Value::Int(_)
            | Value::Uint(_)
            | Value::Double(_)
            | Value::String(_)
            | Value::Bytes(_)
            | Value::Timestamp(_)
            | Value::Duration(_)),
        ) => (v.go_type(), "Contains"),
        Some(v) => (v.go_type(), "Add"),
        None => ("*types.Err", "Add"),
    };
    Error::fatal(format!("internal error: interface conversion: {name} is not traits.Lister: missing method {missing}"))
}

/// The price of `==`: Kubernetes' own values cost the same whatever they are.
pub(super) fn equality(a: Option<&Value<'_>>, b: Option<&Value<'_>>, equals: bool) -> u64 {
    match a {
        Some(Value::Opaque(_)) if equals => 1,
        _ => read(a.map_or(1, Value::cost_size).min(b.map_or(1, Value::cost_size))),
    }
}

/// The price of reading a value with all that is in it.
fn traversal(v: &Value<'_>) -> u64 {
    let bytes = |n: usize| (n as f64 * CHARACTER) as u64;
    match v {
        Value::String(s) => bytes(s.len()),
        Value::Bytes(b) => bytes(b.len()),
        Value::List(List::Range(n)) => u64::try_from(*n).unwrap_or(0),
        Value::List(l) => l.iter().map(|v| v.map_or(1, |v| traversal(&v))).fold(0, u64::saturating_add),
        Value::Map(m) => entries(m),
        _ => 1,
    }
}

fn entries(m: &Map<'_>) -> u64 {
    let value = |k: &Value<'_>| match m.get(k) {
        Some(Ok(v)) => traversal(&v),
        _ => 1,
    };
    m.keys().iter().map(|k| traversal(k).saturating_add(value(k))).fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::{Clock, MAX_MADE, Meter, TIME_LIMIT};
    use crate::schema::cel::{Program, compile};
    use std::time::Instant;

    fn error(expression: &str, mut meter: Meter) -> String {
        let checked = compile(expression, &[]).expect("an expression");
        let program = Program::new(&checked, &[]).expect("a program");
        program.eval(&[], &mut meter).expect_err(expression).to_string()
    }

    #[test]
    fn an_evaluation_ends_when_its_time_is_over() {
        let over = Clock(Instant::now().checked_sub(TIME_LIMIT));
        assert_eq!(error("lists.range(1000).all(i, i >= 0)", Meter::timed(u64::MAX, over)), "operation interrupted");
        let still = Meter::new(u64::MAX);
        assert_eq!(error("lists.range(1000).all(i, i >= 0) ? 1 / 0 : 1", still), "division by zero");
    }

    #[test]
    fn lists_that_cost_nothing_to_make_end_an_evaluation_when_they_are_very_many() {
        let cut = "operation cancelled: actual cost limit exceeded";
        let doubled = format!("[[1, 2]]{}.size()", ".map(a, a + a)".repeat(40));
        assert_eq!(error(&doubled, Meter::new(1_000_000)), cut);
        let n = MAX_MADE / 1000;
        let flat = format!("lists.range({n}).map(i, lists.range(2000)).flatten().size()");
        assert_eq!(error(&flat, Meter::new(u64::MAX)), cut);
        let grown = "lists.range(100000).map(i, i).size() / 0";
        assert_eq!(error(grown, Meter::new(u64::MAX)), "division by zero", "an accumulator is made once");
    }
}
