//! The family of a log: the names of all files that are written for one configured path.
//!
//! A *chain* is what one writer makes: its file, and the finished ones that rotation numbers, the newest with
//! 1: `expert.log`, `expert.log.1`, `expert.log.2.gz`. The *family* is the chain of the configured path and
//! those of processes that found it taken: `expert.4711.log`, `expert.4711-2.log` and theirs. Rotation,
//! recovery and readers all ask here which files belong together, and in which order.

use std::ffi::{OsStr, OsString};
use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::config::Compress;

/// What a writer adds to the configured name: the number of its process, and which one of that number it is,
/// from 1 on. Containers that share a directory have processes of equal numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Namesake {
    /// The number of the process.
    pub process: u32,
    /// Which of the processes with this number.
    pub ordinal: u32,
}

/// One file of a family. Files order by writer, the configured path's before those of processes, and from the
/// oldest of a writer to the one that is written; of a number that is there unpacked and packed, unpacked
/// comes first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Whose file it is; none for the writer that has the configured path.
    pub namesake: Option<Namesake>,
    /// 0 for the file that is written, 1 for the one that was finished last, and so on.
    pub number: u32,
    /// How it is packed, as its name says.
    pub packing: Compress,
    /// Where it lies.
    pub path: PathBuf,
}

impl Member {
    /// What `other` is in the family of `path`, if it belongs to it. Only names are compared.
    pub fn of(path: &Path, other: &Path) -> Option<Member> {
        let (name, other_name) = (path.file_name()?.as_bytes(), other.file_name()?.as_bytes());
        let own = other_name.strip_prefix(name).and_then(finished).map(|place| (None, place));
        let (namesake, (number, packing)) = own.or_else(|| of_process(path, other_name))?;
        Some(Member { namesake, number, packing, path: other.to_owned() })
    }

    fn key(&self) -> (Option<Namesake>, std::cmp::Reverse<u32>, u8) {
        (self.namesake, std::cmp::Reverse(self.number), self.packing as u8)
    }
}

impl Namesake {
    fn read(digits: &[u8]) -> Option<Namesake> {
        match digits.iter().position(|byte| *byte == b'-') {
            None => Some(Namesake { process: number(digits)?, ordinal: 1 }),
            Some(dash) => {
                let ordinal = number(&digits[dash + 1..]).filter(|ordinal| *ordinal > 1)?;
                Some(Namesake { process: number(&digits[..dash])?, ordinal })
            }
        }
    }
}

/// Those of `all` that belong to the family of `path`, in their order, a copy unpacked and packed as both.
pub fn members(path: &Path, all: impl IntoIterator<Item = PathBuf>) -> Vec<Member> {
    let mut found: Vec<Member> = all.into_iter().filter_map(|other| Member::of(path, &other)).collect();
    found.sort_by_key(Member::key);
    found
}

/// The family of `path` among `all`: each line of its writers is in one of these files. What is there
/// unpacked and packed under one number counts once, as the unpacked file, because its packing has not
/// finished.
pub fn family(path: &Path, all: impl IntoIterator<Item = PathBuf>) -> Vec<Member> {
    let mut found = members(path, all);
    found.dedup_by_key(|member| (member.namesake, member.number));
    found
}

/// `expert.log` → `expert.<process>.log`, and `expert.<process>-2.log` of the second process of that number.
/// A name without an extension gets one, because `expert.<process>` would be a finished file's name.
pub fn sibling(path: &Path, namesake: Namesake) -> PathBuf {
    let (stem, extension) = parts(path);
    let Namesake { process, ordinal } = namesake;
    let mut name = stem.to_owned();
    name.push(if ordinal > 1 { format!(".{process}-{ordinal}.") } else { format!(".{process}.") });
    name.push(extension);
    path.with_file_name(name)
}

/// `name.<number>`, with the ending of its packing.
pub fn numbered(path: &Path, number: u32, packing: Compress) -> PathBuf {
    let mut ending = format!(".{number}");
    if let Some(suffix) = suffix(packing) {
        let _ = write!(ending, ".{suffix}");
    }
    let mut name = OsString::from(path);
    name.push(ending);
    PathBuf::from(name)
}

fn suffix(packing: Compress) -> Option<&'static str> {
    match packing {
        Compress::None => None,
        Compress::Gzip => Some("gz"),
        Compress::Zstd => Some("zst"),
    }
}

/// Whose file it is among those of processes that found `path` taken, with its number and packing.
fn of_process(path: &Path, other_name: &[u8]) -> Option<(Option<Namesake>, (u32, Compress))> {
    let (stem, extension) = parts(path);
    let rest = other_name.strip_prefix(stem.as_bytes())?.strip_prefix(b".")?;
    let dot = rest.iter().position(|byte| *byte == b'.')?;
    let ending = rest[dot + 1..].strip_prefix(extension.as_bytes())?;
    Some((Some(Namesake::read(&rest[..dot])?), finished(ending)?))
}

