//! **Line**: pieces of text and numbers put onto a line, whatever its format.

pub mod buffer;
pub(crate) mod cut;
pub(crate) mod decimal;
pub(crate) mod digits;
pub mod escape;
pub mod names;
pub(crate) mod number;
pub mod output;
pub mod piece;
pub(crate) mod words;
