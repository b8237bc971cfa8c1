//! Who wrote which file: each process numbers its records by itself.

use std::path::PathBuf;

use metaexpert_log::family::{Member, Namesake};

/// For each of `files`, which are those of `logs`, the number of its writer: files of one process in several
/// logs have the same, as far as their names tell.
pub fn writers(files: &[PathBuf], logs: &[PathBuf]) -> Vec<usize> {
    let mut known: Vec<Option<Namesake>> = Vec::new();
    let namesake = |file: &PathBuf| logs.iter().find_map(|log| Member::of(log, file))?.namesake;
    files
        .iter()
        .map(|file| {
            let namesake = namesake(file);
            known.iter().position(|other| *other == namesake).unwrap_or_else(|| {
                known.push(namesake);
                known.len() - 1
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_one_process_in_several_logs_have_one_writer() {
        let paths = |names: &[&str]| names.iter().map(PathBuf::from).collect::<Vec<_>>();
        let files = paths(&["d/e.log.1.gz", "d/e.log", "d/e.7.log", "d/t.log", "d/t.7.log", "d/t.8.log"]);
        assert_eq!(writers(&files, &paths(&["d/e.log", "d/t.log"])), [0, 0, 1, 0, 1, 2]);
    }
}
