//! The part of a file that a range of time is in, found by looking at few of its lines.

use std::io;
use std::ops::Range;

use memchr::memchr;

use super::file::LogFile;
use crate::line::Moment;

/// A look every so many bytes, or fewer in a large file.
const STEP_BYTES: u64 = 1 << 20;
const MAX_LOOKS: u64 = 512;
/// Lines are looked for within this much; longer ones are passed over.
const LOOK_BYTES: u64 = 16 << 10;

/// Where lines of `since_ns..until_ns` may be in an unpacked `file`: all of it where its times do not ascend
/// from look to look.
///
/// Between two looks times may go back: one step more is read on both sides.
pub(crate) fn range_in(
    file: &LogFile,
    since_ns: Option<i64>,
    until_ns: Option<i64>,
) -> io::Result<Range<u64>> {
    let step = STEP_BYTES.max(file.size / MAX_LOOKS);
    if file.size <= 2 * step || (since_ns.is_none() && until_ns.is_none()) {
        return Ok(0..file.size);
    }
    let mut buffer = Vec::new();
    let mut looks = Vec::new();
    for at in (0..file.size).step_by(step as usize) {
        if let Some(time_ns) = time_behind(file, at, &mut buffer)? {
            looks.push((at, time_ns));
        }
    }
    if !looks.is_sorted_by_key(|(_, time_ns)| *time_ns) {
        return Ok(0..file.size);
    }
    let first = since_ns.map_or(0, |since_ns| looks.partition_point(|(_, time_ns)| *time_ns < since_ns));
    let last =
        until_ns.map_or(looks.len(), |until_ns| looks.partition_point(|(_, time_ns)| *time_ns < until_ns));
    let from = first.checked_sub(2).map_or(0, |place| looks[place].0);
    let to = looks.get(last + 1).map_or(file.size, |(at, _)| *at);
    Ok(from..to.max(from))
}

/// The time of the first record that begins behind `at`.
fn time_behind(file: &LogFile, at: u64, buffer: &mut Vec<u8>) -> io::Result<Option<i64>> {
    let end = file.fill(buffer, 0, at, (at + LOOK_BYTES).min(file.size))?;
    let mut rest = &buffer[..end];
    if at > 0 {
        rest = memchr(b'\n', rest).map_or(&[][..], |end| &rest[end + 1..]);
    }
    while let Some(length) = memchr(b'\n', rest) {
        if let Some(time_ns) = Moment::of(&rest[..length]).time_ns {
            return Ok(Some(time_ns));
        }
        rest = &rest[length + 1..];
    }
    Ok(None)
}
