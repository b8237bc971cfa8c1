//! The logging engine of MetaExpert. No Python in it; tested by cargo alone.
//!
//! One record's way, in the order of the modules below:
//! **capture** (in the binding) → [`ring`] → [`route`] → [`redact`] → [`encode`] → [`sink`].
//! The stages see only the shared vocabulary; `worker` sees the stages;
//! [`pipeline`] assembles them.

// Shared vocabulary.
pub mod clock;
pub mod config;
pub mod descriptor;
mod digits;
pub mod disk;
pub mod error;
mod fnv;
mod fork;
pub mod frame;
mod holdings;
mod lazily;
pub mod level;
pub mod stats;
mod sync;
mod thread;
mod words;

// The stages, in flow order.
pub mod encode;
pub mod event;
pub mod lexicon;
pub mod redact;
pub mod ring;
pub mod route;
pub mod sink;

// Assembly.
mod assembly;
mod delay;
pub mod driven;
mod ledger;
mod notice;
mod opening;
pub mod pipeline;
pub mod recovery;
mod replay;
mod worker;
