//! Memory for the ring: zeroed, page-aligned, and made present before it is used.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::ptr::NonNull;

const PAGE_BYTES: usize = 4096;

/// A mapping that is unmapped on drop: of nobody else's memory, or of a file.
pub(super) struct Mapping {
    start: NonNull<u8>,
    len: usize,
}

// SAFETY: the mapping is memory that belongs to no thread; who may touch which bytes is the
// ring's protocol (`cursors`).
unsafe impl Send for Mapping {}
// SAFETY: as above; `&Mapping` only hands out the address.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps `len` zeroed bytes that end with the process.
    pub(super) fn anonymous(len: usize) -> io::Result<Mapping> {
        Mapping::new(len, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1)
    }

    /// Maps the first `len` bytes of `file`: what is stored there outlives the process. The file must have
    /// that length, and what is touched of it must be allocated, or touching it could end the process.
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

    /// Makes the pages of `len` bytes from `offset` on present, whatever is in them, so that no store to them
    /// has to wait for that. Returns false where the system cannot (Linux before 5.14), or has no memory
    /// left.
    pub(super) fn make_present(&self, offset: usize, len: usize) -> bool {
        debug_assert!(offset + len <= self.len && offset % PAGE_BYTES == 0);
        #[cfg(target_os = "linux")]
        // SAFETY: the range lies inside the mapping; its contents stay as they are, whoever uses them
        // meanwhile.
        return unsafe {
            libc::madvise(self.start.as_ptr().add(offset).cast(), len, libc::MADV_POPULATE_WRITE)
        } == 0;
        #[cfg(not(target_os = "linux"))]
        false
    }

    /// Makes the pages of `len` bytes from `offset` on present by storing zeros to them.
    ///
    /// # Safety
    /// The bytes must still be zero, and nobody else may touch them during the call.
    pub(super) unsafe fn touch(&self, offset: usize, len: usize) {
        debug_assert!(offset + len <= self.len);
        for at in (offset..offset + len).step_by(PAGE_BYTES) {
            // SAFETY: the byte lies inside the mapping; the caller vouches for the rest.
            unsafe { self.start.as_ptr().add(at).write_volatile(0) };
        }
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
