//! `NativeWriter`: the values of one record, one behind the other.

use metaexpert_log::config::Limits;
use metaexpert_log::frame::{MOST_DEPTH, NestedWriter, Value};
use pyo3::ffi;
use pyo3::prelude::*;

use crate::values::native::plan::{Plan, plan_of};
use crate::values::native::scalars;
use crate::values::plain::{plain_text, plain_value};
use crate::values::text::WORST_ESCAPE_BYTES;
use crate::values::times::{TIME_LEN, plain_time_argument};

/// Writes the values of one record. While it lives, no garbage is collected, because that would run code of
/// finalisers.
pub(crate) struct NativeWriter<'a, 'py> {
    pub(super) py: Python<'py>,
    _pause: Pause,
    is_plain: bool,
    pub(super) out: NestedWriter<'a>,
    /// No list or mapping has more elements.
    pub(super) most_items: usize,
    /// None lies deeper.
    pub(super) most_depth: u32,
    /// What is written is no longer, so that no text made of it exceeds a record's bounds.
    pub(super) most_bytes: usize,
}

/// A time without garbage collection. From Python 3.12 on there is none anyway between two instructions of
/// the interpreter.
struct Pause {
    #[cfg(not(Py_3_12))]
    was_enabled: bool,
}

impl Pause {
    #[inline]
    fn begin() -> Self {
        Pause {
            // SAFETY: the GIL is held.
            #[cfg(not(Py_3_12))]
            was_enabled: unsafe { ffi::PyGC_Disable() != 0 },
        }
    }
}

#[cfg(not(Py_3_12))]
impl Drop for Pause {
    #[inline]
    fn drop(&mut self) {
        if self.was_enabled {
            // SAFETY: the GIL is held.
            unsafe { ffi::PyGC_Enable() };
        }
    }
}

/// Where a value stands.
#[derive(Clone, Copy)]
pub(super) struct Depth(pub(super) u32);

impl<'a, 'py> NativeWriter<'a, 'py> {
    /// A writer that appends to `out`, which is empty, the values of a record whose other parts take `taken`
    /// bytes.
    pub(crate) fn new(py: Python<'py>, limits: &Limits, taken: usize, out: &'a mut Vec<u8>) -> Self {
        NativeWriter {
            py,
            _pause: Pause::begin(),
            is_plain: true,
            out: NestedWriter::new(out),
            most_items: limits.items as usize,
            most_depth: limits.depth.min(MOST_DEPTH as u32 - 1),
            most_bytes: (limits.bytes as usize / WORST_ESCAPE_BYTES).saturating_sub(taken),
        }
    }

    /// Whether all values were plain.
    pub(crate) fn is_plain(&self) -> bool {
        self.is_plain
    }

    /// Whether a list or mapping was among the values.
    pub(crate) fn has_nested(&self) -> bool {
        self.out.has_nested()
    }

    /// Writes the value of a field; `None` if it has to go the general way.
    ///
    /// # Safety
    /// `object` is alive until the call returns.
    #[inline]
    pub(crate) unsafe fn field(&mut self, object: *mut ffi::PyObject) -> Option<()> {
        // SAFETY: by this function's contract.
        unsafe {
            match plain_value(object) {
                Some(plain) => self.out.value(plain),
                None => self.other(object, Depth(0))?,
            }
        }
        (self.out.len() <= self.most_bytes).then_some(())
    }

    /// Writes a value inside of another.
    ///
    /// # Safety
    /// As [`NativeWriter::field`].
    #[inline]
    pub(super) unsafe fn inner(&mut self, object: *mut ffi::PyObject, around: Depth) -> Option<()> {
        // SAFETY: by this function's contract.
        match unsafe { plain_value(object) } {
            Some(Value::I64(number)) => self.out.inner_integer(number),
            Some(plain) => self.out.value(plain),
            // SAFETY: as above.
            None => unsafe { self.other(object, Depth(around.0 + 1)) }?,
        }
        Some(())
    }

    /// Writes what an object at this depth stands for. That may stand for another, but not without end.
    ///
    /// # Safety
    /// As [`NativeWriter::field`].
    unsafe fn stood_for(&mut self, object: *mut ffi::PyObject, depth: Depth) -> Option<()> {
        // SAFETY: by this function's contract.
        unsafe {
            match plain_value(object) {
                Some(plain) => self.number(plain, depth),
                None if depth.0 <= self.most_depth => self.other(object, Depth(depth.0 + 1))?,
                None => return None,
            }
        }
        Some(())
    }

