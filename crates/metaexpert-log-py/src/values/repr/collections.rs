//! How the classes of `collections`, and the views of a dict, are shown where they are large.

use metaexpert_log::frame::Value;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::PyDict;

use crate::values::convert::plain_value;
use crate::values::repr::brief::Brief;
use crate::values::repr::size::collection;

type Pair<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>);

impl Brief {
    /// One of the classes of `collections`, or a view of a dict: its name, and what it holds.
    pub(crate) fn push_collection(&mut self, object: &Bound<'_, PyAny>, depth: usize) -> PyResult<()> {
        match (collection(object), object.cast::<PyDict>()) {
            (Some("defaultdict"), Ok(dict)) => self.push_default_dict(dict, depth),
            (Some("Counter"), Ok(dict)) => self.push_counter(dict, depth),
            (Some("OrderedDict"), _) => self.once(object, "...", |brief| brief.push_ordered(object, depth)),
            (Some(_), _) => self.once(object, "[...]", |brief| brief.push_deque(object, depth)),
            (None, _) => self.once(object, "...", |brief| {
                brief.push_name(object);
                brief.push_some("([", object, depth)?;
                brief.close("])");
                Ok(())
            }),
        }
    }

    fn push_default_dict(&mut self, dict: &Bound<'_, PyDict>, depth: usize) -> PyResult<()> {
        self.push_name(dict);
        self.write("(");
        self.push(&dict.getattr(intern!(dict.py(), "default_factory"))?, depth + 1)?;
        self.close(", ");
        self.push_dict(dict, depth)?;
        self.close(")");
        Ok(())
    }

    /// The commonest first, or, if the counts can't be compared, as a dict is shown.
    fn push_counter(&mut self, counter: &Bound<'_, PyDict>, depth: usize) -> PyResult<()> {
        self.push_name(counter);
        self.write("(");
        let most = self.room() / 4 + 1;
        match commonest(counter, most).map_or_else(|| asked(counter), Ok) {
            Ok(pairs) => {
                self.write("{");
                self.push_these_pairs(&pairs, counter.len(), depth)?;
            }
            Err(_) => self.push_dict(counter, depth)?,
        }
        self.close(")");
        Ok(())
    }

    fn push_ordered(&mut self, ordered: &Bound<'_, PyAny>, depth: usize) -> PyResult<()> {
        self.push_name(ordered);
        // Not of the dict that it is: that has another order.
        let items = ordered.call_method0(intern!(ordered.py(), "items"))?;
        #[cfg(not(Py_3_12))]
        {
            self.push_some("([", &items, depth)?;
            self.close("])");
        }
        #[cfg(Py_3_12)]
        {
            self.write("({");
            let most = self.room() / 4 + 1;
            let pairs =
                items.try_iter()?.take(most).map(|pair| pair?.extract()).collect::<PyResult<Vec<_>>>()?;
            self.push_these_pairs(&pairs, ordered.len()?, depth)?;
            self.close(")");
        }
        Ok(())
    }

    fn push_deque(&mut self, deque: &Bound<'_, PyAny>, depth: usize) -> PyResult<()> {
        self.push_name(deque);
        self.push_some("([", deque, depth)?;
        self.close("]");
        let most = deque.getattr(intern!(deque.py(), "maxlen"))?;
        if !most.is_none() {
            self.close(&format!(", maxlen={most}"));
        }
        self.close(")");
        Ok(())
    }

    /// What stands before the members of an iterable, and as many of those as there is room for.
    fn push_some(&mut self, begin: &str, object: &Bound<'_, PyAny>, depth: usize) -> PyResult<()> {
        let most = self.room() / 3 + 1;
        let members = object.try_iter()?.take(most).collect::<PyResult<Vec<_>>>()?;
        self.push_members((begin, ""), members.into_iter(), object.len()?, depth)
    }
}

/// The `most` pairs with the highest counts, as far as all counts are numbers of 64 bits; `None` for others.
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

/// All pairs, as [`commonest`] has them, of whatever counts can be compared.
fn asked<'py>(counter: &Bound<'py, PyDict>) -> PyResult<Vec<Pair<'py>>> {
    counter.call_method0(intern!(counter.py(), "most_common"))?.extract()
}
