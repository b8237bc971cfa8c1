//! **Sink**: encoded lines to their destination, with failures as values.
//!
//! A sink gathers lines and writes them in batches. Its [`Mark`] says how far it has come: everything
//! before that position of the ring is in the destination. When the destination fails, the sink forgets the lines and
//! falls behind; what it had not written is still in the ring, and is replayed from the mark once it can
//! be (`crate::replay`).

mod archive;
mod backoff;
mod claim;
mod console;
mod file;
mod held;
mod network;
mod resume;
mod rotate;
pub mod trouble;

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::config::{Format, SinkConfig, SinkKind, Sync};
use crate::disk::{Disk, FileId};
use crate::error::Error;
use crate::level::Level;
use crate::ring::marks::Mark;
use crate::ring::{Gap, Ring};

pub use crate::holdings::forget_after_fork;
use backoff::Backoff;
pub use claim::sibling;
pub use console::{Console, shows_colour};
pub use file::{Change, LogFile};
pub(crate) use held::Held;
use network::Network;
use resume::Found;
pub(crate) use resume::Resume;
pub use rotate::family;

/// A sink writes when this much has gathered, and at the end of each batch.
const WRITE_BYTES: usize = 128 << 10;
/// A file that is forced to the disk now and then is so at least this often.
const SYNC_INTERVAL: Duration = Duration::from_secs(1);
/// A write that is interrupted this often in a row counts as failed, so that it holds up no other sink.
const MOST_INTERRUPTIONS: u32 = 100;
/// Attempts to connect are no nearer than this even when it is urgent.
const RECONNECT_PAUSE: Duration = Duration::from_millis(20);

/// Where lines go.
enum Target {
    Console(Console),
    File(Box<LogFile>),
    Network(Box<Network>),
}

/// Where a sink's marks are kept.
struct Place {
    ring: Arc<Ring>,
    epoch: u64,
    index: usize,
}

/// A destination with its waiting lines.
pub struct Sink {
    config: SinkConfig,
    target: Target,
    pending: Vec<u8>,
    pending_records: u64,
    mark: Mark,
    place: Option<Place>,
    /// Bytes written since the mark.
    since_mark: u64,
    /// Lines written before the mark: what was written since is counted again when it is replayed.
    written_at_mark: u64,
    /// What replayed lines may find written already.
    pub(crate) resume: Resume,
    failure: Option<Backoff>,
    /// What follows the mark in the file must be cut off before anything is written: it is in doubt, or half a
    /// line, and what should be there is written anew or given up.
    is_cut_due: bool,
    /// Bytes written in all when it failed last.
    bytes_at_failure: u64,
    /// Why the file could not be rotated: lines go on into it until that is tried again.
    rotation_problem: Option<String>,
    last_sync: Instant,
    has_urgent: bool,
    pub(crate) held: Held,
    /// What it had to give up and has not told yet.
    pub(crate) gap: Gap,
    /// What lines that it holds tell of.
    held_gap: Gap,
    totals: SinkTotals,
    /// Bytes and errors that `take_volume` has handed out.
    counted: (u64, u64),
}

/// What a sink has done so far.
#[derive(Clone, Debug, Default)]
pub struct SinkTotals {
    /// Lines written.
    pub written: u64,
    /// Lines given up.
    pub dropped: u64,
    /// Bytes written.
    pub bytes: u64,
    /// Failed attempts.
    pub errors: u64,
    /// Connections made after the first.
    pub reconnects: u64,
}

/// A sink's name, totals and state.
#[derive(Clone, Debug)]
pub struct SinkReport {
    /// The handler's name in the configuration.
    pub name: String,
    /// What it has done.
    pub totals: SinkTotals,
    /// Why it does not write now, if it doesn't.
    pub problem: Option<String>,
}

/// What became of a replayed line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accepted {
    /// It is to be written, all of it or what was missing.
    New,
    /// All of it was in the destination.
    Known,
    /// The sink has fallen behind again.
    Not,
}

/// Where the end of a batch leaves a sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settled {
    /// In step with the batch.
    InStep,
    /// Behind: what came after its mark must be replayed.
    Behind,
}

