//! Texts while constants are evaluated: equality, messages, and the name that was probably meant. The macros have the last one
//! too (`report`), for names that they see themselves.

/// Whether two texts are the same.
pub(super) const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    // What differs mostly does so at the end: names have the module before them.
    let mut i = a.len();
    while i > 0 {
        i -= 1;
        if a[i] != b[i] {
            return false;
        }
    }
    true
}

/// Whether the first text sorts before the second.
pub(super) const fn before(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut i = 0;
    while i < a.len() && i < b.len() {
        if a[i] != b[i] {
            return a[i] < b[i];
        }
        i += 1;
    }
    a.len() < b.len()
}

/// A text that grows; what does not fit is left out.
pub(super) struct Text {
    bytes: [u8; 1024],
    len: usize,
}

impl Text {
    pub(super) const fn new() -> Self {
        Self { bytes: [0; 1024], len: 0 }
    }

    pub(super) const fn push(mut self, s: &str) -> Self {
        let s = s.as_bytes();
        if self.len + s.len() > self.bytes.len() {
            return self;
        }
        let mut i = 0;
        while i < s.len() {
            self.bytes[self.len] = s[i];
            self.len += 1;
            i += 1;
        }
        self
    }

    /// Stops the compilation with this text.
    #[track_caller]
    pub(super) const fn stop(&self) -> ! {
        match std::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(message) => panic!("{}", message),
            Err(_) => panic!("a path leads nowhere"),
        }
    }
}

/// Longer names are near no others.
const LONGEST: usize = 64;

/// A name without what slips of the pen are about: case and separators.
struct Folded {
    bytes: [u8; LONGEST],
    len: usize,
}

const fn folded(name: &str) -> Option<Folded> {
    let name = name.as_bytes();
    if name.len() > LONGEST {
        return None;
    }
    let mut out = Folded { bytes: [0; LONGEST], len: 0 };
    let mut i = 0;
    while i < name.len() {
        if name[i] != b'_' && name[i] != b'-' {
            out.bytes[out.len] = name[i].to_ascii_lowercase();
            out.len += 1;
        }
        i += 1;
    }
    Some(out)
}

/// How many slips make one name of the other (Levenshtein's distance, with swaps), if that is few for their lengths.
pub(super) const fn slips(a: &str, b: &str) -> Option<usize> {
    let longest = if a.len() > b.len() { a.len() } else { b.len() };
    let few = if longest < 6 { 1 } else { longest / 3 };
    let (Some(a), Some(b)) = (folded(a), folded(b)) else { return None };
    let mut rows = [[0; LONGEST + 1]; 3];
    let mut j = 0;
    while j <= b.len {
        rows[0][j] = j;
        j += 1;
    }
    let mut i = 1;
    while i <= a.len {
        let (now, last, older) = (i % 3, (i + 2) % 3, (i + 1) % 3);
        rows[now][0] = i;
        let mut j = 1;
        while j <= b.len {
            let changed = if a.bytes[i - 1] == b.bytes[j - 1] { 0 } else { 1 };
            let mut best = least(rows[last][j - 1] + changed, least(rows[last][j], rows[now][j - 1]) + 1);
            if i > 1 && j > 1 && a.bytes[i - 1] == b.bytes[j - 2] && a.bytes[i - 2] == b.bytes[j - 1] {
                best = least(best, rows[older][j - 2] + 1);
            }
            rows[now][j] = best;
            j += 1;
        }
        i += 1;
    }
    let distance = rows[a.len % 3][b.len];
    if distance <= few { Some(distance) } else { None }
}

const fn least(a: usize, b: usize) -> usize {
    if a < b { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::{before, same, slips};

    #[test]
    fn slips_are_counted_and_strangers_are_not_near() {
        assert_eq!(slips("color", "colour"), Some(1));
        assert_eq!(slips("port_number", "portNumber"), Some(0));
        assert_eq!(slips("evrey", "every"), Some(1));
        assert_eq!(slips("metadata", "colour"), None);
        assert_eq!(slips("", "a"), Some(1));
        assert_eq!(slips(&"a".repeat(70), &"a".repeat(70)), None);
    }

    #[test]
    fn texts_are_compared_as_everywhere() {
        for (a, b) in [("a", "a"), ("a", "b"), ("a", "ab"), ("", "a"), ("ba", "ab")] {
            assert_eq!(same(a, b), a == b);
            assert_eq!(before(a, b), a < b);
            assert_eq!(before(b, a), b < a);
        }
    }
}
