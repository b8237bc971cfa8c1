//! Records that the logging system writes about itself.

use crate::clock::now_ns;
use crate::frame::{NO_ID, Record, Section, Value};
use crate::level::{LEVEL_SLOTS, Level};
use crate::ring::Gap;

/// The name under which the system logs about itself.
pub const OWN_LOGGER: &str = "metaexpert.logger";

/// A record of the system's own, complete without the ring's dictionary.
pub(crate) struct Notice {
    level: Level,
    message: String,
    fields: Vec<(String, Field)>,
}

enum Field {
    Number(u64),
    Text(String),
}

fn lost(records: u64, why: &str) -> String {
    match records {
        1 => format!("1 record was lost because {why}"),
        _ => format!("{records} records were lost because {why}"),
    }
}

impl Notice {
    fn new(level: Level, event_name: &str, message: String) -> Notice {
        let fields = vec![("event_name".to_owned(), Field::Text(event_name.to_owned()))];
        Notice { level, message, fields }
    }

    fn number(mut self, name: impl Into<String>, value: u64) -> Notice {
        self.fields.push((name.into(), Field::Number(value)));
        self
    }

    fn text(mut self, name: &str, value: &str) -> Notice {
        self.fields.push((name.to_owned(), Field::Text(value.to_owned())));
        self
    }

    /// That records are missing here, and `why`.
    pub(crate) fn gap(gap: &Gap, why: &str) -> Notice {
        let total = gap.total();
        let message = lost(total, why);
        let mut notice = Notice::new(Level::WARNING, "log.gap", message)
            .number("dropped", total)
            .number("first_seq", gap.first_seq)
            .number("last_seq", gap.last_seq);
        for (name, lost) in LEVEL_SLOTS.iter().zip(gap.lost).filter(|(_, lost)| *lost != 0) {
            notice = notice.number(format!("dropped_{}", name.to_ascii_lowercase()), lost);
        }
        notice
    }

    /// That records of a killed process could not be read any more.
    pub(crate) fn damage(records: u64) -> Notice {
        let message = lost(records, "the memory they lay in was damaged");
        Notice::new(Level::WARNING, "log.gap", message).number("dropped", records)
    }

    /// That what a process had logged and not written before its end was written now.
    pub(crate) fn recovered(process: u32, run_id: &str, records: u64, unreadable: u64) -> Notice {
        let message = match records {
            1 => format!("1 record that process {process} could not write before its end was recovered"),
            _ => format!(
                "{records} records that process {process} could not write before its end were recovered"
            ),
        };
        Notice::new(Level::INFO, "log.recovered", message)
            .number("records", records)
            .number("unreadable", unreadable)
            .number("ended_process", u64::from(process))
            .text("ended_run", run_id)
    }

    /// Calls `body` with the record, made now.
    pub(crate) fn with_record<R>(&self, body: impl FnOnce(&Record<'_>) -> R) -> R {
        let fields: Vec<(&[u8], Value<'_>)> = self
            .fields
            .iter()
            .map(|(name, value)| {
                let value = match value {
                    Field::Number(number) => Value::U64(*number),
                    Field::Text(text) => Value::Str(text.as_bytes()),
                };
                (name.as_bytes(), value)
            })
            .collect();
        let sections = [Section::Logger(OWN_LOGGER.as_bytes()), Section::Inline(&fields)];
        body(&Record {
            level: self.level.0,
            logger: NO_ID,
            category: NO_ID,
            timestamp_ns: now_ns(),
            message: self.message.as_bytes(),
            sections: &sections,
        })
    }

    /// Its frame, numbered `seq`, for a sink that writes it past the ring.
    pub(crate) fn frame(&self, seq: u64) -> Vec<u8> {
        self.with_record(|record| {
            let mut frame = vec![0; record.frame_len()];
            record.write(&mut frame, seq);
            frame
        })
    }
}
