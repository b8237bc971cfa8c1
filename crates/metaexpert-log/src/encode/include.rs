//! Additions of an encoder to every record: ids of the process, the caller.

use crate::encode::text::Process;

/// What an encoder may add to every record, fixed for a process.
#[derive(Clone, Debug, Default)]
pub struct Include {
    /// The id that no other process has.
    pub run_id: Option<String>,
    /// The system's number of the process.
    pub process_id: Option<u32>,
    /// The process that text formats speak of; this one if it is not given.
    pub process: Option<Process>,
    /// The calling thread's id.
    pub thread_id: bool,
    /// File, line and function of the call.
    pub caller: bool,
}
