//! A search through the logs of a directory, or through some of them.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::merge::{Input, Merge};
use crate::open_logs::{OpenLogs, Query};
use crate::report::Report;
use crate::scan::{Batch, Scanner};
use crate::source::{LogFile, Pool, Stream};

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
        Search::of(&OpenLogs::in_directory(directory, query)?)
    }

    /// Searches the logs that are configured at `logs`: all files of each. Fails where a directory cannot be
    /// listed, or a log has no files.
    pub fn in_logs(logs: &[PathBuf], query: Query) -> io::Result<Search> {
        Search::of(&OpenLogs::at(logs, query)?)
    }

    /// Searches logs that are open already. Fails where threads cannot be started.
    pub fn of(logs: &OpenLogs) -> io::Result<Search> {
        let query = &logs.query;
        let is_merged = logs.writers.len() > 1;
        let scanner = Scanner::new(query.filter.clone(), query.gives_all, is_merged, query.is_strict)
            .leaving_checks(query.leaves_checks);
        let (files, streams) = streams(logs, scanner);
        let feeds = match query.last {
            Some(count) => streams.into_iter().map(|stream| Feed::Kept(stream.last(count))).collect(),
            None => {
                let pool = Arc::new(Pool::new()?);
                streams.into_iter().map(|stream| Feed::Read(stream, pool.clone())).collect()
            }
        };
        let merge = Merge::new(feeds, logs.has_copies);
        Ok(Search { files, merge, last: query.last, report: logs.report.clone() })
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
            Feed::Kept(batches) => batches.next_batch(),
        }
    }
}

/// The files of logs, and a stream of each writer's, scanned by `scanner`.
pub(crate) fn streams(logs: &OpenLogs, scanner: Scanner) -> (Vec<PathBuf>, Vec<Stream>) {
    let scanner = Arc::new(scanner);
    let mut files = Vec::new();
    let stream = |writer: &Vec<Arc<LogFile>>| {
        let mut placed = Vec::new();
        for file in writer {
            files.push(file.path.clone());
            placed.push((files.len() - 1, file.clone()));
        }
        Stream::new(placed, scanner.clone())
    };
    let streams = logs.writers.iter().map(stream).collect();
    (files, streams)
}
