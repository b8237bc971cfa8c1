//! **JSON Lines**: a record as its readers meet it, one JSON object on a line. Its members are passed over one
//! by one, and nothing is built from what nobody asks for.

pub mod decimal;
pub mod fields;
pub mod members;
pub mod severity;
pub mod time;
pub mod value;

pub use decimal::{Decimal, Number, is_number};
pub use fields::{Fields, Find, Name};
pub use members::{Member, Members, NotJson, RawText};
pub use value::{Value, decode, decoded};
