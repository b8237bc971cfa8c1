//! Supplies: the ring, or anything else that can give a sink its lines, and give them again.

/// A line that a supply has appended, and whose it is.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// Where it begins in the supply.
    pub at: u64,
    /// Where what follows it begins.
    pub end: u64,
    /// The record's number.
    pub seq: u64,
    /// The record's level.
    pub level: i32,
    /// The record's time: files are rotated by it.
    pub timestamp_ns: i64,
    /// What becomes of it when the sink cannot keep up.
    pub worth: Worth,
}

/// What becomes of a line whose room is needed before its sink could write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worth {
    /// It is given up, and counted.
    GivesWay,
    /// It is held, as long as there is room.
    Protected,
    /// It is held, in room that is kept for its like.
    Precious,
}

/// Lines in their order, from a position on. A sink asks for them again from its mark on when its destination
/// has failed, so whoever supplies it keeps what follows the mark.
pub trait Supply {
    /// Appends the next line to `out`; `None` if there is no more now.
    fn next(&mut self, out: &mut Vec<u8>) -> Option<Line>;

    /// Everything before this position has been given.
    fn position(&self) -> u64;
}
