//! What a follower gives of files that are really written, renamed, cut and removed.

mod any_order;
mod appending;
mod cutting;
mod directories;
mod packing;
mod removing;
mod rotation;
mod scene;
mod siblings;
mod waiting;
mod writers;
