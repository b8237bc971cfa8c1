//! The engine's configuration, as the capture side hands it over: complete, validated, ready for JSON.

mod console;
mod file;
mod format;
mod socket;
mod view;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::error::Error;

pub use console::{Colour, ConsoleConfig, Stream};
pub use file::{Compress, FileConfig, Rotate, Sync};
pub use format::{Format, Protocol, Shape};
pub use socket::{Endpoint, SocketConfig};
pub use view::View;

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
    /// How records of the program are shown to people.
    #[serde(default)]
    pub views: Vec<View>,
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
        serde_json::to_string(self).expect("a configuration has a JSON form")
    }

    /// Whether a record looks the same as with `other` in a sink that both have.
    pub(crate) fn writes_alike(&self, other: &Config) -> bool {
        self.include == other.include
            && self.field_layout == other.field_layout
            && self.views == other.views
            && self.redact == other.redact
    }
}

/// An optional member of every record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IncludeKey {
    /// The id that no other process has.
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

/// One destination, which of all records go there, and how they look.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SinkConfig {
    /// The handler's name in the configuration.
    pub name: String,
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
    /// Only records that this condition holds for: see [`Condition::lasting`](crate::condition::Condition).
    #[serde(default, rename = "where")]
    pub condition: Option<String>,
    /// How a record looks.
    pub format: Format,
    /// Where they go.
    pub destination: Destination,
}

impl SinkConfig {
    /// The options of a file; `None` of any other destination.
    pub fn file(&self) -> Option<&FileConfig> {
        match &self.destination {
            Destination::File(file) => Some(file),
            _ => None,
        }
    }

    /// The same sink with its file at `path`.
    pub(crate) fn with_path(&self, path: PathBuf) -> SinkConfig {
        let mut config = self.clone();
        if let Destination::File(file) = &mut config.destination {
            file.path = path;
        }
        config
    }
}

/// Where a sink's lines go: each kind of destination with its own options.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Destination {
    /// A standard stream of the process.
    Console(ConsoleConfig),
    /// A file.
    File(FileConfig),
    /// A collector of syslog messages, over UDP, TCP or a Unix socket.
    Syslog(SocketConfig),
    /// A program that reads lines from a connection, over TCP or a Unix socket.
    Tcp(SocketConfig),
    /// A program that takes one packet per line.
    Udp(SocketConfig),
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn destination(document: serde_json::Value) -> Result<Destination, String> {
        serde_json::from_value(document).map_err(|problem| problem.to_string())
    }

    #[test]
    fn a_destination_takes_the_options_of_its_kind_alone() {
        let endpoint = json!({"transport": "tcp", "host": "h", "port": 1});
        assert!(destination(json!({"type": "file", "path": "/a.log", "max_size": 1})).is_ok());
        for (document, refused) in [
            (json!({"type": "console", "path": "/a.log"}), "unknown field `path`"),
            (json!({"type": "file", "path": "/a.log", "stream": "stderr"}), "unknown field `stream`"),
            (json!({"type": "tcp", "endpoint": endpoint, "sync": "always"}), "unknown field `sync`"),
            (json!({"type": "file"}), "missing field `path`"),
            (json!({"type": "udp"}), "missing field `endpoint`"),
            (json!({"type": "pigeon"}), "unknown variant `pigeon`"),
        ] {
            let problem = destination(document.clone()).unwrap_err();
            assert!(problem.contains(refused), "{document}: {problem}");
        }
    }

    #[test]
    fn a_document_reads_as_it_was_written() {
        let document = json!({
            "directory": "/logs",
            "sinks": [
                {"name": "a", "level": 10, "format": {"kind": "json"}, "destination": {"type": "console"}},
                {"name": "b", "level": 20, "category": "trade", "where": "a = 1", "format": {"kind": "text"},
                 "destination": {"type": "file", "path": "/logs/b.log", "sync": "always"}},
            ],
            "views": [{"time": "at", "left_out": {"order.filled": ["fee"]}}],
            "queue": {"capacity_bytes": 65536, "protect_level": 30, "wait_ms": 10},
            "limits": {"depth": 8, "items": 1000, "bytes": 65536},
        });
        let config = Config::from_json(&document.to_string()).unwrap();
        assert_eq!(Config::from_json(&config.to_json()).unwrap(), config);
    }
}