impl Sink {
    /// Opens the destination.
    pub fn open(config: &SinkConfig, disk: &Arc<dyn Disk>) -> Result<Sink, Error> {
        let target = match config.kind {
            SinkKind::Console => Target::Console(Console::new(config.stream)),
            SinkKind::File => Target::File(Box::new(LogFile::open(config, Arc::clone(disk))?)),
            SinkKind::Syslog | SinkKind::Tcp | SinkKind::Udp => {
                Target::Network(Box::new(Network::open(config)?))
            }
        };
        Ok(Sink {
            config: config.clone(),
            target,
            pending: Vec::with_capacity(WRITE_BYTES + (16 << 10)),
            pending_records: 0,
            mark: Mark::default(),
            place: None,
            since_mark: 0,
            written_at_mark: 0,
            resume: Resume::Nothing,
            failure: None,
            is_cut_due: false,
            bytes_at_failure: 0,
            rotation_problem: None,
            last_sync: Instant::now(),
            has_urgent: false,
            held: Held::default(),
            gap: Gap::default(),
            held_gap: Gap::default(),
            totals: SinkTotals::default(),
            counted: (0, 0),
        })
    }

    /// Begins at `position` of the ring, keeping marks there as sink number `index` of the configuration
    /// `epoch`. Takes over the file from a sink that wrote to it before.
    pub(crate) fn begin(
        &mut self,
        ring: &Arc<Ring>,
        epoch: u64,
        index: usize,
        position: u64,
    ) -> io::Result<()> {
        self.place = Some(Place { ring: Arc::clone(ring), epoch, index });
        self.mark.position = position;
        self.begin_again()
    }

    /// Takes over the file from a sink that wrote to it until now, at the mark.
    pub(crate) fn begin_again(&mut self) -> io::Result<()> {
        let outcome = match &mut self.target {
            Target::Console(_) | Target::Network(_) => Ok(()),
            Target::File(file) => file.activate(),
        };
        self.set_mark(self.mark.position);
        outcome
    }

    /// As [`Sink::begin_again`]; a file that can't be had now is tried again like any other.
    pub(crate) fn take_over_file(&mut self) {
        let _ = self.begin_again();
    }

    /// Whether it writes to the same file as `other`.
    pub(crate) fn shares_file(&self, other: &Sink) -> bool {
        self.config.kind == SinkKind::File
            && other.config.kind == SinkKind::File
            && self.config.path == other.config.path
    }

    /// Goes on as sink number `index` of another configuration, wherever it is.
    pub(crate) fn move_to(&mut self, ring: &Arc<Ring>, epoch: u64, index: usize) {
        let place = Place { ring: Arc::clone(ring), epoch, index };
        place.ring.set_mark(epoch, index, &self.mark);
        self.place = Some(place);
    }

    /// Goes on from a mark that another process has left in its ring, behind which `found` was written.
    pub(crate) fn go_on_from(
        &mut self,
        ring: &Arc<Ring>,
        epoch: u64,
        index: usize,
        mark: Mark,
        found: Vec<u8>,
    ) {
        self.place = Some(Place { ring: Arc::clone(ring), epoch, index });
        self.mark = mark;
        // Else the file would seem to have grown for another reason, and the mark be set to its end.
        self.since_mark = found.len() as u64;
        self.resume = Resume::Found(Found::new(found));
    }

    /// Keeps no marks any more: its configuration is not in force.
    pub(crate) fn leave_place(&mut self) {
        self.place = None;
    }

    /// Lines waiting to be written; append one, then call [`Sink::accept`].
    #[inline]
    pub fn pending(&mut self) -> &mut Vec<u8> {
        &mut self.pending
    }

    /// Whether what was appended at `start` passes a check for the sink's format.
    pub(crate) fn ends_with_line(&self, start: usize, is_line: impl Fn(&Format, &[u8]) -> bool) -> bool {
        is_line(&self.config.format, &self.pending[start..])
    }

    /// Accepts the line that was appended at `start`, of the frame at ring position `at`. Returns false if the
    /// sink has fallen behind; the line is replayed later.
    #[inline]
    pub fn accept(&mut self, start: usize, at: u64, timestamp_ns: i64, level: i32) -> bool {
        if let Target::File(file) = &self.target {
            if file.is_due(start, self.pending.len(), timestamp_ns)
                && !self.rotate_before(start, at, timestamp_ns)
            {
                return false;
            }
            self.has_urgent |= level >= Level::ERROR.0;
        }
        self.pending_records += 1;
        self.pending.len() < WRITE_BYTES || self.flush()
    }

