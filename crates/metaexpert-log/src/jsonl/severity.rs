//! The severity that a level's name stands for.

use crate::level::Level;

/// Names that `logging` has no constant for, or a second one.
const OTHERS: [(&str, i64); 3] = [("TRACE", 5), ("WARN", 30), ("FATAL", 50)];

/// The severity of a level by its name, in capitals or not, of one without a name like `Level 25`, and of a
/// number. None for names of a program's own.
pub fn rank(name: &[u8]) -> Option<i64> {
    let standard = [Level::DEBUG, Level::INFO, Level::WARNING, Level::ERROR, Level::CRITICAL];
    let mut names = standard.iter().filter_map(|level| Some((level.name()?, i64::from(level.0))));
    let known = names.find(|(known, _)| name.eq_ignore_ascii_case(known.as_bytes()));
    let known =
        known.or_else(|| OTHERS.into_iter().find(|(known, _)| name.eq_ignore_ascii_case(known.as_bytes())));
    known.map(|(_, severity)| severity).or_else(|| number(name))
}

fn number(name: &[u8]) -> Option<i64> {
    let (word, digits) = name.split_at_checked(6).unwrap_or((name, b""));
    let digits = if word.eq_ignore_ascii_case(b"level ") { digits } else { name };
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_ranked_by_name_or_number() {
        for (name, severity) in [
            ("TRACE", Some(5)),
            ("info", Some(20)),
            ("Warn", Some(30)),
            ("CRITICAL", Some(50)),
            ("Level 25", Some(25)),
            ("level -5", Some(-5)),
            ("30", Some(30)),
            ("Level", None),
            ("NOTICE", None),
            ("", None),
        ] {
            assert_eq!(rank(name.as_bytes()), severity, "{name}");
        }
    }
}
