//! Arrays of numbers, read through the buffer protocol.

use std::ffi::CStr;

use metaexpert_log::frame::Value;
use pyo3::ffi;
use pyo3::prelude::*;

use crate::values::native::plan::NumberKind;
use crate::values::native::writer::{Depth, NativeWriter};

/// No array has more axes than numpy's do.
const MOST_AXES: usize = 64;

/// A buffer, which is given back at the end.
struct Buffer(Box<ffi::Py_buffer>);

impl Buffer {
    /// # Safety
    /// `object` is alive as long as the buffer.
    unsafe fn of(py: Python<'_>, object: *mut ffi::PyObject) -> Option<Self> {
        let mut view = Box::new(ffi::Py_buffer::new());
        // SAFETY: by this function's contract; the view is filled in, or there is an exception.
        if unsafe { ffi::PyObject_GetBuffer(object, &mut *view, ffi::PyBUF_RECORDS_RO) } != 0 {
            drop(PyErr::take(py));
            return None;
        }
        Some(Buffer(view))
    }

    /// The kind of its numbers; `None` if they are others, or do not lie in this machine's order.
    fn kind(&self) -> Option<NumberKind> {
        if self.0.format.is_null() {
            return None;
        }
        // SAFETY: a buffer's format ends in a zero.
        let format = unsafe { CStr::from_ptr(self.0.format) }.to_bytes();
        let kind = NumberKind::of_format(format.strip_prefix(b"@").unwrap_or(format))?;
        (kind.size() == self.0.itemsize as usize).then_some(kind)
    }

    fn axes(&self) -> Option<(&[isize], &[isize])> {
        let count = usize::try_from(self.0.ndim).ok().filter(|count| (1..=MOST_AXES).contains(count))?;
        if self.0.shape.is_null() || self.0.strides.is_null() || !self.0.suboffsets.is_null() {
            return None;
        }
        // SAFETY: a buffer has a length and a stride for each axis.
        unsafe {
            Some((
                std::slice::from_raw_parts(self.0.shape, count),
                std::slice::from_raw_parts(self.0.strides, count),
            ))
        }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        // SAFETY: it was filled in, and is given back once.
        unsafe { ffi::PyBuffer_Release(&mut *self.0) };
    }
}

impl NativeWriter<'_, '_> {
    /// # Safety
    /// As [`NativeWriter::field`], and `object` is an exact `numpy.ndarray` or `array.array`.
    pub(super) unsafe fn array(&mut self, object: *mut ffi::PyObject, depth: Depth) -> Option<()> {
        // SAFETY: by this function's contract.
        let buffer = unsafe { Buffer::of(self.py, object) }?;
        let (kind, (shape, strides)) = (buffer.kind()?, buffer.axes()?);
        // SAFETY: the exporter vouches for what lies within shape and strides.
        unsafe { self.axis(buffer.0.buf.cast(), kind, shape, strides, depth) }
    }

    /// # Safety
    /// Behind `from` lies what `shape` and `strides` say, with numbers of this kind.
    unsafe fn axis(
        &mut self,
        from: *const u8,
        kind: NumberKind,
        shape: &[isize],
        strides: &[isize],
        depth: Depth,
    ) -> Option<()> {
        let ([count, inner_shape @ ..], [stride, inner_strides @ ..]) = (shape, strides) else {
            // SAFETY: by this function's contract.
            self.number(unsafe { kind.read(from) }, depth);
            return Some(());
        };
        let is_fitting = usize::try_from(*count).is_ok_and(|count| count <= self.most_items);
        if !is_fitting || depth.0 > self.most_depth || self.out.len() > self.most_bytes {
            return None;
        }
        if inner_shape.is_empty() && kind == NumberKind::F64 {
            // SAFETY: by this function's contract.
            self.out.floats(
                (0..*count)
                    .map(|index| unsafe { from.offset(index * stride).cast::<f64>().read_unaligned() }),
            );
            return Some(());
        }
        let begun = self.out.begin_list();
        for index in 0..*count {
            // SAFETY: by this function's contract.
            unsafe {
                let inner = from.offset(index * stride);
                self.axis(inner, kind, inner_shape, inner_strides, Depth(depth.0 + 1))?;
            }
        }
        self.out.end(begun);
        Some(())
    }
}

impl NumberKind {
    /// The number at `from`.
    ///
    /// # Safety
    /// There is one of this kind.
    pub(super) unsafe fn read(self, from: *const u8) -> Value<'static> {
        // SAFETY: by this function's contract.
        unsafe {
            match self {
                NumberKind::Bool => Value::Bool(from.read() != 0),
                NumberKind::I8 => Value::I64(from.cast::<i8>().read().into()),
                NumberKind::I16 => Value::I64(from.cast::<i16>().read_unaligned().into()),
                NumberKind::I32 => Value::I64(from.cast::<i32>().read_unaligned().into()),
                NumberKind::I64 => Value::I64(from.cast::<i64>().read_unaligned()),
                NumberKind::U8 => Value::I64(from.read().into()),
                NumberKind::U16 => Value::I64(from.cast::<u16>().read_unaligned().into()),
                NumberKind::U32 => Value::I64(from.cast::<u32>().read_unaligned().into()),
                NumberKind::U64 => {
                    let number = from.cast::<u64>().read_unaligned();
                    i64::try_from(number).map_or(Value::U64(number), Value::I64)
                }
                NumberKind::F32 => Value::F64(from.cast::<f32>().read_unaligned().into()),
                NumberKind::F64 => Value::F64(from.cast::<f64>().read_unaligned()),
            }
        }
    }
}
