//! Methods of the logger's class, bound loggers, and contexts.

pub(crate) mod bind;
pub(crate) mod context;
pub(crate) mod descriptors;
