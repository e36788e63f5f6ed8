//! The jitter buffer of one received stream.

use std::time::{Duration, Instant};

use pulls::{Pull, Pulls};
use ring::{Content, MAX_PAYLOAD, Ring, SLOTS};
use spread::Spread;

use crate::Packet;

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
/// Without packets this much is concealed, in ms; then there is silence.
const MAX_CONCEALED_MS: i64 = 60;
/// Slack that is missing by less than this, in ms, is no reason to add a whole tick of delay.
const TOLERANCE_MS: i64 = 2;
/// Slack over the target, in ms, below which more delay is asked for, so that it comes before a packet is too late.
const RESERVE_MS: i64 = 2;
/// Slack over that which remains when delay is taken away, in ms, so that it is not asked for again at once.
const MARGIN_MS: i64 = 1;
/// Pulls with too much delay after which a packet is thrown away, if the reader found no quiet place to skip.
const PATIENCE: u32 = 100;
/// How many pulls later the next one may go.
const RELENT: u32 = 20;

/// The adaptive jitter buffer of one received stream.
///
/// *Transit* of a packet is its arrival less its timestamp. The fastest packets of the last seconds are the base; the
/// *target* is how much slower the slow ones are. *Slack* is how long after the base time a packet is pulled: it comes
/// too late if its own transit exceeds the base by more. So slack should be at least the target, and what is
/// a whole tick more is surplus. A clean line has the target 0: what is there at the tick is played.
///
/// When nothing is there, [`Next::Lost`] is given without giving the missing packet up: if it proves lost, it was
/// concealed already; if it comes late, playing it then adds the delay that was missing.
#[derive(Debug)]
pub struct JitterBuffer {
    config: JitterConfig,
    ring: Ring,
    spread: Spread,
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
    /// Samples concealed since, for which a packet may still come.
    concealed: i64,
    /// Slack of the packet that was missing first then.
    missed_slack: i64,
    /// Samples of the last packet.
    duration: i64,
    pulls: Pulls,
    stats: JitterStats,
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
            ring: Ring::new(),
            spread: Spread::new(config.clock_rate.into()),
            epoch: None,
            newest: None,
            stale_since: None,
            next_sequence: 0,
            fresh: true,
            position: None,
            concealed: 0,
            missed_slack: 0,
            duration: 0,
            pulls: Pulls::default(),
            stats: JitterStats::default(),
            config,
        }
    }

    /// Queue an audio packet that arrived at `arrival`.
    pub fn insert(&mut self, arrival: Instant, packet: &Packet<'_>) -> Inserted {
        if packet.payload.is_empty() || packet.payload.len() > MAX_PAYLOAD {
            return Inserted::Unusable;
        }
        self.epoch.get_or_insert(arrival);
        let clock = self.clock(arrival);
        let restarted = self.is_jump(packet, clock) || self.is_stepping_back(packet, clock);
        if restarted {
            self.reset();
            self.stats.restarts += 1;
        }
        let timestamp = self.extend(packet.timestamp);
        if self.may_be_first(packet.sequence) {
            self.next_sequence = packet.sequence;
        }
        if self.ring.content(packet.sequence) != Content::Empty {
            self.stats.duplicates += 1;
            self.stale_since.get_or_insert(clock);
            return Inserted::Duplicate;
        }
        self.spread.note(clock, clock - timestamp);
        if is_behind(packet.sequence, self.next_sequence) {
            self.stats.late += 1;
            self.stale_since.get_or_insert(clock);
            return Inserted::Late;
        }
        self.stale_since = None;
        self.make_room(packet.sequence);
        self.store(packet, timestamp);
        if restarted { Inserted::Restarted } else { Inserted::Queued }
    }

    /// A packet with this sequence number came but is no audio (a key, comfort noise): no loss.
    pub fn insert_other(&mut self, sequence: u16) {
        let near = self.newest.is_some_and(|newest| !is_far(sequence, newest.sequence));
        if !near || is_behind(sequence, self.next_sequence) {
            return;
        }
        self.make_room(sequence);
        if self.ring.content(sequence) != Content::Audio {
            self.ring.mark(sequence, Content::Other);
        }
        if let Some(newest) = self.newest.as_mut().filter(|newest| is_behind(newest.sequence, sequence)) {
            newest.sequence = sequence;
        }
    }

    /// What to play next. The reader calls this at each tick as often as it has less audio than the tick needs.
    /// `now` is the tick's nominal time; `held` are the decoded samples it holds, which play before this packet.
    pub fn next(&mut self, now: Instant, held: usize) -> Next<'_> {
        let held = i64::try_from(held).unwrap_or(0);
        // Pulls happen at ticks: what the reader still holds does not make a packet come earlier.
        let clock = self.clock(now);
        loop {
            self.pass_others();
            let Some(head) = self.head() else { return self.underrun(clock) };
            let slack = clock - self.ring.slot(head).timestamp - self.spread.base();
            match self.place(head) {
                Place::Silence if slack + self.ms(TOLERANCE_MS) < self.target_samples() => return Next::Wait,
                Place::Gap(samples) => return self.give_up(samples),
                Place::Silence | Place::Due if self.is_dispensable(head, slack) => self.drop_head(head),
                Place::Silence | Place::Due => return self.play(head, slack, held),
            }
        }
    }

    /// Samples that the reader should drop (positive) or insert (negative) where it does not hurt, a few ms at a
    /// time, and then report by [`JitterBuffer::skip`].
    #[must_use]
    pub fn surplus_samples(&self) -> i32 {
        let Some(Pull { slack, held }) = self.pulls.least() else { return 0 };
        let tick = self.ms(self.config.interval_ms.into()).max(1);
        let excess = slack - self.target_samples();
        // Packets stamped when the tick reads them have a slack of about zero and need no more.
        let jittery = self.target_samples() > self.ms(TOLERANCE_MS);
        let enough = self.ms(if jittery { RESERVE_MS } else { -TOLERANCE_MS });
        let samples = if excess < enough {
            (held - (enough - excess + tick - 1) / tick * tick).min(0)
        } else if excess < enough + self.ms(MARGIN_MS) {
            0
        } else {
            held + (excess - enough - self.ms(MARGIN_MS)) / tick * tick
        };
        i32::try_from(samples).unwrap_or(0)
    }

    /// The reader dropped (positive) or inserted (negative) samples.
    pub fn skip(&mut self, samples: i32) {
        if samples != 0 {
            self.stats.skipped += i64::from(samples);
            self.pulls = Pulls::default();
        }
    }

    /// The delay that the network's jitter asks for.
    #[must_use]
    pub fn target(&self) -> Duration {
        self.duration_of(self.target_samples())
    }

    /// The delay that the buffer and the reader add at present, over the fastest packet.
    #[must_use]
    pub fn delay(&self) -> Duration {
        self.duration_of(self.pulls.last().map_or(0, |pull| pull.slack + pull.held))
    }

    /// Counters.
    #[must_use]
    pub fn stats(&self) -> &JitterStats {
        &self.stats
    }

    /// Drop all and start anew; the counters stay.
    pub fn reset(&mut self) {
        self.ring.clear();
        self.spread = Spread::new(self.config.clock_rate.into());
        self.newest = None;
        self.stale_since = None;
        self.fresh = true;
        self.position = None;
        self.concealed = 0;
        self.pulls = Pulls::default();
    }

    fn store(&mut self, packet: &Packet<'_>, timestamp: i64) {
        self.ring.store(packet, timestamp);
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

    /// Drop the oldest until `sequence` has a slot.
    fn make_room(&mut self, sequence: u16) {
        while usize::from(sequence.wrapping_sub(self.next_sequence)) >= SLOTS {
            let waits = self.ring.content(self.next_sequence) == Content::Audio;
            self.stats.discarded += u64::from(waits);
            self.ring.mark(self.next_sequence, Content::Empty);
            self.next_sequence = self.next_sequence.wrapping_add(1);
            self.position = None;
        }
    }

    fn pass_others(&mut self) {
        while self.ring.content(self.next_sequence) == Content::Other {
            self.ring.mark(self.next_sequence, Content::Done);
            self.next_sequence = self.next_sequence.wrapping_add(1);
            self.position = None;
            self.concealed = 0;
        }
    }

    /// The first audio that waits.
    fn head(&self) -> Option<u16> {
        let waiting = self.newest?.sequence.wrapping_sub(self.next_sequence);
        if usize::from(waiting) >= SLOTS {
            return None;
        }
        let mut sequences = (0..=waiting).map(|ahead| self.next_sequence.wrapping_add(ahead));
        sequences.find(|sequence| self.ring.content(*sequence) == Content::Audio)
    }

    /// How the head continues what was played. What was concealed meanwhile counts for what proves lost.
    fn place(&mut self, head: u16) -> Place {
        let Some(position) = self.position else { return Place::Silence };
        let missing = head.wrapping_sub(self.next_sequence);
        let gap = self.ring.slot(head).timestamp - position;
        if missing == 0 && gap > 0 {
            self.position = None;
            self.concealed = 0;
            return Place::Silence;
        }
        if missing == 0 {
            return Place::Due;
        }
        let paid = gap.min(self.concealed).max(0);
        self.concealed = 0;
        self.position = Some(position + paid);
        if gap <= paid {
            self.next_sequence = head;
            return Place::Due;
        }
        let covered = paid / self.duration.max(1);
        self.next_sequence =
            self.next_sequence.wrapping_add(u16::try_from(covered).unwrap_or(0).min(missing - 1));
        Place::Gap((gap - paid).min(self.duration.max(1)))
    }

    /// The packet that is due is lost, others behind it are there.
    fn give_up(&mut self, samples: i64) -> Next<'_> {
        self.next_sequence = self.next_sequence.wrapping_add(1);
        self.position = self.position.map(|position| position + samples);
        self.stats.concealed += 1;
        Next::Lost(u32::try_from(samples).unwrap_or(0))
    }

    /// Nothing is there. It may be late, lost, or never sent.
    fn underrun(&mut self, clock: i64) -> Next<'_> {
        let Some(position) = self.position.filter(|_| self.concealed < self.ms(MAX_CONCEALED_MS)) else {
            self.position = None;
            self.concealed = 0;
            return Next::Wait;
        };
        if self.concealed == 0 {
            self.missed_slack = clock - position - self.spread.base();
        }
        let samples = self.duration.min(self.ms(self.config.interval_ms.into()));
        self.concealed += samples;
        self.stats.concealed += 1;
        Next::Lost(u32::try_from(samples).unwrap_or(0))
    }

    /// Whether the head may be left out: it was concealed already, and came so late that it is no reason for more delay;
    /// or there is far too much delay; or too much for too long.
    fn is_dispensable(&self, head: u16, slack: i64) -> bool {
        let samples = self.ring.slot(head).samples();
        if self.concealed > 0 {
            return samples <= self.concealed && self.missed_slack >= self.target_samples();
        }
        let follows = self.ring.content(head.wrapping_add(1)) == Content::Audio;
        let limit = self.ms(self.config.max_delay_ms.into()) + samples;
        let excess = slack - samples - self.target_samples() - self.ms(RESERVE_MS + MARGIN_MS);
        follows && (slack > limit || self.pulls.impatience >= PATIENCE && excess >= 0)
    }

    fn drop_head(&mut self, head: u16) {
        self.finish(head);
        if self.concealed > 0 {
            let slot = self.ring.slot(head);
            self.concealed -= slot.samples();
            self.position = Some(slot.timestamp + slot.samples());
            self.stats.late += 1;
            return;
        }
        self.position = None;
        self.pulls = Pulls::impatient(PATIENCE - RELENT);
        self.stats.discarded += 1;
    }

    fn play(&mut self, head: u16, slack: i64, held: i64) -> Next<'_> {
        self.finish(head);
        let excess = slack - self.target_samples() - self.ms(RESERVE_MS + MARGIN_MS);
        let slot = self.ring.slot(head);
        let splice = self.position != Some(slot.timestamp) || self.concealed > 0;
        self.duration = slot.samples();
        self.position = Some(slot.timestamp + self.duration);
        self.concealed = 0;
        self.fresh = false;
        self.pulls.note(Pull { slack, held }, excess > self.duration);
        self.stats.played += 1;
        Next::Packet(Frame {
            payload: slot.payload(),
            payload_type: slot.payload_type,
            timestamp: slot.timestamp as u32,
            splice,
        })
    }

    /// The turn of `head`, and of what was missing before it, is over.
    fn finish(&mut self, head: u16) {
        self.ring.mark(head, Content::Done);
        self.next_sequence = head.wrapping_add(1);
    }

    fn target_samples(&self) -> i64 {
        self.spread.target().min(self.ms(self.config.max_delay_ms.into()))
    }

    /// Samples since the epoch.
    fn clock(&self, at: Instant) -> i64 {
        let Some(epoch) = self.epoch else { return 0 };
        let rate = u64::from(self.config.clock_rate);
        let samples = |span: Duration| {
            let samples = span.as_secs() * rate + u64::from(span.subsec_nanos()) * rate / 1_000_000_000;
            samples.cast_signed()
        };
        match at.checked_duration_since(epoch) {
            Some(after) => samples(after),
            None => -samples(epoch.saturating_duration_since(at)),
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

    fn duration_of(&self, samples: i64) -> Duration {
        let samples = u64::try_from(samples).unwrap_or(0);
        Duration::from_micros(samples * 1_000_000 / u64::from(self.config.clock_rate.max(1)))
    }
}

/// How the first waiting packet continues what was played.
enum Place {
    /// It follows silence.
    Silence,
    /// It follows without a gap.
    Due,
    /// So many samples of the next lost packet come first.
    Gap(i64),
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
