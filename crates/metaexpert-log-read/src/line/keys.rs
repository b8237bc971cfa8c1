//! A tree of the keys of records, in the order in which they stand there: most records have the keys of one
//! before them.

use metaexpert_log::jsonl::Members;

use super::json::word;

/// Beyond so many keys the tree begins anew.
const MAX_KEYS: usize = 4_096;
/// So many different keys are known behind the same ones.
const MAX_BRANCHES: usize = 16;
/// Longer keys are not remembered.
const MAX_KEY_BYTES: usize = 256;
const WORD_BYTES: usize = 8;

/// A place in the tree: behind all keys that lead to it.
pub(super) type Place = usize;

/// Ways from a record's first key to its last. The keys of one way are distinct and have no escapes.
#[derive(Debug)]
pub(super) struct KeyTree {
    /// The keys that may come next, by place.
    branches: Vec<Vec<Key>>,
    /// What [`KeyTree::find`] tells of a key, if it is one of these.
    wanted: Vec<Box<[u8]>>,
    count: usize,
}

/// One key in its place.
#[derive(Debug)]
pub(super) struct Key {
    /// As the line has it: with quotes and colon.
    text: Box<[u8]>,
    /// The first eight bytes, the mask of those that there are, and the last eight.
    head: u64,
    mask: u64,
    tail: u64,
    /// The place of the name among those that are wanted.
    pub(super) wanted: Option<usize>,
    /// The place behind this key.
    pub(super) next: Place,
}

impl KeyTree {
    pub(super) fn new(wanted: Vec<Box<[u8]>>) -> KeyTree {
        KeyTree { branches: vec![Vec::new()], wanted, count: 0 }
    }

    /// The names that are wanted.
    pub(super) fn wanted(&self) -> &[Box<[u8]>] {
        &self.wanted
    }

    /// The key that stands at `at` of `line`, and the place in the line behind its colon.
    #[inline]
    pub(super) fn find(&self, place: Place, line: &[u8], at: usize) -> Option<(&Key, usize)> {
        let key = self.branches[place].iter().find(|key| key.is_at(line, at))?;
        Some((key, at + key.text.len()))
    }

    /// Remembers the keys of a record, whose keys are distinct.
    pub(super) fn learn(&mut self, record: &[u8]) {
        if self.count >= MAX_KEYS {
            *self = KeyTree::new(std::mem::take(&mut self.wanted));
        }
        let mut place = 0;
        let Ok(members) = Members::of(record) else { return };
        for (key, _) in members.map_while(Result::ok) {
            if key.has_escapes || key.bytes.len() > MAX_KEY_BYTES {
                return;
            }
            let Some(next) = self.place_behind(place, key.bytes) else { return };
            place = next;
        }
    }

    fn place_behind(&mut self, place: Place, name: &[u8]) -> Option<Place> {
        let text = [b"\"", name, b"\":"].concat();
        if let Some(known) = self.branches[place].iter().find(|key| *key.text == *text) {
            return Some(known.next);
        }
        if self.branches[place].len() == MAX_BRANCHES {
            return None;
        }
        let next = self.branches.len();
        let wanted = self.wanted.iter().position(|wanted| **wanted == *name);
        self.branches[place].push(Key::new(text, wanted, next));
        self.branches.push(Vec::new());
        self.count += 1;
        Some(next)
    }
}

impl Key {
    fn new(text: Vec<u8>, wanted: Option<usize>, next: Place) -> Key {
        let mut head = [0; WORD_BYTES];
        let mut mask = [0; WORD_BYTES];
        for (index, byte) in text.iter().take(WORD_BYTES).enumerate() {
            (head[index], mask[index]) = (*byte, u8::MAX);
        }
        Key {
            head: u64::from_le_bytes(head),
            mask: u64::from_le_bytes(mask),
            tail: word(&text, text.len().saturating_sub(WORD_BYTES)).unwrap_or(0),
            text: text.into(),
            wanted,
            next,
        }
    }

    /// Whether the key stands at `at`. Words of eight bytes are compared, because most keys have two.
    #[inline]
    fn is_at(&self, line: &[u8], at: usize) -> bool {
        let length = self.text.len();
        let Some(first) = word(line, at) else {
            return line.get(at..).is_some_and(|rest| rest.starts_with(&self.text));
        };
        (first ^ self.head) & self.mask == 0
            && (length <= WORD_BYTES || word(line, at + length - WORD_BYTES) == Some(self.tail))
            && (length <= 2 * WORD_BYTES || line[at..].starts_with(&self.text))
    }
}
