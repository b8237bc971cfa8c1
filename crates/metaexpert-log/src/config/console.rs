//! The options of the console.

use serde::{Deserialize, Serialize};

/// A standard stream of the process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ConsoleConfig {
    /// Which one.
    #[serde(default)]
    pub stream: Stream,
    /// Whether it shows colours.
    #[serde(default)]
    pub color: Colour,
}

/// A standard stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// File descriptor 1.
    #[default]
    Stdout,
    /// File descriptor 2.
    Stderr,
}

/// Whether to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Colour {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Yes.
    Always,
    /// No.
    Never,
}