    /// As [`Sink::accept`], for a line that may be in the destination already, or a part of it.
    pub(crate) fn accept_again(&mut self, start: usize, at: u64, timestamp_ns: i64, level: i32) -> Accepted {
        let known = self.resume.known(&self.pending[start..]);
        let is_whole = known > 0 && known == self.pending.len() - start;
        if is_whole {
            self.pending.truncate(start);
            self.totals.written += 1;
            return Accepted::Known;
        }
        if known > 0 {
            // The rest of a line belongs where its beginning is.
            self.pending.drain(start..start + known);
            self.pending_records += 1;
        } else if !self.accept(start, at, timestamp_ns, level) {
            return Accepted::Not;
        }
        Accepted::New
    }

    /// Finishes the current file with what comes before `start`, and begins the next with the rest. Returns
    /// false if the sink has fallen behind.
    #[cold]
    fn rotate_before(&mut self, start: usize, at: u64, timestamp_ns: i64) -> bool {
        let line = self.pending.split_off(start);
        if !self.flush() || (self.since_mark > 0 && !self.confirm()) {
            return false;
        }
        // Whatever happens to the names from here on: what was written so far is complete.
        self.set_mark(at);
        let Target::File(file) = &mut self.target else { return true };
        let outcome = file.rotate(timestamp_ns);
        self.totals.errors += u64::from(outcome.is_err());
        self.rotation_problem = outcome.err().map(|problem| {
            format!("{}: could not be rotated: {problem}", describe(&self.config, &self.target))
        });
        self.set_mark(at);
        self.pending.extend_from_slice(&line);
        true
    }

    /// Writes what is waiting. Returns false if the sink has fallen behind.
    pub fn flush(&mut self) -> bool {
        if self.pending.is_empty() {
            return true;
        }
        match self.write_pending() {
            Ok(()) => {
                self.totals.written += std::mem::take(&mut self.pending_records);
                true
            }
            Err(_) if self.is_closed() => {
                // Nobody reads the console any more, and never will: not a loss to wait for.
                self.totals.dropped += std::mem::take(&mut self.pending_records);
                self.pending.clear();
                true
            }
            Err(problem) => {
                self.fall_behind(&problem);
                false
            }
        }
    }

    fn is_closed(&self) -> bool {
        matches!(&self.target, Target::Console(console) if console.is_closed())
    }

    fn write_pending(&mut self) -> io::Result<()> {
        if self.since_mark == 0 {
            self.meet_file()?;
        }
        let mut bytes = std::mem::take(&mut self.pending);
        let (done, outcome) = self.write_all(&bytes);
        self.since_mark += done;
        bytes.clear();
        self.pending = bytes;
        outcome
    }

    /// Makes sure that the mark is at the end of the file that is written next: that may be another one since a
    /// rotation that failed half way, or have grown since it could not be taken over.
    fn meet_file(&mut self) -> io::Result<()> {
        let Target::File(file) = &mut self.target else { return Ok(()) };
        file.make_ready()?;
        if file.identity() != self.mark.file || file.size() != self.mark.size {
            self.set_mark(self.mark.position);
        }
        Ok(())
    }

    /// Writes `bytes`, as many as go. Returns how many those were.
    fn write_all(&mut self, bytes: &[u8]) -> (u64, io::Result<()>) {
        let (mut done, mut interruptions) = (0, 0);
        let outcome = loop {
            if done == bytes.len() {
                break Ok(());
            }
            let written = match &mut self.target {
                Target::Console(console) => console.write(&bytes[done..]),
                Target::File(file) => file.write(&bytes[done..]),
                Target::Network(network) => network.write(&bytes[done..]),
            };
            match written {
                Ok(0) => break Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => (done, interruptions) = (done + count, 0),
                Err(problem)
                    if problem.kind() == io::ErrorKind::Interrupted && interruptions < MOST_INTERRUPTIONS =>
                {
                    interruptions += 1;
                }
                Err(problem) => break Err(problem),
            }
        };
        self.totals.bytes += done as u64;
        self.count_events();
        (done as u64, outcome)
    }

