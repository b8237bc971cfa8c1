//! The family of a log among the files of a directory.

use std::fs;
use std::path::{Path, PathBuf};

use metaexpert_log_read::family;

/// An empty directory of the test's own.
fn scratch(test: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("metaexpert-family-{}-{test}", std::process::id()));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

fn names(path: &Path) -> Vec<String> {
    let found = family(path).unwrap();
    found.iter().map(|member| member.path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
}

#[test]
fn only_files_that_are_there_belong_to_it() {
    let directory = scratch("kinds");
    for name in ["a.log", "a.log.1.gz", "a.7.log", "b.log"] {
        fs::write(directory.join(name), name).unwrap();
    }
    fs::create_dir(directory.join("a.log.2")).unwrap();
    std::os::unix::fs::symlink(directory.join("b.log"), directory.join("a.log.3")).unwrap();
    std::os::unix::fs::symlink(directory.join("nowhere"), directory.join("a.log.4")).unwrap();
    assert_eq!(names(&directory.join("a.log")), ["a.log.3", "a.log.1.gz", "a.log", "a.7.log"]);
    fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn a_log_whose_file_was_moved_away_has_the_rest_of_its_family() {
    let directory = scratch("moved");
    fs::write(directory.join("a.log.1"), "").unwrap();
    assert_eq!(names(&directory.join("a.log")), ["a.log.1"]);
    fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn a_directory_that_is_not_there_is_an_error() {
    assert!(family(&scratch("gone").join("no/a.log")).is_err());
}
