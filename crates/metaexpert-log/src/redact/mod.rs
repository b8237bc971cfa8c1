//! **Redact**: secrets are masked in a record before any format sees it.
//!
//! A field is judged by its name, once for each set of names; a text by what stands in it. A record without
//! secrets stays as it is: nothing is copied.

mod address;
mod annotation;
mod assignment;
mod base64;
mod cost;
mod edit;
mod entry;
mod extent;
mod finder;
mod fragment;
mod glance;
mod keys;
mod lazily;
mod login;
mod market_data;
mod names;
mod naming;
mod pairs;
mod patterns;
mod redactor;
mod rules;
mod spoken;
mod text;
mod verdict;
mod worth;

pub use edit::MASK;
pub use patterns::{Refusal, refusal};
pub use redactor::Redactor;

#[cfg(test)]
mod tests;
