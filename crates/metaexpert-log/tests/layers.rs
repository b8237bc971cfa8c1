//! The order of the rooms, and no circles among files, as the paths in the sources have it.

mod house;

use house::House;

/// From the ground up: a room uses itself and those before it.
const ROOMS: [&str; 22] = [
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
    "jsonl",
    "condition",
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

#[test]
fn the_picture_of_the_house_has_every_room_in_this_order() {
    let design = include_str!("../../../DESIGN.md");
    let (_, behind) = design.split_once("\n  metaexpert-log  ").expect("the engine is in the picture");
    let (picture, _) = behind.split_once("metaexpert-log-read").expect("the reading engine stands below it");
    let words = picture.split(|letter: char| !letter.is_alphanumeric());
    let mut rooms: Vec<&str> = words.filter(|word| ROOMS.contains(word)).collect();
    rooms.reverse();
    assert_eq!(rooms, ROOMS);
}