/// The two parts of a name between which a process's number goes.
fn parts(path: &Path) -> (&OsStr, &OsStr) {
    (path.file_stem().unwrap_or_default(), path.extension().unwrap_or("log".as_ref()))
}

/// The number and the packing that the ending of a name says: nothing, `.2` or `.2.gz`.
fn finished(ending: &[u8]) -> Option<(u32, Compress)> {
    if ending.is_empty() {
        return Some((0, Compress::None));
    }
    let rest = ending.strip_prefix(b".")?;
    let (digits, suffix) = match rest.iter().position(|byte| *byte == b'.') {
        None => (rest, None),
        Some(dot) => (&rest[..dot], Some(&rest[dot + 1..])),
    };
    let packing = [Compress::None, Compress::Gzip, Compress::Zstd]
        .into_iter()
        .find(|packing| self::suffix(*packing).map(str::as_bytes) == suffix)?;
    Some((number(digits)?, packing))
}

/// A number from 1 on, as this library writes it: `01`, `+1` and `1 ` are other people's.
fn number(digits: &[u8]) -> Option<u32> {
    let is_number =
        digits.first().is_some_and(|first| *first != b'0') && digits.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(digits).ok().filter(|_| is_number)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(path: &str, all: &[&str]) -> Vec<String> {
        let found = family(Path::new(path), all.iter().map(PathBuf::from));
        found.iter().map(|member| member.path.to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_family_orders_writers_and_each_writers_files_from_the_oldest_on() {
        let all = [
            "expert.log",
            "expert.log.1",
            "expert.log.10.zst",
            "expert.log.2.gz",
            "expert.4711-2.log",
            "expert.4711.log.3",
            "expert.4711.log",
            "expert.99.log",
        ];
        let expected = [
            "expert.log.10.zst",
            "expert.log.2.gz",
            "expert.log.1",
            "expert.log",
            "expert.99.log",
            "expert.4711.log.3",
            "expert.4711.log",
            "expert.4711-2.log",
        ];
        assert_eq!(names("expert.log", &all), expected);
    }

    #[test]
    fn a_copy_unpacked_and_packed_counts_once_as_the_unpacked_one() {
        let all = ["a.log.2.zst", "a.log.2.gz", "a.log.2", "a.7.log.1.gz", "a.7.log.1"];
        assert_eq!(names("a.log", &all), ["a.log.2", "a.7.log.1"]);
    }

    #[test]
    fn what_only_looks_alike_is_no_member() {
        let others = [
            "b.log",
            "a.log2",
            "a.log.x",
            "a.log.0",
            "a.log.01",
            "a.log.+1",
            "a.log.3.bz2",
            "a.log.3.gz.7-1.part",
            "a.log.",
            "a.log.1.",
            "a.0.log",
            "a.7-1.log",
            "a.7-.log",
            "a.-2.log",
            "a.x.log",
            "a..log",
            "aa.log",
            "a.7.txt",
            "a.7.log.gz",
            "a.log.4294967296",
            "a.7",
            "a",
        ];
        assert_eq!(names("a.log", &others), [""; 0]);
    }

    #[test]
    fn a_name_without_an_extension_has_siblings_with_one() {
        let all = ["expert", "expert.1", "expert.7.log", "expert.7.log.1", "expert.7"];
        assert_eq!(
            names("expert", &all),
            ["expert.7", "expert.1", "expert", "expert.7.log.1", "expert.7.log"]
        );
    }

    #[test]
    fn the_process_id_goes_before_the_extension_and_never_looks_like_a_backup() {
        let of = |path: &str, ordinal| sibling(Path::new(path), Namesake { process: 7, ordinal });
        assert_eq!(of("logs/expert.log", 1), Path::new("logs/expert.7.log"));
        assert_eq!(of("logs/expert.log", 2), Path::new("logs/expert.7-2.log"));
        assert_eq!(of("logs/expert", 1), Path::new("logs/expert.7.log"));
    }

    fn packing() -> impl Strategy<Value = Compress> {
        prop_oneof![Just(Compress::None), Just(Compress::Gzip), Just(Compress::Zstd)]
    }

    proptest! {
        #[test]
        fn each_name_that_is_made_is_read_as_what_it_was_made_for(
            name in "[a-z.0-9-]{0,6}[a-z]",
            writer in proptest::option::of((1..=u32::MAX, 1..=300_u32)),
            number in 0..=u32::MAX,
            packing in packing(),
        ) {
            let path = Path::new("logs").join(&name);
            let namesake = writer.map(|(process, ordinal)| Namesake { process, ordinal });
            let own = namesake.map_or_else(|| path.clone(), |namesake| sibling(&path, namesake));
            let (made, packing) = match number {
                0 => (own, Compress::None),
                _ => (numbered(&own, number, packing), packing),
            };
            prop_assert_eq!(Member::of(&path, &made), Some(Member { namesake, number, packing, path: made }));
        }

        #[test]
        fn no_name_makes_it_panic(path in "\\PC{0,8}", other in "\\PC{0,12}") {
            let _ = Member::of(Path::new(&path), Path::new(&other));
        }
    }
}
