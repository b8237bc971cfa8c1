//! Readers of messages: by the grammar of RFC 5424, and of the journal's native protocol.

/// A message as RFC 5424, 6, has it, read by its grammar.
#[derive(Debug, PartialEq)]
pub struct Message {
    pub priority: u32,
    pub time: String,
    pub host: String,
    pub app: String,
    pub process: String,
    pub id: String,
    pub structure: String,
    pub parameters: Vec<(String, String)>,
    pub text: String,
}

impl Message {
    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// The parameters but for those that every message has.
    pub fn fields(&self) -> Vec<(&str, &str)> {
        let own = ["module", "seq", "timestamp"];
        let all = self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        all.filter(|(name, _)| !own.contains(name)).collect()
    }
}

/// Reads a message, which must be of that form.
pub fn parse(line: &str) -> Message {
    assert!(!line.contains(|character: char| character.is_control()), "{line:?}");
    let (priority, rest) = line.strip_prefix('<').unwrap().split_once(">1 ").unwrap();
    let mut words = rest.splitn(6, ' ');
    let mut word = || words.next().unwrap().to_owned();
    let (time, host, app, process, id) = (word(), word(), word(), word(), word());
    let rest = words.next().unwrap().strip_prefix('[').unwrap().to_owned();
    let (structure, mut rest) = rest.split_at(rest.find([' ', ']']).unwrap());
    let mut parameters: Vec<(String, String)> = Vec::new();
    while let Some(next) = rest.strip_prefix(' ') {
        let (name, after) = next.split_once("=\"").unwrap();
        assert!(
            (1..=32).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic()),
            "{name:?}"
        );
        assert!(parameters.iter().all(|(other, _)| other != name), "{name} comes twice");
        let (value, after) = unescape(after);
        parameters.push((name.to_owned(), value));
        rest = after;
    }
    let text = rest.strip_prefix("] ").unwrap().to_owned();
    let priority = priority.parse().unwrap();
    Message { priority, time, host, app, process, id, structure: structure.to_owned(), parameters, text }
}

/// The value before the closing quote, and what follows it.
fn unescape(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &text[at + 1..]),
            ']' => panic!("a bracket that is not escaped"),
            '\\' => value.push(characters.next().unwrap().1),
            other => value.push(other),
        }
    }
    panic!("a value without its end: {text:?}")
}

/// What the native protocol's page says: lines of `NAME=value`, or a name, a length and a value.
pub fn variables(mut bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let end = bytes.iter().position(|byte| *byte == b'\n').unwrap();
        let line = &bytes[..end];
        bytes = &bytes[end + 1..];
        let (name, value) = match line.iter().position(|byte| *byte == b'=') {
            Some(at) => (&line[..at], line[at + 1..].to_vec()),
            None => {
                let (len, rest) = bytes.split_first_chunk::<8>().unwrap();
                let (value, rest) = rest.split_at(u64::from_le_bytes(*len) as usize);
                bytes = rest.strip_prefix(b"\n").unwrap();
                (line, value.to_vec())
            }
        };
        let name = String::from_utf8(name.to_vec()).unwrap();
        assert!(
            (1..=64).contains(&name.len()) && name.starts_with(|first: char| first.is_ascii_uppercase()),
            "{name}"
        );
        assert!(name.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_')), "{name}");
        assert!(found.iter().all(|(other, _)| *other != name), "{name} comes twice");
        found.push((name, value));
    }
    found
}

/// The text of the variable `name`.
pub fn variable<'a>(found: &'a [(String, Vec<u8>)], name: &str) -> Option<&'a str> {
    found.iter().find(|(own, _)| own == name).map(|(_, value)| std::str::from_utf8(value).unwrap())
}
