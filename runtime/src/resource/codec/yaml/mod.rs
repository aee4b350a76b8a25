//! YAML bodies and answers as Go clients know them: YAML 1.1 scalars (`yes` is true, `0777` is octal), merge keys, JSON's
//! keys; written in the style of `sigs.k8s.io/yaml`. Syntax is the parser's (`granit-parser`); `read` makes values of its
//! events, `scalar` says what a plain scalar is, `write` is the other direction.

mod read;
mod scalar;
mod write;

pub use read::decode;
pub use write::encode;

/// The documents of a text, apart at lines of three dashes; empty ones are left out.
pub fn documents(text: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    for line in text.lines() {
        match line.strip_prefix("---") {
            Some(rest) if rest.trim().is_empty() || rest.starts_with(" #") => all.push(String::new()),
            // What follows on the line is the document's.
            Some(rest) if rest.starts_with(char::is_whitespace) => all.push(format!("{rest}\n")),
            _ => {
                if let Some(document) = all.last_mut() {
                    document.push_str(line);
                    document.push('\n');
                }
            }
        }
    }
    all.retain(|d| !d.trim().is_empty());
    all
}

#[cfg(test)]
mod tests;
