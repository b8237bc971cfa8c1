//! A search through the logs of a directory, or through some of them.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::directory;
use crate::family::family;
use crate::line;
use crate::merge::{Input, Merge};
use crate::report::Report;
use crate::scan::{Batch, Filter, Scanner};
use crate::source::{Identity, LogFile, Pool, Stream};

/// A directory that changes is listed again, this many times at most.
const MAX_LISTINGS: usize = 8;
/// Whether a file is a log is seen within this much of it.
const BEGINNING_BYTES: u64 = 64 << 10;

/// What to look for, and how.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// Which lines are wanted.
    pub filter: Filter,
    /// Whether all lines are given, each with whether it is wanted.
    pub gives_all: bool,
    /// Whether each line is checked in full. Otherwise those that are not wanted, and look like records from
    /// afar, are not checked for what is in them.
    pub is_strict: bool,
    /// Only this many of the wanted lines, the last ones.
    pub last: Option<usize>,
    /// Where to stop in which file; others are read to the end that they have when the search begins.
    pub ends: HashMap<Identity, u64>,
}

/// Lines of logs in order of time: those of one process by their numbers, whatever its clock did.
pub struct Search {
    files: Vec<PathBuf>,
    merge: Merge<Feed>,
    last: Option<usize>,
    report: Report,
}

impl Search {
    /// Searches all logs in `directory`. A line that stands in several of them is given once. Fails where the
    /// directory cannot be listed.
    pub fn in_directory(directory: &Path, query: Query) -> io::Result<Search> {
        let logs = directory::logs(directory)?;
        Search::begin(&logs, query, true)
    }

    /// Searches the logs that are configured at `logs`: all files of each. Fails where a directory cannot be
    /// listed, or a log has no files.
    pub fn in_logs(logs: &[PathBuf], query: Query) -> io::Result<Search> {
        Search::begin(logs, query, false)
    }

    fn begin(logs: &[PathBuf], query: Query, skips_texts: bool) -> io::Result<Search> {
        let mut report = Report::default();
        let mut writers = Vec::new();
        for log in logs {
            writers.extend(open_log(log, &query.ends, &mut report)?);
        }
        if skips_texts {
            writers.iter_mut().for_each(|files| leave_out_texts(files, &mut report));
        }
        let is_merged = writers.len() > 1;
        let scanner = Scanner::new(query.filter, query.gives_all, is_merged, query.is_strict);
        let scanner = Arc::new(scanner);
        let mut files = Vec::new();
        let streams: Vec<Stream> =
            writers.into_iter().map(|writer| stream_of(writer, &scanner, &mut files)).collect();
        let feeds = match query.last {
            Some(count) => streams.into_iter().map(|stream| Feed::Kept(stream.last(count))).collect(),
            None => {
                let pool = Arc::new(Pool::new()?);
                streams.into_iter().map(|stream| Feed::Read(stream, pool.clone())).collect()
            }
        };
        let merge = Merge::new(feeds, logs.len() > 1);
        Ok(Search { files, merge, last: query.last, report })
    }

    /// The next lines that are wanted, or all lines where those were asked for; none at the end. Fails where
    /// threads cannot be started. What cannot be read is in the report.
    pub fn next_batch(&mut self) -> io::Result<Option<Batch>> {
        match self.last {
            None => self.merged_batch(),
            Some(count) => self.last_batch(count),
        }
    }

    fn merged_batch(&mut self) -> io::Result<Option<Batch>> {
        let (files, report) = (&self.files, &mut self.report);
        self.merge.next_batch(&mut |batch| report.add(&files[batch.seen.file], &batch.seen))
    }

