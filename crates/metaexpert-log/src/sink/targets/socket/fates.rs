//! The fates of lines, reported in the order in which the lines were taken.

/// Lines with the same fate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sink) struct Fate {
    pub(in crate::sink) lines: usize,
    /// Whether it is known that they have not arrived.
    pub(in crate::sink) is_lost: bool,
}

/// What has happened since it was asked last.
#[derive(Debug, Default)]
pub(in crate::sink) struct Fates {
    /// Of each line, once it is known or nothing more will be.
    pub(in crate::sink) lines: Vec<Fate>,
    /// Why the last that was lost is.
    pub(in crate::sink) why: &'static str,
    /// Bytes that are sent for lines, each counted once.
    pub(in crate::sink) bytes: u64,
    /// Records of which something was left out.
    pub(in crate::sink) cut: u64,
    /// Packets that were refused, or too large.
    pub(in crate::sink) errors: u64,
    /// Connections made after the first.
    pub(in crate::sink) reconnects: u64,
}

impl Fates {
    pub(super) fn sent(&mut self, lines: usize) {
        self.add(lines, false);
    }

    pub(super) fn lost(&mut self, lines: usize, why: &'static str) {
        self.why = why;
        self.add(lines, true);
    }

    fn add(&mut self, lines: usize, is_lost: bool) {
        match self.lines.last_mut() {
            Some(last) if last.is_lost == is_lost => last.lines += lines,
            _ => self.lines.push(Fate { lines, is_lost }),
        }
    }
}
