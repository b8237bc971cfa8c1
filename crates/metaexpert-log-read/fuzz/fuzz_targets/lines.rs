//! Bytes as a log that is searched. What is asserted: `tests/input/lines.rs`.
#![no_main]

#[path = "../../tests/input/mod.rs"]
mod input;

use std::sync::OnceLock;

use input::Scratch;
use libfuzzer_sys::fuzz_target;

static SCRATCH: OnceLock<Scratch> = OnceLock::new();

fuzz_target!(|data: &[u8]| input::lines::check(SCRATCH.get_or_init(Scratch::new), data));
