//! Lines of one sink, made of frames in the ring one by one as they are asked for.

use std::collections::HashSet;

use crate::backend::conditions::Conditions;
use crate::config::Format;
use crate::encode::Encoder;
use crate::encode::validity::is_valid;
use crate::frame::{self, Kind};
use crate::protection::Protection;
use crate::redact::Redactor;
use crate::ring::Batch;
use crate::ring::decoded::DecodedRecord;
use crate::ring::dictionary::Dictionary;
use crate::ring::lexicon::Lexicon;
use crate::route::{Router, SinkSet};
use crate::sink::{Line, Supply, Worth};

/// Lines of a sink, made of frames in the ring.
pub(super) struct Frames<'a> {
    pub(super) frames: Batch<'a>,
    pub(super) dictionary: Dictionary<'a>,
    pub(super) lexicon: &'a mut Lexicon,
    pub(super) router: &'a mut Router,
    pub(super) redactor: &'a mut Redactor,
    pub(super) conditions: &'a mut Conditions,
    pub(super) encoder: &'a mut Encoder,
    pub(super) bit: SinkSet,
    pub(super) protection: Protection,
    pub(super) suspect: Option<Suspect<'a>>,
    pub(super) unreadable: Vec<u64>,
    /// Room for a frame whose nested values are text.
    pub(super) expanded: Vec<u8>,
}

/// What a dead process has left: frames of an earlier lap are passed over, and a line must be one of the
/// format.
pub(super) struct Suspect<'a> {
    pub(super) stale: &'a HashSet<u64>,
    pub(super) format: Format,
}

impl Supply for Frames<'_> {
    fn next(&mut self, out: &mut Vec<u8>) -> Option<Line> {
        loop {
            let (at, kind, bytes) = self.frames.next()?;
            let is_stale = self.suspect.as_ref().is_some_and(|suspect| suspect.stale.contains(&at));
            if kind != Kind::Record || is_stale {
                continue;
            }
            if let Some(line) = self.line(at, bytes, out) {
                return Some(line);
            }
        }
    }

    fn position(&self) -> u64 {
        self.frames.position()
    }
}

impl Frames<'_> {
    /// Appends the line of the frame in `bytes` at ring position `at`, if the sink wants it.
    fn line(&mut self, at: u64, bytes: &[u8], out: &mut Vec<u8>) -> Option<Line> {
        let record = frame::expanded(bytes, &mut self.expanded)
            .and_then(|frame| DecodedRecord::decode(frame, self.dictionary, self.lexicon));
        let Ok(record) = record else {
            self.unreadable.push(at);
            return None;
        };
        if self.router.targets(&record) & self.bit == 0 {
            return None;
        }
        let record = self.redactor.redact(&record).unwrap_or(record);
        let start = out.len();
        let has_line = self.conditions.concern(self.bit);
        let is_wanted = !has_line || self.conditions.wanting(self.bit, &record) != 0;
        if is_wanted {
            self.encoder.encode(&record, out);
        }
        let is_damaged = self.suspect.as_ref().is_some_and(|suspect| {
            // Whether a damaged record was wanted, nobody can say.
            (is_wanted && !is_valid(&suspect.format, &out[start..]))
                || (has_line && !self.conditions.has_valid_line())
        });
        if is_damaged {
            out.truncate(start);
            self.unreadable.push(at);
        }
        if is_damaged || !is_wanted {
            return None;
        }
        let DecodedRecord { seq, level, timestamp_ns, .. } = record;
        let worth = worth(&record, self.protection);
        Some(Line { at, end: at + bytes.len() as u64, seq, level, timestamp_ns, worth })
    }
}

fn worth(record: &DecodedRecord<'_>, protection: Protection) -> Worth {
    let is_of = |protection: Protection| {
        protection.covers(record.level, record.category.map(|category| category.raw))
    };
    match is_of(protection) {
        false => Worth::GivesWay,
        true if is_of(Protection::PRECIOUS) => Worth::Precious,
        true => Worth::Protected,
    }
}
