//! The names and types of the columns.

use std::collections::HashSet;

use super::kinds::Kinds;
use super::shape::{self, Shape};

/// What a column holds. Every type holds null too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// `true` and `false`.
    Bool,
    /// Integers of 64 bits with a sign.
    Int64,
    /// Integers of 64 bits without a sign.
    UInt64,
    /// Doubles.
    Float64,
    /// Nanoseconds since 1970, in UTC.
    Time,
    /// UTF-8: texts as they are, other values as JSON writes them.
    Text,
    /// Named members.
    Struct(Shape),
}

/// One column of the records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The key, or what a column without one is called. No two columns have the same.
    pub name: String,
    /// What it holds.
    pub column_type: ColumnType,
}

/// The columns of a log.
///
/// Those of the keys come in the order of the keys' numbers: first the core members, which are always there,
/// then the others as they first came. Two more may follow: the texts of timestamps that are none, and the
/// fields that are beyond the most that have columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    /// All columns.
    pub columns: Vec<Column>,
    /// Where `timestamp_text` is.
    pub timestamp_text: Option<usize>,
    /// Where `other_fields` is.
    pub other_fields: Option<usize>,
}

/// The keys that have a column in any log, and these columns' place in it.
pub const CORE: [&str; 7] = ["timestamp", "level", "module", "message", "category", "exception", "seq"];
/// The place of `timestamp` among them.
pub const TIMESTAMP: usize = 0;
const CORE_TEXTS: std::ops::RangeInclusive<usize> = 1..=4;
const SEQ: usize = 6;

/// A NUL ends a name in C.
const SHOWN_NUL: &str = "\u{2400}";

impl Schema {
    /// That of keys with values of these kinds.
    pub fn of<'k>(keys: impl Iterator<Item = (&'k [u8], Kinds)>, has_others: bool) -> Schema {
        let (mut columns, mut names) = (Vec::new(), HashSet::new());
        let mut add = |columns: &mut Vec<Column>, name: &str, column_type| {
            columns.push(Column { name: free(&mut names, name), column_type });
            columns.len() - 1
        };
        let mut has_no_times = false;
        for (place, (key, kinds)) in keys.enumerate() {
            has_no_times |= kinds.has(Kinds::NO_TIME);
            add(&mut columns, &String::from_utf8_lossy(key), column_type(place, key, kinds));
        }
        let mut more = |is_there: bool, name| is_there.then(|| add(&mut columns, name, ColumnType::Text));
        let timestamp_text = more(has_no_times, "timestamp_text");
        let other_fields = more(has_others, "other_fields");
        Schema { columns, timestamp_text, other_fields }
    }
}

fn column_type(place: usize, key: &[u8], kinds: Kinds) -> ColumnType {
    match shape::of(key) {
        Some(shape) if kinds == Kinds::NONE || kinds == Kinds::SHAPED => ColumnType::Struct(shape),
        _ if place == TIMESTAMP => ColumnType::Time,
        _ if CORE_TEXTS.contains(&place) => ColumnType::Text,
        _ if place == SEQ && kinds == Kinds::NONE => ColumnType::Int64,
        _ => kinds.column_type(),
    }
}

/// `name`, with underscores behind it if another column has it.
fn free(names: &mut HashSet<String>, name: &str) -> String {
    let mut name = name.replace('\0', SHOWN_NUL);
    while !names.insert(name.clone()) {
        name.push('_');
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_distinct_whatever_the_keys_are() {
        let kinds = [Kinds::NO_TIME, Kinds::TEXT, Kinds::TEXT, Kinds::TEXT];
        let keys: [&[u8]; 4] = [b"timestamp", b"timestamp_text", b"a\0", "a\u{2400}".as_bytes()];
        let schema = Schema::of(keys.into_iter().zip(kinds), true);
        let names: Vec<_> = schema.columns.iter().map(|column| column.name.as_str()).collect();
        let expected =
            ["timestamp", "timestamp_text", "a\u{2400}", "a\u{2400}_", "timestamp_text_", "other_fields"];
        assert_eq!(names, expected);
        assert_eq!((schema.timestamp_text, schema.other_fields), (Some(4), Some(5)));
    }
}
