//! Names that many frames share, each stored once: loggers, categories and the key sets of fields.
//!
//! An append-only region beside the ring's bytes rather than frames inside it: a definition is there
//! as long as the ring is, so any frame can be read without the frames before it. An id is the
//! definition's offset divided by eight; 0 means none.
//!
//! ```text
//! len u32 (of the payload) · kind u8 · pad[3] · payload, padded to eight
//! key set payload: count u32 · (key_len u32 · key)…
//! ```

use std::collections::HashMap;

use crate::frame::NO_ID;
use crate::ring::layout::{DICTIONARY_OFFSET, Ring};

/// What a definition names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Definition {
    /// A logger's name.
    Logger = 1,
    /// A category.
    Category = 2,
    /// The keys of one call site's fields.
    Keys = 3,
}

const ENTRY_HEADER: usize = 8;
// The first eight bytes hold the region's length in use, which keeps id 0 free to mean "none".
const FIRST_ENTRY: usize = 8;
/// Names get memory in such steps: some hundreds of call sites have room in one.
const STEP: usize = 64 << 10;

/// The region itself.
#[derive(Clone, Copy)]
pub struct Dictionary<'a> {
    start: *mut u8,
    len: usize,
    /// Whose it is; none of an empty one.
    ring: Option<&'a Ring>,
}

impl Ring {
    /// The names that frames refer to.
    #[inline]
    pub fn dictionary(&self) -> Dictionary<'_> {
        // SAFETY: the region lies inside the mapping, behind the marks and before the data;
        // only `Dictionary` touches it.
        unsafe { Dictionary::new(self.mapping.start().add(DICTIONARY_OFFSET), self.dictionary_len, self) }
    }
}

impl<'a> Dictionary<'a> {
    /// A region without definitions.
    pub(crate) fn empty() -> Dictionary<'static> {
        Dictionary { start: std::ptr::null_mut(), len: 0, ring: None }
    }

    /// # Safety
    /// `start` must point to `len` mapped bytes of `ring`, aligned to eight and zero at first, which
    /// nothing else touches. At most one [`DictionaryWriter`] may write to it.
    unsafe fn new(start: *mut u8, len: usize, ring: &'a Ring) -> Self {
        Dictionary { start, len, ring: Some(ring) }
    }

    /// Whether a definition could have this id.
    pub(crate) fn may_have(&self, id: u32) -> bool {
        let offset = id as usize * 8;
        (FIRST_ENTRY..self.len.saturating_sub(ENTRY_HEADER)).contains(&offset)
    }

    /// Kind and payload of definition `id`. The caller must have got `id` from a published frame,
    /// which makes the definition's bytes visible; any other id gives `None` or a definition.
    pub fn get(&self, id: u32) -> Option<(Definition, &'a [u8])> {
        let offset = id as usize * 8;
        if offset < FIRST_ENTRY || offset + ENTRY_HEADER > self.len {
            return None;
        }
        // SAFETY: the eight bytes lie inside the region; definitions are written before a frame names
        // them and never change afterwards.
        let header = unsafe { std::slice::from_raw_parts(self.start.add(offset), ENTRY_HEADER) };
        let len = u32::from_le_bytes([header[0], header[1], header[2], header[3]]) as usize;
        let kind = match header[4] {
            1 => Definition::Logger,
            2 => Definition::Category,
            3 => Definition::Keys,
            _ => return None,
        };
        if offset + ENTRY_HEADER + len > self.len {
            return None;
        }
        // SAFETY: the bounds were checked; see above for visibility.
        Some((kind, unsafe { std::slice::from_raw_parts(self.start.add(offset + ENTRY_HEADER), len) }))
    }
}

/// Splits a key set's payload into its keys; `None` if it is damaged.
pub fn keys_of(payload: &[u8]) -> Option<Vec<&[u8]>> {
    let (count, mut rest) = payload.split_first_chunk::<4>()?;
    let mut keys = Vec::new();
    for _ in 0..u32::from_le_bytes(*count) {
        let (len, tail) = rest.split_first_chunk::<4>()?;
        let (key, tail) = tail.split_at_checked(u32::from_le_bytes(*len) as usize)?;
        keys.push(key);
        rest = tail;
    }
    rest.is_empty().then_some(keys)
}

/// A key set's payload.
fn keys_payload(keys: &[&[u8]]) -> Vec<u8> {
    let mut payload = (keys.len() as u32).to_le_bytes().to_vec();
    for key in keys {
        payload.extend_from_slice(&(key.len() as u32).to_le_bytes());
        payload.extend_from_slice(key);
    }
    payload
}

