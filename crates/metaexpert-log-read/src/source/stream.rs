//! The files of one writer, scanned in their order, several blocks at a time.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

use metaexpert_log::platform::thread;

use super::file::LogFile;
use super::pool::Pool;
use super::samples;
use super::unpacking::{Part, Unpacking, damage};
use crate::open::Packing;
use crate::scan::{Batch, Scanner};

/// Scanned at a time. All passes over a block find it in the processor's own memory.
const BLOCK_BYTES: u64 = 256 << 10;
/// What a thread scans, block by block, before it hands over what it has found: a handover takes as long as some
/// ten thousand bytes.
const PART_BYTES: u64 = 1 << 20;
/// Scanned first for the last lines of a file.
const FIRST_BLOCK_BYTES: u64 = 16 << 10;
/// As many lines in a row of a packed file that are no records make it no log.
const MAX_PASSED_OVER: usize = 100_000;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// What a thread says of the part that it reads.
enum Message {
    Batch(Batch),
    End,
}

/// The records of one writer.
pub(crate) struct Stream {
    files: VecDeque<(usize, Arc<LogFile>)>,
    scanner: Arc<Scanner>,
    /// What is left of the file that is being read.
    current: Option<(usize, Arc<LogFile>, Range<u64>)>,
    pending: VecDeque<Receiver<Message>>,
}

impl Stream {
    /// Reads `files`, the oldest first, each with its place among all files of the search.
    pub(crate) fn new(files: Vec<(usize, Arc<LogFile>)>, scanner: Arc<Scanner>) -> Stream {
        Stream { files: files.into(), scanner, current: None, pending: VecDeque::new() }
    }

    /// The next lines; none at the end. Fails only where threads do.
    pub(crate) fn next_batch(&mut self, pool: &Pool) -> io::Result<Option<Batch>> {
        loop {
            while self.pending.len() <= pool.threads() && self.begin_part(pool)? {}
            let Some(part) = self.pending.front() else { return Ok(None) };
            match part.recv() {
                Ok(Message::Batch(batch)) if batch.is_empty() => {}
                Ok(Message::Batch(batch)) => return Ok(Some(batch)),
                Ok(Message::End) => drop(self.pending.pop_front()),
                Err(_) => return Err(io::Error::other("a thread that reads the log has ended early")),
            }
        }
    }

    /// Has the next part read; false where there is none.
    fn begin_part(&mut self, pool: &Pool) -> io::Result<bool> {
        let Some((place, file, range)) = self.current.take() else { return self.begin_file() };
        let (sender, receiver) = sync_channel(2);
        self.pending.push_back(receiver);
        let scanner = self.scanner.clone();
        if file.packing != Packing::Unpacked {
            thread::spawn("metaexpert-unpack", move || {
                scan_packed(place, &file, &scanner, |batch| sender.send(Message::Batch(batch)).is_ok());
                let _ = sender.send(Message::End);
            })?;
            return Ok(true);
        }
        let end = (range.start + PART_BYTES).min(range.end);
        let part = range.start..end;
        if end < range.end {
            self.current = Some((place, file.clone(), end..range.end));
        }
        pool.submit(move || {
            let batch = scan_part(place, &file, part, &scanner);
            // Fails when nobody waits any more.
            let _ = sender.send(Message::Batch(batch)).and_then(|()| sender.send(Message::End));
        });
        Ok(true)
    }

    fn begin_file(&mut self) -> io::Result<bool> {
        let Some((place, file)) = self.files.pop_front() else { return Ok(false) };
        let range = self.range_in(&file);
        if !range.is_empty() {
            self.current = Some((place, file, range));
        }
        Ok(true)
    }

    fn range_in(&self, file: &LogFile) -> Range<u64> {
        let filter = self.scanner.filter();
        let found = match file.packing {
            Packing::Unpacked => samples::range_in(file, filter.since_ns, filter.until_ns).ok(),
            _ => None,
        };
        // What cannot be read is told by the block that it is in.
        found.unwrap_or(0..file.size)
    }

