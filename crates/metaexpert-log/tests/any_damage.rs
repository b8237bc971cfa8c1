//! Any damage to a frame, a ring or the files beside it: reading them never crashes, and writes no invalid
//! line. The tests go through the fuzzer's corpus, and through random bytes.

mod damage;
mod whole;

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use damage::Input;
use damage::conditions;
use damage::frames::{self, Names};
use damage::remains::{Damaged, RECORDS, Remains};
use metaexpert_log::recovery::{RingReport, Status};
use proptest::prelude::*;

/// The seeds of a fuzz target.
fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let entries = fs::read_dir(&folder).unwrap();
    let seeds: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    assert!(!seeds.is_empty(), "{}", folder.display());
    seeds
}

fn remains() -> &'static Remains {
    static REMAINS: OnceLock<Remains> = OnceLock::new();
    REMAINS.get_or_init(Remains::new)
}

fn recover(data: &[u8]) {
    let mut damaged = Damaged::new(remains());
    damaged.harm(&mut Input::new(data));
    damaged.recover(remains());
}

/// What is left undamaged is all there: or the tests below would prove nothing.
#[test]
fn what_is_sound_is_recovered_whole() {
    let damaged = Damaged::new(remains());
    let report = damaged.recover(remains()).unwrap();
    let ring = &report.rings[0];
    assert_eq!((ring.status, ring.records, ring.unreadable), (Status::Recovered, 2 * RECORDS, 0));
    assert_eq!(ring.problem, None);
}

/// What becomes of a seed of the corpus.
fn outcome(seed: &str) -> RingReport {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/recovery");
    let mut damaged = Damaged::new(remains());
    damaged.harm(&mut Input::new(&fs::read(folder.join(seed)).unwrap()));
    damaged.recover(remains()).unwrap().rings.remove(0)
}

#[test]
fn damaged_cursors_marks_and_epochs_cost_no_record() {
    let seeds = [
        "head_low",
        "head_high",
        "head_wild",
        "tail_high",
        "tail_wild",
        "both_wild",
        "header_zero",
        "marks_ones",
        "epoch_wild",
        "gap_wild",
        "gap_reversed",
    ];
    for seed in seeds {
        let ring = outcome(seed);
        assert_eq!((ring.status, ring.records), (Status::Recovered, 2 * RECORDS), "{seed}: {ring:?}");
    }
}

#[test]
fn another_configuration_stands_in_for_one_that_cannot_be_read_and_that_is_said() {
    for (seed, file) in [
        ("config_gone", "config.0.json"),
        ("config_garbage", "config.0.json"),
        ("config_torn", "config.1.json"),
    ] {
        let ring = outcome(seed);
        assert_eq!((ring.status, ring.records), (Status::Recovered, 2 * RECORDS), "{seed}: {ring:?}");
        assert!(ring.problem.as_ref().unwrap().contains(file), "{ring:?}");
    }
    let ring = outcome("configs_gone");
    assert_eq!((ring.status, ring.records), (Status::Failed, 0), "{ring:?}");
}

#[test]
fn what_the_author_file_would_say_is_taken_from_the_name_of_its_directory() {
    for seed in ["author_gone", "author_torn", "author_quote"] {
        let ring = outcome(seed);
        assert_eq!((ring.status, ring.records), (Status::Recovered, 2 * RECORDS), "{seed}: {ring:?}");
        assert_eq!(ring.process, std::process::id());
        assert!(ring.problem.as_ref().unwrap().contains("author.json"), "{ring:?}");
    }
}

#[test]
fn records_whose_names_are_destroyed_are_written_without_them() {
    for seed in ["names_zero", "names_ones", "names_many"] {
        let ring = outcome(seed);
        assert_eq!(
            (ring.status, ring.records, ring.unreadable),
            (Status::Recovered, 2 * RECORDS, 0),
            "{seed}: {ring:?}"
        );
    }
}

#[test]
fn destroyed_frames_are_counted_and_told() {
    for seed in ["data_zero", "data_all_ones", "lens", "gap_wild"] {
        assert!(outcome(seed).unreadable > 0, "{seed}");
    }
}

#[test]
fn every_frame_of_the_corpus_is_read_without_harm() {
    let names = Names::new();
    for (_, data) in corpus("frame") {
        frames::check(&names, &data);
    }
}

#[test]
fn every_damage_of_the_corpus_is_survived() {
    for (_, data) in corpus("recovery") {
        recover(&data);
    }
}

#[test]
fn every_expression_of_the_corpus_has_one_meaning() {
    for (_, data) in corpus("condition") {
        conditions::check(&data);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_as_a_frame_give_a_valid_line_or_none(
        seed in any::<prop::sample::Index>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        tail in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        thread_local!(static NAMES: Names = Names::new());
        let seeds = corpus("frame");
        let (_, mut data) = seeds[seed.index(seeds.len())].clone();
        data.extend(tail);
        for (at, byte) in edits {
            if !data.is_empty() {
                let at = at.index(data.len());
                data[at] = byte;
            }
        }
        NAMES.with(|names| frames::check(names, &data));
    }

    #[test]
    fn any_bytes_as_an_expression_and_a_record_have_one_meaning_or_none(
        seed in any::<prop::sample::Index>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
    ) {
        let seeds = corpus("condition");
        let (_, mut data) = seeds[seed.index(seeds.len())].clone();
        for (at, byte) in edits {
            let at = at.index(data.len());
            data[at] = byte;
        }
        conditions::check(&data);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_damage_to_what_was_left_is_survived(data in prop::collection::vec(any::<u8>(), 0..120)) {
        recover(&data);
    }
}