    /// The destination takes nothing now: all since the mark is to be replayed, but for the bytes it took.
    #[cold]
    fn fall_behind(&mut self, problem: &io::Error) {
        let made_progress =
            self.totals.bytes > std::mem::replace(&mut self.bytes_at_failure, self.totals.bytes);
        self.pending.clear();
        self.pending_records = 0;
        self.totals.written = self.written_at_mark;
        // A slow reader is no outage: what it takes must not wait for growing pauses.
        let earlier = self.failure.take().filter(|_| !made_progress);
        let text = format!("{}: {problem}", describe(&self.config, &self.target));
        let only_waits =
            matches!(&self.target, Target::Network(_)) && problem.kind() == io::ErrorKind::WouldBlock;
        self.failure = Some(if only_waits {
            Backoff::waiting(earlier, text)
        } else {
            self.totals.errors += 1;
            Backoff::after(earlier, text)
        });
        self.resume = Resume::after(self.since_mark);
    }

    /// At the end of a batch that has been flushed: forces the file to the disk if that is due or `wanted`,
    /// looks what others have done to it, and moves the mark to `position`.
    pub(crate) fn settle(&mut self, position: u64, wanted: bool) -> Settled {
        match self.tend() {
            Ok(true) => {}
            Ok(false) => return Settled::InStep,
            Err(problem) => {
                self.fall_behind(&problem);
                return Settled::Behind;
            }
        }
        if position != self.mark.position {
            if self.since_mark > 0 {
                if !self.is_to_sync(wanted) {
                    return Settled::InStep;
                }
                if !self.confirm() {
                    return Settled::Behind;
                }
            }
            self.set_mark(position);
        }
        self.failure = None;
        Settled::InStep
    }

    /// Makes sure that what was written since the mark stays: on the disk where that is promised, and in a file
    /// that others have not removed. Returns false if the sink has fallen behind.
    fn confirm(&mut self) -> bool {
        if !self.sync() {
            return false;
        }
        match self.look() {
            Ok(Change::Removed) => {
                // What was written last went with the file: once more, into the new one.
                self.totals.written = self.written_at_mark;
                self.begin_file();
                false
            }
            Ok(_) => true,
            Err(problem) => {
                self.fall_behind(&problem);
                false
            }
        }
    }

    /// Goes on from the mark in a file that has nothing of what comes after it.
    fn begin_file(&mut self) {
        self.resume = Resume::Nothing;
        self.is_cut_due = false;
        self.set_mark(self.mark.position);
    }

    /// Looks after lines on their way. Returns whether the system has taken all of them.
    fn tend(&mut self) -> io::Result<bool> {
        let Target::Network(network) = &mut self.target else { return Ok(true) };
        let outcome = network.tend();
        if let Ok(true) = outcome {
            self.failure = None;
        }
        outcome
    }

    fn count_events(&mut self) {
        if let Target::Network(network) = &mut self.target {
            let events = network.take_events();
            self.totals.errors += events.errors;
            self.totals.reconnects += events.reconnects;
        }
    }

    /// Whether lines that were accepted are still to be given to the system, or given once more.
    pub(crate) fn has_unsent(&self) -> bool {
        matches!(&self.target, Target::Network(network) if network.has_unsent())
    }

    /// How many lines a connection has taken that its other end has not acknowledged.
    pub(crate) fn unacknowledged(&self) -> usize {
        match &self.target {
            Target::Network(network) => network.unacknowledged(),
            _ => 0,
        }
    }

    /// Whether what was written since the mark may count as settled once it is synced, which is now.
    fn is_to_sync(&self, wanted: bool) -> bool {
        match self.config.sync {
            Sync::Never | Sync::Always => true,
            Sync::Error if self.has_urgent => true,
            Sync::Error | Sync::Interval => wanted || self.last_sync.elapsed() >= SYNC_INTERVAL,
        }
    }

    /// Forces the file to the disk, if it is one that is. Returns false if the sink has fallen behind: the
    /// disk may have forgotten what it was given, so all of it is cut off and replayed.
    fn sync(&mut self) -> bool {
        let Target::File(file) = &mut self.target else { return true };
        if self.config.sync == Sync::Never {
            return true;
        }
        match file.sync() {
            Ok(()) => {
                self.last_sync = Instant::now();
                self.has_urgent = false;
                true
            }
            Err(problem) => {
                // Of a pipe's directory; what a pipe was given cannot be taken back, and need not.
                if file.is_regular() {
                    self.cut_off();
                }
                self.fall_behind(&io::Error::new(problem.kind(), format!("could not be synced: {problem}")));
                false
            }
        }
    }

    /// Counts what follows the mark in the file as not written: it is cut off, now or before the next write.
    fn cut_off(&mut self) {
        self.is_cut_due = true;
        self.since_mark = 0;
        self.resume = Resume::Nothing;
        // What was written in vain is no progress.
        self.bytes_at_failure = self.totals.bytes;
        // A failure is met again before the next write.
        let _ = self.cut();
    }

