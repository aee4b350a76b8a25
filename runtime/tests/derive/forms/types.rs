//! The forms of the reference page. Each starts at `// form: TITLE`, which the page prints with the text below it, and ends at
//! the next. `pub` is not printed.

use kubegraft::KubeSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::marker::PhantomData;
use std::num::{NonZeroU8, NonZeroU16};
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

// part: Structs

// form: Named fields
// A field is required unless it is an `Option` or has a default. Fields that are not named are pruned.
#[derive(KubeSchema, Serialize, Deserialize)]
pub struct Named {
    name: String,
    count: i32,
    maybe: Option<bool>,
}

// form: Renamed fields
// A name for writing and another for reading do not compile: Kubernetes gives back what was written.
#[derive(KubeSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Renamed {
    two_words: String,
    #[serde(rename = "type")]
    kind: i32,
}

// form: Aliases
// Each name is a field; exactly one of them is there.
#[derive(KubeSchema, Serialize, Deserialize)]
pub struct Aliased {
    #[serde(alias = "old", alias = "older")]
    name: String,
    #[serde(alias = "n")]
    number: Option<i32>,
}

// form: Defaults of fields
// What the field's default serializes to is the default of the schema, so that every client sees it.
#[derive(KubeSchema, Serialize, Deserialize)]
pub struct FieldDefaults {
    #[serde(default)]
    count: i32,
    #[serde(default = "three")]
    level: i32,
    #[serde(default)]
    inner: Nobody,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    list: Vec<String>,
}

fn three() -> i32 {
    3
}

// form: Defaults of the container
#[derive(KubeSchema, Serialize, Deserialize)]
#[serde(default)]
pub struct Nobody {
    name: String,
    count: u32,
    maybe: Option<String>,
}

impl Default for Nobody {
    fn default() -> Self {
        Self { name: "nobody".into(), count: 7, maybe: None }
    }
}

// form: Skipped fields
// A field that is neither read nor written is not there; one that is only written is there, and never required.
#[derive(KubeSchema, Serialize, Deserialize)]
pub struct Skipped {
    name: String,
    #[serde(skip)]
    cache: u64,
    #[serde(skip_deserializing)]
    written: u8,
    #[serde(skip_serializing)]
    read: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sometimes: Option<String>,
}

// form: Unknown fields denied
// Kubernetes prunes unknown fields before serde sees them, so that nothing need be said. It matters in unions.
#[derive(KubeSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Closed {
    name: String,
}

// form: Flattened struct
#[derive(KubeSchema, Serialize, Deserialize)]
pub struct FlatStruct {
    own: String,
    #[serde(flatten)]
    named: Named,
}

// form: Flattened option
// Nothing of it is required: what does not fit is none to serde.
#[derive(KubeSchema, Serialize, Deserialize)]
pub struct FlatOption {
    own: String,
    #[serde(flatten)]
    closed: Option<Closed>,
}

// form: Flattened map
// Unknown fields are kept: they are the map's.
#[derive(KubeSchema, Serialize, Deserialize)]
pub struct FlatMap {
    own: String,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

// form: Flattened enums
// A tagged enum brings its tag and the fields of its variants; several may stand beside one another.
#[derive(KubeSchema, Serialize, Deserialize)]
pub struct FlatEnums {
    own: String,
    #[serde(flatten)]
    internal: Internal,
    #[serde(flatten)]
    external: External,
}

// form: Flattened within a flattened struct
#[derive(KubeSchema, Serialize, Deserialize)]
pub struct FlatTwice {
    #[serde(flatten)]
    flat: FlatStruct,
    more: bool,
}

// form: Newtype
// The schema of what it wraps.
#[derive(KubeSchema, Serialize, Deserialize)]
pub struct Newtype(#[x_kube(max_length = 40)] String);

// form: Tuple
// A list of fixed length. Its members have one type, since Kubernetes knows one schema for all items.
#[derive(KubeSchema, Serialize, Deserialize)]
pub struct Pair(i32, i32);

// form: Unit
// Null. Little can be done with it in Kubernetes; an empty struct `{}` is an object.
#[derive(KubeSchema, Serialize, Deserialize)]
pub struct Unit;

// form: Empty struct
#[derive(KubeSchema, Serialize, Deserialize)]
pub struct Empty {}

// form: Transparent
#[derive(KubeSchema, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Transparent {
    inner: Option<i32>,
}

// form: Generic
// Each instance has a schema of its own.
#[derive(KubeSchema, Serialize, Deserialize)]
pub struct Generic<T> {
    value: T,
    list: Vec<T>,
}

// form: Lifetimes
#[derive(KubeSchema, Serialize, Deserialize)]
pub struct Borrowed<'a> {
    text: Cow<'a, str>,
}

