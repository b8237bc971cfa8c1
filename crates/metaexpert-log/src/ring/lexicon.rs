//! The dictionary's names as the backend needs them, prepared when they first appear.

use std::collections::{HashMap, HashSet};

use crate::frame::{FrameError, NO_ID, Values};
use crate::line::escape::escape_json;
use crate::line::names::Names;
use crate::line::output::Output;
use crate::line::piece::Piece;
use crate::ring::dictionary::{Definition, Dictionary, keys_of};

/// Keys of a record that no field may take; a field of such a name gets a trailing underscore.
pub const CORE_KEYS: [&str; 12] = [
    "timestamp",
    "level",
    "module",
    "message",
    "category",
    "exception",
    "stack_info",
    "seq",
    "run_id",
    "thread_id",
    "process_id",
    "caller",
];

/// No record has more sections with fields: context, bound, call and their overflow.
pub(crate) const MAX_SEGMENTS: usize = 4;

/// The ids of a record's sets of fields, [`NO_ID`] behind the last.
pub(crate) type SetIds = [u32; MAX_SEGMENTS];
/// For each set of a record, which of its keys later ones replace, if they do any.
pub(crate) type Overlap = [Option<Box<[bool]>>; MAX_SEGMENTS];
/// Memory for no more combinations of sets is kept.
const MOST_OVERLAPS: usize = 1 << 12;

/// A logger's or category's name.
#[derive(Clone, Copy, Debug)]
pub struct Name<'a> {
    /// As the program gave it.
    pub raw: &'a [u8],
    /// Quoted and escaped for JSON, if it was prepared.
    pub json: Option<&'a Piece>,
}

impl Name<'_> {
    /// Appends the name as a JSON string.
    #[inline(always)]
    pub fn push_json<O: Output>(&self, out: &mut O) {
        match self.json {
            Some(json) => json.push(out),
            None => {
                out.put(b"\"");
                escape_json(self.raw, out);
                out.put(b"\"");
            }
        }
    }
}

/// A field's name.
#[derive(Debug)]
pub struct Key {
    /// As the program gave it.
    pub raw: Box<[u8]>,
    /// `,"name":` with the name free of collisions with core keys.
    pub flat: Piece,
    /// `,"name":` with the name as it is.
    pub nested: Piece,
}

impl Key {
    fn new(raw: &[u8], flat_name: &[u8]) -> Key {
        let member = |name: &[u8]| {
            let mut text = vec![b','];
            push_quoted(name, &mut text);
            text.push(b':');
            Piece::new(&text)
        };
        Key { raw: raw.into(), flat: member(flat_name), nested: member(raw) }
    }
}

fn push_quoted(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    escape_json(text, out);
    out.push(b'"');
}

/// The names of one key set, each distinct in the record.
pub(crate) fn keys_without_collisions(names: &[&[u8]]) -> Box<[Key]> {
    let wanted: HashSet<&[u8]> = names.iter().copied().collect();
    let mut taken = Names::default();
    let mut flat = |name: &[u8]| {
        if CORE_KEYS.iter().any(|core| core.as_bytes() == name) {
            return taken.distinct_from([name, b"_"].concat(), |flat| wanted.contains(flat));
        }
        taken.distinct(name.to_vec())
    };
    names.iter().map(|name| Key::new(name, &flat(name))).collect()
}

/// Whether `names` can be the keys of one object: text, each another.
fn are_keys(names: &[&[u8]]) -> bool {
    let mut seen = HashSet::with_capacity(names.len());
    names.iter().all(|name| std::str::from_utf8(name).is_ok() && seen.insert(*name))
}

struct PreparedName {
    raw: Box<[u8]>,
    json: Piece,
}

/// Definitions as the backend needs them, prepared at first sight.
#[derive(Default)]
pub struct Lexicon {
    names: Vec<Option<PreparedName>>,
    keys: Vec<Option<Box<[Key]>>>,
    /// Of sets that were met in one record, and which of them that was last.
    overlaps: Vec<(SetIds, Overlap)>,
    by_sets: HashMap<SetIds, usize>,
    latest: usize,
    /// Whether something stands in for names that cannot be read.
    is_lenient: bool,
}

/// Stands in for a name that damage has made unreadable.
const UNREADABLE: &str = "unreadable";

impl Lexicon {
    /// One for what a dead process has left: a record whose names are damaged is still a record.
    pub(crate) fn lenient() -> Lexicon {
        Lexicon { is_lenient: true, ..Lexicon::default() }
    }

    /// Makes sure that the names with these ids are known.
    #[inline]
    pub(crate) fn learn(
        &mut self,
        logger: u32,
        category: u32,
        dictionary: Dictionary<'_>,
    ) -> Result<(), FrameError> {
        if logger != NO_ID && self.name(logger).is_none() {
            self.learn_name(dictionary, logger, Definition::Logger)?;
        }
        if category != NO_ID && self.name(category).is_none() {
            self.learn_name(dictionary, category, Definition::Category)?;
        }
        Ok(())
    }

