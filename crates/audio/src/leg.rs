//! One call's media: what it receives and what it sends.

use std::net::SocketAddr;
use std::time::Instant;

use confab_codec::{Codec, CodecError};
use confab_fetch::fetch;
use confab_mixer::Slot;
use confab_rtp::{Inbound, Load, Quality, Received, Sent, Verdict, is_rtcp, rtcp};

use crate::change::StreamChange;
use crate::clock::{Clock, Random};
use crate::event::{DigitSource, Event, LegId, Stats};
use crate::feeds::{Coded, Feed};
use crate::format::{Format, Tuning};
use crate::loss::ExpectedLoss;
use crate::outbox::{Channel, LONGEST_REPORT, Most, Outbox};
use crate::playout::Playout;
use crate::room::SilenceLimits;
use crate::sender::Sender;
use crate::stream::{StreamConfig, impairment};
use crate::watch::Watch;

/// A leg in a room. Made by the control side; from then on it lives in a worker.
pub struct Leg {
    pub(crate) id: LegId,
    /// Its place in the room's mixer.
    pub(crate) slot: Option<Slot>,
    /// What it brings to the room, and what it takes away when it ends.
    pub(crate) brought: Option<Box<Feed>>,
    /// How it is to be sent now.
    pub(crate) codec: Codec,
    /// False when we said that we do not want to receive.
    receives: bool,
    report_due: Instant,
    inbound: Inbound,
    playout: Playout,
    sender: Sender,
    rest: Box<Rest>,
}

/// What few ticks need of a leg.
struct Rest {
    stream: StreamConfig,
    interval_ms: u16,
    expected_loss: ExpectedLoss,
    /// For now Opus is coded at this complexity at most.
    max_complexity: Option<u8>,
    watch: Watch,
    random: Random,
    on_hold: bool,
    /// When silence was told or the hold changed last: silence is counted from here at the earliest.
    quiet_since: Instant,
    rtcp_heard: Option<Instant>,
    started: Instant,
    /// By how much its media time is behind the clock, µs: rooms tick at different phases, and it has been in several.
    lag_us: i64,
    send_failures: u64,
    over_budget: u64,
}

impl Leg {
    /// A leg that starts at `now` in a room that mixes in `format`, and brings a feed to it.
    ///
    /// # Errors
    /// The codec cannot be coded in such a room.
    pub fn new(
        id: LegId,
        stream: StreamConfig,
        format: Format,
        tuning: Tuning,
        seed: u64,
        now: Instant,
    ) -> Result<Self, CodecError> {
        let brought = Some(Box::new(Feed::new(stream.codec, format, tuning)?));
        Ok(Self { brought, ..Self::without_feed(id, stream, format, tuning, seed, now)? })
    }

    /// The same for a room that has feeds enough.
    ///
    /// # Errors
    /// As for [`Leg::new`].
    pub fn without_feed(
        id: LegId,
        stream: StreamConfig,
        format: Format,
        tuning: Tuning,
        seed: u64,
        now: Instant,
    ) -> Result<Self, CodecError> {
        let mut random = Random::new(seed);
        Ok(Self {
            id,
            slot: None,
            brought: None,
            codec: stream.codec,
            receives: stream.receive,
            inbound: Inbound::new(now, stream.inbound(format.interval_ms)),
            playout: Playout::new(stream.codec, format, tuning)?,
            sender: Sender::new(&stream, format, random.next()),
            report_due: now + rtcp::interval(random.fraction(), true),
            rest: Box::new(Rest::new(stream, format.interval_ms, random, now)),
        })
    }

    /// Which leg it is.
    #[must_use]
    pub fn id(&self) -> LegId {
        self.id
    }

    /// Takes what the renegotiation brought, and leaves in `change` what is to be freed elsewhere. Whether the coder
    /// changed, so that the new feed is wanted.
    pub(crate) fn update(&mut self, now: Instant, change: &mut StreamChange) -> bool {
        std::mem::swap(&mut self.rest.stream, &mut change.stream);
        let (stream, old) = (&self.rest.stream, &change.stream);
        self.inbound.update(now, stream.inbound(self.rest.interval_ms), &mut change.jitter);
        let is_recoded = stream.codec.coder() != old.codec.coder();
        if is_recoded {
            self.inbound.forget_audio();
            change.playout.follow(&mut self.playout);
            std::mem::swap(&mut self.playout, &mut change.playout);
        }
        if is_recoded || stream.ptime_ms != old.ptime_ms {
            change.sender.continue_from(&mut self.sender);
            std::mem::swap(&mut self.sender, &mut change.sender);
        }
        self.negotiate();
        is_recoded
    }

