//! One name that stands for secrets, and where it counts within another.

use super::verdict::Verdict;

/// Where in a name an entry counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// At the end, also where no word begins: `binanceapikey`.
    Anywhere,
    /// At the end, where a word begins.
    Word,
    /// Alone.
    Whole,
}

pub(super) struct Entry {
    /// In small letters, without separators.
    pub(super) name: Box<[u8]>,
    pub(super) reach: Reach,
    pub(super) verdict: Verdict,
    /// What its plural says.
    pub(super) plural: Verdict,
}

impl Entry {
    /// One that the configuration names.
    pub(super) fn given(name: &str, verdict: Verdict) -> Entry {
        Entry { name: bare(name), reach: Reach::Word, verdict, plural: Verdict::Clear }
    }

    /// Where it begins in `name`, which ends with it.
    pub(super) fn start(&self, name: &[u8]) -> Option<usize> {
        let mut at = name.len();
        for wanted in self.name.iter().rev() {
            at = match name[..at].iter().rposition(|byte| is_word(*byte)) {
                Some(at) if name[at].eq_ignore_ascii_case(wanted) => at,
                _ => return None,
            };
        }
        let counts = match self.reach {
            Reach::Anywhere => true,
            Reach::Word => begins_word(name, at),
            Reach::Whole => is_alone(name, at),
        };
        counts.then_some(at)
    }
}

/// Whether `name` has no more than what begins at `at`, or only prose before it: `sent KEY`, not `sort key`.
fn is_alone(name: &[u8], at: usize) -> bool {
    let is_loud = || name[..at].ends_with(b" ") && name[at..].iter().all(u8::is_ascii_uppercase);
    !name[..at].iter().any(|byte| is_word(*byte)) || is_loud()
}

/// A name in small letters, without separators.
fn bare(name: &str) -> Box<[u8]> {
    name.bytes().filter(|byte| is_word(*byte)).map(|byte| byte.to_ascii_lowercase()).collect()
}

pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii()
}

pub(super) fn begins_word(name: &[u8], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).map(|before| name[before]) else { return true };
    let is_hump = name[at].is_ascii_uppercase()
        && (before.is_ascii_lowercase() || name.get(at + 1).is_some_and(u8::is_ascii_lowercase));
    !is_word(before) || is_hump || before.is_ascii_digit()
}
