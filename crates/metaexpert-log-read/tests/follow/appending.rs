//! Lines that are appended to a log's files.

use std::fs;

use metaexpert_log_read::Follower;

use crate::scene::{Heard, each_way};

#[test]
fn what_is_appended_comes_from_the_last_line_break_on() {
    each_way("appended", |place| {
        place.append("a.log", "before\nhalf");
        let mut heard = place.follow(&["a.log"]);
        place.append("a.log", " a line\nnext\n");
        heard.until_ends(&place.path("a.log"), "next\n");
        assert_eq!(heard.text(&place.path("a.log")), b"half a line\nnext\n");
    });
}

#[test]
fn positions_and_what_follows_make_the_whole_text() {
    each_way("positions", |place| {
        place.append("a.log.1", "oldest\n");
        place.append("a.log", "older\nhalf");
        let mut heard = place.follow(&["a.log"]);
        let positions: Vec<_> = heard.follower.positions().to_vec();
        place.append("a.log", " a line\n");
        heard.until_ends(&place.path("a.log"), "line\n");
        let before = positions.iter().map(|position| {
            let text = fs::read(&position.file).unwrap();
            String::from_utf8(text[..position.end_bytes as usize].to_vec()).unwrap()
        });
        assert_eq!(before.collect::<String>(), "oldest\nolder\n");
        assert_eq!(heard.text(&place.path("a.log")), b"half a line\n");
    });
}

#[test]
fn half_a_line_is_held_until_its_end_comes() {
    each_way("half", |place| {
        let mut heard = place.follow(&["a.log", "b.log"]);
        place.append("a.log", "half");
        place.append("b.log", "whole\n");
        heard.until_ends(&place.path("b.log"), "whole\n");
        assert_eq!(heard.text(&place.path("a.log")), b"");
        place.append("a.log", " and half\n");
        heard.until_ends(&place.path("a.log"), "half\n");
        assert_eq!(heard.text(&place.path("a.log")), b"half and half\n");
    });
}

#[test]
fn bytes_come_as_they_are() {
    each_way("bytes", |place| {
        let mut heard = place.follow(&["a.log"]);
        let bytes = b"\xef\xbb\xbfcr\r\n\0\0\0\n\xff\xfe\x1b[31m\n\n\n";
        place.append("a.log", bytes);
        place.append("a.log", "end\n");
        heard.until_ends(&place.path("a.log"), "end\n");
        assert_eq!(heard.text(&place.path("a.log")), [&bytes[..], b"end\n"].concat());
    });
}

#[test]
fn a_new_process_is_followed_from_its_first_line() {
    each_way("sibling", |place| {
        place.append("a.log", "before\n");
        let mut heard = place.follow(&["a.log"]);
        place.append("a.4711.log", "first\n");
        place.append("a.4711.log", "second\n");
        let log = place.path("a.log");
        heard.until_ends(&log, "second\n");
        assert_eq!(heard.text(&log), b"first\nsecond\n");
        assert!(heard.all.iter().all(|appended| appended.file == place.path("a.4711.log")));
    });
}

#[test]
fn other_files_of_the_directory_are_none_of_its() {
    each_way("others", |place| {
        let mut heard = place.follow(&["a.log"]);
        for name in ["b.log", "a.log.1.gz.7-1.part", "a.txt", "a.log.bak"] {
            place.append(name, "other\n");
        }
        fs::create_dir(place.path("a.7.log")).unwrap();
        place.append("a.log", "own\n");
        heard.until_ends(&place.path("a.log"), "own\n");
        assert_eq!(heard.told(), ["a.log: own\\n"]);
    });
}

#[test]
fn a_line_longer_than_8_mib_comes_in_pieces() {
    each_way("long", |place| {
        let mut heard = place.follow(&["a.log"]);
        let long = "x".repeat(9 << 20);
        place.append("a.log", &long);
        heard.until("a piece", |heard| !heard.all.is_empty());
        place.append("a.log", "y\nend\n");
        heard.until_ends(&place.path("a.log"), "end\n");
        assert_eq!(heard.text(&place.path("a.log")), format!("{long}y\nend\n").as_bytes());
        let last = heard.told().pop().unwrap();
        assert_eq!(last, "a.log: end\\n");
        assert!(heard.told().iter().rev().skip(1).all(|told| told.starts_with("a.log, a piece: ")));
    });
}

#[test]
fn much_at_once_comes_in_bounded_parts_of_whole_lines() {
    each_way("much", |place| {
        let mut heard = place.follow(&["a.log"]);
        let text: String = (0..400_000).map(|number| format!("line {number}\n")).collect();
        place.append("a.log", &text);
        heard.until_ends(&place.path("a.log"), "line 399999\n");
        assert_eq!(heard.text(&place.path("a.log")), text.as_bytes());
        assert!(heard.told().iter().all(|told| told.len() < 2 << 20 && told.ends_with("\\n")));
        assert!(heard.all.len() > 3);
    });
}

#[test]
fn logs_of_a_directory_are_followed_that_appear_later() {
    each_way("found", |place| {
        place.append("a.log", "before\n");
        let logs = |directory: &std::path::Path| {
            let files = fs::read_dir(directory)?.map(|entry| entry.unwrap().path());
            Ok(files.filter(|file| file.extension().is_some_and(|ending| ending == "log")).collect())
        };
        let follower = Follower::of_directory(place.directory.clone(), logs, place.watch).unwrap();
        let mut heard = Heard::new(follower);
        place.append("b.log", "new\n");
        place.append("c.txt", "other\n");
        heard.until_ends(&place.path("b.log"), "new\n");
        assert_eq!(heard.told(), ["b.log: new\\n"]);
    });
}
