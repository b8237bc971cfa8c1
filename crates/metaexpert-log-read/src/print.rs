//! Lines of batches put into one text, with the lines around those that are wanted.

use std::collections::VecDeque;

use crate::render::Renderer;
use crate::scan::{Batch, Line};

/// What stands between groups of lines that do not follow each other.
const SEPARATOR: &[u8] = b"--\n";

/// How many lines are shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct Extent {
    /// Lines before each that is wanted.
    pub before: usize,
    /// Lines behind each that is wanted.
    pub after: usize,
    /// The end, behind so many lines that are wanted.
    pub most: Option<usize>,
}

/// Shows lines that are wanted, and those around them if the search gives all.
pub struct Printer {
    renderer: Renderer,
    extent: Extent,
    /// Lines that are not wanted, and may stand before one that is.
    held: VecDeque<Vec<u8>>,
    /// How many lines are still to be shown behind the last one that is wanted.
    left_after: usize,
    /// Whether a line was left out since the last that was shown.
    is_apart: bool,
    matches: usize,
    has_header: bool,
}

impl Printer {
    /// Shows lines as `renderer` has them.
    pub fn new(renderer: Renderer, extent: Extent) -> Printer {
        Printer {
            renderer,
            extent,
            held: VecDeque::new(),
            left_after: 0,
            is_apart: false,
            matches: 0,
            has_header: false,
        }
    }

    /// How many lines were wanted so far.
    pub fn matches(&self) -> usize {
        self.matches
    }

    /// Whether as many were shown as are to be.
    pub fn is_finished(&self) -> bool {
        self.left_after == 0 && self.has_enough()
    }

    fn has_enough(&self) -> bool {
        self.extent.most.is_some_and(|most| self.matches >= most)
    }

    /// Appends what is to be shown of `batch` to `out`, the first time behind the format's header.
    pub fn print(&mut self, batch: &Batch, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.has_header, true) {
            self.renderer.header(out);
        }
        for line in batch.lines() {
            if self.is_finished() {
                return;
            }
            let text = batch.text(line);
            if line.is_match && !self.has_enough() {
                self.matches += 1;
                self.show_held(out);
                self.show(line, text, out);
                self.left_after = self.extent.after;
            } else if self.left_after > 0 {
                self.left_after -= 1;
                self.show(line, text, out);
            } else {
                self.hold(line, text);
            }
        }
    }

    fn show_held(&mut self, out: &mut Vec<u8>) {
        let has_context = self.extent.before > 0 || self.extent.after > 0;
        if has_context && self.is_apart && self.matches > 1 {
            out.extend_from_slice(SEPARATOR);
        }
        self.held.drain(..).for_each(|shown| out.extend_from_slice(&shown));
        self.is_apart = false;
    }

    fn show(&mut self, line: &Line, text: &[u8], out: &mut Vec<u8>) {
        if line.fault.is_some() {
            self.renderer.render_foreign(text, out);
        } else {
            self.renderer.render(text, out);
        }
    }

    fn hold(&mut self, line: &Line, text: &[u8]) {
        if self.extent.before == 0 {
            self.is_apart = true;
            return;
        }
        let mut shown = Vec::new();
        self.show(line, text, &mut shown);
        self.held.push_back(shown);
        if self.held.len() > self.extent.before {
            self.held.pop_front();
            self.is_apart = true;
        }
    }
}
