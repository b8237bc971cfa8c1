//! The check of a line made from damaged memory, before it goes into a file. A line made from a sound record
//! needs none.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::config::{Format, Shape};

/// Whether `line` is a whole line of `format`: in JSON one object whose keys are distinct.
pub(crate) fn is_valid(format: &Format, line: &[u8]) -> bool {
    match format.shape() {
        Shape::Json => is_one_line(line) && serde_json::from_slice::<Distinct>(line).is_ok(),
        Shape::Line => is_one_line(line) && std::str::from_utf8(line).is_ok(),
        Shape::Lines => std::str::from_utf8(line).is_ok(),
    }
}

fn is_one_line(line: &[u8]) -> bool {
    line.iter().position(|byte| *byte == b'\n').is_some_and(|at| at + 1 == line.len())
}

/// A JSON value of any kind, read as strictly as the strictest readers do: no key twice, no lone surrogate,
/// no number beyond a double's range.
struct Distinct;

impl<'de> Deserialize<'de> for Distinct {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Distinct, D::Error> {
        deserializer.deserialize_any(Distinct)
    }
}

impl<'de> Visitor<'de> for Distinct {
    type Value = Distinct;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a JSON value whose objects name each key once")
    }

    fn visit_unit<E>(self) -> Result<Distinct, E> {
        Ok(Distinct)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Distinct, E> {
        Ok(Distinct)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Distinct, E> {
        Ok(Distinct)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Distinct, E> {
        Ok(Distinct)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Distinct, E> {
        Ok(Distinct)
    }

    fn visit_str<E>(self, _: &str) -> Result<Distinct, E> {
        Ok(Distinct)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Distinct, A::Error> {
        while items.next_element::<Distinct>()?.is_some() {}
        Ok(Distinct)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Distinct, A::Error> {
        let mut keys = HashSet::new();
        while let Some((key, _)) = members.next_entry::<String, Distinct>()? {
            if !keys.insert(key) {
                return Err(A::Error::custom("a key comes twice"));
            }
        }
        Ok(Distinct)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn only_one_object_with_distinct_keys_on_one_line_is_valid_json() {
        let is_json = |line: &str| is_valid(&Format::Json, line.as_bytes());
        assert!(is_json("{\"a\":1,\"b\":{\"a\":[null,true,-1,1.5,\"x\"]}}\n"));
        for damaged in [
            "",
            "\n",
            "{}",
            "{}\n{}\n",
            "{\"a\":1,\"a\":2}\n",
            "[{\"b\":1,\"b\":1}]\n",
            "{\"a\":\"\\ud800\"}\n",
            "{\"a\":1e999}\n",
        ] {
            assert!(!is_json(damaged), "{damaged:?}");
        }
        assert!(!is_valid(&Format::Json, b"{\"a\":\"\xff\"}\n"));
        let text = Format::Text { datefmt: None };
        assert!(is_valid(&text, b"two\nlines\n") && !is_valid(&text, b"\xff\n"));
    }
}