// form: Functions that read and write
// Without `schema` this does not compile: a function's form cannot be seen.
#[derive(KubeSchema, Serialize, Deserialize)]
pub struct ByFunctions {
    #[serde(with = "hexadecimal")]
    #[x_kube(schema = String, pattern = "^[0-9a-f]{1,8}$")]
    number: u32,
}

mod hexadecimal {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(n: &u32, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(&format_args!("{n:x}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<u32, D::Error> {
        u32::from_str_radix(&String::deserialize(d)?, 16).map_err(D::Error::custom)
    }
}

// form: Remote
// serde's way to read a type of another crate: `with` names a type that has a schema.
pub struct Elsewhere {
    x: i32,
}

#[derive(KubeSchema, Serialize, Deserialize)]
#[serde(remote = "Elsewhere", rename_all = "UPPERCASE")]
pub struct ElsewhereDef {
    x: i32,
}

#[derive(KubeSchema, Serialize, Deserialize)]
pub struct Remote {
    #[serde(with = "ElsewhereDef")]
    there: Elsewhere,
}

// form: Read through another type
// The schema of the type that is read; `into` must write the same.
#[derive(KubeSchema, Serialize, Deserialize, Clone)]
#[serde(from = "Named", into = "Named")]
pub struct Through {
    count: i32,
}

impl From<Named> for Through {
    fn from(n: Named) -> Self {
        Self { count: n.count }
    }
}

impl From<Through> for Named {
    fn from(t: Through) -> Self {
        Self { name: String::new(), count: t.count, maybe: None }
    }
}

// part: Enums

// form: Names alone
#[derive(KubeSchema, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Colour {
    Red,
    #[serde(alias = "verde")]
    Green,
    #[serde(skip)]
    Unseen,
}

// form: External tags
// An object with one key, as Kubernetes' own unions are (`volumes[*]`).
#[derive(KubeSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum External {
    Number(i64),
    PlainText { the_text: String, size: Option<u8> },
    Nothing {},
    Named(Named),
}

// form: External tags, with and without content
// A string or an object. Kubernetes has no such type, so the node is open and the alternatives say what it may be.
#[derive(KubeSchema, Serialize, Deserialize)]
pub enum Mixed {
    Off,
    #[serde(alias = "Automatic")]
    Auto,
    Level(u8),
    Range {
        from: i32,
        to: i32,
    },
    Pair(i32, i32),
}

// form: Internal tag
// The tag is a field beside the others. Variants may share fields, also with different bounds.
#[derive(KubeSchema, Serialize, Deserialize)]
#[serde(tag = "type", rename_all_fields = "camelCase")]
pub enum Internal {
    Http { path_name: String, port: u16 },
    Tcp { port: i32 },
    Named(Named),
    None,
}

// form: Internal tag, unknown fields denied
// Fields of another variant are refused: Kubernetes would not prune them.
#[derive(KubeSchema, Serialize, Deserialize)]
#[serde(tag = "type", deny_unknown_fields)]
pub enum InternalClosed {
    A { a: i32 },
    B { b: i32 },
    C,
}

// form: Adjacent tag and content
#[derive(KubeSchema, Serialize, Deserialize)]
#[serde(tag = "t", content = "c")]
pub enum Adjacent {
    Unit,
    Number(i64),
    Text(String),
    Maybe(Option<bool>),
    Pair(u8, u8),
    Fields { a: bool },
}