    /// The last `count` lines that are wanted, read from the end, with what stands between them.
    pub(crate) fn last(mut self, count: usize) -> VecDeque<Batch> {
        let mut found = VecDeque::new();
        let mut left = count;
        while let Some((place, file)) = self.files.pop_back().filter(|_| left > 0) {
            match file.packing {
                Packing::Unpacked => self.last_of_unpacked(place, &file, &mut left, &mut found),
                _ => self.last_of_packed(place, &file, &mut left, &mut found),
            }
        }
        found
    }

    fn last_of_unpacked(&self, place: usize, file: &LogFile, left: &mut usize, found: &mut VecDeque<Batch>) {
        let range = self.range_in(file);
        let mut end = range.end;
        // Few lines are in few bytes, unless they are rare.
        let mut length = FIRST_BLOCK_BYTES;
        while *left > 0 && end > range.start {
            let start = end.saturating_sub(length).max(range.start);
            let mut batch = scan_part(place, file, start..end, &self.scanner);
            batch.keep_last(*left);
            *left -= batch.matches();
            found.push_front(batch);
            (end, length) = (start, BLOCK_BYTES);
        }
    }

    fn last_of_packed(&self, place: usize, file: &LogFile, left: &mut usize, found: &mut VecDeque<Batch>) {
        let mut kept: VecDeque<Batch> = VecDeque::new();
        let mut matches = 0;
        scan_packed(place, file, &self.scanner, |batch| {
            matches += batch.matches();
            kept.push_back(batch);
            while let Some(first) = kept.front().map(Batch::matches).filter(|first| matches - first >= *left)
            {
                matches -= first;
                kept.pop_front();
            }
            true
        });
        if let Some(first) = kept.front_mut() {
            first.keep_last(first.matches() - matches.saturating_sub(*left));
        }
        *left = left.saturating_sub(matches);
        kept.into_iter().rev().for_each(|batch| found.push_front(batch));
    }
}

/// The lines that begin in `part` of an unpacked file.
fn scan_part(place: usize, file: &LogFile, part: Range<u64>, scanner: &Scanner) -> Batch {
    let mut batch = Batch::of_file(place);
    for start in part.clone().step_by(BLOCK_BYTES as usize) {
        scan_block(file, start..(start + BLOCK_BYTES).min(part.end), scanner, &mut batch);
        if batch.seen.problem.is_some() {
            break;
        }
    }
    batch
}

fn scan_block(file: &LogFile, block: Range<u64>, scanner: &Scanner, batch: &mut Batch) {
    BUFFER.with_borrow_mut(|buffer| match file.read_lines(block.start, block.end, buffer) {
        Ok(lines) => {
            let begins_file = block.start == 0;
            scanner.scan(without_mark(&buffer[lines.whole], begins_file), batch);
            if let Some((fault, rest)) = lines.rest {
                scanner.take_broken(&buffer[rest], fault, batch);
            }
        }
        Err(error) => batch.seen.problem = Some(error.to_string()),
    });
}

/// Gives the wanted lines of a packed file to `give`, part by part, until that returns false.
fn scan_packed(place: usize, file: &LogFile, scanner: &Scanner, mut give: impl FnMut(Batch) -> bool) {
    let (mut begins_file, mut passed_over) = (true, 0);
    let taken = Unpacking::of(file).and_then(|unpacking| {
        unpacking.for_each(|part| {
            let mut batch = Batch::of_file(place);
            match part {
                Part::Lines(lines) => scanner.scan(without_mark(lines, begins_file), &mut batch),
                Part::Rest(fault, rest) => scanner.take_broken(rest, fault, &mut batch),
            }
            begins_file = false;
            passed_over = if batch.seen.has_records { 0 } else { passed_over + batch.seen.faults.len() };
            let is_log = passed_over < MAX_PASSED_OVER;
            if !is_log {
                batch.seen.problem =
                    Some(format!("reading ended after {passed_over} lines in a row that are no records"));
            }
            give(batch) && is_log
        })
    });
    if let Err(error) = taken {
        let mut batch = Batch::of_file(place);
        batch.seen.problem = Some(damage(file.packing, &error));
        give(batch);
    }
}

/// Lines without the byte order mark that some editors put before the first.
fn without_mark(lines: &[u8], begins_file: bool) -> &[u8] {
    const MARK: &[u8] = b"\xef\xbb\xbf";
    if begins_file { lines.strip_prefix(MARK).unwrap_or(lines) } else { lines }
}
