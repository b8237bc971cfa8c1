//! Records that are missing: which numbers of a run no file has, and how many of them the log has told of.

use std::collections::HashMap;

use metaexpert_log::jsonl::{Fields, Name};
use serde_json::{Value as Json, json};

use super::counts::shown;
use super::record::Record;

/// How many runs are told apart, and how many stretches of numbers of each.
const MAX_RUNS: usize = 10_000;
const MAX_STRETCHES: usize = 65_536;
/// How many holes of a run are named.
const MAX_NAMED: usize = 100;

/// All runs, each with the numbers that were seen of it.
#[derive(Debug)]
pub(super) struct Runs {
    runs: Vec<Run>,
    by_id: HashMap<Box<[u8]>, usize>,
    /// The run that each writer is in, for records that do not say theirs.
    by_writer: HashMap<usize, usize>,
    /// Records of runs that are not told apart.
    others: u64,
    of_gap: [Name; 3],
}

impl Default for Runs {
    fn default() -> Runs {
        let of_gap = ["dropped", "first_seq", "last_seq"].map(Name::new);
        Runs { runs: Vec::new(), by_id: HashMap::new(), by_writer: HashMap::new(), others: 0, of_gap }
    }
}

#[derive(Debug, Default)]
struct Run {
    id: Option<String>,
    first_ns: Option<i64>,
    records: u64,
    seen: Stretches,
    /// Records that the log says were lost, with the numbers between which they were, and without.
    told: u64,
    told_between: Vec<(u64, u64)>,
    told_of_damage: u64,
}

impl Runs {
    /// Counts a record of `writer`, one of those that number their records by themselves.
    pub(super) fn add(&mut self, record: &Record<'_>, time_ns: Option<i64>, writer: usize) {
        let Some(seq) = record.seq else { return };
        let gap = if record.event == Some(b"\"log.gap\"") { self.gap(record.fields) } else { None };
        // The number of such a record is that of the last one that was lost, or of the last one written.
        let has_no_number = gap.as_ref().is_some_and(|gap| gap.between.is_none_or(|(_, last)| last == seq));
        let Some(place) = self.place(record.run_id, seq, writer, has_no_number) else {
            self.others += 1;
            return;
        };
        let run = &mut self.runs[place];
        run.records += 1;
        run.first_ns = run.first_ns.or(time_ns);
        if !has_no_number {
            run.seen.add(seq);
        }
        if let Some(gap) = gap {
            run.take(gap);
        }
    }

    /// The place of the record's run. A number that starts again begins another one.
    fn place(&mut self, id: Option<&[u8]>, seq: u64, writer: usize, has_no_number: bool) -> Option<usize> {
        let known = match id {
            Some(id) => self.by_id.get(id).copied(),
            None => self.by_writer.get(&writer).copied().filter(|place| {
                let seen = &self.runs[*place].seen;
                has_no_number || seen.is_empty() || !(seq == 1 || seen.contains(seq))
            }),
        };
        if known.is_some() || self.runs.len() == MAX_RUNS {
            return known;
        }
        let place = self.runs.len();
        self.runs.push(Run { id: id.map(shown), ..Run::default() });
        match id {
            Some(id) => self.by_id.insert(id.into(), place),
            None => self.by_writer.insert(writer, place),
        };
        Some(place)
    }

    fn gap(&self, fields: &[u8]) -> Option<Gap> {
        let mut fields = Fields::of(&self.of_gap, fields).ok()?;
        let mut number = |index| {
            let raw = fields.get(index).ok().flatten()?;
            std::str::from_utf8(raw).ok()?.parse::<u64>().ok()
        };
        Some(Gap { dropped: number(0)?, between: number(1).zip(number(2)) })
    }

    /// All runs in the order in which they were met.
    pub(super) fn to_json(&self) -> Json {
        let runs: Vec<Json> = self.runs.iter().map(Run::to_json).collect();
        json!({"runs": runs, "others": self.others})
    }
}

