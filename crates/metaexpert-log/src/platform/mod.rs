//! **Platform**: what the operating system gives, and how the engine takes it.

pub mod descriptor;
pub mod disk;
#[cfg(any(test, feature = "doubles"))]
pub mod faulty_disk;
pub(crate) mod fork;
pub(crate) mod holdings;
pub(crate) mod thread;
