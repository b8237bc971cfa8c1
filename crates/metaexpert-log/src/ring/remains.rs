//! Reading a ring of which no byte can be trusted: its process is gone, and its memory may be damaged.

use super::Ring;
use super::marks::MAX_SINKS;
use crate::frame::{self, ALIGN, Kind};

/// The bytes from position `at` to `end`, or to where the ring wraps.
#[inline]
pub(super) fn bytes_at(ring: &Ring, at: u64, end: u64) -> &[u8] {
    let offset = at as usize & (ring.capacity - 1);
    let most = (ring.capacity - offset).min((end - at) as usize);
    // SAFETY: the slice lies inside the mapping. What is between tail and head is published and unreleased,
    // so the producer does not touch it; a ring that was taken over has no producer.
    unsafe { std::slice::from_raw_parts(ring.data().add(offset), most) }
}

/// The first position from `at` on, before `end`, where a frame begins.
pub(super) fn next_frame(ring: &Ring, at: u64, end: u64) -> Option<u64> {
    (at..end).step_by(ALIGN).find(|&at| {
        let bytes = bytes_at(ring, at, end);
        match frame::peek(bytes) {
            Ok((len, Kind::Padding)) => len == bytes.len() && (at as usize + len) % ring.capacity == 0,
            Ok(_) => true,
            Err(_) => false,
        }
    })
}

/// Makes head and tail believable. What they say is kept if it can be; else the tail is where the sinks
/// had come, and the head where the frames end that follow each other from there.
pub(super) fn mend(ring: &Ring) {
    let cursors = ring.cursors();
    let (head, tail) = (cursors.head(), cursors.tail());
    let capacity = ring.capacity as u64;
    let is_possible = |head: u64, tail: u64| {
        head >= tail && head - tail <= capacity && head % ALIGN as u64 == 0 && tail % ALIGN as u64 == 0
    };
    if is_possible(head, tail) {
        return;
    }
    let epoch = ring.header().epoch.load(crate::sync::Ordering::Acquire);
    let marks = (0..MAX_SINKS).filter_map(|sink| ring.marks().slot(epoch, sink).get(epoch));
    let positions: Vec<u64> = marks.map(|mark| mark.position).filter(|at| at % ALIGN as u64 == 0).collect();
    let within = |at: &&u64| is_possible(head, **at);
    let tail = match positions.iter().filter(within).min().or(positions.iter().min()) {
        Some(position) => *position,
        None if tail % ALIGN as u64 == 0 => tail,
        None => 0,
    };
    let head = if is_possible(head, tail) { head } else { end_of_run(ring, tail) };
    cursors.set(head, tail);
}

/// Where the frames end that begin at `tail` and have growing numbers: behind them lies the last lap.
fn end_of_run(ring: &Ring, tail: u64) -> u64 {
    let (mut at, mut last) = (tail, 0);
    let end = tail + ring.capacity as u64;
    while at < end {
        let bytes = bytes_at(ring, at, end);
        match frame::peek(bytes) {
            Ok((len, Kind::Padding)) if len == bytes.len() => at += len as u64,
            Ok((len, Kind::Record)) if frame::seq(bytes) > last => {
                last = frame::seq(bytes);
                at += len as u64;
            }
            Ok((len, Kind::Switch)) => at += len as u64,
            _ => break,
        }
    }
    at
}
