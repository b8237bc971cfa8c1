//! One line of a file: whether it is a record, and its place in the order of all records.

mod json;
mod keys;
mod reader;

use std::borrow::Cow;
use std::collections::HashSet;

use metaexpert_log::jsonl::{Members, NotJson, RawText, Value, decoded, is_number, time};
use serde_json::value::RawValue;

pub(crate) use reader::LineReader;

/// A line may have this many bytes. A record has at most 1 MiB, and escapes make six bytes of one.
pub const MAX_LINE_BYTES: usize = 8 << 20;

/// How the lines of this product's own files begin.
pub(crate) const OWN_BEGINNING: &[u8] = b"{\"timestamp\":\"";
/// The length of a time in them: RFC 3339 in UTC, to the nanosecond.
const OWN_TIME_BYTES: usize = 30;
const SEQ: &[u8] = b"\"seq\":";

/// Why a line is not a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// It is not a JSON object.
    NotJson,
    /// It is not UTF-8.
    NotUtf8,
    /// A key stands in it twice.
    DuplicateKey,
    /// It has more than [`MAX_LINE_BYTES`]; the beginning is shown.
    TooLong,
    /// The last line of a file, without its end.
    Torn,
}

impl Fault {
    /// What people are told of such a line.
    pub fn name(self) -> &'static str {
        match self {
            Fault::NotJson => "not JSON",
            Fault::NotUtf8 => "not UTF-8",
            Fault::DuplicateKey => "duplicate key",
            Fault::TooLong => "too long",
            Fault::Torn => "no line end",
        }
    }
}

/// What orders records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// Nanoseconds since 1970; none for a line without a time.
    pub time_ns: Option<i64>,
    /// The number of the record in its process.
    pub seq: Option<u64>,
}

impl Moment {
    /// The moment of the record that `line` is.
    pub fn of(line: &[u8]) -> Moment {
        Moment::of_own(line).or_else(|| Moment::of_any(line).ok()).unwrap_or_default()
    }

    /// From the places where this product's own files have time and number. The number stands behind all
    /// fields, so the last one that looks like it is the record's.
    fn of_own(line: &[u8]) -> Option<Moment> {
        let text = line.strip_prefix(OWN_BEGINNING)?.get(..OWN_TIME_BYTES)?;
        let time_ns = own_time(text)?;
        let at = memchr::memmem::rfind(line, SEQ)?;
        let is_key = matches!(line[at - 1], b',' | b'{');
        let digits = &line[at + SEQ.len()..];
        let length = digits.iter().position(|byte| !byte.is_ascii_digit())?;
        let is_whole = is_key && matches!(digits[length], b',' | b'}');
        let seq = std::str::from_utf8(&digits[..length]).ok()?.parse().ok().filter(|_| is_whole)?;
        Some(Moment { time_ns: Some(time_ns), seq: Some(seq) })
    }

    fn of_any(line: &[u8]) -> Result<Moment, NotJson> {
        let mut moment = Moment::default();
        for member in Members::of(line)? {
            let (key, value) = member?;
            match &*decoded(key)? {
                b"timestamp" if moment.time_ns.is_none() => moment.time_ns = time_of(value),
                b"seq" if moment.seq.is_none() => {
                    moment.seq = std::str::from_utf8(value).ok().and_then(|digits| digits.parse().ok());
                }
                _ => {}
            }
        }
        Ok(moment)
    }
}

fn time_of(value: &[u8]) -> Option<i64> {
    match Value::of(value) {
        Ok(Value::Text(text)) => time::parse(&text)?.try_into().ok(),
        _ => None,
    }
}

/// The time of `2026-12-01T04:18:31.906007655Z`. None for any other form, which is read at leisure.
fn own_time(text: &[u8]) -> Option<i64> {
    let is_own = text[OWN_TIME_BYTES - 1] == b'Z' && text[10] == b'T' && text[19] == b'.';
    if !is_own { None } else { time::parse(text)?.try_into().ok() }
}

/// Why `line`, which is UTF-8 and has no line end, is not a record; none if it is one.
fn fault_of_utf8(line: &[u8]) -> Option<Fault> {
    match has_distinct_keys(line) {
        Ok(true) => None,
        Ok(false) => Some(Fault::DuplicateKey),
        Err(NotJson) => Some(Fault::NotJson),
    }
}

/// Whether each key of the record stands there once. Keys within values are not compared.
fn has_distinct_keys(line: &[u8]) -> Result<bool, NotJson> {
    let mut keys = Keys::default();
    let mut are_distinct = true;
    for member in Members::of(line)? {
        let (key, value) = member?;
        let is_value = match value[0] {
            b'"' => is_plain(value) || is_json(value),
            b'{' | b'[' => is_json(value),
            b't' | b'f' | b'n' => matches!(value, b"true" | b"false" | b"null"),
            _ => is_number(value),
        };
        if !is_value {
            return Err(NotJson);
        }
        if has_controls(key.bytes) {
            return Err(NotJson);
        }
        are_distinct &= keys.is_new(key)?;
    }
    Ok(are_distinct)
}

/// Whether a text in quotes has nothing that could be wrong: no escapes, no control characters.
pub(crate) fn is_plain(text: &[u8]) -> bool {
    !text.iter().fold(false, |found, byte| found | (*byte < b' ') | (*byte == b'\\'))
}

/// Whether a text in quotes has control characters as they are, which JSON wants escaped.
pub(crate) fn has_controls(text: &[u8]) -> bool {
    text.iter().fold(false, |found, byte| found | (*byte < b' '))
}

/// Whether the whole of `value` is JSON, however deep.
fn is_json(value: &[u8]) -> bool {
    serde_json::from_slice::<&RawValue>(value).is_ok()
}

