//! The logs of a directory.

use std::fs;

use metaexpert_log_read::logs;

#[test]
fn each_log_is_named_once_as_it_is_configured() {
    let directory = std::env::temp_dir().join(format!("metaexpert-logs-{}", std::process::id()));
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(directory.join("folder.log")).unwrap();
    for name in [
        "expert.log",
        "expert.log.1",
        "expert.log.2.gz",
        "expert.4711.log",
        "expert.4711-2.log.1.zst",
        "trades.log.3.zst",
        "gone.9.log",
        "events.jsonl",
        "logging_errors.log",
        "logging_errors.log.1",
        "notes.txt",
        "state.json",
        ".gz",
    ] {
        fs::write(directory.join(name), "").unwrap();
    }
    let found = logs(&directory).unwrap();
    let names: Vec<_> = found.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["events.jsonl", "expert.log", "gone.9.log", "trades.log"]);
    assert!(logs(&directory.join("nowhere")).is_err());
    fs::remove_dir_all(&directory).unwrap();
}
