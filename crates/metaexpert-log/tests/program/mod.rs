//! A program that logs more than the disk takes.
#![allow(dead_code)] // No test program uses all of it.

use std::path::Path;
use std::time::{Duration, Instant};

use metaexpert_log::pipeline::{Pipeline, Surroundings};
use metaexpert_log::protection::TRADE;
use metaexpert_log::stats::{Loss, PerLevel};
use serde_json::Value as Json;

use crate::account::{Auditor, Said};
use crate::whole::{Scratch, config, submit_to};

pub const PROMPTLY: Option<Duration> = Some(Duration::from_secs(20));
pub const LEVELS: [i32; 4] = [10, 20, 30, 40];

/// A program that logs as the capture side does: what is protected waits for room, as long as configured.
pub struct Program {
    pub pipeline: Pipeline,
    /// Level and message of each call, and whether it was taken.
    pub calls: Vec<(i32, String)>,
    pub lost: PerLevel,
    pub longest_wait: Duration,
    pub auditor: Auditor,
}

impl Program {
    pub fn start(surroundings: &Surroundings, scratch: &Scratch, sinks: Json) -> Program {
        let pipeline = Pipeline::start_in(surroundings, &config(scratch, sinks), "run", 1).unwrap();
        Program {
            pipeline,
            calls: Vec::new(),
            lost: PerLevel::default(),
            longest_wait: Duration::ZERO,
            auditor: Auditor::default(),
        }
    }

    /// Returns whether the record was taken.
    pub fn log(&mut self, level: i32, category: u32, len: usize) -> bool {
        let message = format!("n{} {}", self.calls.len(), "x".repeat(len));
        let begin = Instant::now();
        let deadline = begin + self.pipeline.wait_limit();
        let may_wait = self.pipeline.protects(level, (category != 0).then_some(TRADE));
        let mut is_taken = submit_to(&mut self.pipeline, level, &message, category).is_ok();
        while !is_taken && may_wait && Instant::now() < deadline {
            self.pipeline.waiter().wait_for_room();
            is_taken = submit_to(&mut self.pipeline, level, &message, category).is_ok();
        }
        self.longest_wait = self.longest_wait.max(begin.elapsed());
        if !is_taken {
            self.pipeline.give_up(level, Loss::QueueFull);
            self.lost[metaexpert_log::level::Level(level).slot()] += 1;
        }
        self.calls.push((level, message));
        self.auditor.look(&self.pipeline);
        is_taken
    }

    /// Waits until everything is written; returns what was lost by the sinks.
    pub fn finish(mut self, path: &Path) -> (Said, PerLevel) {
        assert!(self.pipeline.waiter().wait(PROMPTLY), "{:?}", self.pipeline.sinks());
        self.auditor.look(&self.pipeline);
        let stopping = self.pipeline.stop();
        assert!(stopping.wait(PROMPTLY));
        let (stats, _) = stopping.outcome();
        assert_eq!(stats.queued, 0);
        assert_eq!(stats.dropped[Loss::QueueFull as usize], self.lost);
        let said = Said::by(path);
        said.assert_accounts_for(&self.calls);
        let by_sink = stats.dropped[Loss::Sink as usize];
        let all: PerLevel = std::array::from_fn(|slot| self.lost[slot] + by_sink[slot]);
        assert_eq!(said.told, all, "told, and counted");
        (said, by_sink)
    }
}
