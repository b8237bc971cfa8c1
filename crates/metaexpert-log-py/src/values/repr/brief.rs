//! The beginning of a `repr()` in the making.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::{PyDict, PyString};

use crate::values::text::{Excerpt, type_name};

/// Least characters of a member of a sequence, with what separates it: `1, `.
const MEMBER_CHARACTERS: usize = 3;

/// Least characters of a pair whose members are told apart: `1: 1`.
const PAIR_CHARACTERS: usize = 4;

/// Adds `repr()` of a member at a depth. Containers do not know what they hold, so it is passed to them.
pub(crate) type PushMember = fn(&mut Brief, &Bound<'_, PyAny>, usize) -> PyResult<()>;

/// A text that grows up to `most` bytes, and a count of what did not fit.
pub(crate) struct Brief {
    text: Vec<u8>,
    most: usize,
    left: usize,
    push_member: PushMember,
}

impl Brief {
    pub(crate) fn new(most: usize, push_member: PushMember) -> Self {
        Brief { text: Vec::new(), most, left: 0, push_member }
    }

    /// The text, and how much follows at least.
    pub(crate) fn finish(self) -> Excerpt {
        Excerpt::from(self.text).followed_by_about(self.left)
    }

    pub(crate) fn room(&self) -> usize {
        self.most.saturating_sub(self.text.len())
    }

    pub(crate) fn push_text(&mut self, text: &Bound<'_, PyString>) {
        self.push_excerpt(Excerpt::of(text, self.room()));
    }

    pub(crate) fn push_excerpt(&mut self, excerpt: Excerpt) {
        self.append(&excerpt.text, excerpt.left());
    }

    /// Adds a text of which `left` bytes follow.
    pub(crate) fn append(&mut self, text: &[u8], left: usize) {
        self.text.extend_from_slice(text);
        self.left += left;
    }

    /// Adds a text of the library's own.
    pub(crate) fn write(&mut self, text: &str) {
        self.text.extend_from_slice(text.as_bytes());
    }

    pub(crate) fn push_name(&mut self, object: &Bound<'_, PyAny>) {
        self.write(&type_name(&object.get_type()));
    }

    /// Adds the end of a value, if all of the value is there.
    pub(crate) fn close(&mut self, end: &str) {
        if self.left == 0 {
            self.write(end);
        }
    }

    pub(crate) fn push_member(&mut self, member: &Bound<'_, PyAny>, depth: usize) -> PyResult<()> {
        (self.push_member)(self, member, depth)
    }

    /// Members beyond these do not fit.
    pub(crate) fn most_members(&self) -> usize {
        self.room() / MEMBER_CHARACTERS + 1
    }

    /// Pairs beyond these do not fit.
    pub(crate) fn most_pairs(&self) -> usize {
        self.room() / PAIR_CHARACTERS + 1
    }

    /// Adds the first of `count` members between two texts.
    pub(crate) fn push_members<'py>(
        &mut self,
        (begin, end): (&str, &str),
        members: impl Iterator<Item = Bound<'py, PyAny>>,
        count: usize,
        depth: usize,
    ) -> PyResult<()> {
        self.write(begin);
        for (index, member) in members.enumerate() {
            if self.is_full(count - index.min(count)) {
                return Ok(());
            }
            if index > 0 {
                self.write(", ");
            }
            self.push_member(&member, depth + 1)?;
        }
        self.close(end);
        Ok(())
    }

    pub(crate) fn push_dict(&mut self, dict: &Bound<'_, PyDict>, depth: usize) -> PyResult<()> {
        self.once(dict, "{...}", |brief| {
            brief.write("{");
            // Taken first, and no more of them than there is room for: showing one may run its own code.
            let most = brief.most_pairs();
            let pairs: Vec<_> = with_critical_section(dict, || dict.iter().take(most).collect());
            brief.push_pairs(&pairs, dict.len(), depth)
        })
    }

    /// Adds the first of `count` pairs, and what ends them.
    pub(crate) fn push_pairs(
        &mut self,
        pairs: &[(Bound<'_, PyAny>, Bound<'_, PyAny>)],
        count: usize,
        depth: usize,
    ) -> PyResult<()> {
        for (index, (key, value)) in pairs.iter().enumerate() {
            if self.is_full(2 * count.saturating_sub(index)) {
                return Ok(());
            }
            if index > 0 {
                self.write(", ");
            }
            self.push_member(key, depth + 1)?;
            self.write(": ");
            self.push_member(value, depth + 1)?;
        }
        self.close("}");
        Ok(())
    }

    /// Adds a container with `push`, and with `again` where it is in itself.
    pub(crate) fn once(
        &mut self,
        container: &Bound<'_, PyAny>,
        again: &str,
        push: impl FnOnce(&mut Self) -> PyResult<()>,
    ) -> PyResult<()> {
        match Shown::enter(container)? {
            Some(_shown) => push(self),
            None => {
                self.write(again);
                Ok(())
            }
        }
    }

    /// Whether there is no room for `more` members, which are counted then.
    fn is_full(&mut self, more: usize) -> bool {
        let is_full = self.room() == 0 || self.left > 0;
        if is_full {
            self.left += MEMBER_CHARACTERS * more;
        }
        is_full
    }
}

/// A container that is being shown. The interpreter knows of it as well, in case it shows a member.
struct Shown<'a, 'py>(&'a Bound<'py, PyAny>);

impl<'a, 'py> Shown<'a, 'py> {
    /// `None` if it is being shown already.
    fn enter(object: &'a Bound<'py, PyAny>) -> PyResult<Option<Self>> {
        // SAFETY: the GIL is held, and the object alive.
        match unsafe { ffi::Py_ReprEnter(object.as_ptr()) } {
            0 => Ok(Some(Shown(object))),
            1.. => Ok(None),
            _ => Err(PyErr::fetch(object.py())),
        }
    }
}

impl Drop for Shown<'_, '_> {
    fn drop(&mut self) {
        // SAFETY: as above; it was entered, once.
        unsafe { ffi::Py_ReprLeave(self.0.as_ptr()) };
    }
}
