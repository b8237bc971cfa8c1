//! The pipeline: the stages put together, started, reconfigured, flushed and stopped.

pub mod driven;
mod ending;
mod switching;
mod waiting;

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::backend::notice::Notice;
use crate::backend::worker::{Shared, Worker, lock};
use crate::clock::{self, now_ns};
use crate::config::{Config, QueueConfig};
use crate::error::Error;
use crate::frame::{self, Composer, HEADER_LEN, Head, Record};
use crate::level::Level;
use crate::platform::thread;
use crate::recovery::{self, Report};
use crate::ring::dictionary::{Definition, DictionaryWriter};
use crate::ring::store::{FORMAT, Origin, Store};
use crate::ring::{Consumer, Gap, Producer, Ring};
use crate::sink::trouble::TroubleLog;
use crate::sink::{Opener, SinkReport};
use crate::stats::{Loss, Reasons, Snapshot};

pub use crate::backend::notice::OWN_LOGGER;
pub use crate::backend::opening::{InForce, Needs, Opened, Surroundings};
pub use ending::{LAST_GAP_LIMIT, Stopping};
pub use switching::{QUEUE_STAYED_FULL, SWITCH_LIMIT};
pub use waiting::{DISK_LIMIT, Waiter};

/// Why a record was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// There is no room for it now.
    Full,
    /// It would not fit at any time.
    TooLarge,
}

/// The producing side of a running pipeline, and the handle that stops it.
pub struct Pipeline {
    producer: Producer,
    dictionary: DictionaryWriter,
    shared: Arc<Shared>,
    worker: Option<JoinHandle<()>>,
    needs: Needs,
    config: Config,
    queue: QueueConfig,
    /// What records below the protected level must leave free.
    reserve_bytes: usize,
    /// What must be free before records that gave way are taken again: else the ring would fill with
    /// reports of tiny gaps.
    relief_bytes: usize,
    high_water_bytes: usize,
    max_frame_len: usize,
    seq: u64,
    epoch: u64,
    gap: Gap,
    /// Why its records were lost.
    gap_reasons: Reasons,
}

impl Pipeline {
    /// The longest frame that [`Pipeline::compose`] writes: a small part of the smallest ring, because so much is left
    /// unused at a ring's end at worst.
    pub const COMPOSED_LEN: usize = 2 << 10;

    /// Writes what killed processes have left in the log directory, opens all sinks and starts the backend
    /// thread. Records are numbered from `first_seq`.
    pub fn start(config: &Config, run_id: &str, first_seq: u64, opener: Opener) -> Result<Pipeline, Error> {
        Pipeline::launch(&Surroundings::default(), config, run_id, first_seq, opener)
    }

    /// As [`Pipeline::start`], in other surroundings than the system's usual ones. All files must open.
    pub fn start_in(
        surroundings: &Surroundings,
        config: &Config,
        run_id: &str,
        first_seq: u64,
    ) -> Result<Pipeline, Error> {
        Pipeline::launch(surroundings, config, run_id, first_seq, Opener::Configuration)
    }

    fn launch(
        surroundings: &Surroundings,
        config: &Config,
        run_id: &str,
        first_seq: u64,
        opener: Opener,
    ) -> Result<Pipeline, Error> {
        let (mut pipeline, worker) = Pipeline::prepare(surroundings, config, run_id, first_seq, opener)?;
        let thread = thread::spawn("metaexpert-log", move || worker.run()).map_err(Error::Thread)?;
        pipeline.worker = Some(thread);
        Ok(pipeline)
    }

    /// As [`Pipeline::start_in`], with a backend that somebody else runs.
    pub(crate) fn prepare(
        surroundings: &Surroundings,
        config: &Config,
        run_id: &str,
        first_seq: u64,
        opener: Opener,
    ) -> Result<(Pipeline, Worker), Error> {
        clock::prepare_stamps();
        let store = surroundings.store.as_ref().filter(|_| config.queue.crash_safe);
        let mut trouble = TroubleLog::new(config.directory.clone());
        let files: Vec<_> = config.sinks.iter().filter_map(|sink| Some(sink.file()?.path.clone())).collect();
        let recovered =
            store.map(|_| recovery::recover(surroundings, &config.directory, &files, &mut trouble));
        let mut opened = Opened::new(surroundings, config, run_id, None, opener)?;
        recovery::repair(&mut opened.assembly, &mut trouble);
        let (producer, consumer) = make_ring(store, config, run_id, &mut trouble)?;
        opened.assembly.begin(consumer.ring(), &mut trouble);
        let shared = Arc::new(Shared::default());
        *lock(&shared.sinks) = opened.assembly.reports();
        let worker = Worker::new(consumer, Arc::clone(&shared), opened.assembly, opened.include, trouble);
        let capacity = producer.ring().capacity();
        let mut pipeline = Pipeline {
            producer,
            dictionary: DictionaryWriter::default(),
            shared,
            worker: None,
            needs: opened.needs,
            config: config.clone(),
            queue: config.queue,
            reserve_bytes: capacity / 8,
            relief_bytes: capacity / 2,
            high_water_bytes: capacity / 2,
            max_frame_len: frame::MAX_LEN.min(capacity / 4),
            seq: first_seq.max(1) - 1,
            epoch: 0,
            gap: Gap::default(),
            gap_reasons: Reasons::default(),
        };
        if let Some(report) = recovered {
            pipeline.tell_of(&report);
        }
        Ok((pipeline, worker))
    }

    /// Logs what was recovered.
    fn tell_of(&mut self, report: &Report) {
        for ring in report.rings.iter().filter(|ring| ring.records > 0) {
            let notice = Notice::recovered(ring.process, &ring.run_id, ring.records, ring.unreadable);
            // An empty ring has room for it.
            let _ = notice.with_record(|record| self.submit_leaving(record, 0));
        }
    }

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
    /// [`Pipeline::COMPOSED_LEN`] bytes. Returns false, and nothing is submitted, if `body` returns `None`, or if there
    /// is not at once room for so much: [`Pipeline::submit`] can tell more.
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
    fn submit_leaving(&mut self, record: &Record<'_>, keep_free: usize) -> Result<(), Refused> {
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

    /// Whether records of `level` wait for room rather than give way; trade records always do.
    #[inline]
    pub fn protects(&self, level: i32) -> bool {
        level >= self.queue.protect_level
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

/// The ring, where it outlives the process if that is wanted and possible.
fn make_ring(
    store: Option<&Store>,
    config: &Config,
    run_id: &str,
    trouble: &mut TroubleLog,
) -> Result<(Producer, Consumer), Error> {
    let capacity = config.queue.capacity_bytes;
    if let Some(store) = store {
        let origin = Origin {
            format: FORMAT,
            process: std::process::id(),
            run_id: run_id.to_owned(),
            started_ns: now_ns(),
            directory: config.directory.clone(),
        };
        match Ring::create_in(store, &origin, &config.to_json(), capacity) {
            Ok(ends) => return Ok(ends),
            Err(problem) => trouble.report(&format!(
                "the queue lies in plain memory, so that what is in it dies with the process: {problem}"
            )),
        }
    }
    Ring::create(capacity)
}
