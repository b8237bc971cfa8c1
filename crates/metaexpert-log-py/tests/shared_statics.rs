//! What threads share, and a fork must find whole.

use std::fs;
use std::path::Path;

#[test]
fn a_fork_keeps_other_threads_out_of_every_guarded_static() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let lib = fs::read_to_string(src.join("lib.rs")).unwrap();
    let (_, behind) = lib.split_once("static SHARED").expect("lib.rs lists what threads share");
    let (listed, _) = behind.split_once("];").unwrap();
    let mut found = Vec::new();
    guarded_statics(&src, &mut found);

    let missing: Vec<_> = found.iter().filter(|name| !listed.contains(&format!("::{name},"))).collect();

    assert!(found.len() > 1, "{found:?}");
    assert!(missing.is_empty(), "not in SHARED of lib.rs: {missing:?}");
}

/// Adds the names of the statics of the type `Guarded`.
fn guarded_statics(folder: &Path, names: &mut Vec<String>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            guarded_statics(&path, names);
            continue;
        }
        let code = fs::read_to_string(&path).unwrap();
        let statics = code.split("static ").skip(1).filter_map(|rest| rest.split_once(": Guarded<"));
        names.extend(
            statics.map(|(name, _)| name.to_owned()).filter(|name| !name.contains(char::is_whitespace)),
        );
    }
}
