//! Resuming after a failure: which replayed lines, or parts of them, are in the destination already.

use std::collections::HashMap;

/// What a replay may find written.
#[derive(Debug, Default)]
pub(crate) enum Resume {
    /// Nothing: every line is to be written.
    #[default]
    Nothing,
    /// The first so many bytes of the lines to come, because this sink wrote them.
    Bytes(u64),
    /// What another process has written since the mark; it is compared before it is believed.
    Found(Found),
    /// Nothing: what is there must be cut off.
    Doubtful,
}

impl Resume {
    pub(crate) fn after(bytes: u64) -> Resume {
        if bytes == 0 { Resume::Nothing } else { Resume::Bytes(bytes) }
    }

    /// Bytes of lines to come that are known to be written.
    pub(crate) fn bytes(&self) -> u64 {
        match self {
            Resume::Nothing | Resume::Doubtful => 0,
            Resume::Bytes(bytes) => *bytes,
            Resume::Found(found) => (found.bytes.len() - found.at) as u64,
        }
    }

    /// How many of the next line's first bytes are written.
    pub(crate) fn known(&mut self, line: &[u8]) -> usize {
        match self {
            Resume::Nothing | Resume::Doubtful => 0,
            Resume::Bytes(left) => {
                let known = (line.len() as u64).min(*left);
                *left -= known;
                if *left == 0 {
                    *self = Resume::Nothing;
                }
                known as usize
            }
            Resume::Found(found) => found.known(line),
        }
    }
}

/// Bytes found in the files behind the mark.
#[derive(Debug)]
pub(crate) struct Found {
    bytes: Vec<u8>,
    at: usize,
    /// Made when the bytes turn out not to be what was expected: whole lines still to be met, and how often.
    lines: Option<HashMap<Vec<u8>, u32>>,
}

impl Found {
    pub(crate) fn new(bytes: Vec<u8>) -> Found {
        Found { bytes, at: 0, lines: None }
    }

    fn known(&mut self, line: &[u8]) -> usize {
        if self.lines.is_none() {
            let rest = &self.bytes[self.at..];
            if rest.starts_with(line) {
                self.at += line.len();
                return line.len();
            }
            if line.starts_with(rest) {
                self.at = self.bytes.len();
                return rest.len();
            }
        }
        // Somebody else has written in between, or changed what was there.
        let lines = self.lines.get_or_insert_with(|| count_lines(&self.bytes[self.at..]));
        match lines.get_mut(line) {
            Some(left) if *left > 0 => {
                *left -= 1;
                line.len()
            }
            _ => 0,
        }
    }
}

fn count_lines(bytes: &[u8]) -> HashMap<Vec<u8>, u32> {
    let mut lines = HashMap::new();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        *lines.entry(line.to_vec()).or_insert(0) += 1;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_line_is_completed_and_the_rest_is_new() {
        let mut resume = Resume::Found(Found::new(b"one\ntw".to_vec()));
        assert_eq!(resume.known(b"one\n"), 4);
        assert_eq!(resume.known(b"two\n"), 2);
        assert_eq!(resume.known(b"three\n"), 0);
    }

    #[test]
    fn lines_that_somebody_else_has_put_between_do_not_hide_ours() {
        let mut resume = Resume::Found(Found::new(b"one\nforeign\ntwo\ntwo\n".to_vec()));
        let known = [&b"one\n"[..], b"two\n", b"two\n", b"two\n", b"three\n"].map(|line| resume.known(line));
        assert_eq!(known, [4, 4, 4, 0, 0]);
    }

    #[test]
    fn bytes_written_by_the_sink_itself_are_counted_off() {
        let mut resume = Resume::after(5);
        assert_eq!(resume.known(b"one\n"), 4);
        assert_eq!(resume.known(b"two\n"), 1);
        assert_eq!(resume.known(b"three\n"), 0);
    }
}
