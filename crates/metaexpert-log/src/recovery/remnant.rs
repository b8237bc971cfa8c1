//! One ring of a dead process, on its way into the files.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};

use super::report::RingReport;
use crate::backend::notice::Notice;
use crate::backend::opening::Surroundings;
use crate::backend::stages::Stages;
use crate::config::{Config, FileConfig, IncludeKey, SinkConfig};
use crate::encode::Include;
use crate::encode::text::Process;
use crate::frame::{self, Kind};
use crate::platform::disk::{Disk, FileId, Status};
use crate::ring::decoded::DecodedRecord;
use crate::ring::dictionary::Dictionary;
use crate::ring::lexicon::Lexicon;
use crate::ring::marks::Mark;
use crate::ring::store::{Author, Claim};
use crate::ring::{Consumer, Gap, Ring};
use crate::sink::{Opener, Sink, chain, is_rewritable, siblings};

/// A ring is replayed in one go: a mark that was moved half way would have to say how much of what was found
/// is still to be met, in which of several files.
const STEP_BYTES: usize = usize::MAX / 2;
/// Attempts that may bring a sink no further: somebody else may be at work on the files.
const PATIENCE: u32 = 100;
/// What is looked at of a file that is not the one of the mark.
const MOST_COMPARED: u64 = 16 << 20;

/// A dead process's ring with its configuration.
pub(super) struct Remnant<'a> {
    surroundings: &'a Surroundings,
    author: Author,
    consumer: Consumer,
    epoch: u64,
    lexicon: Lexicon,
    /// Records that some sink has got now, and those that one had already.
    written: HashSet<u64>,
    known: HashSet<u64>,
    /// Where frames lie that gave some sink no line, and records of an earlier lap.
    unreadable: HashSet<u64>,
    stale: HashSet<u64>,
}

