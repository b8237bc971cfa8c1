//! Bytes as an expression and a record. What is asserted: `tests/damage/conditions.rs`.
#![no_main]

#[path = "../../tests/damage/mod.rs"]
mod damage;
#[path = "../../tests/whole/mod.rs"]
mod whole;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| damage::conditions::check(data));
