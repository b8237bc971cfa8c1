//! The formats that records are written in.

use serde::{Deserialize, Serialize};

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
    /// JSON Lines in Elastic Common Schema.
    Ecs,
    /// JSON Lines of Google Cloud Logging.
    Gcp,
    /// JSON Lines of OTLP.
    Otel,
    /// `key=value` pairs.
    Logfmt,
}

/// What a record in a format may be, whoever wrote it: what is found in damaged memory is looked at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One line, which is a JSON object.
    Json,
    /// One line of text.
    Line,
    /// Text of any number of lines: a traceback follows its record.
    Lines,
}

impl Format {
    /// Formats that are chosen by their names alone, and whether each shows times that a `datefmt` is for.
    pub const PRESETS: [(&str, bool); 7] = [
        ("json", false),
        ("console", true),
        ("text", true),
        ("ecs", false),
        ("gcp", false),
        ("otel", false),
        ("logfmt", false),
    ];

    /// What a record of this format may be.
    pub fn shape(&self) -> Shape {
        match self {
            Format::Json | Format::Ecs | Format::Gcp | Format::Otel => Shape::Json,
            Format::Console { .. } | Format::Text { .. } | Format::Percent { .. } => Shape::Lines,
            Format::Syslog { .. } | Format::Logfmt => Shape::Line,
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preset_is_a_format_by_its_name_and_takes_a_datefmt_where_it_says_so() {
        for (name, is_dated) in Format::PRESETS {
            let format: Format = serde_json::from_value(serde_json::json!({"kind": name})).unwrap();
            let dated = serde_json::json!({"kind": name, "datefmt": "%H:%M"});
            let with: Result<Format, _> = serde_json::from_value(dated);
            assert_eq!(with.is_ok_and(|dated| dated != format), is_dated, "{name}");
        }
    }
}
