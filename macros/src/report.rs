//! Mistakes, collected: each at its token, in one sentence that says what is wrong and what to write instead.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Ident, LitStr};

/// All mistakes of one derive.
#[derive(Default)]
pub(crate) struct Report {
    errors: Vec<syn::Error>,
    doubts: Vec<(Span, String)>,
}

impl Report {
    /// A mistake at these tokens.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl Into<String>) {
        self.errors.push(syn::Error::new_spanned(tokens, message.into()));
    }

    /// A mistake at this place.
    pub(crate) fn span(&mut self, span: Span, message: impl Into<String>) {
        self.errors.push(syn::Error::new(span, message.into()));
    }

    /// A mistake that the parser found.
    pub(crate) fn syntax(&mut self, e: syn::Error) {
        self.errors.push(e);
    }

    /// What may be meant, but most likely is not: a warning. A macro on a stable compiler has no other way to warn than to use
    /// something deprecated at the place.
    pub(crate) fn doubt(&mut self, span: Span, message: impl Into<String>) {
        self.doubts.push((span, message.into()));
    }

    /// A mistake inside a string: at the character where the compiler can point there, else shown below the text.
    pub(crate) fn inside(&mut self, text: &LitStr, offset: usize, message: &str) {
        let value = text.value();
        let before = &value[..floor(&value, offset)];
        let (line_start, line) = before.rfind('\n').map_or((0, &value[..]), |i| (i + 1, &value[i + 1..]));
        let line = line.lines().next().unwrap_or_default();
        let column = before[line_start..].chars().count();
        let shown = format!("{message}\n  | {line}\n  | {}^", " ".repeat(column));
        // Only a nightly compiler gives parts of literals; escapes before the place would shift it.
        let plain = text.token().to_string() == format!("\"{value}\"");
        let part = plain.then(|| text.token().subspan(offset + 1..offset + 2)).flatten();
        self.errors.push(syn::Error::new(part.unwrap_or_else(|| text.span()), shown));
    }

    /// A name that is none of the known ones.
    pub(crate) fn unknown(&mut self, name: &Ident, of: &str, known: &[&str]) {
        let text = name.to_string();
        let message = match nearest(&text, known) {
            Some(best) => format!("unknown attribute `{text}` of {of}; did you mean `{best}`?"),
            None => format!("unknown attribute `{text}` of {of}; it knows {}", known.join(", ")),
        };
        self.at(name, message);
    }

    pub(crate) fn count(&self) -> usize {
        self.errors.len()
    }

    pub(crate) fn doubts(&self) -> usize {
        self.doubts.len()
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.errors.is_empty()
    }

    /// The code, after all mistakes.
    pub(crate) fn finish(self, code: TokenStream) -> TokenStream {
        let errors = self.errors.iter().map(syn::Error::to_compile_error);
        let doubts = self.doubts.iter().map(|(span, message)| {
            let used = quote_spanned!(*span=> check_this);
            quote! {
                const _: () = {
                    #[allow(non_upper_case_globals)]
                    #[deprecated(note = #message)]
                    const #used: () = ();
                    #used
                };
            }
        });
        errors.chain(doubts).chain(std::iter::once(code)).collect()
    }
}

fn floor(s: &str, mut at: usize) -> usize {
    at = at.min(s.len());
    while !s.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The known name that was probably meant.
pub(crate) fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let fold = |s: &str| s.replace(['_', '-'], "").to_lowercase();
    let (distance, near) = known.iter().map(|k| (distance(&fold(name), &fold(k)), *k)).min_by_key(|(d, _)| *d)?;
    let limit = (name.chars().count().max(near.chars().count()) / 3).max(1);
    (distance <= limit).then_some(near)
}

/// Levenshtein's, with swaps.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let change = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = change.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn slips_are_recognized_and_strangers_are_not() {
        let known = ["group", "version", "kind", "printcolumn", "min_length"];
        assert_eq!(nearest("gruop", &known), Some("group"));
        assert_eq!(nearest("minLength", &known), Some("min_length"));
        assert_eq!(nearest("print_column", &known), Some("printcolumn"));
        assert_eq!(nearest("vrson", &known), Some("version"));
        assert_eq!(nearest("colour", &known), None);
    }
}
