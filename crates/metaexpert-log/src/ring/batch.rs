//! Frames in order, read where they lie in the ring.

use super::{Ring, remains};
use crate::frame::{self, ALIGN};

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
        self.at = remains::next_frame(self.ring, self.at + ALIGN as u64, self.end).unwrap_or(self.end);
    }
}

impl<'a> Iterator for Batch<'a> {
    /// Where it lies, what it is, and its bytes.
    type Item = (u64, frame::Kind, &'a [u8]);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        while self.at < self.end && self.at < self.stop {
            let at = self.at;
            let bytes = remains::bytes_at(self.ring, at, self.end);
            match frame::peek(bytes) {
                Ok((len, frame::Kind::Padding)) if len == bytes.len() || at + len as u64 == self.end => {
                    self.at += len as u64;
                    self.stop = self.stop.saturating_add(len as u64);
                }
                Ok((len, kind)) if kind != frame::Kind::Padding => {
                    self.at += len as u64;
                    return Some((at, kind, &bytes[..len]));
                }
                _ => self.resume(),
            }
        }
        None
    }
}
