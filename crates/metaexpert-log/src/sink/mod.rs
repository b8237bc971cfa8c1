//! **Sink**: encoded lines to their destination, with failures as values.
//!
//! A sink gathers lines and writes them in batches. When its destination fails it keeps what fits its
//! budget, tries again with growing pauses, and counts what it had to give up.

mod archive;
mod claim;
mod console;
mod file;
mod rotate;
pub mod trouble;

use std::io;
use std::time::{Duration, Instant};

use crate::config::{SinkConfig, SinkKind};
use crate::disk;
use crate::error::Error;

pub use crate::holdings::forget_after_fork;
pub use console::{Console, shows_colour};
pub use file::{Change, LogFile};
pub use rotate::family;

/// A sink writes when this much has gathered, and at the end of each batch.
const WRITE_BYTES: usize = 128 << 10;
/// What a failing sink holds back for better times.
const BUDGET_BYTES: usize = 4 << 20;
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Where lines go.
enum Target {
    Console(Console),
    File(Box<LogFile>),
}

/// A destination with its waiting lines.
pub struct Sink {
    name: String,
    target: Target,
    pending: Vec<u8>,
    pending_records: u64,
    failing: Option<Failure>,
    totals: SinkTotals,
    /// Bytes and errors that `take_volume` has handed out.
    counted: (u64, u64),
}

struct Failure {
    problem: String,
    pause: Duration,
    retry_at: Instant,
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

impl Sink {
    /// Opens the destination.
    pub fn open(config: &SinkConfig) -> Result<Sink, Error> {
        let target = match config.kind {
            SinkKind::Console => Target::Console(Console::new(config.stream)),
            SinkKind::File => Target::File(Box::new(LogFile::open(config, disk::system())?)),
        };
        Ok(Sink {
            name: config.name.clone(),
            target,
            pending: Vec::with_capacity(WRITE_BYTES + (16 << 10)),
            pending_records: 0,
            failing: None,
            totals: SinkTotals::default(),
            counted: (0, 0),
        })
    }

    /// Takes over from the sink that wrote to the same destination before.
    pub fn activate(&mut self) -> io::Result<()> {
        match &mut self.target {
            Target::Console(_) => Ok(()),
            Target::File(file) => file.activate(),
        }
    }

    /// Lines waiting to be written; append one, then call [`Sink::commit`].
    #[inline]
    pub fn pending(&mut self) -> &mut Vec<u8> {
        &mut self.pending
    }

    /// Accepts the line that was appended at `start`. Returns false if it had to be given up.
    #[inline]
    pub fn commit(&mut self, start: usize, timestamp_ns: i64) -> bool {
        if self.failing.is_some() && self.pending.len() > BUDGET_BYTES {
            self.pending.truncate(start);
            self.totals.dropped += 1;
            return false;
        }
        if let Target::File(file) = &self.target {
            if file.is_due(start, self.pending.len(), timestamp_ns) {
                self.rotate_before(start, timestamp_ns);
            }
        }
        self.pending_records += 1;
        if self.pending.len() >= WRITE_BYTES {
            self.flush();
        }
        true
    }

    /// Finishes the current file with what comes before `start`, and begins the next with the rest.
    #[cold]
    fn rotate_before(&mut self, start: usize, timestamp_ns: i64) {
        let line = self.pending.split_off(start);
        let finished = self.flush();
        let Target::File(file) = &mut self.target else { return };
        if finished {
            if let Err(problem) = file.rotate(timestamp_ns) {
                self.note_failure(&problem);
            }
        }
        self.pending.extend_from_slice(&line);
    }

    /// Writes what is waiting. Returns whether nothing waits any more.
    pub fn flush(&mut self) -> bool {
        if self.pending.is_empty() {
            return true;
        }
        if self.failing.as_ref().is_some_and(|failure| Instant::now() < failure.retry_at) {
            return false;
        }
        let bytes_before = self.totals.bytes;
        match self.write_pending() {
            Ok(()) => {
                self.failing = None;
                self.totals.written += std::mem::take(&mut self.pending_records);
                true
            }
            Err(_) if self.is_closed() => {
                // Nobody reads the console any more, and never will: not a loss to wait for.
                self.abandon();
                true
            }
            Err(problem) => {
                if self.totals.bytes > bytes_before {
                    // A slow reader is no outage: what it takes must not wait for growing pauses.
                    self.failing = None;
                }
                self.note_failure(&problem);
                false
            }
        }
    }

    fn is_closed(&self) -> bool {
        matches!(&self.target, Target::Console(console) if console.is_closed())
    }

    fn write_pending(&mut self) -> io::Result<()> {
        let mut done = 0;
        let outcome = loop {
            if done == self.pending.len() {
                let Target::File(file) = &mut self.target else { break Ok(()) };
                match file.look() {
                    Ok(Change::Removed) => done = 0,
                    Ok(_) => break Ok(()),
                    Err(problem) => {
                        done = 0;
                        break Err(problem);
                    }
                }
            }
            let rest = &self.pending[done..];
            let written = match &mut self.target {
                Target::Console(console) => console.write(rest),
                Target::File(file) => file.write(rest),
            };
            match written {
                Ok(0) => break Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => done += count,
                Err(problem) if problem.kind() == io::ErrorKind::Interrupted => {}
                Err(problem) => break Err(problem),
            }
        };
        self.totals.bytes += done as u64;
        self.pending.drain(..done);
        outcome
    }

    fn note_failure(&mut self, problem: &io::Error) {
        let pause = match &self.failing {
            Some(failure) => (failure.pause * 2).min(LONGEST_PAUSE),
            None => FIRST_PAUSE,
        };
        self.totals.errors += 1;
        self.failing = Some(Failure {
            problem: format!("{}: {problem}", self.describe()),
            pause,
            retry_at: Instant::now() + pause,
        });
    }

    fn describe(&self) -> String {
        match &self.target {
            Target::Console(_) => format!("handler {}", self.name),
            Target::File(file) => format!("handler {} ({})", self.name, file.path().display()),
        }
    }

    /// Gives the packing of finished files until `deadline`.
    pub fn settle(&self, deadline: Instant) {
        if let Target::File(file) = &self.target {
            file.settle(deadline);
        }
    }

    /// Gives up what is still waiting, at shutdown. Returns how many lines that were.
    pub fn abandon(&mut self) -> u64 {
        let lost = std::mem::take(&mut self.pending_records);
        self.pending.clear();
        self.totals.dropped += lost;
        lost
    }

    /// Makes the next [`Sink::flush`] try at once.
    pub fn hurry(&mut self) {
        if let Some(failure) = &mut self.failing {
            failure.retry_at = Instant::now();
        }
    }

    /// The handler's name in the configuration.
    pub fn name(&self) -> &str {
        &self.name
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
            name: self.name.clone(),
            totals: self.totals.clone(),
            problem: self.problem().map(str::to_owned),
        }
    }

    /// Why it does not write now, if it doesn't.
    pub fn problem(&self) -> Option<&str> {
        self.failing.as_ref().map(|failure| failure.problem.as_str())
    }

    /// What went wrong beside the writing since the last call.
    pub fn take_side_problem(&mut self) -> Option<String> {
        match &mut self.target {
            Target::Console(_) => None,
            Target::File(file) => {
                file.take_problem().map(|problem| format!("handler {}: {problem}", self.name))
            }
        }
    }

    /// Goes on counting from what an earlier sink of this name had reached.
    pub fn continue_from(&mut self, totals: SinkTotals) {
        self.counted = (totals.bytes, totals.errors);
        self.totals = totals;
    }
}
