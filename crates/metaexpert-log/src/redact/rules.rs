//! The secrets of one configuration, and texts without them.

use super::keys::Keys;
use super::patterns::Patterns;
use super::verdict::Verdict;
use super::{assignment, base64, spoken, text};

/// What is a secret in one configuration.
pub(super) struct Rules {
    pub(super) keys: Keys,
    pub(super) defaults: bool,
    pub(super) has_keys: bool,
    pub(super) patterns: Patterns,
}

impl Rules {
    /// A value that is a text, or bytes as base64, with its secrets masked, if it has any.
    pub(super) fn value_text(&self, text: &[u8]) -> Option<Vec<u8>> {
        self.text(text).or_else(|| self.bytes(text))
    }

    /// Base64 of the bytes that `text` may stand for, with their secrets masked, if they have any.
    #[inline]
    pub(super) fn bytes(&self, text: &[u8]) -> Option<Vec<u8>> {
        if base64::may_be(text) { self.masked_bytes(text) } else { None }
    }

    #[cold]
    fn masked_bytes(&self, text: &[u8]) -> Option<Vec<u8>> {
        let (bytes, note) = base64::text(text)?;
        Some(base64::encoded(&self.text(&bytes)?, note))
    }

    /// `text` with its secrets masked, if it has any.
    pub(super) fn text(&self, text: &[u8]) -> Option<Vec<u8>> {
        let may_show = (self.has_keys && assignment::may_be_in(text))
            || (self.defaults && text::may_be_in(text))
            || !self.patterns.is_empty();
        if may_show { self.masked(text) } else { None }
    }

    fn masked(&self, text: &[u8]) -> Option<Vec<u8>> {
        let is_telling = self.defaults && text::may_be_in(text);
        let mut masked = if is_telling { text::masked(text) } else { None };
        let mut then = |step: &dyn Fn(&[u8]) -> Option<Vec<u8>>| {
            if let Some(next) = step(masked.as_deref().unwrap_or(text)) {
                masked = Some(next);
            }
        };
        if is_telling {
            then(&|text| spoken::masked(text, &self.keys));
        }
        if self.has_keys {
            then(&|text| assignment::masked(text, &self.keys, self.defaults));
        }
        if !self.patterns.is_empty() {
            then(&|text| self.patterns.masked(text));
        }
        masked
    }
}

/// Whether a name of this verdict covers a value that is a text, or bytes as base64.
pub(super) fn covers(verdict: Verdict, text: &[u8]) -> bool {
    let is_harmless =
        || base64::text(text).is_some_and(|(bytes, note)| note.is_empty() && !verdict.covers(&bytes));
    verdict.covers(text) && (verdict.is_certain() || !is_harmless())
}
