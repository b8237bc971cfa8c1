//! The type between a name and its value, in a source line of a traceback: `api_secret: str = "…"`.

use super::verdict::Verdict;

/// No more is read of a type.
const MOST_OF_TYPE: usize = 64;
/// Nobody has one of these as a password.
const TYPES: [&[u8]; 13] = [
    b"str",
    b"bytes",
    b"Any",
    b"object",
    b"None",
    b"Optional",
    b"Union",
    b"Final",
    b"ClassVar",
    b"SecretStr",
    b"typing",
    b"t",
    b"pydantic",
];

/// The `=` behind the type that begins after the colon `sign`, if a type stands there.
pub(super) fn end(text: &[u8], sign: usize, verdict: Verdict) -> Option<usize> {
    if verdict == Verdict::Clear || text[sign] != b':' {
        return None;
    }
    let rest = &text[sign + 1..text.len().min(sign + 1 + MOST_OF_TYPE)];
    let len = rest.iter().position(|byte| *byte == b'=')?;
    let is_between = |byte: &u8| byte.is_ascii_alphabetic() || b" .,[]|".contains(byte);
    let mut words = rest[..len].split(|byte| !byte.is_ascii_alphabetic()).filter(|word| !word.is_empty());
    let is_type = rest[..len].iter().all(is_between) && rest[..len].iter().any(u8::is_ascii_alphabetic);
    (is_type && words.all(|word| TYPES.contains(&word))).then_some(sign + 1 + len)
}