/// How many keys need no memory of their own.
const FEW: usize = 32;

/// The keys of a record.
struct Keys<'l> {
    /// A bit for each key, so that most are known to be new at once.
    seen: [u64; 4],
    few: [&'l [u8]; FEW],
    count: usize,
    /// Keys with escapes, and those behind the few.
    more: HashSet<Cow<'l, [u8]>>,
}

impl Default for Keys<'_> {
    fn default() -> Self {
        Keys { seen: [0; 4], few: [&[]; FEW], count: 0, more: HashSet::new() }
    }
}

impl<'l> Keys<'l> {
    fn is_new(&mut self, key: RawText<'l>) -> Result<bool, NotJson> {
        let key = decoded(key)?;
        let (place, bit) = place_of(&key);
        let is_first = self.seen[place] & bit == 0;
        self.seen[place] |= bit;
        let known = &self.few[..self.count];
        let is_new = is_first || !(known.iter().any(|known| **known == *key) || self.more.contains(&key));
        match key {
            Cow::Borrowed(key) if self.count < FEW => {
                self.few[self.count] = key;
                self.count += 1;
            }
            key => drop(self.more.insert(key)),
        }
        Ok(is_new)
    }
}

/// A word of four, and a bit in it, that a key has by its length and its ends.
fn place_of(key: &[u8]) -> (usize, u64) {
    let ends = key
        .first()
        .zip(key.last())
        .map_or(0, |(first, last)| usize::from(*first) * 7 + usize::from(*last) * 31);
    let middle = key.get(key.len() / 2).map_or(0, |byte| usize::from(*byte) * 13);
    let hash = ends + middle + key.len() * 61;
    (hash / 64 % 4, 1 << (hash % 64))
}

/// A line without the carriage return that other systems put before its end.
pub fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Whether a line may be a record, as its first and last bytes say.
#[inline]
pub fn looks_like_a_record(line: &[u8]) -> bool {
    matches!(line, [b'{', .., b'}'] | [b'{', .., b'}', b'\r'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(line: &[u8]) -> Option<Fault> {
        LineReader::new([""; 0]).read(line)
    }

    #[test]
    fn the_moment_of_an_own_line_is_that_of_any_reader() {
        let own = r#"{"timestamp":"2026-12-01T04:18:31.906007655Z","level":"INFO","module":"a","message":"\"seq\":9","x":{"seq":5},"seq":7,"run_id":"seq"}"#;
        let expected = Moment { time_ns: Some(1_796_098_711_906_007_655), seq: Some(7) };
        assert_eq!(Moment::of_own(own.as_bytes()), Some(expected));
        assert_eq!(Moment::of_any(own.as_bytes()), Ok(expected));
    }

    #[test]
    fn other_lines_have_the_moment_that_their_members_say() {
        for (line, time_ns, seq) in [
            (r#"{"seq":3,"timestamp":"1970-01-01T00:00:01+00:00"}"#, Some(1_000_000_000), Some(3)),
            (r#"{"timestamp":"1970-01-01T00:00:01.000000000Z"}"#, Some(1_000_000_000), None),
            (r#"{"timestamp":1,"seq":"3"}"#, None, None),
            (r#"{"timestamp":"1970-01-01T00:00:01.000000000Z","message":"torn"#, None, None),
            ("Traceback (most recent call last):", None, None),
            ("", None, None),
        ] {
            assert_eq!(Moment::of(line.as_bytes()), Moment { time_ns, seq }, "{line}");
        }
    }

    #[test]
    fn faults_are_told_apart() {
        for (line, expected) in [
            (&br#"{"a":1,"b":{"a":2}}"#[..], None),
            (br#"{}"#, None),
            (br#"{"\u0061":1,"":1}"#, None),
            (br#"{"":1,"":1}"#, Some(Fault::DuplicateKey)),
            (br#"{"a":1,"a":2}"#, Some(Fault::DuplicateKey)),
            (br#"{"a":1,"\u0061":2}"#, Some(Fault::DuplicateKey)),
            (br#"{"a":1"#, Some(Fault::NotJson)),
            (br#"{"a":nul}"#, Some(Fault::NotJson)),
            (br#"{"a":1}{"b":2}"#, Some(Fault::NotJson)),
            (br#"{"a":[1,]}"#, Some(Fault::NotJson)),
            (br#"{"a":{"b":"\x41"}}"#, Some(Fault::NotJson)),
            (br#"{"a":"\u12"}"#, Some(Fault::NotJson)),
            (b"{\"a\tb\":1}", Some(Fault::NotJson)),
            (b"\x0c{\"a\":1}", Some(Fault::NotJson)),
            (b"{\"a\":\"\t\"}", Some(Fault::NotJson)),
            (br#"{"a":[{},[1e5,null],"\u00e4\n"]}"#, None),
            (b"{\"a\":\"\xff\"}", Some(Fault::NotUtf8)),
            (b"", Some(Fault::NotJson)),
        ] {
            assert_eq!(fault(line), expected, "{}", String::from_utf8_lossy(line));
        }
    }

    #[test]
    fn depth_is_no_fault() {
        let line = format!("{{\"a\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(fault(line.as_bytes()), None);
    }

    #[test]
    fn a_key_that_comes_back_after_many_is_found() {
        let keys: String = (0..200).map(|number| format!("\"k{number}\":1,")).collect();
        for again in ["k3", "k150", "\\u006b3", "\\u006b150"] {
            assert_eq!(fault(format!("{{{keys}\"{again}\":1}}").as_bytes()), Some(Fault::DuplicateKey));
        }
        assert_eq!(fault(format!("{{{keys}\"k200\":1}}").as_bytes()), None);
    }
}
