//! The order in which a JSON text names its fields, which values do not keep: decoders of Go structs report in it.

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::cell::RefCell;
use std::fmt;

/// Puts paths (`spec.items[0].x`) of fields of a text, which is JSON, into the text's own order.
pub fn by_text(bytes: &[u8], paths: &mut Vec<String>) {
    if paths.len() < 2 {
        return;
    }
    let found = RefCell::default();
    let wanted = paths.iter().enumerate().map(|(i, path)| (path.as_str(), i)).collect();
    let mut de = serde_json::Deserializer::from_slice(bytes);
    de.disable_recursion_limit();
    // What is not JSON has no order; none is lost.
    let _ = Seed { wanted, root: true, found: &found }.deserialize(&mut de);
    let mut rank = vec![usize::MAX; paths.len()];
    for (at, path) in found.into_inner().into_iter().enumerate() {
        rank[path] = rank[path].min(at);
    }
    let mut ranked: Vec<(usize, String)> = rank.into_iter().zip(std::mem::take(paths)).collect();
    ranked.sort_by_key(|(at, _)| *at);
    paths.extend(ranked.into_iter().map(|(_, path)| path));
}

/// Reads a value in which some paths are looked for.
struct Seed<'a> {
    /// What is left of each path below this value, and which path it is.
    wanted: Vec<(&'a str, usize)>,
    root: bool,
    found: &'a RefCell<Vec<usize>>,
}

impl<'a> Seed<'a> {
    /// The part of the search that goes on in a child.
    fn below(&self, step: &str) -> Self {
        let mut wanted = Vec::new();
        for (path, i) in &self.wanted {
            match path.strip_prefix(step) {
                Some("") => self.found.borrow_mut().push(*i),
                Some(rest) => wanted.push((rest, *i)),
                None => {}
            }
        }
        Self { wanted, root: false, found: self.found }
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        if self.wanted.is_empty() { d.deserialize_ignored_any(IgnoredAny).map(drop) } else { d.deserialize_any(self) }
    }
}

macro_rules! nothing_below {
    ($($name:ident($type:ty);)*) => { $(fn $name<E>(self, _: $type) -> Result<(), E> { Ok(()) })* };
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    nothing_below! { visit_bool(bool); visit_i64(i64); visit_u64(u64); visit_f64(f64); visit_str(&str); }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        for i in 0_usize.. {
            if seq.next_element_seed(self.below(&format!("[{i}]")))?.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            let step = if self.root { key } else { format!(".{key}") };
            map.next_value_seed(self.below(&step))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_in_the_order_of_the_text() {
        let text =
            br#"{"z": 1, "s": {"l": [{"b": 1}, {"b": 2, "a": [3]}], "m": {"k.x": 1, "k": {"x": 2}}}, "a": null}"#;
        let mut paths: Vec<String> =
            ["a", "elsewhere", "s.l[1].a", "s.l[1].b", "s.m.k", "z"].map(str::to_owned).to_vec();
        by_text(text, &mut paths);
        assert_eq!(paths, ["z", "s.l[1].b", "s.l[1].a", "s.m.k", "a", "elsewhere"]);
    }
}
