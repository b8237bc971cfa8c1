//! Values captured in their own types without running Python code: the basic types, lists, tuples and
//! mappings of them, and objects of the classes that [`plan`] knows.
//!
//! [`writer`] tells the kinds apart; [`members`], [`mod@array`] and [`scalars`] read them; [`learning`]
//! finds a class's plan.
//!
//! The text of a value never depends on the way that it took. A value that is too large, too deep or of an
//! unknown class is refused here and captured the general way ([`crate::values::nested`]) from its beginning.

mod array;
pub(crate) mod learning;
mod members;
pub(crate) mod plan;
mod scalars;
pub(crate) mod writer;
