//! Python values as values of a frame.

pub(crate) mod bytes;
pub(crate) mod containers;
pub(crate) mod convert;
pub(crate) mod integers;
pub(crate) mod nested;
pub(crate) mod repr;
pub(crate) mod stand_in;
pub(crate) mod text;
pub(crate) mod third_party;
pub(crate) mod times;
