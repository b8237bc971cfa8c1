//! Bytes as a frame, read and encoded in every format. What is asserted: `tests/damage/frames.rs`.
#![no_main]

#[path = "../../tests/damage/mod.rs"]
mod damage;
#[path = "../../tests/whole/mod.rs"]
mod whole;

use damage::frames::{Names, check};
use libfuzzer_sys::fuzz_target;

thread_local!(static NAMES: Names = Names::new());

fuzz_target!(|data: &[u8]| NAMES.with(|names| check(names, data)));
