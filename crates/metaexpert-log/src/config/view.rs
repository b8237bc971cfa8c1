//! Views: a program's own records as people read them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a program's fields mean to people who read its records in `console` and `text`. Files in JSON have
/// all of them as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct View {
    /// The field with the time of what a record tells of, in UTC: it is shown in place of the clock's.
    pub time: Option<String>,
    /// Fields that stay the same from record to record: not shown in a context that has all of them.
    pub constant: Vec<String>,
    /// Fields that stay the same too where they stand before the time in such a context.
    pub constant_before_time: Vec<String>,
    /// The loggers whose records report events. These records are shown without their category, without
    /// values that say nothing, and with amounts rounded.
    pub loggers: Vec<String>,
    /// The field of such a record with the event's name, which its message tells as well.
    pub event_field: Option<String>,
    /// By event, fields that are not shown.
    pub left_out: BTreeMap<String, Vec<String>>,
    /// By event, fields that are shown although they stay the same before the time.
    pub kept: BTreeMap<String, Vec<String>>,
}
