//! The plan of a class that is met for the first time: only what the general way would write, and only where
//! no code of the class or its metaclass would run.

use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyFloat, PyInt, PyMapping, PyString, PyTuple, PyType};

use crate::values::classes::{Classes, classes};
use crate::values::containers::shown_fields;
use crate::values::native::plan::{FieldPlan, NumberKind, Plan, plan_of, remember, version};
use crate::values::plain::plain_text;
use crate::values::third_party::package_of;

/// Finds out the plan for the class of `object`, if that is not known. May run Python code.
pub(crate) fn learn(object: &Bound<'_, PyAny>) {
    let class = object.get_type();
    // SAFETY: the class is alive.
    if unsafe { plan_of(class.py(), class.as_type_ptr()) }.is_none() {
        learn_class(&class);
    }
}

#[cold]
fn learn_class(class: &Bound<'_, PyType>) {
    let before = version(class);
    let found = plan(class).ok().flatten().unwrap_or(Plan::Unknown);
    // A class that was changed meanwhile is looked at again.
    if before != 0 && version(class) == before {
        remember(class, before, found);
    }
}

/// The plan for objects of `class`; `None` if there is none.
fn plan(class: &Bound<'_, PyType>) -> PyResult<Option<Plan>> {
    let py = class.py();
    let known = classes(py)?;
    if let Some(exact) = of_standard_library(class, known)? {
        return Ok(Some(exact));
    }
    if is_subclass(class, &known.enumeration)? {
        return Ok(is_plain_enumeration(class, known)?.then_some(Plan::Enumeration));
    }
    if class.is_subclass_of::<PyString>()? {
        return Ok(Some(Plan::Text));
    }
    if class.is_subclass_of::<PyFloat>()? {
        return Ok(Some(Plan::Float));
    }
    if class.is_subclass_of::<PyInt>()? {
        return Ok(Some(Plan::Integer));
    }
    if let Some((package, _)) = package_of(class) {
        return of_package(class, package);
    }
    if is_standard_array(class)? {
        return Ok(Some(Plan::Array));
    }
    if class.is_subclass_of::<PyTuple>()? {
        return named_tuple(class);
    }
    for earlier in [&known.decimal, &known.uuid, &known.path, &known.user_string, &known.date, &known.time] {
        if is_subclass(class, earlier)? {
            return Ok(None);
        }
    }
    if class.is_subclass_of::<pyo3::types::PyList>()? || is_subclass(class, &known.mapping)? {
        return Ok(None);
    }
    dataclass(class)
}

fn is_subclass(class: &Bound<'_, PyType>, of: &Py<PyType>) -> PyResult<bool> {
    class.is_subclass(of.bind(class.py()))
}

fn of_standard_library(class: &Bound<'_, PyType>, known: &Classes) -> PyResult<Option<Plan>> {
    let py = class.py();
    Ok(if class.is(&known.decimal) {
        // Its text is made in C, unless the interpreter was built without that.
        has_str_in_c(class)?.then_some(Plan::Decimal)
    } else if class.is(&known.uuid) {
        Some(Plan::Uuid)
    } else if class.is(&known.date) {
        Some(Plan::Date)
    } else if class.is(&known.time) {
        Some(Plan::Time)
    } else if class.is(py.import("datetime")?.getattr("timedelta")?) {
        Some(Plan::Timedelta)
    } else {
        None
    })
}

fn has_str_in_c(class: &Bound<'_, PyType>) -> PyResult<bool> {
    let slot = class.getattr(intern!(class.py(), "__str__"))?;
    Ok(slot.get_type().name()? == "wrapper_descriptor")
}

fn is_standard_array(class: &Bound<'_, PyType>) -> PyResult<bool> {
    Ok(class.module()? == "array" && class.is(class.py().import("array")?.getattr("array")?))
}

/// Whether attributes are found as `object` finds them, without code of the class.
fn has_generic_attributes(class: &Bound<'_, PyType>) -> bool {
    let generic: ffi::getattrofunc = ffi::PyObject_GenericGetAttr;
    // SAFETY: the class is alive.
    let own = unsafe { (*class.as_type_ptr()).tp_getattro };
    own.is_some_and(|own| std::ptr::fn_addr_eq(own, generic))
}

/// What the classes from `class` on say about an attribute, without asking the metaclass: the first has it.
fn declared<'py>(
    class: &Bound<'py, PyType>,
    name: &Bound<'py, PyString>,
) -> PyResult<Option<(Bound<'py, PyType>, Bound<'py, PyAny>)>> {
    for base in class.mro().iter() {
        let base = base.cast_into::<PyType>()?;
        let attributes = base.getattr(intern!(class.py(), "__dict__"))?.cast_into::<PyMapping>()?;
        if attributes.contains(name)? {
            let value = attributes.get_item(name)?;
            return Ok(Some((base, value)));
        }
    }
    Ok(None)
}

