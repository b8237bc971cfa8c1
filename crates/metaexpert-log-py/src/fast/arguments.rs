//! The arguments of a call, as the interpreter passes them by the vectorcall protocol.

use pyo3::ffi;

/// Borrowed: they are alive until the call returns.
#[derive(Clone, Copy)]
pub(crate) struct Arguments<'a> {
    pub(crate) positional: &'a [*mut ffi::PyObject],
    pub(crate) named: &'a [*mut ffi::PyObject],
    /// The tuple of names, or null.
    pub(crate) names: *mut ffi::PyObject,
}

impl Arguments<'_> {
    /// # Safety
    /// The interpreter, with the GIL held, has made a vectorcall with these three: `args` are as many
    /// positional arguments as `count` says, followed by one for each of `names`.
    #[inline(always)]
    pub(crate) unsafe fn new(
        args: *const *mut ffi::PyObject,
        count: usize,
        names: *mut ffi::PyObject,
    ) -> Self {
        // SAFETY: by this function's contract.
        let (positional, all) = unsafe {
            let named = if names.is_null() { 0 } else { ffi::PyTuple_GET_SIZE(names) as usize };
            let positional = ffi::PyVectorcall_NARGS(count) as usize;
            let count = positional + named;
            (positional, if count == 0 { &[][..] } else { std::slice::from_raw_parts(args, count) })
        };
        let (positional, named) = all.split_at(positional);
        Arguments { positional, named, names }
    }
}
