//! Records of real files, counted by the values of fields.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use metaexpert_log::condition::Condition;
use metaexpert_log_read::{Fault, Filter, OpenLogs, Query, Tally};
use serde_json::{Value as Json, json};

/// Values, and how many records have them.
type Groups = Vec<(Json, u64)>;

/// An empty directory of the test's own, removed at its end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(test: &str) -> Scratch {
        let path = std::env::temp_dir().join(format!("metaexpert-tally-{}-{test}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.0.join(name), text).unwrap();
    }

    /// The counts, each with its values, and the faults of all files.
    fn counted(&self, keys: &[&str], query: Query) -> (Groups, Vec<(Fault, u64)>) {
        let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        let mut tally = Tally::of(&OpenLogs::in_directory(&self.0, query).unwrap(), &keys).unwrap();
        while tally.read_on().unwrap() {}
        let found = tally.to_json();
        let groups = found["groups"].as_array().unwrap().iter();
        let groups: Vec<_> =
            groups.map(|each| (each["values"].clone(), each["count"].as_u64().unwrap())).collect();
        assert_eq!(found["records"], groups.iter().map(|(_, count)| count).sum::<u64>());
        let files = tally.report().files.iter();
        (groups, files.flat_map(|file| file.faults.clone()).collect())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Lines of some symbols in turn, from the `first` on.
fn lines(first: usize, count: usize) -> String {
    let line = |number: usize| {
        let (second, symbol) = (number % 60, ["BTC", "ETH", "SOL"][number % 3]);
        format!(
            "{{\"timestamp\":\"2026-12-01T10:00:{second:02}.000000000Z\",\"level\":\"INFO\",\
             \"message\":\"\\\"symbol\\\":\\\"X\\\"\",\"symbol\":\"{symbol}\",\"seq\":{number}}}\n"
        )
    };
    (first..first + count).map(line).collect()
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn files_of_several_writers_packed_or_not_are_counted_together() {
    let scratch = Scratch::new("writers");
    scratch.write("expert.log", lines(0, 9_000));
    scratch.write("expert.log.1.gz", gzip(&lines(0, 6_000)));
    scratch.write("expert.7.log", lines(0, 3_000));
    let (groups, faults) = scratch.counted(&["symbol"], Query::default());
    let expected = ["BTC", "ETH", "SOL"].map(|symbol| (json!([{"text": symbol}]), 6_000));
    assert_eq!((groups, faults), (expected.to_vec(), vec![]));
}

#[test]
fn a_line_in_two_logs_counts_once() {
    let scratch = Scratch::new("copies");
    scratch.write("expert.log", lines(0, 30));
    scratch.write("trades.log", lines(10, 10));
    let (groups, _) = scratch.counted(&["level"], Query::default());
    assert_eq!(groups, [(json!([{"text": "INFO"}]), 30)]);
}

#[test]
fn what_is_no_record_is_told_and_not_counted() {
    let scratch = Scratch::new("faults");
    let twice = "{\"symbol\":\"BTC\",\"symbol\":\"ETH\"}\n";
    let odd = "{\"symbol\":\"B\\u0054C\",\"n\":1.50}\n{\"n\": 1.50}\r\n";
    scratch.write("expert.log", [&lines(0, 3), twice, "{\"symbol\":BTC}\n", odd, "{\"symbol\":\"S"].concat());
    let (groups, faults) = scratch.counted(&["symbol"], Query::default());
    let text = |text: &str| json!([{"text": text}]);
    assert_eq!(groups, [(text("BTC"), 2), (json!([{}]), 1), (text("ETH"), 1), (text("SOL"), 1)]);
    assert_eq!(faults, [(Fault::NotJson, 1), (Fault::DuplicateKey, 1), (Fault::Torn, 1)]);
    let (groups, _) = scratch.counted(&["n"], Query::default());
    assert_eq!(groups, [(json!([{}]), 3), (json!([{"raw": "1.50"}]), 2)]);
}

#[test]
fn only_wanted_records_are_counted() {
    let scratch = Scratch::new("wanted");
    scratch.write("expert.log", lines(0, 9_000));
    let condition = Condition::parse("symbol = ETH and seq < 300", 0).unwrap();
    let filter = Filter { conditions: vec![condition], ..Filter::default() };
    let (groups, _) = scratch.counted(&["symbol", "level"], Query { filter, ..Query::default() });
    assert_eq!(groups, [(json!([{"text": "ETH"}, {"text": "INFO"}]), 100)]);
}
