//! **Recovery**: records that killed processes have left in their rings are written to the files they were
//! meant for, exactly once and in order.
//!
//! The ring of a dead process is read like that of a living one, by the same stages: its configuration lies
//! beside it, and its marks say how far each file had come. What a file has beyond the mark is compared
//! with what is to be written, and not written again. Marks move as the recovery goes on, so that one that is
//! killed itself is completed by the next.

mod remnant;
mod report;
mod scope;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::backend::opening::Surroundings;
use crate::backend::stages::Stages;
use crate::config::Format;
use crate::ring::Ring;
use crate::ring::store::{Author, Claim, FORMAT, Store, author, author_by_name};
use crate::sink::trouble::TroubleLog;

use remnant::Remnant;
pub use report::{Report, RingReport, Status};
use scope::Scope;

/// Recovers every ring of the log directory `directory` whose process is gone. Records are written to files
/// in that directory, and to `files`; a ring that names any other stays as it is. Nothing here fails as a
/// whole: what could not be recovered says why, and stays for the next time.
pub fn recover(
    surroundings: &Surroundings,
    directory: &Path,
    files: &[PathBuf],
    trouble: &mut TroubleLog,
) -> Report {
    recover_where(surroundings, directory, files, false, trouble)
}

/// As [`recover`], and for the rings of every other log directory too, each of which is confined to its own.
pub fn recover_all(
    surroundings: &Surroundings,
    directory: &Path,
    files: &[PathBuf],
    trouble: &mut TroubleLog,
) -> Report {
    recover_where(surroundings, directory, files, true, trouble)
}

fn recover_where(
    surroundings: &Surroundings,
    directory: &Path,
    files: &[PathBuf],
    everywhere: bool,
    trouble: &mut TroubleLog,
) -> Report {
    let mut report = Report { directory: directory.to_owned(), ..Report::default() };
    let Some(store) = &surroundings.store else { return report };
    let rings = store.rings().unwrap_or_else(|problem| {
        trouble.report(&format!("what killed processes have left could not be looked for: {problem}"));
        Vec::new()
    });
    for path in rings {
        let is_of_directory = is_of(&path, directory);
        if !is_of_directory && !everywhere {
            report.elsewhere += u64::from(is_left_over(&path));
            continue;
        }
        let scope = Scope { directory: is_of_directory.then_some(directory), files };
        let Some(ring) = recover_ring(surroundings, &path, &scope, &mut report.repaired) else { continue };
        if let Some(problem) = &ring.problem {
            trouble.report(&format!("{}: {problem}", path.display()));
        }
        report.rings.push(ring);
    }
    report
}

/// Whether the ring at `path` was made for `directory`: for the same place, or under the same name, which a
/// link may have led elsewhere since.
fn is_of(path: &Path, directory: &Path) -> bool {
    Store::is_of(path, directory) || author(path).is_ok_and(|author| author.directory == directory)
}

/// Whether the process is gone that wrote to the ring at `path`, and has left something in it. A ring with
/// nothing in it is removed.
fn is_left_over(path: &Path) -> bool {
    let Ok(Some(claim)) = Claim::take(path) else { return false };
    let is_empty = Ring::is_empty(&claim);
    if is_empty {
        let _ = claim.remove();
    }
    !is_empty
}

/// `None` if there is no ring any more.
fn recover_ring(
    surroundings: &Surroundings,
    path: &Path,
    scope: &Scope<'_>,
    repaired: &mut BTreeMap<PathBuf, u64>,
) -> Option<RingReport> {
    let mut report = RingReport::default();
    let claim = match Claim::take(path) {
        Ok(Some(claim)) => claim,
        Ok(None) if path.join("ring").exists() => {
            if let Ok(author) = author(path) {
                report.set_author(&author);
            }
            report.status = Status::Alive;
            return Some(report);
        }
        Ok(None) => {
            // A ring's directory without its ring: somebody was killed while removing it.
            let _ = std::fs::remove_dir_all(path);
            return None;
        }
        Err(problem) => return Some(report.failed(format!("could not be opened: {problem}"))),
    };
    let Some(author) = author_or_note(path, &mut report) else {
        return Some(report.failed("its directory's name tells no more".to_owned()));
    };
    report.set_author(&author);
    if author.format != FORMAT {
        report.status = Status::Foreign;
        report.problem = Some(format!(
            "was written by another version of metaexpert (format {}, this one reads {FORMAT}): recover it with that one",
            author.format
        ));
        return Some(report);
    }
    if let Err(problem) = scope.check(path, &claim, &author) {
        return Some(report.failed(problem.to_string()));
    }
    let outcome = Remnant::open(surroundings, claim, author)
        .and_then(|mut remnant| remnant.recover(&mut report, repaired));
    Some(match outcome {
        Ok(()) => report,
        Err(problem) => report.failed(problem.to_string()),
    })
}

/// Who wrote the ring at `path`: as its file says, else, with a note in `report`, as its directory's name
/// does.
fn author_or_note(path: &Path, report: &mut RingReport) -> Option<Author> {
    author(path)
        .inspect_err(|problem| report.note(format!("author.json could not be read: {problem}")))
        .ok()
        .or_else(|| author_by_name(path))
}

/// Repairs the last line of each file that `stages` has opened: one that an earlier process could not
/// complete. What had to be cut off is told in `trouble`.
pub(crate) fn repair(stages: &mut Stages, trouble: &mut TroubleLog) {
    let mut found = Vec::new();
    for (_, sink) in stages.sinks() {
        let json = sink.config().format == Format::Json;
        let Some(name) = sink.config().file().map(|file| file.path.display().to_string()) else { continue };
        let Some(file) = sink.file() else { continue };
        match file.repair_last_line(json) {
            Ok(Some(torn)) => {
                found.push((name, torn));
            }
            Ok(None) => {}
            Err(problem) => {
                trouble.report(&format!("{name}: a torn last line could not be repaired: {problem}"))
            }
        }
    }
    for (name, torn) in found {
        // Another configuration may have written it, or somebody else.
        let torn = stages.redacted(&torn);
        let torn = String::from_utf8_lossy(&torn);
        trouble.report(&format!("{name}: the last line was torn, and cut off: {torn}"));
    }
}
