//! Batches one after the other, as `struct ArrowArrayStream`.

use std::ffi::{CString, c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use super::array::{Array, ArrowArray};
use super::schema::ArrowSchema;
use crate::columns::schema::Column;

/// What the callbacks return where they fail: `EIO` of Linux and of all other systems.
const EIO: c_int = 5;

/// Batches of the same columns.
pub trait BatchSource: Send {
    /// The columns of each batch.
    fn columns(&self) -> &[Column];
    /// The next batch, None behind the last one; or why there is none.
    fn next_batch(&mut self) -> Result<Option<Array>, String>;
}

/// `struct ArrowArrayStream`.
#[repr(C)]
pub struct ArrowArrayStream {
    get_schema: Option<unsafe extern "C" fn(*mut ArrowArrayStream, *mut ArrowSchema) -> c_int>,
    get_next: Option<unsafe extern "C" fn(*mut ArrowArrayStream, *mut ArrowArray) -> c_int>,
    get_last_error: Option<unsafe extern "C" fn(*mut ArrowArrayStream) -> *const c_char>,
    release: Option<unsafe extern "C" fn(*mut ArrowArrayStream)>,
    private_data: *mut c_void,
}

/// What a stream points to.
struct Owned {
    source: Box<dyn BatchSource>,
    last_error: Option<CString>,
}

// SAFETY: what `private_data` leads to is owned by this struct alone, and is `Send`.
unsafe impl Send for ArrowArrayStream {}

impl ArrowArrayStream {
    /// The batches that `source` has left.
    pub fn of(source: Box<dyn BatchSource>) -> ArrowArrayStream {
        ArrowArrayStream {
            get_schema: Some(get_schema),
            get_next: Some(get_next),
            get_last_error: Some(get_last_error),
            release: Some(release),
            private_data: Box::into_raw(Box::new(Owned { source, last_error: None })).cast(),
        }
    }
}

impl Drop for ArrowArrayStream {
    fn drop(&mut self) {
        if let Some(release) = self.release {
            // SAFETY: not released yet, and the callback is the one of whoever filled the struct.
            unsafe { release(self) };
        }
    }
}

/// What `stream` owns.
///
/// # Safety
/// `stream` points to a struct that `of` made and nobody has released, and nobody else uses it meanwhile, as
/// the interface demands of consumers.
unsafe fn owned<'s>(stream: *mut ArrowArrayStream) -> &'s mut Owned {
    // SAFETY: as the caller promises.
    unsafe { &mut *(*stream).private_data.cast::<Owned>() }
}

/// # Safety
/// As [`owned`]; `out` points to memory for a schema.
unsafe extern "C" fn get_schema(stream: *mut ArrowArrayStream, out: *mut ArrowSchema) -> c_int {
    // SAFETY: as the caller promises.
    let owned = unsafe { owned(stream) };
    // SAFETY: as the caller promises; what was there is not read.
    unsafe { ptr::write(out, ArrowSchema::of(owned.source.columns())) };
    0
}

/// # Safety
/// As [`owned`]; `out` points to memory for an array.
unsafe extern "C" fn get_next(stream: *mut ArrowArrayStream, out: *mut ArrowArray) -> c_int {
    // SAFETY: as the caller promises.
    let owned = unsafe { owned(stream) };
    // A panic must not cross into C; the source is not used after one.
    let next = catch_unwind(AssertUnwindSafe(|| owned.source.next_batch()));
    let next = next.unwrap_or_else(|_| Err("a defect in the reader; please report it".to_owned()));
    let array = match next {
        Ok(batch) => batch.map_or_else(ArrowArray::released, ArrowArray::of),
        Err(reason) => {
            owned.last_error = CString::new(reason).ok();
            return EIO;
        }
    };
    // SAFETY: as the caller promises; what was there is not read.
    unsafe { ptr::write(out, array) };
    0
}

/// # Safety
/// As [`owned`].
unsafe extern "C" fn get_last_error(stream: *mut ArrowArrayStream) -> *const c_char {
    // SAFETY: as the caller promises.
    unsafe { owned(stream) }.last_error.as_ref().map_or(ptr::null(), |reason| reason.as_ptr())
}

/// # Safety
/// As [`owned`].
unsafe extern "C" fn release(stream: *mut ArrowArrayStream) {
    // SAFETY: as the caller promises; taken once because `release` is cleared here.
    unsafe {
        drop(Box::from_raw((*stream).private_data.cast::<Owned>()));
        (*stream).release = None;
    }
}
