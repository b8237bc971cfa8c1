//! Packing of one file into another, with gzip or zstd.

use std::fs::File;
use std::io::{self, Read, Write};

use crate::config::Compress;
use crate::platform::disk::Disk;

const BLOCK_BYTES: usize = 128 << 10;
const GZIP_LEVEL: u32 = 6;
const ZSTD_LEVEL: i32 = 3;

/// Writes `source` into `target` as `packing` says, until `is_unwanted` turns true, which is an error.
/// Returns how many bytes were read.
pub(super) fn write_packed(
    packing: Compress,
    disk: &dyn Disk,
    source: &File,
    target: &File,
    is_unwanted: impl Fn() -> bool,
) -> io::Result<u64> {
    let mut input = Input { disk, file: source, offset: 0, is_unwanted };
    let mut output = Output { disk, file: target };
    match packing {
        Compress::Gzip => {
            let mut packer = flate2::write::GzEncoder::new(output, flate2::Compression::new(GZIP_LEVEL));
            copy(&mut input, &mut packer)?;
            packer.finish()?;
        }
        Compress::Zstd => {
            let mut packer = zstd::stream::write::Encoder::new(output, ZSTD_LEVEL)?;
            packer.include_checksum(true)?;
            copy(&mut input, &mut packer)?;
            packer.finish()?;
        }
        Compress::None => copy(&mut input, &mut output)?,
    }
    Ok(input.offset)
}

/// A file being read from its beginning, as long as that is wanted.
struct Input<'a, F> {
    disk: &'a dyn Disk,
    file: &'a File,
    offset: u64,
    is_unwanted: F,
}

impl<F: Fn() -> bool> Read for Input<'_, F> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if (self.is_unwanted)() {
            return Err(io::Error::other("no longer wanted"));
        }
        let count = self.disk.read_at(self.file, bytes, self.offset)?;
        self.offset += count as u64;
        Ok(count)
    }
}

struct Output<'a> {
    disk: &'a dyn Disk,
    file: &'a File,
}

impl Write for Output<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.disk.write(self.file, bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn copy(input: &mut impl Read, output: &mut impl Write) -> io::Result<()> {
    let mut block = vec![0; BLOCK_BYTES];
    loop {
        match input.read(&mut block) {
            Ok(0) => return Ok(()),
            Ok(count) => output.write_all(&block[..count])?,
            Err(problem) if problem.kind() == io::ErrorKind::Interrupted => {}
            Err(problem) => return Err(problem),
        }
    }
}