impl<'a> Remnant<'a> {
    pub(super) fn open(
        surroundings: &'a Surroundings,
        claim: Claim,
        author: Author,
    ) -> io::Result<Remnant<'a>> {
        let mut consumer = Ring::adopt(claim)?;
        consumer.date_remains();
        let epoch = consumer.epoch();
        Ok(Remnant {
            surroundings,
            author,
            consumer,
            epoch,
            lexicon: Lexicon::lenient(),
            written: HashSet::new(),
            known: HashSet::new(),
            unreadable: HashSet::new(),
            stale: HashSet::new(),
        })
    }

    /// Writes everything, then removes the ring.
    pub(super) fn recover(
        &mut self,
        report: &mut RingReport,
        repaired: &mut BTreeMap<PathBuf, u64>,
    ) -> io::Result<()> {
        let position = self.consumer.position();
        let mut stages = self.stages(report, repaired, position)?;
        loop {
            let switch = self.next_switch();
            let until = switch.map_or(self.end(), |(_, before, _)| before);
            self.replay(&mut stages, until, report)?;
            let Some((epoch, _, after)) = switch else { break };
            match self.bare(epoch) {
                Ok(next) => {
                    drop(stages);
                    stages = self.change(next, epoch, after, repaired)?;
                }
                Err(problem) => report.note(format!("{problem}; records went where those before them did")),
            }
            self.consumer.advance(after);
            self.consumer.release(after);
        }
        self.tell_of_gaps(&mut stages, report)?;
        self.consumer.release(self.end());
        report.records = self.written.len() as u64;
        report.already_written = self.known.difference(&self.written).count() as u64;
        match self.consumer.ring().claim() {
            Some(claim) => claim.remove(),
            None => Ok(()),
        }
    }

    fn end(&self) -> u64 {
        self.consumer.position() + self.consumer.backlog()
    }

    /// The next change of configuration: its number, and where its frame begins and ends.
    fn next_switch(&self) -> Option<(u64, u64, u64)> {
        let frames = self.consumer.frames(self.consumer.read(), u64::MAX, usize::MAX / 2);
        frames.filter(|(_, kind, _)| *kind == Kind::Switch).find_map(|(at, _, bytes)| {
            // One that has taken place may still be there, for a sink that had fallen behind.
            let epoch = frame::switch_epoch(bytes).ok().filter(|epoch| *epoch > self.epoch)?;
            Some((epoch, at, at + bytes.len() as u64))
        })
    }

    /// The stages of the configuration in force, its files open where they had come to.
    fn stages(
        &mut self,
        report: &mut RingReport,
        repaired: &mut BTreeMap<PathBuf, u64>,
        position: u64,
    ) -> io::Result<Stages> {
        let mut stages = self.bare(self.epoch).or_else(|problem| self.next_best(problem, report))?;
        let config = stages.config().clone();
        let marks = (0..config.sinks.len()).filter_map(|sink| self.consumer.mark(self.epoch, sink));
        let first = marks.map(|mark| mark.position).fold(position, u64::min);
        self.stale = self.consumer.stale(first);
        for (index, sink) in config.sinks.iter().enumerate() {
            if self.is_recoverable(sink) {
                let mark = self.consumer.mark(self.epoch, index);
                let sink = self.open_sink(sink, index, mark, position, repaired)?;
                stages.put(index, sink);
            }
        }
        Ok(stages)
    }

    /// Who watched a console or read a pipe has seen its lines, or is gone. A directory in a file's place is
    /// an obstacle.
    fn is_recoverable(&self, sink: &SinkConfig) -> bool {
        let Some(FileConfig { path, .. }) = sink.file() else { return false };
        let disk = self.surroundings.disk.as_ref();
        let is_file = |status: Status| {
            status.is_directory || is_rewritable(disk, path, &status).unwrap_or(status.is_regular)
        };
        disk.status_at(path).map_or(true, is_file)
    }

    /// The stages of the configuration `epoch`, without sinks.
    fn bare(&self, epoch: u64) -> io::Result<Stages> {
        let named = |problem: String| nonsense(format!("config.{epoch}.json could not be read: {problem}"));
        let claim = self.consumer.ring().claim().ok_or_else(|| nonsense("the ring has no configuration"))?;
        let text = claim.config(epoch).map_err(|problem| named(problem.to_string()))?;
        let config = Config::from_json(&text).map_err(|problem| named(problem.to_string()))?;
        Stages::bare(&config, &self.include(&config)).map_err(|problem| named(problem.to_string()))
    }

    /// What stands in for a configuration that cannot be read. Earlier ones are removed, so the first that
    /// can is the one in force where its number was damaged, or else the one that followed.
    fn next_best(&mut self, problem: io::Error, report: &mut RingReport) -> io::Result<Stages> {
        let epochs = self.consumer.ring().claim().map(Claim::configs).transpose()?.unwrap_or_default();
        for epoch in epochs {
            if let Ok(stages) = self.bare(epoch) {
                report.note(format!("{problem}; config.{epoch}.json stood in for it"));
                self.epoch = epoch;
                return Ok(stages);
            }
        }
        Err(problem)
    }

    /// Records say of their process what they would have said then.
    fn include(&self, config: &Config) -> Include {
        let has = |key| config.include.contains(&key);
        let Author { process, run_id, started_ns, .. } = &self.author;
        let name = "MainProcess".to_owned();
        Include {
            run_id: has(IncludeKey::RunId).then(|| run_id.clone()),
            process_id: has(IncludeKey::ProcessId).then_some(*process),
            process: Some(Process { id: *process, name, started_ns: *started_ns }),
            thread_id: has(IncludeKey::ThreadId),
            caller: has(IncludeKey::Caller),
        }
    }

    fn open_sink(
        &self,
        config: &SinkConfig,
        index: usize,
        mark: Option<Mark>,
        position: u64,
        repaired: &mut BTreeMap<PathBuf, u64>,
    ) -> io::Result<Sink> {
        let disk = &self.surroundings.disk;
        let mark = mark.unwrap_or(Mark { position, ..Mark::default() });
        let path = config.file().map(|file| self.path_of(&file.path, &mark)).unwrap_or_default();
        let mut sink =
            Sink::open(&config.with_path(path.clone()), disk, Opener::Recovery(self.author.process))
                .map_err(|problem| io::Error::other(problem.to_string()))?;
        let Some(file) = sink.file() else { return Ok(sink) };
        file.mend_archive();
        // The line is written again, whole.
        if let Some(torn) = file.repair_last_line(true)? {
            *repaired.entry(file.path().to_owned()).or_default() += torn.len() as u64;
        }
        let found = found_since(disk.as_ref(), &path, &mark);
        sink.go_on_from(self.consumer.ring(), self.epoch, index, mark, found);
        Ok(sink)
    }

    /// The file that the process wrote: the configured one, or its own if another process had that.
    fn path_of(&self, path: &Path, mark: &Mark) -> PathBuf {
        let disk = self.surroundings.disk.as_ref();
        let own = siblings(disk, path, self.author.process);
        let is_there =
            |path: &&PathBuf| chain(disk, path).iter().any(|path| identity(disk, path) == Some(mark.file));
        let path = path.to_owned();
        let all = || std::iter::once(&path).chain(&own);
        // What has no file of the mark any more was moved away or packed.
        all().find(is_there).or(own.first()).unwrap_or(&path).clone()
    }

    /// Brings every sink to `until`.
    fn replay(&mut self, stages: &mut Stages, until: u64, report: &mut RingReport) -> io::Result<()> {
        for index in 0..stages.config().sinks.len() {
            let mut stuck = 0;
            while let Some(mut part) = stages.part(index) {
                let before = part.sink.mark().position;
                let tally =
                    part.replay(&self.consumer, &mut self.lexicon, until, STEP_BYTES, Some(&self.stale));
                self.written.extend(&tally.written);
                self.known.extend(&tally.known);
                self.unreadable.extend(&tally.unreadable);
                if let Some(file) = part.sink.file().filter(|_| !tally.written.is_empty()) {
                    *report.files.entry(file.path().to_owned()).or_default() += tally.written.len() as u64;
                }
                if tally.is_done {
                    break;
                }
                stuck = if part.sink.mark().position > before { 0 } else { stuck + 1 };
                if let Some(problem) = part.sink.problem() {
                    return Err(io::Error::other(problem.to_owned()));
                }
                if stuck > PATIENCE {
                    return Err(io::Error::other("the files keep changing; nothing else may write to them"));
                }
            }
        }
        self.consumer.advance(until);
        self.consumer.release(until);
        Ok(())
    }

    /// Puts the configuration `epoch` in force from `position` on, by its `stages`.
    fn change(
        &mut self,
        mut stages: Stages,
        epoch: u64,
        position: u64,
        repaired: &mut BTreeMap<PathBuf, u64>,
    ) -> io::Result<Stages> {
        self.epoch = epoch;
        let config = stages.config().clone();
        for (index, sink) in config.sinks.iter().enumerate().filter(|(_, sink)| self.is_recoverable(sink)) {
            // A file of the process's own may have been made for it under this configuration already.
            let mark = self.mark_at_end(sink, position);
            let mut sink = self.open_sink(sink, index, Some(mark), position, repaired)?;
            sink.move_to(self.consumer.ring(), epoch, index);
            stages.put(index, sink);
        }
        self.consumer.set_epoch(epoch);
        Ok(stages)
    }

    /// Where a configuration begins that the process had not come to: at the present end of the file.
    fn mark_at_end(&self, config: &SinkConfig, position: u64) -> Mark {
        let disk = self.surroundings.disk.as_ref();
        let path = config.file().map_or_else(PathBuf::new, |file| file.path.clone());
        let own = siblings(disk, &path, self.author.process);
        let path = own.into_iter().next().unwrap_or(path);
        match disk.status_at(&path) {
            Ok(status) => Mark { position, size: status.len, file: status.identity },
            Err(_) => Mark { position, ..Mark::default() },
        }
    }

    /// Logs what the process had lost and not told, and what damage has made unreadable.
    fn tell_of_gaps(&mut self, stages: &mut Stages, report: &mut RingReport) -> io::Result<()> {
        let gap = self.consumer.ring().gap();
        let is_told = gap.is_empty() || gap.is_believable();
        let gap = if is_told { gap } else { Gap::default() };
        report.unreadable = self.unreadable.len() as u64 + u64::from(!is_told);
        let last = self.written.iter().chain(&self.known).max().copied().unwrap_or(gap.last_seq);
        let mut notices = Vec::new();
        if !gap.is_empty() {
            report.lost = gap.total();
            notices
                .push((Notice::gap(&gap, "the queue was full, or they were too large for it"), gap.last_seq));
        }
        if report.unreadable > 0 {
            notices.push((Notice::damage(report.unreadable), last));
        }
        for (notice, seq) in notices {
            let frame = notice.frame(seq);
            let mut lexicon = Lexicon::default();
            let Ok(record) = DecodedRecord::decode(&frame, Dictionary::empty(), &mut lexicon) else {
                continue;
            };
            for index in 0..stages.config().sinks.len() {
                let Some(mut part) = stages.part(index) else { continue };
                if !part.wants(&record) {
                    continue;
                }
                let mut line = Vec::new();
                part.encoder.encode(&record, &mut line);
                part.sink.held.add(&line);
                if part.sink.write_held().is_none() {
                    return Err(io::Error::other(part.sink.problem().unwrap_or_default().to_owned()));
                }
            }
        }
        self.consumer.clear_gap();
        Ok(())
    }
}

