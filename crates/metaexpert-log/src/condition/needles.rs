//! Bytes that a line must have for a condition to hold, so that most lines need not be read.

use std::cmp::Reverse;

use super::tree::{Check, Node, Operator, Test};

/// More than these are slower to look for than lines are to read.
const MAX_NEEDLES: usize = 16;
/// Shorter ones are in too many lines.
const MIN_NEEDLE_BYTES: usize = 3;

/// Texts of which each line that a condition holds for has at least one, as it stands, or else a backslash: an
/// escape may spell any character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needles {
    /// The texts, none of them empty.
    pub any_of: Vec<Vec<u8>>,
    /// Whether they are values, which are in fewer lines than keys are.
    pub are_values: bool,
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

    fn joined(parts: Vec<Needles>) -> Needles {
        let are_values = parts.iter().all(|part| part.are_values);
        Needles { any_of: parts.into_iter().flat_map(|part| part.any_of).collect(), are_values }
    }

    /// How few lines have one of them, as far as that can be told.
    pub fn rarity(&self) -> (bool, usize, Reverse<usize>) {
        let shortest = self.any_of.iter().map(Vec::len).min();
        (self.are_values, shortest.unwrap_or(0), Reverse(self.any_of.len()))
    }

    fn of_value(check: &Check) -> Option<Needles> {
        let quoted = |text: &str| format!("\"{text}\"");
        let texts: Vec<String> = match check {
            Check::Compare(Operator::Equal, operand) => vec![quoted(operand.exact_text()?)],
            Check::IsIn { is_wanted: true, operands } => {
                operands.iter().map(|operand| operand.exact_text().map(quoted)).collect::<Option<_>>()?
            }
            Check::Matches { is_wanted: true, pattern } => vec![pattern.contained_text()?.to_owned()],
            _ => return None,
        };
        let any_of: Vec<_> = texts.into_iter().map(String::into_bytes).collect();
        let are_useful = any_of.iter().all(|text| is_spelt_one_way(text));
        are_useful.then_some(Needles { any_of, are_values: true })
    }

    /// The end of the key that a field is found by: the whole name, or what follows one of its dots.
    fn of_name(test: &Test) -> Option<Needles> {
        if test.check == (Check::Exists { is_wanted: false }) {
            return None;
        }
        let (_, key) = test.name.rsplit_once('.').unwrap_or(("", &test.name));
        let text = format!("{key}\"").into_bytes();
        is_spelt_one_way(&text).then_some(Needles { any_of: vec![text], are_values: false })
    }
}

/// Whether a line without a backslash has the text in no other way.
fn is_spelt_one_way(text: &[u8]) -> bool {
    text.len() >= MIN_NEEDLE_BYTES && text.iter().all(|byte| *byte >= b' ' && *byte != b'\\')
}
