//! Bytes as a packed file: reading ends, with the same text however the bytes arrive, and a log that begins
//! whole gives what is before the damage.

use std::io::{self, Read};

use metaexpert_log_read::{MAGIC_BYTES, Packing, Query, Search, unpacked};

use super::Scratch;

/// No more is unpacked: a few bytes may stand for a terabyte.
const MOST_BYTES: u64 = 1 << 20;

/// Unpacks `data` in several ways, and searches it as a log.
pub fn check(scratch: &Scratch, data: &[u8]) {
    let packing = Packing::of(&data[..data.len().min(MAGIC_BYTES)]);
    let whole = read(data, packing, usize::MAX);
    for piece in [1, 7] {
        let (text, is_whole) = read(data, packing, piece);
        assert_eq!(is_whole, whole.1, "in pieces of {piece}");
        // What a decoder has made of the bytes in which it finds damage is lost with them.
        let is_beginning = text.starts_with(&whole.0) || whole.0.starts_with(&text);
        assert!(is_beginning && (!is_whole || text == whole.0), "in pieces of {piece}");
    }
    for other in [Packing::Gzip, Packing::Zstd] {
        read(data, other, usize::MAX);
    }
    let (text, is_whole) = whole;
    if text.len() as u64 == MOST_BYTES {
        return;
    }
    let log = scratch.file("expert.log", data);
    let mut search = Search::in_logs(&[log], Query::default()).unwrap();
    let mut found = 0;
    while let Some(batch) = search.next_batch().unwrap() {
        found += batch.lines().len();
    }
    let (lines, rest) = text.split_at(text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1));
    let lines = lines.strip_prefix(b"\xef\xbb\xbf").unwrap_or(lines);
    let there = lines.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).count();
    let is_sound = search.report().files.iter().all(|file| file.problems.is_empty());
    // The size that a zstd frame says is looked at where there is room for all of it.
    assert!(if packing == Packing::Zstd { is_sound <= is_whole } else { is_sound == is_whole });
    if is_sound {
        assert_eq!(found, there + usize::from(!rest.is_empty()));
    } else {
        assert!(found <= there, "{found} of {there}");
    }
}

/// What `data` unpacks to, and whether all of it is sound.
fn read(data: &[u8], packing: Packing, piece: usize) -> (Vec<u8>, bool) {
    let pieces = Pieces { rest: data.to_vec(), piece };
    let mut text = Vec::new();
    let end = unpacked(pieces, packing).unwrap().take(MOST_BYTES).read_to_end(&mut text);
    (text, end.is_ok())
}

/// Bytes that arrive in pieces.
struct Pieces {
    rest: Vec<u8>,
    piece: usize,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.piece.min(self.rest.len()).min(buffer.len());
        buffer[..count].copy_from_slice(&self.rest[..count]);
        self.rest.drain(..count);
        Ok(count)
    }
}
