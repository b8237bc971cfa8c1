//! Records of logs, counted by the values of fields where they are read.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;

use serde_json::Value as Json;

use crate::open_logs::OpenLogs;
use crate::report::Report;
use crate::scan::{Batch, Scanner};
use crate::search::{Search, streams};
use crate::source::{Pool, Stream};
use crate::statistics::Groups;

/// Counts of the records that a search would find. Those of one log are counted by the threads that read them,
/// and no line leaves these.
pub struct Tally {
    way: Way,
    groups: Groups,
}

enum Way {
    /// The order of the lines of several writers does not matter.
    Apart { files: Vec<PathBuf>, streams: VecDeque<Stream>, pool: Pool, report: Report },
    /// A line may stand in several logs, and counts once.
    Merged(Box<Search>),
}

impl Tally {
    /// Counts the records of `logs` that their query wants, by the fields with these names, as expressions name
    /// them. Fails where threads cannot be started.
    pub fn of(logs: &OpenLogs, keys: &[String]) -> io::Result<Tally> {
        let (groups, query) = (Groups::new(keys), &logs.query);
        let way = if logs.has_copies || query.last.is_some() {
            Way::Merged(Box::new(Search::of(logs)?))
        } else {
            let scanner = Scanner::new(query.filter.clone(), false, false, query.is_strict);
            let (files, streams) = streams(logs, scanner.counting(groups.clone()));
            Way::Apart { files, streams: streams.into(), pool: Pool::new()?, report: logs.report.clone() }
        };
        Ok(Tally { way, groups })
    }

    /// Counts more records; false when there are no more. Fails where threads cannot be started.
    pub fn read_on(&mut self) -> io::Result<bool> {
        match &mut self.way {
            Way::Merged(search) => {
                Ok(search.next_batch()?.map(|batch| add_lines(&mut self.groups, &batch)).is_some())
            }
            Way::Apart { files, streams, pool, report } => {
                pool.check_process()?;
                let Some(stream) = streams.front_mut() else { return Ok(false) };
                match stream.next_batch(pool)? {
                    Some(batch) => {
                        report.add(&files[batch.seen.file], &batch.seen);
                        batch.groups.iter().for_each(|groups| self.groups.merge(groups));
                    }
                    None => drop(streams.pop_front()),
                }
                Ok(true)
            }
        }
    }

    /// What was counted so far: the combinations of values, the most frequent first.
    pub fn to_json(&self) -> Json {
        self.groups.to_json()
    }

    /// What could not be read so far.
    pub fn report(&self) -> &Report {
        match &self.way {
            Way::Apart { report, .. } => report,
            Way::Merged(search) => search.report(),
        }
    }
}

fn add_lines(groups: &mut Groups, batch: &Batch) {
    for line in batch.lines().iter().filter(|line| line.fault.is_none()) {
        groups.add(batch.text(line), None::<fn(usize) -> Option<&'static [u8]>>);
    }
}
