//! Files that are renamed, as rotation does.

use crate::scene::{each_way, rotate};

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

#[test]
fn a_finished_file_that_gets_lines_after_all_is_read_on() {
    each_way("after-all", |place| {
        let log = place.path("a.log");
        place.append("a.log", "before\n");
        let mut heard = place.follow(&["a.log"]);
        place.append("a.log", "last\n");
        rotate(place, "a.log");
        place.append("a.log", "new\n");
        heard.until_ends(&log, "new\n");
        place.append("a.log.1", "late\n");
        heard.until_ends(&log, "late\n");
        rotate(place, "a.log");
        place.append("a.log", "newer\n");
        heard.until_ends(&log, "newer\n");
        place.append("a.log.2", "la");
        place.append("a.log", "newest\n");
        heard.until_ends(&log, "newest\n");
        place.append("a.log.2", "test\n");
        heard.until_ends(&log, "latest\n");
        assert_eq!(heard.text(&log), b"last\nnew\nlate\nnewer\nnewest\nlatest\n");
    });
}

#[test]
fn a_rotation_that_is_undone_changes_nothing() {
    each_way("undone", |place| {
        let log = place.path("a.log");
        place.append("a.log", "before\n");
        let mut heard = place.follow(&["a.log", "b.log"]);
        rotate(place, "a.log");
        place.append("b.log", "seen\n");
        heard.until_ends(&place.path("b.log"), "seen\n");
        place.rename("a.log.1", "a.log");
        place.append("a.log", "next\n");
        heard.until_ends(&log, "next\n");
        assert_eq!(heard.text(&log), b"next\n");
    });
}

#[test]
fn a_file_of_another_that_gets_its_number_from_the_system_is_new() {
    each_way("number", |place| {
        let log = place.path("a.log");
        place.append("a.log.1", "oldest\n");
        place.append("a.log", "before\n");
        let mut heard = place.follow(&["a.log"]);
        let mut expected = String::new();
        // The file system gives the identity of what is removed to what is made next, where it can.
        for number in 0..20 {
            std::fs::remove_file(place.path("a.log.1")).unwrap();
            place.rename("a.log", "a.log.1");
            place.append("a.log", format!("line {number}\n"));
            expected += &format!("line {number}\n");
            heard.until_ends(&log, &expected);
        }
        assert_eq!(heard.text(&log), expected.as_bytes());
    });
}

#[test]
fn a_file_of_the_time_before_is_not_read_when_the_one_after_it_moves_away() {
    each_way("elsewhere", |place| {
        let log = place.path("a.log");
        place.append("a.log.1", "oldest\n");
        place.append("a.log", "before\n");
        let mut heard = place.follow(&["a.log"]);
        place.append("a.log", "last\n");
        place.rename("a.log", "a-20261201");
        place.append("a.log", "new\n");
        heard.until_ends(&log, "new\n");
        assert_eq!(heard.text(&log), b"last\nnew\n");
    });
}
