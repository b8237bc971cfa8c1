//! The first reading of a log: which keys its records have, and what their values are.

use std::io;

use metaexpert_log::jsonl::{Members, NotJson};

use super::bits::Bits;
use super::keys::Keys;
use super::kinds::Kinds;
use super::schema::{CORE, Schema, TIMESTAMP};
use super::shape::{self, Shape};
use crate::line::{Fault, has_controls};
use crate::open_logs::OpenLogs;
use crate::report::Report;
use crate::scan::{Batch, Line};
use crate::search::Search;

/// What a survey has found.
pub struct Surveyed {
    /// What was read.
    pub logs: OpenLogs,
    /// The columns of the records.
    pub schema: Schema,
    /// How many records there are.
    pub records: u64,
    /// What could not be read.
    pub report: Report,
    pub(super) keys: Keys,
    /// By a key's number: its column. None for a key that stands in torn lines only.
    pub(super) column_of_key: Vec<Option<usize>>,
    /// By line: whether it is a record.
    pub(super) is_record: Bits,
}

/// A survey in progress.
pub struct Survey {
    logs: OpenLogs,
    search: Search,
    looking: Looking,
}

struct Looking {
    keys: Keys,
    fields: Vec<Field>,
    has_others: bool,
    is_record: Bits,
    records: u64,
    /// What a closer look has found, each with its file.
    faults: Vec<(usize, Fault)>,
    /// What the record in hand adds, once it is known to be one.
    found: Vec<(usize, Kinds)>,
}

#[derive(Clone, Default)]
struct Field {
    kinds: Kinds,
    /// The number of the last record that has it, the first record's being 1.
    last_record: u64,
    shape: Option<Shape>,
}

impl Survey {
    /// One of what is looked for in `logs`. Fails where threads cannot be started.
    pub fn of(logs: OpenLogs) -> io::Result<Survey> {
        let mut looking = Looking {
            keys: Keys::new(),
            fields: Vec::new(),
            has_others: false,
            is_record: Bits::default(),
            records: 0,
            faults: Vec::new(),
            found: Vec::new(),
        };
        looking.add_fields();
        Ok(Survey { search: Search::of(&logs)?, logs, looking })
    }

    /// Reads on for a moment; false where there is no more. Fails where threads cannot be started.
    pub fn step(&mut self) -> io::Result<bool> {
        let Some(batch) = self.search.next_batch()? else { return Ok(false) };
        for line in batch.lines() {
            self.looking.look_at(&batch, line);
        }
        Ok(true)
    }

    /// What was found, once all lines were read.
    pub fn finish(self) -> Surveyed {
        let Survey { logs, search, looking } = self;
        let is_used = |number: usize| number < CORE.len() || looking.fields[number].last_record > 0;
        let keys = looking.keys.iter().enumerate().filter(|(number, _)| is_used(*number));
        let kinds = keys.map(|(number, key)| (key, looking.fields[number].kinds));
        let schema = Schema::of(kinds, looking.has_others);
        let mut columns = 0..;
        let column = |number| if is_used(number) { columns.next() } else { None };
        let column_of_key = (0..looking.fields.len()).map(column).collect();
        let mut report = search.report().clone();
        for (file, fault) in looking.faults {
            report.add_faults(&search.files()[file], [fault]);
        }
        Surveyed {
            logs,
            schema,
            records: looking.records,
            report,
            keys: looking.keys,
            column_of_key,
            is_record: looking.is_record,
        }
    }
}

impl Looking {
    fn look_at(&mut self, batch: &Batch, line: &Line) {
        let is_candidate = matches!(line.fault, None | Some(Fault::DuplicateKey));
        let looked_at = if is_candidate { self.record(batch.text(line)) } else { Err(NotJson) };
        let is_record = looked_at.is_ok();
        self.records += u64::from(is_record);
        match looked_at {
            Err(NotJson) if is_candidate => self.faults.push((line.file, Fault::NotJson)),
            // Where the search has checked the line, it has told of it as well.
            Ok(has_repeated) if has_repeated && line.fault.is_none() => {
                self.faults.push((line.file, Fault::DuplicateKey))
            }
            _ => {}
        }
        self.is_record.push(is_record);
    }

    /// Takes what the line says, unless it turns out not to be a record; true where it names a key twice.
    fn record(&mut self, line: &[u8]) -> Result<bool, NotJson> {
        self.found.clear();
        let (record, mut place) = (self.records + 1, 0);
        let (mut has_others, mut has_repeated) = (false, false);
        for member in Members::of(line)? {
            let (key, value) = member?;
            if has_controls(key.bytes) {
                return Err(NotJson);
            }
            let Some(number) = self.keys.find_or_add(place, key)? else {
                Kinds::of(value)?;
                place = 0;
                has_others = true;
                continue;
            };
            place = number + 1;
            if number >= self.fields.len() {
                self.add_fields();
            }
            let field = &self.fields[number];
            let kinds = field.kinds_of(value, number)?;
            self.found.push((number, kinds));
        }
        for (number, kinds) in self.found.drain(..) {
            let field = &mut self.fields[number];
            // Of two equal keys the first counts.
            if field.last_record == record {
                has_repeated = true;
                continue;
            }
            field.last_record = record;
            field.kinds.add(kinds);
        }
        self.has_others |= has_others;
        Ok(has_repeated)
    }

    /// A field for each key that has none yet.
    fn add_fields(&mut self) {
        let new = self.keys.iter().skip(self.fields.len());
        let new: Vec<_> = new.map(|key| Field { shape: shape::of(key), ..Field::default() }).collect();
        self.fields.extend(new);
    }
}

impl Field {
    #[inline]
    fn kinds_of(&self, value: &[u8], number: usize) -> Result<Kinds, NotJson> {
        match self.shape {
            None if number == TIMESTAMP => Kinds::of_time(value),
            None => Kinds::of(value),
            Some(shape) => Kinds::of_shaped(value, shape),
        }
    }
}
