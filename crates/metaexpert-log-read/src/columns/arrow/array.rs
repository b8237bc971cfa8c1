//! The values of a column, as `struct ArrowArray`.

use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;

/// One column of a batch, or a batch itself, whose children are its columns.
#[derive(Debug)]
pub struct Array {
    /// How many rows.
    pub length: usize,
    /// How many of them are null.
    pub null_count: usize,
    /// As the type's layout has them: first which rows are valid, then the values.
    pub buffers: Vec<Buffer>,
    /// The members of a struct.
    pub children: Vec<Array>,
}

/// Memory of an array.
#[derive(Debug)]
pub enum Buffer {
    /// None: all rows are valid.
    None,
    /// Bits or the bytes of texts.
    Bytes(Vec<u8>),
    /// Values of 64 bits.
    Words(Vec<u64>),
    /// Where texts end in their bytes; the first is where they begin.
    Ends(Vec<i32>),
    /// Zeros that many arrays share.
    Zeros(Arc<[u64]>),
}

impl Buffer {
    fn address(&self) -> *const c_void {
        match self {
            Buffer::None => ptr::null(),
            Buffer::Bytes(bytes) => bytes.as_ptr().cast(),
            Buffer::Words(words) => words.as_ptr().cast(),
            Buffer::Ends(ends) => ends.as_ptr().cast(),
            Buffer::Zeros(zeros) => zeros.as_ptr().cast(),
        }
    }
}

/// `struct ArrowArray`.
#[repr(C)]
#[derive(Debug)]
pub struct ArrowArray {
    length: i64,
    null_count: i64,
    offset: i64,
    n_buffers: i64,
    n_children: i64,
    buffers: *mut *const c_void,
    children: *mut *mut ArrowArray,
    dictionary: *mut ArrowArray,
    release: Option<unsafe extern "C" fn(*mut ArrowArray)>,
    private_data: *mut c_void,
}

/// What an array points to.
struct Owned {
    /// Held, because `addresses` lead into it; moving a buffer does not move its memory.
    _buffers: Vec<Buffer>,
    addresses: Vec<*const c_void>,
    /// Each from `Box::into_raw`, and freed with this.
    children: Vec<*mut ArrowArray>,
}

impl ArrowArray {
    /// The array in the form of the interface, which owns it until it is released.
    pub fn of(array: Array) -> ArrowArray {
        let addresses = array.buffers.iter().map(Buffer::address).collect();
        let children = array.children.into_iter().map(|child| Box::into_raw(Box::new(ArrowArray::of(child))));
        let mut owned = Box::new(Owned { _buffers: array.buffers, addresses, children: children.collect() });
        ArrowArray {
            length: array.length as i64,
            null_count: array.null_count as i64,
            offset: 0,
            n_buffers: owned.addresses.len() as i64,
            n_children: owned.children.len() as i64,
            buffers: owned.addresses.as_mut_ptr(),
            children: owned.children.as_mut_ptr(),
            dictionary: ptr::null_mut(),
            release: Some(release),
            private_data: Box::into_raw(owned).cast(),
        }
    }

    /// An array that is released already, which a stream gives at its end.
    pub fn released() -> ArrowArray {
        ArrowArray {
            length: 0,
            null_count: 0,
            offset: 0,
            n_buffers: 0,
            n_children: 0,
            buffers: ptr::null_mut(),
            children: ptr::null_mut(),
            dictionary: ptr::null_mut(),
            release: None,
            private_data: ptr::null_mut(),
        }
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        for child in &self.children {
            // SAFETY: made by `Box::into_raw` in `of`, and freed here alone. A consumer that moved the child
            // out has left it released, which dropping it respects.
            drop(unsafe { Box::from_raw(*child) });
        }
    }
}

impl Drop for ArrowArray {
    fn drop(&mut self) {
        if let Some(release) = self.release {
            // SAFETY: not released yet, and the callback is the one of whoever filled the struct.
            unsafe { release(self) };
        }
    }
}

/// Frees what an array owns, and marks it as released.
///
/// # Safety
/// `array` points to a struct that `of` made and nobody has released.
unsafe extern "C" fn release(array: *mut ArrowArray) {
    // SAFETY: as the caller promises; `private_data` is the `Owned` of `of`, taken once because `release` is
    // cleared here.
    unsafe {
        drop(Box::from_raw((*array).private_data.cast::<Owned>()));
        (*array).release = None;
    }
}
