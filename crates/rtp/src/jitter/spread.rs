//! How much delay the network asks for.

use confab_fetch::fetch;

/// Blocks of which the oldest is forgotten: 4 to 5 s are remembered.
const BLOCKS: usize = 5;

/// How late packets were in the last seconds, compared with the fastest ones of their time.
///
/// Time is cut in blocks of a second. The fastest packet of this block and the one before is the base, so that a drifting
/// clock moves it along. Of the lateness over the base each block keeps the second largest: one packet that went astray
/// says nothing of the next, two in a second do. So the target grows at once, and shrinks when the bad second is
/// forgotten.
///
/// What a packet touches lies apart from what blocks that are over ask for: that is gone through once a second.
#[derive(Debug)]
pub(super) struct Spread {
    /// The block that runs.
    block: Block,
    /// When it began, in clock units.
    began: i64,
    /// Clock units of one block.
    length: i64,
    /// Transit of the fastest packet of the block before.
    fastest_before: i64,
    /// What each block that is over asks for, the newest first, and the most of that.
    over: [i64; BLOCKS - 1],
    most: i64,
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
        Self {
            block: Block::EMPTY,
            began: 0,
            length: second,
            fastest_before: i64::MAX,
            over: [0; BLOCKS - 1],
            most: 0,
        }
    }

    /// A packet took `transit`, both in clock units.
    pub(super) fn note(&mut self, clock: i64, transit: i64) {
        let age = clock - self.began;
        if age >= self.length {
            self.begin(clock, age >= 2 * self.length);
        }
        self.block.fastest = self.block.fastest.min(transit);
        let late = transit.saturating_sub(self.base());
        self.block.second_latest = self.block.second_latest.max(late.min(self.block.latest));
        self.block.latest = self.block.latest.max(late);
    }

    pub(super) fn fetch(&self) {
        fetch(&self.block);
        fetch(&self.most);
    }

    /// Transit of the fastest packets; 0 before there are any.
    pub(super) fn base(&self) -> i64 {
        let fastest = self.block.fastest.min(self.fastest_before);
        if fastest == i64::MAX { 0 } else { fastest }
    }

    /// How much slower the slow ones are.
    pub(super) fn target(&self) -> i64 {
        self.most.max(self.block.second_latest)
    }

    /// Begins a block. Over a pause the clocks drift apart, but how the network is may be remembered.
    fn begin(&mut self, clock: i64, after_pause: bool) {
        self.fastest_before = if after_pause { i64::MAX } else { self.block.fastest };
        self.over.rotate_right(1);
        self.over[0] = self.block.second_latest;
        self.most = self.over.iter().copied().max().unwrap_or(0);
        self.block = Block::EMPTY;
        self.began = clock;
    }
}
