//! Inputs: first the corpus as it is, then mutations of it.

use rand::Rng;
use rand::rngs::StdRng;

/// No input is larger: what a datagram can carry, and a little more.
const MAX_INPUT: usize = 66_000;
/// The most edits of one input.
const MAX_EDITS: usize = 8;
/// What text protocols stumble over.
const TOKENS: &[&[u8]] = &[
    b"\r\n",
    b"\r\n\r\n",
    b"\r\n ",
    b"\r",
    b"\n",
    b"\0",
    b" ",
    b"\t",
    b"\"",
    b"\\",
    b"<",
    b">",
    b";",
    b",",
    b":",
    b"=",
    b"/",
    b"?",
    b"@",
    b"*",
    b"%",
    b"%00",
    b"[",
    b"]",
    b"::",
    b"-1",
    b"0",
    b"255",
    b"65536",
    b"4294967296",
    b"18446744073709551616",
    b"\xc3",
    b"\xff\xfe",
    b"\xe2\x80\xae",
    b"SIP/2.0",
    b"z9hG4bK",
    b"Content-Length",
    b"tag",
    b"a=rtpmap:",
    b"m=audio ",
    b"c=IN IP4 0.0.0.0",
];

pub(crate) struct Mutator {
    corpus: Vec<Vec<u8>>,
    /// How many seeds of the corpus were given out unchanged.
    given: usize,
    random: StdRng,
    input: Vec<u8>,
}

impl Mutator {
    pub(crate) fn new(corpus: Vec<Vec<u8>>, random: StdRng) -> Self {
        Self { corpus, given: 0, random, input: Vec::new() }
    }

    /// The next input.
    pub(crate) fn next(&mut self) -> &[u8] {
        self.input.clear();
        if let Some(seed) = self.corpus.get(self.given) {
            self.given += 1;
            self.input.extend_from_slice(seed);
            return &self.input;
        }
        let seed = self.random.random_range(0..self.corpus.len());
        self.input.extend_from_slice(&self.corpus[seed]);
        for _ in 0..self.random.random_range(1..=MAX_EDITS) {
            self.edit();
        }
        self.input.truncate(MAX_INPUT);
        &self.input
    }

    fn edit(&mut self) {
        let (start, end) = self.range();
        match self.random.random_range(0..8) {
            0 => self.input.truncate(start),
            1 => drop(self.input.drain(start..end)),
            2 => self.flip(start),
            3 => self.set(start),
            4 => self.repeat(start, end),
            5 => self.borrow(start),
            _ => self.insert_token(start, end),
        }
    }

    /// A place, and another up to 32 bytes behind it.
    fn range(&mut self) -> (usize, usize) {
        let start = self.random.random_range(0..=self.input.len());
        let end = (start + self.random.random_range(0..32)).min(self.input.len());
        (start, end)
    }

    fn flip(&mut self, place: usize) {
        let bit = 1 << self.random.random_range(0..8);
        if let Some(byte) = self.input.get_mut(place) {
            *byte ^= bit;
        }
    }

    fn set(&mut self, place: usize) {
        let value = self.random.random();
        if let Some(byte) = self.input.get_mut(place) {
            *byte = value;
        }
    }

    /// Says a part again, mostly a few times, seldom until the input is full.
    fn repeat(&mut self, start: usize, end: usize) {
        let part = self.input[start..end].to_vec();
        let times = if self.random.random_ratio(1, 64) { MAX_INPUT / part.len().max(1) } else { 4 };
        self.input.splice(end..end, part.repeat(times));
        self.input.truncate(MAX_INPUT);
    }

    /// Goes on with the end of another seed.
    fn borrow(&mut self, start: usize) {
        let other = self.random.random_range(0..self.corpus.len());
        let from = self.random.random_range(0..=self.corpus[other].len());
        self.input.truncate(start);
        self.input.extend_from_slice(&self.corpus[other][from..]);
    }

    fn insert_token(&mut self, start: usize, end: usize) {
        let token = TOKENS[self.random.random_range(0..TOKENS.len())];
        let end = if self.random.random() { start } else { end };
        self.input.splice(start..end, token.iter().copied());
    }
}
