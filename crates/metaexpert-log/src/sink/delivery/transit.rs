//! Records in transit over the network: which lines belong to which record, until their fate is known.
//!
//! A connection has taken a record long before its other end has it. Until then the record counts neither as
//! written nor as lost, though it may have left the ring; the ledger holds it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::level::Level;
use crate::ring::Gap;
use crate::ring::ledger::Ledger;
use crate::sink::targets::socket::Fate;
use crate::stats::Counters;

/// How long a flush waits for an acknowledgement of what the system has taken. Another system acknowledges
/// within 200 ms (RFC 1122 allows 500 ms, Linux takes 40 to 200); the reader of a Unix socket may never do.
const PATIENCE: Duration = Duration::from_millis(250);

/// Whose lines these are.
#[derive(Clone, Copy, Debug)]
pub(super) enum Whose {
    /// A record's.
    Record { seq: u64, level: i32 },
    /// Of the system itself: the line that tells of a gap.
    Gap(Gap),
}

/// Lines up to `end` of the bytes that they are in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owner {
    pub(super) end: usize,
    pub(super) whose: Whose,
}

/// What the connection has taken of one owner at once.
struct Cargo {
    whose: Whose,
    lines: usize,
    /// Whether the owner's last line is among them.
    has_end: bool,
    is_lost: bool,
    /// Whether the ledger holds the record for this.
    is_held: bool,
}

/// A position that is waited for until the first `cargoes` ever taken have arrived.
struct Milestone {
    cargoes: u64,
    /// The one before it.
    before: u64,
    since: Instant,
}

/// Records on their way, in order.
#[derive(Default)]
pub(super) struct Transit {
    /// Owners of the lines that wait to be written.
    pub(super) waiting: Vec<Owner>,
    taken: VecDeque<Cargo>,
    done: Vec<Cargo>,
    /// How many cargoes were ever taken, and are done.
    taken_count: u64,
    done_count: u64,
    milestones: VecDeque<Milestone>,
    /// A record of which a part was lost before the rest was sent.
    torn: Option<u64>,
    /// Whether the last line is not known to be lost.
    is_open: bool,
    arrived: u64,
    /// Records lost on the way that `logging_errors.log` does not tell of yet, and why the last was.
    untold_losses: (u64, &'static str),
}

/// What is to be counted by the sink.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) written: u64,
    pub(super) lost: Gap,
    /// What was lost of the system's own lines, which is to be told again.
    pub(super) untold: Gap,
}

impl Transit {
    /// Lines of a record end at `end` of what waits.
    pub(super) fn add(&mut self, end: usize, seq: u64, level: i32) {
        self.waiting.push(Owner { end, whose: Whose::Record { seq, level } });
    }

    /// The connection has taken `bytes`, whose owners are the first of `owners`; those of the rest stay.
    pub(super) fn take(&mut self, bytes: &[u8], owners: &mut Vec<Owner>, are_held: bool) {
        let mut start = 0;
        let mut whole = 0;
        for owner in owners.iter() {
            let end = owner.end.min(bytes.len());
            let lines = memchr::memchr_iter(b'\n', &bytes[start..end]).count();
            let has_end = owner.end <= bytes.len();
            if lines > 0 {
                // The rest of an owner that was begun is another cargo, for which the ledger holds the record
                // once more.
                let is_held = are_held && has_end;
                self.taken.push_back(Cargo { whose: owner.whose, lines, has_end, is_lost: false, is_held });
                self.taken_count += 1;
            }
            whole += usize::from(has_end);
            start = end;
            if !has_end {
                break;
            }
        }
        owners.drain(..whole);
        owners.iter_mut().for_each(|owner| owner.end -= bytes.len());
    }

    /// Notes what has become of the first lines that were taken.
    pub(super) fn resolve(&mut self, fates: &[Fate]) -> Outcome {
        let mut outcome = Outcome::default();
        for fate in fates {
            let mut left = fate.lines;
            self.is_open = !fate.is_lost;
            while let (1.., Some(first)) = (left, self.taken.front_mut()) {
                let lines = left.min(first.lines);
                first.lines -= lines;
                first.is_lost |= fate.is_lost;
                left -= lines;
                if first.lines == 0 {
                    self.finish_first(&mut outcome);
                }
            }
        }
        outcome
    }

    fn finish_first(&mut self, outcome: &mut Outcome) {
        let Some(mut cargo) = self.taken.pop_front() else { return };
        self.done_count += 1;
        self.arrived += u64::from(!cargo.is_lost);
        match cargo.whose {
            Whose::Gap(gap) if cargo.is_lost => outcome.untold.join(&gap),
            Whose::Gap(_) => {}
            Whose::Record { seq, .. } if !cargo.has_end => {
                self.torn = if cargo.is_lost { Some(seq) } else { self.torn };
            }
            Whose::Record { seq, level } => {
                cargo.is_lost |= self.torn.take_if(|torn| *torn == seq).is_some();
                if cargo.is_lost {
                    outcome.lost.add(seq, Level(level).slot());
                } else {
                    outcome.written += 1;
                }
            }
        }
        self.done.push(cargo);
    }

