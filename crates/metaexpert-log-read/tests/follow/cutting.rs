//! Files that become shorter.

use std::fs::{self, OpenOptions};

use crate::scene::{Place, each_way, gzip};

fn cut(place: &Place, name: &str, bytes: u64) {
    OpenOptions::new().write(true).open(place.path(name)).unwrap().set_len(bytes).unwrap();
}

#[test]
fn a_truncated_file_is_read_from_its_beginning() {
    each_way("truncated", |place| {
        let log = place.path("a.log");
        place.append("a.log", "before\n");
        let mut heard = place.follow(&["a.log"]);
        cut(place, "a.log", 0);
        heard.until("the notice", |heard| heard.told() == ["a.log was truncated"]);
        place.append("a.log", "new\n");
        heard.until_ends(&log, "new\n");
        assert_eq!(heard.told(), ["a.log was truncated", "a.log: new\\n"]);
    });
}

#[test]
fn a_truncated_file_that_has_grown_beyond_its_former_size_is_known_by_its_beginning() {
    each_way("grown", |place| {
        let log = place.path("a.log");
        place.append("a.log", "before\n");
        let mut heard = place.follow(&["a.log"]);
        cut(place, "a.log", 0);
        place.append("a.log", "longer than before\nend\n");
        heard.until_ends(&log, "end\n");
        assert_eq!(heard.told(), ["a.log was truncated", "a.log: longer than before\\nend\\n"]);
    });
}

#[test]
fn what_was_copied_before_a_file_was_truncated_comes_from_the_copy() {
    for is_packed in [false, true] {
        each_way(if is_packed { "copied-packed" } else { "copied" }, |place| {
            let log = place.path("a.log");
            place.append("a.log.1", "oldest\n");
            place.append("a.log", "before\n");
            let mut heard = place.follow(&["a.log"]);
            place.append("a.log", "last\n");
            place.rename("a.log.1", "a.log.2");
            fs::copy(&log, place.path("a.log.1")).unwrap();
            cut(place, "a.log", 0);
            if is_packed {
                gzip(place, "a.log.1");
            }
            place.append("a.log", "new\n");
            heard.until_ends(&log, "new\n");
            let copy = if is_packed { "a.log.1.gz" } else { "a.log.1" };
            let expected = [&format!("{copy}: last\\n"), "a.log was truncated", "a.log: new\\n"];
            assert_eq!(heard.told(), expected);
        });
    }
}

#[test]
fn a_copy_of_the_written_file_is_not_read() {
    each_way("copy", |place| {
        let log = place.path("a.log");
        place.append("a.log", "before\n");
        let mut heard = place.follow(&["a.log"]);
        place.append("a.log", "one\n");
        heard.until_ends(&log, "one\n");
        fs::copy(&log, place.path("a.log.1")).unwrap();
        place.append("a.log", "two\n");
        heard.until_ends(&log, "two\n");
        cut(place, "a.log", 0);
        place.append("a.log", "new\n");
        heard.until_ends(&log, "new\n");
        assert_eq!(heard.text(&log), b"one\ntwo\nnew\n");
    });
}

#[test]
fn half_a_line_that_is_taken_back_never_comes() {
    each_way("taken-back", |place| {
        let log = place.path("a.log");
        let mut heard = place.follow(&["a.log", "b.log"]);
        place.append("a.log", "whole\nhalf");
        heard.until_ends(&log, "whole\n");
        cut(place, "a.log", 6);
        place.append("a.log", "other\n");
        heard.until_ends(&log, "other\n");
        assert_eq!(heard.told(), ["a.log: whole\\n", "a.log: other\\n"]);
    });
}

#[test]
fn a_file_whose_last_lines_are_cut_off_is_read_on_from_there() {
    each_way("shortened", |place| {
        let log = place.path("a.log");
        let (one, two) = ("1".repeat(70), "2".repeat(70));
        place.append("a.log", format!("{one}\n"));
        let mut heard = place.follow(&["a.log"]);
        place.append("a.log", format!("{two}\nthree\n"));
        heard.until_ends(&log, "three\n");
        cut(place, "a.log", 71 * 2);
        heard.until("the notice", |heard| heard.told().len() > 1);
        place.append("a.log", "four\n");
        heard.until_ends(&log, "four\n");
        let first = format!("a.log: {two}\\nthree\\n");
        assert_eq!(heard.told(), [&first, "a.log was truncated", "a.log: four\\n"]);
    });
}
