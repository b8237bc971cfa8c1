//! Whose a log file is, and what it is: decided by locks and by what is there, never by numbers and names.

mod common;

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};

use common::{Scratch, configured, contents, names, open};
use metaexpert_log::config::Format;
use metaexpert_log::family::{Namesake, sibling};
use metaexpert_log::platform::disk::system;
use metaexpert_log::platform::faulty_disk::{FaultyDisk, Operation};
use metaexpert_log::sink::{Change, LogFile, Opener};
use serde_json::json;

const LINE: &[u8] = b"{\"n\":0001}\n";

/// Holds a file as another process does: by an opening that this process's table does not know.
fn held(path: &Path) -> File {
    let file = File::options().append(true).create(true).open(path).unwrap();
    // SAFETY: the descriptor is open.
    assert_eq!(unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) }, 0);
    file
}

fn own(scratch: &Scratch, ordinal: u32) -> PathBuf {
    sibling(&scratch.path("expert.log"), Namesake { process: std::process::id(), ordinal })
}

fn fifo(path: &Path) {
    let name = std::ffi::CString::new(path.to_str().unwrap()).unwrap();
    // SAFETY: the name is a C string.
    assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
}

#[test]
fn processes_of_one_number_write_each_a_file_of_its_own() {
    let scratch = Scratch::new("namesakes");
    let options = [scratch.path("expert.log"), own(&scratch, 1), own(&scratch, 2)].map(|path| held(&path));
    let config = configured(&scratch, json!({"max_size": 33, "backup_count": 3}));
    let mut file = open(&config, system());
    file.write(LINE).unwrap();
    assert_eq!(file.path(), own(&scratch, 3));
    // What one of the options gives up is not gone back to.
    drop(options);
    file.rotate(0).unwrap();
    file.write(LINE).unwrap();
    assert_eq!(file.path(), own(&scratch, 3));
    let empty = [scratch.path("expert.log"), own(&scratch, 1), own(&scratch, 2)];
    assert!(empty.iter().all(|path| fs::read(path).unwrap().is_empty()));
}

#[test]
fn a_name_that_another_process_takes_before_the_first_line_is_left_to_it() {
    let scratch = Scratch::new("taken");
    let mut file = open(&configured(&scratch, json!({})), system());
    let _other = held(&scratch.path("expert.log"));
    file.write(LINE).unwrap();
    assert_eq!(file.path(), own(&scratch, 1));
    assert!(fs::read(scratch.path("expert.log")).unwrap().is_empty());
}

#[test]
fn a_file_appears_with_its_first_line() {
    let scratch = Scratch::new("first-line");
    let mut file = open(&configured(&scratch, json!({"sync": "always"})), system());
    file.sync().unwrap();
    assert_eq!(file.look().unwrap(), Change::None);
    assert!(names(&scratch).is_empty() && file.is_rewritable() && file.size() == 0);
    file.write(LINE).unwrap();
    assert_eq!(names(&scratch), ["expert.log"]);
    drop(open(&configured(&scratch, json!({"delay": false, "path": scratch.path("other.log")})), system()));
    assert_eq!(names(&scratch), ["expert.log", "other.log"]);
}

#[test]
fn half_a_line_that_another_process_left_before_the_first_one_is_cut_off() {
    let scratch = Scratch::new("half");
    let mut file = open(&configured(&scratch, json!({})), system());
    fs::write(scratch.path("expert.log"), "{\"n\":0000}\n{\"ha").unwrap();
    file.write(LINE).unwrap();
    assert_eq!(contents(&scratch), ["{\"n\":0000}", "{\"n\":0001}"]);
    assert!(file.take_problem().unwrap().contains("torn"));
}

#[test]
fn a_file_that_cannot_be_made_is_an_error_when_it_is_configured_and_tried_again_later() {
    let scratch = Scratch::new("opener");
    let (config, disk) = (configured(&scratch, json!({})), FaultyDisk::new());
    disk.fail_from(0, &[Operation::OpenAppend], libc::EACCES);
    let refused =
        LogFile::open(&config, &Format::Json, disk.clone(), Opener::Configuration).err().unwrap().to_string();
    assert!(refused.starts_with("could not open log file"), "{refused}");
    let mut file = LogFile::open(&config, &Format::Json, disk.clone(), Opener::Restart).unwrap();
    assert_eq!(file.write(LINE).unwrap_err().raw_os_error(), Some(libc::EACCES));
    disk.heal();
    file.write(LINE).unwrap();
    assert_eq!(contents(&scratch).len(), 1);
}

