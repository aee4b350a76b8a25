//! Protobuf on the wire: fields written and read one after the other. What they mean is their table's.

/// Appends a number as long as it needs.
pub fn varint(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push((n as u8) | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

/// Appends what a field begins with: 0 is the wire type of numbers, 1 of eight bytes, 2 of what says its length.
pub fn tag(out: &mut Vec<u8>, field: u32, wire: u32) {
    varint(out, u64::from(field << 3 | wire));
}

/// Appends a field that is a number; of negative ones their two's complement.
pub fn number(out: &mut Vec<u8>, field: u32, n: u64) {
    tag(out, field, 0);
    varint(out, n);
}

/// Appends a field that is a text, bytes or a message.
pub fn bytes(out: &mut Vec<u8>, field: u32, content: &[u8]) {
    tag(out, field, 2);
    varint(out, content.len() as u64);
    out.extend_from_slice(content);
}

/// What a field holds.
#[derive(Clone, Copy)]
pub enum Content<'a> {
    /// A number, a flag.
    Number(u64),
    /// Anything else.
    Bytes(&'a [u8]),
}

/// The fields of a message, by their numbers. After an error there are no more.
pub struct Reader<'a>(pub &'a [u8]);

const TRUNCATED: &str = "unexpected EOF";

impl<'a> Reader<'a> {
    fn varint(&mut self) -> Result<u64, String> {
        let mut n = 0u64;
        for shift in (0..64).step_by(7) {
            let (b, rest) = self.0.split_first().ok_or(TRUNCATED)?;
            self.0 = rest;
            n |= u64::from(b & 0x7f) << shift;
            if b & 0x80 == 0 {
                return Ok(n);
            }
        }
        Err("proto: integer overflow".into())
    }

    fn take(&mut self, n: u64) -> Result<&'a [u8], String> {
        let cut = usize::try_from(n).ok().and_then(|n| self.0.split_at_checked(n));
        let (taken, rest) = cut.ok_or(TRUNCATED)?;
        self.0 = rest;
        Ok(taken)
    }

    fn field(&mut self) -> Result<(u64, Content<'a>), String> {
        let tag = self.varint()?;
        let content = match tag & 7 {
            0 => Content::Number(self.varint()?),
            1 => Content::Bytes(self.take(8)?),
            2 => {
                let n = self.varint()?;
                Content::Bytes(self.take(n)?)
            }
            5 => Content::Bytes(self.take(4)?),
            other => return Err(format!("proto: illegal wireType {other}")),
        };
        Ok((tag >> 3, content))
    }
}

impl<'a> Iterator for Reader<'a> {
    type Item = Result<(u64, Content<'a>), String>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.0 = &[];
        }
        Some(field)
    }
}
