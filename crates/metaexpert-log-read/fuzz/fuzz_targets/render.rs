//! Bytes as lines that are shown. What is asserted: `tests/input/render.rs`.
#![no_main]

#[path = "../../tests/input/mod.rs"]
mod input;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| input::render::check(data));