    /// Goes on in another room, whose ticks may be of another length, and leaves in `change` what is to be freed elsewhere. The
    /// numbers of what it sends go on, and what has come for it and was not played yet is played there.
    pub(crate) fn rehouse(&mut self, now: Instant, interval_ms: u16, change: &mut StreamChange) {
        self.rest.interval_ms = interval_ms;
        std::mem::swap(&mut self.rest.stream, &mut change.stream);
        self.inbound.update(now, self.rest.stream.inbound(interval_ms), &mut change.jitter);
        change.playout.begin_after(&self.playout);
        std::mem::swap(&mut self.playout, &mut change.playout);
        change.sender.continue_from(&mut self.sender);
        std::mem::swap(&mut self.sender, &mut change.sender);
        std::mem::swap(&mut self.brought, &mut change.feed);
        self.negotiate();
    }

    /// Goes on in a room of another rate, and leaves in `playout` what is to be freed elsewhere.
    pub(crate) fn retune(&mut self, playout: &mut Playout) {
        playout.adopt(&mut self.playout);
        std::mem::swap(&mut self.playout, playout);
    }

    /// Whether its peer has put us on hold.
    pub(crate) fn is_on_hold(&self) -> bool {
        self.rest.on_hold
    }

    /// On hold a leg may be silent for longer.
    pub(crate) fn hold(&mut self, now: Instant, on: bool) {
        self.rest.on_hold = on;
        self.rest.quiet_since = now;
    }

    /// Opus is coded at this complexity at most, until it is said otherwise.
    pub(crate) fn ease(&mut self, max_complexity: Option<u8>) {
        self.rest.max_complexity = max_complexity;
        self.set_encoder();
    }

    /// Takes a datagram that came at `now`; a key that it tells.
    pub(crate) fn receive(
        &mut self,
        now: Instant,
        clock: &Clock,
        channel: Channel,
        source: SocketAddr,
        datagram: &[u8],
    ) -> Option<Event> {
        if channel == Channel::Rtcp || is_rtcp(datagram) && self.rest.stream.rtcp_mux {
            self.take_report(now, clock, source, datagram);
            return None;
        }
        match self.inbound.receive(now, source, datagram) {
            Received::Digit(digit) => {
                return Some(Event::Digit { leg: self.id, digit, source: DigitSource::Events });
            }
            Received::Audio => self.playout.note_audio(timestamp(datagram), self.inbound.audio_level()),
            Received::ComfortNoise(noise) => self.playout.note_noise(timestamp(datagram), noise),
            Received::Event | Received::Dropped(_) => {}
        }
        None
    }

    /// Fetches what receiving and playing touches.
    pub(crate) fn fetch(&self) {
        fetch(&self.slot);
        self.inbound.fetch();
        self.playout.fetch();
    }

    /// Once that is there: what it points to.
    pub(crate) fn fetch_rest(&self) {
        self.inbound.fetch_rest();
        self.playout.fetch_rest();
    }

    /// Fetches what sending touches.
    pub(crate) fn fetch_to_send(&self) {
        fetch(&self.slot);
        fetch(&self.report_due);
        self.inbound.fetch_to_send();
        self.sender.fetch();
    }

    /// See [`confab_rtp::Latch::settled`].
    pub(crate) fn settled(&self, now: Instant) -> Option<SocketAddr> {
        self.inbound.settled(now)
    }

    /// For now the room hears nothing of it that is below this level of its gate, a mean of |sample|.
    pub(crate) fn withhold(&mut self, below: Option<u32>) {
        self.playout.withhold(below);
    }

    /// Whether more may have come by `now` than was taken.
    pub(crate) fn expects_more(&self, now: Instant) -> bool {
        self.inbound.expects_more(now)
    }

    /// Writes the frame to mix at the tick that was due at `due`; false for silence, whatever `out` is then.
    pub(crate) fn pull(&mut self, due: Instant, out: &mut [i16]) -> bool {
        self.playout.pull(due, &mut self.inbound, out) && self.receives
    }

