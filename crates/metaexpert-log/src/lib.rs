//! The logging engine of MetaExpert. No Python in it; tested by cargo alone.
//!
//! One record's way, in the order of the modules below:
//! **capture** (in the binding) → [`ring`] → [`route`] → [`redact`] → [`encode`] → [`sink`].
//! The stages see only the vocabulary and the [`platform`]; `backend` sees the stages;
//! [`pipeline`] assembles them. `tests/layers.rs` holds this order.

// Vocabulary.
pub mod clock;
pub mod condition;
pub mod config;
pub mod error;
pub mod family;
mod fnv;
pub mod frame;
pub mod jsonl;
pub mod level;
pub mod line;
pub mod platform;
pub mod protection;
pub mod stats;
mod sync;

// The stages, in flow order.
pub mod encode;
pub mod redact;
pub mod ring;
pub mod route;
pub mod sink;

// Stages.
mod backend;
pub mod pipeline;
pub mod recovery;
