//! Assembly: the stages put together, started, reconfigured, flushed and stopped.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::assembly::Assembly;
use crate::clock::now_ns;
use crate::config::{Config, Format, IncludeKey, QueueConfig};
use crate::encode::Include;
use crate::encode::pattern::Pattern;
use crate::error::Error;
use crate::frame::{self, HEADER_LEN, NO_ID, Record, Section, Value};
use crate::level::{LEVEL_SLOTS, Level};
use crate::ring::dictionary::{Definition, DictionaryWriter};
use crate::ring::{Consumer, Producer, Ring};
use crate::sink::SinkReport;
use crate::sink::trouble::TroubleLog;
use crate::stats::{Loss, PerLevel, Snapshot};
use crate::thread;
use crate::worker::{Shared, Worker, lock};

/// The name under which the system logs about itself.
pub const OWN_LOGGER: &str = "metaexpert.logger";

/// What the capture side has to collect because some format shows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// File, line and function of the call.
    pub caller: bool,
    /// The calling thread.
    pub thread: bool,
    /// The running asyncio task.
    pub task: bool,
}

impl Needs {
    fn of(config: &Config) -> Result<Needs, Error> {
        let mut needs = Needs {
            caller: config.include.contains(&IncludeKey::Caller),
            thread: config.include.contains(&IncludeKey::ThreadId),
            task: false,
        };
        for sink in &config.sinks {
            if let Format::Percent { pattern, .. } = &sink.format {
                let pattern = Pattern::parse(pattern).map_err(|problem| {
                    Error::Configuration(format!("handlers.{}.format: {problem}", sink.name))
                })?;
                needs.caller |= pattern.needs_caller();
                needs.thread |= pattern.needs_thread();
                needs.task |= pattern.needs_task();
            }
        }
        Ok(needs)
    }
}

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
    include: Include,
    needs: Needs,
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
}

/// Records lost since the last one that got through.
#[derive(Clone, Copy, Debug, Default)]
struct Gap {
    first_seq: u64,
    lost: PerLevel,
}

impl Pipeline {
    /// Opens all sinks and starts the backend thread. Records are numbered from `first_seq`.
    pub fn start(config: &Config, run_id: &str, first_seq: u64) -> Result<Pipeline, Error> {
        let include = include(config, run_id);
        let needs = Needs::of(config)?;
        let mut assembly = Assembly::open(config, &include)?;
        // A file that cannot be activated is activated again by its first write, which tells of it.
        let _ = assembly.activate();
        let (producer, consumer) = Ring::create(config.queue.capacity_bytes)?;
        let shared = Arc::new(Shared::default());
        *lock(&shared.sinks) = assembly.reports();
        let trouble = TroubleLog::new(config.directory.clone());
        let worker = spawn(consumer, Arc::clone(&shared), assembly, trouble)?;
        let capacity = producer.ring().capacity();
        Ok(Pipeline {
            producer,
            dictionary: DictionaryWriter::default(),
            shared,
            worker: Some(worker),
            include,
            needs,
            queue: config.queue,
            reserve_bytes: capacity / 8,
            relief_bytes: capacity / 2,
            high_water_bytes: capacity / 2,
            max_frame_len: frame::MAX_LEN.min(capacity / 4),
            seq: first_seq.max(1) - 1,
            epoch: 0,
            gap: Gap::default(),
        })
    }

    /// Submits one record. Neither blocks nor fails beyond what [`Refused`] says; a refused record is not
    /// counted yet: try again, or call [`Pipeline::give_up`].
    #[inline]
    pub fn submit(&mut self, record: &Record<'_>, protected: bool) -> Result<(), Refused> {
        // What was lost is told before anything that came after it.
        if self.gap.first_seq != 0 && !self.report_gap_leaving(if protected { 0 } else { self.relief_bytes })
        {
            return Err(Refused::Full);
        }
        self.submit_leaving(record, if protected { 0 } else { self.reserve_bytes })
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
        let waiting = self.producer.publish();
        self.shared.counters.count_logged(Level(record.level).slot());
        if waiting > self.high_water_bytes || record.level >= Level::ERROR.0 {
            self.nudge(record.level);
        }
        Ok(())
    }

    /// Wakes the backend if it sleeps and the backlog or a record's weight calls for it: a system call, so
    /// the backlog is looked at first.
    #[cold]
    fn nudge(&mut self, level: i32) {
        let waiting = self.producer.waiting();
        self.shared.counters.saw_backlog(waiting as u64);
        let is_urgent = waiting > self.high_water_bytes || level >= Level::ERROR.0;
        if is_urgent && self.shared.is_napping() {
            self.shared.wake();
        }
    }

    /// Counts a record that was refused for good.
    #[cold]
    pub fn give_up(&mut self, level: i32, reason: Loss) {
        let slot = Level(level).slot();
        self.shared.counters.count_logged(slot);
        self.shared.counters.count_dropped(reason, slot);
        self.seq += 1;
        if self.gap.first_seq == 0 {
            self.gap.first_seq = self.seq;
        }
        self.gap.lost[slot] += 1;
    }

    /// Writes what was lost into the log itself, if there is room. Returns whether nothing is left to tell.
    pub fn report_gap(&mut self) -> bool {
        self.gap.first_seq == 0 || self.report_gap_leaving(0)
    }

