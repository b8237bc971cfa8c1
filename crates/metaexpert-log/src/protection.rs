//! Protected records: those that wait for room where others give way.

use crate::level::Level;

/// The category of trade records, which are protected at every level.
pub const TRADE: &[u8] = b"trade";

/// Records from a level on, and trade records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protection {
    from_level: i32,
}

impl Protection {
    /// Trade records, and no level.
    pub const TRADES: Protection = Protection { from_level: i32::MAX };
    /// What may use the room that is kept in reserve for it.
    pub const PRECIOUS: Protection = Protection { from_level: Level::ERROR.0 };

    /// Trade records, and records of `level` and above.
    #[inline]
    pub const fn from_level(level: i32) -> Protection {
        Protection { from_level: level }
    }

    /// Whether a record of this level and category is protected.
    #[inline]
    pub fn covers(self, level: i32, category: Option<&[u8]>) -> bool {
        level >= self.from_level || category == Some(TRADE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_and_all_above_it_are_protected_and_trades_at_any() {
        let protection = Protection::from_level(30);
        let is_covered =
            |level: i32, category: Option<&str>| protection.covers(level, category.map(str::as_bytes));
        assert_eq!([29, 30, 50].map(|level| is_covered(level, None)), [false, true, true]);
        assert_eq!([0, 29].map(|level| is_covered(level, Some("trade"))), [true, true]);
        assert_eq!([Some("trades"), Some(""), Some("order")].map(|name| is_covered(29, name)), [false; 3]);
    }
}
