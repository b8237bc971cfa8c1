//! Hints to the processor about memory that will be needed.

/// Fetches the cache line of `address` for writing: other cores give it up.
#[inline(always)]
pub fn fetch_for_writing<T>(address: *const T) {
    // The compiler would make it a hint for reading, because the oldest processors of this kind take it for
    // no operation.
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: a hint, which changes neither registers nor memory and never fails, whatever the address.
    unsafe {
        std::arch::asm!("prefetchw [{}]", in(reg) address, options(nostack, preserves_flags, readonly));
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = address;
}
