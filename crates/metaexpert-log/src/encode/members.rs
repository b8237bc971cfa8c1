//! A nested value taken apart: the members of an object, the items of a list.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// A JSON text's outermost part.
pub(super) enum Node<'j> {
    /// An object's members.
    Members(Vec<(String, &'j RawValue)>),
    /// A list's items.
    Items(Vec<&'j RawValue>),
    /// A string.
    Text(String),
    /// Anything else, or what is no JSON.
    Other,
}

impl<'j> Node<'j> {
    /// Takes `json` apart.
    pub(super) fn of(json: &'j [u8]) -> Node<'j> {
        match json.first() {
            Some(b'{' | b'[' | b'"') => serde_json::from_slice(json).unwrap_or(Node::Other),
            _ => Node::Other,
        }
    }
}

impl<'de> Deserialize<'de> for Node<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Node<'de>, D::Error> {
        deserializer.deserialize_any(Outermost)
    }
}

struct Outermost;

impl<'de> Visitor<'de> for Outermost {
    type Value = Node<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object, a list or a string")
    }

    fn visit_str<E>(self, text: &str) -> Result<Node<'de>, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node<'de>, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element()? {
            all.push(item);
        }
        Ok(Node::Items(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Node<'de>, A::Error> {
        let mut all = Vec::new();
        while let Some(member) = members.next_entry()? {
            all.push(member);
        }
        Ok(Node::Members(all))
    }
}