/// What a `log.gap` says.
struct Gap {
    dropped: u64,
    between: Option<(u64, u64)>,
}

impl Run {
    fn take(&mut self, gap: Gap) {
        match gap.between {
            Some(between) if self.told_between.len() < MAX_STRETCHES => {
                self.told = self.told.saturating_add(gap.dropped);
                self.told_between.push(between);
            }
            _ => self.told_of_damage = self.told_of_damage.saturating_add(gap.dropped),
        }
    }

    fn to_json(&self) -> Json {
        let mut between = self.told_between.clone();
        between.sort_unstable();
        let holes: Vec<(u64, u64)> = self.seen.holes().collect();
        let missing: u64 = holes.iter().map(|(first, last)| last - first + 1).sum();
        let covered: u64 = holes.iter().map(|hole| covered(*hole, &between)).sum();
        let explained = covered.min(self.told);
        let unexplained = (missing - explained).saturating_sub(self.told_of_damage);
        let named: Vec<_> = holes.iter().take(MAX_NAMED).collect();
        json!({
            "run_id": self.id, "first_ns": self.first_ns, "records": self.records,
            "first_seq": self.seen.first(), "last_seq": self.seen.last(),
            "missing": missing, "told": self.told.saturating_add(self.told_of_damage), "unexplained": unexplained,
            "holes": named, "more_holes": holes.len() - named.len(),
            "is_partial": self.seen.is_full,
        })
    }
}

/// How many numbers of `hole` are in one of the ranges, which are sorted.
fn covered((first, last): (u64, u64), ranges: &[(u64, u64)]) -> u64 {
    let (mut count, mut next) = (0, first);
    for (from, to) in ranges {
        let (from, to) = (next.max(*from), last.min(*to));
        if from <= to {
            count += to - from + 1;
            next = to.saturating_add(1);
        }
    }
    count
}

/// Numbers that were seen, as stretches of them, in order.
#[derive(Debug, Default)]
struct Stretches {
    all: Vec<(u64, u64)>,
    /// There are too many: the log has a part of the records alone.
    is_full: bool,
}

impl Stretches {
    fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    fn first(&self) -> Option<u64> {
        self.all.first().map(|(first, _)| *first)
    }

    fn last(&self) -> Option<u64> {
        self.all.last().map(|(_, last)| *last)
    }

    /// The place of the first stretch that ends at `seq` or behind it.
    fn place(&self, seq: u64) -> usize {
        match self.all.last() {
            Some((_, last)) if *last < seq => self.all.len(),
            _ => self.all.partition_point(|(_, last)| *last < seq),
        }
    }

    fn contains(&self, seq: u64) -> bool {
        self.all.get(self.place(seq)).is_some_and(|(first, _)| *first <= seq)
    }

    fn add(&mut self, seq: u64) {
        let at = self.place(seq);
        if self.all.get(at).is_some_and(|(first, _)| *first <= seq) {
            return;
        }
        let joins_before = at > 0 && self.all[at - 1].1.checked_add(1) == Some(seq);
        let joins_behind = self.all.get(at).is_some_and(|(first, _)| seq.checked_add(1) == Some(*first));
        match (joins_before, joins_behind) {
            (true, true) => {
                self.all[at - 1].1 = self.all[at].1;
                self.all.remove(at);
            }
            (true, false) => self.all[at - 1].1 = seq,
            (false, true) => self.all[at].0 = seq,
            (false, false) if self.all.len() == MAX_STRETCHES => self.is_full = true,
            (false, false) => self.all.insert(at, (seq, seq)),
        }
    }

