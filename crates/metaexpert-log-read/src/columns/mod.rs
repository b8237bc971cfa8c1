//! **Columns**: the records of a log as Arrow columns with exact types.
//!
//! The files are read twice. The [survey](Survey) finds all keys and what their values are, wherever they
//! come; then [batches](Batches) are built of the types that hold every value exactly. So nothing but one
//! batch has to be in memory. Both see the same lines, because the files stay [open](crate::OpenLogs).

pub mod arrow;
mod batch;
mod batches;
mod bits;
mod column;
mod keys;
mod kinds;
mod nested;
mod schema;
mod shape;
mod survey;

pub use batch::Batch;
pub use batches::Batches;
pub use schema::{Column, ColumnType, Schema};
pub use survey::{Survey, Surveyed};
