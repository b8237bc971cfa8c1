//! The reading engine: the files of a log found, opened, whatever they are packed with, and followed.
//!
//! It builds on `metaexpert-log`, which writes what is read here, never the other way round: names of files
//! and the grammar of conditions are the writer's vocabulary.

pub mod columns;
mod directory;
mod family;
mod follow;
mod following;
mod line;
mod merge;
mod open;
mod open_logs;
mod print;
mod render;
mod report;
mod scan;
mod search;
mod source;
mod statistics;
mod tally;

pub use directory::logs;
pub use family::family;
pub use follow::{Appended, Content, Follower, Position, Waker, Watch};
pub use following::Following;
pub use line::{Fault, MAX_LINE_BYTES, Moment};
pub use open::{MAGIC_BYTES, Packing, unpacked};
pub use open_logs::{OpenLogs, Query};
pub use print::{Extent, Printer};
pub use render::{Format, Renderer, Style, StyleError, Zone};
pub use report::{FileReport, Report};
pub use scan::{Batch, Filter, Line, TextError, TextPattern};
pub use search::Search;
pub use source::Identity;
pub use statistics::{Overview, writers};
pub use tally::Tally;
