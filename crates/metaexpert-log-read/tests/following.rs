//! A search that goes on where it ended.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use metaexpert_log::condition::Condition;
use metaexpert_log_read::{
    Extent, Fault, Filter, Following, Printer, Query, Renderer, Search, Style, TextPattern,
};

fn scratch(test: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("metaexpert-following-{}-{test}", std::process::id()));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

fn record(second: u32, message: &str) -> String {
    format!(
        "{{\"timestamp\":\"2026-12-01T00:00:{second:02}.000000000Z\",\"level\":\"INFO\",\"module\":\"bot\",\
         \"message\":\"{message}\",\"seq\":{second}}}"
    )
}

fn append(path: &Path, line: &str) {
    let mut file = fs::File::options().create(true).append(true).open(path).unwrap();
    writeln!(file, "{line}").unwrap();
}

fn messages(batch: &metaexpert_log_read::Batch) -> Vec<String> {
    let text = |line| String::from_utf8(batch.text(line).to_vec()).unwrap();
    let message =
        |text: String| text.split("\"message\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    batch.lines().iter().map(text).map(message).collect()
}

/// What comes until there are `count` lines.
fn wait_for(following: &mut Following, count: usize) -> Vec<String> {
    let (mut all, begun) = (Vec::new(), Instant::now());
    while all.len() < count && begun.elapsed() < Duration::from_secs(30) {
        all.extend(messages(&following.wait(Duration::from_millis(100)).unwrap()));
    }
    all
}

#[test]
fn each_line_is_given_once_by_the_search_or_behind_it() {
    let directory = scratch("once");
    let log = directory.join("expert.log");
    append(&log, &record(1, "a"));
    append(&log, &record(2, "b"));
    let query = Query { last: Some(1), ..Query::default() };
    let (mut search, mut following) = Following::in_directory(&directory, &query).unwrap();
    append(&log, &record(3, "c"));
    append(&directory.join("trades.log"), &record(3, "c"));
    fs::rename(&log, directory.join("expert.log.1")).unwrap();
    append(&log, &record(4, "d"));
    append(&directory.join("expert.77.log"), &record(5, "e"));
    let found = search.next_batch().unwrap().unwrap();
    assert_eq!(messages(&found), ["b"]);
    let mut rest = wait_for(&mut following, 3);
    rest.sort();
    assert_eq!(rest, ["c", "d", "e"]);
    fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn what_is_not_wanted_is_passed_over_and_what_is_no_record_is_told() {
    let directory = scratch("wanted");
    let log = directory.join("expert.log");
    let conditions = vec![Condition::parse("message = b", 0).unwrap()];
    let query = Query { filter: Filter { conditions, ..Filter::default() }, ..Query::default() };
    let (_, mut following) = Following::in_logs(std::slice::from_ref(&log), &query).unwrap();
    for line in [&record(1, "a"), "no record", &record(2, "b")] {
        append(&log, line);
    }
    assert_eq!(wait_for(&mut following, 1), ["b"]);
    let report = following.take_report();
    assert_eq!((report.files.len(), report.files[0].faults.values().sum::<u64>()), (1, 1));
    assert!(following.take_report().is_empty());
    fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn lines_around_those_that_are_wanted_are_shown_in_groups() {
    let directory = scratch("context");
    let lines: Vec<String> = (0..20).map(|second| record(second, &format!("m{second}"))).collect();
    lines.iter().for_each(|line| append(&directory.join("expert.log"), line));
    let shown = |text: &str, extent: Extent| {
        let text = Some(TextPattern::regex(text, false).unwrap());
        let query =
            Query { filter: Filter { text, ..Filter::default() }, gives_all: true, ..Query::default() };
        let mut search = Search::in_directory(&directory, query).unwrap();
        let style = Style { format: metaexpert_log_read::Format::Raw, ..Style::default() };
        let mut printer = Printer::new(Renderer::new(&style).unwrap(), extent);
        let mut out = Vec::new();
        while let Some(batch) = search.next_batch().unwrap() {
            printer.print(&batch, &mut out);
        }
        let out = String::from_utf8(out).unwrap();
        out.lines().map(|line| lines.iter().position(|known| known == line)).collect::<Vec<_>>()
    };
    let around = |before, after, most| Extent { before, after, most };
    assert_eq!(shown("m(3|4|10)\"", around(0, 0, None)), [3, 4, 10].map(Some));
    let expected = [Some(2), Some(3), Some(4), Some(5), None, Some(9), Some(10), Some(11)];
    assert_eq!(shown("m(3|4|10)\"", around(1, 1, None)), expected);
    assert_eq!(shown("m(3|5)\"", around(1, 0, None)), [2, 3, 4, 5].map(Some));
    assert_eq!(shown("m(0|19)\"", around(0, 2, None)), [Some(0), Some(1), Some(2), None, Some(19)]);
    assert_eq!(shown("m1", around(0, 1, Some(1))), [1, 2].map(Some));
    assert_eq!(shown("nowhere", around(2, 2, None)), []);
    fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn a_line_that_is_too_long_is_told_once_and_shown_by_its_beginning() {
    let directory = scratch("long");
    let log = directory.join("expert.log");
    append(&log, &record(1, "a"));
    let (_, mut following) = Following::in_logs(std::slice::from_ref(&log), &Query::default()).unwrap();
    let mut file = fs::File::options().append(true).open(&log).unwrap();
    let mut lengths = Vec::new();
    // In parts, so that what is looked at meanwhile has no end.
    for part in [&b"x"; 3].map(|byte| byte.repeat(4 << 20)) {
        file.write_all(&part).unwrap();
        let batch = following.wait(Duration::from_millis(100)).unwrap();
        lengths.extend(batch.lines().iter().map(|line| (batch.text(line).len(), line.fault)));
    }
    append(&log, "");
    append(&log, &record(2, "b"));
    let begun = Instant::now();
    while lengths.len() < 2 && begun.elapsed() < Duration::from_secs(30) {
        let batch = following.wait(Duration::from_millis(100)).unwrap();
        lengths.extend(batch.lines().iter().map(|line| (batch.text(line).len(), line.fault)));
    }
    assert_eq!(lengths, [(4 << 10, Some(Fault::TooLong)), (record(2, "b").len(), None)]);
    let faults = following.take_report().files[0].faults.clone();
    assert_eq!(faults.into_iter().collect::<Vec<_>>(), [(Fault::TooLong, 1)]);
    fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn a_record_without_its_end_is_torn_once_its_file_is_finished() {
    let directory = scratch("torn");
    let log = directory.join("expert.log");
    append(&log, &record(1, "a"));
    let (_, mut following) = Following::in_logs(std::slice::from_ref(&log), &Query::default()).unwrap();
    fs::File::options().append(true).open(&log).unwrap().write_all(record(2, "b").as_bytes()).unwrap();
    fs::rename(&log, directory.join("expert.log.1")).unwrap();
    append(&log, &record(3, "c"));
    assert_eq!(wait_for(&mut following, 2), ["b", "c"]);
    let faults = following.take_report().files[0].faults.clone();
    assert_eq!(faults.into_iter().collect::<Vec<_>>(), [(Fault::Torn, 1)]);
    fs::remove_dir_all(&directory).unwrap();
}
