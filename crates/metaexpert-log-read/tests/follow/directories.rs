//! Directories that come and go, and links.

use std::fs;
use std::os::unix::fs::symlink;

use crate::scene::each_way;

#[test]
fn a_directory_that_is_made_later_is_followed_from_its_first_line() {
    each_way("later", |place| {
        let log = place.path("new/deep/a.log");
        let mut heard = place.follow(&["new/deep/a.log"]);
        fs::create_dir(place.path("new")).unwrap();
        fs::create_dir(place.path("new/deep")).unwrap();
        place.append("new/deep/a.log", "first\n");
        heard.until_ends(&log, "first\n");
        place.append("new/deep/a.log", "second\n");
        heard.until_ends(&log, "second\n");
        assert_eq!(heard.text(&log), b"first\nsecond\n");
    });
}

#[test]
fn a_directory_that_is_removed_and_made_again_is_followed_on() {
    each_way("removed", |place| {
        let log = place.path("logs/a.log");
        fs::create_dir(place.path("logs")).unwrap();
        place.append("logs/a.log", "before\n");
        let mut heard = place.follow(&["logs/a.log"]);
        place.append("logs/a.log", "last\n");
        fs::remove_dir_all(place.path("logs")).unwrap();
        heard.until("the notice", |heard| heard.told().len() > 1);
        fs::create_dir(place.path("logs")).unwrap();
        place.append("logs/a.log", "new\n");
        heard.until_ends(&log, "new\n");
        assert_eq!(heard.told(), ["a.log: last\\n", "a.log is gone", "a.log: new\\n"]);
    });
}

#[test]
fn a_directory_that_is_moved_away_and_made_again_is_followed_at_its_path() {
    each_way("moved", |place| {
        let log = place.path("logs/a.log");
        fs::create_dir(place.path("logs")).unwrap();
        place.append("logs/a.log", "before\n");
        let mut heard = place.follow(&["logs/a.log"]);
        place.append("logs/a.log", "last\n");
        place.rename("logs", "logs.old");
        place.append("logs.old/a.log", "late\n");
        heard.until_ends(&log, "late\n");
        place.append("logs.old/a.log", "later\n");
        heard.until_ends(&log, "later\n");
        fs::create_dir(place.path("logs")).unwrap();
        place.append("logs/a.log", "new\n");
        heard.until_ends(&log, "new\n");
        place.append("logs/a.log", "newer\n");
        heard.until_ends(&log, "newer\n");
        assert_eq!(heard.text(&log), b"last\nlate\nlater\nnew\nnewer\n");
    });
}

#[test]
fn a_directory_that_cannot_be_listed_is_told_of_once() {
    each_way("unlisted", |place| {
        let log = place.path("logs/a.log");
        fs::create_dir(place.path("logs")).unwrap();
        let mut heard = place.follow(&["logs/a.log", "b.log"]);
        fs::remove_dir(place.path("logs")).unwrap();
        place.append("logs", "a file\n");
        heard.until("the notice", |heard| !heard.all.is_empty());
        for number in 0..3 {
            place.append("b.log", format!("{number}\n"));
            heard.until_ends(&place.path("b.log"), &format!("{number}\n"));
        }
        assert_eq!(heard.told()[0], "logs is unreadable: NotADirectory");
        assert!(heard.told()[1..].iter().all(|told| told.starts_with("b.log")));
        fs::remove_file(place.path("logs")).unwrap();
        fs::create_dir(place.path("logs")).unwrap();
        place.append("logs/a.log", "new\n");
        heard.until_ends(&log, "new\n");
    });
}

#[test]
fn the_file_behind_a_link_is_followed_and_so_is_the_next_one() {
    each_way("link", |place| {
        let log = place.path("logs/a.log");
        fs::create_dir(place.path("logs")).unwrap();
        fs::create_dir(place.path("data")).unwrap();
        place.append("data/one", "before\n");
        symlink(place.path("data/one"), &log).unwrap();
        let mut heard = place.follow(&["logs/a.log"]);
        place.append("data/one", "last\n");
        heard.until_ends(&log, "last\n");
        place.append("data/two", "new\n");
        symlink(place.path("data/two"), place.path("logs/next")).unwrap();
        place.rename("logs/next", "logs/a.log");
        heard.until_ends(&log, "new\n");
        place.append("data/two", "newer\n");
        heard.until_ends(&log, "newer\n");
        assert_eq!(heard.text(&log), b"last\nnew\nnewer\n");
    });
}

#[test]
fn a_link_to_a_directory_is_followed() {
    each_way("linked", |place| {
        let log = place.path("logs/a.log");
        fs::create_dir(place.path("data")).unwrap();
        symlink(place.path("data"), place.path("logs")).unwrap();
        let mut heard = place.follow(&["logs/a.log"]);
        place.append("data/a.log", "first\n");
        heard.until_ends(&log, "first\n");
        assert_eq!(heard.text(&log), b"first\n");
    });
}

#[test]
fn a_file_that_is_written_under_a_name_elsewhere_is_followed() {
    each_way("elsewhere", |place| {
        let log = place.path("logs/a.log");
        fs::create_dir(place.path("logs")).unwrap();
        fs::create_dir(place.path("data")).unwrap();
        place.append("data/real", "before\n");
        fs::hard_link(place.path("data/real"), &log).unwrap();
        let mut heard = place.follow(&["logs/a.log"]);
        for line in ["first\n", "second\n"] {
            place.append("data/real", line);
            heard.until_ends(&log, line);
        }
        assert_eq!(heard.text(&log), b"first\nsecond\n");
    });
}