#[test]
fn a_directory_of_the_file_s_name_is_an_error_that_says_what_to_do() {
    let scratch = Scratch::new("named-directory");
    fs::create_dir(scratch.path("expert.log")).unwrap();
    let config = configured(&scratch, json!({}));
    let refused =
        LogFile::open(&config, &Format::Json, system(), Opener::Configuration).err().unwrap().to_string();
    assert!(refused.ends_with("; name a file in it"), "{refused}");
}

#[test]
fn a_pipe_is_written_to_and_nothing_else() {
    let scratch = Scratch::new("pipe");
    let path = scratch.path("expert.log");
    fifo(&path);
    let config = configured(&scratch, json!({"max_size": 22, "backup_count": 3}));
    // Nobody reads: an error at once.
    let refused =
        LogFile::open(&config, &Format::Json, system(), Opener::Configuration).err().unwrap().to_string();
    assert!(refused.ends_with("if it is a pipe, start what reads it first"), "{refused}");
    let mut reader = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(&path).unwrap();
    let mut file = open(&config, system());
    (0..9).for_each(|_| assert_eq!(file.write(LINE).unwrap(), LINE.len()));
    assert!(!file.is_rewritable() && !file.is_due(0, LINE.len(), i64::MAX));
    file.cut_to(0).unwrap();
    assert_eq!((file.repair_last_line(true).unwrap(), file.cut_unfinished().unwrap()), (None, 0));
    assert_eq!(file.look().unwrap(), Change::None);
    let mut read = vec![0; 1000];
    assert_eq!(reader.read(&mut read).unwrap(), 9 * LINE.len());
    assert!(fs::metadata(&path).unwrap().file_type().is_fifo());
    assert_eq!(names(&scratch), ["expert.log"]);
}

#[test]
fn what_a_process_has_open_is_written_to_and_nothing_else_however_it_is_spelled() {
    for spelling in ["/proc/self/fd", "/dev/fd", "up"] {
        let scratch = Scratch::new("descriptor");
        let path = scratch.beside().join("stdout");
        let mut stream = File::options().append(true).create(true).open(&path).unwrap();
        stream.write_all(b"somebody's half a li").unwrap();
        let place = match spelling {
            "up" => format!("{}proc/self/fd", "../".repeat(20)),
            _ => spelling.to_owned(),
        };
        let target = format!("{place}/{}", stream.as_raw_fd());
        symlink(&target, scratch.path("stream")).unwrap();
        symlink("stream", scratch.path("expert.log")).unwrap();
        let options = json!({"max_size": 22, "backup_count": 3});
        let mut file = open(&configured(&scratch, options), system());
        assert!(!file.is_rewritable() && !file.is_due(0, LINE.len(), i64::MAX), "{target}");
        assert_eq!((file.repair_last_line(true).unwrap(), file.cut_unfinished().unwrap()), (None, 0));
        file.write(LINE).unwrap();
        file.cut_to(0).unwrap();
        assert!(fs::read(&path).unwrap().ends_with(LINE));
        // Two processes may write to it, under its own name as well.
        let straight = format!("/proc/self/fd/{}", stream.as_raw_fd());
        for options in [json!({}), json!({"path": straight})] {
            let mut second = open(&configured(&scratch, options), system());
            assert!(!second.is_rewritable());
            second.write(LINE).unwrap();
        }
        assert_eq!(fs::read(&path).unwrap().len(), 20 + 3 * LINE.len());
        assert_eq!(names(&scratch), ["expert.log", "stream"]);
    }
}

#[test]
fn a_link_to_a_file_is_followed_and_never_rotated() {
    let scratch = Scratch::new("link");
    let far = scratch.beside().join("far.log");
    fs::write(&far, "{\"n\":0000}\n{\"ha").unwrap();
    symlink(&far, scratch.path("expert.log")).unwrap();
    let mut file = open(&configured(&scratch, json!({"max_size": 22, "backup_count": 3})), system());
    assert!(file.repair_last_line(true).unwrap().is_some());
    (0..9).for_each(|_| assert_eq!(file.write(LINE).unwrap(), LINE.len()));
    assert!(file.is_rewritable() && !file.is_due(0, LINE.len(), i64::MAX));
    assert!(fs::symlink_metadata(scratch.path("expert.log")).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(&far).unwrap().lines().count(), 10);
    assert_eq!(names(&scratch), ["expert.log"]);
}

#[test]
fn what_is_unfinished_at_the_end_is_taken_back() {
    let scratch = Scratch::new("unfinished");
    let mut file = open(&configured(&scratch, json!({})), system());
    file.write(LINE).unwrap();
    assert_eq!(file.cut_unfinished().unwrap(), 0);
    file.write(&LINE[..5]).unwrap();
    assert_eq!((file.cut_unfinished().unwrap(), file.size()), (5, LINE.len() as u64));
    assert_eq!(contents(&scratch), ["{\"n\":0001}"]);
}
