//! Remains: a ring no byte of which can be trusted, because its process is gone and its memory may be
//! damaged.

use std::collections::HashSet;

use crate::frame::{self, ALIGN, Kind};
use crate::ring::batch::Batch;
use crate::ring::layout::Ring;
use crate::ring::marks::MAX_SINKS;
use crate::sync::Ordering;

/// No ring comes so far: what says that it did is damaged.
const FARTHEST: u64 = 1 << 60;

/// Makes head and tail believable. What they say is kept if it can be; else the head is behind the newest
/// frame, and the tail where the sinks had come.
pub(super) fn mend(ring: &Ring) {
    let cursors = ring.cursors();
    let said = (cursors.head(), cursors.tail());
    // Nothing is in front of position 0, and behind it at most one frame that was not yet published.
    let is_wiped = said.0 == 0 && sequence(ring, 0, 0, ring.capacity as u64).1 > 1;
    let (head, tail) = if is_possible(ring, said.0, said.1) && !is_wiped { said } else { guess(ring, said) };
    let mended = (unsaid_end(ring, head, tail), tail);
    if mended != said {
        cursors.set(mended.0, mended.1);
    }
}

fn is_possible(ring: &Ring, head: u64, tail: u64) -> bool {
    let is_aligned = |at: u64| at % ALIGN as u64 == 0;
    head <= FARTHEST
        && head >= tail
        && head - tail <= ring.capacity as u64
        && is_aligned(head)
        && is_aligned(tail)
}

/// Head and tail of a ring whose own cannot be right.
fn guess(ring: &Ring, (head, tail): (u64, u64)) -> (u64, u64) {
    let capacity = ring.capacity as u64;
    let epoch = ring.header().epoch.load(Ordering::Acquire);
    let marks = (0..MAX_SINKS).filter_map(|sink| ring.marks().slot(epoch, sink).get(epoch));
    let settled =
        marks.map(|mark| mark.position).filter(|at| at % ALIGN as u64 == 0 && *at <= FARTHEST).min();
    // The head is often right: it is the tail that may not be behind it.
    let tails = [settled, Some(tail)];
    if let Some(tail) = tails.into_iter().flatten().find(|tail| head > 0 && is_possible(ring, head, *tail)) {
        return (head, tail);
    }
    let end = newest_end(ring);
    match settled.or(Some(tail)).filter(|at| is_possible(ring, *at, *at)) {
        Some(tail) => (tail + (end.wrapping_sub(tail) & (capacity - 1)), tail),
        // All of it may be unwritten; what the files have is found there.
        None => (end + capacity, end),
    }
}

/// Where the newest of all frames ends, as an offset.
fn newest_end(ring: &Ring) -> u64 {
    let records =
        Batch::new(ring, 0, ring.capacity as u64, usize::MAX).filter(|(_, kind, _)| *kind == Kind::Record);
    let newest = records.max_by_key(|(_, _, bytes)| frame::seq(bytes));
    newest.map_or(0, |(at, _, bytes)| at + bytes.len() as u64)
}

/// The head, or a position behind it if frames follow there that only a damaged head leaves out. One may
/// always follow: it was being written when its process was killed, and its call had not returned.
fn unsaid_end(ring: &Ring, head: u64, tail: u64) -> u64 {
    let (mut last, mut whole) = (0, tail);
    for (at, kind, bytes) in Batch::new(ring, tail, head, usize::MAX) {
        whole = at + bytes.len() as u64;
        if kind == Kind::Record {
            last = frame::seq(bytes).max(last);
        }
    }
    let end = tail + ring.capacity as u64;
    // The head may lie within a frame, or that frame be damaged.
    let followed = [whole, head].map(|from| (from, sequence(ring, from, last, end)));
    let unsaid =
        followed.iter().find(|(from, (at, count))| last > 0 && *at > head && (from < &head || *count > 1));
    unsaid.map_or(head, |(_, (at, _))| *at)
}

/// Where the records end that follow each other from `from` on, the first after number `last`, and how many
/// they are. After number 0 may come any.
fn sequence(ring: &Ring, from: u64, mut last: u64, end: u64) -> (u64, usize) {
    let (mut at, mut count) = (from, 0);
    while at < end {
        let bytes = ring.bytes_at(at, end);
        match frame::peek(bytes) {
            Ok((len, Kind::Padding)) if (at as usize + len) % ring.capacity == 0 => at += len as u64,
            Ok((len, Kind::Record)) if last == 0 || frame::seq(bytes) == last + 1 => {
                (last, count) = (frame::seq(bytes), count + 1);
                at += len as u64;
            }
            _ => break,
        }
    }
    (at, count)
}

/// Where records lie between `from` and `end` that are older than one before them: what is left of an earlier
/// lap, come upon because of damage.
pub(super) fn stale(ring: &Ring, from: u64, end: u64) -> HashSet<u64> {
    let mut last = 0;
    let records = Batch::new(ring, from, end, usize::MAX).filter(|(_, kind, _)| *kind == Kind::Record);
    let old = records.filter(|(_, _, bytes)| {
        let seq = frame::seq(bytes);
        let is_old = seq <= last;
        last = last.max(seq);
        is_old
    });
    old.map(|(at, _, _)| at).collect()
}
