//! The extent of a value in a text: from behind its name to its end.

use std::ops::Range;

use memchr::memmem;

use super::verdict::Verdict;

/// A name is looked for within so many bytes.
pub(super) const MOST_OF_NAME: usize = 64;
/// What may come before a credential in a header.
const SCHEMES: [&[u8]; 4] = [b"bearer", b"basic", b"token", b"digest"];
/// The words of a mnemonic (BIP 39) have so many letters; with commas between, these are a list.
const LEAST_OF_WORD: usize = 3;
const MOST_OF_WORD: usize = 8;
const LEAST_OF_WORDS: usize = 3;
/// Between the marks of a colour: `38;2;255;255;255`.
const MOST_OF_COLOUR: usize = 20;
/// A word of prose on the line after a name is no longer: `return`.
const MOST_OF_PROSE: usize = 8;

pub(super) fn skip(text: &[u8], from: usize, is_skipped: fn(&u8) -> bool) -> usize {
    text[from..].iter().position(|byte| !is_skipped(byte)).map_or(text.len(), |len| from + len)
}

/// Behind the colours of a terminal that begin at `from`: `\x1b[35m`.
pub(super) fn behind_colours(text: &[u8], from: usize) -> usize {
    let mut at = from;
    while text[at..].starts_with(b"\x1b[") {
        let end = skip(text, at + 2, is_of_colour);
        if text.get(end) != Some(&b'm') {
            break;
        }
        at = end + 1;
    }
    at
}

/// Where the colours of a terminal begin that end at `end`.
pub(super) fn before_colours(text: &[u8], end: usize) -> usize {
    let mut at = end;
    while let Some(before) = text[..at].strip_suffix(b"m") {
        let digits = before.iter().rev().take(MOST_OF_COLOUR).take_while(|byte| is_of_colour(byte)).count();
        let Some(before) = before[..before.len() - digits].strip_suffix(b"\x1b[") else { break };
        at = before.len();
    }
    at
}

fn is_of_colour(byte: &u8) -> bool {
    byte.is_ascii_digit() || *byte == b';'
}

pub(super) fn is_prose(word: &[u8], most: usize) -> bool {
    word.len() <= most && word.iter().all(u8::is_ascii_lowercase)
}

/// Where a value without quotes ends whose first word ends at `end`.
pub(super) fn last_end(text: &[u8], start: usize, mut end: usize, verdict: Verdict) -> usize {
    if verdict == Verdict::Line {
        return skip(text, start, |byte| !b"\r\n".contains(byte));
    }
    if is_scheme(&text[start..end]) {
        end = unquoted_end(text, skip(text, end, |byte| b" \t".contains(byte)));
    }
    if !verdict.has_words() {
        return end;
    }
    while let Some(longer) = next_word(text, end) {
        end = longer;
    }
    while let Some(longer) = next_line_of_words(text, start, end) {
        end = longer;
    }
    end
}

/// Where the line after that of `end` ends, if it is indented as that of `start` is and has words alone: a
/// block of
/// YAML.
fn next_line_of_words(text: &[u8], start: usize, end: usize) -> Option<usize> {
    let indent = text[..start].iter().rev().take(MOST_OF_NAME).take_while(|byte| **byte == b' ').count();
    let is_line = indent > 0 && text[..start - indent].ends_with(b"\n");
    let next = text[end..].strip_prefix(b"\r\n").or_else(|| text[end..].strip_prefix(b"\n"))?;
    let words = next.iter().take_while(|byte| byte.is_ascii_alphabetic() || **byte == b' ').count();
    let is_whole = next.get(words).is_none_or(|byte| b"\r\n".contains(byte));
    let is_indented =
        next[..words].iter().take_while(|byte| **byte == b' ').count() == indent && words > indent;
    (is_line && is_whole && is_indented).then_some(text.len() - next.len() + words)
}

