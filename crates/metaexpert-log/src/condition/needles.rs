//! Bytes that a line must have for a condition to hold, so that most lines need not be read.

use std::cmp::Reverse;

use super::operand::Operand;
use super::tree::{Check, Node, Operator, Test};

/// More than these are slower to look for than lines are to read.
const MAX_NEEDLES: usize = 16;
/// Shorter ones are in too many lines.
const MIN_NEEDLE_BYTES: usize = 3;

/// Texts of which each line that a condition holds for has at least one, as it stands, or else an escape that
/// may spell a part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needles {
    /// The texts, none of them empty.
    pub any_of: Vec<Vec<u8>>,
    /// Whether they are values, which are in fewer lines than keys are.
    pub are_values: bool,
    /// How such an escape begins; none where lines are looked at as they stand.
    pub escape: Option<&'static str>,
}

impl Needles {
    /// Those of lines for which `node` holds; none where such lines have nothing in common.
    pub(super) fn of_node(node: &Node) -> Option<Needles> {
        let found = match node {
            Node::All(nodes) => nodes.iter().filter_map(Needles::of_node).max_by_key(Needles::rarity)?,
            Node::Any(nodes) => Needles::joined(nodes.iter().map(Needles::of_node).collect::<Option<_>>()?),
            Node::Not(_) => return None,
            Node::Test(test) => Needles::of_value(&test.check).or_else(|| Needles::of_name(test))?,
        };
        (found.any_of.len() <= MAX_NEEDLES).then_some(found)
    }

    /// Those of some texts without escapes, which stand between `before` and `behind` in a line.
    fn of_texts(texts: &[&str], (before, behind): (&str, &str), are_values: bool) -> Option<Needles> {
        let any_of: Vec<_> =
            texts.iter().map(|text| format!("{before}{text}{behind}").into_bytes()).collect();
        // Quotes and solidi have short escapes; of other characters `\u` is the only one.
        let has_short_escapes = texts.iter().any(|text| text.contains(['"', '/']));
        let escape = Some(if has_short_escapes { "\\" } else { "\\u" });
        let are_useful = any_of.iter().all(|text| is_spelt_one_way(text));
        are_useful.then_some(Needles { any_of, are_values, escape })
    }

    fn joined(parts: Vec<Needles>) -> Needles {
        let are_values = parts.iter().all(|part| part.are_values);
        // The beginning of both is the shorter one.
        let escape = parts.iter().filter_map(|part| part.escape).min_by_key(|escape| escape.len());
        Needles { any_of: parts.into_iter().flat_map(|part| part.any_of).collect(), are_values, escape }
    }

    /// How few lines have one of them, as far as that can be told.
    pub fn rarity(&self) -> (bool, usize, Reverse<usize>) {
        let shortest = self.any_of.iter().map(Vec::len).min();
        (self.are_values, shortest.unwrap_or(0), Reverse(self.any_of.len()))
    }

    fn of_value(check: &Check) -> Option<Needles> {
        const QUOTED: (&str, &str) = ("\"", "\"");
        match check {
            Check::Compare(Operator::Equal, operand) => {
                Needles::of_texts(&[operand.exact_text()?], QUOTED, true)
            }
            Check::IsIn { is_wanted: true, operands } => {
                let texts: Vec<&str> = operands.iter().map(Operand::exact_text).collect::<Option<_>>()?;
                Needles::of_texts(&texts, QUOTED, true)
            }
            Check::Matches { is_wanted: true, pattern } => {
                Needles::of_texts(&[pattern.contained_text()?], ("", ""), true)
            }
            _ => None,
        }
    }

    /// The end of the key that a field is found by: the whole name, or what follows one of its dots.
    fn of_name(test: &Test) -> Option<Needles> {
        if test.check == (Check::Exists { is_wanted: false }) {
            return None;
        }
        let (_, key) = test.name.rsplit_once('.').unwrap_or(("", &test.name));
        Needles::of_texts(&[key], ("", "\""), false)
    }
}

/// Whether a line without escapes has the text in no other way.
fn is_spelt_one_way(text: &[u8]) -> bool {
    text.len() >= MIN_NEEDLE_BYTES && text.iter().all(|byte| *byte >= b' ' && *byte != b'\\')
}
