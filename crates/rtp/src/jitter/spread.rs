//! How much delay the network asks for.

use confab_fetch::{fetch, fetch_all};

/// Blocks of which the oldest is forgotten: 4 to 5 s are remembered.
const BLOCKS: usize = 5;

/// How late packets were in the last seconds, compared with the fastest ones of their time.
///
/// Time is cut in blocks of a second. The fastest packet of this block and the one before is the base, so that a drifting
/// clock moves it along. Of the lateness over the base each block keeps the second largest: one packet that went astray
/// says nothing of the next, two in a second do. So the target grows at once, and shrinks when the bad second is
/// forgotten.
#[derive(Debug)]
pub(super) struct Spread {
    blocks: [Block; BLOCKS],
    current: usize,
    /// When the current block began, in clock units.
    began: i64,
    /// Clock units of one block.
    length: i64,
    base: i64,
    target: i64,
}

#[derive(Debug, Clone, Copy)]
struct Block {
    fastest: i64,
    latest: i64,
    second_latest: i64,
}

impl Block {
    const EMPTY: Self = Self { fastest: i64::MAX, latest: 0, second_latest: 0 };
}

impl Spread {
    /// Nothing known; `second` are the clock units of a second.
    pub(super) fn new(second: i64) -> Self {
        Self { blocks: [Block::EMPTY; BLOCKS], current: 0, began: 0, length: second, base: 0, target: 0 }
    }

    /// A packet took `transit`, both in clock units.
    pub(super) fn note(&mut self, clock: i64, transit: i64) {
        let age = clock - self.began;
        if age >= self.length {
            if age >= 2 * self.length {
                // Over a pause the clocks drift apart, but how the network is may be remembered.
                self.blocks[self.current].fastest = i64::MAX;
            }
            self.current = (self.current + 1) % BLOCKS;
            self.blocks[self.current] = Block::EMPTY;
            self.began = clock;
        }
        let before = self.blocks[(self.current + BLOCKS - 1) % BLOCKS].fastest;
        let block = &mut self.blocks[self.current];
        block.fastest = block.fastest.min(transit);
        self.base = block.fastest.min(before);
        let late = transit.saturating_sub(self.base);
        block.second_latest = block.second_latest.max(late.min(block.latest));
        block.latest = block.latest.max(late);
        self.target = self.blocks.iter().map(|block| block.second_latest).max().unwrap_or(0);
    }

    pub(super) fn fetch(&self) {
        fetch_all(&self.blocks);
        fetch(&self.target);
    }

    /// Transit of the fastest packets.
    pub(super) fn base(&self) -> i64 {
        self.base
    }

    /// How much slower the slow ones are.
    pub(super) fn target(&self) -> i64 {
        self.target
    }
}
