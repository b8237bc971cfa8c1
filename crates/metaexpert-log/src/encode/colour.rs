//! Colours of a terminal.

/// Back to the terminal's own colours.
pub const RESET: &[u8] = b"\x1b[0m";
/// What people need less often: times, loggers, stacks.
pub const DIM: &[u8] = b"\x1b[2m";
/// Names of fields.
pub const CYAN: &[u8] = b"\x1b[36m";
/// What an exception says.
pub const BOLD_RED: &[u8] = b"\x1b[1;31m";
/// Messages of trades.
pub const TRADE: &[u8] = b"\x1b[1;35m";

/// The colour of a level and of those above it, up to the next.
pub fn level_colour(level: i32) -> &'static [u8] {
    match level {
        i32::MIN..=19 => b"\x1b[34m",
        20..=29 => b"\x1b[32m",
        30..=39 => b"\x1b[33m",
        40..=49 => b"\x1b[31m",
        _ => b"\x1b[1;37;41m",
    }
}

/// Appends what `push` appends, in `style` if `colour` is wanted.
#[inline]
pub fn painted(colour: bool, style: &[u8], out: &mut Vec<u8>, push: impl FnOnce(&mut Vec<u8>)) {
    if !colour {
        return push(out);
    }
    out.extend_from_slice(style);
    push(out);
    out.extend_from_slice(RESET);
}
