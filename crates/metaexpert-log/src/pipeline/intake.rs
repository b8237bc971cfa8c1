//! The way into a running pipeline: a record is taken, or refused and counted.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::backend::notice::Notice;
use crate::backend::opening::Needs;
use crate::backend::shared::{Shared, lock};
use crate::config::{Config, QueueConfig};
use crate::frame::{Composer, HEADER_LEN, Head, Record};
use crate::level::Level;
use crate::pipeline::waiting::Waiter;
use crate::protection::Protection;
use crate::ring::dictionary::{Definition, DictionaryWriter};
use crate::ring::{Gap, Producer};
use crate::sink::SinkReport;
use crate::stats::{Loss, Reasons, Snapshot};

/// Why a record was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// There is no room for it now.
    Full,
    /// It would not fit at any time.
    TooLarge,
}

/// The producing side of a running pipeline, and the handle that stops it.
///
/// What every record needs comes first, in as few cache lines as it takes.
#[repr(C, align(64))]
pub struct Pipeline {
    pub(super) producer: Producer,
    pub(super) shared: Arc<Shared>,
    pub(super) seq: u64,
    /// What records below the protected level must leave free.
    pub(super) reserve_bytes: usize,
    pub(super) high_water_bytes: usize,
    pub(super) queue: QueueConfig,
    pub(super) gap: Gap,
    /// What must be free before records that gave way are taken again: else the ring would fill with
    /// reports of tiny gaps.
    pub(super) relief_bytes: usize,
    pub(super) max_frame_len: usize,
    pub(super) dictionary: DictionaryWriter,
    pub(super) backend: Option<JoinHandle<()>>,
    pub(super) needs: Needs,
    pub(super) config: Config,
    pub(super) epoch: u64,
    /// Why the records of the gap were lost.
    pub(super) gap_reasons: Reasons,
}

impl Pipeline {
    /// The longest frame that [`Pipeline::compose`] writes: a small part of the smallest ring, because so
    /// much is left unused at a ring's end at worst.
    pub const COMPOSED_LEN: usize = 2 << 10;

    /// Submits one record. Neither blocks nor fails beyond what [`Refused`] says; a refused record is not
    /// counted yet: try again, or call [`Pipeline::give_up`].
    #[inline]
    pub fn submit(&mut self, record: &Record<'_>, protected: bool) -> Result<(), Refused> {
        // What was lost is told before anything that came after it.
        if !self.gap.is_empty() && !self.report_gap_leaving(if protected { 0 } else { self.relief_bytes }) {
            return Err(Refused::Full);
        }
        self.submit_leaving(record, if protected { 0 } else { self.reserve_bytes })
    }

