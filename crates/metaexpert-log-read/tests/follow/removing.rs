//! Files that are removed, made again and replaced.

use std::fs;
use std::io::Write;

use crate::scene::each_way;

#[test]
fn a_file_that_is_made_again_is_read_from_its_beginning() {
    each_way("again", |place| {
        let log = place.path("a.log");
        place.append("a.log", "before\n");
        let mut heard = place.follow(&["a.log"]);
        place.append("a.log", "last\n");
        fs::remove_file(&log).unwrap();
        heard.until("the notice", |heard| heard.told().len() > 1);
        place.append("a.log", "new\n");
        heard.until_ends(&log, "new\n");
        assert_eq!(heard.told(), ["a.log: last\\n", "a.log is gone", "a.log: new\\n"]);
    });
}

#[test]
fn lines_that_a_writer_repeats_because_its_file_was_removed_come_once() {
    for is_seen in [false, true] {
        each_way(if is_seen { "repeated-seen" } else { "repeated" }, |place| {
            let log = place.path("a.log");
            place.append("a.log", "before\n");
            let mut heard = place.follow(&["a.log"]);
            let mut removed = fs::OpenOptions::new().append(true).open(&log).unwrap();
            removed.write_all(b"one\n").unwrap();
            fs::remove_file(&log).unwrap();
            removed.write_all(b"two\nthree\n").unwrap();
            if is_seen {
                heard.until_ends(&log, "three\n");
            }
            place.append("a.log", "two\n");
            place.append("a.log", "three\nfour\n");
            heard.until_ends(&log, "four\n");
            assert_eq!(heard.text(&log), b"one\ntwo\nthree\nfour\n");
        });
    }
}

#[test]
fn a_file_that_is_replaced_by_a_longer_copy_of_itself_is_read_on() {
    each_way("copied", |place| {
        let log = place.path("a.log");
        let before: String = (0..20_000).map(|number| format!("line {number}\n")).collect();
        place.append("a.log", &before);
        let mut heard = place.follow(&["a.log"]);
        fs::copy(&log, place.path("saved")).unwrap();
        place.append("saved", "added\n");
        place.rename("saved", "a.log");
        heard.until_ends(&log, "added\n");
        place.append("a.log", "new\n");
        heard.until_ends(&log, "new\n");
        assert_eq!(heard.text(&log), b"added\nnew\n");
    });
}

#[test]
fn a_file_that_is_replaced_by_another_is_read_from_its_beginning() {
    each_way("replaced", |place| {
        let log = place.path("a.log");
        place.append("a.log", "before\n");
        let mut heard = place.follow(&["a.log"]);
        place.append("other", "other\nlines\n");
        place.rename("other", "a.log");
        heard.until_ends(&log, "lines\n");
        assert_eq!(heard.told(), ["a.log is gone", "a.log: other\\nlines\\n"]);
    });
}

#[test]
fn a_removed_file_is_told_of_once() {
    each_way("once", |place| {
        place.append("a.log", "before\n");
        let mut heard = place.follow(&["a.log", "b.log"]);
        fs::remove_file(place.path("a.log")).unwrap();
        for name in ["a.log.x", "b.log", "b.log.1", "a.7.log"] {
            place.append(name, "line\n");
            heard.until("the notice", |heard| heard.told().contains(&"a.log is gone".into()));
        }
        heard.until_ends(&place.path("a.log"), "line\n");
        let told = heard.told();
        assert_eq!(told.iter().filter(|told| *told == "a.log is gone").count(), 1, "{told:?}");
    });
}
