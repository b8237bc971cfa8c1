//! A search that goes on: what the logs have, and then what is appended to them.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::directory;
use crate::follow::{Appended, Content, Follower, Watch};
use crate::line::{Fault, MAX_LINE_BYTES};
use crate::merge::{Copies, Merge};
use crate::open_logs::{OpenLogs, Query};
use crate::report::Report;
use crate::scan::{Batch, Scanner};
use crate::search::Search;

/// A log whose files are packed meanwhile is opened again, this many times at most.
const MAX_BEGINNINGS: usize = 8;

/// What is appended to logs and wanted, from where a search ended.
pub struct Following {
    follower: Follower,
    scanner: Scanner,
    files: Vec<PathBuf>,
    /// Several logs may have copies of one record.
    copies: Option<Copies>,
    /// The writers in the middle of a line that is too long, of which was told.
    within_long_lines: HashSet<PathBuf>,
    report: Report,
}

impl Following {
    /// Begins to follow all logs of `directory`, and those that appear in it, and a search through what they
    /// have now: together they give each line once.
    pub fn in_directory(directory: &Path, query: &Query) -> io::Result<(Search, Following)> {
        let follow = || Follower::of_directory(directory.to_owned(), directory::logs, Watch::default());
        // Other logs may appear.
        Following::begin(follow, |query| OpenLogs::in_directory(directory, query), query, true)
    }

    /// As [`Following::in_directory`], for the logs that are configured at `logs`. They need not be there.
    pub fn in_logs(logs: &[PathBuf], query: &Query) -> io::Result<(Search, Following)> {
        let follow = || Follower::new(logs.to_vec(), Watch::default());
        Following::begin(follow, |query| OpenLogs::at(logs, query), query, logs.len() > 1)
    }

    fn begin(
        follow: impl Fn() -> io::Result<Follower>,
        open: impl Fn(Query) -> io::Result<OpenLogs>,
        query: &Query,
        has_copies: bool,
    ) -> io::Result<(Search, Following)> {
        for _ in 0..MAX_BEGINNINGS {
            let follower = follow()?;
            let open = open(Query { ends: ends_of(&follower), ..query.clone() })?;
            if !open.has_newly_packed() {
                return Ok((Search::of(&open)?, Following::new(follower, query, has_copies)));
            }
        }
        Err(io::Error::other("files are packed faster than they can be opened; try again"))
    }

    fn new(follower: Follower, query: &Query, has_copies: bool) -> Following {
        let scanner = Scanner::new(query.filter.clone(), query.gives_all, true, query.is_strict);
        let copies = has_copies.then(Copies::default);
        Following {
            follower,
            scanner,
            files: Vec::new(),
            copies,
            within_long_lines: HashSet::new(),
            report: Report::default(),
        }
    }

    /// Waits for at most `timeout` until something is appended, and returns what of it is wanted, merged as a
    /// search does. It may be nothing. Returns early when a signal interrupts the thread.
    pub fn wait(&mut self, timeout: Duration) -> io::Result<Batch> {
        // What one writer has written stays in its order, though it may be in several files.
        let mut writers: BTreeMap<PathBuf, VecDeque<Batch>> = BTreeMap::new();
        for appended in self.follower.wait(Some(timeout))? {
            let written = appended.written.clone();
            writers.entry(written).or_default().push_back(self.scan(appended));
        }
        let mut merge = Merge::new(writers.into_values().collect(), false);
        let mut all = Batch::default();
        while let Some(batch) = merge.next_batch(&mut |_| {})? {
            for line in batch.lines() {
                if self.copies.as_mut().is_none_or(|copies| copies.is_new(batch.text(line))) {
                    all.push_from(&batch, line);
                }
            }
        }
        Ok(all)
    }

    fn scan(&mut self, appended: Appended) -> Batch {
        let mut batch = Batch::of_file(self.place_of(&appended.file));
        let is_within_long_line = self.within_long_lines.remove(&appended.written);
        match appended.content {
            Content::Lines(lines) => self.scanner.scan(&lines, &mut batch),
            Content::Piece(piece) => {
                let is_ended = piece.ends_with(b"\n");
                // A piece that is neither was all that its file has behind the last line's end.
                let is_too_long = is_within_long_line || is_ended || piece.len() > MAX_LINE_BYTES;
                if is_too_long && !is_ended {
                    self.within_long_lines.insert(appended.written);
                }
                if !is_within_long_line {
                    let fault = if is_too_long { Fault::TooLong } else { Fault::Torn };
                    self.scanner.take_broken(&piece, fault, &mut batch);
                }
            }
            Content::Truncated => batch.seen.problem = Some("cut while it was followed".to_owned()),
            Content::Gone => batch.seen.problem = Some("removed while it was followed".to_owned()),
            Content::Unreadable(error) => batch.seen.problem = Some(error.to_string()),
        }
        self.report.add(&appended.file, &batch.seen);
        batch
    }

    fn place_of(&mut self, file: &Path) -> usize {
        self.files.iter().position(|known| known == file).unwrap_or_else(|| {
            self.files.push(file.to_owned());
            self.files.len() - 1
        })
    }

    /// The files that lines came from, by their places in [`Line::file`](crate::Line::file).
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// What could not be read since the last call.
    pub fn take_report(&mut self) -> Report {
        std::mem::take(&mut self.report)
    }
}

fn ends_of(follower: &Follower) -> Option<std::collections::HashMap<crate::Identity, u64>> {
    Some(follower.positions().iter().map(|position| (position.identity, position.end_bytes)).collect())
}
