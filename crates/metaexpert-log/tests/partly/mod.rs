//! A disk of which one directory fails, and the rest is sound.
#![allow(dead_code)] // No test program uses all of it.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use metaexpert_log::platform::disk::{Disk, FileId, Status, SystemDisk, Way};
use metaexpert_log::platform::faulty_disk::FaultyDisk;

/// What lies in `directory` is on `faulty`; a file counts as there by where it was opened.
pub struct PartlyFaulty {
    directory: PathBuf,
    faulty: Arc<FaultyDisk>,
    files: Mutex<HashSet<FileId>>,
}

impl PartlyFaulty {
    pub fn new(directory: &Path, faulty: Arc<FaultyDisk>) -> Arc<PartlyFaulty> {
        Arc::new(PartlyFaulty { directory: directory.to_owned(), faulty, files: Mutex::default() })
    }

    fn of(&self, path: &Path) -> &dyn Disk {
        if path.starts_with(&self.directory) { &*self.faulty } else { &SystemDisk }
    }

    fn with(&self, file: &File) -> &dyn Disk {
        if self.files.lock().unwrap().contains(&identity(file)) { &*self.faulty } else { &SystemDisk }
    }

    fn note(&self, path: &Path, file: File) -> File {
        if path.starts_with(&self.directory) {
            self.files.lock().unwrap().insert(identity(&file));
        }
        file
    }
}

fn identity(file: &File) -> FileId {
    let metadata = file.metadata().unwrap();
    FileId { dev: metadata.dev(), ino: metadata.ino() }
}

impl Disk for PartlyFaulty {
    fn create_directory(&self, path: &Path) -> io::Result<()> {
        self.of(path).create_directory(path)
    }

    fn open_append(&self, path: &Path) -> io::Result<File> {
        self.of(path).open_append(path).map(|file| self.note(path, file))
    }

    fn open_existing(&self, path: &Path) -> io::Result<File> {
        self.of(path).open_existing(path).map(|file| self.note(path, file))
    }

    fn check_directory(&self, path: &Path) -> io::Result<()> {
        self.of(path).check_directory(path)
    }

    fn open_read(&self, path: &Path) -> io::Result<File> {
        self.of(path).open_read(path).map(|file| self.note(path, file))
    }

    fn create_new(&self, path: &Path) -> io::Result<File> {
        self.of(path).create_new(path).map(|file| self.note(path, file))
    }

    fn write(&self, file: &File, bytes: &[u8]) -> io::Result<usize> {
        self.with(file).write(file, bytes)
    }

    fn read_at(&self, file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        self.with(file).read_at(file, bytes, offset)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        self.with(file).sync(file)
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        self.of(path).sync_directory(path)
    }

    fn truncate(&self, file: &File, len: u64) -> io::Result<()> {
        self.with(file).truncate(file, len)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.of(from).rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.of(path).remove(path)
    }

    fn status(&self, file: &File) -> io::Result<Status> {
        self.with(file).status(file)
    }

    fn status_at(&self, path: &Path) -> io::Result<Status> {
        self.of(path).status_at(path)
    }

    fn way(&self, path: &Path) -> io::Result<Way> {
        self.of(path).way(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        self.of(path).list(path)
    }

    fn imitate(&self, from: &File, to: &File) -> io::Result<()> {
        self.with(from).imitate(from, to)
    }
}
