//! What a follower gives of files that are really written, renamed, cut and removed.

mod appending;
mod rotation;
mod scene;
