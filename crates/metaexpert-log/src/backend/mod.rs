//! **Backend**: drain → route → encode → deliver, again after a failure, and what gives way.
//!
//! A batch's way is in [`drain`]; what the other side sees of it is [`shared`]. The [`stages`] are those of
//! one configuration. A sink that is behind has to [`catch_up`]: it gets its share of them to itself, for a
//! [`replay`] that is a [`supply`] of lines, and gives way where it keeps too much. A new configuration is
//! put in force between two batches ([`switch`]), and the end ([`finish`]) waits for what fails.

mod catch_up;
pub(crate) mod conditions;
mod delay;
pub(crate) mod drain;
mod finish;
pub(crate) mod notice;
pub(crate) mod opening;
mod replay;
pub(crate) mod shared;
pub(crate) mod stages;
mod supply;
mod switch;
