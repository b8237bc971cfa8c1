//! A change of configuration loses and doubles nothing, under load and with failing files: each record is
//! where it belonged when it was made.

mod account;
mod partly;
mod whole;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use account::{Auditor, Said};
use metaexpert_log::config::Config;
use metaexpert_log::pipeline::{Pipeline, Surroundings};
use metaexpert_log::platform::faulty_disk::{FaultyDisk, Operation};
use metaexpert_log::stats::Loss;
use partly::PartlyFaulty;
use proptest::prelude::*;
use serde_json::json;
use whole::{Scratch, config, file, insist, wait_until};

const PROMPTLY: Option<Duration> = Some(Duration::from_secs(20));
const LEVELS: [i32; 4] = [10, 20, 30, 40];
const VARIANTS: usize = 5;

/// The configurations, each with the files it has and their least levels: files come and go, levels,
/// conditions, formats and ways to keep a file change.
fn variant(scratch: &Scratch, number: usize) -> (Config, Vec<(&'static str, i32)>) {
    let with = |name: &str, options| file(scratch, name, options);
    let (sinks, files) = match number {
        0 => (vec![with("a", json!({})), with("b", json!({"level": 40}))], vec![("a", 0), ("b", 40)]),
        1 => (vec![with("a", json!({})), with("c", json!({}))], vec![("a", 0), ("c", 0)]),
        2 => (
            vec![with("a", json!({"sync": "always"})), with("c", json!({"where": "level >= error"}))],
            vec![("a", 0), ("c", 40)],
        ),
        3 => (
            vec![
                with("b", json!({"level": 20, "max_size": 4096, "backup_count": 1000})),
                with("d", json!({})),
            ],
            vec![("b", 20), ("d", 0)],
        ),
        _ => (vec![with("a", json!({"level": 30})), with("d", json!({}))], vec![("a", 30), ("d", 0)]),
    };
    let mut config = config(scratch, json!(sinks));
    if number == 4 {
        config.include.push(metaexpert_log::config::IncludeKey::ProcessId);
    }
    (config, files)
}

/// A pipeline, and what must be in which file.
struct Model {
    scratch: Scratch,
    disk: Arc<FaultyDisk>,
    surroundings: Surroundings,
    pipeline: Pipeline,
    files: Vec<(&'static str, i32)>,
    count: usize,
    expected: BTreeMap<&'static str, Vec<(i32, String)>>,
    auditor: Auditor,
}

impl Model {
    fn new() -> Model {
        let (scratch, disk) = (Scratch::new(), FaultyDisk::new());
        let surroundings = Surroundings { disk: disk.clone(), store: None };
        let (config, files) = variant(&scratch, 0);
        let pipeline = Pipeline::start_in(&surroundings, &config, "run", 1).unwrap();
        let expected = ["a", "b", "c", "d"].map(|name| (name, Vec::new())).into();
        Model {
            scratch,
            disk,
            surroundings,
            pipeline,
            files,
            count: 0,
            expected,
            auditor: Auditor::default(),
        }
    }

    fn log(&mut self, count: usize) {
        for _ in 0..count {
            let (level, message) = (LEVELS[self.count % LEVELS.len()], format!("n{}", self.count));
            self.count += 1;
            insist(&mut self.pipeline, level, &message);
            for (name, least) in &self.files {
                if level >= *least {
                    self.expected.get_mut(name).unwrap().push((level, message.clone()));
                }
            }
        }
        self.auditor.look(&self.pipeline);
    }

    /// Returns whether the new configuration is in force: a file that can't be opened leaves the old one.
    fn switch(&mut self, number: usize) -> bool {
        let (config, files) = variant(&self.scratch, number);
        let is_done = self.pipeline.reconfigure(&self.surroundings, &config, "run").is_ok();
        if is_done {
            self.files = files;
        }
        is_done
    }

    fn heal(&mut self) {
        self.disk.heal();
        assert!(self.pipeline.waiter().wait(PROMPTLY), "{:?}", self.pipeline.sinks());
        self.auditor.look(&self.pipeline);
    }

    /// Ends, and compares the files with what must be in them. Returns how many records were told as lost.
    fn finish(mut self) -> u64 {
        self.heal();
        let stopping = self.pipeline.stop();
        assert!(stopping.wait(PROMPTLY));
        let (stats, _) = stopping.outcome();
        assert_eq!(stats.queued, 0);
        assert_eq!(stats.logged.iter().sum::<u64>(), self.count as u64);
        let others = std::fs::read_dir(self.scratch.logs()).unwrap().map(|entry| entry.unwrap().file_name());
        let own = format!(".{}.", std::process::id());
        let beside: Vec<_> = others.filter(|name| name.to_string_lossy().contains(&own)).collect();
        assert!(beside.is_empty(), "a file of this process counted as another's: {beside:?}");
        let mut told = 0;
        for (name, expected) in &self.expected {
            let path = self.scratch.logs().join(format!("{name}.log"));
            if path.exists() || !expected.is_empty() {
                let said = Said::by(&path);
                said.assert_accounts_for(expected);
                told += said.told();
            }
        }
        assert_eq!(told == 0, stats.dropped[Loss::Sink as usize] == [0; 5], "{stats:?}");
        told
    }
}

#[test]
fn a_thousand_changes_under_load_with_files_that_fail_meanwhile_lose_and_double_nothing() {
    let mut model = Model::new();
    let mut changes = 0;
    for round in 0..1000 {
        model.log(1 + round % 7);
        changes += usize::from(model.switch((round * 7 + round / 11) % VARIANTS));
        match round % 20 {
            14 => {
                // Else the fault meets the files of more earlier configurations than are kept.
                model.heal();
                let kinds = [Operation::Write, Operation::Sync, Operation::Status, Operation::Truncate];
                model.disk.fail_from(0, &[kinds[round / 20 % 4]], libc::ENOSPC);
            }
            17 => model.heal(),
            _ => {}
        }
    }
    assert!(changes > 950, "{changes}");
    assert_eq!(model.count, (0..1000).map(|round| 1 + round % 7).sum::<usize>());
    assert_eq!(model.finish(), 0);
}

#[test]
fn two_earlier_configurations_that_still_write_one_file_take_turns() {
    let mut model = Model::new();
    model.log(10);
    model.heal();
    // Half of a line is written before the disk is full.
    model.disk.shorten(7);
    model.disk.fail_from(3, &[Operation::Write], libc::ENOSPC);
    for number in [1, 2, 4, 1, 0] {
        model.log(3);
        assert!(model.switch(number));
    }
    model.log(3);
    assert_eq!(model.finish(), 0);
}

#[test]
fn a_change_whose_third_file_of_four_cannot_be_had_leaves_the_old_state_whole() {
    let mut model = Model::new();
    model.log(5);
    model.heal();
    let four = ["c", "d", "e", "f"].map(|name| file(&model.scratch, name, json!({"delay": false})));
    let wanted = config(&model.scratch, json!(four));
    for (skipped, operation) in
        [(2, Operation::OpenAppend), (2, Operation::CreateDirectory), (2, Operation::Status)]
    {
        // With nothing on its way, the operations are those of the change.
        model.heal();
        model.disk.fail(skipped, &[operation], libc::EMFILE);
        let problem =
            model.pipeline.reconfigure(&model.surroundings, &wanted, "run").unwrap_err().to_string();
        assert!(problem.contains("e.log") || problem.contains("create log directory"), "{problem}");
        assert!(problem.contains("Too many open files"), "{problem}");
        model.log(5);
    }
    model.heal();
    assert_eq!(model.pipeline.sinks().iter().map(|sink| sink.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    for name in ["c", "d"] {
        assert_eq!(model.scratch.messages(name), [""; 0], "{name}");
    }
    assert_eq!(model.finish(), 0);
}

#[test]
fn a_file_that_failed_before_a_change_is_still_said_to_fail() {
    let scratch = Scratch::new();
    let disk = FaultyDisk::new();
    let surroundings = scratch.on(disk.clone());
    let with = |names: &[&str], level: i32| {
        let files = names.iter().map(|name| file(&scratch, name, json!({"level": level})));
        config(&scratch, files.collect())
    };
    let mut pipeline = Pipeline::start_in(&surroundings, &with(&["a", "b"], 0), "run", 1).unwrap();
    let failing = |pipeline: &Pipeline| -> Vec<String> {
        let failing = pipeline.sinks().into_iter().filter(|sink| sink.problem.is_some());
        failing.map(|sink| sink.name).collect()
    };
    disk.fail_from(0, &[Operation::Write], libc::ENOSPC);
    insist(&mut pipeline, 20, "kept");
    wait_until(|| failing(&pipeline) == ["a", "b"]);
    pipeline.reconfigure(&surroundings, &with(&["a"], 10), "run").unwrap();
    // The other is configured no more, and only has something left to write.
    wait_until(|| pipeline.sinks().len() == 1);
    for _ in 0..3 {
        insist(&mut pipeline, 5, "below the level");
        assert_eq!(failing(&pipeline), ["a"]);
    }
    disk.heal();
    wait_until(|| failing(&pipeline).is_empty());
    assert!(pipeline.stop().wait(PROMPTLY));
    assert_eq!(scratch.messages("a"), ["kept"]);
    assert_eq!(scratch.messages("b"), ["kept"]);
}

#[test]
fn too_many_failing_files_of_earlier_configurations_are_given_up_counted_and_told() {
    let scratch = Scratch::new();
    let disk = FaultyDisk::new();
    let directory = scratch.logs().join("failing");
    let surroundings = Surroundings { disk: PartlyFaulty::new(&directory, disk.clone()), store: None };
    let with = |level: usize| {
        let mut failing = file(&scratch, "failing", json!({"level": level}));
        failing["destination"]["path"] = json!(directory.join("failing.log"));
        config(&scratch, json!([file(&scratch, "sound", json!({})), failing]))
    };
    let mut pipeline = Pipeline::start_in(&surroundings, &with(0), "run", 1).unwrap();
    disk.fail_from(0, &[Operation::Write], libc::EIO);
    let mut auditor = Auditor::default();
    let mut submitted = Vec::new();
    for round in 0..20 {
        for level in [20, 40] {
            let message = format!("{round} {level}");
            insist(&mut pipeline, level, &message);
            submitted.push((level, message));
        }
        pipeline.reconfigure(&surroundings, &with(1 + round % 2), "run").unwrap();
        auditor.look(&pipeline);
    }
    insist(&mut pipeline, 20, "last");
    submitted.push((20, "last".to_owned()));
    wait_until(|| pipeline.sinks()[0].totals.written == submitted.len() as u64);
    assert_eq!(scratch.messages("sound").len(), submitted.len());
    disk.heal();
    assert!(pipeline.waiter().wait(PROMPTLY));
    assert!(pipeline.stop().wait(PROMPTLY));
    let said = Said::by(&directory.join("failing.log"));
    assert_eq!(said.told(), 2 * (20 - 8), "those of all but the last eight");
    assert_eq!(said.messages.len(), 2 * 8 + 1);
    said.assert_accounts_for(&submitted);
    Said::by(&scratch.logs().join("sound.log")).assert_accounts_for(&submitted);
}

#[derive(Clone, Debug)]
enum Step {
    Log(usize),
    Fail(usize, u64),
    Shorten(usize),
    Heal,
    Switch(usize),
    Wait,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1usize..12).prop_map(Step::Log),
        2 => (0usize..6, 0u64..6).prop_map(|(kind, skipped)| Step::Fail(kind, skipped)),
        1 => (1usize..90).prop_map(Step::Shorten),
        2 => Just(Step::Heal),
        3 => (0..VARIANTS).prop_map(Step::Switch),
        1 => Just(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_in_whatever_order_each_record_is_where_it_must_be(
        steps in proptest::collection::vec(step(), 1..40),
    ) {
        let kinds = [
            Operation::Write, Operation::Sync, Operation::Status, Operation::Truncate, Operation::Rename,
            Operation::OpenAppend,
        ];
        let mut model = Model::new();
        let mut since_heal = 0;
        for step in steps {
            match step {
                Step::Log(count) => model.log(count),
                Step::Fail(kind, skipped) => model.disk.fail_from(skipped, &[kinds[kind]], libc::EIO),
                Step::Shorten(bytes) => model.disk.shorten(bytes),
                Step::Heal => { model.heal(); since_heal = 0; }
                // More failing files than are kept would be given up, and a file that can't be opened
                // refused.
                Step::Switch(number) if since_heal < 3 => since_heal += usize::from(model.switch(number)),
                Step::Switch(_) => {}
                Step::Wait => { model.pipeline.waiter().wait(Some(Duration::from_millis(2))); }
            }
        }
        prop_assert_eq!(model.finish(), 0);
    }
}
