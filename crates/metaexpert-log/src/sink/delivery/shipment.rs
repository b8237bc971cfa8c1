//! Shipments: lines from elsewhere than the ring, such as an old log file, delivered to one sink.

use std::collections::VecDeque;
use std::iter::Fuse;

use super::sink::{Sink, SinkReport};
use super::supply::{Line, Supply, Worth};
use crate::level::Level;

/// What is kept of lines that the sink may ask for again. No more is taken from their source meanwhile, which
/// waits.
const CAPACITY_BYTES: usize = 1 << 20;
/// Bytes that are delivered at a time.
const STEP_BYTES: u64 = 256 << 10;

/// Delivers lines as the ring's records are delivered: with retries after growing pauses, in order, and each
/// of them once, but for those that a broken connection had not acknowledged.
///
/// A line's position is how many bytes were before it, so what a file was shipped from can be gone on with at
/// [`Shipment::position`].
pub struct Shipment<I: Iterator<Item = Vec<u8>>> {
    sink: Sink,
    backlog: Backlog<I>,
}

/// What the sink may ask for again.
struct Backlog<I: Iterator<Item = Vec<u8>>> {
    lines: Fuse<I>,
    /// Lines with their positions, from the sink's mark on.
    kept: VecDeque<(u64, Vec<u8>)>,
    kept_bytes: usize,
    taken_to: u64,
    taken_count: u64,
}

impl<I: Iterator<Item = Vec<u8>>> Shipment<I> {
    /// Ships `lines`, each with its line break, to `sink`.
    pub fn new(sink: Sink, lines: I) -> Self {
        let backlog = Backlog {
            lines: lines.fuse(),
            kept: VecDeque::new(),
            kept_bytes: 0,
            taken_to: 0,
            taken_count: 0,
        };
        Shipment { sink, backlog }
    }

    /// Delivers some of the lines, without waiting for a destination that takes none now. Returns false once
    /// all have arrived, or are lost, as far as that can be known.
    pub fn turn(&mut self) -> bool {
        if self.sink.is_ready_to_replay() {
            let from = self.sink.mark().position;
            let mut supply = self.backlog.from(from);
            self.sink.replay(&mut supply, |_, _| {});
            self.backlog.forget(self.sink.mark().position);
        }
        self.sink.forget_fates();
        !self.backlog.is_empty() || self.sink.is_in_transit()
    }

    /// Everything before this position is in the destination or on its way there.
    pub fn position(&self) -> u64 {
        self.sink.mark().position
    }

    /// What the sink has done, and why it does not go on, if it doesn't.
    pub fn report(&self) -> SinkReport {
        self.sink.report()
    }
}

impl<I: Iterator<Item = Vec<u8>>> Backlog<I> {
    /// The lines from `position` on.
    fn from(&mut self, position: u64) -> Lines<'_, I> {
        Lines { backlog: self, at: position, index: 0, stop: position + STEP_BYTES }
    }

    /// Whether there is no line that the sink may ask for.
    fn is_empty(&mut self) -> bool {
        self.kept.is_empty() && !self.take()
    }

    /// Takes one more line. Returns false if there is none, or no room for one.
    fn take(&mut self) -> bool {
        if self.kept_bytes >= CAPACITY_BYTES {
            return false;
        }
        let Some(line) = self.lines.next() else { return false };
        self.kept_bytes += line.len();
        self.taken_count += 1;
        let end = self.taken_to + line.len() as u64;
        self.kept.push_back((std::mem::replace(&mut self.taken_to, end), line));
        true
    }

    /// Forgets the lines before `position`.
    fn forget(&mut self, position: u64) {
        while self.kept.front().is_some_and(|(at, _)| *at < position) {
            self.kept_bytes -= self.kept.pop_front().map_or(0, |(_, line)| line.len());
        }
    }
}

struct Lines<'a, I: Iterator<Item = Vec<u8>>> {
    backlog: &'a mut Backlog<I>,
    at: u64,
    index: usize,
    stop: u64,
}

impl<I: Iterator<Item = Vec<u8>>> Supply for Lines<'_, I> {
    fn next(&mut self, out: &mut Vec<u8>) -> Option<Line> {
        if self.at >= self.stop || (self.index == self.backlog.kept.len() && !self.backlog.take()) {
            return None;
        }
        let (at, text) = &self.backlog.kept[self.index];
        out.extend_from_slice(text);
        let end = at + text.len() as u64;
        // Numbers begin with 1, and none is 0.
        let seq = self.backlog.taken_count - (self.backlog.kept.len() - 1 - self.index) as u64;
        self.index += 1;
        self.at = end;
        Some(Line { at: *at, end, seq, level: Level::INFO.0, timestamp_ns: 0, worth: Worth::Protected })
    }

    fn position(&self) -> u64 {
        self.at
    }
}