/// The producer's side: gives equal names equal ids.
#[derive(Default)]
pub struct DictionaryWriter {
    ids: HashMap<(Definition, Box<[u8]>), u32>,
    used: usize,
    /// How far the region has memory.
    allocated: usize,
    /// There was none for more.
    is_full: bool,
}

impl DictionaryWriter {
    /// The id of a logger or category, defined now if it is new; `None` when the region is full.
    pub fn name(&mut self, region: Dictionary<'_>, kind: Definition, name: &[u8]) -> Option<u32> {
        self.define(region, kind, name)
    }

    /// The id of a key set, defined now if it is new; `None` when the region is full.
    pub fn keys(&mut self, region: Dictionary<'_>, keys: &[&[u8]]) -> Option<u32> {
        self.define(region, Definition::Keys, &keys_payload(keys))
    }

    fn define(&mut self, region: Dictionary<'_>, kind: Definition, payload: &[u8]) -> Option<u32> {
        if let Some(&id) = self.ids.get(&(kind, payload.into())) {
            return Some(id);
        }
        let offset = self.used.max(FIRST_ENTRY);
        let end = (offset + ENTRY_HEADER + payload.len()).next_multiple_of(8);
        if end > region.len || !self.has_memory(region, end) {
            return None;
        }
        let mut header = [0; ENTRY_HEADER];
        header[..4].copy_from_slice(&(payload.len() as u32).to_le_bytes());
        header[4] = kind as u8;
        // SAFETY: offset..end lies inside the region and behind every published definition, so nobody
        // reads it until a frame published later names it; this is the region's only writer.
        unsafe {
            let entry = region.start.add(offset);
            std::ptr::copy_nonoverlapping(header.as_ptr(), entry, ENTRY_HEADER);
            std::ptr::copy_nonoverlapping(payload.as_ptr(), entry.add(ENTRY_HEADER), payload.len());
        }
        self.used = end;
        let id = (offset / 8) as u32;
        debug_assert_ne!(id, NO_ID);
        self.ids.insert((kind, payload.into()), id);
        Some(id)
    }

    /// Sees to it that the region's bytes before `end` can be stored to. Returns false where that is
    /// impossible, now and ever after: else each record would try again.
    fn has_memory(&mut self, region: Dictionary<'_>, end: usize) -> bool {
        if end > self.allocated && !self.is_full {
            let to = end.next_multiple_of(STEP).min(region.len);
            self.is_full = !region.ring.is_some_and(|ring| ring.allocate_names(self.allocated, to));
            self.allocated = if self.is_full { self.allocated } else { to };
        }
        end <= self.allocated
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::ring::{MIN_CAPACITY, Ring};

    #[test]
    fn equal_names_share_an_id_and_read_back() {
        let (producer, consumer) = Ring::create(MIN_CAPACITY).unwrap();
        let region = producer.ring().dictionary();
        let mut writer = DictionaryWriter::default();
        let logger = writer.name(region, Definition::Logger, b"app.db").unwrap();
        let category = writer.name(region, Definition::Category, b"app.db").unwrap();
        let keys = writer.keys(region, &[b"price", b"", "ключ".as_bytes()]).unwrap();
        assert_ne!(logger, category);
        assert_eq!(writer.name(region, Definition::Logger, b"app.db"), Some(logger));
        let seen = consumer.ring().dictionary();
        assert_eq!(seen.get(logger), Some((Definition::Logger, &b"app.db"[..])));
        let (kind, payload) = seen.get(keys).unwrap();
        assert_eq!(kind, Definition::Keys);
        assert_eq!(keys_of(payload).unwrap(), [&b"price"[..], b"", "ключ".as_bytes()]);
        assert_eq!(seen.get(NO_ID), None);
        assert_eq!(seen.get(u32::MAX), None);
    }

    #[test]
    fn a_full_region_refuses_new_names_and_keeps_the_old() {
        let (producer, _consumer) = Ring::create(MIN_CAPACITY).unwrap();
        let region = producer.ring().dictionary();
        let mut writer = DictionaryWriter::default();
        let first = writer.name(region, Definition::Logger, b"first").unwrap();
        let mut defined = 0;
        while writer.name(region, Definition::Logger, format!("{defined:01000}").as_bytes()).is_some() {
            defined += 1;
        }
        assert!(defined > 1000, "{defined}");
        assert_eq!(writer.name(region, Definition::Logger, b"first"), Some(first));
    }
}
