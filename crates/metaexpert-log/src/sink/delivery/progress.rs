//! A sink's progress: its mark, and what it has written beyond it.

use std::sync::Arc;

use super::resume::{Found, Resume};
use crate::platform::disk::FileId;
use crate::ring::Ring;
use crate::ring::marks::Mark;

/// Where a sink's marks are kept.
struct Place {
    ring: Arc<Ring>,
    epoch: u64,
    index: usize,
}

/// A sink's mark, kept in the ring as well while its configuration is in force.
#[derive(Default)]
pub(super) struct Progress {
    mark: Mark,
    place: Option<Place>,
    /// Bytes written since the mark.
    since_mark: u64,
    /// What replayed lines may find written already.
    resume: Resume,
}

impl Progress {
    /// Keeps marks from now on as those of sink number `index` of the configuration `epoch`, the first at
    /// `position`, once it is set.
    pub(super) fn begin(&mut self, ring: &Arc<Ring>, epoch: u64, index: usize, position: u64) {
        self.place = Some(Place { ring: Arc::clone(ring), epoch, index });
        self.mark.position = position;
    }

    /// Keeps marks as those of another sink number of another configuration, the present one too.
    pub(super) fn move_to(&mut self, ring: &Arc<Ring>, epoch: u64, index: usize) {
        self.place = Some(Place { ring: Arc::clone(ring), epoch, index });
        self.keep();
    }

    /// Goes on from a mark that is in the ring already, behind which `found` was written.
    pub(super) fn go_on_from(
        &mut self,
        ring: &Arc<Ring>,
        epoch: u64,
        index: usize,
        mark: Mark,
        found: Vec<u8>,
    ) {
        self.place = Some(Place { ring: Arc::clone(ring), epoch, index });
        self.mark = mark;
        // Otherwise the file would seem to have grown for another reason, and the mark would be set to its
        // end.
        self.since_mark = found.len() as u64;
        self.resume = Resume::Found(Found::new(found));
    }

    /// Keeps no marks any more.
    pub(super) fn leave_place(&mut self) {
        self.place = None;
    }

    /// Everything before its position is in the destination.
    #[inline]
    pub(super) fn mark(&self) -> &Mark {
        &self.mark
    }

    /// Whether anything was written since the mark.
    pub(super) fn is_beyond_mark(&self) -> bool {
        self.since_mark > 0
    }

    /// Sets the mark to `position` in `file`, which is `size` long with what a replay has not come to yet.
    pub(super) fn set(&mut self, position: u64, size: u64, file: FileId) {
        let ahead = self.resume.bytes();
        self.mark = Mark { position, size: size.saturating_sub(ahead), file };
        self.since_mark = ahead;
        self.keep();
    }

    /// Passes over everything before `position`, in which there was nothing to write.
    pub(super) fn pass(&mut self, position: u64) {
        self.mark.position = position;
        self.keep();
    }

    /// Passes over the frame that ends at `position`, of which `len` bytes are in the destination.
    pub(super) fn pass_written(&mut self, position: u64, len: u64) {
        self.mark.position = position;
        self.mark.size += len;
        self.since_mark -= len;
        self.expect_written();
    }

    /// Counts bytes that the destination has taken.
    pub(super) fn wrote(&mut self, bytes: u64) {
        self.since_mark += bytes;
    }

    /// What was written since the mark must be cut off before anything else is written: it is in doubt, or
    /// half a line, and what should be there is written anew or given up.
    pub(super) fn doubt_written(&mut self) {
        self.since_mark = 0;
        self.resume = Resume::Doubtful;
    }

    /// Whether what follows the mark is to be cut off.
    pub(super) fn is_doubtful(&self) -> bool {
        matches!(self.resume, Resume::Doubtful)
    }

    /// The last `bytes` are not in the destination any more.
    pub(super) fn take_back(&mut self, bytes: u64) {
        self.since_mark = self.since_mark.saturating_sub(bytes);
        self.expect_written();
    }

    /// What was written since the mark will be met by a replay.
    pub(super) fn expect_written(&mut self) {
        if !self.is_doubtful() {
            self.resume = Resume::after(self.since_mark);
        }
    }

    /// A replay begins at the mark: it meets what was written since.
    pub(super) fn begin_replay(&mut self) {
        if let Resume::Nothing = self.resume {
            self.expect_written();
        }
    }

    /// What was written since the mark is not there, or counts for nothing.
    pub(super) fn forget_written(&mut self) {
        self.since_mark = 0;
        self.resume = Resume::Nothing;
    }

    /// How many of a replayed line's first bytes are written.
    pub(super) fn known(&mut self, line: &[u8]) -> usize {
        self.resume.known(line)
    }

    /// Bytes of lines to come that are known to be written.
    pub(super) fn known_bytes(&self) -> u64 {
        self.resume.bytes()
    }

    fn keep(&self) {
        if let Some(Place { ring, epoch, index }) = &self.place {
            ring.set_mark(*epoch, *index, &self.mark);
        }
    }
}
