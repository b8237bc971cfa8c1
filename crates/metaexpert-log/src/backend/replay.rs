//! Replay: a sink that has fallen behind gets the records after its mark once more, for itself alone.
//! The same serves a destination that failed for a while, and one whose process was killed.

use std::collections::HashSet;

use crate::backend::conditions::Conditions;
use crate::backend::notice::Notice;
use crate::backend::supply::{Frames, Suspect};
use crate::encode::Encoder;
use crate::protection::Protection;
use crate::redact::Redactor;
use crate::ring::decoded::DecodedRecord;
use crate::ring::dictionary::Dictionary;
use crate::ring::ledger::Ledger;
use crate::ring::lexicon::Lexicon;
use crate::ring::{Batch, Consumer, Gap};
use crate::route::{Router, SinkSet};
use crate::sink::Sink;
use crate::stats::Counters;

/// One sink's share of the stages.
pub(crate) struct Part<'a> {
    pub(crate) router: &'a mut Router,
    pub(crate) redactor: &'a mut Redactor,
    pub(crate) conditions: &'a mut Conditions,
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
    /// Whether the sink wants `record`, a notice that has no secrets.
    pub(crate) fn wants(&mut self, record: &DecodedRecord<'_>) -> bool {
        let Part { router, conditions, bit, .. } = self;
        let is_routed = router.targets(record) & *bit != 0;
        is_routed && (!conditions.concern(*bit) || conditions.wanting(*bit, record) != 0)
    }

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
        let frames = consumer.frames(self.sink.mark().position, until, limit);
        let (mut supply, sink) = self.supply(consumer, frames, lexicon, Protection::TRADES);
        supply.suspect = suspect.map(|stale| Suspect { stale, format: sink.config().format.clone() });
        let position = sink.replay(&mut supply, |line, is_known| {
            if suspect.is_some() {
                if is_known { &mut tally.known } else { &mut tally.written }.push(line.seq);
            }
        });
        tally.is_done = position.is_some_and(|position| position >= until);
        tally.unreadable = supply.unreadable;
        tally.unreadable.extend(supply.frames.damaged());
        tally
    }

    /// Gives up the oldest frames until the sink's mark is at `enough` or behind it, but not behind `until`.
    /// Records that are protected are held, the others dropped and counted.
    pub(crate) fn squeeze(
        &mut self,
        consumer: &Consumer,
        lexicon: &mut Lexicon,
        enough: u64,
        until: u64,
        protection: Protection,
        ledger: &mut Ledger,
    ) {
        let from = self.sink.mark().position;
        // `enough` may lie within a frame, `until` does not.
        let frames = consumer.frames(from, until, enough.saturating_sub(from) as usize);
        let (mut supply, sink) = self.supply(consumer, frames, lexicon, protection);
        sink.squeeze(&mut supply, ledger);
    }

    fn supply<'f>(
        &'f mut self,
        consumer: &'f Consumer,
        frames: Batch<'f>,
        lexicon: &'f mut Lexicon,
        protection: Protection,
    ) -> (Frames<'f>, &'f mut Sink) {
        let Part { router, redactor, conditions, encoder, bit, sink } = self;
        let dictionary = consumer.ring().dictionary();
        let (suspect, unreadable) = (None, Vec::new());
        let supply = Frames {
            frames,
            dictionary,
            lexicon,
            router,
            redactor,
            conditions,
            encoder,
            bit: *bit,
            protection,
            suspect,
            unreadable,
            expanded: Vec::new(),
        };
        (supply, sink)
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
        if let Ok(record) = DecodedRecord::decode(&frame, Dictionary::empty(), &mut Lexicon::default()) {
            self.encoder.encode(&record, &mut line);
        }
        line
    }
}