    /// Tells the ledger, while they are still in the ring, of records whose fate is open, and of those whose
    /// fate is known.
    pub(super) fn account(&mut self, ledger: &mut Ledger, counters: &Counters) {
        for cargo in &mut self.taken {
            if let (Whose::Record { seq, level }, false) = (cargo.whose, cargo.is_held) {
                ledger.hold(seq, level);
                cargo.is_held = true;
            }
        }
        for cargo in self.done.drain(..) {
            let Whose::Record { seq, level } = cargo.whose else { continue };
            match (cargo.is_held, cargo.is_lost) {
                (true, is_lost) => ledger.let_go(&[seq], !is_lost, counters),
                (false, true) => ledger.drop_record(seq, level),
                (false, false) => {}
            }
        }
    }

    /// As [`Transit::account`], where there is no ledger.
    pub(super) fn forget_fates(&mut self) {
        self.done.clear();
    }

    /// How many records have arrived.
    pub(super) fn arrived(&self) -> u64 {
        self.arrived
    }

    /// Notes losses that `logging_errors.log` is to tell of.
    pub(super) fn note_losses(&mut self, lost: u64, why: &'static str) {
        if lost > 0 {
            self.untold_losses = (self.untold_losses.0 + lost, why);
        }
    }

    /// Whether it has losses that were not told of.
    pub(super) fn has_untold_losses(&self) -> bool {
        self.untold_losses.0 > 0
    }

    /// How many records were lost since the last call, and why the last one was.
    pub(super) fn take_losses(&mut self) -> (u64, &'static str) {
        std::mem::take(&mut self.untold_losses)
    }

    /// Whether the fate of no record is open.
    pub(super) fn is_empty(&self) -> bool {
        self.taken.is_empty()
    }

    /// Whether the last line that was sent is not known to be lost: the destination may be there again.
    pub(super) fn is_open(&self) -> bool {
        self.is_open
    }

    /// The mark moves from `before`: what was taken until now belongs to what is behind it.
    pub(super) fn pass(&mut self, before: u64) {
        if !self.taken.is_empty() {
            let milestone = Milestone { cargoes: self.taken_count, before, since: Instant::now() };
            self.milestones.push_back(milestone);
        }
    }

    /// The position that is not confirmed yet, if there is one before the mark.
    pub(super) fn unconfirmed(&mut self) -> Option<u64> {
        while self
            .milestones
            .front()
            .is_some_and(|first| first.cargoes <= self.done_count || first.since.elapsed() >= PATIENCE)
        {
            self.milestones.pop_front();
        }
        self.milestones.front().map(|first| first.before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Records of so many lines each, of which the connection takes so many bytes at a time, and what becomes
    /// of each line.
    fn arrived(lines_of: &[usize], takes: &[usize], fates: &[bool]) -> (Outcome, u64) {
        let (mut transit, mut ledger, counters) =
            (Transit::default(), Ledger::default(), Counters::default());
        let (mut bytes, mut owners, mut outcome) = (Vec::new(), Vec::new(), Outcome::default());
        for (seq, lines) in (1..).zip(lines_of) {
            bytes.extend(b"line\n".repeat(*lines));
            owners.push(Owner { end: bytes.len(), whose: Whose::Record { seq, level: 20 } });
        }
        let mut fates = fates.iter().cycle();
        for lines in takes.iter().cycle() {
            let taken = (lines * b"line\n".len()).min(bytes.len());
            transit.take(&bytes[..taken], &mut owners, false);
            bytes.drain(..taken);
            transit.account(&mut ledger, &counters);
            let fate = Fate { lines: taken / b"line\n".len(), is_lost: *fates.next().unwrap() };
            let one = transit.resolve(&[fate]);
            outcome.written += one.written;
            outcome.lost.join(&one.lost);
            transit.account(&mut ledger, &counters);
            if bytes.is_empty() {
                break;
            }
        }
        assert!(owners.is_empty() && transit.is_empty());
        // All were held, so each waits in the ledger until it leaves the ring.
        let left: Vec<u64> = (1..).take(lines_of.len()).filter(|seq| ledger.slot(*seq).is_some()).collect();
        (outcome, left.len() as u64)
    }

    #[test]
    fn a_record_is_lost_with_any_of_its_lines_and_counted_once() {
        let (outcome, _) = arrived(&[1, 3, 1], &[2, 1, 1, 1], &[false, true, false, false]);
        assert_eq!((outcome.written, outcome.lost.total(), outcome.lost.first_seq), (2, 1, 2));
    }

    #[test]
    fn what_is_open_is_waited_for_and_then_no_longer() {
        let mut transit = Transit::default();
        let mut owners = vec![Owner { end: 2, whose: Whose::Record { seq: 1, level: 20 } }];
        transit.take(b"a\n", &mut owners, false);
        transit.pass(640);
        assert_eq!(transit.unconfirmed(), Some(640));
        transit.resolve(&[Fate { lines: 1, is_lost: false }]);
        transit.pass(1280);
        assert_eq!(transit.unconfirmed(), None);
    }

    proptest! {
        #[test]
        fn each_record_is_written_or_lost(
            lines_of in proptest::collection::vec(1usize..4, 1..20),
            takes in proptest::collection::vec(1usize..5, 1..8),
            fates in proptest::collection::vec(any::<bool>(), 1..8),
        ) {
            let count = lines_of.len() as u64;
            let (outcome, left) = arrived(&lines_of, &takes, &fates);
            prop_assert_eq!(outcome.written + outcome.lost.total(), count);
            prop_assert_eq!(left, count);
        }
    }
}