    #[cold]
    fn report_gap_leaving(&mut self, keep_free: usize) -> bool {
        let gap = self.gap;
        let total: u64 = gap.lost.iter().sum();
        let message = format!("{total} records were lost because the queue was full");
        let counts = gap.lost.map(Value::U64);
        let mut fields: Vec<(&[u8], Value<'_>)> = vec![
            (b"event_name", Value::Str(b"log.gap")),
            (b"dropped", Value::U64(total)),
            (b"first_seq", Value::U64(gap.first_seq)),
            (b"last_seq", Value::U64(self.seq)),
        ];
        let names = LEVEL_SLOTS.map(|name| format!("dropped_{}", name.to_ascii_lowercase()));
        fields.extend(
            names.iter().map(String::as_bytes).zip(counts).filter(|(_, count)| *count != Value::U64(0)),
        );
        self.gap = Gap::default();
        let sections = [Section::Logger(OWN_LOGGER.as_bytes()), Section::Inline(&fields)];
        let record = Record {
            level: Level::WARNING.0,
            logger: NO_ID,
            category: NO_ID,
            timestamp_ns: now_ns(),
            message: message.as_bytes(),
            sections: &sections,
        };
        if self.submit_leaving(&record, keep_free).is_err() {
            self.gap = gap;
        }
        self.gap.first_seq == 0
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
        Waiter { shared: Arc::clone(&self.shared), position: self.producer.position() }
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

    /// Puts `config` in force for every record submitted after this call. On an error nothing changes.
    /// The queue's size stays as it is; only a new pipeline changes it.
    pub fn reconfigure(&mut self, config: &Config, run_id: &str) -> Result<(), Error> {
        let include = include(config, run_id);
        let needs = Needs::of(config)?;
        let assembly = Assembly::open(config, &include)?;
        let deadline = Instant::now() + Duration::from_secs(5);
        loop {
            if let Ok(slot) = self.producer.reserve(HEADER_LEN, 0) {
                self.epoch += 1;
                frame::write_switch(slot, self.epoch);
                break;
            }
            if Instant::now() > deadline {
                return Err(Error::Configuration(
                    "the log queue stayed full for 5 s; the old configuration stays in force".into(),
                ));
            }
            self.shared.wake();
            std::thread::sleep(Duration::from_millis(1));
        }
        lock(&self.shared.switches).insert(self.epoch, assembly);
        self.producer.publish();
        self.shared.wake();
        (self.include, self.needs) = (include, needs);
        self.queue = QueueConfig { capacity_bytes: self.queue.capacity_bytes, ..config.queue };
        Ok(())
    }

    /// What the capture side has to collect.
    #[inline]
    pub fn needs(&self) -> Needs {
        self.needs
    }

    /// The number of the last record.
    pub fn seq(&self) -> u64 {
        self.seq
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

    /// Tells the backend to end; [`Stopping::wait`] waits for it.
    pub fn stop(mut self) -> Stopping {
        let deadline = Instant::now() + Duration::from_secs(1);
        while !self.report_gap() && Instant::now() < deadline {
            self.waiter().wait_for_room();
        }
        self.shared.stop();
        Stopping { worker: self.worker.take(), shared: Arc::clone(&self.shared) }
    }

    /// Forgets a pipeline that was inherited by a fork: its thread does not exist here, and its files and
    /// memory belong to the parent.
    pub fn forget_after_fork(self) {
        std::mem::forget(self);
        crate::sink::forget_after_fork();
    }
}

/// Waits for a position of a pipeline.
pub struct Waiter {
    shared: Arc<Shared>,
    position: u64,
}

impl Waiter {
    /// Waits until everything submitted before the waiter was made is written. False on timeout.
    pub fn wait(&self, timeout: Option<Duration>) -> bool {
        self.shared.wait_written(self.position, timeout.and_then(|time| Instant::now().checked_add(time)))
    }

    /// Gives the backend a moment to make room.
    pub fn wait_for_room(&self) {
        self.shared.wake();
        std::thread::sleep(Duration::from_micros(200));
    }
}

/// A pipeline that has been told to end.
pub struct Stopping {
    worker: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
}

impl Stopping {
    /// Waits until everything is written and the backend has ended. False on timeout; the backend then
    /// goes on by itself.
    pub fn wait(&mut self, timeout: Option<Duration>) -> bool {
        let deadline = timeout.and_then(|time| Instant::now().checked_add(time));
        let Some(worker) = self.worker.take() else { return true };
        while !worker.is_finished() {
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                self.worker = Some(worker);
                return false;
            }
            std::thread::sleep(Duration::from_micros(200));
        }
        worker.join().is_ok()
    }

    /// The counters and what each sink has done; final once [`Stopping::wait`] has returned true.
    pub fn outcome(&self) -> (Snapshot, Vec<SinkReport>) {
        (self.shared.counters.snapshot(), lock(&self.shared.sinks).clone())
    }
}

fn include(config: &Config, run_id: &str) -> Include {
    let has = |key| config.include.contains(&key);
    Include {
        run_id: has(IncludeKey::RunId).then(|| run_id.to_owned()),
        process_id: has(IncludeKey::ProcessId).then(std::process::id),
        thread_id: has(IncludeKey::ThreadId),
        caller: has(IncludeKey::Caller),
    }
}

/// Starts the backend on a thread of its own.
fn spawn(
    consumer: Consumer,
    shared: Arc<Shared>,
    assembly: Assembly,
    trouble: TroubleLog,
) -> Result<JoinHandle<()>, Error> {
    let worker = Worker::new(consumer, shared, assembly, trouble);
    thread::spawn("metaexpert-log", move || worker.run()).map_err(Error::Thread)
}
