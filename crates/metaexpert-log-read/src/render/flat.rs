//! Fields as `key=value`: members of objects one by one, named as expressions name them.

use metaexpert_log::encode::colour::{CYAN, painted};
use metaexpert_log::jsonl::{Members, NotJson, decoded};

use super::MAX_DEPTH;
use super::pieces::{inside, push_json, push_key, push_word};
use super::selection::{Selection, Verdict};

/// The fields of one record, each with a blank before it.
pub(super) struct FlatFields {
    colour: bool,
    text: Vec<u8>,
    /// The keys that lead to the value in hand, with dots between them.
    path: Vec<u8>,
    memory: Vec<u8>,
}

impl FlatFields {
    pub(super) fn new(colour: bool) -> FlatFields {
        FlatFields { colour, text: Vec::new(), path: Vec::new(), memory: Vec::new() }
    }

    pub(super) fn clear(&mut self) {
        self.text.clear();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub(super) fn append_to(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.text);
    }

    /// Adds what is shown of a record's member. Fails where an object within it is none.
    #[inline]
    pub(super) fn push(&mut self, key: &[u8], value: &[u8], selection: &Selection) -> Result<(), NotJson> {
        self.path.clear();
        self.path.extend_from_slice(key);
        self.push_shown(value, selection, 1)
    }

    /// Adds what is shown of a member of the object that `key` leads to, as [`FlatFields::push`] does.
    pub(super) fn push_within(
        &mut self,
        key: &[u8],
        within: &[u8],
        value: &[u8],
        selection: &Selection,
    ) -> Result<(), NotJson> {
        self.path.clear();
        self.path.extend_from_slice(key);
        self.path.push(b'.');
        self.path.extend_from_slice(within);
        self.push_shown(value, selection, 2)
    }

    #[inline]
    fn push_shown(&mut self, value: &[u8], selection: &Selection, depth: usize) -> Result<(), NotJson> {
        let verdict = selection.verdict(&self.path);
        if verdict == Verdict::Nothing {
            return Ok(());
        }
        let is_object = value[0] == b'{' && depth < MAX_DEPTH;
        let has_members = is_object && self.push_members(value, selection, depth)?;
        if !has_members && verdict != (Verdict::Within { is_wanted: false }) {
            self.push_field(value);
        }
        Ok(())
    }

    /// Adds what is shown of an object's members. Returns whether it has any.
    fn push_members(&mut self, object: &[u8], selection: &Selection, depth: usize) -> Result<bool, NotJson> {
        let length = self.path.len();
        let mut has_members = false;
        for member in Members::of(object)? {
            let (key, value) = member?;
            self.path.push(b'.');
            self.path.extend_from_slice(&decoded(key)?);
            self.push_shown(value, selection, depth + 1)?;
            self.path.truncate(length);
            has_members = true;
        }
        Ok(has_members)
    }

    #[inline]
    fn push_field(&mut self, value: &[u8]) {
        let FlatFields { colour, text, path, memory } = self;
        text.push(b' ');
        painted(*colour, CYAN, text, |text| push_key(path, text));
        text.push(b'=');
        match inside(value) {
            Some(inside) => push_word(inside, memory, text),
            None => push_json(value, text),
        }
    }
}
