//! A directory, and what a follower has given of it.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use metaexpert_log_read::{Appended, Content, Follower, Watch};

/// Longer than anything takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// An empty directory of the test's own.
#[derive(Clone)]
pub struct Place {
    pub directory: PathBuf,
    pub watch: Watch,
}

/// Runs `test` with both ways of learning of changes.
pub fn each_way(name: &str, test: impl Fn(&Place)) {
    for watch in [Watch::Inotify, Watch::Poll] {
        let process = std::process::id();
        let directory = std::env::temp_dir().join(format!("metaexpert-follow-{process}-{name}-{watch:?}"));
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir_all(&directory).unwrap();
        test(&Place { directory: directory.clone(), watch });
        let _ = fs::remove_dir_all(&directory);
    }
}

impl Place {
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    pub fn append(&self, name: &str, text: impl AsRef<[u8]>) {
        let mut file = OpenOptions::new().append(true).create(true).open(self.path(name)).unwrap();
        file.write_all(text.as_ref()).unwrap();
    }

    pub fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }

    pub fn follow(&self, logs: &[&str]) -> Heard {
        let logs = logs.iter().map(|name| self.path(name)).collect();
        Heard::new(Follower::new(logs, self.watch).unwrap())
    }
}

/// What a follower has given.
pub struct Heard {
    pub follower: Follower,
    pub all: Vec<Appended>,
}

impl Heard {
    pub fn new(follower: Follower) -> Heard {
        Heard { follower, all: Vec::new() }
    }

    /// Waits until `is_enough` of what has come. Panics if it never is.
    pub fn until(&mut self, what: &str, is_enough: impl Fn(&Heard) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_enough(self) {
            assert!(Instant::now() < deadline, "{what} never came; there is {:?}", self.told());
            self.all.extend(self.follower.wait(Some(Duration::from_millis(100))).unwrap());
        }
    }

    /// Waits until the text of the log ends with `ending`.
    pub fn until_ends(&mut self, log: &Path, ending: &str) {
        self.until(ending, |heard| heard.text(log).ends_with(ending.as_bytes()));
    }

    /// All lines of one log, and pieces of lines, as they came.
    pub fn text(&self, log: &Path) -> Vec<u8> {
        let of_log = self.all.iter().filter(|appended| appended.log == log);
        let bytes = of_log.filter_map(|appended| match &appended.content {
            Content::Lines(bytes) | Content::Piece(bytes) => Some(bytes.as_slice()),
            _ => None,
        });
        bytes.collect::<Vec<_>>().concat()
    }

    /// Everything in one line each: the file's name, and what came of it.
    pub fn told(&self) -> Vec<String> {
        let tell = |appended: &Appended| {
            let name = appended.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            match &appended.content {
                Content::Lines(bytes) => format!("{name}: {}", bytes.escape_ascii()),
                Content::Piece(bytes) => format!("{name}, a piece: {}", bytes.escape_ascii()),
                Content::Truncated => format!("{name} was truncated"),
                Content::Gone => format!("{name} is gone"),
                Content::Unreadable(problem) => format!("{name} is unreadable: {:?}", problem.kind()),
            }
        };
        self.all.iter().map(tell).collect()
    }
}

/// Moves `name` and what was finished before up by one number.
pub fn rotate(place: &Place, name: &str) {
    let numbered = |number: u32, ending: &str| format!("{name}.{number}{ending}");
    let is_there = |number: u32, ending: &str| place.path(&numbered(number, ending)).exists();
    const ENDINGS: [&str; 3] = ["", ".gz", ".zst"];
    let last = (1..).find(|number| !ENDINGS.iter().any(|ending| is_there(*number, ending))).unwrap();
    for number in (1..last).rev() {
        for ending in ENDINGS.into_iter().filter(|ending| is_there(number, ending)) {
            place.rename(&numbered(number, ending), &numbered(number + 1, ending));
        }
    }
    place.rename(name, &numbered(1, ""));
}

/// Packs `name` as the logging system does: in two renamings.
pub fn pack(place: &Place, name: &str) {
    let packed = zstd::encode_all(fs::File::open(place.path(name)).unwrap(), 0).unwrap();
    place.append("in-the-making.part", packed);
    place.rename("in-the-making.part", name);
    place.rename(name, &format!("{name}.zst"));
}

/// Packs `name` as gzip(1) does.
pub fn gzip(place: &Place, name: &str) {
    let file = fs::File::create(place.path(&format!("{name}.gz"))).unwrap();
    let mut packer = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    packer.write_all(&fs::read(place.path(name)).unwrap()).unwrap();
    packer.finish().unwrap();
    fs::remove_file(place.path(name)).unwrap();
}

/// Numbers that look random and are the same each time (xorshift).
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}
