//! Searches a directory and prints the lines: `search DIR [CONDITION] [--count]`.

use std::io::{self, Write};

use metaexpert_log::condition::Condition;
use metaexpert_log_read::{Filter, Query, Search};

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (flags, rest): (Vec<_>, Vec<_>) = arguments.iter().partition(|text| text.starts_with("--"));
    let directory = rest.first().expect("a directory");
    let conditions =
        rest.get(1).map(|text| Condition::parse(text, 0).unwrap_or_else(|error| panic!("{error}")));
    let filter = Filter { conditions: conditions.into_iter().collect(), ..Filter::default() };
    let mut search = Search::in_directory(directory.as_ref(), Query { filter, ..Query::default() })?;
    let (mut count, mut out) = (0, Vec::new());
    while let Some(batch) = search.next_batch()? {
        count += batch.lines().len();
        if flags.is_empty() {
            out.clear();
            for line in batch.lines() {
                out.extend_from_slice(batch.text(line));
                out.push(b'\n');
            }
            io::stdout().write_all(&out)?;
        }
    }
    eprintln!("{count} lines; {:?}", search.report().files);
    Ok(())
}
