//! Errors by their kind and their place in the code.

use std::collections::HashMap;

use metaexpert_log::jsonl::{Fields, Name};
use serde_json::{Value as Json, json};

use super::counts::shown;
use super::record::Record;

/// How many groups are told apart.
const MAX_GROUPS: usize = 1_000;
/// How much of a message is shown.
const MAX_MESSAGE_CHARACTERS: usize = 200;

/// Groups of errors.
#[derive(Debug)]
pub(super) struct Errors {
    groups: HashMap<(Option<String>, String), Group>,
    others: u64,
    of_exception: [Name; 3],
    of_caller: [Name; 3],
}

#[derive(Debug)]
struct Group {
    count: u64,
    first_ns: Option<i64>,
    last_ns: Option<i64>,
    message: String,
}

impl Default for Errors {
    fn default() -> Errors {
        Errors {
            groups: HashMap::new(),
            others: 0,
            of_exception: ["type", "message", "stacktrace"].map(Name::new),
            of_caller: ["file", "line", "function"].map(Name::new),
        }
    }
}

impl Errors {
    /// Counts a record of level ERROR or above, or one with an exception.
    pub(super) fn add(&mut self, record: &Record<'_>, time_ns: Option<i64>) {
        let [kind, message, stack] = values(record.exception, &self.of_exception);
        let [file, line, function] = values(record.caller, &self.of_caller);
        let place = match (stack.as_deref().and_then(place), file.zip(line)) {
            (Some(place), _) => place,
            (None, Some((file, line))) => format!("{file}:{line} in {}", function.unwrap_or_default()),
            _ => record.logger.map(shown).unwrap_or_default(),
        };
        let key = (kind, place);
        if !self.groups.contains_key(&key) && self.groups.len() == MAX_GROUPS {
            self.others += 1;
            return;
        }
        let group = self.groups.entry(key).or_insert_with(|| Group {
            count: 0,
            first_ns: None,
            last_ns: None,
            message: message
                .filter(|message| !message.is_empty())
                .or_else(|| record.message.map(shown))
                .map(|text| text.chars().take(MAX_MESSAGE_CHARACTERS).collect())
                .unwrap_or_default(),
        });
        group.count += 1;
        if let Some(time_ns) = time_ns {
            group.first_ns = Some(group.first_ns.map_or(time_ns, |first| first.min(time_ns)));
            group.last_ns = Some(group.last_ns.map_or(time_ns, |last| last.max(time_ns)));
        }
    }

    /// The groups, the most frequent first.
    pub(super) fn to_json(&self) -> Json {
        let mut groups: Vec<_> = self.groups.iter().collect();
        groups.sort_by(|left, right| right.1.count.cmp(&left.1.count).then_with(|| left.0.cmp(right.0)));
        let groups: Vec<Json> = groups
            .into_iter()
            .map(|((kind, place), group)| {
                let Group { count, first_ns, last_ns, message } = group;
                json!({"type": kind, "place": place, "count": count, "first_ns": first_ns,
                       "last_ns": last_ns, "message": message})
            })
            .collect();
        json!({"groups": groups, "others": self.others})
    }
}

/// The values of these keys in an object, as texts.
fn values<const N: usize>(object: Option<&[u8]>, names: &[Name; N]) -> [Option<String>; N] {
    let mut fields = object.and_then(|object| Fields::of(names, object).ok());
    std::array::from_fn(|index| {
        let raw = fields.as_mut()?.get(index).ok().flatten()?;
        Some(shown(raw))
    })
}

/// Where an exception was raised: the last place that its stack names.
fn place(stack: &str) -> Option<String> {
    let (_, behind) = stack.rsplit_once("File \"")?;
    let (file, behind) = behind.split_once("\", line ")?;
    let here = behind.lines().next().unwrap_or_default();
    let (line, function) = here.split_once(", in ").unwrap_or((here, ""));
    let is_line = !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit());
    let place =
        if function.is_empty() { format!("{file}:{line}") } else { format!("{file}:{line} in {function}") };
    is_line.then_some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_place_of_a_stack_is_where_it_was_raised() {
        let stack = "Traceback (most recent call last):\n  File \"/a.py\", line 3, in run\n    go()\n  File \"/b \
                     c.py\", line 17, in go\n    raise ValueError('File \\\\')\nValueError: no";
        assert_eq!(place(stack).unwrap(), "/b c.py:17 in go");
        assert_eq!(
            place("  | File \"<stdin>\", line 1, in <module>\n  | X").unwrap(),
            "<stdin>:1 in <module>"
        );
        for text in ["", "ValueError: no", "File \"", "File \"a\", line x, in y"] {
            assert_eq!(place(text), None, "{text}");
        }
    }
}
