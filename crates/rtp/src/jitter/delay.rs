//! How much delay there should be.

use super::JitterBuffer;
use super::pulls::{Pull, Pulls};
use super::ring::Content;

/// Slack that is missing by less than this, in ms, is no reason to add a whole tick of delay.
const TOLERANCE_MS: i64 = 2;
/// Slack over the target, in ms, below which more delay is asked for, so that it comes before a packet is too late.
const RESERVE_MS: i64 = 2;
/// The same on a line without jitter.
const CLEAN_RESERVE_MS: i64 = 1;
/// Slack over that which remains when delay is taken away, in ms, so that it is not asked for again at once.
const MARGIN_MS: i64 = 1;
/// So late, in ms, packets of a phone are now and then whose timer belongs to a system with other things to do: too seldom for
/// the target.
const UNPUNCTUAL_MS: i64 = 7;
/// The least delay that is asked for, in ms: the reader has pitch periods only, and what is missing, if little, is a tick.
const LEAST_ADDED_MS: i64 = 5;
/// Pulls with too much delay after which a packet is thrown away, if the reader found no place to skip. Speech has one each half
/// second; a tone or music would rather be late than broken.
const PATIENCE: u32 = 600;
/// How many pulls later the next one may go.
const RELENT: u32 = 20;

impl JitterBuffer {
    /// Clock units that the reader should take out (positive) or put in (negative) where it does not hurt, a few ms at a
    /// time, and then report by [`JitterBuffer::skip`].
    #[must_use]
    pub fn surplus_units(&self) -> i32 {
        let tick = self.tick();
        let Some(Pull { slack, held }) = self.least_pull() else { return 0 };
        let excess = slack - self.wanted();
        let enough = self.reserve(slack);
        let units = if excess < enough {
            let more = (enough - excess + tick - 1) / tick * tick - held;
            if more > 0 { -more.max(self.ms(LEAST_ADDED_MS)) } else { 0 }
        } else if excess < enough + self.ms(MARGIN_MS) {
            0
        } else {
            held + (excess - enough - self.ms(MARGIN_MS)) / tick * tick
        };
        i32::try_from(units).unwrap_or(0)
    }

    /// How much sooner, µs, the last packets could have been pulled before more delay would be asked for, or one that is late
    /// now and then would be missing; negative: they were pulled too soon. `None` where too few were pulled to tell, and where
    /// packets are stamped when the tick reads them.
    #[must_use]
    pub fn spare_us(&self) -> Option<i32> {
        let slack = self.least_pull()?.slack;
        let needed = self.wanted() + self.reserve(slack);
        let spare = slack - needed.max(self.ms(UNPUNCTUAL_MS));
        i32::try_from(spare * 1_000_000 / i64::from(self.config.clock_rate)).ok().filter(|_| slack > 0)
    }

    /// The reader stood still while time went on. What has waited since is over, and is not to be played late: whole packets
    /// of it are left out at the next pull.
    pub fn hurry(&mut self) {
        self.hurries = true;
    }

    /// The reader took out (positive) or put in (negative) so many clock units.
    pub fn skip(&mut self, units: i32) {
        let count = u64::from(units.unsigned_abs());
        match units {
            0 => return,
            1.. => self.stats.stretched_out += count,
            _ => self.stats.stretched_in += count,
        }
        self.pulls = Pulls::default();
    }

    /// Whether what follows silence would leave too little slack if it were played now.
    pub(super) fn is_early(&self, slack: i64) -> bool {
        let margin = if slack > 0 { self.ms(MARGIN_MS) } else { 0 };
        slack < self.wanted() + self.reserve(slack) + margin
    }

    /// Whether the head may be left out: it was concealed already, and came so late that it is no reason for more delay;
    /// or there is far too much delay; or too much for too long.
    pub(super) fn is_dispensable(&self, head: u16, slack: i64) -> bool {
        let units = self.ring.slot(head).units();
        if self.concealed > 0 {
            return units <= self.concealed && self.missed_slack >= self.wanted();
        }
        let limit = self.ms(self.config.max_delay_ms.into()) + units;
        let is_surplus = self.excess(slack) >= units;
        let has_waited = self.hurries || self.pulls.impatience >= PATIENCE;
        let is_too_much = slack > limit || has_waited && is_surplus;
        is_too_much && self.ring.content(head.wrapping_add(1)) == Content::Audio
    }

    /// A packet that was due was thrown away: the next one has time.
    pub(super) fn relent(&mut self) {
        self.pulls = Pulls::impatient(PATIENCE - RELENT);
    }

    /// A packet is played.
    pub(super) fn note_pull(&mut self, pull: Pull) {
        let is_surplus = self.excess(pull.slack) > self.duration;
        self.pulls.note(pull, is_surplus);
    }

    fn excess(&self, slack: i64) -> i64 {
        slack - self.wanted() - self.ms(RESERVE_MS + MARGIN_MS)
    }

    /// The slack that the network asks for.
    pub(super) fn wanted(&self) -> i64 {
        let behind = if self.config.fec && self.losses.are_frequent() { self.duration } else { 0 };
        (self.spread.target() + behind).min(self.ms(self.config.max_delay_ms.into()))
    }

    /// The least of the last pulls, over all phases in which packets and ticks meet.
    fn least_pull(&self) -> Option<Pull> {
        let tick = self.tick();
        let phases = usize::try_from(tick / greatest_divisor(tick, self.duration)).unwrap_or(usize::MAX);
        self.pulls.least(phases)
    }

    fn tick(&self) -> i64 {
        self.ms(self.config.interval_ms.into()).max(1)
    }

    /// Slack that should be left over that, where a pull had `slack`. Packets stamped when the tick reads them have
    /// a slack of zero or less and need no more: they are there.
    fn reserve(&self, slack: i64) -> i64 {
        if self.wanted() > self.ms(TOLERANCE_MS) {
            self.ms(RESERVE_MS)
        } else if slack > 0 {
            self.ms(CLEAN_RESERVE_MS)
        } else {
            -self.ms(TOLERANCE_MS)
        }
    }
}

/// The greatest common divisor; at least one of the two is above 0.
fn greatest_divisor(one: i64, other: i64) -> i64 {
    if other == 0 { one } else { greatest_divisor(other, one % other) }
}
