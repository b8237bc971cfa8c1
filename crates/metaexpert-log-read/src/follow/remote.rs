//! File systems to which others write unseen.

use std::path::Path;

/// `f_type` of statfs(2), as the headers of Linux have it. On overlayfs the kernel tells of all writes that go
/// through it.
#[cfg(target_os = "linux")]
const REMOTE: [u32; 12] = [
    0x0000_6969, // NFS
    0xff53_4d42, // CIFS
    0xfe53_4d42, // SMB2
    0x0000_517b, // SMB
    0x6573_5546, // FUSE
    0x0102_1997, // 9P
    0x00c3_6400, // Ceph
    0x5346_414f, // AFS
    0x0bd0_0bd0, // Lustre
    0x4750_4653, // GPFS
    0x786f_4256, // VirtualBox
    0x7375_7245, // Coda
];

/// Whether other machines, or a program, may change files of `directory` without the kernel's knowledge.
#[cfg(target_os = "linux")]
pub(super) fn is_remote(directory: &Path) -> bool {
    // The width and sign of the field depend on the processor.
    rustix::fs::statfs(directory).is_ok_and(|found| REMOTE.contains(&(found.f_type as u32)))
}

/// Nothing is told at all, so this makes no difference.
#[cfg(not(target_os = "linux"))]
pub(super) fn is_remote(_: &Path) -> bool {
    false
}
