//! The jitter buffer of one received stream.

use std::time::{Duration, Instant};

use confab_fetch::fetch;
use drift::Drift;
use losses::Losses;
use pulls::Pulls;
use ring::{Content, MAX_PAYLOAD, Ring, SLOTS};
use spread::Spread;

use crate::Packet;
use crate::bursts::{BurstMetrics, Bursts};

mod delay;
mod drift;
mod losses;
mod play;
mod pulls;
mod ring;
mod spread;
mod words;

pub use words::{Frame, Inserted, JitterConfig, JitterStats, Next};

/// A transit time this far off the fastest, in ms, is a jump of the sender's clock and no jitter.
const JUMP_MS: i64 = 1000;
/// A sequence number this far off the newest is a jump.
const JUMP_SEQUENCE: u16 = 512;
/// When nothing but late packets and duplicates came for so long, in ms, the sender has stepped back a little.
const STALE_MS: i64 = 500;

/// The adaptive jitter buffer of one received stream.
///
/// *Transit* of a packet is its arrival less its timestamp. The fastest packets of the last seconds are the base; the
/// *target* is how much slower the slow ones are. *Slack* is how long after the base time a packet is pulled: it comes
/// too late if its own transit exceeds the base by more. So slack should be at least the target, and what is
/// a whole tick more is surplus. A clean line has the target 0: what is there at the tick is played. All this is in clock
/// units.
///
/// When nothing is there, [`Next::Lost`] is given without giving the missing packet up: if it proves lost, it was
/// concealed already; if it comes late, playing it then adds the delay that was missing.
#[derive(Debug)]
pub struct JitterBuffer {
    config: JitterConfig,
    ring: Ring,
    spread: Spread,
    drift: Drift,
    losses: Losses,
    bursts: Bursts,
    /// Clock zero: the first arrival.
    epoch: Option<Instant>,
    newest: Option<Newest>,
    /// Since when every packet was late or a duplicate.
    stale_since: Option<i64>,
    next_sequence: u16,
    /// Nothing was played since the start: an earlier packet may still come first.
    fresh: bool,
    /// Extended timestamp that continues what was played; `None` in silence.
    position: Option<i64>,
    /// Clock units of the first packet that waits which were played already.
    played: i64,
    /// Clock units concealed since, for which a packet may still come.
    concealed: i64,
    /// Slack of the packet that was missing first then.
    missed_slack: i64,
    /// Clock units of the last packet.
    duration: i64,
    /// The last packet began a pause: what does not follow is not missing.
    is_pause: bool,
    pulls: Pulls,
    /// What waits has waited since the reader stood still.
    hurries: bool,
    /// But for [`JitterStats::played`], of which `bursts` knows.
    stats: Box<JitterStats>,
}

#[derive(Debug, Clone, Copy)]
struct Newest {
    sequence: u16,
    timestamp: i64,
}

impl JitterBuffer {
    /// An empty buffer; it allocates here and never again.
    #[must_use]
    pub fn new(config: JitterConfig) -> Self {
        Self {
            ring: Ring::new(config.framing, config.clock_rate),
            spread: Spread::new(config.clock_rate.into()),
            drift: Drift::default(),
            losses: Losses::default(),
            bursts: Bursts::default(),
            epoch: None,
            newest: None,
            stale_since: None,
            next_sequence: 0,
            fresh: true,
            position: None,
            played: 0,
            concealed: 0,
            missed_slack: 0,
            duration: 0,
            is_pause: false,
            pulls: Pulls::default(),
            hurries: false,
            stats: Box::default(),
            config,
        }
    }

    /// Queue an audio packet that arrived at `arrival`.
    pub fn insert(&mut self, arrival: Instant, packet: &Packet<'_>) -> Inserted {
        let Some(units) = self.usable_units(packet.payload) else { return Inserted::Unusable };
        self.epoch.get_or_insert(arrival);
        let clock = self.clock(arrival);
        let restarted = self.is_jump(packet, clock) || self.is_stepping_back(packet, clock);
        if restarted {
            self.reset();
            self.stats.restarts += 1;
        }
        if self.may_be_first(packet.sequence) {
            self.next_sequence = packet.sequence;
        }
        let timestamp = self.extend(packet.timestamp);
        let told = self.sort(packet.sequence, clock, clock - timestamp);
        if told != Inserted::Queued {
            self.stale_since.get_or_insert(clock);
            return told;
        }
        self.stale_since = None;
        if !self.make_room(packet.sequence, packet.payload.len()) {
            self.stats.discarded += 1;
            return Inserted::Late;
        }
        self.store(packet, timestamp, units);
        if restarted { Inserted::Restarted } else { Inserted::Queued }
    }

