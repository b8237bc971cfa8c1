//! A reader of lines that lets nothing pass: what the engine believes of its lines is no argument here.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Any JSON value whose objects name each key once.
struct Strict;

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Strict, D::Error> {
        deserializer.deserialize_any(Strict)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Strict;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JSON with distinct keys")
    }

    fn visit_unit<E>(self) -> Result<Strict, E> {
        Ok(Strict)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Strict, E> {
        Ok(Strict)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Strict, E> {
        Ok(Strict)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Strict, E> {
        Ok(Strict)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Strict, E> {
        Ok(Strict)
    }

    fn visit_str<E>(self, _: &str) -> Result<Strict, E> {
        Ok(Strict)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Strict, A::Error> {
        while items.next_element::<Strict>()?.is_some() {}
        Ok(Strict)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Strict, A::Error> {
        let mut keys = HashSet::new();
        while let Some((key, _)) = members.next_entry::<String, Strict>()? {
            if let Some(key) = keys.replace(key) {
                return Err(A::Error::custom(format!("the key {key:?} comes twice")));
            }
        }
        Ok(Strict)
    }
}

/// Whether `text` is a JSON value that can stand inside a record.
pub fn is_fragment(text: &[u8]) -> bool {
    let inside = [b"[[", text, b"]]"].concat();
    !text.contains(&b'\n') && serde_json::from_slice::<Strict>(&inside).is_ok()
        // Neither two values nor the end of one and the beginning of another.
        && serde_json::from_slice::<Strict>(text).is_ok()
}

/// Asserts that `line` is one whole record of JSON Lines.
pub fn assert_json_line(line: &[u8]) {
    assert!(line.starts_with(b"{\"timestamp\":\""), "no record: {:?}", String::from_utf8_lossy(line));
    assert_object_line(line);
}

/// Asserts that `line` is one whole JSON object.
pub fn assert_object_line(line: &[u8]) {
    let shown = String::from_utf8_lossy(line);
    let (end, object) = line.split_last().expect("a line");
    assert!(*end == b'\n' && !object.contains(&b'\n'), "not one line: {shown:?}");
    assert!(object.starts_with(b"{"), "no object: {shown:?}");
    if let Err(problem) = serde_json::from_slice::<Strict>(object) {
        panic!("{problem}: {shown:?}");
    }
}

/// Asserts that `text` is whole lines for people, with nothing in them that moves a cursor.
pub fn assert_one_line(text: &[u8]) {
    let text = std::str::from_utf8(text).expect("UTF-8");
    assert!(text.ends_with('\n'), "{text:?}");
    assert!(!text.chars().any(|character| character.is_control() && character != '\n'), "{text:?}");
}