    /// Makes sure that the key set `id` is known; it belongs to `values`.
    #[inline]
    pub(crate) fn learn_set(
        &mut self,
        id: u32,
        values: Values<'_>,
        dictionary: Dictionary<'_>,
    ) -> Result<(), FrameError> {
        if self.key_set(id).is_some() { Ok(()) } else { self.learn_keys(dictionary, id, values) }
    }

    #[cold]
    fn learn_name(
        &mut self,
        dictionary: Dictionary<'_>,
        id: u32,
        kind: Definition,
    ) -> Result<(), FrameError> {
        let index = id as usize;
        let raw = match dictionary.get(id) {
            Some((found, raw)) if found == kind => raw,
            _ if self.is_lenient && dictionary.may_have(id) => UNREADABLE.as_bytes(),
            _ => return Err(FrameError::Header),
        };
        let mut json = Vec::with_capacity(raw.len() + 2);
        push_quoted(raw, &mut json);
        if self.names.len() <= index {
            self.names.resize_with(index + 1, || None);
        }
        self.names[index] = Some(PreparedName { raw: raw.into(), json: Piece::new(&json) });
        Ok(())
    }

    #[cold]
    fn learn_keys(
        &mut self,
        dictionary: Dictionary<'_>,
        id: u32,
        values: Values<'_>,
    ) -> Result<(), FrameError> {
        let index = id as usize;
        let found = match dictionary.get(id) {
            Some((Definition::Keys, payload)) => keys_of(payload),
            _ => None,
        };
        let numbered: Vec<String>;
        // The capture side defines no others, so what is not distinct text is damaged.
        let names = match found.filter(|names| are_keys(names)) {
            Some(names) => names,
            // An id that cannot be was not given by a dictionary of this size, however damaged.
            None if self.is_lenient && dictionary.may_have(id) => {
                numbered = (1..=values.count()).map(|number| format!("{UNREADABLE}_{number}")).collect();
                numbered.iter().map(String::as_bytes).collect()
            }
            None => return Err(FrameError::Header),
        };
        if self.keys.len() <= index {
            self.keys.resize_with(index + 1, || None);
        }
        self.keys[index] = Some(keys_without_collisions(&names));
        Ok(())
    }

    /// What fields of the known sets `ids` replace each other, from the first to the last.
    #[inline]
    pub(crate) fn learn_overlap(&mut self, ids: SetIds) {
        if self.overlaps.get(self.latest).is_none_or(|(known, _)| *known != ids) {
            self.find_overlap(ids);
        }
    }

    fn find_overlap(&mut self, ids: SetIds) {
        if let Some(index) = self.by_sets.get(&ids) {
            self.latest = *index;
            return;
        }
        if self.overlaps.len() == MOST_OVERLAPS {
            self.overlaps.clear();
            self.by_sets.clear();
        }
        let overlap = std::array::from_fn(|at| self.replaced(ids[at], &ids[at + 1..]));
        self.latest = self.overlaps.len();
        self.by_sets.insert(ids, self.latest);
        self.overlaps.push((ids, overlap));
    }

    /// Which keys of the set `earlier` are replaced by those of the sets `later`, if any.
    fn replaced(&self, earlier: u32, later: &[u32]) -> Option<Box<[bool]>> {
        let later = || later.iter().filter_map(|id| self.key_set(*id)).flatten();
        // By both: the same name may be kept under different keys in two sets.
        let flat: HashSet<&[u8]> = later().map(|key| &*key.flat).collect();
        let raw: HashSet<&[u8]> = later().map(|key| &*key.raw).collect();
        let is_replaced = |key: &Key| flat.contains(&*key.flat) || raw.contains(&*key.raw);
        let marks: Box<[bool]> = self.key_set(earlier)?.iter().map(is_replaced).collect();
        marks.contains(&true).then_some(marks)
    }

    /// What [`Lexicon::learn_overlap`] has found last.
    #[inline]
    pub(crate) fn latest_overlap(&self) -> Option<&Overlap> {
        self.overlaps.get(self.latest).map(|(_, overlap)| overlap)
    }

    #[inline]
    pub(crate) fn name(&self, id: u32) -> Option<Name<'_>> {
        let prepared = self.names.get(id as usize)?.as_ref()?;
        Some(Name { raw: &prepared.raw, json: Some(&prepared.json) })
    }

    #[inline]
    pub(crate) fn key_set(&self, id: u32) -> Option<&[Key]> {
        self.keys.get(id as usize)?.as_deref()
    }
}