    /// Puts what a tick gave into packets. Without anywhere to send, the time passes all the same.
    pub(crate) fn send(&mut self, index: usize, now: Instant, coded: Coded<'_>, outbox: &mut Outbox) {
        let Self { sender, inbound, .. } = self;
        sender.push(
            coded,
            || inbound.destination(now),
            |to, header, payload| {
                outbox.push(index, Channel::Rtp, to, header, payload);
            },
        );
    }

    /// Presses a key towards the peer after those that wait; false if it knows no telephone-events, or if too many wait.
    pub(crate) fn send_digit(&mut self, digit: char) -> bool {
        self.sender.press(digit)
    }

    /// How much sooner what it played last could have been played, µs, if that is known.
    pub(crate) fn spare_us(&self) -> Option<i32> {
        self.inbound.spare_us()
    }

    /// So many ms of media time pass without a tick.
    pub(crate) fn skip(&mut self, ms: u32) {
        self.sender.skip(ms);
    }

    /// A tick of so many ms is left out, since its time is long over: so is what would have been played.
    pub(crate) fn miss_a_tick(&mut self, ms: u32) {
        self.skip(ms);
        self.inbound.hurry();
    }

    /// By how much its media time would be behind the clock, µs, if it were ticked so much later than it was due.
    #[must_use]
    pub fn lag_after(&self, later_us: i64) -> i64 {
        self.rest.lag_us + later_us
    }

    /// Its media time is so much further behind the clock, µs, than was known.
    pub(crate) fn lag_by(&mut self, us: i64) {
        self.rest.lag_us += us;
    }

    /// It is ticked so much later, µs, than it was due, in a room of this interval. By what it is more than half of that behind
    /// the clock, is left out.
    pub fn put_off(&mut self, later_us: i64, interval_ms: u16) {
        let interval_us = 1000 * i64::from(interval_ms);
        let lag_us = self.lag_after(later_us);
        let skipped = ((lag_us + interval_us / 2 - 1) / interval_us).max(0);
        if skipped > 0 {
            self.skip(skipped as u32 * u32::from(interval_ms));
        }
        self.rest.lag_us = lag_us - skipped * interval_us;
    }

    /// Writes the RTCP report if one is due (RFC 3550 §6.3).
    pub(crate) fn report(&mut self, index: usize, now: Instant, clock: &Clock, outbox: &mut Outbox) {
        if now < self.report_due {
            return;
        }
        self.report_due = now + rtcp::interval(self.rest.random.fraction(), false);
        self.write_report(index, clock.ntp(now), false, outbox);
    }

    /// Writes the last RTCP report, with a BYE (RFC 3550 §6.6).
    pub(crate) fn goodbye(&mut self, index: usize, now: Instant, clock: &Clock, outbox: &mut Outbox) {
        self.write_report(index, clock.ntp(now), true, outbox);
    }

    /// A datagram of the leg could not be sent.
    pub(crate) fn count_send_failure(&mut self) {
        self.rest.send_failures += 1;
    }

    /// More came for the leg than one tick may read.
    pub(crate) fn count_over_budget(&mut self) {
        self.rest.over_budget += 1;
    }

    /// How long the peer has been silent in ms, once per limit that has passed.
    pub(crate) fn silence(&mut self, now: Instant, limits: SilenceLimits) -> Option<u64> {
        let may_pause = self.rest.on_hold || !self.receives;
        let limit = if may_pause { limits.on_hold } else { limits.talking }?;
        let heard = self.inbound.last_heard().max(self.rest.rtcp_heard).unwrap_or(self.rest.started);
        if now.saturating_duration_since(heard.max(self.rest.quiet_since)) < limit {
            return None;
        }
        self.rest.quiet_since = now;
        Some(now.saturating_duration_since(heard).as_millis() as u64)
    }

    /// What its line is like, if it is time to look, and why its peer may be choppy. `load` is that of its room.
    pub(crate) fn watch(&mut self, now: Instant, load: Load) -> Option<(Quality, Verdict)> {
        if !self.rest.watch.is_due(now) {
            return None;
        }
        let quality = self.quality();
        let load = Load { send_failures: self.rest.send_failures, ..load };
        Some((quality, self.rest.watch.look(now, quality, load)))
    }

    /// What one tick can send at most.
    pub(crate) fn most_datagrams(&self) -> Most {
        self.sender.most()
    }

