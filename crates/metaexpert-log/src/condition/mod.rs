//! **Condition**: which records are wanted, as an expression over their fields.
//!
//! `symbol = BTCUSDT and (price > 100 or exception exists) and message ~ /filled/i`: the one language for
//! searching logs and for filtering them. `docs/guides/searching.md` has it for users.
//!
//! * **Joined**: `not` binds closest, then `and`, then `or`; parentheses group. Keywords may be in capitals.
//! * **Names** are words, or stand in double quotes or backticks. `a.b` is the value of the longest key that
//!   leads to one: of the key `a.b`, or else of `b` within `a`. The first of two equal keys counts. A plain
//!   `logger` is the key `module`; a field of that name is `"logger"`.
//! * **Values** are words, or texts in single or double quotes. A word that JSON takes for a number is a
//!   number, and `true`, `false` and `null` are what they are in JSON. Any other word is a text.
//! * **Missing**: a field that is not there fails every comparison, `!=`, `!~` and `not in` too. So `x != 1`
//!   wants an `x`, and `not (x = 1)` does not. `null` is there: `x exists` holds for it, and `x = null` for
//!   nothing else.
//! * **Numbers** compare by their exact value at any size, with numbers and with texts that are numbers, as
//!   decimals are in a log. Exponents beyond ±10^18 count as that.
//! * **Texts** compare byte by byte. A quoted value compares with texts alone.
//! * **Different types** are not equal and have no order: `!=` and `not in` hold, the rest does not. Objects
//!   and arrays are not equal to anything; nothing looks into arrays.
//! * **Times**: a word that is a time (RFC 3339, in UTC without a zone; a date; a span like `10m` before now)
//!   compares by time with texts that are RFC 3339 times or dates, to the nanosecond, and is equal to its own
//!   spelling. `timestamp` takes times and numbers alone, in quotes or not. A [lasting](Condition::lasting)
//!   condition has no now: a span is a text there, and no `timestamp`, and has no order.
//! * **`level`** compares by severity: the standard names, `TRACE`, `WARN`, `FATAL`, numbers, and `Level 25`.
//!   Other names are equal or not, whatever their capitals, and have no order. Quotes make no difference.
//! * **`~`** finds a regular expression, or a text as it is, in texts, and in numbers and booleans as the
//!   line has them. `null`, objects and arrays pass neither `~` nor `!~`.
//! * **Lines**: escapes are decoded before names and texts are compared. A line is read up to the last field
//!   that is asked for, and what is passed over is not checked. Where it is found to be no JSON object, the
//!   condition does not hold, whatever it says.

mod error;
mod needles;
mod operand;
mod parse;
mod pattern;
mod quoted;
mod token;
mod tree;

use std::fmt;

pub use error::ConditionError;
pub use needles::Needles;
use tree::Node;

use crate::jsonl::{Fields, Find, Name, NotJson};

/// Which records are wanted. Its text, as it is displayed, gives an equal condition when it is parsed with
/// the same time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    node: Node,
    names: Vec<Name>,
}

impl Condition {
    /// The condition that `text` says; spans of time in it end at `now_ns`, in nanoseconds since 1970. The
    /// error says what is wrong with it, and where.
    pub fn parse(text: &str, now_ns: i64) -> Result<Condition, ConditionError> {
        Condition::new(text, Some(now_ns))
    }

    /// The condition that `text` says, for a filter that stays in force. There is no now to count a span of
    /// time from: where it could only be a time it is refused, elsewhere it is a text.
    pub fn lasting(text: &str) -> Result<Condition, ConditionError> {
        Condition::new(text, None)
    }

    fn new(text: &str, now_ns: Option<i64>) -> Result<Condition, ConditionError> {
        let (node, names) = parse::parse(text, now_ns).map_err(|error| error.within(text))?;
        Ok(Condition { node, names: names.iter().map(|name| Name::new(name)).collect() })
    }

    /// Texts that the lines it holds for have. None where there are no such texts: every line may be wanted.
    pub fn needles(&self) -> Option<Needles> {
        Needles::of_node(&self.node)
    }

    /// The names of its fields.
    pub fn names(&self) -> &[Name] {
        &self.names
    }

    /// Whether it holds for a record whose values, as the line has them, `find` finds by the places of its
    /// [names](Condition::names). It is asked for those that decide. Fails where it does.
    pub fn holds_of(&self, find: Find<'_, '_>) -> Result<bool, NotJson> {
        self.node.holds(&mut Fields::found_by(&self.names, find))
    }

    /// Whether it holds for the record that `line` is, as JSON without a line's end. False for what is no
    /// JSON object.
    pub fn holds(&self, line: &[u8]) -> bool {
        Fields::of(&self.names, line).and_then(|mut fields| self.node.holds(&mut fields)) == Ok(true)
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.node)
    }
}

#[cfg(test)]
mod tests;
