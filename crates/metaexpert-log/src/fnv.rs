//! FNV-1a, 64 bits (<http://www.isthe.com/chongo/tech/comp/fnv/>): hashes for names on disk and on the wire.
//! They are the same on every machine, in every process and in every version.

/// The hash of no bytes.
pub(crate) const START: u64 = 0xCBF2_9CE4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01B3;

/// The hash of `bytes`, begun with `start`: [`START`], or another number for another hash of the same bytes.
pub(crate) fn fnv1a(bytes: &[u8], start: u64) -> u64 {
    bytes.iter().fold(start, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_that_its_authors_publish() {
        assert_eq!(fnv1a(b"", START), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"a", START), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a(b"foobar", START), 0x8594_4171_f739_67e8);
    }
}
