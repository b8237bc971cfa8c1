//! Finished files that are packed while they are followed.

use std::fs;

use crate::scene::{each_way, gzip, pack, rotate};

#[test]
fn the_rest_of_a_file_that_was_packed_comes_before_the_new_one() {
    each_way("packed", |place| {
        let log = place.path("a.log");
        place.append("a.log", "before\n");
        let mut heard = place.follow(&["a.log"]);
        place.append("a.log", "last\n");
        rotate(place, "a.log");
        pack(place, "a.log.1");
        place.append("a.log", "new\n");
        heard.until_ends(&log, "new\n");
        assert_eq!(heard.told(), ["a.log: last\\n", "a.log: new\\n"]);
    });
}

#[test]
fn files_that_were_rotated_and_packed_between_two_looks_are_unpacked() {
    for (name, packer) in [("zstd", pack as fn(&_, &_)), ("gzip", gzip)] {
        each_way(name, |place| {
            let log = place.path("a.log");
            place.append("a.log", "oldest\n");
            rotate(place, "a.log");
            packer(place, "a.log.1");
            place.append("a.log", "before\n");
            let mut heard = place.follow(&["a.log"]);
            let mut expected = String::new();
            for number in 0..5 {
                place.append("a.log", format!("line {number}\n"));
                expected += &format!("line {number}\n");
                rotate(place, "a.log");
                packer(place, "a.log.1");
            }
            place.append("a.log", "end\n");
            heard.until_ends(&log, "end\n");
            assert_eq!(String::from_utf8(heard.text(&log)).unwrap(), expected + "end\n");
        });
    }
}

#[test]
fn a_file_that_was_finished_before_is_not_read_once_it_is_packed() {
    each_way("old", |place| {
        let log = place.path("a.log");
        place.append("a.log.2", "oldest\n");
        place.append("a.log.1", "old\n");
        place.append("a.log", "before\n");
        let mut heard = place.follow(&["a.log"]);
        pack(place, "a.log.2");
        pack(place, "a.log.1");
        fs::remove_file(place.path("a.log")).unwrap();
        place.append("a.log", "new\n");
        heard.until_ends(&log, "new\n");
        assert_eq!(heard.text(&log), b"new\n");
    });
}

#[test]
fn a_copy_that_is_not_whole_yet_is_not_read() {
    each_way("making", |place| {
        let log = place.path("a.log");
        place.append("a.log", "before\n");
        let mut heard = place.follow(&["a.log"]);
        place.append("a.log", "last\n");
        rotate(place, "a.log");
        place.append("a.log.1.gz", b"\x1f\x8b\x08");
        place.append("a.log", "new\n");
        heard.until_ends(&log, "new\n");
        assert_eq!(heard.told(), ["a.log.1: last\\n", "a.log: new\\n"]);
    });
}

#[test]
fn a_damaged_file_gives_what_can_be_unpacked_and_is_told_once() {
    each_way("damaged", |place| {
        let log = place.path("a.log");
        let mut heard = place.follow(&["a.log"]);
        let text: String = (0..300_000).map(|number| format!("line {number}\n")).collect();
        place.append("a.log", &text);
        rotate(place, "a.log");
        pack(place, "a.log.1");
        let file = fs::OpenOptions::new().write(true).open(place.path("a.log.1.zst")).unwrap();
        file.set_len(file.metadata().unwrap().len() - 100).unwrap();
        place.append("a.log", "new\n");
        heard.until_ends(&log, "new\n");
        let mut told = heard.told();
        assert_eq!(told.pop().unwrap(), "a.log: new\\n");
        assert_eq!(told.pop().unwrap(), "a.log.1.zst is unreadable: UnexpectedEof");
        assert!(!told.is_empty() && told.iter().all(|told| told.starts_with("a.log.1.zst")));
        let given = heard.text(&log);
        assert!(text.as_bytes().starts_with(&given[..given.len() - "new\n".len()]));
    });
}
