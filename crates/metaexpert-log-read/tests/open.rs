//! Packed files are read as they were packed, and a damaged one is never taken for a whole one.

use std::io::{self, Cursor, Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use metaexpert_log_read::{MAGIC_BYTES, Packing, unpacked};
use proptest::collection::vec as a_vec;
use proptest::prelude::*;

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn zstd(text: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn read(packed: &[u8]) -> (Vec<u8>, io::Result<usize>) {
    let packing = Packing::of(&packed[..packed.len().min(MAGIC_BYTES)]);
    read_as(packed, packing)
}

fn read_as(packed: &[u8], packing: Packing) -> (Vec<u8>, io::Result<usize>) {
    let mut text = Vec::new();
    let end = unpacked(Cursor::new(packed.to_vec()), packing).unwrap().read_to_end(&mut text);
    (text, end)
}

#[test]
fn an_unpacked_file_is_read_as_it_is() {
    for unpacked in [b"".as_slice(), b"{", b"\x1f", b"\x28\xb5\x2f", b"{\"message\":\"x\"}\n"] {
        let (text, end) = read(unpacked);
        assert_eq!((text.as_slice(), end.unwrap()), (unpacked, unpacked.len()));
    }
}

#[test]
fn skippable_frames_are_skipped() {
    let skippable = [&[0x5e, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"abc"].concat();
    let (text, end) = read(&[&skippable[..], &zstd(b"a\n"), &skippable, &zstd(b"b\n")].concat());
    assert_eq!((text.as_slice(), end.unwrap()), (b"a\nb\n".as_slice(), 4));
}

#[test]
fn zeros_behind_a_gzip_file_are_padding() {
    let members = [gzip(b"a\n"), gzip(b""), gzip(b"b\n")].concat();
    for zeros in [1, 9, 512, 200_000] {
        let (text, end) = read(&[&members[..], &vec![0; zeros]].concat());
        assert_eq!((text.as_slice(), end.unwrap()), (b"a\nb\n".as_slice(), 4));
    }
}

#[test]
fn what_follows_a_gzip_file_and_is_no_member_is_refused() {
    for rest in [&b"more"[..], b"\0\0more", b"\0\x1f"] {
        let (text, end) = read(&[&gzip(b"a\n")[..], rest].concat());
        assert!(end.is_err());
        assert_eq!(text, b"a\n");
    }
}

#[test]
fn packings_are_known_by_their_names() {
    for packing in [Packing::Gzip, Packing::Zstd] {
        assert_eq!(packing.name().and_then(Packing::named), Some(packing));
    }
    assert_eq!((Packing::Unpacked.name(), Packing::named("")), (None, None));
}

#[test]
fn an_empty_file_is_no_archive() {
    for packing in [Packing::Gzip, Packing::Zstd] {
        let (text, end) = read_as(b"", packing);
        assert_eq!((text.len(), end.unwrap_err().kind()), (0, io::ErrorKind::UnexpectedEof));
    }
}

#[test]
fn what_is_no_archive_is_refused() {
    for packing in [Packing::Gzip, Packing::Zstd] {
        assert!(read_as(b"no archive at all\n", packing).1.is_err());
    }
}

proptest! {
    #[test]
    fn several_members_and_frames_are_one_text(parts in a_vec(a_vec(any::<u8>(), 0..300), 1..5)) {
        let whole = parts.concat();
        for pack in [gzip, zstd] {
            let packed: Vec<u8> = parts.iter().flat_map(|part| pack(part)).collect();
            let (text, end) = read(&packed);
            prop_assert!(end.is_ok());
            prop_assert_eq!(&text, &whole);
        }
    }

    #[test]
    fn a_cut_archive_is_an_error_after_what_is_whole(
        text in a_vec(any::<u8>(), 1..300),
        at in any::<prop::sample::Index>(),
    ) {
        for pack in [gzip, zstd] {
            let packed = [pack(b"first\n"), pack(&text)].concat();
            let first = pack(b"first\n").len();
            let cut = first + 1 + at.index(packed.len() - first - 1);
            let (text, end) = read(&packed[..cut]);
            prop_assert!(end.is_err(), "cut at {} of {}", cut, packed.len());
            prop_assert!(text.starts_with(b"first\n"));
        }
    }

    #[test]
    fn any_bytes_end(bytes in a_vec(any::<u8>(), 0..300)) {
        for magic in [&b""[..], b"\x1f\x8b\x08\0", b"\x28\xb5\x2f\xfd"] {
            let _ = read(&[magic, &bytes].concat());
        }
    }
}
