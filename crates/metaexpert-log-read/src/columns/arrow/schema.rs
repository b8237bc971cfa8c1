//! The type of a column, as `struct ArrowSchema`.

use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr;

use crate::columns::schema::{Column, ColumnType};

/// The field may have nulls (`ARROW_FLAG_NULLABLE`).
const NULLABLE: i64 = 2;

/// `struct ArrowSchema`.
#[repr(C)]
#[derive(Debug)]
pub struct ArrowSchema {
    format: *const c_char,
    name: *const c_char,
    metadata: *const c_char,
    flags: i64,
    n_children: i64,
    children: *mut *mut ArrowSchema,
    dictionary: *mut ArrowSchema,
    release: Option<unsafe extern "C" fn(*mut ArrowSchema)>,
    private_data: *mut c_void,
}

/// What a schema points to.
struct Owned {
    name: CString,
    /// Each from `Box::into_raw`, and freed with this.
    children: Vec<*mut ArrowSchema>,
}

// SAFETY: all that the pointers lead to is owned by this struct alone, or static.
unsafe impl Send for ArrowSchema {}

impl ArrowSchema {
    /// That of batches with these columns: a struct with a member for each.
    pub fn of(columns: &[Column]) -> ArrowSchema {
        let members = columns.iter().map(|column| ArrowSchema::field(&column.name, column.column_type));
        ArrowSchema::new("", c"+s", 0, members.collect())
    }

    fn field(name: &str, column_type: ColumnType) -> ArrowSchema {
        let children = match column_type {
            ColumnType::Struct(shape) => {
                shape.iter().map(|(name, member)| ArrowSchema::field(name, *member)).collect()
            }
            _ => Vec::new(),
        };
        ArrowSchema::new(name, format(column_type), NULLABLE, children)
    }

    fn new(name: &str, format: &'static CStr, flags: i64, children: Vec<ArrowSchema>) -> ArrowSchema {
        // Names of columns have no NUL; one that had would be cut there.
        let name = name.split('\0').next().unwrap_or_default();
        let children = children.into_iter().map(|child| Box::into_raw(Box::new(child))).collect();
        let mut owned = Box::new(Owned { name: CString::new(name).unwrap_or_default(), children });
        ArrowSchema {
            format: format.as_ptr(),
            name: owned.name.as_ptr(),
            metadata: ptr::null(),
            flags,
            n_children: owned.children.len() as i64,
            children: owned.children.as_mut_ptr(),
            dictionary: ptr::null_mut(),
            release: Some(release),
            private_data: Box::into_raw(owned).cast(),
        }
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        for child in &self.children {
            // SAFETY: made by `Box::into_raw` in `new`, and freed here alone. A consumer that moved the child
            // out has left it released, which dropping it respects.
            drop(unsafe { Box::from_raw(*child) });
        }
    }
}

impl Drop for ArrowSchema {
    fn drop(&mut self) {
        if let Some(release) = self.release {
            // SAFETY: not released yet, and the callback is the one of whoever filled the struct.
            unsafe { release(self) };
        }
    }
}

/// Frees what a schema owns, and marks it as released.
///
/// # Safety
/// `schema` points to a struct that `new` made and nobody has released.
unsafe extern "C" fn release(schema: *mut ArrowSchema) {
    // SAFETY: as the caller promises; `private_data` is the `Owned` of `new`, taken once because `release` is
    // cleared here.
    unsafe {
        drop(Box::from_raw((*schema).private_data.cast::<Owned>()));
        (*schema).release = None;
    }
}

/// The format string of a type.
fn format(column_type: ColumnType) -> &'static CStr {
    match column_type {
        ColumnType::Bool => c"b",
        ColumnType::Int64 => c"l",
        ColumnType::UInt64 => c"L",
        ColumnType::Float64 => c"g",
        ColumnType::Time => c"tsn:UTC",
        ColumnType::Text => c"u",
        ColumnType::Struct(_) => c"+s",
    }
}
