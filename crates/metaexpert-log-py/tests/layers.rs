//! The order of the binding's rooms, and no circles among its files, as the paths in the sources have it.

#[path = "../../metaexpert-log/tests/house/mod.rs"]
mod house;

use house::House;

/// From the ground up: a room uses itself and those before it.
const ROOMS: [&str; 7] = ["process", "values", "exceptions", "general", "fast", "loggers", "read"];

#[test]
fn a_room_uses_no_room_above_it() {
    House::of(env!("CARGO_MANIFEST_DIR")).assert_order(&ROOMS);
}

#[test]
fn no_file_uses_itself_through_others() {
    House::of(env!("CARGO_MANIFEST_DIR")).assert_no_circles();
}
