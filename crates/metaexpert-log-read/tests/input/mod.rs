//! Input of any bytes, and the assertions that hold for it. The fuzzer takes its own bytes, and
//! `any_input.rs` those of the seeds and changes of them.
#![allow(dead_code)] // No program uses all of it.

pub mod archive;
pub mod columns;
pub mod lines;
pub mod render;

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A directory for the files of one thread, removed at its end.
pub struct Scratch {
    directory: PathBuf,
}

impl Scratch {
    pub fn new() -> Scratch {
        static SERIAL: AtomicUsize = AtomicUsize::new(0);
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        let directory =
            std::env::temp_dir().join(format!("metaexpert-input-{}-{serial}", std::process::id()));
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir_all(&directory).unwrap();
        Scratch { directory }
    }

    /// The path of a file with these bytes.
    pub fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.directory.join(name);
        fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// `text` as a gzip file.
pub fn gzip(text: &[u8]) -> Vec<u8> {
    use std::io::Write;

    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// `text` as a zstd file.
pub fn zstd(text: &[u8]) -> Vec<u8> {
    zstd::encode_all(text, 1).unwrap()
}
