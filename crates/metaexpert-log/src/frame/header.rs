//! Headers of frames, looked at where they lie: every byte is checked before it is believed.

use std::fmt;

use super::layout::{ALIGN, HEADER_LEN, Kind, STAMP_OFFSET, check};

/// Why bytes are not a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// Fewer bytes than the frame says it has.
    Truncated,
    /// The header contradicts itself.
    Header,
    /// A section or value tag that does not exist.
    Tag(u8),
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FrameError::Truncated => write!(f, "frame ends before its content does"),
            FrameError::Header => write!(f, "frame header is damaged"),
            FrameError::Tag(tag) => write!(f, "frame holds an unknown tag {tag}"),
        }
    }
}

impl std::error::Error for FrameError {}

/// Four bytes of a header.
#[inline(always)]
pub(super) fn word(head: &[u8; HEADER_LEN], at: usize) -> u32 {
    u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]])
}

/// Eight bytes of a header.
#[inline(always)]
pub(super) fn long(head: &[u8; HEADER_LEN], at: usize) -> u64 {
    u64::from(word(head, at)) | u64::from(word(head, at + 4)) << 32
}

/// Length and kind of the frame at the start of `bytes`. The header's check must hold; of padding, which has
/// none, only the length can be judged.
#[inline]
pub fn peek(bytes: &[u8]) -> Result<(usize, Kind), FrameError> {
    match bytes.first_chunk::<HEADER_LEN>() {
        Some(head) if head[4] == Kind::Record as u8 => {
            let (len, seq, checked) = (word(head, 0), long(head, 8), word(head, 40));
            let is_sound = len as usize <= bytes.len()
                && len as usize >= HEADER_LEN
                && len as usize % ALIGN == 0
                && checked == check(len, seq);
            if is_sound { Ok((len as usize, Kind::Record)) } else { peek_any(bytes) }
        }
        _ => peek_any(bytes),
    }
}

/// As [`peek`], for any kind, and for what is damaged.
#[cold]
fn peek_any(bytes: &[u8]) -> Result<(usize, Kind), FrameError> {
    let head = bytes.first_chunk::<8>().ok_or(FrameError::Truncated)?;
    let len = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
    let kind = match head[4] {
        1 => Kind::Record,
        2 => Kind::Padding,
        3 => Kind::Switch,
        _ => return Err(FrameError::Header),
    };
    let least = if kind == Kind::Padding { ALIGN } else { HEADER_LEN };
    if len < least || len % ALIGN != 0 {
        return Err(FrameError::Header);
    }
    if len > bytes.len() {
        return Err(FrameError::Truncated);
    }
    if kind != Kind::Padding {
        let checked = u32::from_le_bytes([bytes[40], bytes[41], bytes[42], bytes[43]]);
        if checked != check(len as u32, seq(bytes)) {
            return Err(FrameError::Header);
        }
    }
    Ok((len, kind))
}

/// The number of the record whose frame starts `bytes`; 0 if they are too few.
#[inline]
pub fn seq(bytes: &[u8]) -> u64 {
    bytes.get(8..16).and_then(|seq| seq.try_into().ok()).map_or(0, u64::from_le_bytes)
}

/// When the record was made whose frame starts `bytes`, as [`crate::clock::stamp`] has it; 0 if they are too
/// few.
#[inline]
pub fn stamp(bytes: &[u8]) -> i64 {
    let stamp = bytes.get(STAMP_OFFSET..STAMP_OFFSET + 8);
    stamp.and_then(|stamp| stamp.try_into().ok()).map_or(0, i64::from_le_bytes)
}

/// The severity of the record whose frame starts `bytes`; 0 if they are too few.
#[inline]
pub fn level(bytes: &[u8]) -> i32 {
    bytes.get(24..28).and_then(|level| level.try_into().ok()).map_or(0, i32::from_le_bytes)
}

/// The epoch number of a switch frame.
pub fn switch_epoch(frame: &[u8]) -> Result<u64, FrameError> {
    let epoch = frame.get(8..16).and_then(|epoch| epoch.try_into().ok()).ok_or(FrameError::Truncated)?;
    Ok(u64::from_le_bytes(epoch))
}