/// Whether a member's `value` is what it was made with.
fn is_plain_enumeration(class: &Bound<'_, PyType>, known: &Classes) -> PyResult<bool> {
    let py = class.py();
    let value = declared(class, intern!(py, "value"))?;
    let is_own = value.is_some_and(|(base, _)| base.is(&known.enumeration));
    Ok(is_own
        && has_generic_attributes(class)
        && declared(class, intern!(py, "_value_"))?.is_none_or(|(_, value)| !is_descriptor(&value))
        && class.module()? != "attr._make")
}

/// Whether an attribute of a class takes part in finding that of its objects.
fn is_descriptor(value: &Bound<'_, PyAny>) -> bool {
    // SAFETY: the object's type is alive.
    unsafe { (*value.get_type().as_type_ptr()).tp_descr_get.is_some() }
}

fn of_package(class: &Bound<'_, PyType>, package: &str) -> PyResult<Option<Plan>> {
    let py = class.py();
    let own = |name: &str| -> PyResult<bool> { Ok(class.is(py.import(package)?.getattr(name)?)) };
    match package {
        "numpy" if own("ndarray")? => Ok(Some(Plan::Array)),
        "numpy" => number(class),
        "pandas" if own("Timestamp")? => Ok(has_generic_attributes(class).then_some(Plan::Timestamp)),
        _ => Ok(None),
    }
}

/// The plan of a class of numpy's scalars.
fn number(class: &Bound<'_, PyType>) -> PyResult<Option<Plan>> {
    let numpy = class.py().import("numpy")?;
    if !class.is_subclass(&numpy.getattr("generic")?)? {
        return Ok(None);
    }
    let dtype = numpy.getattr("dtype")?.call1((class,))?;
    // A subclass of a scalar's class is none that numpy knows.
    if !dtype.getattr("type")?.is(class) {
        return Ok(None);
    }
    let (kind, bytes): (String, usize) =
        (dtype.getattr("kind")?.extract()?, dtype.getattr("itemsize")?.extract()?);
    let size = class.getattr("__basicsize__")?.extract::<usize>()?;
    let kind = NumberKind::of_numpy(&kind, bytes);
    Ok(kind.filter(|_| size >= size_of::<ffi::PyObject>() + bytes).map(Plan::Number))
}

fn named_tuple(class: &Bound<'_, PyType>) -> PyResult<Option<Plan>> {
    let py = class.py();
    let Some((_, names)) = declared(class, intern!(py, "_fields"))? else { return Ok(None) };
    let Ok(names) = names.cast_into_exact::<PyTuple>() else { return Ok(None) };
    // SAFETY: both classes are alive.
    let iterates_as_tuple = unsafe {
        let (own, of_tuple) = ((*class.as_type_ptr()).tp_iter, ffi::PyTuple_Type.tp_iter);
        own.zip(of_tuple).is_some_and(|(own, of_tuple)| std::ptr::fn_addr_eq(own, of_tuple))
    };
    let texts: Option<Vec<Box<[u8]>>> = names.iter().map(|name| text_of(&name)).collect();
    let texts = texts.filter(|texts| iterates_as_tuple && are_distinct(texts));
    Ok(texts.map(|texts| Plan::NamedTuple(texts.into())))
}

fn text_of(name: &Bound<'_, PyAny>) -> Option<Box<[u8]>> {
    let name = name.cast_exact::<PyString>().ok()?;
    // SAFETY: an exact str, alive while it is copied; the GIL is held.
    unsafe { plain_text(name.as_ptr()) }.map(Box::from)
}

fn are_distinct(texts: &[Box<[u8]>]) -> bool {
    texts.iter().enumerate().all(|(index, text)| !texts[..index].contains(text))
}

fn dataclass(class: &Bound<'_, PyType>) -> PyResult<Option<Plan>> {
    let py = class.py();
    if !has_generic_attributes(class) {
        return Ok(None);
    }
    let Some(fields) = class.getattr_opt(intern!(py, "__dataclass_fields__"))? else { return Ok(None) };
    let Ok(fields) = fields.cast_into_exact::<PyDict>() else { return Ok(None) };
    let mut plans = Vec::with_capacity(fields.len());
    for (name, is_shown) in shown_fields(&fields)? {
        let Some(text) = text_of(&name) else { return Ok(None) };
        let name = name.cast_into::<PyString>()?;
        if declared(class, &name)?.is_some_and(|(_, value)| runs_code(&value)) {
            return Ok(None);
        }
        plans.push(FieldPlan { name: name.unbind(), text, is_shown });
    }
    Ok(Some(Plan::Dataclass(plans.into())))
}

/// Whether to find an object's attribute may run code: that of a descriptor, unless it is a slot.
fn runs_code(value: &Bound<'_, PyAny>) -> bool {
    static SLOT: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = value.py();
    let slot =
        SLOT.get_or_try_init(py, || py.import("types")?.getattr("MemberDescriptorType").map(Bound::unbind));
    is_descriptor(value) && !slot.is_ok_and(|slot| value.get_type().is(slot))
}
