//! Messages that are too long, cut to fit: kept first is what identifies and explains the message, then
//! fields in their order, then tracebacks. What is cut says so.

use std::borrow::Cow;

use super::draft::{Draft, Parameter};
use super::wording::Wording;
use crate::line::cut::{cut_bytes_mark, early_share, prefix_that, prefix_written_in};

/// Room for what tells of the cut: a mark behind the message, and how many fields were left out.
const MARK_BYTES: usize = 80;
/// A part of a traceback that is shorter than this tells nothing.
const LEAST_BYTES: usize = 40;

/// Appends what fits of `draft` into `most` bytes.
pub(super) fn push_shortened(wording: &mut Wording, draft: &Draft<'_>, most: usize, out: &mut Vec<u8>) {
    let mut short = Shortening::new(wording, draft, most).shortened();
    let start = out.len();
    wording.push(&short, out);
    // A head that takes nearly all leaves no room for what was counted on.
    while out.len() - start > most && !(short.parameters.is_empty() && short.message.is_empty()) {
        if short.parameters.pop().is_none() {
            let half = prefix_that(&short.message, short.message.len() / 2, |_| true);
            short.message = Cow::Owned(short.message[..half].to_vec());
        }
        out.truncate(start);
        wording.push(&short, out);
    }
    out.truncate(start + most);
}

struct Shortening<'s, 'd> {
    wording: &'s Wording,
    draft: &'d Draft<'d>,
    room: usize,
    /// Of each parameter of the draft, what is kept.
    kept: Vec<Option<Parameter<'d>>>,
    cut_bytes: usize,
    fields_left_out: usize,
}

impl<'s, 'd> Shortening<'s, 'd> {
    fn new(wording: &'s mut Wording, draft: &'d Draft<'d>, most: usize) -> Self {
        let empty = Draft { parameters: Vec::new(), message: Cow::Borrowed(b""), ..draft.clone() };
        let mut head = Vec::new();
        wording.push(&empty, &mut head);
        let room = most.saturating_sub(head.len() + MARK_BYTES);
        let kept = draft.parameters.iter().map(|_| None).collect();
        Shortening { wording, draft, room, kept, cut_bytes: 0, fields_left_out: 0 }
    }

    fn shortened(mut self) -> Draft<'d> {
        let is_long = |each: &Parameter<'_>| each.is("stacktrace") || each.is("stack_info");
        self.keep(|each| each.is_own && !each.is("exception_message") && !is_long(each), 4);
        let message = self.message();
        self.keep(|each| each.is("exception_message"), 2);
        self.keep(|each| !each.is_own, usize::MAX);
        self.keep(is_long, 1);
        let mut parameters: Vec<Parameter<'d>> = self.kept.into_iter().flatten().collect();
        if self.fields_left_out > 0 {
            parameters.push(Parameter::own("fields_left_out", self.fields_left_out.to_string()));
        }
        let mut message = message.to_vec();
        message.extend_from_slice(cut_bytes_mark(self.cut_bytes).as_bytes());
        Draft {
            message: Cow::Owned(message),
            parameters,
            category: self.draft.category.clone(),
            ..*self.draft
        }
    }

    /// The start of the message that may stay: half of the room, and what the rest does not need.
    fn message(&mut self) -> &'d [u8] {
        let draft = self.draft;
        let rest: usize = draft
            .parameters
            .iter()
            .zip(&self.kept)
            .filter(|(_, kept)| kept.is_none())
            .map(|(parameter, _)| self.cost(parameter))
            .sum();
        let room = early_share(self.room, rest);
        let end = prefix_written_in(&draft.message, room, |start, out| self.wording.push_message(start, out));
        let message = &draft.message[..end];
        let mut out = Vec::new();
        self.wording.push_message(message, &mut out);
        self.room = self.room.saturating_sub(out.len());
        self.cut_bytes += draft.message.len() - end;
        message
    }

    /// Keeps each parameter that `is_meant` and fits into a `share`th of the room; a text of ours is cut to
    /// that.
    fn keep(&mut self, is_meant: impl Fn(&Parameter<'_>) -> bool, share: usize) {
        for (index, parameter) in self.draft.parameters.iter().enumerate().filter(|(_, each)| is_meant(each))
        {
            let cost = self.cost(parameter);
            // Fields are kept whole or not at all, our own texts cut to their share.
            let room = if share == usize::MAX { self.room } else { self.room / share };
            let kept = if cost <= room { Some(parameter.clone()) } else { self.cut(parameter, room) };
            match kept {
                Some(kept) => {
                    self.room = self.room.saturating_sub(self.cost(&kept));
                    self.kept[index] = Some(kept);
                }
                None => {
                    self.cut_bytes += parameter.name.len() + parameter.value.len();
                    self.fields_left_out += usize::from(!parameter.is_own);
                }
            }
        }
    }

    fn cut(&mut self, parameter: &'d Parameter<'d>, room: usize) -> Option<Parameter<'d>> {
        if !parameter.is_own || parameter.caller().is_some() || room < LEAST_BYTES + MARK_BYTES {
            return None;
        }
        let with = |start: &[u8], mark: &str| {
            let value = Cow::Owned([start, mark.as_bytes()].concat());
            Parameter { is_own: true, name: parameter.name.clone(), value }
        };
        let end =
            prefix_that(&parameter.value, room, |start| self.cost(&with(start, "")) <= room - MARK_BYTES / 2);
        let cut = parameter.value.len() - end;
        self.cut_bytes += cut;
        Some(with(&parameter.value[..end], &cut_bytes_mark(cut)))
    }

    fn cost(&self, parameter: &Parameter<'_>) -> usize {
        let mut out = Vec::new();
        self.wording.push_parameters(std::slice::from_ref(parameter), &mut out);
        out.len()
    }
}
