//! Records as JSON Lines.

use metaexpert_log::jsonl::{Member, Members, NotJson, decoded};

use super::MAX_DEPTH;
use super::pieces::{push_json, push_json_inside};
use super::selection::{Selection, Verdict};
use super::style::{Style, StyleError};

/// Writes records as they are, or those of their members that are shown.
pub(super) struct JsonFormat {
    members: ShownMembers,
}

impl JsonFormat {
    pub(super) fn of(style: &Style) -> Result<JsonFormat, StyleError> {
        Ok(JsonFormat { members: ShownMembers::of(style)? })
    }

    /// Appends `line` as one line. When it fails, what it appended is no record.
    pub(super) fn push(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<(), NotJson> {
        if self.members.selection.is_all() {
            Members::of(line)?.try_for_each(|member| member.map(|_| ()))?;
            push_json(line.trim_ascii(), out);
        } else {
            out.push(b'{');
            for member in Members::of(line)? {
                self.members.push(member?, out)?;
            }
            out.push(b'}');
        }
        out.push(b'\n');
        Ok(())
    }
}

/// Writes the members of a record that are shown.
pub(super) struct ShownMembers {
    selection: Selection,
    /// The keys that lead to the value in hand, with dots between them.
    path: Vec<u8>,
}

impl ShownMembers {
    pub(super) fn of(style: &Style) -> Result<ShownMembers, StyleError> {
        Ok(ShownMembers { selection: Selection::of(style)?, path: Vec::new() })
    }

    /// Appends what is shown of a record's member to an object that has begun. Fails where an object within
    /// it is none.
    #[inline]
    pub(super) fn push(&mut self, member: Member<'_>, out: &mut Vec<u8>) -> Result<(), NotJson> {
        self.path.clear();
        self.push_shown(member, 1, out)
    }

    #[inline]
    fn push_shown(&mut self, member: Member<'_>, depth: usize, out: &mut Vec<u8>) -> Result<(), NotJson> {
        let (key, value) = member;
        self.path.extend_from_slice(&decoded(key)?);
        let verdict = self.selection.verdict(&self.path);
        if verdict == Verdict::Nothing {
            return Ok(());
        }
        let start = out.len();
        push_key(key.bytes, out);
        let is_shown = match verdict {
            Verdict::Within { is_wanted } if value[0] == b'{' && depth < MAX_DEPTH => {
                self.push_members(value, is_wanted, depth, out)?
            }
            Verdict::Within { is_wanted: false } => false,
            _ => {
                push_json(value, out);
                true
            }
        };
        if !is_shown {
            out.truncate(start);
        }
        Ok(())
    }

    /// Appends what is shown of an object. Returns whether it is: one of which all is hidden is not.
    fn push_members(
        &mut self,
        object: &[u8],
        is_wanted: bool,
        depth: usize,
        out: &mut Vec<u8>,
    ) -> Result<bool, NotJson> {
        let (length, begin) = (self.path.len(), out.len() + 1);
        let mut is_empty = true;
        out.push(b'{');
        for member in Members::of(object)? {
            self.path.truncate(length);
            self.path.push(b'.');
            self.push_shown(member?, depth + 1, out)?;
            is_empty = false;
        }
        let is_shown = out.len() > begin || (is_wanted && is_empty);
        out.push(b'}');
        Ok(is_shown)
    }
}

/// Appends a key, which stands between its quotes in the line as `inside`, and a comma unless it is the first
/// of its object.
#[inline]
fn push_key(inside: &[u8], out: &mut Vec<u8>) {
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
    out.push(b'"');
    push_json_inside(inside, out);
    out.extend_from_slice(b"\":");
}
