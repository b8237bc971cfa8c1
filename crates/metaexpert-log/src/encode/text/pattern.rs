//! A `%`-style format of `logging`, parsed once.
//!
//! The language is that of Python's `logging.PercentStyle`:
//! `%(attribute)`, then flags out of `-+ #0`, a width, a precision after a point, and a conversion;
//! `%%` for a percent sign. Attributes are those of a `LogRecord`, with `category` and `seq` beside them;
//! any other name is a field of the record.

use crate::encode::people::INDENT;
use crate::encode::text::attribute::{Attribute, Kind};
use crate::encode::text::spec::{Conversion, MAX_WIDTH, Spec};

/// What an empty format stands for, as in `logging`.
const DEFAULT: &str = "%(message)s";

/// A part of a format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Element {
    /// Text of the format itself, its line breaks followed by [`INDENT`].
    Literal(Box<[u8]>),
    /// A value of the record.
    Item(Attribute, Spec),
}

/// A parsed format.
#[derive(Clone, Debug)]
pub struct Pattern {
    pub(crate) pieces: Box<[Element]>,
}

impl Pattern {
    /// Parses `text`; an empty one is `%(message)s`, as in `logging`. The error says what is wrong with
    /// it, at which character (counted from 1), and what to do: an item that is not finished or names
    /// nothing, an unknown conversion, a conversion that the attribute does not have, a width or
    /// precision from an argument or of more than 1000, or no item at all.
    pub fn parse(text: &str) -> Result<Pattern, String> {
        let text = if text.is_empty() { DEFAULT } else { text };
        let pieces = Parser { text, at: 0 }.pieces()?;
        if !pieces.iter().any(|piece| matches!(piece, Element::Item(..))) {
            return Err(format!(
                "format {text:?} shows nothing of a record; name what to show, for example \
                 %(asctime)s %(levelname)s %(message)s"
            ));
        }
        Ok(Pattern { pieces: pieces.into() })
    }

    /// Whether it shows file, line or function of the call.
    pub fn needs_caller(&self) -> bool {
        self.shows(|attribute| {
            matches!(
                attribute,
                Attribute::PathName
                    | Attribute::FileName
                    | Attribute::Module
                    | Attribute::LineNo
                    | Attribute::FuncName
            )
        })
    }

    /// Whether it shows the thread.
    pub fn needs_thread(&self) -> bool {
        self.shows(|attribute| matches!(attribute, Attribute::Thread | Attribute::ThreadName))
    }

    /// Whether it shows the asyncio task.
    pub fn needs_task(&self) -> bool {
        self.shows(|attribute| matches!(attribute, Attribute::TaskName))
    }

    fn shows(&self, wanted: impl Fn(&Attribute) -> bool) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Element::Item(attribute, _) if wanted(attribute)))
    }
}

/// Reads a format from front to back.
struct Parser<'a> {
    text: &'a str,
    /// Bytes read so far.
    at: usize,
}

