//! Styles: the options of what is shown of records, and what is wrong with them.

use std::fmt;

/// How records are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// The form of a record.
    pub format: Format,
    /// The fields that are shown, all if there are none here. A name is a key, or keys with dots between
    /// them; it stands for what lies within its value too. A `*` at its end stands for any rest: `ind*`,
    /// `indicators.*`. `time` and `logger` stand for `timestamp` and `module` as well.
    pub fields: Vec<String>,
    /// The fields that are not shown, named in the same way.
    pub hide: Vec<String>,
    /// Fields that stay the same from record to record. [`Format::Text`] shows them where their values differ
    /// from those of the record before, unless there are names in `fields`.
    pub constant: Vec<String>,
    /// The place whose time is shown.
    pub zone: Zone,
    /// Whether [`Format::Text`] shows colours.
    pub colour: bool,
}

/// The form of a record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Lines for people.
    #[default]
    Text,
    /// JSON Lines.
    Json,
    /// The log's own lines. No fields can be chosen.
    Raw,
    /// Comma-separated values. The columns have whole names, without `*`.
    Csv,
    /// A text with names of fields in braces, like `{time} {level} {message}`. It names all the fields that
    /// it shows.
    Template(String),
}

/// The place whose time is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Zone {
    /// What the system is set to.
    #[default]
    Local,
    /// UTC.
    Utc,
    /// The zone with a name of the IANA time zone database, like `Europe/Berlin`.
    Named(String),
}

/// A style that cannot be followed: what is wrong, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StyleError(String);

impl StyleError {
    pub(super) fn new(message: impl Into<String>) -> StyleError {
        StyleError(message.into())
    }
}

impl fmt::Display for StyleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StyleError {}