/// Where a list of words ends that begins at `start`, with commas between or a number before each.
pub(super) fn words_end(text: &[u8], start: usize) -> Option<usize> {
    let is_numbered = text.get(start).is_some_and(u8::is_ascii_digit);
    let (mut at, mut end, mut count) = (start, start, 0);
    loop {
        if is_numbered {
            let Some(word) = numbered(text, at, count + 1) else { break };
            at = word;
        }
        let len =
            text[at..].iter().take(MOST_OF_WORD + 1).take_while(|byte| byte.is_ascii_lowercase()).count();
        let is_word = (LEAST_OF_WORD..=MOST_OF_WORD).contains(&len);
        if !is_word || text.get(at + len).is_some_and(|byte| b"=:_".contains(byte) || byte.is_ascii_digit()) {
            break;
        }
        (end, count) = (at + len, count + 1);
        at = skip(text, end, |byte| b", \t\r\n".contains(byte));
        if !is_numbered && text.get(end) != Some(&b',') {
            break;
        }
    }
    (count >= LEAST_OF_WORDS).then_some(end)
}

/// Where the word begins behind its number at `at`: `3. abandon`, `3) abandon`.
fn numbered(text: &[u8], at: usize, number: usize) -> Option<usize> {
    let rest = text[at..].strip_prefix(number.to_string().as_bytes())?;
    let rest = rest.strip_prefix(b".").or_else(|| rest.strip_prefix(b")"))?;
    Some(skip(text, text.len() - rest.len(), |byte| b" \t".contains(byte)))
}

fn is_scheme(word: &[u8]) -> bool {
    SCHEMES.iter().any(|scheme| word.eq_ignore_ascii_case(scheme))
}

/// Up to the first line's end, without the blanks there.
pub(super) fn first_line(text: &[u8]) -> &[u8] {
    text[..skip(text, 0, |byte| !b"\r\n".contains(byte))].trim_ascii_end()
}

/// Where the value begins on the line after `start`, if that line is nothing but a value.
pub(super) fn next_line(text: &[u8], start: usize, verdict: Verdict) -> Option<usize> {
    // A block of YAML.
    let rest = text[start..].strip_prefix(b"|").or_else(|| text[start..].strip_prefix(b">"));
    let rest = rest.unwrap_or(&text[start..]);
    let rest = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n"))?.trim_ascii_start();
    let rest = rest.strip_prefix(b"- ").unwrap_or(rest);
    let line = &rest[..rest.iter().position(|byte| b"\r\n".contains(byte)).unwrap_or(rest.len())];
    let len = line.iter().position(u8::is_ascii_whitespace).unwrap_or(line.len());
    let word = &line[..len];
    let is_value = verdict.has_words()
        || is_scheme(word)
        || line.trim_ascii_end().len() == len && !is_prose(word, MOST_OF_PROSE);
    let begins_quoted = quoted(rest, 0).is_some();
    (begins_quoted || is_value && !is_name_with_sign(word)).then_some(text.len() - rest.len())
}

/// Where a list ends whose first item is `item`, if each stands behind a dash on a line of its own.
pub(super) fn list_end(text: &[u8], item: &Range<usize>) -> usize {
    let mut end = item.end;
    let before = text[..item.start].iter().rposition(|byte| !b"\"'".contains(byte)).map_or(0, |at| at + 1);
    if !text[..before].ends_with(b"- ") {
        return end;
    }
    while let Some(next) = line_after(text, end).filter(|next| text[*next..].starts_with(b"- ")) {
        end = skip(text, next, |byte| !b"\r\n".contains(byte));
    }
    end
}

/// Where the text of the line after that of `end` begins.
fn line_after(text: &[u8], end: usize) -> Option<usize> {
    let line = skip(text, end, |byte| !b"\r\n".contains(byte));
    let next = skip(text, line, |byte| b"\r\n".contains(byte));
    (next > line).then(|| skip(text, next, |byte| b" \t".contains(byte)))
}