impl<'a> Parser<'a> {
    fn pieces(&mut self) -> Result<Vec<Element>, String> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        while let Some(offset) = self.rest().find('%') {
            literal.push_str(&self.rest()[..offset]);
            self.at += offset;
            match self.item()? {
                None => literal.push('%'),
                Some(item) => {
                    pieces.extend(literal_piece(&mut literal));
                    pieces.push(item);
                }
            }
        }
        literal.push_str(self.rest());
        pieces.extend(literal_piece(&mut literal));
        Ok(pieces)
    }

    /// Reads an item from its `%` on; `None` is a percent sign.
    fn item(&mut self) -> Result<Option<Element>, String> {
        let start = self.at;
        self.at += 1;
        let name = self.name(start)?;
        let mut spec = self.layout(start)?;
        let Some(letter) = self.peek() else { return Err(self.unfinished(start, name)) };
        self.at += letter.len_utf8();
        if letter == '%' {
            return self.percent_sign(start, name);
        }
        spec.upper = letter.is_ascii_uppercase();
        spec.conversion = self.conversion(start, letter, name)?;
        let Some(name) = name else {
            let problem = "names nothing to show; write %(message)s or another name in parentheses, \
                           or %% for a percent sign";
            return Err(self.error(start, problem));
        };
        let attribute = Attribute::named(name);
        self.check_kind(start, name, attribute.kind(), spec.conversion)?;
        Ok(Some(Element::Item(attribute, spec)))
    }

    fn percent_sign(&self, start: usize, name: Option<&str>) -> Result<Option<Element>, String> {
        let Some(name) = name else { return Ok(None) };
        Err(self.error(start, &format!("shows nothing; write %({name})s, or %% for a percent sign")))
    }

    /// Flags, width and precision: everything between the name and the conversion.
    fn layout(&mut self, start: usize) -> Result<Spec, String> {
        let mut spec = self.flags();
        spec.width = self.number(start)?.unwrap_or(0);
        if self.take('.') {
            spec.precision = Some(self.number(start)?.unwrap_or(0));
        }
        // C's length modifiers, which Python reads and ignores.
        if matches!(self.peek(), Some('h' | 'l' | 'L')) {
            self.at += 1;
        }
        Ok(spec)
    }

    /// The name in parentheses, which may hold parentheses in pairs.
    fn name(&mut self, start: usize) -> Result<Option<&'a str>, String> {
        if !self.take('(') {
            return Ok(None);
        }
        let from = self.at;
        let mut open = 1;
        for (offset, byte) in self.rest().bytes().enumerate() {
            match byte {
                b'(' => open += 1,
                b')' => open -= 1,
                _ => {}
            }
            if open == 0 {
                self.at = from + offset + 1;
                let name = &self.text[from..from + offset];
                if name.is_empty() {
                    return Err(self.error(start, "has no name in its parentheses; write %(message)s"));
                }
                return Ok(Some(name));
            }
        }
        self.at = self.text.len();
        Err(self.error(start, "has no closing parenthesis; write it as %(name)s"))
    }

    fn flags(&mut self) -> Spec {
        let mut spec = Spec::bare(Conversion::Text);
        while let Some(flag) = self.peek() {
            match flag {
                '-' => spec.left = true,
                '+' => spec.plus = true,
                ' ' => spec.blank = true,
                '#' => spec.alternate = true,
                '0' => spec.zero = true,
                _ => break,
            }
            self.at += 1;
        }
        spec
    }

    /// A width or precision, if one is there.
    fn number(&mut self, start: usize) -> Result<Option<usize>, String> {
        if self.take('*') {
            let problem = "takes a width from an argument, and there are none; write a number in place of *";
            return Err(self.error(start, problem));
        }
        let digits = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return Ok(None);
        }
        let number = self.rest()[..digits].parse().unwrap_or(usize::MAX);
        self.at += digits;
        if number > MAX_WIDTH {
            let problem = format!("is too wide; widths and precisions are at most {MAX_WIDTH}");
            return Err(self.error(start, &problem));
        }
        Ok(Some(number))
    }

    fn conversion(&self, start: usize, letter: char, name: Option<&str>) -> Result<Conversion, String> {
        Conversion::from_letter(letter).ok_or_else(|| {
            let name = name.unwrap_or("message");
            let problem = format!(
                "ends in {letter:?}, which is no conversion; write %({name})s, or d for a whole number, \
                 f for a decimal one"
            );
            self.error(start, &problem)
        })
    }

    fn check_kind(&self, start: usize, name: &str, kind: Kind, conversion: Conversion) -> Result<(), String> {
        let problem = match kind {
            Kind::Text if !conversion.takes_text() => format!("shows text as a number; write %({name})s"),
            Kind::Float if conversion.takes_only_integers() => {
                format!("shows a decimal number as a whole one; write %({name})d or %({name}).3f")
            }
            _ => return Ok(()),
        };
        Err(self.error(start, &problem))
    }

    fn unfinished(&self, start: usize, name: Option<&str>) -> String {
        match name {
            Some(name) => self.error(start, &format!("has no conversion; write %({name})s")),
            None => self.error(start, "is not finished; write %% for a percent sign"),
        }
    }

    /// An error about the item that begins at `start` and is read up to `self.at`.
    fn error(&self, start: usize, problem: &str) -> String {
        let position = self.text[..start].chars().count() + 1;
        let item = &self.text[start..self.at];
        format!("format {:?}: {item:?} at character {position} {problem}", self.text)
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take(&mut self, expected: char) -> bool {
        let found = self.rest().starts_with(expected);
        self.at += if found { expected.len_utf8() } else { 0 };
        found
    }
}

