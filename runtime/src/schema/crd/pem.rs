//! The certificates of a webhook's caBundle, read as far as it takes to say that there is none. What they certify is for the
//! TLS stack to judge.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Reads a caBundle as stored, base64 of PEM. An empty one is fine: it stands for the system's.
///
/// # Errors
/// Why no certificate is in it, in the words of client-go's transport.
pub(super) fn certificates(bundle: &str) -> Result<(), String> {
    if bundle.is_empty() {
        return Ok(());
    }
    let bytes = STANDARD.decode(bundle).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let mut rest: &str = &text;
    let mut failure = None;
    while !rest.is_empty() {
        let Some((block, after)) = block(rest) else {
            failure.get_or_insert("unable to parse bytes as PEM block");
            break;
        };
        rest = after;
        if block.label != "CERTIFICATE" || block.body.contains(':') {
            continue;
        }
        let body: String = block.body.split_ascii_whitespace().collect();
        match STANDARD.decode(body) {
            Ok(der) if is_certificate(&der) => return Ok(()),
            _ => failure.get_or_insert("failed to parse certificate: x509: malformed certificate"),
        };
    }
    let why = failure.unwrap_or("no valid certificate authority data seen");
    Err(format!("unable to load root certificates: {why}"))
}

struct Block<'a> {
    label: &'a str,
    body: &'a str,
}

fn block(text: &str) -> Option<(Block<'_>, &str)> {
    let (_, start) = text.split_once("-----BEGIN ")?;
    let (label, start) = start.split_once("-----")?;
    let end = format!("-----END {label}-----");
    let (body, rest) = start.split_once(end.as_str())?;
    Some((Block { label, body }, rest.trim_start_matches(['\r', '\n'])))
}

/// A DER sequence that holds a sequence, a sequence and a bit string, and nothing after.
fn is_certificate(der: &[u8]) -> bool {
    let Some((0x30, body, [])) = element(der) else { return false };
    let Some((0x30, _, rest)) = element(body) else { return false };
    let Some((0x30, _, rest)) = element(rest) else { return false };
    matches!(element(rest), Some((0x03, _, [])))
}

fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match usize::from(*first) {
        short @ 0..=0x7f => (short, rest),
        long => {
            let (bytes, rest) = rest.split_at_checked(long & 0x7f).filter(|(b, _)| (1..=4).contains(&b.len()))?;
            (bytes.iter().fold(0, |n, b| (n << 8) | usize::from(*b)), rest)
        }
    };
    let (body, rest) = rest.split_at_checked(length)?;
    Some((*tag, body, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bundle(text: &str) -> String {
        STANDARD.encode(text)
    }

    #[test]
    fn a_bundle_needs_one_certificate() {
        let pem = |label: &str, der: &[u8]| {
            format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
        };
        let certificate = pem("CERTIFICATE", &[0x30, 8, 0x30, 0, 0x30, 0, 0x03, 2, 0, 0]);
        assert_eq!(certificates(""), Ok(()));
        assert_eq!(certificates(&bundle(&(pem("KEY", &[1]) + &certificate))), Ok(()));
        let no = |text: &str| certificates(&bundle(text)).expect_err("no certificate");
        assert!(no("not pem").ends_with("unable to parse bytes as PEM block"));
        assert!(no(&pem("CERTIFICATE", &[1, 2])).contains("failed to parse certificate"));
        assert!(no(&pem("KEY", &[1])).ends_with("no valid certificate authority data seen"));
    }
}