    /// Fetches what taking and playing a packet touches.
    pub fn fetch(&self) {
        self.drift.fetch();
        fetch(&self.newest);
        fetch(&self.ring);
        self.spread.fetch();
        fetch(&self.bursts);
        fetch(&self.concealed);
        self.pulls.fetch();
        fetch(&self.config);
    }

    /// Once that is there: what it points to.
    pub fn fetch_rest(&self) {
        self.ring.fetch_rest(self.newest.map_or(0, |newest| newest.sequence.wrapping_add(1)));
    }

    /// Whether more may have come by `now` than was queued: something before the newest packet is missing, or the time of
    /// the one after it has come, as the fastest packets tell it.
    #[must_use]
    pub fn expects_more(&self, now: Instant) -> bool {
        let Some(newest) = self.newest else { return true };
        let ahead = usize::from(newest.sequence.wrapping_sub(self.next_sequence).wrapping_add(1));
        let units = self.ring.slot(newest.sequence).units();
        ahead != self.ring.waiting()
            || units < self.ms(self.config.interval_ms.into())
            || self.clock(now) >= self.spread.base() + newest.timestamp + units
    }

    /// A packet with this sequence number came but is no audio (a key, comfort noise): no loss.
    pub fn insert_other(&mut self, sequence: u16) {
        let near = self.newest.is_some_and(|newest| !is_far(sequence, newest.sequence));
        if !near || is_behind(sequence, self.next_sequence) {
            return;
        }
        self.losses.came(sequence);
        self.make_room(sequence, 0);
        if self.ring.content(sequence) != Content::Audio {
            self.ring.mark(sequence, Content::Other);
        }
        if let Some(newest) = self.newest.as_mut().filter(|newest| is_behind(newest.sequence, sequence)) {
            newest.sequence = sequence;
        }
    }

    /// The delay that the network's jitter asks for.
    #[must_use]
    pub fn target(&self) -> Duration {
        self.duration_of(self.wanted())
    }

    /// The delay that the buffer and the reader add at present, over the fastest packet.
    #[must_use]
    pub fn delay(&self) -> Duration {
        self.duration_of(self.pulls.last().map_or(0, |pull| pull.slack + pull.held))
    }

    /// By how many millionths the sender's clock is faster (positive) or slower than ours; `None` in the first twenty
    /// seconds.
    #[must_use]
    pub fn clock_ppm(&self) -> Option<i32> {
        self.drift.ppm(self.config.clock_rate.into())
    }

    /// Duration of the last packet played.
    #[must_use]
    pub fn packet_time(&self) -> Duration {
        self.duration_of(self.duration)
    }

    /// Counters.
    #[must_use]
    pub fn stats(&self) -> JitterStats {
        JitterStats { played: self.bursts.played(), ..*self.stats }
    }

    /// Drop all and start anew; the counters stay.
    pub fn reset(&mut self) {
        self.ring.clear();
        self.spread = Spread::new(self.config.clock_rate.into());
        self.drift.reset();
        self.losses = Losses::default();
        self.newest = None;
        self.stale_since = None;
        self.fresh = true;
        self.position = None;
        self.played = 0;
        self.is_pause = false;
        self.concealed = 0;
        self.pulls = Pulls::default();
    }

    /// Takes over the counters of the buffer that it replaces.
    pub(crate) fn succeed(&mut self, before: &Self) {
        (*self.stats, self.bursts) = (*before.stats, before.bursts);
    }

    /// How losses are spread over what was played.
    pub(crate) fn bursts(&self) -> BurstMetrics {
        self.bursts.metrics()
    }

    fn usable_units(&self, payload: &[u8]) -> Option<u16> {
        let units = self.config.framing.units(payload).filter(|_| payload.len() <= MAX_PAYLOAD)?;
        u16::try_from(units).ok()
    }

