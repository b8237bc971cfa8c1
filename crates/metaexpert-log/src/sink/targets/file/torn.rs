//! Torn lines: what follows the last line break of a file whose writer was killed.

use std::fs::File;
use std::io;

use crate::platform::disk::Disk;

/// What has no line break in this many bytes at the end is no torn line: no record is as long.
const LONGEST_TORN_BYTES: u64 = 8 << 20;

/// What follows the last line break of a file of `size` bytes; `None` if that is too much for a line.
pub(super) fn unfinished_line(disk: &dyn Disk, reader: &File, size: u64) -> io::Result<Option<Vec<u8>>> {
    let mut torn = Vec::new();
    let mut end = size;
    while end > 0 && size - end <= LONGEST_TORN_BYTES {
        let start = end.saturating_sub(64 << 10);
        let mut block = vec![0; (end - start) as usize];
        read_exact_at(disk, reader, &mut block, start)?;
        let line_break = memchr::memrchr(b'\n', &block);
        block.drain(..line_break.map_or(0, |at| at + 1));
        block.append(&mut torn);
        torn = block;
        if line_break.is_some() {
            return Ok(Some(torn));
        }
        end = start;
    }
    Ok((end == 0).then_some(torn))
}

fn read_exact_at(disk: &dyn Disk, file: &File, bytes: &mut [u8], offset: u64) -> io::Result<()> {
    let mut done = 0;
    while done < bytes.len() {
        match disk.read_at(file, &mut bytes[done..], offset + done as u64) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => done += count,
            Err(problem) if problem.kind() == io::ErrorKind::Interrupted => {}
            Err(problem) => return Err(problem),
        }
    }
    Ok(())
}
