//! Any bytes as a log, an archive or a line that is shown: reading them never fails but by value, and every
//! line is accounted for. The tests go through the fuzzer's seeds, and through changes of them.

mod input;

use std::fs;
use std::path::PathBuf;

use input::Scratch;
use proptest::prelude::*;
use proptest::sample::Index;

/// The seeds of a fuzz target.
fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let mut paths: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{}", folder.display());
    let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
    paths.iter().map(|path| (name(path), fs::read(path).unwrap())).collect()
}

/// A change of some bytes.
#[derive(Clone, Debug)]
enum Edit {
    Put(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, Index),
    Repeat(Index, Index),
}

/// What has a meaning in lines, numbers, texts and archives.
const PARTS: [&[u8]; 24] = [
    b"\n",
    b"\r\n",
    b"\r",
    b"{",
    b"}",
    b"\"",
    b"\\",
    b"\\u0061",
    b"\\ud800",
    b",",
    b":",
    b"[",
    b"]",
    b"1e999",
    b"-0",
    b"null",
    b"\"a\":1",
    b"\xef\xbb\xbf",
    b"\x1b[2J",
    b"\xc2\x9b",
    b"\xe2\x80\xa8",
    b"\0",
    b"\xff",
    b"{\"timestamp\":\"",
];

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let index = any::<Index>;
    let part = prop::sample::select(PARTS.to_vec());
    let edit = prop_oneof![
        (index(), any::<u8>()).prop_map(|(at, byte)| Edit::Put(at, byte)),
        (index(), part).prop_map(|(at, part)| Edit::Insert(at, part.to_vec())),
        (index(), index()).prop_map(|(from, to)| Edit::Remove(from, to)),
        (index(), index()).prop_map(|(from, to)| Edit::Repeat(from, to)),
    ];
    prop::collection::vec(edit, 0..6)
}

fn changed(mut data: Vec<u8>, edits: Vec<Edit>) -> Vec<u8> {
    let place = |at: Index, data: &Vec<u8>| at.index(data.len() + 1);
    for edit in edits {
        match edit {
            Edit::Put(at, byte) if !data.is_empty() => {
                let at = at.index(data.len());
                data[at] = byte;
            }
            Edit::Put(..) => {}
            Edit::Insert(at, part) => {
                let at = place(at, &data);
                data.splice(at..at, part);
            }
            Edit::Remove(from, length) => {
                let from = place(from, &data);
                let to = (from + length.index(9)).min(data.len());
                data.drain(from..to);
            }
            Edit::Repeat(from, to) => {
                let (from, to) = (place(from, &data), place(to, &data));
                let part = data[from.min(to)..from.max(to)].to_vec();
                data.splice(from..from, part);
            }
        }
        data.truncate(8 << 10);
    }
    data
}

/// Checks each seed of `target`, and `cases` changes of them.
fn check_changes(target: &str, cases: u32, check: impl Fn(&[u8])) {
    let seeds = seeds(target);
    seeds.iter().for_each(|(_, seed)| check(seed));
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let input = (any::<Index>(), edits());
    let outcome = proptest::test_runner::TestRunner::new(config).run(&input, |(seed, edits)| {
        let (name, seed) = seed.get(&seeds);
        let data = changed(seed.clone(), edits);
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(&data)));
        outcome.map_err(|_| TestCaseError::fail(format!("{name}: {}", data.escape_ascii())))?;
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn every_line_of_any_log_is_accounted_for() {
    let scratch = Scratch::new();
    check_changes("lines", 300, |data| input::lines::check(&scratch, data));
}

#[test]
fn any_archive_gives_the_same_text_however_it_arrives() {
    let scratch = Scratch::new();
    check_changes("archive", 800, |data| input::archive::check(&scratch, data));
}

#[test]
fn nothing_of_any_line_reaches_a_terminal_that_it_obeys() {
    check_changes("render", 2_500, input::render::check);
}

#[test]
fn every_record_of_any_log_is_one_row() {
    let scratch = Scratch::new();
    check_changes("columns", 300, |data| input::columns::check(&scratch, data));
}