/// The literal collected so far, if there is any; what follows a line break is indented.
fn literal_piece(literal: &mut String) -> Option<Element> {
    let text = std::mem::take(literal);
    if text.is_empty() {
        return None;
    }
    let indented = text.replace("\r\n", "\n").replace('\n', &format!("\n{INDENT}"));
    Some(Element::Literal(indented.into_bytes().into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn error(text: &str) -> String {
        Pattern::parse(text).unwrap_err()
    }

    fn one_item(text: &str) -> (Attribute, Spec) {
        match &*Pattern::parse(text).unwrap().pieces {
            [Element::Item(attribute, spec)] => (attribute.clone(), *spec),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn flags_width_and_precision_are_read() {
        let (attribute, spec) = one_item("%(levelname)-8s");
        assert_eq!((attribute, spec.left, spec.width), (Attribute::LevelName, true, 8));
        let (attribute, spec) = one_item("%(msecs)03d");
        assert_eq!((attribute, spec.zero, spec.width), (Attribute::Msecs, true, 3));
        let (attribute, spec) = one_item("%(name).20s");
        assert_eq!((attribute, spec.width, spec.precision), (Attribute::Name, 0, Some(20)));
        let (_, spec) = one_item("%(levelno)+# .X");
        assert!(spec.plus && spec.alternate && spec.blank && spec.upper);
        assert_eq!((spec.conversion, spec.precision), (Conversion::Hex, Some(0)));
    }

    #[test]
    fn a_name_that_is_no_attribute_is_a_field() {
        assert_eq!(one_item("%(symbol)s").0, Attribute::Field("symbol".into()));
        assert_eq!(one_item("%(a(b)c)s").0, Attribute::Field("a(b)c".into()));
        assert_eq!(one_item("%(price).2f").0, Attribute::Field("price".into()));
    }

    #[test]
    fn percent_signs_join_the_text_around_them() {
        let pattern = Pattern::parse("100%% — %(message)s%5%").unwrap();
        let [Element::Literal(before), Element::Item(..), Element::Literal(after)] = &*pattern.pieces else {
            panic!("{pattern:?}")
        };
        assert_eq!((&**before, &**after), ("100% — ".as_bytes(), &b"%"[..]));
    }

    #[test]
    fn an_empty_format_shows_the_message() {
        assert_eq!(one_item("").0, Attribute::Message);
    }

    #[test]
    fn a_line_after_a_line_break_is_indented() {
        let pattern = Pattern::parse("%(name)s\r\n%(message)s").unwrap();
        assert_eq!(pattern.pieces[1], Element::Literal(b"\n    "[..].into()));
    }

    #[test]
    fn what_a_format_needs_is_what_it_shows() {
        let needs = |text: &str| {
            let pattern = Pattern::parse(text).unwrap();
            (pattern.needs_caller(), pattern.needs_thread(), pattern.needs_task())
        };
        assert_eq!(needs("%(message)s %(process)d %(asctime)s"), (false, false, false));
        for caller in ["pathname", "filename", "module", "lineno", "funcName"] {
            assert_eq!(needs(&format!("%({caller})s")), (true, false, false), "{caller}");
        }
        assert_eq!(needs("%(thread)d"), (false, true, false));
        assert_eq!(needs("%(threadName)s"), (false, true, false));
        assert_eq!(needs("%(taskName)s"), (false, false, true));
    }

    #[test]
    fn an_error_names_the_format_the_item_its_place_and_the_remedy() {
        assert_eq!(
            error("цена %(message)d"),
            "format \"цена %(message)d\": \"%(message)d\" at character 6 shows text as a number; \
             write %(message)s"
        );
    }

    #[test]
    fn every_kind_of_malformed_item_is_told_apart() {
        let table = [
            ("%(message", "has no closing parenthesis"),
            ("%(message)s %", "is not finished"),
            ("%(levelname)-8", "has no conversion; write %(levelname)s"),
            ("%(levelname)y", "ends in 'y', which is no conversion"),
            ("%(levelname)é", "ends in 'é', which is no conversion"),
            ("%s", "names nothing to show"),
            ("%()s", "has no name in its parentheses"),
            ("%(name)*s", "takes a width from an argument"),
            ("%(name).*s", "takes a width from an argument"),
            ("%(name)1001s", "is too wide"),
            ("%(created).99999999999999999999f", "is too wide"),
            ("%(asctime)d", "shows text as a number"),
            ("%(levelname)c", "shows text as a number"),
            ("%(created)x", "shows a decimal number as a whole one"),
            ("%(message)%", "shows nothing"),
            ("{message}", "shows nothing of a record"),
            ("100%%", "shows nothing of a record"),
        ];
        for (text, problem) in table {
            let error = error(text);
            assert!(error.contains(problem), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn any_text_parses_or_is_an_error(text in any::<String>()) {
            let _ = Pattern::parse(&text);
        }

        #[test]
        fn any_text_of_the_language_parses_or_is_an_error(
            text in r"([ab%\n]|%\(?(message|lineno|msecs|é)?\)?[-+ #0]{0,2}[0-9*]{0,5}\.?[0-9]{0,2}[a-zA-Zé%]?){0,6}",
        ) {
            if let Err(error) = Pattern::parse(&text) {
                prop_assert!(error.starts_with("format "), "{}", error);
            }
        }
    }
}
