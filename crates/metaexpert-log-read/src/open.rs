//! Opening of unpacked, gzip and zstd files, told apart by their first bytes.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::GzDecoder;

/// How many bytes of a file's beginning [`Packing::of`] looks at.
pub const MAGIC_BYTES: usize = 4;

const GZIP: [u8; 2] = [0x1f, 0x8b];
/// RFC 8878, section 3.1.1.
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// RFC 8878, section 3.1.2: the last three bytes of the sixteen magic numbers of a skippable frame.
const ZSTD_SKIPPABLE: [u8; 3] = [0x2a, 0x4d, 0x18];
/// A frame may ask for a window of this many bytes, as a power of two. Level 22 of the `zstd` command takes
/// 2^27 without `--long`; a frame that wants more is refused, because it need not be honest.
const WINDOW_LOG_MAX: u32 = 27;

/// What a file is packed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// Nothing: the bytes are the log's lines.
    Unpacked,
    /// gzip (RFC 1952), one member or several.
    Gzip,
    /// Zstandard (RFC 8878), one frame or several.
    Zstd,
}

/// What people call each way of packing.
const NAMES: [(Packing, &str); 2] = [(Packing::Gzip, "gzip"), (Packing::Zstd, "zstd")];

impl Packing {
    /// The packing of a file that begins with `beginning`, its first [`MAGIC_BYTES`] or all that it has.
    pub fn of(beginning: &[u8]) -> Packing {
        if beginning.starts_with(&GZIP) {
            Packing::Gzip
        } else if beginning.starts_with(&ZSTD) || is_skippable(beginning) {
            Packing::Zstd
        } else {
            Packing::Unpacked
        }
    }

    /// The packing called `name`, which is `gzip` or `zstd`; none for any other text.
    pub fn named(name: &str) -> Option<Packing> {
        NAMES.iter().find(|(_, known)| *known == name).map(|(packing, _)| *packing)
    }

    /// What it is called, none for an unpacked file.
    pub fn name(self) -> Option<&'static str> {
        NAMES.iter().find(|(packing, _)| *packing == self).map(|(_, name)| *name)
    }
}

fn is_skippable(beginning: &[u8]) -> bool {
    matches!(beginning, [first, rest @ ..] if first & 0xf0 == 0x50 && rest.starts_with(&ZSTD_SKIPPABLE))
}

/// What `packed` holds, unpacked as it is read.
///
/// All gzip members and zstd frames that stand one after the other are one text; zeros at the end of a gzip
/// file are padding. A read fails with `UnexpectedEof` where a member or frame is cut off, and with another
/// error where it is damaged, or followed by what is neither; what came before has been read by then.
pub fn unpacked<R: Read + Send + 'static>(packed: R, packing: Packing) -> io::Result<Box<dyn Read + Send>> {
    let packed = BufReader::with_capacity(64 << 10, packed);
    Ok(match packing {
        Packing::Unpacked => Box::new(packed),
        Packing::Gzip => Box::new(Members { member: Some(GzDecoder::new(packed)) }),
        Packing::Zstd => Box::new(Frames::new(packed)?),
    })
}

/// The members of a gzip file. The library's own reader refuses zeros behind the last one, which devices with
/// blocks of one size leave there.
struct Members<R: BufRead> {
    /// None at the end of the file.
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            let read = member.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            skip_zeros(member.get_mut())?;
            let is_last = member.get_mut().fill_buf()?.is_empty();
            self.member =
                self.member.take().map(GzDecoder::into_inner).filter(|_| !is_last).map(GzDecoder::new);
        }
        Ok(0)
    }
}

fn skip_zeros(packed: &mut impl BufRead) -> io::Result<()> {
    loop {
        let there = packed.fill_buf()?;
        let zeros = there.iter().take_while(|byte| **byte == 0).count();
        if zeros == 0 {
            return Ok(());
        }
        packed.consume(zeros);
    }
}

/// The frames of a zstd file. The library's own reader takes an empty file for a whole one.
struct Frames<R: BufRead> {
    decoder: zstd::stream::read::Decoder<'static, R>,
    is_begun: bool,
}

impl<R: BufRead> Frames<R> {
    fn new(packed: R) -> io::Result<Frames<R>> {
        let mut decoder = zstd::stream::read::Decoder::with_buffer(packed)?;
        decoder.window_log_max(WINDOW_LOG_MAX)?;
        Ok(Frames { decoder, is_begun: false })
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.is_begun {
            self.is_begun = true;
            if self.decoder.get_mut().fill_buf()?.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        self.decoder.read(buffer)
    }
}
