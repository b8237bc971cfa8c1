//! The order of the rooms, and no circles among files, as the paths in the sources have it.

mod house;

use house::House;

/// From the ground up: a room uses itself and those before it. DESIGN.md says what each is for.
const ROOMS: [&str; 20] = [
    "error",
    "fnv",
    "sync",
    "level",
    "protection",
    "line",
    "frame",
    "clock",
    "stats",
    "config",
    "family",
    "platform",
    "ring",
    "route",
    "redact",
    "encode",
    "sink",
    "backend",
    "recovery",
    "pipeline",
];

#[test]
fn a_room_uses_no_room_above_it() {
    House::of(env!("CARGO_MANIFEST_DIR")).assert_order(&ROOMS);
}

#[test]
fn no_file_uses_itself_through_others() {
    House::of(env!("CARGO_MANIFEST_DIR")).assert_no_circles();
}
