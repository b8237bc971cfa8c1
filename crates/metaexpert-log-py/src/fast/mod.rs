//! The builtin that a call meets, and what must hold for it to serve the call.

pub(crate) mod builtin;
pub(crate) mod channel;
pub(crate) mod heap_type;
pub(crate) mod method;
pub(crate) mod premises;
pub(crate) mod taken;