fn identity(disk: &dyn Disk, path: &Path) -> Option<FileId> {
    disk.status_at(path).ok().map(|status| status.identity)
}

/// What is in the file of the mark beyond it, and in the files that were begun after that one.
fn found_since(disk: &dyn Disk, path: &Path, mark: &Mark) -> Vec<u8> {
    let chain = chain(disk, path);
    let marked = chain.iter().position(|path| identity(disk, path) == Some(mark.file));
    let Some(marked) = marked else {
        // Moved away, or packed: what it had is complete, and what follows is in the file that is there now.
        let size = disk.status_at(path).map_or(0, |status| status.len);
        return read(disk, path, size.saturating_sub(MOST_COMPARED));
    };
    let len = disk.status_at(&chain[marked]).map_or(0, |status| status.len);
    // Cut short by somebody else: what is there now came after that.
    let from = if len < mark.size { len.saturating_sub(MOST_COMPARED) } else { mark.size };
    let mut found = read(disk, &chain[marked], from);
    for path in chain[..marked].iter().rev() {
        found.extend(read(disk, path, 0));
    }
    found
}

/// The bytes of a file from `offset` on; as many as can be read.
fn read(disk: &dyn Disk, path: &Path, mut offset: u64) -> Vec<u8> {
    let (mut bytes, mut chunk) = (Vec::new(), vec![0; 64 << 10]);
    let Ok(file) = disk.open_read(path) else { return bytes };
    while let Ok(count @ 1..) = disk.read_at(&file, &mut chunk, offset) {
        bytes.extend_from_slice(&chunk[..count]);
        offset += count as u64;
    }
    bytes
}

/// An error of the kind that says that what was read makes no sense.
fn nonsense(problem: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, problem.into())
}
