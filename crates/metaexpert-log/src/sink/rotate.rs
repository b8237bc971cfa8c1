//! When a file is full or its time is over, and how its predecessors move along.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::config::Rotate;

/// Knows when the current period ends, in UTC so that no time zone change disturbs it.
pub struct Clockwork {
    period_ns: Option<i64>,
    current: i64,
}

impl Clockwork {
    /// A clockwork for `rotate` whose current period is that of `written_ns`, when the file was last
    /// written. By size alone it never strikes.
    pub fn new(rotate: Rotate, written_ns: i64) -> Clockwork {
        const HOUR_NS: i64 = 3_600_000_000_000;
        let period_ns = match rotate {
            Rotate::Size => None,
            Rotate::Hourly => Some(HOUR_NS),
            Rotate::Daily => Some(24 * HOUR_NS),
        };
        Clockwork { period_ns, current: period_ns.map_or(0, |period| written_ns.div_euclid(period)) }
    }

    /// Whether `timestamp_ns` lies in a later period than the last record.
    #[inline]
    pub fn is_due(&self, timestamp_ns: i64) -> bool {
        self.period_ns.is_some_and(|period| timestamp_ns.div_euclid(period) > self.current)
    }

    /// Notes that the period of `timestamp_ns` has begun.
    pub fn advance(&mut self, timestamp_ns: i64) {
        if let Some(period) = self.period_ns {
            self.current = timestamp_ns.div_euclid(period);
        }
    }
}

/// Renames `name` to `name.1`, `name.1` to `name.2` and so on; number `keep` is replaced.
pub fn shift(path: &Path, keep: u32) -> io::Result<()> {
    for number in (1..keep).rev() {
        let from = numbered(path, number);
        if from.exists() {
            fs::rename(&from, numbered(path, number + 1))?;
        }
    }
    fs::rename(path, numbered(path, 1))
}

fn numbered(path: &Path, number: u32) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(format!(".{number}"));
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clockwork_strikes_once_a_period() {
        let hour = 3_600_000_000_000;
        let mut clockwork = Clockwork::new(Rotate::Hourly, 5 * hour);
        assert!(!clockwork.is_due(6 * hour - 1));
        assert!(clockwork.is_due(6 * hour));
        clockwork.advance(6 * hour);
        assert!(!clockwork.is_due(6 * hour));
        assert!(!Clockwork::new(Rotate::Size, 0).is_due(i64::MAX));
    }
}
