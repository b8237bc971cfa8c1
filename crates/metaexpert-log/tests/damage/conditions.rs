//! Bytes as an expression and a record: reading them never fails but by value, and what is read has one
//! meaning.

use metaexpert_log::condition::Condition;

/// 2026-12-01T10:00:00Z.
const NOW_NS: i64 = 1_796_119_200_000_000_000;

/// Reads the first line of `data` as an expression, and the rest as a record.
pub fn check(data: &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (text, record) = (String::from_utf8_lossy(&data[..end]), data.get(end + 1..).unwrap_or_default());
    let condition = match Condition::parse(&text, NOW_NS) {
        Ok(condition) => condition,
        Err(error) => {
            assert!(text.is_char_boundary(error.at), "{error:?}");
            assert!(error.to_string().ends_with('^'), "{error}");
            return;
        }
    };
    let shown = condition.to_string();
    // What is shown may be longer than what was read, and too long.
    if let Ok(again) = Condition::parse(&shown, NOW_NS) {
        assert_eq!(again, condition, "{shown}");
    } else {
        assert!(shown.len() > text.len(), "{shown}");
    }
    let (holds, fails) = (condition.holds(record), opposite(&shown).is_some_and(|other| other.holds(record)));
    assert!(!(holds && fails), "{shown}");
    let is_object = serde_json::from_slice::<serde_json::Map<_, _>>(record).is_ok();
    assert!(holds || fails || !is_object || opposite(&shown).is_none(), "{shown}");
}

fn opposite(text: &str) -> Option<Condition> {
    Condition::parse(&format!("not ({text})"), NOW_NS).ok()
}