    /// All of the last lines at once, so that of each stream's the last are kept.
    fn last_batch(&mut self, count: usize) -> io::Result<Option<Batch>> {
        let (files, report) = (&self.files, &mut self.report);
        let mut problems = |batch: &Batch| {
            if let Some(problem) = &batch.seen.problem {
                report.add_problem(&files[batch.seen.file], problem);
            }
        };
        let mut all = Batch::default();
        while let Some(batch) = self.merge.next_batch(&mut problems)? {
            batch.lines().iter().for_each(|line| all.push_from(&batch, line));
            all.keep_last(count);
        }
        for line in all.lines() {
            self.report.add_faults(&self.files[line.file], line.fault);
        }
        Ok((!all.lines().is_empty()).then_some(all))
    }

    /// The files that are searched, by their paths when they were opened.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// What could not be read so far.
    pub fn report(&self) -> &Report {
        &self.report
    }
}

enum Feed {
    Read(Stream, Arc<Pool>),
    Kept(VecDeque<Batch>),
}

impl Input for Feed {
    fn next_batch(&mut self) -> io::Result<Option<Batch>> {
        match self {
            Feed::Read(stream, pool) => {
                pool.check_process()?;
                stream.next_batch(pool)
            }
            Feed::Kept(batches) => Ok(batches.pop_front()),
        }
    }
}

fn stream_of(writer: Vec<LogFile>, scanner: &Arc<Scanner>, files: &mut Vec<PathBuf>) -> Stream {
    let mut placed = Vec::new();
    for file in writer {
        files.push(file.path.clone());
        placed.push((files.len() - 1, Arc::new(file)));
    }
    Stream::new(placed, scanner.clone())
}

/// The files of each writer of `log`, opened, the oldest first.
fn open_log(log: &Path, ends: &HashMap<Identity, u64>, report: &mut Report) -> io::Result<Vec<Vec<LogFile>>> {
    for _ in 0..MAX_LISTINGS {
        if let Some(writers) = open_listed(log, ends, report)? {
            return Ok(writers);
        }
    }
    Err(io::Error::other(format!("{}: its files change faster than they can be opened", log.display())))
}

/// As [`open_log`], none where a file was renamed or packed meanwhile.
fn open_listed(
    log: &Path,
    ends: &HashMap<Identity, u64>,
    report: &mut Report,
) -> io::Result<Option<Vec<Vec<LogFile>>>> {
    let members = family(log)?;
    let mut writers: Vec<(_, Vec<LogFile>)> = Vec::new();
    for member in &members {
        match LogFile::open(&member.path) {
            Ok(mut file) => {
                file.size = ends.get(&file.identity).map_or(file.size, |end| file.size.min(*end));
                match writers.last_mut().filter(|(namesake, _)| *namesake == member.namesake) {
                    Some((_, files)) => files.push(file),
                    None => writers.push((member.namesake, vec![file])),
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) if is_exhausted(&error) => return Err(error),
            Err(error) => report.add_problem(&member.path, &error.to_string()),
        }
    }
    // A rotation between the listing and the opening gives a file another's name.
    let mut files = writers.iter().flat_map(|(_, files)| files);
    let is_unchanged = family(log)? == members && files.all(LogFile::has_its_name);
    Ok(is_unchanged.then(|| writers.into_iter().map(|(_, files)| files).collect()))
}

fn is_exhausted(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE))
}

/// Leaves out unpacked files that hold something else than JSON, such as a log for people.
fn leave_out_texts(files: &mut Vec<LogFile>, report: &mut Report) {
    files.retain(|file| {
        let is_text = is_text(file).unwrap_or(false);
        if is_text {
            report.add_problem(&file.path, "text, not JSON: left out");
        }
        !is_text
    });
}

fn is_text(file: &LogFile) -> io::Result<bool> {
    let mut beginning = Vec::new();
    if file.packing.name().is_some() {
        return Ok(false);
    }
    let end = file.fill(&mut beginning, 0, 0, file.size.min(BEGINNING_BYTES))?;
    let text = &beginning[..end];
    let has_records = text.split(|byte| *byte == b'\n').any(|line| line.first() == Some(&b'{'));
    let is_readable = std::str::from_utf8(text).is_ok_and(|text| !text.contains('\0'));
    Ok(is_readable && !has_records && text.contains(&b'\n') && !line::looks_like_a_record(text))
}
