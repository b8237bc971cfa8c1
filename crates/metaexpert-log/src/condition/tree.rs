//! A parsed expression: tests of fields, and how they are joined.

use std::cmp::Ordering;
use std::fmt;

use super::operand::Operand;
use super::pattern::Pattern;
use super::quoted::write_quoted;
use super::token::{is_word, keyword};
use crate::jsonl::{Fields, NotJson, Number, Value};

/// An expression, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// Joined by `and`; none of them is such a node itself.
    All(Vec<Node>),
    /// Joined by `or`; none of them is such a node itself.
    Any(Vec<Node>),
    Not(Box<Node>),
    /// Boxed, because a parser's stack holds one node per level.
    Test(Box<Test>),
}

/// What one field must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Test {
    pub(super) name: String,
    /// The place of the name among those of the expression.
    pub(super) index: usize,
    pub(super) check: Check,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Check {
    Exists { is_wanted: bool },
    Compare(Operator, Operand),
    Matches { is_wanted: bool, pattern: Pattern },
    IsIn { is_wanted: bool, operands: Vec<Operand> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

impl Operator {
    const ALL: [(&'static str, Operator); 6] = [
        ("=", Operator::Equal),
        ("!=", Operator::NotEqual),
        ("<", Operator::Less),
        ("<=", Operator::AtMost),
        (">", Operator::Greater),
        (">=", Operator::AtLeast),
    ];

    pub(super) fn of(sign: &str) -> Option<Operator> {
        Self::ALL.into_iter().find(|(known, _)| *known == sign).map(|(_, operator)| operator)
    }

    fn sign(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, known)| *known == self).map_or("", |(sign, _)| sign)
    }

    pub(super) fn is_ordered(self) -> bool {
        !matches!(self, Operator::Equal | Operator::NotEqual)
    }

    fn accepts(self, order: Option<Ordering>) -> bool {
        match self {
            Operator::Equal => order == Some(Ordering::Equal),
            Operator::NotEqual => order != Some(Ordering::Equal),
            Operator::Less => order == Some(Ordering::Less),
            Operator::AtMost => order.is_some_and(Ordering::is_le),
            Operator::Greater => order == Some(Ordering::Greater),
            Operator::AtLeast => order.is_some_and(Ordering::is_ge),
        }
    }
}

impl Node {
    /// Whether a line with these fields is wanted. Fields behind the last one that decides are not read.
    pub(super) fn holds(&self, fields: &mut Fields<'_, '_>) -> Result<bool, NotJson> {
        match self {
            Node::All(nodes) => {
                for node in nodes {
                    if !node.holds(fields)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Node::Any(nodes) => {
                for node in nodes {
                    if node.holds(fields)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Node::Not(node) => Ok(!node.holds(fields)?),
            Node::Test(test) => match fields.get(test.index)? {
                Some(value) => test.check.holds(&Value::of(value)?),
                None => Ok(test.check == Check::Exists { is_wanted: false }),
            },
        }
    }
}

impl Check {
    /// Whether a value that is there passes.
    fn holds(&self, value: &Value<'_>) -> Result<bool, NotJson> {
        Ok(match self {
            Check::Exists { is_wanted } => *is_wanted,
            Check::Compare(operator, operand) => operator.accepts(operand.compare(value)),
            Check::Matches { is_wanted, pattern } => {
                value.as_text().is_some_and(|text| pattern.matches(text) == *is_wanted)
            }
            Check::IsIn { is_wanted, operands } => {
                let mut orders = operands.iter().map(|operand| operand.compare(value));
                orders.any(|order| order == Some(Ordering::Equal)) == *is_wanted
            }
        })
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Node::All(nodes) => write_joined(nodes, " and ", f),
            Node::Any(nodes) => write_joined(nodes, " or ", f),
            Node::Not(node) => {
                f.write_str("not ")?;
                node.write_within(f)
            }
            Node::Test(test) => write!(f, "{test}"),
        }
    }
}

impl Node {
    /// The node as a part of another, in parentheses if it is joined.
    fn write_within(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Node::All(_) | Node::Any(_) => write!(f, "({self})"),
            Node::Not(_) | Node::Test(_) => write!(f, "{self}"),
        }
    }
}

fn write_joined(nodes: &[Node], word: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (index, node) in nodes.iter().enumerate() {
        if index > 0 {
            f.write_str(word)?;
        }
        node.write_within(f)?;
    }
    Ok(())
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_name(&self.name, f)?;
        let not = |is_wanted: &bool| if *is_wanted { "" } else { "not " };
        match &self.check {
            Check::Exists { is_wanted } => write!(f, " {}exists", not(is_wanted)),
            Check::Compare(operator, operand) => write!(f, " {} {operand}", operator.sign()),
            Check::Matches { is_wanted: true, pattern } => write!(f, " ~ {pattern}"),
            Check::Matches { is_wanted: false, pattern } => write!(f, " !~ {pattern}"),
            Check::IsIn { is_wanted, operands } => {
                write!(f, " {}in (", not(is_wanted))?;
                for (index, operand) in operands.iter().enumerate() {
                    write!(f, "{}{operand}", if index > 0 { ", " } else { "" })?;
                }
                f.write_str(")")
            }
        }
    }
}

/// A name as it is read back: quoted where it would be something else.
fn write_name(name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let is_plain =
        is_word(name) && keyword(name).is_none() && name != "logger" && Number::parse(name).is_none();
    if is_plain { f.write_str(name) } else { write_quoted(name, f) }
}
