//! Large values of the classes of `collections`, and views of a dict, as `repr()` shows them.

use metaexpert_log::frame::Value;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::PyDict;

use crate::values::plain::plain_value;
use crate::values::repr::brief::Brief;
use crate::values::repr::kinds::collection;

type Pair<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>);

/// Adds the name of an object's class, and the object's members.
pub(crate) fn push_collection(brief: &mut Brief, object: &Bound<'_, PyAny>, depth: usize) -> PyResult<()> {
    match (collection(object), object.cast::<PyDict>()) {
        (Some("defaultdict"), Ok(dict)) => push_default_dict(brief, dict, depth),
        (Some("Counter"), Ok(dict)) => push_counter(brief, dict, depth),
        (Some("OrderedDict"), _) => brief.once(object, "...", |brief| push_ordered(brief, object, depth)),
        (Some(_), _) => brief.once(object, "[...]", |brief| push_deque(brief, object, depth)),
        (None, _) => brief.once(object, "...", |brief| push_view(brief, object, depth)),
    }
}

fn push_default_dict(brief: &mut Brief, dict: &Bound<'_, PyDict>, depth: usize) -> PyResult<()> {
    brief.push_name(dict);
    brief.write("(");
    brief.push_member(&dict.getattr(intern!(dict.py(), "default_factory"))?, depth + 1)?;
    brief.close(", ");
    brief.push_dict(dict, depth)?;
    brief.close(")");
    Ok(())
}

/// The commonest first, or, if the counts can't be compared, in the order of a dict.
fn push_counter(brief: &mut Brief, counter: &Bound<'_, PyDict>, depth: usize) -> PyResult<()> {
    brief.push_name(counter);
    brief.write("(");
    match commonest(counter, brief.most_pairs()).map_or_else(|| most_common(counter), Ok) {
        Ok(pairs) => {
            brief.write("{");
            brief.push_pairs(&pairs, counter.len(), depth)?;
        }
        Err(_) => brief.push_dict(counter, depth)?,
    }
    brief.close(")");
    Ok(())
}

fn push_ordered(brief: &mut Brief, ordered: &Bound<'_, PyAny>, depth: usize) -> PyResult<()> {
    brief.push_name(ordered);
    // Not of the dict that it is: that has another order.
    let items = ordered.call_method0(intern!(ordered.py(), "items"))?;
    #[cfg(not(Py_3_12))]
    {
        push_some(brief, "([", &items, depth)?;
        brief.close("])");
    }
    #[cfg(Py_3_12)]
    {
        brief.write("({");
        let most = brief.most_pairs();
        let pairs = items.try_iter()?.take(most).map(|pair| pair?.extract()).collect::<PyResult<Vec<_>>>()?;
        brief.push_pairs(&pairs, ordered.len()?, depth)?;
        brief.close(")");
    }
    Ok(())
}

fn push_deque(brief: &mut Brief, deque: &Bound<'_, PyAny>, depth: usize) -> PyResult<()> {
    brief.push_name(deque);
    push_some(brief, "([", deque, depth)?;
    brief.close("]");
    let most = deque.getattr(intern!(deque.py(), "maxlen"))?;
    if !most.is_none() {
        brief.close(&format!(", maxlen={most}"));
    }
    brief.close(")");
    Ok(())
}

fn push_view(brief: &mut Brief, view: &Bound<'_, PyAny>, depth: usize) -> PyResult<()> {
    brief.push_name(view);
    push_some(brief, "([", view, depth)?;
    brief.close("])");
    Ok(())
}

/// Adds `begin`, and as many members of an iterable as there is room for.
fn push_some(brief: &mut Brief, begin: &str, object: &Bound<'_, PyAny>, depth: usize) -> PyResult<()> {
    let most = brief.most_members();
    let members = object.try_iter()?.take(most).collect::<PyResult<Vec<_>>>()?;
    brief.push_members((begin, ""), members.into_iter(), object.len()?, depth)
}

/// The `most` pairs with the highest counts; `None` if some count is no number of 64 bits.
fn commonest<'py>(counter: &Bound<'py, PyDict>, most: usize) -> Option<Vec<Pair<'py>>> {
    let all: Vec<Pair<'py>> = with_critical_section(counter, || counter.iter().collect());
    let counts: Option<Vec<i64>> = all.iter().map(|(_, count)| number(count)).collect();
    let mut order: Vec<(i64, usize)> = counts?.into_iter().map(|count| !count).zip(0..).collect();
    if most < order.len() {
        order.select_nth_unstable(most);
        order.truncate(most);
    }
    order.sort_unstable();
    Some(order.into_iter().map(|(_, index)| all[index].clone()).collect())
}

fn number(count: &Bound<'_, PyAny>) -> Option<i64> {
    // SAFETY: the GIL is held, and the object alive.
    match unsafe { plain_value(count.as_ptr()) } {
        Some(Value::I64(number)) => Some(number),
        _ => None,
    }
}

/// All pairs in the order of [`commonest`], for any counts that can be compared.
fn most_common<'py>(counter: &Bound<'py, PyDict>) -> PyResult<Vec<Pair<'py>>> {
    counter.call_method0(intern!(counter.py(), "most_common"))?.extract()
}
