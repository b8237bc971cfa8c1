//! The fields of a record, of up to four sets of names.

use std::collections::HashMap;

use crate::frame::{FrameError, InlineFields, NO_ID, Value, Values};
use crate::ring::dictionary::Dictionary;
use crate::ring::lexicon::{Key, Lexicon, MAX_SEGMENTS, Overlap, SetIds, keys_without_collisions};

/// What stands in the place of one field's value.
#[derive(Debug)]
pub(crate) struct Replaced {
    /// Which field, in the order in which a record shows them.
    pub(crate) ordinal: usize,
    pub(crate) by: Replacement,
}

/// A value in the place of one that was logged.
#[derive(Debug)]
pub(crate) enum Replacement {
    Fixed(&'static [u8]),
    Text(Vec<u8>),
    Json(Vec<u8>),
}

impl Replaced {
    fn value(&self) -> Value<'_> {
        match &self.by {
            Replacement::Fixed(text) => Value::Str(text),
            Replacement::Text(text) => Value::Str(text),
            Replacement::Json(json) => Value::Json(json),
        }
    }
}

#[derive(Clone, Copy)]
pub(super) enum Segment<'a> {
    Keyed { id: u32, keys: &'a [Key], values: Values<'a> },
    Inline(InlineFields<'a>),
}

/// All fields of a record: context first, then bound, then the call's own; a later one of the same
/// name replaces an earlier one.
#[derive(Clone, Copy)]
pub struct Fields<'a> {
    pub(super) segments: [Option<Segment<'a>>; MAX_SEGMENTS],
    pub(super) has_inline: bool,
    /// What later segments replace of earlier ones, if there are several.
    pub(super) overlap: Option<&'a Overlap>,
    /// What stands in the place of some values, by the fields' order.
    pub(super) masked: &'a [Replaced],
}

/// Where a field's name stands.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    /// Which of the record's sets the field is of, from the context's to the call's own.
    pub(crate) at: usize,
    /// The set's id and the name's index, unless it is a set for this record alone.
    pub(crate) set: Option<(u32, usize)>,
    /// The names of the set, and which it is.
    pub(crate) keys: &'a [Key],
    pub(crate) index: usize,
}

/// A set of names with its values.
pub(crate) struct Set<'a> {
    pub(crate) keys: &'a [Key],
    pub(crate) values: Values<'a>,
    /// Which of them later sets replace, if they do any.
    pub(crate) replaced: Option<&'a [bool]>,
}

impl<'a> Fields<'a> {
    /// Calls `visit` with every field that counts, in order; each key is distinct.
    #[inline]
    pub fn for_each(&self, mut visit: impl FnMut(&Key, Value<'a>)) {
        if !self.masked.is_empty() {
            return self.for_each_masked(&mut |place, value| visit(&place.keys[place.index], value));
        }
        self.for_each_placed(|place, value| visit(&place.keys[place.index], value));
    }

    /// As [`Fields::for_each`], by where each name stands.
    pub(crate) fn for_each_shown(&self, visit: &mut dyn FnMut(Place<'_>, Value<'a>)) {
        if self.masked.is_empty() { self.for_each_placed(visit) } else { self.for_each_masked(visit) }
    }

    #[cold]
    fn for_each_masked(&self, visit: &mut dyn FnMut(Place<'_>, Value<'a>)) {
        let mut masked = self.masked.iter().peekable();
        let mut ordinal = 0;
        self.for_each_placed(|place, value| {
            let instead = masked.next_if(|replaced| replaced.ordinal == ordinal);
            visit(place, instead.map_or(value, Replaced::value));
            ordinal += 1;
        });
    }

    /// Puts `masked`, in the order of the fields, in the place of some values.
    pub(crate) fn replace(&mut self, masked: &'a [Replaced]) {
        self.masked = masked;
    }

    /// As [`Fields::for_each`], by where each name stands; values are those that were logged.
    #[inline]
    pub(crate) fn for_each_placed(&self, mut visit: impl FnMut(Place<'_>, Value<'a>)) {
        if self.has_inline {
            return self.for_each_unprepared(&mut visit);
        }
        for (at, segment) in self.segments.iter().map_while(Option::as_ref).enumerate() {
            let Segment::Keyed { id, keys, values } = segment else { continue };
            let replaced = self.overlap.and_then(|overlap| overlap[at].as_deref());
            for (index, value) in (0..keys.len()).zip(*values) {
                if replaced.is_none_or(|replaced| !replaced[index]) {
                    visit(Place { at, set: Some((*id, index)), keys, index }, value);
                }
            }
        }
    }

    /// Each set of names; `None` if values are masked or a set is for
    /// this record alone.
    #[inline(always)]
    pub(crate) fn prepared(&self) -> Option<impl Iterator<Item = Set<'a>>> {
        let overlap = self.overlap;
        let segments = self.segments.iter().map_while(Option::as_ref).enumerate();
        let keyed = move |(at, segment): (usize, &Segment<'a>)| match segment {
            Segment::Keyed { keys, values, .. } => {
                let replaced = overlap.and_then(|overlap| overlap[at].as_deref());
                Some(Set { keys, values: *values, replaced })
            }
            Segment::Inline(_) => None,
        };
        (!self.has_inline && self.masked.is_empty()).then(|| segments.filter_map(keyed))
    }

