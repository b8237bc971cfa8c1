//! Damage, and the assertions that hold after any damage. The fuzzer takes its own bytes for it, and
//! `any_damage.rs` those of a corpus and random ones.
#![allow(dead_code)] // No program uses all of it.

pub mod conditions;
pub mod frames;
pub mod remains;
pub mod strict;

/// Bytes as a source of decisions; zeros when they are used up.
pub struct Input<'a> {
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    pub fn new(bytes: &'a [u8]) -> Input<'a> {
        Input { rest: bytes }
    }

    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub fn bytes(&mut self, len: usize) -> &'a [u8] {
        let (here, rest) = self.rest.split_at(len.min(self.rest.len()));
        self.rest = rest;
        here
    }

    pub fn rest(&mut self) -> &'a [u8] {
        self.bytes(usize::MAX)
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut array = [0; N];
        let bytes = self.bytes(N);
        array[..bytes.len()].copy_from_slice(bytes);
        array
    }

    pub fn u8(&mut self) -> u8 {
        self.array::<1>()[0]
    }

    pub fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.array())
    }

    pub fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.array())
    }

    pub fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.array())
    }
}