    /// What its line is like, both ways.
    #[must_use]
    pub fn quality(&self) -> Quality {
        self.inbound.quality(&self.sent())
    }

    /// What passed over the leg so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let inbound = self.inbound.stats();
        Stats {
            packets_sent: u64::from(self.sender.outbound().packets()),
            packets_received: inbound.packets,
            packets_dropped: inbound.malformed
                + inbound.unnegotiated
                + inbound.unusable
                + self.playout.malformed()
                + inbound.strangers
                + inbound.buffer.late
                + inbound.buffer.duplicates,
            send_failures: self.rest.send_failures,
            packets_lost: inbound.lost.max(0) as u64,
            jitter_us: u64::from(inbound.jitter) * 1_000_000 / u64::from(self.rest.stream.codec.clock_rate()),
            delay_us: self.inbound.delay().as_micros() as u64 + u64::from(self.playout.delay_us()),
            over_budget: self.rest.over_budget,
            concealed: inbound.buffer.concealed,
            undecoded: self.playout.undecoded(),
            round_trip_us: inbound.round_trip.map(|time| time.as_micros() as u64),
        }
    }

    fn sent(&self) -> Sent {
        Sent {
            clock_rate: self.rest.stream.codec.clock_rate(),
            packet_time: self.sender.packet_time(),
            packets: self.sender.outbound().packets(),
            impairment: impairment(self.rest.stream.codec),
        }
    }

    fn take_report(&mut self, now: Instant, clock: &Clock, source: SocketAddr, datagram: &[u8]) {
        let ssrc = self.sender.outbound().ssrc();
        let Some(report) = self.inbound.receive_rtcp(clock.ntp(now), source, datagram, ssrc) else { return };
        self.rest.rtcp_heard = Some(now);
        if let Some(block) = report.block {
            self.rest.expected_loss.note(block.fraction_lost);
            self.set_encoder();
        }
    }

    /// The stream changed.
    fn negotiate(&mut self) {
        self.receives = self.rest.stream.receive;
        self.sender.negotiate(&self.rest.stream);
        self.set_encoder();
    }

    /// Lets the encoder prepare for the loss that the peer reports, if FEC was negotiated, and work no harder than there is
    /// time for.
    fn set_encoder(&mut self) {
        let rest = &self.rest;
        self.codec = rest.stream.codec;
        if let Codec::Opus(opus) = &mut self.codec {
            opus.complexity = opus.complexity.min(rest.max_complexity.unwrap_or(u8::MAX));
            if opus.fec {
                opus.expected_loss = opus.expected_loss.max(rest.expected_loss.percent());
            }
        }
    }

    fn write_report(&mut self, index: usize, ntp: u64, bye: bool, outbox: &mut Outbox) {
        let Some(to) = self.inbound.rtcp_destination() else { return };
        let (outbound, stream) = (self.sender.outbound(), &self.rest.stream);
        let report = rtcp::Report {
            ssrc: outbound.ssrc(),
            sender: (outbound.packets() > 0).then(|| outbound.sender_info(ntp)),
            block: self.inbound.report_block(ntp),
            xr: stream.xr.then(|| self.inbound.voip_metrics(&self.sent())).flatten(),
            cname: &stream.cname,
            bye,
        };
        let mut octets = [0; LONGEST_REPORT];
        let len = report.write(&mut octets);
        let channel = if stream.rtcp_mux { Channel::Rtp } else { Channel::Rtcp };
        if len > 0 {
            outbox.push(index, channel, to, &octets[..len], &[]);
        }
    }
}

impl Rest {
    fn new(stream: StreamConfig, interval_ms: u16, random: Random, now: Instant) -> Self {
        Self {
            stream,
            interval_ms,
            expected_loss: ExpectedLoss::default(),
            max_complexity: None,
            watch: Watch::new(now),
            random,
            on_hold: false,
            quiet_since: now,
            rtcp_heard: None,
            started: now,
            lag_us: 0,
            send_failures: 0,
            over_budget: 0,
        }
    }
}

/// The timestamp of an RTP packet (RFC 3550 §5.1).
fn timestamp(datagram: &[u8]) -> u32 {
    datagram.get(4..8).and_then(|octets| octets.try_into().ok()).map_or(0, u32::from_be_bytes)
}
