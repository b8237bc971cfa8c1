//! Damage to what a killed process left, recovered. What is asserted: `tests/damage/remains.rs`.
#![no_main]

#[path = "../../tests/damage/mod.rs"]
mod damage;
#[path = "../../tests/whole/mod.rs"]
mod whole;

use std::sync::OnceLock;

use damage::Input;
use damage::remains::{Damaged, Remains};
use libfuzzer_sys::{Corpus, fuzz_target};

static REMAINS: OnceLock<Remains> = OnceLock::new();

fuzz_target!(|data: &[u8]| -> Corpus {
    let remains = REMAINS.get_or_init(Remains::new);
    let mut damaged = Damaged::new(remains);
    damaged.harm(&mut Input::new(data));
    match damaged.recover(remains) {
        Some(_) => Corpus::Keep,
        None => Corpus::Reject,
    }
});
