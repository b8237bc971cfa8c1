//! The options of a log file.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A log file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FileConfig {
    /// Its absolute path.
    pub path: PathBuf,
    /// A file that is not there is made by its first line, rather than at once.
    #[serde(default = "yes")]
    pub delay: bool,
    /// The file is rotated before it grows beyond this many bytes; 0 for never.
    #[serde(default)]
    pub max_size: u64,
    /// How many rotated files are kept.
    #[serde(default)]
    pub backup_count: u32,
    /// When the file is rotated, beside its size.
    #[serde(default)]
    pub rotate: Rotate,
    /// How rotated files are packed.
    #[serde(default)]
    pub compress: Compress,
    /// Rotated files are removed when they were last written this many days ago; the current one never is.
    #[serde(default)]
    pub max_age_days: Option<u32>,
    /// When the file is forced to the disk.
    #[serde(default)]
    pub sync: Sync,
}

fn yes() -> bool {
    true
}

/// When a file is rotated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rotate {
    /// By size alone.
    #[default]
    Size,
    /// At each full hour (UTC), and by size.
    Hourly,
    /// At midnight (UTC), and by size.
    Daily,
}

/// How a rotated file is packed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Compress {
    /// It stays as it is.
    #[default]
    None,
    /// As `gzip` does (RFC 1952), under `.gz`.
    Gzip,
    /// As `zstd` does (RFC 8878), under `.zst`.
    Zstd,
}

/// When a file is forced to the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sync {
    /// When the system sees fit.
    #[default]
    Never,
    /// At least once a second.
    Interval,
    /// At least once a second, and at once after a record of ERROR or above.
    Error,
    /// After each batch; the call returns when the disk has acknowledged its record.
    Always,
}
