//! Memory for the ring: zeroed, page-aligned, resident before first use.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::ptr::NonNull;

/// A mapping that is unmapped on drop: of nobody else's memory, or of a file.
pub(super) struct Mapping {
    start: NonNull<u8>,
    len: usize,
}

// SAFETY: the mapping is plain memory that belongs to no thread; who may touch which bytes is the
// ring's protocol (`cursors`).
unsafe impl Send for Mapping {}
// SAFETY: as above; `&Mapping` only hands out the address.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps `len` zeroed bytes that end with the process, every page present.
    pub(super) fn anonymous(len: usize) -> io::Result<Mapping> {
        Mapping::new(len, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1)
    }

    /// Maps the first `len` bytes of `file`, every page present: what is stored there outlives the process.
    /// The file must have that length, all of it allocated, or a store could end the process.
    pub(super) fn of_file(file: &File, len: usize) -> io::Result<Mapping> {
        let mapping = Mapping::new(len, libc::MAP_SHARED, file.as_raw_fd())?;
        // A forked child must not write into its parent's ring, not even by mistake.
        #[cfg(target_os = "linux")]
        // SAFETY: the range is the mapping just made; the advice changes what a child inherits, nothing here.
        unsafe {
            libc::madvise(mapping.start.as_ptr().cast(), len, libc::MADV_DONTFORK)
        };
        Ok(mapping)
    }

    fn new(len: usize, flags: libc::c_int, fd: RawFd) -> io::Result<Mapping> {
        #[cfg(target_os = "linux")]
        let flags = flags | libc::MAP_POPULATE;
        // SAFETY: a new mapping at an address of the kernel's choice overlaps nothing.
        let start = unsafe {
            libc::mmap(std::ptr::null_mut(), len, libc::PROT_READ | libc::PROT_WRITE, flags, fd, 0)
        };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let start = NonNull::new(start.cast()).ok_or_else(|| io::Error::other("mapping at null"))?;
        Ok(Mapping { start, len })
    }

    #[inline]
    pub(super) fn start(&self) -> *mut u8 {
        self.start.as_ptr()
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: start and len are those of the mapping made in `new`; nobody holds it any more.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.len) };
    }
}
