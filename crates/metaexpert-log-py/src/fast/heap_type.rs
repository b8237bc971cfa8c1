//! Types that the interpreter makes of a specification, for objects with a layout that PyO3 does not offer.

use std::ffi::{CStr, c_int, c_void};
use std::mem::size_of;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyType;

/// An attribute that is read straight from an object: name, kind and offset.
pub(crate) type Member = (&'static CStr, c_int, usize);

/// Makes a type whose instances are laid out as `T`, which begins with an object's head.
///
/// # Safety
/// `T` is `repr(C)` and begins with a `PyObject`. Each slot holds what the interpreter calls or reads for it,
/// and lives as long as the process; each member lies where it says in a `T`.
pub(crate) unsafe fn heap_type<T>(
    py: Python<'_>,
    name: &'static CStr,
    flags: std::ffi::c_ulong,
    slots: &[(c_int, *mut c_void)],
    members: &[Member],
) -> PyResult<Py<PyType>> {
    let member = |&(name, type_code, offset): &Member| ffi::PyMemberDef {
        name: name.as_ptr(),
        type_code,
        offset: offset as ffi::Py_ssize_t,
        flags: ffi::Py_READONLY,
        doc: std::ptr::null(),
    };
    let mut members: Vec<_> = members.iter().map(member).chain([ffi::PyMemberDef::default()]).collect();
    let ends = [(ffi::Py_tp_members, members.as_mut_ptr().cast()), (0, std::ptr::null_mut())];
    let slot = |&(slot, pfunc): &(c_int, *mut c_void)| ffi::PyType_Slot { slot, pfunc };
    let mut slots: Vec<_> = slots.iter().chain(&ends).map(slot).collect();
    let mut spec = ffi::PyType_Spec {
        name: name.as_ptr(),
        basicsize: size_of::<T>() as _,
        itemsize: 0,
        flags: (flags | ffi::Py_TPFLAGS_DEFAULT) as _,
        slots: slots.as_mut_ptr(),
    };
    // SAFETY: by this function's contract the specification is complete, and its arrays are ended as CPython
    // asks for. CPython copies them; the names and definitions that they point to are static.
    let class = unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyType_FromSpec(&mut spec))? };
    Ok(class.cast_into::<PyType>()?.unbind())
}
