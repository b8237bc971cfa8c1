//! Severity levels, numbered as in Python's `logging`.

/// A numeric severity. Any integer is allowed; five have names of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Level(pub i32);

impl Level {
    /// Detailed information for diagnosis.
    pub const DEBUG: Level = Level(10);
    /// Confirmation that things work as expected.
    pub const INFO: Level = Level(20);
    /// Something unexpected that did not stop the work.
    pub const WARNING: Level = Level(30);
    /// A function could not do its work.
    pub const ERROR: Level = Level(40);
    /// The program may be unable to go on.
    pub const CRITICAL: Level = Level(50);

    /// The standard name, if the level has one. Others are named by the capture side.
    #[inline]
    pub fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            10 => "DEBUG",
            20 => "INFO",
            30 => "WARNING",
            40 => "ERROR",
            50 => "CRITICAL",
            _ => return None,
        })
    }

    /// The counter this level is summed under: an index into [`LEVEL_SLOTS`].
    #[inline]
    pub fn slot(self) -> usize {
        match self.0 {
            i32::MIN..=19 => 0,
            20..=29 => 1,
            30..=39 => 2,
            40..=49 => 3,
            _ => 4,
        }
    }
}

/// Names of the per-level counters; a custom level counts with the standard one below it.
pub const LEVEL_SLOTS: [&str; 5] = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_custom_level_counts_with_the_standard_level_below_it() {
        assert_eq!(LEVEL_SLOTS[Level(5).slot()], "DEBUG");
        assert_eq!(LEVEL_SLOTS[Level(25).slot()], "INFO");
        assert_eq!(LEVEL_SLOTS[Level(99).slot()], "CRITICAL");
    }

    #[test]
    fn only_standard_levels_have_names() {
        assert_eq!(Level::WARNING.name(), Some("WARNING"));
        assert_eq!(Level(25).name(), None);
    }
}
