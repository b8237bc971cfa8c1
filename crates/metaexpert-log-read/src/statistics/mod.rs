//! **Statistics**: lines of logs become counts, in one pass and in bounded memory.

mod counts;
mod errors;
mod groups;
mod record;
mod runs;
mod sums;
mod times;
mod trading;
mod writers;

use metaexpert_log::jsonl::{Value, severity, time};
use serde_json::{Value as Json, json};

use counts::{Counts, shown};
use errors::Errors;
pub(crate) use groups::Groups;
use record::Record;
use runs::Runs;
use times::Times;
use trading::{Fills, Handlers};
pub use writers::writers;

const ERROR: i64 = 40;
const NS_PER_SECOND: i64 = 1_000_000_000;
/// How many intervals there are at most from the first record to the last.
const MAX_INTERVALS: i64 = 24;

/// Counts of everything that records have in common, of errors, of missing numbers, and of what the expert
/// host records.
#[derive(Debug, Default)]
pub struct Overview {
    records: u64,
    first_ns: Option<i64>,
    last_ns: Option<i64>,
    levels: Counts,
    loggers: Counts,
    events: Counts,
    times: Times,
    errors: Errors,
    runs: Option<Runs>,
    fills: Fills,
    handlers: Handlers,
}

impl Overview {
    /// Without any record. `has_all` says that all records of the logs will come, so that a number that does
    /// not is missing.
    pub fn new(has_all: bool) -> Overview {
        Overview { runs: has_all.then(Runs::default), ..Overview::default() }
    }

    /// Counts the record that `line` is, of one of the [`writers`]. What is no JSON object is not counted.
    pub fn add(&mut self, line: &[u8], writer: usize) {
        let Ok(record) = Record::of(line) else { return };
        self.records += 1;
        let time_ns = record.timestamp.and_then(time_of);
        let is_error = record.level.is_some_and(is_error);
        if let Some(time_ns) = time_ns {
            self.first_ns = Some(self.first_ns.map_or(time_ns, |first| first.min(time_ns)));
            self.last_ns = Some(self.last_ns.map_or(time_ns, |last| last.max(time_ns)));
            self.times.add(time_ns.div_euclid(NS_PER_SECOND), is_error);
        }
        self.levels.add(record.level.unwrap_or(b"null"));
        self.loggers.add(record.logger.unwrap_or(b"null"));
        if let Some(event) = record.event {
            self.add_event(event, &record);
        }
        if is_error || record.exception.is_some() {
            self.errors.add(&record, time_ns);
        }
        if let Some(runs) = &mut self.runs {
            runs.add(&record, time_ns, writer);
        }
    }

    fn add_event(&mut self, event: &[u8], record: &Record<'_>) {
        self.events.add(event);
        match event {
            b"\"order.filled\"" => self.fills.add(record.fields),
            b"\"expert.metrics\"" => self.handlers.add(record.fields),
            _ => {}
        }
    }

    /// Everything that was counted.
    pub fn to_json(&mut self) -> Json {
        let (width_s, intervals) = self.times.finish(MAX_INTERVALS);
        json!({
            "records": self.records, "first_ns": self.first_ns, "last_ns": self.last_ns,
            "levels": counted(&self.levels), "loggers": counted(&self.loggers), "events": counted(&self.events),
            "times": {"width_s": width_s, "intervals": intervals},
            "errors": self.errors.to_json(),
            "runs": self.runs.as_ref().map(Runs::to_json),
            "fills": self.fills.to_json(),
            "handlers": self.handlers.to_json(),
        })
    }
}

fn counted(counts: &Counts) -> Json {
    json!({"values": counts.sorted(shown), "others": counts.others()})
}

fn is_error(level: &[u8]) -> bool {
    match level {
        b"\"INFO\"" | b"\"DEBUG\"" | b"\"WARNING\"" => false,
        level => match Value::of(level) {
            Ok(value) => value.as_text().and_then(severity::rank).is_some_and(|rank| rank >= ERROR),
            Err(_) => false,
        },
    }
}

fn time_of(raw: &[u8]) -> Option<i64> {
    match Value::of(raw) {
        Ok(Value::Text(text)) => time::parse(&text)?.try_into().ok(),
        _ => None,
    }
}
