//! Fields of a record by their names, found in a line as far as they are asked for.
//!
//! `a.b` is the value of the longest key that leads to one: of the key `a.b`, or else of `b` within `a`. The
//! first of two equal keys counts, and nothing looks into arrays.

use super::members::{Member, Members, NotJson};
use super::value::decoded;

/// A name of a field: the whole key, or keys with dots between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    bytes: Box<[u8]>,
    has_dots: bool,
}

impl Name {
    /// The name that `name` is, without escapes.
    pub fn new(name: &str) -> Name {
        Name { bytes: name.as_bytes().into(), has_dots: name.contains('.') }
    }

    /// The one key that it names; none if it has dots, so that several may lead to the value.
    pub fn as_key(&self) -> Option<&[u8]> {
        (!self.has_dots).then_some(&*self.bytes)
    }

    /// What is left of the name behind the key that it begins with.
    fn behind(&self, key: &[u8]) -> Option<usize> {
        let is_begun = self.has_dots && rest_behind(&self.bytes, key).is_some();
        is_begun.then_some(key.len() + 1)
    }
}

/// What is known of one field.
#[derive(Clone, Copy)]
enum Finding<'l> {
    Open,
    Found(&'l [u8]),
    Missing,
}

/// How many fields need no memory of their own.
const FEW: usize = 8;

/// A line that is read once, and only to the last field that is asked for.
pub struct Fields<'c, 'l> {
    names: &'c [Name],
    members: Members<'l>,
    few: [Finding<'l>; FEW],
    many: Vec<Finding<'l>>,
    /// Values of keys that a name begins with: the name, the length of the key with its dot, the value.
    begun: Vec<(usize, usize, &'l [u8])>,
    /// What finds values in place of a reading of the members.
    find: Option<Find<'c, 'l>>,
}

/// Finds the value of the `index`-th name, none where it is missing. Fails where it cannot tell.
pub type Find<'c, 'l> = &'c mut dyn FnMut(usize) -> Result<Option<&'l [u8]>, NotJson>;

impl<'c, 'l> Fields<'c, 'l> {
    /// The fields of `line` with these names, none of which is looked for yet.
    pub fn of(names: &'c [Name], line: &'l [u8]) -> Result<Fields<'c, 'l>, NotJson> {
        let many = vec![Finding::Open; names.len().saturating_sub(FEW)];
        let members = Members::of(line)?;
        Ok(Fields { names, members, few: [Finding::Open; FEW], many, begun: Vec::new(), find: None })
    }

    /// Fields with these names that `find` finds, each once and when it is asked for.
    pub fn found_by(names: &'c [Name], find: Find<'c, 'l>) -> Fields<'c, 'l> {
        let many = vec![Finding::Open; names.len().saturating_sub(FEW)];
        let (few, members) = ([Finding::Open; FEW], Members::none());
        Fields { names, members, few, many, begun: Vec::new(), find: Some(find) }
    }

    /// The value of the field whose name is the `index`-th, as it stands in the line. Fails where the line is
    /// found to be no JSON object.
    pub fn get(&mut self, index: usize) -> Result<Option<&'l [u8]>, NotJson> {
        loop {
            let known = *self.finding(index);
            if let (Finding::Open, Some(find)) = (known, &mut self.find) {
                let value = find(index)?;
                *self.finding(index) = value.map_or(Finding::Missing, Finding::Found);
                continue;
            }
            match known {
                Finding::Found(value) => return Ok(Some(value)),
                Finding::Missing => return Ok(None),
                Finding::Open => match self.members.next() {
                    Some(member) => self.take(member?)?,
                    None => {
                        let value = self.find_within(index)?;
                        *self.finding(index) = value.map_or(Finding::Missing, Finding::Found);
                    }
                },
            }
        }
    }

    #[inline]
    fn finding(&mut self, index: usize) -> &mut Finding<'l> {
        if index < FEW { &mut self.few[index] } else { &mut self.many[index - FEW] }
    }

    fn take(&mut self, (key, value): Member<'l>) -> Result<(), NotJson> {
        let key = decoded(key)?;
        let names = self.names;
        for (index, name) in names.iter().enumerate() {
            if *name.bytes == *key {
                let finding = self.finding(index);
                if let Finding::Open = finding {
                    *finding = Finding::Found(value);
                }
            } else if let Some(length) = name.behind(&key) {
                note(&mut self.begun, (index, length, value));
            }
        }
        Ok(())
    }

    /// The value of a name with dots within the values that begin it: that of the longest key that leads to
    /// one.
    fn find_within(&mut self, index: usize) -> Result<Option<&'l [u8]>, NotJson> {
        let of_name = self.begun.iter().filter(|(name, ..)| *name == index);
        let begun: Vec<_> = of_name.map(|(_, length, value)| (index, *length, *value)).collect();
        find_in_any(begun, &self.names[index].bytes)
    }
}

