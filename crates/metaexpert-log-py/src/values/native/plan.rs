//! Plans: what a class's objects become in a record, found out once per class on the general way.
//!
//! A plan is known by the class's address and its version, which the interpreter changes with every change of
//! the class and its bases, and never gives twice. So a plan needs no reference to its class.

use std::sync::Arc;

use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyType};

use crate::process::guarded::Guarded;

/// A table of so many plans, direct-mapped: of two classes in one slot, the later goes.
const SLOTS: usize = 256;

/// The names of a named tuple's elements.
pub(crate) type Names = Arc<[Box<[u8]>]>;

/// A field of a dataclass.
pub(crate) struct FieldPlan {
    pub(crate) name: Py<PyString>,
    pub(crate) text: Box<[u8]>,
    /// Whether the object's own text shows it.
    pub(crate) is_shown: bool,
}

/// How an object of a class is captured without Python code.
#[derive(Clone)]
pub(crate) enum Plan {
    /// It is not.
    Unknown,
    /// A subclass of `str`.
    Text,
    /// A subclass of `float`, as `numpy.float64` is.
    Float,
    /// A subclass of `int`.
    Integer,
    Decimal,
    Uuid,
    Date,
    Time,
    Timedelta,
    /// A `pandas.Timestamp`.
    Timestamp,
    /// A scalar of numpy's.
    Number(NumberKind),
    /// Shown as what its member stands for.
    Enumeration,
    Dataclass(Arc<[FieldPlan]>),
    NamedTuple(Names),
    /// An array that gives its numbers through the buffer protocol.
    Array,
}

/// A binary number, as the formats of `struct` and the kinds of numpy name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NumberKind {
    Bool,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    F32,
    F64,
}

impl NumberKind {
    /// The kind that `struct` calls so, in this machine's sizes and order.
    pub(super) fn of_format(format: &[u8]) -> Option<Self> {
        Some(match format {
            b"?" => NumberKind::Bool,
            b"b" => NumberKind::I8,
            b"h" => NumberKind::I16,
            b"i" => NumberKind::I32,
            b"l" if cfg!(target_pointer_width = "32") => NumberKind::I32,
            b"l" | b"q" => NumberKind::I64,
            b"B" => NumberKind::U8,
            b"H" => NumberKind::U16,
            b"I" => NumberKind::U32,
            b"L" if cfg!(target_pointer_width = "32") => NumberKind::U32,
            b"L" | b"Q" => NumberKind::U64,
            b"f" => NumberKind::F32,
            b"d" => NumberKind::F64,
            _ => return None,
        })
    }

    /// The kind that numpy calls so: a letter, and bytes.
    pub(super) fn of_numpy(kind: &str, bytes: usize) -> Option<Self> {
        Some(match (kind, bytes) {
            ("b", 1) => NumberKind::Bool,
            ("i", 1) => NumberKind::I8,
            ("i", 2) => NumberKind::I16,
            ("i", 4) => NumberKind::I32,
            ("i", 8) => NumberKind::I64,
            ("u", 1) => NumberKind::U8,
            ("u", 2) => NumberKind::U16,
            ("u", 4) => NumberKind::U32,
            ("u", 8) => NumberKind::U64,
            ("f", 4) => NumberKind::F32,
            _ => return None,
        })
    }

    /// Bytes of one.
    pub(super) fn size(self) -> usize {
        match self {
            NumberKind::Bool | NumberKind::I8 | NumberKind::U8 => 1,
            NumberKind::I16 | NumberKind::U16 => 2,
            NumberKind::I32 | NumberKind::U32 | NumberKind::F32 => 4,
            NumberKind::I64 | NumberKind::U64 | NumberKind::F64 => 8,
        }
    }
}

struct Known {
    class: usize,
    version: u32,
    plan: Plan,
}

pub(crate) struct Plans(Vec<Option<Known>>);

pub(crate) static PLANS: Guarded<Plans> = Guarded::new(Plans(Vec::new()));

impl Plans {
    fn slot(class: *mut ffi::PyTypeObject) -> usize {
        (class as usize >> 4).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56 & (SLOTS - 1)
    }

    #[inline]
    fn find(&self, class: *mut ffi::PyTypeObject, version: u32) -> Option<&Plan> {
        let known = self.0.get(Self::slot(class))?.as_ref()?;
        (known.class == class as usize && known.version == version).then_some(&known.plan)
    }
}

/// The version of a class as it is now; 0 if it has none.
///
/// # Safety
/// `class` is alive.
#[inline]
unsafe fn version_of(class: *mut ffi::PyTypeObject) -> u32 {
    // SAFETY: by this function's contract; the field is of every type, and read whole.
    unsafe { (*class).tp_version_tag }
}

/// The plan for objects of `class`, if it is known and the class is as it was. Runs no Python code.
///
/// # Safety
/// `class` is alive.
#[inline]
pub(super) unsafe fn plan_of(py: Python<'_>, class: *mut ffi::PyTypeObject) -> Option<Plan> {
    // SAFETY: by this function's contract.
    let version = unsafe { version_of(class) };
    PLANS.with(py, |plans| plans.find(class, version).cloned())
}

/// The version of a class whose plan is to be found out; 0 if it has none.
pub(super) fn version(class: &Bound<'_, PyType>) -> u32 {
    // A class gets its version when it is asked for an attribute.
    let _ = class.getattr(intern!(class.py(), "__name__"));
    // SAFETY: the class is alive.
    unsafe { version_of(class.as_type_ptr()) }
}

/// Remembers the plan for objects of `class` as long as it has this version.
pub(super) fn remember(class: &Bound<'_, PyType>, version: u32, plan: Plan) {
    let class_ptr = class.as_type_ptr();
    let known = Known { class: class_ptr as usize, version, plan };
    // What it replaces is dropped outside: that may free names.
    let _replaced = PLANS.with(class.py(), |plans| {
        if plans.0.is_empty() {
            plans.0.resize_with(SLOTS, || None);
        }
        plans.0[Plans::slot(class_ptr)].replace(known)
    });
}
