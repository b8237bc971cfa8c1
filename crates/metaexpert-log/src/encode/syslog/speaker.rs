//! Messages in the words of their receiver, no longer than it takes.

use super::dialect::Dialect;
use super::draft::{Draft, Parameter};
use super::fit;
use super::wording::Wording;

/// Puts drafts into the words of one dialect.
pub struct Speaker {
    wording: Wording,
}

impl Speaker {
    /// A speaker of `dialect` for the program `app_name`.
    pub fn new(dialect: Dialect, app_name: &str) -> Speaker {
        Speaker { wording: Wording::new(dialect, app_name) }
    }

    /// Appends the message that the drafted `line` stands for, at most `most` bytes of it. Returns whether
    /// something was left out.
    pub fn speak(&mut self, line: &[u8], most: usize, out: &mut Vec<u8>) -> bool {
        let Some(mut draft) = Draft::parse(line) else { return false };
        let time = self.wording.timestamp(&draft);
        let after = draft.parameters.iter().position(|each| each.is("seq")).map_or(0, |seq| seq + 1);
        draft.parameters.insert(after, Parameter::own("timestamp", time));
        if !self.wording.has_place_for_category() && !draft.category.is_empty() {
            let category = String::from_utf8_lossy(&draft.category).into_owned();
            draft.parameters.insert(after, Parameter::own("category", category));
        }
        let start = out.len();
        self.wording.push(&draft, out);
        if out.len() - start <= most {
            return false;
        }
        out.truncate(start);
        fit::push_shortened(&mut self.wording, &draft, most, out);
        true
    }
}
