//! The engine's configuration, as the capture side hands it over: complete, validated, in plain values.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// Everything the engine needs to run.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where `logging_errors.log` goes.
    pub directory: PathBuf,
    /// Destinations, at most 64.
    pub sinks: Vec<SinkConfig>,
    /// Optional members of a record.
    #[serde(default)]
    pub include: Vec<IncludeKey>,
    /// Where fields go in JSON.
    #[serde(default)]
    pub field_layout: Layout,
    /// What is masked.
    #[serde(default)]
    pub redact: Redact,
    /// The ring and what happens when it is full.
    pub queue: QueueConfig,
    /// Bounds of a single record.
    pub limits: Limits,
}

impl Config {
    /// Reads the JSON document that the capture side makes.
    pub fn from_json(text: &str) -> Result<Config, Error> {
        let config: Config = serde_json::from_str(text)
            .map_err(|problem| Error::Configuration(format!("engine configuration: {problem}")))?;
        if config.sinks.len() > 64 {
            return Err(Error::Configuration(format!(
                "handlers: at most 64 are possible, {} were given",
                config.sinks.len()
            )));
        }
        Ok(config)
    }

    /// The document again, for whoever recovers what this process leaves behind.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("plain values have a JSON form")
    }

    /// Whether a record looks the same as with `other` in a sink that both have.
    pub(crate) fn writes_alike(&self, other: &Config) -> bool {
        self.include == other.include
            && self.field_layout == other.field_layout
            && self.redact == other.redact
    }
}

/// An optional member of every record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IncludeKey {
    /// The run's id.
    RunId,
    /// The calling thread's id.
    ThreadId,
    /// The process's id.
    ProcessId,
    /// File, line and function.
    Caller,
}

/// Where fields go in JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// Beside the core keys.
    #[default]
    Flat,
    /// Under `context`.
    Nested,
}

/// Which secrets are masked before a record is encoded.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Redact {
    /// Whether the built-in names and patterns are.
    pub defaults: bool,
    /// Further names; behind a `-` those that are not.
    pub keys: Vec<String>,
    /// Further regular expressions, each of which is masked whole or, if it has groups, in these.
    pub patterns: Vec<String>,
    /// Where among them those begin that a change has added: they take nothing away from those before.
    #[serde(default)]
    pub passes: Vec<usize>,
}

impl Default for Redact {
    fn default() -> Self {
        Redact { defaults: true, keys: Vec::new(), patterns: Vec::new(), passes: Vec::new() }
    }
}

/// One destination.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SinkConfig {
    /// The handler's name in the configuration.
    pub name: String,
    /// What kind of destination.
    #[serde(rename = "type")]
    pub kind: SinkKind,
    /// Records below are not for this sink.
    pub level: i32,
    /// Records above are not for this sink.
    #[serde(default)]
    pub max_level: Option<i32>,
    /// Only records of this category.
    #[serde(default)]
    pub category: Option<String>,
    /// Only records of these loggers and their children; empty for all.
    #[serde(default)]
    pub loggers: Vec<String>,
    /// How a record looks.
    pub format: Format,
    /// The console's stream.
    #[serde(default)]
    pub stream: Stream,
    /// Whether the console shows colours.
    #[serde(default)]
    pub color: Colour,
    /// The file's absolute path.
    #[serde(default)]
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
    /// Where a network destination is.
    #[serde(default)]
    pub endpoint: Option<Endpoint>,
}

fn yes() -> bool {
    true
}

/// What kind of destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SinkKind {
    /// A standard stream of the process.
    Console,
    /// A file.
    File,
    /// A collector of syslog messages, over UDP, TCP or a Unix socket.
    Syslog,
    /// Whoever reads lines from a connection, over TCP or a Unix socket.
    Tcp,
    /// Whoever takes a packet a line.
    Udp,
}

/// Where a network destination is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(tag = "transport", rename_all = "snake_case")]
pub enum Endpoint {
    /// A port that accepts connections.
    Tcp {
        /// A name or address.
        host: String,
        /// The port's number.
        port: u16,
    },
    /// A port that takes packets.
    Udp {
        /// A name or address.
        host: String,
        /// The port's number.
        port: u16,
    },
    /// A Unix socket.
    Unix {
        /// Its absolute path.
        path: PathBuf,
    },
}

impl Endpoint {
    /// Whether it is on this machine alone.
    pub fn is_unix(&self) -> bool {
        matches!(self, Endpoint::Unix { .. })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, host, port) = match self {
            Endpoint::Unix { path } => return write!(f, "unix://{}", path.display()),
            Endpoint::Tcp { host, port } => ("tcp", host, port),
            Endpoint::Udp { host, port } => ("udp", host, port),
        };
        match host.contains(':') {
            true => write!(f, "{scheme}://[{host}]:{port}"),
            false => write!(f, "{scheme}://{host}:{port}"),
        }
    }
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

/// How a record looks.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Format {
    /// JSON Lines.
    Json,
    /// For people at a terminal.
    Console {
        /// `strftime` format of the time.
        #[serde(default)]
        datefmt: Option<String>,
    },
    /// The text preset: time, level, logger, message, fields.
    Text {
        /// `strftime` format of the time.
        #[serde(default)]
        datefmt: Option<String>,
    },
    /// A `%`-style format of `logging`.
    Percent {
        /// The format.
        pattern: String,
        /// `strftime` format of `%(asctime)s`.
        #[serde(default)]
        datefmt: Option<String>,
    },
    /// Syslog messages.
    Syslog {
        /// The program's name.
        app_name: String,
        /// What they are written in.
        #[serde(default)]
        protocol: Protocol,
        /// No message is longer.
        #[serde(default = "default_max_bytes")]
        max_bytes: usize,
    },
}

/// What syslog messages are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// What the destination reads: RFC 5424 over TCP and UDP; of a Unix socket, what its owner does.
    #[default]
    Auto,
    /// RFC 5424.
    Rfc5424,
    /// RFC 3164.
    Rfc3164,
    /// The native protocol of systemd's journal.
    Journald,
}

/// A little less than most collectors take unless told otherwise.
fn default_max_bytes() -> usize {
    8000
}

/// The ring and its overflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct QueueConfig {
    /// Size of the ring.
    pub capacity_bytes: usize,
    /// Records at or above this level wait for room instead of giving way.
    pub protect_level: i32,
    /// How long a protected record waits at most.
    pub wait_ms: u64,
    /// Whether the ring should survive the process.
    #[serde(default)]
    pub crash_safe: bool,
}

/// Bounds of a single record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Nesting of containers.
    pub depth: u32,
    /// Members of one container.
    pub items: u32,
    /// Bytes of one record.
    pub bytes: u32,
}
