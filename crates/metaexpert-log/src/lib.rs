//! The logging engine of MetaExpert.
