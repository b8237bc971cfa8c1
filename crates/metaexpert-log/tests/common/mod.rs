//! Common parts of the tests of log files.
#![allow(dead_code)] // No test program uses all of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use metaexpert_log::config::{FileConfig, Format};
use metaexpert_log::platform::disk::{Disk, SystemDisk};
use metaexpert_log::sink::{LogFile, Opener, chain};
use serde_json::{Value as Json, json};

/// A directory of its own for each test, removed at its end.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new(name: &str) -> Scratch {
        static SERIAL: AtomicUsize = AtomicUsize::new(0);
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        let own = format!("metaexpert-files-{}-{serial}", std::process::id());
        let path = std::env::temp_dir().join(own).join(name);
        fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    /// A directory that is not the files' own.
    pub fn beside(&self) -> &Path {
        self.0.parent().unwrap()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let own = self.0.ancestors().find(|path| path.parent() == Some(&std::env::temp_dir())).unwrap();
        let _ = fs::remove_dir_all(own);
    }
}

/// The options of `expert.log`, with these.
pub fn configured(scratch: &Scratch, options: Json) -> FileConfig {
    let mut document = json!({"path": scratch.path("expert.log")});
    for (name, value) in options.as_object().unwrap() {
        document[name] = value.clone();
    }
    serde_json::from_value(document).unwrap()
}

/// The file, opened and in force.
pub fn open(config: &FileConfig, disk: Arc<dyn Disk>) -> LogFile {
    let mut file = LogFile::open(config, &Format::Json, disk, Opener::Configuration).unwrap();
    file.activate().unwrap();
    file
}

/// Waits until nothing is being packed.
pub fn settle(file: &LogFile) {
    assert!(file.settle(Instant::now() + Duration::from_secs(60)), "packing did not end");
}

/// The names in the directory, sorted.
pub fn names(scratch: &Scratch) -> Vec<String> {
    let all = fs::read_dir(scratch.path("")).unwrap();
    let mut names: Vec<_> = all.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The bytes of a file, unpacked if it is packed, whatever its name.
pub fn unpacked(path: &Path) -> Vec<u8> {
    let bytes = fs::read(path).unwrap();
    match packing(&bytes) {
        "gz" => {
            let mut unpacked = Vec::new();
            std::io::Read::read_to_end(&mut flate2::read::MultiGzDecoder::new(&bytes[..]), &mut unpacked)
                .unwrap();
            unpacked
        }
        "zst" => zstd::decode_all(&bytes[..]).unwrap(),
        _ => bytes,
    }
}

/// Whether the name says how the file is packed.
pub fn is_well_named(path: &Path) -> bool {
    let ending = path.extension().unwrap().to_str().unwrap();
    let said = if matches!(ending, "gz" | "zst") { ending } else { "" };
    packing(&fs::read(path).unwrap()) == said
}

fn packing(bytes: &[u8]) -> &'static str {
    match bytes {
        [0x1f, 0x8b, ..] => "gz",
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "zst",
        _ => "",
    }
}

/// Every line of `expert.log` and its finished files, oldest first; each must be whole.
pub fn contents(scratch: &Scratch) -> Vec<String> {
    let mut lines = Vec::new();
    for path in chain(&SystemDisk, &scratch.path("expert.log")).iter().rev() {
        assert!(is_well_named(path), "{}", path.display());
        let text = String::from_utf8(unpacked(path)).unwrap();
        assert!(text.is_empty() || text.ends_with('\n'), "torn: {}", path.display());
        lines.extend(text.lines().map(str::to_owned));
    }
    lines
}