    /// The sets of names with their values, also those that are replaced; `None` if one is for this record
    /// alone.
    #[inline]
    pub(crate) fn sets(&self) -> Option<impl Iterator<Item = (u32, Values<'a>)>> {
        let keyed = |segment: &Segment<'a>| match segment {
            Segment::Keyed { id, values, .. } => Some((*id, *values)),
            Segment::Inline(_) => None,
        };
        (!self.has_inline).then(|| self.segments.iter().map_while(Option::as_ref).filter_map(keyed))
    }

    /// A set that the dictionary had no room for has no prepared keys: they are made for this record.
    #[cold]
    fn for_each_unprepared(&self, visit: &mut dyn FnMut(Place<'_>, Value<'a>)) {
        let mut members: Vec<Option<(&[u8], Value<'a>)>> = Vec::new();
        let mut latest: HashMap<&[u8], usize> = HashMap::new();
        let mut add = |name, value| {
            if let Some(earlier) = latest.insert(name, members.len()) {
                members[earlier] = None;
            }
            members.push(Some((name, value)));
        };
        for segment in self.segments.iter().map_while(Option::as_ref) {
            match segment {
                Segment::Keyed { keys, values, .. } => {
                    keys.iter().zip(*values).for_each(|(key, value)| add(&key.raw, value));
                }
                Segment::Inline(fields) => fields.into_iter().for_each(|(name, value)| add(name, value)),
            }
        }
        let (names, values): (Vec<&[u8]>, Vec<Value<'a>>) = members.into_iter().flatten().unzip();
        let keys = keys_without_collisions(&names);
        for (index, value) in values.into_iter().enumerate() {
            visit(Place { at: 0, set: None, keys: &keys, index }, value);
        }
    }

    /// The value of the field `name`.
    pub fn get(&self, name: &[u8]) -> Option<Value<'a>> {
        let mut found = None;
        self.for_each(|key, value| {
            if *key.raw == *name {
                found = Some(value);
            }
        });
        found
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        let mut empty = true;
        self.for_each(|_, _| empty = false);
        empty
    }
}

impl<'a> Fields<'a> {
    /// Makes sure that all names are known. Returns the ids of the sets, without those of this record alone.
    #[inline]
    pub(super) fn learn(
        &self,
        dictionary: Dictionary<'_>,
        lexicon: &mut Lexicon,
    ) -> Result<SetIds, FrameError> {
        let mut ids = [NO_ID; MAX_SEGMENTS];
        for (slot, segment) in ids.iter_mut().zip(self.segments.iter().map_while(Option::as_ref)) {
            if let Segment::Keyed { id, values, .. } = segment {
                lexicon.learn_set(*id, *values, dictionary)?;
                *slot = *id;
            }
        }
        if ids[1] != NO_ID {
            lexicon.learn_overlap(ids);
        }
        Ok(ids)
    }
}
