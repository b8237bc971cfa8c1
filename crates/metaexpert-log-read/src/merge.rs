//! Several streams of lines made one, in order of time.

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::io;

use crate::scan::{Batch, Line};

/// Lines in one merged batch.
const BATCH_LINES: usize = 1_024;
/// A copy of a line in another log is as near as this many lines.
const REMEMBERED_LINES: usize = 1 << 16;

/// The lines of one stream, in their order.
pub(crate) trait Input {
    /// The next lines; none at the end.
    fn next_batch(&mut self) -> io::Result<Option<Batch>>;
}

impl Input for VecDeque<Batch> {
    fn next_batch(&mut self) -> io::Result<Option<Batch>> {
        Ok(self.pop_front())
    }
}

/// A stream and the line that is next.
struct Head<I> {
    input: I,
    batch: Batch,
    next: usize,
    /// The moment that the next line is ordered by.
    order_ns: i64,
    last_seq: Option<u64>,
}

impl<I: Input> Head<I> {
    fn new(input: I) -> Head<I> {
        Head { input, batch: Batch::default(), next: 0, order_ns: i64::MIN, last_seq: None }
    }

    /// Makes the next line ready; false at the end. `seen` gets each batch before its lines are given.
    fn advance(&mut self, seen: &mut impl FnMut(&Batch)) -> io::Result<bool> {
        self.next += 1;
        while self.next >= self.batch.lines().len() {
            let Some(batch) = self.input.next_batch()? else { return Ok(false) };
            seen(&batch);
            (self.batch, self.next) = (batch, 0);
        }
        self.order();
        Ok(true)
    }

    /// The lines of the batch from the next one on, and those of the next batches, as they are.
    fn rest(&mut self, seen: &mut impl FnMut(&Batch)) -> io::Result<Option<Batch>> {
        let mut batch = std::mem::take(&mut self.batch);
        batch.drop_first(std::mem::take(&mut self.next));
        while batch.lines().is_empty() {
            let Some(next) = self.input.next_batch()? else { return Ok(None) };
            seen(&next);
            batch = next;
        }
        Ok(Some(batch))
    }

    fn line(&self) -> &Line {
        &self.batch.lines()[self.next]
    }

    /// A line without a time stays behind the one before it, or before the one behind it; so does one of the
    /// same run whose clock has stepped back. A number that starts again is another run's.
    fn order(&mut self) {
        let moment = self.line().moment;
        if let Some(time_ns) = moment.time_ns {
            let is_same_run = moment.seq.zip(self.last_seq).is_some_and(|(seq, last)| seq > last);
            self.order_ns = if is_same_run { self.order_ns.max(time_ns) } else { time_ns };
            self.last_seq = moment.seq;
        } else if self.order_ns == i64::MIN {
            let rest = &self.batch.lines()[self.next..];
            self.order_ns = rest.iter().find_map(|line| line.moment.time_ns).unwrap_or(i64::MIN);
        }
    }
}

/// Merges streams by time. What a stream has stays in its order.
pub(crate) struct Merge<I> {
    heads: Vec<Head<I>>,
    is_begun: bool,
    copies: Option<Copies>,
}

impl<I: Input> Merge<I> {
    /// Merges `inputs`; where they are of several logs, `has_copies`, a line that several of them have is
    /// given once.
    pub(crate) fn new(inputs: Vec<I>, has_copies: bool) -> Merge<I> {
        let copies = has_copies.then(Copies::default);
        Merge { heads: inputs.into_iter().map(Head::new).collect(), is_begun: false, copies }
    }

    /// The next lines; none at the end. `seen` gets each batch of a stream once.
    pub(crate) fn next_batch(&mut self, seen: &mut impl FnMut(&Batch)) -> io::Result<Option<Batch>> {
        if !std::mem::replace(&mut self.is_begun, true) {
            for place in (0..self.heads.len()).rev() {
                self.advance(place, seen)?;
            }
        }
        if let ([head], None) = (&mut self.heads[..], &self.copies) {
            return head.rest(seen);
        }
        let mut merged = Batch::default();
        while merged.lines().len() < BATCH_LINES {
            let Some(place) = self.first() else { break };
            let head = &self.heads[place];
            let text = head.batch.text(head.line());
            if self.copies.as_mut().is_none_or(|copies| copies.is_new(text)) {
                merged.push_from(&head.batch, head.line());
            }
            self.advance(place, seen)?;
        }
        Ok((!merged.lines().is_empty()).then_some(merged))
    }

    fn first(&self) -> Option<usize> {
        (0..self.heads.len()).min_by_key(|place| self.heads[*place].order_ns)
    }

    fn advance(&mut self, place: usize, seen: &mut impl FnMut(&Batch)) -> io::Result<()> {
        if !self.heads[place].advance(seen)? {
            self.heads.remove(place);
        }
        Ok(())
    }
}

/// The lines that were given last, by their hashes.
#[derive(Default)]
pub(crate) struct Copies {
    hasher: RandomState,
    known: HashSet<u64>,
    order: VecDeque<u64>,
}

impl Copies {
    /// Whether `text` was not among them; it is from now on.
    pub(crate) fn is_new(&mut self, text: &[u8]) -> bool {
        let hash = self.hasher.hash_one(text);
        if !self.known.insert(hash) {
            return false;
        }
        self.order.push_back(hash);
        if self.order.len() > REMEMBERED_LINES {
            let oldest = self.order.pop_front();
            oldest.map(|hash| self.known.remove(&hash));
        }
        true
    }
}
