//! Additions of an encoder to every record: the run, the process, the caller.

use crate::encode::text::Process;

/// What an encoder may add to every record, fixed for a run.
#[derive(Clone, Debug, Default)]
pub struct Include {
    /// The run's id.
    pub run_id: Option<String>,
    /// The process's id.
    pub process_id: Option<u32>,
    /// The process that text formats speak of; this one if it is not given.
    pub process: Option<Process>,
    /// The calling thread's id.
    pub thread_id: bool,
    /// File, line and function of the call.
    pub caller: bool,
}