    /// Whether a packet may be queued; each that came once is measured.
    fn sort(&mut self, sequence: u16, clock: i64, transit: i64) -> Inserted {
        if self.ring.content(sequence) != Content::Empty {
            self.stats.duplicates += 1;
            return Inserted::Duplicate;
        }
        if self.newest.is_some() && (transit - self.spread.base()).abs() > self.ms(JUMP_MS) {
            // One from before the newest: that it tells another time says nothing of the network.
            self.stats.late += 1;
            return Inserted::Late;
        }
        self.spread.note(clock, transit);
        self.drift.note(clock, transit, self.config.clock_rate.into());
        self.losses.came(sequence);
        if is_behind(sequence, self.next_sequence) {
            self.stats.late += 1;
            return Inserted::Late;
        }
        Inserted::Queued
    }

    fn store(&mut self, packet: &Packet<'_>, timestamp: i64, units: u16) {
        self.ring.store(packet.sequence, packet.timestamp, units, packet.payload);
        if self.newest.is_none_or(|newest| is_behind(newest.sequence, packet.sequence)) {
            self.newest = Some(Newest { sequence: packet.sequence, timestamp });
        }
    }

    /// The sender's sequence or clock jumped: nothing that waits belongs to this packet.
    fn is_jump(&self, packet: &Packet<'_>, clock: i64) -> bool {
        let Some(newest) = self.newest else { return false };
        if is_far(packet.sequence, newest.sequence) {
            return true;
        }
        let off = clock - self.extend(packet.timestamp) - self.spread.base();
        is_behind(newest.sequence, packet.sequence) && off.abs() > self.ms(JUMP_MS)
    }

    fn is_stepping_back(&self, packet: &Packet<'_>, clock: i64) -> bool {
        let stale = self.stale_since.is_some_and(|since| clock - since >= self.ms(STALE_MS));
        stale && is_behind(packet.sequence, self.next_sequence)
    }

    /// Before anything is played, an earlier packet may overtake the first.
    fn may_be_first(&self, sequence: u16) -> bool {
        let Some(newest) = self.newest else { return true };
        let fits = usize::from(newest.sequence.wrapping_sub(sequence)) < SLOTS;
        self.fresh && fits && is_behind(sequence, self.next_sequence)
    }

    /// Drop the oldest until `sequence` has a slot and its payload has room; false if all that waits comes after it.
    fn make_room(&mut self, sequence: u16, octets: usize) -> bool {
        while usize::from(sequence.wrapping_sub(self.next_sequence)) >= SLOTS {
            self.drop_oldest();
        }
        while !self.ring.has_room(octets) {
            if self.next_sequence == sequence {
                return false;
            }
            self.drop_oldest();
        }
        true
    }

    fn drop_oldest(&mut self) {
        if self.ring.content(self.next_sequence) == Content::Audio {
            self.stats.discarded += 1;
            self.bursts.bad();
        }
        self.ring.mark(self.next_sequence, Content::Empty);
        self.next_sequence = self.next_sequence.wrapping_add(1);
        self.position = None;
        self.played = 0;
    }

    /// Clock units since the epoch.
    pub(crate) fn clock(&self, at: Instant) -> i64 {
        let Some(epoch) = self.epoch else { return 0 };
        let rate = u64::from(self.config.clock_rate);
        let units = |span: Duration| {
            let units = span.as_secs() * rate + u64::from(span.subsec_nanos()) * rate / 1_000_000_000;
            units.cast_signed()
        };
        match at.checked_duration_since(epoch) {
            Some(after) => units(after),
            None => -units(epoch.saturating_duration_since(at)),
        }
    }

    /// The timestamp without its wrap, near the newest one.
    fn extend(&self, timestamp: u32) -> i64 {
        let Some(newest) = self.newest else { return timestamp.into() };
        newest.timestamp + i64::from(timestamp.wrapping_sub(newest.timestamp as u32).cast_signed())
    }

    fn ms(&self, ms: i64) -> i64 {
        ms * i64::from(self.config.clock_rate) / 1000
    }

    fn duration_of(&self, units: i64) -> Duration {
        let units = u64::try_from(units).unwrap_or(0);
        Duration::from_micros(units * 1_000_000 / u64::from(self.config.clock_rate.max(1)))
    }
}

/// Whether `sequence` comes before `other`, in modular order.
fn is_behind(sequence: u16, other: u16) -> bool {
    sequence.wrapping_sub(other).cast_signed() < 0
}

fn is_far(sequence: u16, other: u16) -> bool {
    sequence.wrapping_sub(other).cast_signed().unsigned_abs() > JUMP_SEQUENCE
}

#[cfg(test)]
mod tests;
