//! Lets the binding's code tell Python versions apart (`cfg(Py_3_14)`).

fn main() {
    pyo3_build_config::use_pyo3_cfgs();
}
