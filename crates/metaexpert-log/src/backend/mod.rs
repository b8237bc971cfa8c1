//! **Backend**: drain → route → encode → deliver, again after a failure, and what gives way.
//!
//! A batch's way is in [`worker`]; what the other side sees of it is [`shared`]. Sinks that are behind [`catch_up`], a
//! new configuration is put in force between two batches ([`switch`]), and the end ([`finish`]) waits for what fails.

pub(crate) mod assembly;
mod catch_up;
mod delay;
mod finish;
pub(crate) mod notice;
pub(crate) mod opening;
mod replay;
pub(crate) mod shared;
mod switch;
pub(crate) mod worker;