    fn cut(&mut self) -> io::Result<()> {
        if let Target::File(file) = &mut self.target {
            if self.is_cut_due {
                file.cut_to(self.mark.size)?;
                self.is_cut_due = false;
            }
        }
        Ok(())
    }

    /// Before lines that were written count as such though the sink is behind: they must be on the disk, where
    /// that is promised.
    pub(crate) fn secure(&mut self) {
        if self.since_mark > 0 {
            self.sync();
        }
    }

    fn look(&mut self) -> io::Result<Change> {
        match &mut self.target {
            Target::Console(_) | Target::Network(_) => Ok(Change::None),
            Target::File(file) => file.look(),
        }
    }

    /// Everything before `position` is in the destination, and perhaps some of what comes after, which a replay
    /// has not come to yet.
    fn set_mark(&mut self, position: u64) {
        let ahead = self.resume.bytes();
        let (size, file) = match &self.target {
            Target::Console(_) | Target::Network(_) => (0, FileId::default()),
            Target::File(file) => (file.size().saturating_sub(ahead), file.identity()),
        };
        self.mark = Mark { position, size, file };
        self.since_mark = ahead;
        self.written_at_mark = self.totals.written;
        if let Some(Place { ring, epoch, index }) = &self.place {
            ring.set_mark(*epoch, *index, &self.mark);
        }
    }

    /// How far it has come.
    #[inline]
    pub(crate) fn mark(&self) -> &Mark {
        &self.mark
    }

    /// Prepares for a replay from the mark. Returns false while it is too early to try again, or if the
    /// destination can't be had.
    pub(crate) fn is_ready_to_replay(&mut self) -> bool {
        if self.failure.as_ref().is_some_and(|failure| !failure.is_due()) {
            return false;
        }
        self.pending.clear();
        self.pending_records = 0;
        if self.failure.is_none() && !self.is_cut_due {
            return true;
        }
        match self.reopen().and_then(|()| self.cut()) {
            Ok(()) => true,
            Err(problem) => {
                self.fall_behind(&problem);
                false
            }
        }
    }

    /// Looks whether the file that failed is still the one at its path; another one begins from the mark.
    fn reopen(&mut self) -> io::Result<()> {
        let file = match &mut self.target {
            Target::Console(_) => return Ok(()),
            Target::Network(network) => {
                let outcome = network.prepare();
                self.count_events();
                return outcome;
            }
            Target::File(file) => file,
        };
        match file.look() {
            Ok(Change::None | Change::Truncated) => return Ok(()),
            Ok(Change::Moved | Change::Removed) => {}
            Err(_) => file.reopen()?,
        }
        if file.identity() != self.mark.file {
            self.begin_file();
        }
        Ok(())
    }

    /// Passes over the frame that ends at `position`, of which `len` bytes are in the destination; if that is not
    /// its whole line, the rest is held.
    pub(crate) fn pass_written(&mut self, position: u64, len: u64, is_whole: bool) {
        self.mark.position = position;
        self.mark.size += len;
        self.since_mark -= len;
        self.totals.written += u64::from(is_whole);
        self.written_at_mark = self.totals.written;
        self.resume = Resume::after(self.since_mark);
    }

    /// Passes over everything before `position` without having written it; what was begun is cut off.
    pub(crate) fn pass_unwritten(&mut self, position: u64) {
        if self.since_mark > 0 {
            if matches!(&self.target, Target::Network(_)) {
                // It takes whole lines alone.
                self.since_mark = 0;
                self.resume = Resume::Nothing;
            } else if self.is_recoverable() {
                self.cut_off();
            } else {
                self.since_mark = 0;
                self.resume = Resume::Nothing;
                self.held.end_line();
            }
        }
        self.pass(position);
    }

    /// Passes over frames before `position` that it has no part in.
    pub(crate) fn pass(&mut self, position: u64) {
        self.mark.position = position;
        if let Some(Place { ring, epoch, index }) = &self.place {
            ring.set_mark(*epoch, *index, &self.mark);
        }
    }

    /// Counts a line that was given up.
    pub(crate) fn count_dropped(&mut self) {
        self.totals.dropped += 1;
    }

