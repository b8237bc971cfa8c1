//! The dictionary's names as the backend needs them, prepared when they first appear.

use std::collections::{HashMap, HashSet};

use crate::encode::escape::escape_json;
use crate::frame::{Frame, FrameError, SectionRef, Values};
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

/// A logger's or category's name.
#[derive(Clone, Copy, Debug)]
pub struct Name<'a> {
    /// As the program gave it.
    pub raw: &'a [u8],
    /// Quoted and escaped for JSON, if it was prepared.
    pub json: Option<&'a [u8]>,
}

impl Name<'_> {
    /// Appends the name as a JSON string.
    #[inline]
    pub fn push_json(&self, out: &mut Vec<u8>) {
        match self.json {
            Some(json) => out.extend_from_slice(json),
            None => push_quoted(self.raw, out),
        }
    }
}

/// A field's name.
#[derive(Debug)]
pub struct Key {
    /// As the program gave it.
    pub raw: Box<[u8]>,
    /// `,"name":` with the name free of collisions with core keys.
    pub flat: Box<[u8]>,
    /// `,"name":` with the name as it is.
    pub nested: Box<[u8]>,
}

impl Key {
    fn new(raw: &[u8], flat_name: &[u8]) -> Key {
        let member = |name: &[u8]| {
            let mut text = vec![b','];
            push_quoted(name, &mut text);
            text.push(b':');
            text.into_boxed_slice()
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
    let mut taken: HashSet<Vec<u8>> = HashSet::with_capacity(names.len());
    let mut distinct: Vec<Vec<u8>> = Vec::with_capacity(names.len());
    for name in names {
        let mut flat = name.to_vec();
        let is_core = CORE_KEYS.iter().any(|core| core.as_bytes() == *name);
        if is_core {
            flat.push(b'_');
        }
        while taken.contains(&flat) || (is_core && wanted.contains(flat.as_slice())) {
            flat.push(b'_');
        }
        taken.insert(flat.clone());
        distinct.push(flat);
    }
    names.iter().zip(&distinct).map(|(raw, flat)| Key::new(raw, flat)).collect()
}

/// Whether `names` can be the keys of one object: text, each another.
fn are_keys(names: &[&[u8]]) -> bool {
    let mut seen = HashSet::with_capacity(names.len());
    names.iter().all(|name| std::str::from_utf8(name).is_ok() && seen.insert(*name))
}

struct PreparedName {
    raw: Box<[u8]>,
    json: Box<[u8]>,
}

/// Definitions as the backend needs them, prepared at first sight.
#[derive(Default)]
pub struct Lexicon {
    names: Vec<Option<PreparedName>>,
    keys: Vec<Option<Box<[Key]>>>,
    // (earlier set, later set) → which keys of the earlier one the later one replaces.
    replaced: HashMap<(u32, u32), Option<Box<[bool]>>>,
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

    /// Makes sure that every name `frame` refers to is known.
    #[inline]
    pub(crate) fn learn(&mut self, frame: &Frame<'_>, dictionary: Dictionary<'_>) -> Result<(), FrameError> {
        if self.knows(frame) { Ok(()) } else { self.learn_all(frame, dictionary) }
    }

    fn learn_all(&mut self, frame: &Frame<'_>, dictionary: Dictionary<'_>) -> Result<(), FrameError> {
        if frame.logger != 0 {
            self.learn_name(dictionary, frame.logger, Definition::Logger)?;
        }
        if frame.category != 0 {
            self.learn_name(dictionary, frame.category, Definition::Category)?;
        }
        let mut seen = [0u32; MAX_SEGMENTS];
        let mut count = 0;
        for section in frame.sections() {
            if let SectionRef::Fields { keys, values } = section? {
                self.learn_keys(dictionary, keys, values)?;
                for earlier in &seen[..count] {
                    self.learn_replaced(*earlier, keys);
                }
                if count < MAX_SEGMENTS {
                    seen[count] = keys;
                    count += 1;
                }
            }
        }
        Ok(())
    }

    /// Whether `frame` is of the simplest kind, one set of fields at most, and names nothing new.
    #[inline]
    fn knows(&self, frame: &Frame<'_>) -> bool {
        let mut sections = frame.sections();
        (frame.logger == 0 || self.name(frame.logger).is_some())
            && (frame.category == 0 || self.name(frame.category).is_some())
            && match sections.next() {
                None => true,
                Some(Ok(SectionRef::Fields { keys, .. })) => {
                    self.key_set(keys).is_some() && sections.next().is_none()
                }
                Some(_) => false,
            }
    }

    fn learn_name(
        &mut self,
        dictionary: Dictionary<'_>,
        id: u32,
        kind: Definition,
    ) -> Result<(), FrameError> {
        let index = id as usize;
        if matches!(self.names.get(index), Some(Some(_))) {
            return Ok(());
        }
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
        self.names[index] = Some(PreparedName { raw: raw.into(), json: json.into() });
        Ok(())
    }

    fn learn_keys(
        &mut self,
        dictionary: Dictionary<'_>,
        id: u32,
        values: Values<'_>,
    ) -> Result<(), FrameError> {
        let index = id as usize;
        if matches!(self.keys.get(index), Some(Some(_))) {
            return Ok(());
        }
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

    fn learn_replaced(&mut self, earlier: u32, later: u32) {
        if self.replaced.contains_key(&(earlier, later)) {
            return;
        }
        let (Some(first), Some(second)) = (self.key_set(earlier), self.key_set(later)) else { return };
        // By both: the same name may be kept under different keys in two sets.
        let flat: HashSet<&[u8]> = second.iter().map(|key| &*key.flat).collect();
        let raw: HashSet<&[u8]> = second.iter().map(|key| &*key.raw).collect();
        let marks: Box<[bool]> =
            first.iter().map(|key| flat.contains(&*key.flat) || raw.contains(&*key.raw)).collect();
        let marks = marks.contains(&true).then_some(marks);
        self.replaced.insert((earlier, later), marks);
    }

    #[inline]
    pub(crate) fn name(&self, id: u32) -> Option<Name<'_>> {
        let prepared = self.names.get(id as usize)?.as_ref()?;
        Some(Name { raw: &prepared.raw, json: Some(&prepared.json) })
    }

    /// Which keys of the set `earlier` are replaced by those of `later`, if any.
    pub(crate) fn replaced(&self, earlier: u32, later: u32) -> Option<&[bool]> {
        self.replaced.get(&(earlier, later))?.as_deref()
    }

    #[inline]
    pub(crate) fn key_set(&self, id: u32) -> Option<&[Key]> {
        self.keys.get(id as usize)?.as_deref()
    }
}