// form: Adjacent tag and content, unknown fields denied
#[derive(KubeSchema, Serialize, Deserialize)]
#[serde(tag = "t", content = "c", deny_unknown_fields)]
pub enum AdjacentClosed {
    Unit,
    Text(String),
    Fields { a: bool },
}

// form: Untagged
#[derive(KubeSchema, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Untagged {
    Flag(bool),
    Number(f64),
    Text(String),
    List(Vec<i32>),
    Left { left: i32, common: String },
    Right { right: String, common: String },
}

// form: Untagged, number or string
// Kubernetes has a name for it.
#[derive(KubeSchema, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Port {
    Number(i32),
    Name(String),
}

// form: Untagged structs
// What is common is structure, the rest alternatives.
#[derive(KubeSchema, Serialize, Deserialize)]
#[serde(untagged)]
pub enum UntaggedStructs {
    Exact { at: i64 },
    Between { from: i64, to: i64 },
}

// form: Untagged variant of a tagged enum
// What is no known name is its content.
#[derive(KubeSchema, Serialize, Deserialize)]
pub enum Known {
    Yes,
    No,
    #[serde(untagged)]
    Custom(String),
}

// form: Other
// Any tag is read.
#[derive(KubeSchema, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum WithOther {
    A {
        a: i32,
    },
    #[serde(other)]
    Else,
}

// form: Other, with names alone
// An external tag has no `other`; a list of tags has.
#[derive(KubeSchema, Serialize, Deserialize)]
#[serde(tag = "t", content = "c")]
pub enum AdjacentOther {
    Text(String),
    #[serde(other)]
    Else,
}

// form: Internal tag around structs and enums
#[derive(KubeSchema, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Around {
    Struct(Named),
    Boxed(Box<Nobody>),
    Tagged(Change<i32>),
    Nothing,
}

// form: Internal tag around a map
// A map is open, since fields with names stand beside its entries; an entry that is named as a field of another variant is held
// to the type of that.
#[derive(KubeSchema, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum AroundMap {
    Map(BTreeMap<String, Value>),
    Nothing,
}

// form: Untagged, overlapping
// What fits several is read as the first; all of them are admitted.
#[derive(KubeSchema, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Overlapping {
    Small(u8),
    Signed(i32),
    Float(f64),
    Pair { a: i32, b: Option<i32> },
    Single { a: i32, c: Option<bool> },
    Names(Colour),
    Any(String),
}

// form: Untagged around enums
#[derive(KubeSchema, Serialize, Deserialize)]
#[serde(untagged)]
pub enum UntaggedEnums {
    Colour(Colour),
    Internal(Internal),
    List(Vec<Colour>),
}

// form: Flattened enum with and without content
// A variant without content cannot be flattened by serde's external tag: nothing would hold its name. Adjacent tags can.
#[derive(KubeSchema, Serialize, Deserialize)]
pub struct FlatAdjacent {
    own: String,
    #[serde(flatten)]
    change: Change<bool>,
}

// form: Flattened untagged enum
#[derive(KubeSchema, Serialize, Deserialize)]
pub struct FlatUntagged {
    own: String,
    #[serde(flatten)]
    when: UntaggedStructs,
}

// form: Enums within enums, three deep
#[derive(KubeSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outer {
    Middle(Middle),
    List(Vec<Middle>),
    Map(BTreeMap<String, Middle>),
}

#[derive(KubeSchema, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Middle {
    Leaf { the_colour: Colour, the_change: Option<Change<Colour>> },
    Ports { the_ports: Vec<Port> },
}

// form: Enum within an enum
#[derive(KubeSchema, Serialize, Deserialize)]
pub enum Nested {
    Colour(Colour),
    Internal(Internal),
    Deep { inner: External, maybe: Option<Colour> },
}

