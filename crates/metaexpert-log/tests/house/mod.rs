//! The files of a crate, and which of them use which, as the paths in their code have it. The binding's test
//! has this file too.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The modules of a crate that have a file, with their code.
pub struct House {
    modules: BTreeMap<String, String>,
}

impl House {
    /// The crate whose manifest lies in `folder`.
    pub fn of(folder: &str) -> House {
        let mut modules = BTreeMap::new();
        read(&Path::new(folder).join("src"), "", &mut modules);
        House { modules }
    }

    /// Panics if a room uses one that stands behind it in `rooms`, or has no place there.
    pub fn assert_order(&self, rooms: &[&str]) {
        let floor = |module: &str| {
            let room = module.split("::").nth(1).unwrap();
            let place = rooms.iter().position(|known| *known == room);
            place.unwrap_or_else(|| panic!("{room} has no place in the order"))
        };
        for (file, used) in uses(&self.modules) {
            if let Some(above) = used.iter().find(|used| floor(used) > floor(file)) {
                panic!("{file} uses {above}, which is above it");
            }
        }
    }

    /// Panics if a file uses itself through others.
    pub fn assert_no_circles(&self) {
        let mut left = uses(&self.modules);
        assert!(left.values().map(BTreeSet::len).sum::<usize>() > self.modules.len(), "{left:?}");
        // What uses nothing that is left, or is used by nothing that is left, is in no circle.
        loop {
            let used: BTreeSet<&str> = left.values().flatten().copied().collect();
            let (before, files) = (left.len(), left.keys().copied().collect::<BTreeSet<_>>());
            left.values_mut().for_each(|uses| uses.retain(|file| files.contains(file)));
            left.retain(|file, uses| used.contains(file) && !uses.is_empty());
            if left.len() == before {
                break;
            }
        }
        assert!(left.is_empty(), "{left:#?}");
    }
}

/// Adds every module that has a file, with its code: no comments, and no tests, which stand at a file's end.
fn read(folder: &Path, parent: &str, modules: &mut BTreeMap<String, String>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let module = format!("{parent}::{name}");
        if path.is_dir() {
            read(&path, &module, modules);
        } else if name != "lib" && name != "tests" {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.lines().take_while(|line| !line.ends_with("tests {"));
            let code: Vec<&str> = code.map(|line| line.split("//").next().unwrap()).collect();
            modules.insert(
                if name == "mod" { parent.to_owned() } else { module },
                code.join("\n").replace("(in crate::", "("),
            );
        }
    }
}

/// The paths in `code`; `a::{b, c::d}` is `a::b` and `a::c::d`.
fn paths(code: &str) -> Vec<String> {
    let (mut paths, mut outer, mut path) = (Vec::new(), Vec::new(), String::new());
    for letter in code.chars() {
        if letter.is_alphanumeric() || "_:".contains(letter) {
            path.push(letter);
        } else if letter == '{' {
            outer.push(if path.ends_with("::") { path.clone() } else { String::new() });
            path.clear();
        } else {
            if !path.is_empty() {
                paths.push(outer.concat() + &std::mem::take(&mut path));
            }
            if letter == '}' {
                outer.pop();
            }
        }
    }
    paths
}

/// The file that has what the module `here` calls `path`, or hands it on, if it is another of ours.
fn file_of<'m>(path: &str, here: &str, modules: &'m BTreeMap<String, String>) -> Option<&'m str> {
    let (mut rest, mut from) = (path, here);
    while let Some(path) = rest.strip_prefix("super::") {
        (rest, from) = (path, from.rsplit_once("::")?.0);
    }
    let mut file = rest.strip_prefix("crate").map_or_else(|| format!("{from}::{rest}"), str::to_owned);
    while !modules.contains_key(&file) {
        file.truncate(file.rfind("::")?);
    }
    // A bare name is that of a module within, or of no module.
    let is_named = rest != path || path.starts_with("crate") || file.len() > here.len();
    modules.get_key_value(&file).map(|(file, _)| file.as_str()).filter(|file| is_named && *file != here)
}

/// Which files each file uses, by their modules.
fn uses(modules: &BTreeMap<String, String>) -> BTreeMap<&str, BTreeSet<&str>> {
    let of = |(here, code): (&'_ String, &'_ String)| {
        paths(code).iter().filter_map(|path| file_of(path, here, modules)).collect()
    };
    modules.iter().map(|entry| (entry.0.as_str(), of(entry))).collect()
}
