//! Very many writers.

use std::fs;

use crate::scene::{Heard, Place, each_way, pack, rotate};

const WRITERS: usize = 300;

fn name(writer: usize) -> String {
    format!("a.{}.log", 1000 + writer)
}

/// How many files of the place are open.
fn open_files(place: &Place) -> usize {
    let all = fs::read_dir("/proc/self/fd").unwrap();
    let paths = all.filter_map(|entry| fs::read_link(entry.unwrap().path()).ok());
    paths.filter(|path| path.starts_with(&place.directory) && *path != place.directory).count()
}

fn followed(place: &Place) -> Heard {
    for writer in 0..WRITERS {
        place.append(&name(writer), format!("before {writer}\n"));
    }
    let heard = place.follow(&["a.log"]);
    assert!(open_files(place) <= 128, "{} files are open", open_files(place));
    heard
}

#[test]
fn files_of_many_writers_are_opened_when_there_is_more() {
    each_way("many", |place| {
        let log = place.path("a.log");
        let mut heard = followed(place);
        for writer in (0..WRITERS).rev() {
            place.append(&name(writer), format!("more {writer}\n"));
        }
        heard.until("all lines", |heard| heard.text(&log).split(|byte| *byte == b'\n').count() > WRITERS);
        for (writer, appended) in (0..WRITERS).map(|writer| {
            let file = place.path(&name(writer));
            (writer, heard.all.iter().filter(move |appended| appended.file == file).collect::<Vec<_>>())
        }) {
            assert_eq!(appended.len(), 1, "{writer}");
        }
        assert!(String::from_utf8(heard.text(&log)).unwrap().lines().all(|line| line.starts_with("more ")));
    });
}

#[test]
fn a_closed_file_is_read_on_wherever_its_rest_is() {
    each_way("asleep", |place| {
        let log = place.path("a.log");
        let mut heard = followed(place);
        let (renamed, packed, removed, cut) = (name(250), name(260), name(270), name(280));
        place.append(&renamed, "renamed\n");
        rotate(place, &renamed);
        place.append(&packed, "packed\n");
        rotate(place, &packed);
        pack(place, &format!("{packed}.1"));
        fs::remove_file(place.path(&removed)).unwrap();
        fs::write(place.path(&cut), "cut\n").unwrap();
        for name in [&renamed, &packed, &removed, &cut] {
            place.append(name, "new\n");
        }
        heard.until("all lines", |heard| heard.text(&log).len() >= "renamed\npacked\ncut\n".len() + 4 * 4);
        let lines_of = |name: &str| {
            let told = heard.told();
            let told = told.iter().filter(|told| told.starts_with(name)).map(|told| told.replace(name, ""));
            told.collect::<Vec<_>>().concat()
        };
        assert_eq!(lines_of(&renamed), ".1: renamed\\n: new\\n");
        // The new file may have the identity of the old one: then it looks as if that had been cut.
        let packed = lines_of(&packed).replace(" was truncated", "");
        assert_eq!(packed, ".1.zst: packed\\n: new\\n");
        let removed = lines_of(&removed);
        assert!([" is gone: new\\n", " was truncated: new\\n"].contains(&removed.as_str()), "{removed}");
        assert_eq!(lines_of(&cut), " was truncated: cut\\nnew\\n");
    });
}