    /// Submits a record whose parts `body` writes straight into the ring; it needs no more than
    /// [`Pipeline::COMPOSED_LEN`] bytes. Returns false, and nothing is submitted, if `body` returns `None`,
    /// or if there is not at once room for so much: [`Pipeline::submit`] can tell more.
    #[inline]
    pub fn compose(
        &mut self,
        head: &Head,
        protected: bool,
        body: impl FnOnce(&mut Composer<'_>) -> Option<()>,
    ) -> bool {
        if !self.gap.is_empty() {
            return false;
        }
        let keep_free = if protected { 0 } else { self.reserve_bytes };
        let Ok(slot) = self.producer.reserve(Self::COMPOSED_LEN, keep_free) else { return false };
        let Some(mut composer) = Composer::new(slot) else { return false };
        if body(&mut composer).is_none() {
            return false;
        }
        let Some(len) = composer.finish(head, self.seq + 1) else { return false };
        self.seq += 1;
        self.producer.trim(Self::COMPOSED_LEN - len);
        self.publish(head.level);
        true
    }

    #[inline]
    pub(super) fn submit_leaving(&mut self, record: &Record<'_>, keep_free: usize) -> Result<(), Refused> {
        let len = record.frame_len();
        if len > self.max_frame_len {
            return Err(Refused::TooLarge);
        }
        let Ok(slot) = self.producer.reserve(len, keep_free) else { return Err(Refused::Full) };
        self.seq += 1;
        record.write(slot, self.seq);
        self.publish(record.level);
        Ok(())
    }

    /// Whether a record that is not protected has no room, however small it is.
    pub fn is_full(&mut self) -> bool {
        let keep_free = if self.gap.is_empty() { self.reserve_bytes } else { self.relief_bytes };
        self.producer.reserve(HEADER_LEN, keep_free).is_err()
    }

    #[inline]
    fn publish(&mut self, level: i32) {
        let waiting = self.producer.publish();
        self.shared.counters.count_logged(Level(level).slot());
        if waiting > self.high_water_bytes || level >= Level::ERROR.0 {
            self.nudge(level);
        }
    }

    /// Wakes the backend if it sleeps and the backlog or a record's weight calls for it: a system call, so
    /// the backlog is looked at first.
    #[cold]
    fn nudge(&mut self, level: i32) {
        let waiting = self.producer.waiting();
        self.shared.counters.saw_backlog(waiting as u64);
        if waiting > self.high_water_bytes || level >= Level::ERROR.0 {
            self.shared.urge();
        }
    }

    /// Counts a record that was refused for good.
    #[cold]
    pub fn give_up(&mut self, level: i32, reason: Loss) {
        let slot = Level(level).slot();
        self.shared.counters.count_logged(slot);
        self.shared.counters.count_dropped(reason, slot);
        self.seq += 1;
        self.gap.add(self.seq, slot);
        self.gap_reasons.add(reason);
        // Told by whoever comes after, should this process be killed before it can.
        self.producer.note_gap(&self.gap);
    }

    /// Writes what was lost into the log itself, if there is room. Returns whether nothing is left to tell.
    pub fn report_gap(&mut self) -> bool {
        self.gap.is_empty() || self.report_gap_leaving(0)
    }

    #[cold]
    fn report_gap_leaving(&mut self, keep_free: usize) -> bool {
        let gap = std::mem::take(&mut self.gap);
        let notice = Notice::gap(&gap, &self.gap_reasons.text());
        match notice.with_record(|record| self.submit_leaving(record, keep_free)) {
            Ok(_) => self.gap_reasons = Reasons::default(),
            Err(_) => self.gap = gap,
        }
        self.producer.note_gap(&self.gap);
        self.gap.is_empty()
    }

    /// Whether a record of this level and category waits for room rather than give way.
    #[inline]
    pub fn protects(&self, level: i32, category: Option<&[u8]>) -> bool {
        Protection::from_level(self.queue.protect_level).covers(level, category)
    }

    /// How long a protected record waits at most.
    pub fn wait_limit(&self) -> Duration {
        Duration::from_millis(self.queue.wait_ms)
    }

    /// The largest frame that can be submitted.
    pub fn max_frame_len(&self) -> usize {
        self.max_frame_len
    }

    /// A handle with which a thread that does not hold the pipeline waits for it.
    pub fn waiter(&self) -> Waiter {
        Waiter::new(Arc::clone(&self.shared), self.producer.position())
    }

    /// The dictionary id of a logger, or `None` when the dictionary is full.
    pub fn logger_id(&mut self, name: &[u8]) -> Option<u32> {
        self.dictionary.name(self.producer.ring().dictionary(), Definition::Logger, name)
    }

    /// The dictionary id of a category, or `None` when the dictionary is full.
    pub fn category_id(&mut self, name: &[u8]) -> Option<u32> {
        self.dictionary.name(self.producer.ring().dictionary(), Definition::Category, name)
    }

    /// The dictionary id of a key set, or `None` when the dictionary is full.
    pub fn keys_id(&mut self, keys: &[&[u8]]) -> Option<u32> {
        self.dictionary.keys(self.producer.ring().dictionary(), keys)
    }

    /// What the capture side has to do.
    #[inline]
    pub fn needs(&self) -> Needs {
        self.needs
    }

    /// The number of the last record.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// Whether what is logged survives the process.
    pub fn is_crash_safe(&self) -> bool {
        self.producer.ring().is_crash_safe()
    }

    /// The counters now.
    pub fn stats(&self) -> Snapshot {
        self.shared.counters.snapshot()
    }

    /// What each sink has done, as of its last batch.
    pub fn sinks(&self) -> Vec<SinkReport> {
        lock(&self.shared.sinks).clone()
    }

    /// Bytes waiting in the ring, and its size.
    pub fn queue_depth(&self) -> (usize, usize) {
        (self.producer.backlog(), self.producer.ring().capacity())
    }

    /// Forgets a pipeline that was inherited by a fork: its thread does not exist here, and its files and
    /// memory belong to the parent.
    pub fn forget_after_fork(self) {
        std::mem::forget(self);
        crate::sink::forget_after_fork();
    }
}
