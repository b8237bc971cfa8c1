//! Bringing a sink that has fallen behind back into step: the records after its mark once more, for it alone.
//! The same serves a destination that failed for a while, and one whose process was killed.

use std::collections::HashSet;

use crate::backend::notice::Notice;
use crate::encode::Encoder;
use crate::encode::validity::is_valid;
use crate::frame::Kind;
use crate::level::Level;
use crate::protection::Protection;
use crate::redact::Redactor;
use crate::ring::event::Event;
use crate::ring::ledger::Ledger;
use crate::ring::lexicon::Lexicon;
use crate::ring::{Consumer, Gap};
use crate::route::{Router, SinkSet};
use crate::sink::{Accepted, Settled, Sink};
use crate::stats::Counters;

/// One sink's share of the stages.
pub(crate) struct Part<'a> {
    pub(crate) router: &'a mut Router,
    pub(crate) redactor: &'a mut Redactor,
    pub(crate) encoder: &'a mut Encoder,
    /// The sink's bit for the router.
    pub(crate) bit: SinkSet,
    pub(crate) sink: &'a mut Sink,
}

/// What a replay has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// The sink has everything before the position asked for.
    pub(crate) is_done: bool,
    /// Records whose lines were written now. These two are kept of what is suspect alone.
    pub(crate) written: Vec<u64>,
    /// Records whose lines were in the destination already.
    pub(crate) known: Vec<u64>,
    /// Where frames lie that could not be read, or gave no valid line; of what is suspect alone.
    pub(crate) unreadable: Vec<u64>,
}

impl Part<'_> {
    /// Replays at most about `limit` bytes of frames between the sink's mark and `until`. What a dead process
    /// has left is `suspect`: each line is checked.
    pub(crate) fn replay(
        &mut self,
        consumer: &Consumer,
        lexicon: &mut Lexicon,
        until: u64,
        limit: usize,
        suspect: Option<&HashSet<u64>>,
    ) -> Tally {
        let mut tally = Tally::default();
        let dictionary = consumer.ring().dictionary();
        let mut frames = consumer.frames(self.sink.mark().position, until, limit);
        for (at, kind, bytes) in frames.by_ref() {
            if kind != Kind::Record || suspect.is_some_and(|stale| stale.contains(&at)) {
                continue;
            }
            let Ok(event) = Event::decode(bytes, dictionary, lexicon) else {
                tally.unreadable.push(at);
                continue;
            };
            if self.router.targets(&event) & self.bit == 0 {
                continue;
            }
            let event = self.redactor.redact(&event).unwrap_or(event);
            let start = self.sink.pending().len();
            self.encoder.encode(&event, self.sink.pending());
            if suspect.is_some() && !self.sink.ends_with_line(start, is_valid) {
                self.sink.pending().truncate(start);
                tally.unreadable.push(at);
                continue;
            }
            let is_known = match self.sink.accept_again(start, at, event.timestamp_ns, event.level, event.seq)
            {
                Accepted::Known => true,
                Accepted::New => false,
                Accepted::Not => return tally,
            };
            if suspect.is_some() {
                if is_known { &mut tally.known } else { &mut tally.written }.push(event.seq);
            }
        }
        tally.unreadable.extend(frames.damaged());
        let position = frames.position();
        if self.sink.flush() && self.sink.settle(position, true) == Settled::InStep {
            tally.is_done = position >= until;
        }
        tally
    }

    /// Gives up the oldest frames until the sink's mark is at `enough` or behind it, but not behind `until`: records that are protected are held, the
    /// others dropped and counted.
    pub(crate) fn squeeze(
        &mut self,
        consumer: &Consumer,
        lexicon: &mut Lexicon,
        enough: u64,
        until: u64,
        protection: Protection,
        ledger: &mut Ledger,
    ) {
        self.sink.secure();
        let dictionary = consumer.ring().dictionary();
        let mut line = Vec::new();
        let mut is_passing = true;
        let from = self.sink.mark().position;
        // `enough` may lie within a frame, `until` does not.
        let mut frames = consumer.frames(from, until, enough.saturating_sub(from) as usize);
        for (at, kind, bytes) in frames.by_ref() {
            let end = at + bytes.len() as u64;
            if kind != Kind::Record {
                continue;
            }
            let Ok(event) = Event::decode(bytes, dictionary, lexicon) else { continue };
            if self.router.targets(&event) & self.bit == 0 {
                continue;
            }
            let event = self.redactor.redact(&event).unwrap_or(event);
            line.clear();
            self.encoder.encode(&event, &mut line);
            if is_passing {
                let known = self.sink.known_bytes() as usize;
                is_passing = known > line.len();
                if known >= line.len() {
                    self.sink.pass_written(end, line.len() as u64, true);
                    continue;
                }
                // A line that was begun is completed, whatever its level.
                if known > 0 && self.sink.held.hold(&line[known..], event.seq, event.level, true) {
                    self.sink.pass_written(end, known as u64, false);
                    ledger.hold(event.seq, event.level);
                    continue;
                }
            }
            let is_of = |protection: Protection| {
                protection.covers(event.level, event.category.map(|category| category.raw))
            };
            if is_of(protection)
                && self.sink.held.hold(&line, event.seq, event.level, is_of(Protection::PRECIOUS))
            {
                ledger.hold(event.seq, event.level);
            } else {
                ledger.drop_record(event.seq, event.level);
                self.sink.gap.add(event.seq, Level(event.level).slot());
                self.sink.count_dropped();
            }
        }
        let position = frames.position();
        if is_passing {
            self.sink.pass(position);
        } else {
            self.sink.pass_unwritten(position);
        }
    }

    /// Writes what the sink holds from before its mark, and that there is a gap. Returns false if the
    /// destination still fails.
    pub(crate) fn catch_up_held(&mut self, ledger: &mut Ledger, counters: &Counters) -> bool {
        if !self.write_held(ledger, counters) {
            return false;
        }
        if self.sink.gap.is_empty() {
            return true;
        }
        // Only now: a line for each attempt of a long outage would be held without a bound.
        let gap = std::mem::take(&mut self.sink.gap);
        let line = self.gap_line(&gap, "the handler could not write them");
        self.sink.hold_gap(&line, gap);
        self.write_held(ledger, counters)
    }

    fn write_held(&mut self, ledger: &mut Ledger, counters: &Counters) -> bool {
        let Some(records) = self.sink.write_held() else { return false };
        ledger.let_go(&records, true, counters);
        true
    }

    /// The line that tells of `gap`, in the place of the last lost record.
    pub(crate) fn gap_line(&mut self, gap: &Gap, why: &str) -> Vec<u8> {
        let frame = Notice::gap(gap, why).frame(gap.last_seq);
        let mut line = Vec::new();
        let consumer_free = crate::ring::dictionary::Dictionary::empty();
        if let Ok(event) = Event::decode(&frame, consumer_free, &mut Lexicon::default()) {
            self.encoder.encode(&event, &mut line);
        }
        line
    }
}
