//! Searches of real files: what is found, in which order, and what is told of the rest.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use metaexpert_log::condition::Condition;
use metaexpert_log_read::{Fault, Filter, MAX_LINE_BYTES, Query, Search, TextPattern};

/// An empty directory of the test's own, removed at its end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(test: &str) -> Scratch {
        let path = std::env::temp_dir().join(format!("metaexpert-search-{}-{test}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.0.join(name), text).unwrap();
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A record `second` seconds after the beginning of a day.
fn record(second: u32, seq: u32, name: &str) -> String {
    let (hour, minute, rest) = (second / 3600, second / 60 % 60, second % 60);
    format!(
        "{{\"timestamp\":\"2026-12-01T{hour:02}:{minute:02}:{rest:02}.000000000Z\",\"level\":\"INFO\",\
         \"module\":\"bot\",\"message\":\"{name}\",\"seq\":{seq}}}"
    )
}

fn lines(records: &[String]) -> String {
    records.iter().map(|record| format!("{record}\n")).collect()
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn zstd(text: &str) -> Vec<u8> {
    zstd::encode_all(text.as_bytes(), 1).unwrap()
}

/// The messages of the records found, other lines as they are.
fn found(search: &mut Search) -> Vec<String> {
    let mut all = Vec::new();
    while let Some(batch) = search.next_batch().unwrap() {
        for line in batch.lines() {
            let text = String::from_utf8_lossy(batch.text(line)).into_owned();
            let message = text.split_once("\"message\":\"").and_then(|(_, rest)| rest.split_once('"'));
            all.push(message.map_or(text.clone(), |(message, _)| message.to_owned()));
        }
    }
    all
}

fn all_of(directory: &Path, query: Query) -> (Vec<String>, BTreeMap<String, BTreeMap<Fault, u64>>) {
    let mut search = Search::in_directory(directory, query).unwrap();
    let found = found(&mut search);
    let files = search.report().files.iter();
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    (found, files.map(|file| (name(&file.path), file.faults.clone())).collect())
}

fn condition(text: &str) -> Query {
    let conditions = vec![Condition::parse(text, 0).unwrap()];
    Query { filter: Filter { conditions, ..Filter::default() }, ..Query::default() }
}

#[test]
fn files_of_a_writer_follow_each_other_however_they_are_packed() {
    let scratch = Scratch::new("packed");
    scratch.write("expert.log", lines(&[record(40, 5, "e")]));
    scratch.write("expert.log.1", lines(&[record(30, 4, "d")]));
    scratch.write("expert.log.1.gz", gzip(&lines(&[record(30, 4, "d")])));
    scratch.write(
        "expert.log.2.gz",
        [gzip(&lines(&[record(20, 2, "b")])), gzip(&lines(&[record(25, 3, "c")]))].concat(),
    );
    scratch.write("expert.log.10.zst", zstd(&lines(&[record(10, 1, "a")])));
    assert_eq!(all_of(&scratch.0, Query::default()).0, ["a", "b", "c", "d", "e"]);
    for count in 0..7 {
        let query = Query { last: Some(count), ..Query::default() };
        assert_eq!(all_of(&scratch.0, query).0, ["a", "b", "c", "d", "e"][5 - count.min(5)..]);
    }
}

#[test]
fn writers_are_merged_by_time_and_a_run_by_its_numbers() {
    let scratch = Scratch::new("merged");
    // The first clock steps back by 25 seconds.
    scratch.write(
        "expert.log",
        lines(&[record(10, 1, "a1"), record(35, 2, "a2"), record(11, 3, "a3"), record(36, 4, "a4")]),
    );
    scratch.write("expert.7.log", lines(&[record(5, 1, "b1"), record(20, 2, "b2"), record(40, 3, "b3")]));
    let expected = ["b1", "a1", "b2", "a2", "a3", "a4", "b3"];
    assert_eq!(all_of(&scratch.0, Query::default()).0, expected);
    let query = Query { last: Some(4), ..Query::default() };
    assert_eq!(all_of(&scratch.0, query).0, expected[3..]);
}

#[test]
fn a_line_without_a_time_stands_before_the_record_behind_it_if_there_is_none_before_it() {
    let scratch = Scratch::new("timeless");
    scratch.write("expert.log", format!("lost\n{}\n", record(20, 1, "b")));
    scratch.write("expert.7.log", lines(&[record(10, 1, "a")]));
    for last in [None, Some(3)] {
        let query = Query { last, ..Query::default() };
        assert_eq!(all_of(&scratch.0, query).0, ["a", "lost", "b"]);
    }
}

#[test]
fn a_record_in_two_logs_is_given_once() {
    let scratch = Scratch::new("copies");
    scratch.write("expert.log", lines(&[record(1, 1, "a"), record(2, 2, "trade"), record(3, 3, "b")]));
    scratch.write("trades.log", lines(&[record(2, 2, "trade"), record(2, 2, "another of the same moment")]));
    assert_eq!(all_of(&scratch.0, Query::default()).0.len(), 4);
    scratch.write("trades.log", lines(&[record(2, 2, "trade")]));
    assert_eq!(all_of(&scratch.0, Query::default()).0, ["a", "trade", "b"]);
}

#[test]
fn lines_that_are_no_records_stay_in_their_place_and_are_counted() {
    let scratch = Scratch::new("foreign");
    let glued = format!("{}{}", &record(3, 3, "c")[..60], record(4, 4, "d"));
    let text = format!(
        "\u{feff}{}\r\nTraceback (most recent call last):\n\n{}\n{glued}\n{{\"a\":1,\"a\":2}}\n\0\0\0\n{}",
        record(1, 1, "a"),
        record(2, 2, "b"),
        &record(5, 5, "e")[..50],
    );
    scratch.write("expert.log", [text.as_bytes(), b"\xff"].concat());
    let (found, faults) = all_of(&scratch.0, Query::default());
    assert_eq!(found.len(), 7);
    assert_eq!(found[..3], ["a", "Traceback (most recent call last):", "b"]);
    let expected = BTreeMap::from([(Fault::NotJson, 3), (Fault::DuplicateKey, 1), (Fault::Torn, 1)]);
    assert_eq!(faults["expert.log"], expected);
    let (found, faults) = all_of(&scratch.0, condition("message = b"));
    assert_eq!((found, &faults["expert.log"]), (vec!["b".to_owned()], &expected));
}

#[test]
fn a_damaged_archive_gives_what_came_before_the_damage() {
    let scratch = Scratch::new("damaged");
    let text: String = (0..2_000).map(|seq| record(seq, seq, &format!("m{seq}")) + "\n").collect();
    let packed = gzip(&text);
    scratch.write("expert.log.1.gz", &packed[..packed.len() / 2]);
    scratch.write("expert.log", lines(&[record(3_000, 3_000, "last")]));
    let mut search = Search::in_directory(&scratch.0, Query::default()).unwrap();
    let found = found(&mut search);
    assert!(found.len() > 500 && found[0] == "m0" && found[found.len() - 1] == "last");
    let report = &search.report().files[0];
    assert!(report.path.ends_with("expert.log.1.gz"));
    assert_eq!(report.problems, ["the gzip data ends too early"]);
}

#[test]
fn a_line_that_is_too_long_is_shown_by_its_beginning() {
    let scratch = Scratch::new("long");
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(9 << 20));
    let text = format!("{}\n{long}\n{}\n", record(1, 1, "a"), record(2, 2, "b"));
    scratch.write("plain.log", &text);
    scratch.write("packed.log.1.gz", gzip(&text));
    for log in ["plain.log", "packed.log"] {
        let mut search = Search::in_logs(&[scratch.0.join(log)], Query::default()).unwrap();
        let found = found(&mut search);
        assert_eq!((found.len(), found[1].len()), (3, 4096), "{log}");
        assert_eq!(search.report().files[0].faults, BTreeMap::from([(Fault::TooLong, 1)]));
    }
}

#[test]
fn the_longest_line_has_as_many_bytes_wherever_blocks_end() {
    let scratch = Scratch::new("longest");
    let of_bytes = |count: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(count - 8));
    for (before, extra) in [(0, 0), (70_000, 0), (70_000, 1)] {
        let before = "{}\n".repeat(before / 3);
        let line = of_bytes(MAX_LINE_BYTES + extra);
        for end in ["\n", ""] {
            let text = format!("{before}{line}{end}");
            scratch.write("plain.log", &text);
            scratch.write("packed.log.1.gz", gzip(&text));
            let fault =
                if extra > 0 { Some(Fault::TooLong) } else { Some(Fault::Torn).filter(|_| end.is_empty()) };
            let expected: BTreeMap<_, _> = fault.map(|fault| (fault, 1)).into_iter().collect();
            for (log, is_strict, last) in
                [("plain.log", false, None), ("plain.log", true, Some(1)), ("packed.log", true, None)]
            {
                let query = Query { is_strict, last, ..condition("b = 1 or not a = nowhere") };
                let query = if last.is_some() { Query { last, ..Query::default() } } else { query };
                let mut search = Search::in_logs(&[scratch.0.join(log)], query).unwrap();
                found(&mut search);
                let told: BTreeMap<_, _> =
                    search.report().files.iter().flat_map(|file| file.faults.clone()).collect();
                assert_eq!(told, expected, "{log}, {extra} more behind {} bytes", before.len());
            }
        }
    }
}

#[test]
fn many_blocks_give_each_line_once_in_order() {
    let scratch = Scratch::new("blocks");
    let text: String = (0..20_000).map(|seq| record(seq, seq, &format!("m{seq}")) + "\n").collect();
    scratch.write("expert.log", &text);
    let expected: Vec<String> = (0..20_000).map(|seq| format!("m{seq}")).collect();
    assert_eq!(all_of(&scratch.0, Query::default()).0, expected);
    assert_eq!(all_of(&scratch.0, condition("seq >= 15000")).0, expected[15_000..]);
    let pattern = TextPattern::plain("m1999", false).unwrap();
    let filter = Filter { text: Some(pattern), ..Filter::default() };
    let query = Query { filter, last: Some(3), ..Query::default() };
    assert_eq!(all_of(&scratch.0, query).0, ["m19997", "m19998", "m19999"]);
}

#[test]
fn a_range_of_time_is_found_in_plain_and_packed_files() {
    let scratch = Scratch::new("range");
    let text =
        |from, to| (from..to).map(|seq| record(seq, seq, &format!("m{seq}")) + "\n").collect::<String>();
    scratch.write("expert.log", text(40_000, 80_000));
    scratch.write("expert.log.1.gz", gzip(&text(0, 40_000)));
    let day = 1_796_083_200_000_000_000i64;
    for (since, until) in [(39_990, 40_010), (50_000, 50_001), (0, 1), (79_999, 90_000), (60_000, 60_000)] {
        let at = |second: i64| Some(day + second * 1_000_000_000);
        let filter = Filter { since_ns: at(since), until_ns: at(until), ..Filter::default() };
        let expected: Vec<_> = (since..until.min(80_000)).map(|seq| format!("m{seq}")).collect();
        assert_eq!(all_of(&scratch.0, Query { filter, ..Query::default() }).0, expected);
    }
}

#[test]
fn a_log_for_people_is_left_out_of_a_directory_and_told() {
    let scratch = Scratch::new("texts");
    scratch.write("expert.log", lines(&[record(1, 1, "a")]));
    scratch.write("console.log", "10:00:00.000 INFO started\n");
    let mut search = Search::in_directory(&scratch.0, Query::default()).unwrap();
    assert_eq!(found(&mut search), ["a"]);
    assert_eq!(search.report().files[0].problems, ["text, not JSON: left out"]);
    let mut search = Search::in_logs(&[scratch.0.join("console.log")], Query::default()).unwrap();
    assert_eq!(found(&mut search), ["10:00:00.000 INFO started"]);
}

#[test]
fn what_is_written_after_the_search_began_is_not_read() {
    let scratch = Scratch::new("grows");
    scratch.write("expert.log", lines(&[record(1, 1, "a")]));
    let mut search = Search::in_directory(&scratch.0, Query::default()).unwrap();
    let mut file = fs::File::options().append(true).open(scratch.0.join("expert.log")).unwrap();
    writeln!(file, "{}", record(2, 2, "b")).unwrap();
    assert_eq!(found(&mut search), ["a"]);
    assert!(search.report().is_empty());
}

#[test]
fn an_empty_directory_has_no_lines_and_a_missing_one_is_an_error() {
    let scratch = Scratch::new("empty");
    assert_eq!(all_of(&scratch.0, Query::default()).0.len(), 0);
    assert!(Search::in_directory(&scratch.0.join("nowhere"), Query::default()).is_err());
}
