//! The records of the scenes, and where they go.
#![allow(dead_code)] // No program uses all of it.

use metaexpert_log::pipeline::Pipeline;
use serde_json::{Value as Json, json};

use crate::whole::{Scratch, file, submit_to};

/// How many records most scenes log.
pub const COUNT: usize = 300;
/// How many a scene logs that takes several batches.
pub const MANY: usize = 12_000;

/// All records, those of the level ERROR, trade records, and those whose numbers end with 0 or 5.
pub fn sinks(scratch: &Scratch) -> Json {
    json!([
        file(scratch, "expert", json!({"max_size": 8192, "backup_count": 50})),
        file(scratch, "errors", json!({"level": 40})),
        file(scratch, "trades", json!({"category": "trade", "sync": "always"})),
        file(scratch, "chosen", json!({"where": "message ~ /[05]$/ and price > 50000"})),
        file(scratch, "chosen_text", json!({"where": "message ~ /[05]$/", "format": {"kind": "text"}})),
    ])
}

/// Logs a record of each kind in turn.
pub fn log_all(pipeline: &mut Pipeline) {
    let trade = pipeline.category_id(b"trade").unwrap();
    for number in 0..COUNT {
        let (level, category) = [(20, 0), (40, 0), (20, trade)][number % 3];
        while submit_to(pipeline, level, &format!("n{number}"), category).is_err() {
            pipeline.waiter().wait_for_room();
        }
    }
}
