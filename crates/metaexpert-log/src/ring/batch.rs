//! Frames in order, read where they lie in the ring.

use crate::frame::{self, ALIGN, Kind};
use crate::ring::layout::Ring;

/// Frames of one batch in order, padding left out.
pub struct Batch<'a> {
    ring: &'a Ring,
    at: u64,
    end: u64,
    stop: u64,
    damaged: Vec<u64>,
}

impl<'a> Batch<'a> {
    /// The frames between two positions, at most about `limit` bytes of them.
    #[inline]
    pub(super) fn new(ring: &'a Ring, at: u64, end: u64, limit: usize) -> Batch<'a> {
        Batch { ring, at, end, stop: at.saturating_add(limit as u64), damaged: Vec::new() }
    }
}

impl Batch<'_> {
    /// The position behind the last frame that was returned.
    #[inline]
    pub fn position(&self) -> u64 {
        self.at
    }

    /// Where bytes had to be passed over because they are no frame.
    pub fn damaged(&self) -> &[u64] {
        &self.damaged
    }

    /// Passes over bytes that are no frame, which only happens in what a dead process has left.
    #[cold]
    fn resume(&mut self) {
        self.damaged.push(self.at);
        self.at = next_frame(self.ring, self.at + ALIGN as u64, self.end).unwrap_or(self.end);
    }
}

impl<'a> Batch<'a> {
    /// As [`Batch::next`], with what `date` makes of a record's stamp in its place. For the reading side
    /// alone.
    #[inline]
    pub(super) fn next_dated(&mut self, date: impl FnOnce(i64) -> i64) -> Option<<Self as Iterator>::Item> {
        let (at, kind, len) = self.step()?;
        if kind == Kind::Record {
            let stamp = frame::stamp(self.ring.bytes_at(at, at + len as u64));
            let dated = date(stamp);
            if dated != stamp {
                self.ring.set_stamp(at, dated);
            }
        }
        Some((at, kind, self.ring.bytes_at(at, at + len as u64)))
    }

    /// Passes over the next frame. Returns where it lies, what it is, and its length.
    #[inline]
    fn step(&mut self) -> Option<(u64, Kind, usize)> {
        while self.at < self.end && self.at < self.stop {
            let at = self.at;
            let bytes = self.ring.bytes_at(at, self.end);
            match frame::peek(bytes) {
                Ok((len, Kind::Padding)) if len == bytes.len() || at + len as u64 == self.end => {
                    self.at += len as u64;
                    self.stop = self.stop.saturating_add(len as u64);
                }
                Ok((len, kind)) if kind != Kind::Padding => {
                    self.at += len as u64;
                    return Some((at, kind, len));
                }
                _ => self.resume(),
            }
        }
        None
    }
}

impl<'a> Iterator for Batch<'a> {
    /// Where it lies, what it is, and its bytes.
    type Item = (u64, Kind, &'a [u8]);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let (at, kind, len) = self.step()?;
        Some((at, kind, self.ring.bytes_at(at, at + len as u64)))
    }
}

/// The first position from `at` on, before `end`, where a frame begins.
fn next_frame(ring: &Ring, at: u64, end: u64) -> Option<u64> {
    (at..end).step_by(ALIGN).find(|&at| {
        let bytes = ring.bytes_at(at, end);
        match frame::peek(bytes) {
            Ok((len, Kind::Padding)) => len == bytes.len() && (at as usize + len) % ring.capacity == 0,
            Ok(_) => true,
            Err(_) => false,
        }
    })
}