    /// The numbers between the stretches; none where a part of them alone is known.
    fn holes(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let pairs = if self.is_full { &[][..] } else { &self.all[..] };
        pairs.windows(2).map(|pair| (pair[0].1 + 1, pair[1].0 - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn runs(lines: &[String]) -> Vec<Json> {
        let mut runs = Runs::default();
        for line in lines {
            runs.add(&Record::of(line.as_bytes()).unwrap(), None, 0);
        }
        runs.to_json()["runs"].as_array().unwrap().clone()
    }

    fn plain(numbers: impl IntoIterator<Item = u64>) -> Vec<String> {
        numbers.into_iter().map(|seq| format!("{{\"seq\":{seq}}}")).collect()
    }

    fn gap(dropped: u64, first: u64, last: u64, seq: u64) -> String {
        format!(
            "{{\"event_name\":\"log.gap\",\"dropped\":{dropped},\"first_seq\":{first},\"last_seq\":{last},\"seq\":{seq}}}"
        )
    }

    #[test]
    fn what_no_record_tells_of_is_unexplained() {
        let mut lines = plain((1..=3).chain(6..=9));
        lines.push(gap(2, 4, 5, 10));
        lines.extend(plain([13]));
        let run = &runs(&lines)[0];
        assert_eq!(run["holes"], json!([[4, 5], [11, 12]]));
        let figures = ["missing", "told", "unexplained", "records"].map(|name| run[name].as_u64().unwrap());
        assert_eq!(figures, [4, 2, 2, 9]);
    }

    #[test]
    fn a_record_that_stands_in_for_a_lost_one_has_no_number_of_its_own() {
        let run = &runs(&[plain([1, 2]), vec![gap(2, 3, 4, 4)], plain([5])].concat())[0];
        assert_eq!((&run["missing"], &run["unexplained"]), (&json!(2), &json!(0)));
        let damage = "{\"event_name\":\"log.gap\",\"dropped\":1,\"seq\":2}".to_owned();
        let all = runs(&[plain([1, 2]), vec![damage], plain([4])].concat());
        assert_eq!((all.len(), &all[0]["missing"], &all[0]["unexplained"]), (1, &json!(1), &json!(0)));
    }

    #[test]
    fn a_number_that_starts_again_is_another_run() {
        let all = runs(&plain([1, 2, 3, 1, 2, 4, 2, 3]));
        let ends: Vec<_> =
            all.iter().map(|run| (run["first_seq"].clone(), run["last_seq"].clone())).collect();
        assert_eq!(ends, [(json!(1), json!(3)), (json!(1), json!(4)), (json!(2), json!(3))]);
    }

    #[test]
    fn the_largest_numbers_are_taken() {
        let most = u64::MAX;
        let run = &runs(
            &[plain([0, most, most - 1]), vec![gap(most, 0, most, most), gap(most, 0, most, 2)]].concat(),
        )[0];
        assert_eq!(
            (&run["missing"], &run["unexplained"], &run["told"]),
            (&json!(most - 3), &json!(0), &json!(most))
        );
    }

    #[test]
    fn runs_that_say_who_they_are_may_be_mixed() {
        let line = |run: &str, seq: u64| format!("{{\"seq\":{seq},\"run_id\":\"{run}\"}}");
        let lines = [("a", 1), ("b", 1), ("a", 2), ("b", 3), ("a", 1)].map(|(run, seq)| line(run, seq));
        let all = runs(&lines);
        let missing: Vec<_> = all.iter().map(|run| (run["run_id"].clone(), run["missing"].clone())).collect();
        assert_eq!(missing, [(json!("a"), json!(0)), (json!("b"), json!(1))]);
    }

    proptest! {
        #[test]
        fn holes_are_what_was_not_seen(numbers in proptest::collection::vec(1..60u64, 1..60)) {
            let mut seen = Stretches::default();
            numbers.iter().for_each(|seq| seen.add(*seq));
            let (first, last) = (*numbers.iter().min().unwrap(), *numbers.iter().max().unwrap());
            let expected: Vec<u64> = (first..=last).filter(|seq| !numbers.contains(seq)).collect();
            let holes: Vec<u64> = seen.holes().flat_map(|(first, last)| first..=last).collect();
            prop_assert_eq!(holes, expected);
            prop_assert!((1..60).all(|seq| seen.contains(seq) == numbers.contains(&seq)));
        }
    }
}
