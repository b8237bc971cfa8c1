//! **Backend**: drain → route → encode → deliver, again after a failure, and what gives way.

pub(crate) mod assembly;
pub(crate) mod delay;
pub(crate) mod notice;
pub(crate) mod opening;
pub(crate) mod replay;
pub(crate) mod worker;
