//! The members of a JSON object, one after the other. Values are passed over, not checked: brackets and
//! quotes alone are counted.

use memchr::memchr2;

/// How many times eight bytes a short text has.
const SHORT_WORDS: usize = 3;

/// The line is no JSON object, as far as it was read.
#[derive(Debug, PartialEq, Eq)]
pub struct NotJson;

/// A text between its quotes, as it stands in the line.
#[derive(Clone, Copy, Debug)]
pub struct RawText<'l> {
    /// The bytes between the quotes, escapes as they are.
    pub bytes: &'l [u8],
    /// Whether there is a backslash among them.
    pub has_escapes: bool,
}

/// One key, and its value as it stands in the line.
pub type Member<'l> = (RawText<'l>, &'l [u8]);

/// The members that are left of an object.
pub struct Members<'l> {
    object: &'l [u8],
    at: usize,
    is_first: bool,
}

impl<'l> Members<'l> {
    /// Those of `object`, which may have white space around it.
    pub fn of(object: &'l [u8]) -> Result<Members<'l>, NotJson> {
        let object = without_space(object);
        let is_enclosed = object.len() > 1 && object[0] == b'{' && object[object.len() - 1] == b'}';
        if is_enclosed { Ok(Members { object, at: 1, is_first: true }) } else { Err(NotJson) }
    }

    /// Those of an empty object.
    pub(super) fn none() -> Members<'l> {
        Members { object: b"{}", at: 1, is_first: true }
    }

    fn step(&mut self) -> Result<Option<Member<'l>>, NotJson> {
        let mut at = skip_space(self.object, self.at);
        match (self.byte(at)?, self.is_first) {
            (b'}', _) => {
                self.at = at;
                return if at + 1 == self.object.len() { Ok(None) } else { Err(NotJson) };
            }
            (b',', false) => at = skip_space(self.object, at + 1),
            (_, true) => {}
            _ => return Err(NotJson),
        }
        if self.byte(at)? != b'"' {
            return Err(NotJson);
        }
        let (key, behind) = text(self.object, at)?;
        at = skip_space(self.object, behind);
        if self.byte(at)? != b':' {
            return Err(NotJson);
        }
        let start = skip_space(self.object, at + 1);
        let end = skip_value(self.object, start)?;
        (self.at, self.is_first) = (end, false);
        Ok(Some((key, &self.object[start..end])))
    }

    #[inline]
    fn byte(&self, at: usize) -> Result<u8, NotJson> {
        self.object.get(at).copied().ok_or(NotJson)
    }
}

impl<'l> Iterator for Members<'l> {
    type Item = Result<Member<'l>, NotJson>;

    /// The next member. An error is given again by every later call.
    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.step().transpose()
    }
}

/// `object` without the white space of JSON around it, which is not all of ASCII's.
fn without_space(object: &[u8]) -> &[u8] {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
    let start = object.iter().position(|byte| !is_space(byte)).unwrap_or(object.len());
    let end = object.iter().rposition(|byte| !is_space(byte)).map_or(start, |at| at + 1);
    &object[start..end]
}

#[inline]
fn skip_space(line: &[u8], mut at: usize) -> usize {
    while matches!(line.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// The text whose quote is at `at`, and the place behind it.
pub fn text(line: &[u8], at: usize) -> Result<(RawText<'_>, usize), NotJson> {
    let start = at + 1;
    let (mut end, mut has_escapes) = (start, false);
    loop {
        end = quote_or_backslash(line, end).ok_or(NotJson)?;
        if line[end] == b'"' {
            return Ok((RawText { bytes: &line[start..end], has_escapes }, end + 1));
        }
        has_escapes = true;
        end += 2;
    }
}

/// The first quote or backslash from `at` on.
#[inline]
fn quote_or_backslash(line: &[u8], mut at: usize) -> Option<usize> {
    // Most texts are short: a search that is made for long ones would take longer to begin.
    for _ in 0..SHORT_WORDS {
        let Some(word) = line.get(at..)?.first_chunk() else { break };
        let found = quotes_and_backslashes(u64::from_le_bytes(*word));
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    Some(at + memchr2(b'"', b'\\', line.get(at..)?)?)
}

/// Marks quotes and backslashes in their highest bits. The lowest mark is exact.
#[inline]
fn quotes_and_backslashes(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
    zeros(word ^ (ONES * b'"' as u64)) | zeros(word ^ (ONES * b'\\' as u64))
}

/// The place behind the value at `at`.
fn skip_value(line: &[u8], at: usize) -> Result<usize, NotJson> {
    match line.get(at).ok_or(NotJson)? {
        b'"' => text(line, at).map(|(_, end)| end),
        b'{' | b'[' => skip_nested(line, at),
        _ => {
            let is_end = |byte: &u8| !byte.is_ascii_alphanumeric() && !matches!(byte, b'.' | b'-' | b'+');
            let length = line[at..].iter().position(is_end).ok_or(NotJson)?;
            if length == 0 { Err(NotJson) } else { Ok(at + length) }
        }
    }
}

/// The place behind the object or array at `at`, however deep it is.
fn skip_nested(line: &[u8], mut at: usize) -> Result<usize, NotJson> {
    let mut depth = 0usize;
    loop {
        match line.get(at).ok_or(NotJson)? {
            b'"' => {
                at = text(line, at)?.1;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 1 => return Ok(at + 1),
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(line: &str) -> Result<Vec<(String, String)>, NotJson> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let all = Members::of(line.as_bytes())?;
        all.map(|member| member.map(|(key, value)| (text(key.bytes), text(value)))).collect()
    }

    #[test]
    fn values_are_passed_over_whatever_is_in_them() {
        let line = r#" { "a" : "}\",{" , "b":[{"a":"]"},[]],"c":-1e5,"d" : null } "#;
        let expected = [("a", r#""}\",{""#), ("b", r#"[{"a":"]"},[]]"#), ("c", "-1e5"), ("d", "null")];
        let found = members(line).unwrap();
        assert_eq!(found, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
    }

    #[test]
    fn what_is_no_object_is_an_error() {
        for line in [
            "",
            "{",
            "}",
            "[]",
            "1",
            "null",
            "{}}",
            "{\"a\":1}}",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{,}",
            "{1:2}",
            "{\"a\":1 2}",
            "{\"a\":1\"b\":2}",
            "{\"a\":\"\\\"}",
            "{\"a\":[}",
            "{\"a\":1}x",
            "x{}",
            "{\"a",
            "{\"a\\",
        ] {
            assert_eq!(members(line), Err(NotJson), "{line}");
        }
    }

    #[test]
    fn depth_costs_no_stack() {
        let line = format!("{{\"a\":{}1{}}}", "[".repeat(1_000_000), "]".repeat(1_000_000));
        assert_eq!(members(&line).unwrap().len(), 1);
    }
}
