//! The general way of a record into the pipeline: what the builtin cannot do at once.

pub(crate) mod caller;
pub(crate) mod fields;
pub(crate) mod log_record;
pub(crate) mod lost;
pub(crate) mod message;
pub(crate) mod plain_fields;
pub(crate) mod submit;
