//! The right side of a comparison: what it means for its field, and how a value stands to it.

use std::cmp::Ordering;
use std::fmt;

use super::quoted::write_quoted;
use crate::jsonl::Value;
use crate::jsonl::severity::rank;
use crate::jsonl::time;
use crate::jsonl::{Decimal, Number};

/// A value as an expression writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Literal {
    pub(super) text: String,
    /// Quotes make a text of what would be a number, a time, a boolean or null.
    pub(super) is_quoted: bool,
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_quoted { write_quoted(&self.text, f) } else { f.write_str(&self.text) }
    }
}

/// A literal with its meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Operand {
    literal: Literal,
    meaning: Meaning,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Meaning {
    Null,
    Bool(bool),
    Number(Number),
    Text,
    /// Nanoseconds since 1970.
    Time(i128),
    /// A level, by its severity if it is known, else by its name.
    Level(Option<i64>),
}

/// Why a literal cannot stand there, and what to write.
pub(super) type Objection = (String, &'static str);

impl Operand {
    /// What `literal` means for `field`; `is_ordered` says that the operator asks for an order. Without a now,
    /// no span of time leads to a time.
    pub(super) fn new(
        literal: Literal,
        field: &str,
        is_ordered: bool,
        now_ns: Option<i64>,
    ) -> Result<Operand, Objection> {
        let is_moving = now_ns.is_none() && time::before(0, &literal.text).is_some();
        if is_moving && (field == "timestamp" || is_ordered && field != "level" && !literal.is_quoted) {
            let objection = format!("{literal} would be counted back from now, and a filter stays in force");
            return Err((objection, "write a time like 2026-12-01T10:00:00Z"));
        }
        let meaning = match (plain_meaning(&literal), field) {
            (Meaning::Text | Meaning::Number(_), "level") => Meaning::Level(rank(literal.text.as_bytes())),
            (Meaning::Text, "timestamp") => Meaning::Time(some_time(&literal, now_ns).ok_or_else(|| {
                (format!("{literal} is no time"), "write one like 2026-12-01T10:00:00Z, 2026-12-01 or 10m")
            })?),
            (Meaning::Text, _) if !literal.is_quoted => {
                some_time(&literal, now_ns).map_or(Meaning::Text, Meaning::Time)
            }
            (meaning, _) => meaning,
        };
        match meaning {
            Meaning::Null | Meaning::Bool(_) if is_ordered => {
                Err((format!("{literal} has no order"), "use = or !=, or put a text in quotes"))
            }
            Meaning::Level(None) if is_ordered => Err((
                format!("{literal} is no level with an order"),
                "use a standard level, or a number like 25",
            )),
            meaning => Ok(Operand { literal, meaning }),
        }
    }

    /// The text that a value must be to be equal to this; none where several spellings are.
    pub(super) fn exact_text(&self) -> Option<&str> {
        matches!(self.meaning, Meaning::Text).then_some(&self.literal.text)
    }

    /// How `value` stands to this; None where they are neither equal nor in an order.
    pub(super) fn compare(&self, value: &Value<'_>) -> Option<Ordering> {
        let own = self.literal.text.as_bytes();
        match (&self.meaning, value) {
            (Meaning::Null, Value::Null) => Some(Ordering::Equal),
            (Meaning::Bool(own), Value::Bool(value)) => (own == value).then_some(Ordering::Equal),
            (Meaning::Number(own), Value::Number(value, _)) => Some(value.compare(&own.as_decimal())),
            (Meaning::Number(own), Value::Text(text)) => {
                Some(Decimal::parse(text)?.compare(&own.as_decimal()))
            }
            (Meaning::Text, Value::Text(text)) => Some((**text).cmp(own)),
            (Meaning::Time(ns), Value::Text(text)) => match time::parse(text) {
                Some(value) => Some(value.cmp(ns)),
                None => (**text == *own).then_some(Ordering::Equal),
            },
            (Meaning::Level(own_rank), Value::Text(text)) => match (rank(text), own_rank) {
                (Some(value), Some(own)) => Some(value.cmp(own)),
                (None, None) => text.eq_ignore_ascii_case(own).then_some(Ordering::Equal),
                _ => None,
            },
            (Meaning::Level(_), Value::Number(value, _)) => Some(value.compare(&Decimal::parse(own)?)),
            _ => None,
        }
    }
}

/// What a literal means where the field has nothing to say.
fn plain_meaning(literal: &Literal) -> Meaning {
    let is = |word: &str| literal.text.eq_ignore_ascii_case(word);
    match Number::parse(&literal.text) {
        _ if literal.is_quoted => Meaning::Text,
        Some(number) => Meaning::Number(number),
        None if is("null") => Meaning::Null,
        None if is("true") => Meaning::Bool(true),
        None if is("false") => Meaning::Bool(false),
        None => Meaning::Text,
    }
}

fn some_time(literal: &Literal, now_ns: Option<i64>) -> Option<i128> {
    time::parse(literal.text.as_bytes()).or_else(|| time::before(now_ns?, &literal.text))
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.literal)
    }
}
