//! Everything that may happen to a log's files, in any order, with looks in between or none.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::time::Duration;

use metaexpert_log_read::{Content, Watch};

use crate::scene::{Heard, Place, Random, each_way, gzip, pack, rotate};

const LOG: &str = "a.log";
const SIBLING: &str = "a.7.log";

/// What may happen, with its name.
type Step = (&'static str, fn(&mut Scene));

/// A log with what was written to it, and a follower.
struct Scene {
    place: Place,
    heard: Heard,
    random: Random,
    /// How many lines were written, by the writer's file.
    written: BTreeMap<&'static str, usize>,
    seen: BTreeMap<&'static str, usize>,
    history: Vec<&'static str>,
}

impl Scene {
    fn lines(&mut self, writer: &'static str) -> String {
        let count = 1 + self.random.below(4);
        let number = self.written.entry(writer).or_default();
        let mut text = String::new();
        for _ in 0..count {
            *number += 1;
            text += &format!("{writer} {number} {}\n", "x".repeat(self.random.below(300) as usize));
        }
        text
    }

    fn append(&mut self, writer: &'static str) {
        let text = self.lines(writer);
        self.place.append(writer, text);
    }

    fn append_in_parts(&mut self) {
        let text = self.lines(LOG);
        let (one, other) = text.split_at(self.random.below(text.len() as u64) as usize);
        self.place.append(LOG, one);
        self.look();
        self.place.append(LOG, other);
    }

    fn has_current(&self) -> bool {
        fs::metadata(self.place.path(LOG)).is_ok_and(|found| found.len() > 0)
    }

    fn current(&self) -> File {
        OpenOptions::new().append(true).open(self.place.path(LOG)).unwrap()
    }

    /// The numbers of the finished files, with their endings.
    fn finished(&self) -> Vec<(u32, String)> {
        let names = fs::read_dir(&self.place.directory).unwrap().map(|entry| entry.unwrap().file_name());
        let ending = |name: String| {
            let rest = name.strip_prefix(&format!("{LOG}."))?.to_owned();
            let (number, ending) = rest.split_once('.').map_or((rest.as_str(), ""), |parts| parts);
            Some((number.parse().ok()?, ending.to_owned()))
        };
        let mut all: Vec<_> = names.filter_map(|name| ending(name.into_string().unwrap())).collect();
        all.sort();
        all
    }

    fn pack_one(&mut self) {
        let unpacked: Vec<u32> = self
            .finished()
            .into_iter()
            .filter(|(_, ending)| ending.is_empty())
            .map(|(number, _)| number)
            .collect();
        if !unpacked.is_empty() {
            let number = unpacked[self.random.below(unpacked.len() as u64) as usize];
            let packer = if self.random.below(2) == 0 { pack } else { gzip };
            packer(&self.place, &format!("{LOG}.{number}"));
        }
    }

    fn remove_oldest(&mut self) {
        if let Some((number, ending)) = self.finished().pop() {
            let dot = if ending.is_empty() { "" } else { "." };
            fs::remove_file(self.place.path(&format!("{LOG}.{number}{dot}{ending}"))).unwrap();
        }
    }

    /// A writer whose file was removed writes the last lines again.
    fn remove_current(&mut self) {
        let mut removed = self.current();
        fs::remove_file(self.place.path(LOG)).unwrap();
        let text = self.lines(LOG);
        removed.write_all(text.as_bytes()).unwrap();
        if self.random.below(2) == 0 {
            self.look();
        }
        self.place.append(LOG, text);
        // Once this line is seen, the new file is.
        self.append(LOG);
    }

    fn move_current_away(&mut self) {
        let mut moved = self.current();
        let name = format!("moved-{}", self.history.len());
        self.place.rename(LOG, &name);
        let text = self.lines(LOG);
        moved.write_all(text.as_bytes()).unwrap();
        self.append(LOG);
    }

    fn copy_and_truncate(&mut self) {
        self.append(LOG);
        let copy = self.place.path("copy");
        fs::copy(self.place.path(LOG), &copy).unwrap();
        let file = OpenOptions::new().write(true).open(self.place.path(LOG)).unwrap();
        let all = self.finished();
        for (number, ending) in all.iter().rev() {
            let dot = if ending.is_empty() { "" } else { "." };
            self.place.rename(
                &format!("{LOG}.{number}{dot}{ending}"),
                &format!("{LOG}.{}{dot}{ending}", number + 1),
            );
        }
        fs::rename(copy, self.place.path(&format!("{LOG}.1"))).unwrap();
        file.set_len(0).unwrap();
    }

    fn truncate(&mut self) {
        fs::write(self.place.path(LOG), "").unwrap();
    }

    fn replace_by_copy(&mut self) {
        fs::copy(self.place.path(LOG), self.place.path("saved")).unwrap();
        let text = self.lines(LOG);
        self.place.append("saved", text);
        self.place.rename("saved", LOG);
    }

    fn look(&mut self) {
        let found = self.heard.follower.wait(Some(Duration::ZERO)).unwrap();
        self.heard.all.extend(found);
        self.check();
    }

    /// Every line comes once, and in order.
    fn check(&mut self) {
        for appended in std::mem::take(&mut self.heard.all) {
            match appended.content {
                Content::Lines(lines) => {
                    for line in String::from_utf8(lines).unwrap().lines() {
                        let mut words = line.split(' ');
                        let writer = if words.next() == Some(LOG) { LOG } else { SIBLING };
                        let number: usize = words.next().unwrap().parse().unwrap();
                        let seen = self.seen.entry(writer).or_default();
                        *seen += 1;
                        assert_eq!(number, *seen, "{writer}, after {:?}", self.history);
                    }
                }
                Content::Piece(piece) => panic!("{} after {:?}", piece.escape_ascii(), self.history),
                Content::Unreadable(problem) => panic!("{problem} after {:?}", self.history),
                Content::Truncated | Content::Gone => {}
            }
        }
    }

    fn catch_up(&mut self) {
        for _ in 0..600 {
            if self.seen == self.written {
                return;
            }
            let found = self.heard.follower.wait(Some(Duration::from_millis(100))).unwrap();
            self.heard.all.extend(found);
            self.check();
        }
        panic!("of {:?} lines came {:?}, after {:?}", self.written, self.seen, self.history);
    }

    fn step(&mut self) {
        const ANY_TIME: [Step; 6] = [
            ("append", |scene| scene.append(LOG)),
            ("append in parts", Scene::append_in_parts),
            ("append to the sibling", |scene| scene.append(SIBLING)),
            ("rotate", |scene| rotate(&scene.place, LOG)),
            ("pack", Scene::pack_one),
            ("look", Scene::look),
        ];
        // What would lose lines that nobody has seen.
        const WHEN_SEEN: [Step; 6] = [
            ("remove the oldest", Scene::remove_oldest),
            ("remove", Scene::remove_current),
            ("move away", Scene::move_current_away),
            ("copy and truncate", Scene::copy_and_truncate),
            ("truncate", Scene::truncate),
            ("replace by a copy", Scene::replace_by_copy),
        ];
        let kind = self.random.below(30) as usize;
        let (name, act) = if kind < 24 { ANY_TIME[kind / 4] } else { WHEN_SEEN[kind - 24] };
        if self.has_current() || name.starts_with("append") {
            if kind >= 24 {
                self.catch_up();
            }
            self.history.push(name);
            act(self);
        }
    }
}

#[test]
fn each_line_comes_once_and_in_order_whatever_happens_to_the_files() {
    each_way("any", |place| {
        let (seeds, steps) = if place.watch == Watch::Inotify { (60, 80) } else { (2, 60) };
        for seed in 1..=seeds {
            fs::remove_dir_all(&place.directory).unwrap();
            fs::create_dir(&place.directory).unwrap();
            place.append(LOG, "before\n");
            let heard = place.follow(&[LOG]);
            let mut scene = Scene {
                place: place.clone(),
                heard,
                random: Random(seed * 7919),
                written: BTreeMap::new(),
                seen: BTreeMap::new(),
                history: Vec::new(),
            };
            (0..steps).for_each(|_| scene.step());
            scene.append(LOG);
            scene.catch_up();
        }
    });
}