type Begun<'l> = (usize, usize, &'l [u8]);

/// Remembers the first value of a key.
fn note<'l>(begun: &mut Vec<Begun<'l>>, found: Begun<'l>) {
    if !begun.iter().any(|known| (known.0, known.1) == (found.0, found.1)) {
        begun.push(found);
    }
}

fn rest_behind<'n>(name: &'n [u8], key: &[u8]) -> Option<&'n [u8]> {
    name.strip_prefix(key)?.strip_prefix(b".")
}

fn find_in_any<'l>(mut begun: Vec<Begun<'l>>, name: &[u8]) -> Result<Option<&'l [u8]>, NotJson> {
    begun.sort_by_key(|(_, length, _)| std::cmp::Reverse(*length));
    for (_, length, value) in begun {
        if value[0] == b'{' {
            if let Some(found) = find(value, &name[length..])? {
                return Ok(Some(found));
            }
        }
    }
    Ok(None)
}

/// The value of `name` in an object: that of the whole name, or else within the values of its beginnings. It
/// calls itself once per dot of the name at most.
fn find<'l>(object: &'l [u8], name: &[u8]) -> Result<Option<&'l [u8]>, NotJson> {
    let mut begun = Vec::new();
    for member in Members::of(object)? {
        let (key, value) = member?;
        let key = decoded(key)?;
        if *key == *name {
            return Ok(Some(value));
        }
        if rest_behind(name, &key).is_some() {
            note(&mut begun, (0, key.len() + 1, value));
        }
    }
    find_in_any(begun, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(name: &str, line: &str) -> Option<String> {
        let names = [Name::new(name)];
        let found = Fields::of(&names, line.as_bytes()).unwrap().get(0).unwrap();
        found.map(|value| String::from_utf8(value.to_vec()).unwrap())
    }

    #[test]
    fn the_longest_key_that_leads_to_a_value_wins() {
        for (line, expected) in [
            (r#"{"a":{"b":{"c":1}},"a.b.c":2}"#, Some("2")),
            (r#"{"a":{"b":{"c":1},"b.c":2}}"#, Some("2")),
            (r#"{"a":{"b":{"c":1}},"a.b":{"c":2}}"#, Some("2")),
            (r#"{"a":{"b":{"c":1}},"a.b":{"d":2}}"#, Some("1")),
            (r#"{"a":{"b":{"c":1}},"a.b":7}"#, Some("1")),
            (r#"{"a":[{"b":1}],"b":{"c":1}}"#, None),
            (r#"{"a":"{\"b.c\":1}"}"#, None),
        ] {
            assert_eq!(value("a.b.c", line).as_deref(), expected, "{line}");
        }
    }

    #[test]
    fn the_first_of_two_keys_counts() {
        assert_eq!(value("a", r#"{"a":1,"a":2}"#).unwrap(), "1");
        assert_eq!(value("a.b", r#"{"a":{"b":1,"b":2},"a":{"b":3}}"#).unwrap(), "1");
        assert_eq!(value("a.b", r#"{"a":1,"a":{"b":3}}"#), None);
    }

    #[test]
    fn keys_are_compared_without_their_escapes() {
        assert_eq!(value("price", r#"{"pri\u0063e":1}"#).unwrap(), "1");
        assert_eq!(value("a\"", r#"{"a\"":1}"#).unwrap(), "1");
    }

    #[test]
    fn a_field_that_is_found_elsewhere_is_asked_for_once() {
        let names: Vec<Name> = (0..20).map(|number| Name::new(&number.to_string())).collect();
        let mut asked = Vec::new();
        let mut find = |index| {
            asked.push(index);
            if index == 19 { Err(NotJson) } else { Ok([&b"1"[..], b"null"].get(index % 3).copied()) }
        };
        let mut fields = Fields::found_by(&names, &mut find);
        for index in [7, 8, 11, 8, 7, 11] {
            assert_eq!(fields.get(index), Ok([Some(&b"1"[..]), Some(b"null"), None][index % 3]));
        }
        assert_eq!(fields.get(19), Err(NotJson));
        assert_eq!(asked, [7, 8, 11, 19]);
    }

    #[test]
    fn more_fields_than_few_are_found() {
        let names: Vec<Name> = (0..20).map(|number| Name::new(&number.to_string())).collect();
        let line = r#"{"19":190,"3":30,"8":80}"#.as_bytes();
        let mut fields = Fields::of(&names, line).unwrap();
        assert_eq!(fields.get(8), Ok(Some(&b"80"[..])));
        assert_eq!(fields.get(19), Ok(Some(&b"190"[..])));
        assert_eq!(fields.get(18), Ok(None));
    }
}