// form: Enums in fields, lists and maps
#[derive(KubeSchema, Serialize, Deserialize)]
pub struct Places {
    field: Colour,
    maybe: Option<Mixed>,
    list: Vec<Internal>,
    options: Vec<Option<Colour>>,
    map: BTreeMap<String, External>,
}

// form: One variant
#[derive(KubeSchema, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub enum Single {
    Only { text: String },
}

// form: Generic enum
#[derive(KubeSchema, Serialize, Deserialize)]
#[serde(tag = "op", content = "value")]
pub enum Change<T> {
    Set(T),
    All(Vec<T>),
    Remove,
}

// part: Values

// form: Numbers
// Each in the range of its type. Kubernetes' integers have 64 bits, so a `u64` ends there, and 128 bits do not compile.
#[derive(KubeSchema, Serialize, Deserialize)]
pub struct Numbers {
    a: i8,
    b: u16,
    c: u32,
    d: i64,
    e: u64,
    f: f64,
}

// form: Texts
#[derive(KubeSchema, Serialize, Deserialize)]
pub struct Texts {
    letter: char,
    text: String,
    boxed: Box<str>,
    flag: bool,
}

// form: Numbers that are not zero
#[derive(KubeSchema, Serialize, Deserialize)]
pub struct NonZero {
    count: NonZeroU8,
    offset: Option<NonZeroU16>,
}

// form: Types of the standard library
// With serde's feature `rc`, `Rc` and `Arc` are what they hold.
#[derive(KubeSchema, Serialize, Deserialize)]
pub struct Std<'a> {
    borrowed: Cow<'a, str>,
    path: PathBuf,
    elapsed: Duration,
    list: Cow<'a, [i32]>,
    queue: VecDeque<i32>,
    range: Range<i32>,
}

// form: Bounds, lifetimes and constants as parameters
#[derive(KubeSchema, Serialize, Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de> + Default"))]
pub struct Bounded<'a, T: Clone, const N: usize>
where
    T: Default,
{
    #[serde(default)]
    value: T,
    text: Cow<'a, str>,
    list: Vec<[T; 2]>,
    #[serde(skip)]
    sized: PhantomData<[u8; N]>,
}

// form: Lists
// A `BTreeSet` of scalars is a list of type set.
#[derive(KubeSchema, Serialize, Deserialize)]
pub struct Lists {
    list: Vec<String>,
    set: BTreeSet<i32>,
    array: [u8; 2],
    pair: (i32, i32),
    options: Vec<Option<i32>>,
}

// form: Maps
// Names of an enum as keys are fields. What other keys may look like, numbers for one, no structural schema can say: Kubernetes
// admits `{"x": 1}` for a `BTreeMap<u16, i32>`, which serde does not read.
#[derive(KubeSchema, Serialize, Deserialize)]
pub struct Maps {
    map: BTreeMap<String, i32>,
    by_enum: BTreeMap<Key, i32>,
    by_newtype: HashMap<KeyName, bool>,
    nested: BTreeMap<String, BTreeMap<String, Named>>,
}

#[derive(KubeSchema, Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
pub enum Key {
    First,
    Second,
}

#[derive(KubeSchema, Serialize, Deserialize, PartialEq, Eq, Hash)]
pub struct KeyName(String);

// form: Options of options
// Null in an optional field of names alone is dropped: an enum never holds null to Kubernetes. serde reads null as none, so `Some(None)` is written and read back as `None`.
#[derive(KubeSchema, Serialize, Deserialize)]
pub struct Twice {
    maybe: Option<Option<i32>>,
    boxed: Box<Option<Named>>,
    list: Vec<Option<Option<bool>>>,
    colour: Option<Box<Colour>>,
    colours: BTreeMap<String, Option<Colour>>,
}

// form: Options
// None is written as null and read from null or from nothing, so the field is nullable; `skip_serializing_if` does not change
// what is read.
#[derive(KubeSchema, Serialize, Deserialize)]
pub struct Options {
    maybe: Option<Named>,
    list: Option<Vec<i32>>,
    map: BTreeMap<String, Option<i32>>,
}
