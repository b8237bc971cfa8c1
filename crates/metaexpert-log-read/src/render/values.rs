//! Values of a record by the names that a style has for them.

use metaexpert_log::jsonl::{Fields, Name, NotJson};

use super::selection::SYNONYMS;

/// Names whose values are looked for in each record.
#[derive(Default)]
pub(super) struct Names {
    names: Vec<Name>,
    wanted: Vec<Wanted>,
}

/// One name's places among all that are looked for.
struct Wanted {
    own: usize,
    /// The key that it stands for where a record has that.
    key: Option<usize>,
    is_time: bool,
}

/// A value as it stands in the line.
pub(super) struct Found<'l> {
    pub(super) value: &'l [u8],
    /// Whether it is shown as the time of its record.
    pub(super) is_time: bool,
}

impl Names {
    pub(super) fn add(&mut self, name: &str) {
        let key = SYNONYMS.iter().find(|(synonym, _)| *synonym == name).map(|(_, key)| self.look_for(key));
        let own = self.look_for(name);
        self.wanted.push(Wanted { own, key, is_time: name == "time" });
    }

    fn look_for(&mut self, name: &str) -> usize {
        self.names.push(Name::new(name));
        self.names.len() - 1
    }

    /// Gives `take` the value of each name in turn.
    #[inline]
    pub(super) fn find<'l>(
        &self,
        line: &'l [u8],
        mut take: impl FnMut(usize, Option<Found<'l>>),
    ) -> Result<(), NotJson> {
        let mut fields = Fields::of(&self.names, line)?;
        for (index, wanted) in self.wanted.iter().enumerate() {
            let of_key = wanted.key.map_or(Ok(None), |key| fields.get(key))?;
            let found = match of_key {
                Some(value) => Some(Found { value, is_time: wanted.is_time }),
                None => fields.get(wanted.own)?.map(|value| Found { value, is_time: false }),
            };
            take(index, found);
        }
        Ok(())
    }
}
