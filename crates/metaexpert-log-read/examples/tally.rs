//! Counts the records of a directory by the values of fields: `tally DIR KEY...`.

use std::io;

use metaexpert_log_read::{OpenLogs, Query, Tally};

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (directory, keys) = arguments.split_first().expect("a directory");
    let mut tally = Tally::of(&OpenLogs::in_directory(directory.as_ref(), Query::default())?, keys)?;
    while tally.read_on()? {}
    println!("{}", tally.to_json());
    eprintln!("{:?}", tally.report().files);
    Ok(())
}
