//! Counts of records by the values of some of their fields.

use std::sync::Arc;

use metaexpert_log::jsonl::{Fields, Name};
use serde_json::{Value as Json, json};

use super::counts::Counts;

/// How often each combination of values was there.
#[derive(Clone, Debug)]
pub(crate) struct Groups {
    keys: Arc<[String]>,
    names: Arc<[Name]>,
    counts: Counts,
    /// The values of one record, each with its length before it.
    values: Vec<u8>,
    records: u64,
}

impl Groups {
    /// Counts by the fields with these names, as expressions name them.
    pub fn new(keys: &[String]) -> Groups {
        let resolved: Vec<String> = keys.iter().map(|key| field(key).to_owned()).collect();
        let names = resolved.iter().map(|key| Name::new(key)).collect();
        Groups { keys: keys.into(), names, counts: Counts::default(), values: Vec::new(), records: 0 }
    }

    /// The names of the fields that are counted by.
    pub(crate) fn names(&self) -> &[Name] {
        &self.names
    }

    /// Counts `record`. `value` has the value of the `index`-th name, none where it is missing; without it
    /// they are looked for.
    pub(crate) fn add<'l>(&mut self, record: &'l [u8], value: Option<impl Fn(usize) -> Option<&'l [u8]>>) {
        self.values.clear();
        match value {
            Some(value) => (0..self.names.len()).for_each(|index| self.push(value(index))),
            None => {
                let names = self.names.clone();
                let Ok(mut fields) = Fields::of(&names, record) else { return };
                for index in 0..names.len() {
                    let Ok(value) = fields.get(index) else { return };
                    self.push(value);
                }
            }
        }
        self.records += 1;
        self.counts.add(&self.values);
    }

    fn push(&mut self, value: Option<&[u8]>) {
        // No value is empty, so that one is a field that is missing.
        let value = value.unwrap_or_default();
        self.values.extend_from_slice(&(value.len() as u32).to_le_bytes());
        self.values.extend_from_slice(value);
    }

    /// Counts the records of `later`, which come behind those that are counted here.
    pub(crate) fn merge(&mut self, later: &Groups) {
        self.records += later.records;
        self.counts.merge(&later.counts);
    }

    /// The combinations, the most frequent first: texts as they are, numbers as the line has them.
    pub fn to_json(&self) -> Json {
        let sorted = self.counts.sorted(|values| parts(values).map(member).collect::<Vec<Shown>>());
        let groups: Vec<Json> = sorted
            .into_iter()
            .map(|(values, count)| {
                let values: Vec<Json> = values.into_iter().map(Shown::into_json).collect();
                json!({"values": values, "count": count})
            })
            .collect();
        json!({
            "keys": *self.keys,
            "records": self.records,
            "groups": groups,
            "others": self.counts.others(),
        })
    }
}

/// `logger` is the key `module`, as in expressions.
fn field(key: &str) -> &str {
    if key == "logger" { "module" } else { key }
}

/// A value in an order of its own: missing, then all others by what they are and their text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Shown {
    Missing,
    Text(String),
    Other(String),
}

impl Shown {
    fn into_json(self) -> Json {
        match self {
            Shown::Missing => json!({}),
            Shown::Text(text) => json!({"text": text}),
            Shown::Other(raw) => json!({"raw": raw}),
        }
    }
}

fn member(raw: &[u8]) -> Shown {
    match raw {
        b"" => Shown::Missing,
        [b'"', ..] => Shown::Text(super::counts::shown(raw)),
        _ => Shown::Other(String::from_utf8_lossy(raw).into_owned()),
    }
}

/// The values whose lengths stand before them.
fn parts(values: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = values;
    std::iter::from_fn(move || {
        let (length, behind) = rest.split_first_chunk::<4>()?;
        let (value, behind) = behind.split_at(u32::from_le_bytes(*length) as usize);
        rest = behind;
        Some(value)
    })
}