fn is_name_with_sign(word: &[u8]) -> bool {
    let name = word.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(byte)).count();
    match word.get(name) {
        Some(b':') => name > 0,
        Some(b'=') => name > 0 && word.get(name + 1).is_some_and(|byte| *byte != b'='),
        _ => false,
    }
}

pub(super) fn says_nothing(value: &[u8]) -> bool {
    [&b"None"[..], b"null", b"True", b"true", b"False", b"false", b"nil"].contains(&value)
}

/// The inside of the quotes that begin at `start`, also behind a prefix (`b'…'`), tripled, or escaped
/// themselves. A quote ends the text only where something else could begin; without an end, all that follows
/// is inside.
pub(super) fn quoted(text: &[u8], start: usize) -> Option<Range<usize>> {
    let prefix = text[start..].iter().take(2).take_while(|byte| b"bBrRuUfF".contains(byte)).count();
    let escapes = text[start + prefix..].iter().take_while(|byte| **byte == b'\\').count();
    let open = start + prefix + escapes;
    let quote = *text.get(open).filter(|byte| b"\"'".contains(byte))?;
    let mut mark = text[open - escapes..=open].to_vec();
    if escapes == 0 && text[open..].starts_with(&[quote; 3]) {
        mark = vec![quote; 3];
    }
    let begin = open - escapes + mark.len();
    let mut from = begin;
    while let Some(found) = memmem::find(&text[from..], &mark) {
        let end = from + found;
        let is_escaped = text[begin..end].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1;
        if !is_escaped && ends_value(text, end + mark.len()) {
            return Some(begin..end);
        }
        from = end + 1;
    }
    Some(begin..text.len())
}

/// Where a value without quotes ends that begins at `start`: brackets that it opens belong to it, with all
/// inside.
pub(super) fn unquoted_end(text: &[u8], start: usize) -> usize {
    let mut depth = 0;
    let mut at = start;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b'"' | b'\'' | b'\\' if depth > 0 => {
                // Up to the last of the quotes, which are as many as those before, with what escapes them.
                at = quoted(text, at).map_or(at, |inside| inside.end + (inside.start - at) - 1);
            }
            b')' | b']' | b'}' if depth > 0 => depth -= 1,
            _ if depth > 0 => {}
            b' ' | b'\t' | b'\r' | b'\n' | b'\x1b' => break,
            b'"' | b'\'' | b')' | b']' | b'}' | b'>' | b',' | b';' | b'&' | b'|'
                if ends_value(text, at + 1) =>
            {
                break;
            }
            _ => {}
        }
        at += 1;
    }
    at.min(text.len())
}

/// Whether a value may have ended before `at`: nothing follows, a separator does, or another name with its
/// sign.
fn ends_value(text: &[u8], at: usize) -> bool {
    let Some(&byte) = text.get(at) else { return true };
    if byte.is_ascii_whitespace() || b"\"'()[]{}<>,;:&|\\=#\x1b".contains(&byte) {
        return true;
    }
    let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_-.".contains(byte);
    let name = text[at..].iter().take(MOST_OF_NAME).take_while(is_name).count();
    name > 0 && text.get(at + name).is_some_and(|byte| b"=:".contains(byte)) || b".!?+*/".contains(&byte)
}

/// The end of the word behind `end`, unless it is another name, or no word.
fn next_word(text: &[u8], end: usize) -> Option<usize> {
    let rest = text[end..].strip_prefix(b" ")?;
    let is_letter = |byte: &u8| byte.is_ascii_alphabetic() || !byte.is_ascii();
    let len = rest.iter().position(|byte| byte.is_ascii_whitespace() || b",;|&\"')]}=:_".contains(byte));
    let len = len.unwrap_or(rest.len());
    let is_whole = rest.get(len).is_none_or(|byte| !b"=:_".contains(byte));
    (rest.first().is_some_and(is_letter) && is_whole).then_some(end + 1 + len)
}
