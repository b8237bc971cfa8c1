//! Lines as packets of their own: sent and forgotten.

use std::borrow::Cow;
use std::io;

use serde_json::{Map, Value as Json};
use socket2::Socket;

use super::waits;

/// The longest packet, in bytes; a little less than what UDP over IPv4 carries.
pub(super) const MOST_BYTES: usize = 65_000;
/// Keys that a JSON record keeps when it is too long for a packet.
const KEPT_KEYS: [&str; 5] = ["timestamp", "level", "module", "category", "seq"];

/// Sends each line as a packet.
pub(super) struct Datagrams {
    is_json: bool,
    /// Over UDP a refusal concerns a packet that is lost; a Unix socket says that nobody is there.
    is_udp: bool,
}

impl Datagrams {
    pub(super) fn new(is_json: bool, is_udp: bool) -> Datagrams {
        Datagrams { is_json, is_udp }
    }

    /// Sends lines from the start of `lines` until the system takes no more, and returns how many bytes those
    /// were. Packets that were refused or too large are counted in `errors`, and not sent again.
    pub(super) fn write(&self, socket: &Socket, lines: &[u8], errors: &mut u64) -> io::Result<usize> {
        let mut taken = 0;
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            let packet = fit(line.strip_suffix(b"\n").unwrap_or(line), self.is_json);
            match self.send(socket, &packet, errors) {
                Ok(()) => taken += line.len(),
                Err(_) if taken > 0 => break,
                Err(problem) => return Err(problem),
            }
        }
        Ok(taken)
    }

    fn send(&self, socket: &Socket, packet: &[u8], errors: &mut u64) -> io::Result<()> {
        let mut was_refused = false;
        loop {
            let Err(problem) = socket.send(packet) else { return Ok(()) };
            match problem.raw_os_error() {
                Some(libc::EINTR) => {}
                Some(libc::ENOBUFS) => return Err(waits("takes nothing now")),
                Some(libc::EMSGSIZE) => {
                    *errors += 1;
                    return Ok(());
                }
                // What the system tells so is the fate of an earlier packet; this one was not sent.
                Some(libc::ECONNREFUSED) if self.is_udp => {
                    *errors += 1;
                    if std::mem::replace(&mut was_refused, true) {
                        return Ok(());
                    }
                }
                _ => return Err(problem),
            }
        }
    }
}

/// What of `line` fits into a packet. A JSON record keeps its core keys and as much of its message as fits, with
/// `cut_bytes`; other lines are cut, which a mark at their end says.
fn fit(line: &[u8], is_json: bool) -> Cow<'_, [u8]> {
    if line.len() <= MOST_BYTES {
        return Cow::Borrowed(line);
    }
    let short = if is_json { short_json(line) } else { None };
    Cow::Owned(short.unwrap_or_else(|| {
        let mark = format!("… [{} bytes cut]", line.len() - MOST_BYTES);
        [cut(line, MOST_BYTES - 64), mark.as_bytes()].concat()
    }))
}

fn short_json(line: &[u8]) -> Option<Vec<u8>> {
    let whole: Map<String, Json> = serde_json::from_slice(line).ok()?;
    let mut short = Map::new();
    for key in KEPT_KEYS {
        if let Some(value) = whole.get(key) {
            short.insert(key.to_owned(), value.clone());
        }
    }
    short.insert("cut_bytes".to_owned(), line.len().into());
    // One byte of text takes six in JSON at most.
    let message = cut(whole.get("message")?.as_str()?.as_bytes(), MOST_BYTES / 8);
    short.insert("message".to_owned(), String::from_utf8_lossy(message).into());
    serde_json::to_vec(&short).ok().filter(|short| short.len() <= MOST_BYTES)
}

/// The first `len` bytes of UTF-8, or a little less so that no character is split.
fn cut(text: &[u8], len: usize) -> &[u8] {
    let mut end = len.min(text.len());
    while end > 0 && end < text.len() && text[end] & 0xC0 == 0x80 {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_fits_is_sent_as_it_is() {
        assert_eq!(fit(b"short", false).as_ref(), b"short");
        assert_eq!(fit(&[b'x'; MOST_BYTES], true).len(), MOST_BYTES);
    }

    #[test]
    fn a_long_line_is_cut_between_characters_and_says_so() {
        let line = "ж".repeat(MOST_BYTES);
        let packet = fit(line.as_bytes(), false).into_owned();
        let text = String::from_utf8(packet).unwrap();
        assert!(
            text.len() <= MOST_BYTES && text.ends_with(&format!("… [{MOST_BYTES} bytes cut]")),
            "{}",
            text.len()
        );
    }

    #[test]
    fn a_long_json_record_stays_json_with_its_core_keys() {
        let long = "ж\u{1}".repeat(MOST_BYTES);
        let whole = serde_json::json!({"timestamp": "t", "level": "INFO", "module": "m", "message": long,
            "price": 1, "seq": 7});
        let line = whole.to_string();
        let packet: Json = serde_json::from_slice(&fit(line.as_bytes(), true)).unwrap();
        assert_eq!((&packet["seq"], &packet["level"]), (&whole["seq"], &whole["level"]));
        assert_eq!(packet["cut_bytes"], line.len());
        assert!(packet.get("price").is_none());
        let message = packet["message"].as_str().unwrap();
        assert!(!message.is_empty() && long.starts_with(message));
    }
}
