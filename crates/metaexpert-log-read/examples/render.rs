//! Renders the lines of stdin again and again, and says how long it took for each.
//!
//! `cargo run --release -p metaexpert-log-read --example render -- text < logs/expert.log`

use std::hint::black_box;
use std::io::Read;
use std::time::Instant;

use metaexpert_log_read::{Format, Renderer, Style, Zone};

const ROUNDS: u32 = 20;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut log = Vec::new();
    std::io::stdin().read_to_end(&mut log)?;
    let lines: Vec<&[u8]> = log.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    let mut renderer = Renderer::new(&style(std::env::args().skip(1)))?;
    let mut out = Vec::new();
    let mut shortest = f64::INFINITY;
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        for line in &lines {
            if out.len() > 1 << 16 {
                black_box(&mut out).clear();
            }
            renderer.render(black_box(line), &mut out);
        }
        shortest = shortest.min(begin.elapsed().as_secs_f64());
    }
    let (records, bytes) = (lines.len() as f64, log.len() as f64);
    println!("{:.0} ns per record of {:.0} bytes", shortest * 1e9 / records, bytes / records);
    Ok(())
}

/// `text`, `json`, `csv` or a template, then names of fields, those to hide with a `-` before them.
fn style(mut words: impl Iterator<Item = String>) -> Style {
    let format = match words.next().as_deref() {
        None | Some("text") => Format::Text,
        Some("json") => Format::Json,
        Some("csv") => Format::Csv,
        Some(template) => Format::Template(template.to_owned()),
    };
    let mut style = Style { format, zone: Zone::Named("Europe/Berlin".to_owned()), ..Style::default() };
    for word in words {
        match word.strip_prefix('-') {
            Some(hidden) => style.hide.push(hidden.to_owned()),
            None => style.fields.push(word),
        }
    }
    style
}