    /// Writes a value that no look at its type alone settles.
    ///
    /// # Safety
    /// As [`NativeWriter::field`].
    unsafe fn other(&mut self, object: *mut ffi::PyObject, depth: Depth) -> Option<()> {
        // SAFETY: by this function's contract; each is called for the type that was found out before.
        unsafe {
            if let Some(text) = plain_time_argument(self.py, object, &mut [0; TIME_LEN]) {
                self.out.value(Value::Str(text));
                return Some(());
            }
            self.is_plain = false;
            let kind = ffi::Py_TYPE(object);
            if kind == &raw mut ffi::PyList_Type {
                return self.list(object, depth);
            }
            if kind == &raw mut ffi::PyDict_Type {
                return self.dict(object, depth);
            }
            if kind == &raw mut ffi::PyTuple_Type {
                return self.tuple(object, depth);
            }
            let plan = plan_of(self.py, kind)?;
            self.planned(object, plan, depth)
        }
    }

    /// Writes an object as its class's plan says.
    ///
    /// # Safety
    /// As [`NativeWriter::field`], and `plan` is that of the object's type.
    unsafe fn planned(&mut self, object: *mut ffi::PyObject, plan: Plan, depth: Depth) -> Option<()> {
        // SAFETY: by this function's contract.
        unsafe {
            match plan {
                Plan::Unknown => return None,
                Plan::Text => self.out.value(Value::Str(scalars::text_of_subclass(object)?)),
                Plan::Float => self.out.value(Value::F64(ffi::PyFloat_AS_DOUBLE(object))),
                Plan::Integer => self.integer(object, depth)?,
                Plan::Decimal => self.str_of(object)?,
                Plan::Timedelta => {
                    let mut text = [0; scalars::TIMEDELTA_LEN];
                    self.out.value(Value::Str(scalars::timedelta(object, &mut text)?));
                }
                Plan::Uuid => self.out.value(Value::Str(&scalars::uuid(self.py, object)?)),
                Plan::Date => self.out.value(Value::Str(&scalars::date(object))),
                Plan::Time => self.out.value(Value::Str(scalars::time(object, &mut [0; TIME_LEN])?)),
                Plan::Timestamp => {
                    let mut text = [0; scalars::TIMESTAMP_LEN];
                    self.out.value(Value::Str(scalars::timestamp(self.py, object, &mut text)?));
                }
                Plan::Number(kind) => self.number(scalars::number(object, kind), depth),
                Plan::Enumeration => {
                    let value = scalars::enumeration_value(self.py, object)?;
                    self.stood_for(value.as_ptr(), depth)?;
                }
                Plan::Dataclass(fields) => self.dataclass(object, &fields, depth)?,
                Plan::NamedTuple(names) => self.named_tuple(object, &names, depth)?,
                Plan::Array => self.array(object, depth)?,
            }
        }
        Some(())
    }

    /// The `str()` of an object whose class has it in C.
    ///
    /// # Safety
    /// As [`NativeWriter::field`].
    unsafe fn str_of(&mut self, object: *mut ffi::PyObject) -> Option<()> {
        // SAFETY: by this function's contract; a new reference, or null with an exception.
        let text = unsafe { Bound::from_owned_ptr_or_err(self.py, ffi::PyObject_Str(object)) }.ok()?;
        // SAFETY: the text lives until it is copied, and `str()` of these classes is an exact `str`.
        self.out.value(Value::Str(unsafe { plain_text(text.as_ptr()) }?));
        Some(())
    }

    /// # Safety
    /// As [`NativeWriter::field`], and `object` is an `int`.
    unsafe fn integer(&mut self, object: *mut ffi::PyObject, depth: Depth) -> Option<()> {
        let mut overflow = 0;
        // SAFETY: by this function's contract.
        let number = unsafe { ffi::PyLong_AsLongLongAndOverflow(object, &mut overflow) };
        (overflow == 0).then(|| self.number(Value::I64(number), depth))
    }

    pub(super) fn number(&mut self, number: Value<'_>, depth: Depth) {
        match number {
            Value::I64(number) if depth.0 > 0 => self.out.inner_integer(number),
            number => self.out.value(number),
        }
    }
}
