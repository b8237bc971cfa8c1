//! **Platform**: the operating system's disk, descriptors, forks and threads, as the engine uses them.

pub mod cache;
pub mod descriptor;
pub mod disk;
#[cfg(any(test, feature = "doubles"))]
pub mod faulty_disk;
pub(crate) mod fork;
pub(crate) mod holdings;
pub mod thread;
