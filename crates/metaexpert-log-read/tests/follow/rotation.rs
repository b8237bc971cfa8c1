//! Files that are renamed, as rotation does.

use crate::scene::{Place, each_way};

/// Moves `name` and what was finished before up by one number.
fn rotate(place: &Place, name: &str) {
    let numbered = |number| format!("{name}.{number}");
    let last = (1..).find(|number| !place.path(&numbered(*number)).exists()).unwrap();
    for number in (1..last).rev() {
        place.rename(&numbered(number), &numbered(number + 1));
    }
    place.rename(name, &numbered(1));
}

#[test]
fn the_rest_of_a_renamed_file_comes_before_the_new_one() {
    each_way("renamed", |place| {
        let log = place.path("a.log");
        place.append("a.log", "before\n");
        let mut heard = place.follow(&["a.log"]);
        place.append("a.log", "last\n");
        rotate(place, "a.log");
        place.append("a.log", "first\n");
        heard.until_ends(&log, "first\n");
        assert_eq!(heard.text(&log), b"last\nfirst\n");
    });
}

#[test]
fn several_rotations_between_two_looks_are_read_in_order() {
    each_way("several", |place| {
        let log = place.path("a.log");
        for number in 0..3 {
            place.append("a.log", format!("old {number}\n"));
            rotate(place, "a.log");
        }
        let mut heard = place.follow(&["a.log"]);
        let mut expected = String::new();
        for number in 0..40 {
            place.append("a.log", format!("line {number}\n"));
            expected += &format!("line {number}\n");
            rotate(place, "a.log");
        }
        place.append("a.log", "end\n");
        heard.until_ends(&log, "end\n");
        assert_eq!(String::from_utf8(heard.text(&log)).unwrap(), expected + "end\n");
    });
}

#[test]
fn lines_that_a_renamed_file_still_gets_come_before_the_new_one() {
    each_way("late", |place| {
        let log = place.path("a.log");
        place.append("a.log", "before\n");
        let mut heard = place.follow(&["a.log"]);
        rotate(place, "a.log");
        place.append("a.log", "");
        place.append("a.log.1", "late\n");
        heard.until_ends(&log, "late\n");
        place.append("a.log", "new\n");
        heard.until_ends(&log, "new\n");
        assert_eq!(heard.text(&log), b"late\nnew\n");
    });
}

#[test]
fn half_a_line_at_the_end_of_a_finished_file_is_a_piece() {
    each_way("torn", |place| {
        let log = place.path("a.log");
        let mut heard = place.follow(&["a.log"]);
        place.append("a.log", "whole\ntorn");
        rotate(place, "a.log");
        place.append("a.log", "new\n");
        heard.until_ends(&log, "new\n");
        assert_eq!(heard.told()[1..], ["a.log.1, a piece: torn", "a.log: new\\n"]);
    });
}
