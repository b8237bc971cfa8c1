//! The members that are structs: `exception` and `caller`.

use metaexpert_log::jsonl::{Members, Value, decoded};

use super::kinds::Kinds;
use super::schema::ColumnType;

/// The members of a struct.
pub type Shape = &'static [(&'static str, ColumnType)];

const EXCEPTION: Shape =
    &[("type", ColumnType::Text), ("message", ColumnType::Text), ("stacktrace", ColumnType::Text)];
const CALLER: Shape =
    &[("file", ColumnType::Text), ("line", ColumnType::Int64), ("function", ColumnType::Text)];

/// The shape of the member of a record that is called so.
pub fn of(key: &[u8]) -> Option<Shape> {
    match key {
        b"exception" => Some(EXCEPTION),
        b"caller" => Some(CALLER),
        _ => None,
    }
}

/// Whether the struct says all that is in the object `raw`.
pub fn fits(raw: &[u8], shape: Shape) -> bool {
    let mut seen = 0u32;
    let Ok(mut members) = Members::of(raw) else { return false };
    members.all(|member| {
        let Ok((key, value)) = member else { return false };
        let Ok(key) = decoded(key) else { return false };
        let place = shape.iter().position(|(name, _)| name.as_bytes() == &*key);
        let Some(place) = place.filter(|place| seen & (1 << place) == 0) else { return false };
        seen |= 1 << place;
        match (Value::of(value), shape[place].1) {
            (Ok(Value::Null), _) => true,
            (Ok(Value::Text(_)), ColumnType::Text) => true,
            (Ok(Value::Number(..)), ColumnType::Int64) => {
                Kinds::of(value).is_ok_and(|kinds| kinds.column_type() == ColumnType::Int64)
            }
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_struct_holds_fits() {
        let caller = of(b"caller").unwrap();
        for good in [r#"{"file":"a","line":7,"function":"f"}"#, "{}", r#"{"line":null}"#] {
            assert!(fits(good.as_bytes(), caller), "{good}");
        }
        for bad in
            [r#"{"line":"7"}"#, r#"{"line":1.5}"#, r#"{"file":1}"#, r#"{"x":1}"#, r#"{"line":1,"line":1}"#]
        {
            assert!(!fits(bad.as_bytes(), caller), "{bad}");
        }
    }
}
