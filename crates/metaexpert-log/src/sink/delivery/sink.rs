//! A destination with its waiting lines, and how far it has come.
//!
//! A sink gathers lines and writes them in batches. Its [`Mark`] says how far it has come: everything before
//! that position of the ring is in the destination. When the destination fails, the sink forgets the lines
//! and falls behind; what it had not written is still in the ring, and is replayed from the mark once it can
//! be.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use crate::config::SinkConfig;
use crate::error::Error;
use crate::platform::disk::Disk;
use crate::ring::ledger::Ledger;
use crate::ring::marks::Mark;
use crate::ring::{Gap, Ring};
use crate::stats::Counters;

use super::held::Held;
use super::progress::Progress;
use super::state::State;
use super::transit::Transit;
use crate::sink::targets::Target;
use crate::sink::targets::file::{LogFile, Opener};

/// A sink writes when this much has gathered, and at the end of each batch.
pub(super) const WRITE_BYTES: usize = 256 << 10;

/// A destination with its waiting lines.
pub struct Sink {
    pub(super) config: SinkConfig,
    pub(super) target: Target,
    pub(super) pending: Vec<u8>,
    pub(super) pending_records: u64,
    pub(super) progress: Progress,
    /// Lines written before the mark: what was written since is counted again when it is replayed.
    pub(super) written_at_mark: u64,
    pub(super) state: State,
    pub(crate) held: Held,
    /// What it had to give up and has not told yet.
    pub(crate) gap: Gap,
    /// What lines that it holds tell of.
    pub(super) held_gap: Gap,
    /// What a network destination has taken.
    pub(super) transit: Transit,
    pub(super) totals: SinkTotals,
    /// Bytes and errors that `take_volume` has handed out.
    pub(super) counted: (u64, u64),
    /// Lines given up that `take_lost` has handed out.
    pub(super) lost_counted: u64,
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
    /// Records of which something was left out to fit what the destination takes.
    pub cut: u64,
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
pub(super) enum Accepted {
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
    pub fn open(config: &SinkConfig, disk: &Arc<dyn Disk>, opener: Opener) -> Result<Sink, Error> {
        Ok(Sink {
            config: config.clone(),
            target: Target::open(config, disk, opener)?,
            pending: Vec::with_capacity(WRITE_BYTES + (16 << 10)),
            pending_records: 0,
            progress: Progress::default(),
            written_at_mark: 0,
            state: State::default(),
            held: Held::default(),
            gap: Gap::default(),
            held_gap: Gap::default(),
            transit: Transit::default(),
            totals: SinkTotals::default(),
            counted: (0, 0),
            lost_counted: 0,
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
        self.progress.begin(ring, epoch, index, position);
        self.begin_again()
    }

    /// Takes over the file from a sink that wrote to it until now, at the mark.
    pub(crate) fn begin_again(&mut self) -> io::Result<()> {
        let outcome = self.target.file_mut().map_or(Ok(()), LogFile::activate);
        self.set_mark(self.progress.mark().position);
        outcome
    }

    /// As [`Sink::begin_again`]; a file that can't be had now is tried again like any other.
    pub(crate) fn take_over_file(&mut self) {
        let _ = self.begin_again();
    }

    /// Whether it writes to the same file as `other`.
    pub(crate) fn shares_file(&self, other: &Sink) -> bool {
        let paths = [&self.config, &other.config].map(|config| config.file().map(|file| &file.path));
        paths[0].is_some() && paths[0] == paths[1]
    }

    /// Goes on as sink number `index` of another configuration, wherever it is.
    pub(crate) fn move_to(&mut self, ring: &Arc<Ring>, epoch: u64, index: usize) {
        self.progress.move_to(ring, epoch, index);
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
        self.progress.go_on_from(ring, epoch, index, mark, found);
    }

    /// Keeps no marks any more: its configuration is not in force.
    pub(crate) fn leave_place(&mut self) {
        self.progress.leave_place();
    }

    /// Goes on counting from what an earlier sink of this name had reached.
    pub fn continue_from(&mut self, totals: SinkTotals) {
        self.counted = (totals.bytes, totals.errors);
        self.lost_counted = totals.dropped;
        self.written_at_mark = totals.written;
        self.totals = totals;
    }

    /// How far it has come.
    #[inline]
    pub(crate) fn mark(&self) -> &Mark {
        self.progress.mark()
    }

    /// What it was opened with.
    pub fn config(&self) -> &SinkConfig {
        &self.config
    }

    /// The log file, if it is one.
    pub(crate) fn file(&mut self) -> Option<&mut LogFile> {
        self.target.file_mut()
    }

    /// Whether it is a file that can be gone back in, and gone on with by another process: no console, pipe
    /// or device.
    pub(crate) fn is_recoverable(&self) -> bool {
        self.target.is_rewritable()
    }

    /// Whether lines that were accepted are still to be given to the system, or given once more.
    pub(crate) fn has_unsent(&self) -> bool {
        self.target.has_unsent()
    }

    /// What counts as written once it is known to have arrived, and not when it is taken.
    pub(super) fn is_remote(&self) -> bool {
        self.target.is_remote()
    }

    /// How many lines a connection has taken that its other end has not acknowledged.
    pub(crate) fn unacknowledged(&self) -> usize {
        self.target.unacknowledged()
    }

    /// Bytes written and attempts failed since the last call.
    pub fn take_volume(&mut self) -> (u64, u64) {
        let (bytes, errors) = self.counted;
        self.counted = (self.totals.bytes, self.totals.errors);
        (self.totals.bytes - bytes, self.totals.errors - errors)
    }

    /// Lines given up since the last call.
    pub(crate) fn take_lost(&mut self) -> u64 {
        self.totals.dropped - std::mem::replace(&mut self.lost_counted, self.totals.dropped)
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
        self.state.problem().or(self.target.rotation_problem())
    }

    /// What went wrong beside the writing since the last call.
    pub(crate) fn take_side_problem(&mut self) -> Option<String> {
        let problem = self.target.take_problem()?;
        Some(format!("handler {}: {problem}", self.config.name))
    }

    /// Whether it has lost records that it has not told of in [`Sink::take_losses`].
    pub(crate) fn has_untold_losses(&self) -> bool {
        self.transit.has_untold_losses()
    }

    /// What it has lost on the way since the last call.
    pub(crate) fn take_losses(&mut self) -> Option<String> {
        let (lost, why) = self.transit.take_losses();
        let name = self.target.describe(&self.config.name);
        match lost {
            0 => None,
            1 => Some(format!("{name}: 1 record was lost, because {why}")),
            _ => Some(format!("{name}: {lost} records were lost, the last because {why}")),
        }
    }

    /// Tells the ledger what is on its way and what has become of what was.
    pub(crate) fn account(&mut self, ledger: &mut Ledger, counters: &Counters) {
        self.transit.account(ledger, counters);
    }

    /// Forgets what has become of lines that no ledger holds.
    pub(super) fn forget_fates(&mut self) {
        self.transit.forget_fates();
    }

    /// The position up to which everything has arrived, as far as that can be known and is worth waiting for.
    pub(crate) fn confirmed_to(&mut self) -> u64 {
        self.transit.unconfirmed().unwrap_or(self.progress.mark().position)
    }

    /// Whether the fate of some record is open though the mark has passed it.
    pub(crate) fn is_in_transit(&self) -> bool {
        !self.transit.is_empty()
    }

    /// Ends: what the system has taken counts as written, the rest as lost.
    pub(crate) fn end_transit(&mut self) {
        if let Target::Socket(network) = &mut self.target {
            network.end();
            self.count_fates();
        }
    }

    /// Whether it has to tell of a gap and nothing stands in the way, though it is in step.
    pub(crate) fn owes_gap(&self) -> bool {
        !self.gap.is_empty() && self.is_remote() && self.transit.is_open() && !self.progress.is_beyond_mark()
    }

    /// Gives the packing of finished files until `deadline`; what is left is done by the next start.
    pub(crate) fn finish_packing(&mut self, deadline: Instant) {
        if let Some(file) = self.file() {
            file.settle(deadline);
        }
    }
}
