//! Lists, tuples and mappings, and objects that are shown as a mapping.

use metaexpert_log::frame::Value;
use pyo3::ffi;
use pyo3::prelude::*;

use crate::process::reentry;
use crate::values::dict_items::DictItems;
use crate::values::native::plan::{FieldPlan, Names};
use crate::values::native::writer::{Depth, NativeWriter};
use crate::values::plain::plain_text;

/// What stands in the place of a dataclass's field that its text does not show.
const HIDDEN: &[u8] = b"<hidden: repr=False>";

impl NativeWriter<'_, '_> {
    /// Whether a container at this depth may have so many members.
    fn admits(&self, count: usize, depth: Depth) -> bool {
        count <= self.most_items && depth.0 <= self.most_depth && !reentry::is_stack_short()
    }

    /// Whether there is room for more.
    fn has_room(&self) -> bool {
        self.out.len() <= self.most_bytes
    }

    /// # Safety
    /// As [`NativeWriter::field`], and `object` is an exact `list`.
    pub(super) unsafe fn list(&mut self, object: *mut ffi::PyObject, depth: Depth) -> Option<()> {
        // Without the GIL another thread may change the list meanwhile.
        if cfg!(Py_GIL_DISABLED) {
            return None;
        }
        // SAFETY: nothing changes the list, because no Python code runs and the GIL is held.
        unsafe {
            let count = ffi::PyList_GET_SIZE(object);
            self.elements(count, depth, |index| ffi::PyList_GET_ITEM(object, index))
        }
    }

    /// # Safety
    /// As [`NativeWriter::field`], and `object` is an exact `tuple`.
    pub(super) unsafe fn tuple(&mut self, object: *mut ffi::PyObject, depth: Depth) -> Option<()> {
        // SAFETY: a tuple never changes.
        unsafe {
            let count = ffi::PyTuple_GET_SIZE(object);
            self.elements(count, depth, |index| ffi::PyTuple_GET_ITEM(object, index))
        }
    }

    /// # Safety
    /// `element` returns an object that is alive until this returns, for each of `count` indices.
    unsafe fn elements(
        &mut self,
        count: isize,
        depth: Depth,
        element: impl Fn(isize) -> *mut ffi::PyObject,
    ) -> Option<()> {
        if !self.admits(count as usize, depth) {
            return None;
        }
        let begun = self.out.begin_list();
        for index in 0..count {
            // SAFETY: by this function's contract.
            unsafe { self.inner(element(index), depth)? };
            if !self.has_room() {
                return None;
            }
        }
        self.out.end(begun);
        Some(())
    }

    /// # Safety
    /// As [`NativeWriter::field`], and `object` is an exact `dict`.
    pub(super) unsafe fn dict(&mut self, object: *mut ffi::PyObject, depth: Depth) -> Option<()> {
        // SAFETY: by this function's contract.
        let count = unsafe { ffi::PyDict_Size(object) } as usize;
        // Without the GIL another thread may change the dict meanwhile.
        if cfg!(Py_GIL_DISABLED) || !self.admits(count, depth) {
            return None;
        }
        let begun = self.out.begin_map();
        // SAFETY: nothing changes the dict, because no Python code runs and the GIL is held. It keeps its
        // keys and values alive, and an exact str is asked for its text.
        unsafe {
            for (key, value) in DictItems::of(object) {
                if ffi::Py_TYPE(key) != &raw mut ffi::PyUnicode_Type {
                    return None;
                }
                self.out.name(plain_text(key)?);
                self.inner(value, depth)?;
                if !self.has_room() {
                    return None;
                }
            }
        }
        self.out.end(begun);
        Some(())
    }

    /// # Safety
    /// As [`NativeWriter::field`], and `names` are those of the object's class, a subclass of `tuple`.
    pub(super) unsafe fn named_tuple(
        &mut self,
        object: *mut ffi::PyObject,
        names: &Names,
        depth: Depth,
    ) -> Option<()> {
        // SAFETY: by this function's contract; a tuple never changes.
        unsafe {
            let count = ffi::PyTuple_GET_SIZE(object) as usize;
            if count != names.len() || !self.admits(count, depth) {
                return None;
            }
            let begun = self.out.begin_map();
            for (index, name) in names.iter().enumerate() {
                self.out.name(name);
                self.inner(ffi::PyTuple_GET_ITEM(object, index as isize), depth)?;
            }
            self.out.end(begun);
        }
        Some(())
    }

    /// # Safety
    /// As [`NativeWriter::field`], and `fields` are those of the object's class.
    pub(super) unsafe fn dataclass(
        &mut self,
        object: *mut ffi::PyObject,
        fields: &[FieldPlan],
        depth: Depth,
    ) -> Option<()> {
        if !self.admits(fields.len(), depth) {
            return None;
        }
        let begun = self.out.begin_map();
        for field in fields {
            self.out.name(&field.text);
            if !field.is_shown {
                self.out.value(Value::Str(HIDDEN));
                continue;
            }
            // SAFETY: by this function's contract; the class's way to find attributes is that of `object`,
            // and the attribute is none that runs code. A new reference, or null with an exception.
            unsafe {
                let value = ffi::PyObject_GenericGetAttr(object, field.name.as_ptr());
                let value = Bound::from_owned_ptr_or_err(self.py, value).ok()?;
                self.inner(value.as_ptr(), depth)?;
            }
        }
        self.out.end(begun);
        Some(())
    }
}
