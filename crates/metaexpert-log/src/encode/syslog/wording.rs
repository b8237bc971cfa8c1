//! A draft in the words of one dialect, however long that gets.

use super::dialect::Dialect;
use super::draft::{Draft, Parameter};
use super::sender::Sender;
use super::{journal, rfc3164, rfc5424};
use crate::clock::Rfc3339;
use crate::encode::local_time::{LocalTime, system_zone};
use crate::line::escape::escape_controls;

/// Knows a dialect's words, and who sends.
pub(super) struct Wording {
    dialect: Dialect,
    sender: Sender,
    timestamps: Rfc3339,
    local: Option<LocalTime>,
}

impl Wording {
    /// The words of `dialect` for the program `app_name`.
    pub(super) fn new(dialect: Dialect, app_name: &str) -> Wording {
        let names_time = matches!(dialect, Dialect::Rfc3164 | Dialect::Local);
        Wording {
            dialect,
            sender: Sender::this_process(app_name),
            timestamps: Rfc3339::default(),
            local: names_time.then(|| LocalTime::new("%b %e %H:%M:%S", system_zone())),
        }
    }

    /// Whether a message has a place of its own for a category.
    pub(super) fn has_place_for_category(&self) -> bool {
        matches!(self.dialect, Dialect::Rfc5424 | Dialect::Journal)
    }

    /// The text of a draft's time as a parameter.
    pub(super) fn timestamp(&mut self, draft: &Draft<'_>) -> String {
        String::from_utf8_lossy(&self.timestamps.format(draft.timestamp_ns)).into_owned()
    }

    /// Appends `draft`, all of it.
    pub(super) fn push(&mut self, draft: &Draft<'_>, out: &mut Vec<u8>) {
        self.push_head(draft, out);
        match self.dialect {
            Dialect::Rfc5424 => {
                self.push_parameters(&draft.parameters, out);
                out.extend_from_slice(b"] ");
                self.push_message(&draft.message, out);
            }
            Dialect::Rfc3164 | Dialect::Local | Dialect::Journal => {
                self.push_message(&draft.message, out);
                self.push_parameters(&draft.parameters, out);
            }
        }
    }

    fn push_head(&mut self, draft: &Draft<'_>, out: &mut Vec<u8>) {
        let names_host = self.dialect == Dialect::Rfc3164;
        match (self.dialect, &mut self.local) {
            (Dialect::Journal, _) => journal::push_head(draft, &self.sender, out),
            (Dialect::Rfc3164 | Dialect::Local, Some(local)) => {
                rfc3164::push_head(draft, &self.sender, local.text(draft.timestamp_ns), names_host, out);
            }
            _ => rfc5424::push_head(draft, &self.sender, &self.timestamps.format(draft.timestamp_ns), out),
        }
    }

    pub(super) fn push_message(&self, message: &[u8], out: &mut Vec<u8>) {
        match self.dialect {
            Dialect::Journal => journal::push_message(message, out),
            Dialect::Rfc5424 | Dialect::Rfc3164 | Dialect::Local => escape_controls(message, out),
        }
    }

    pub(super) fn push_parameters(&self, parameters: &[Parameter<'_>], out: &mut Vec<u8>) {
        match self.dialect {
            Dialect::Rfc3164 | Dialect::Local => {
                parameters.iter().for_each(|parameter| rfc3164::push_parameter(parameter, out));
            }
            Dialect::Rfc5424 => {
                for (name, parameter) in rfc5424::RULES.names(parameters).iter().zip(parameters) {
                    rfc5424::push_parameter(name, parameter, out);
                }
            }
            Dialect::Journal => {
                for (name, parameter) in journal::RULES.names(parameters).iter().zip(parameters) {
                    journal::push_parameter(name, parameter, out);
                }
            }
        }
    }
}