    /// Writes the lines that it holds from before its mark. Returns the numbers of their records once all
    /// are written, `None` if the destination still fails.
    pub(crate) fn write_held(&mut self) -> Option<Vec<u64>> {
        if self.held.is_empty() {
            return Some(Vec::new());
        }
        if let Err(problem) = self.meet_file() {
            self.fall_behind(&problem);
            return None;
        }
        let bytes = self.held.take_bytes();
        let (done, outcome) = self.write_all(&bytes);
        let is_kept = done == 0 || self.sync();
        if is_kept {
            self.set_size();
        }
        if !is_kept || outcome.is_err() {
            self.held.put_back(bytes, if is_kept { done as usize } else { 0 });
            if let Err(problem) = outcome {
                self.fall_behind(&problem);
            }
            return None;
        }
        let records = self.held.take_records();
        self.totals.written += records.len() as u64;
        self.written_at_mark = self.totals.written;
        self.held_gap = Gap::default();
        Some(records)
    }

    /// Holds the line that tells of `gap`.
    pub(crate) fn hold_gap(&mut self, line: &[u8], gap: Gap) {
        self.held.add(line);
        self.held_gap.join(&gap);
    }

    /// Everything that it had to give up and is not told in the destination.
    pub(crate) fn take_gap(&mut self) -> Gap {
        let mut gap = std::mem::take(&mut self.held_gap);
        gap.join(&std::mem::take(&mut self.gap));
        gap
    }

    /// The file has grown by what is not in the ring.
    fn set_size(&mut self) {
        self.set_mark(self.mark.position);
    }

    /// Gives up what it holds, at the end. Returns the numbers of the records.
    pub(crate) fn give_up_held(&mut self) -> Vec<u64> {
        self.held.take_bytes();
        let records = self.held.take_records();
        self.totals.dropped += records.len() as u64;
        records
    }

    /// Makes the next attempt come at once; one to connect, soon.
    pub fn hurry(&mut self) {
        if let Some(failure) = &mut self.failure {
            let is_remote = matches!(&self.target, Target::Network(_));
            failure.hurry(if is_remote { RECONNECT_PAUSE } else { Duration::ZERO });
        }
    }

    /// Whether it is a file that can be gone back in, and gone on with by another process: no console, pipe or
    /// device.
    pub(crate) fn is_recoverable(&self) -> bool {
        matches!(&self.target, Target::File(file) if file.is_regular())
    }

    /// What it was opened with.
    pub fn config(&self) -> &SinkConfig {
        &self.config
    }

    /// The log file, if it is one.
    pub(crate) fn file(&mut self) -> Option<&mut LogFile> {
        match &mut self.target {
            Target::Console(_) | Target::Network(_) => None,
            Target::File(file) => Some(file),
        }
    }

    /// Bytes written and attempts failed since the last call.
    pub fn take_volume(&mut self) -> (u64, u64) {
        let (bytes, errors) = self.counted;
        self.counted = (self.totals.bytes, self.totals.errors);
        (self.totals.bytes - bytes, self.totals.errors - errors)
    }

    /// Name, totals and state.
    pub fn report(&self) -> SinkReport {
        SinkReport {
            name: self.config.name.clone(),
            totals: self.totals.clone(),
            problem: self.problem().map(str::to_owned),
        }
    }

    /// Why it does not write now, or not as it should, if so.
    pub fn problem(&self) -> Option<&str> {
        self.failure.as_ref().and_then(Backoff::problem).or(self.rotation_problem.as_deref())
    }

    /// What went wrong beside the writing since the last call.
    pub(crate) fn take_side_problem(&mut self) -> Option<String> {
        let problem = self.file()?.take_problem()?;
        Some(format!("handler {}: {problem}", self.config.name))
    }

    /// Gives the packing of finished files until `deadline`; what is left is done by the next start.
    pub(crate) fn finish_packing(&mut self, deadline: Instant) {
        if let Some(file) = self.file() {
            file.settle(deadline);
        }
    }

    /// Goes on counting from what an earlier sink of this name had reached.
    pub fn continue_from(&mut self, totals: SinkTotals) {
        self.counted = (totals.bytes, totals.errors);
        self.written_at_mark = totals.written;
        self.totals = totals;
    }
}

fn describe(config: &SinkConfig, target: &Target) -> String {
    match target {
        Target::Console(_) => format!("handler {}", config.name),
        Target::File(file) => format!("handler {} ({})", config.name, file.path().display()),
        Target::Network(network) => format!("handler {} ({})", config.name, network.name()),
    }
}
