//! What one leg receives: from the datagram to a key, or to a place in the jitter buffer.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use confab_fetch::fetch;

use crate::latch::{Judgement, Latch};
use crate::rtcp::{self, Incoming, ReportBlock, VoipMetrics};
use crate::{
    AudioLevel, EventReceiver, Impairment, Inserted, JitterBuffer, JitterConfig, JitterStats, Next, Packet,
    ReceiveStatistics, SpectralNoise,
};

mod quality;

/// What a leg receives and from whom.
#[derive(Debug, Clone, PartialEq)]
pub struct InboundConfig {
    /// Where the peer says (SDP) that it receives RTP, and so probably sends from.
    pub remote: Option<SocketAddr>,
    /// Where the peer receives RTCP.
    pub remote_rtcp: Option<SocketAddr>,
    /// RTP and RTCP share a port.
    pub rtcp_mux: bool,
    /// Where the peer's SIP comes from, once that is proved.
    pub signalling: Option<IpAddr>,
    /// Payload type of the audio.
    pub payload_type: u8,
    /// Payload type of telephone-events.
    pub event_payload_type: Option<u8>,
    /// RTP clock rate of the telephone-events, Hz.
    pub event_clock_rate: u32,
    /// Payload type of comfort noise.
    pub comfort_noise: Option<u8>,
    /// Id of the header extension that tells the audio level (RFC 6464).
    pub audio_level: Option<u8>,
    /// Of the audio's codec.
    pub impairment: Impairment,
    /// For the jitter buffer.
    pub jitter: JitterConfig,
}

/// What a datagram was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// Audio, now in the jitter buffer.
    Audio,
    /// The first packet of a key.
    Digit(char),
    /// A further packet of a key.
    Event,
    /// Comfort noise until the next audio.
    ComfortNoise(SpectralNoise),
    /// Not for us.
    Dropped(DropReason),
}

/// Why a datagram was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DropReason {
    /// No RTP packet.
    Malformed,
    /// A payload type that was not negotiated.
    PayloadType,
    /// From a source or SSRC that we do not listen to.
    Stranger,
    /// From a source that has not proved itself yet.
    Probation,
    /// Seen before.
    Duplicate,
    /// Its turn is over.
    Late,
    /// No usable payload.
    Payload,
}

/// Counters of one leg's reception.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InboundStats {
    /// Packets accepted.
    pub packets: u64,
    /// Packets lost on the way, as RFC 3550 counts.
    pub lost: i64,
    /// Interarrival jitter in timestamp units.
    pub jitter: u32,
    /// Dropped: no RTP or RTCP.
    pub malformed: u64,
    /// Dropped: of a payload type that was not negotiated.
    pub unnegotiated: u64,
    /// Dropped: a payload that its codec cannot have.
    pub unusable: u64,
    /// Dropped: from strangers.
    pub strangers: u64,
    /// Keys received.
    pub digits: u64,
    /// The jitter buffer's counters.
    pub buffer: JitterStats,
    /// Last known round trip time.
    pub round_trip: Option<Duration>,
}

/// The receiving half of one leg.
#[derive(Debug)]
pub struct Inbound {
    buffer: JitterBuffer,
    latch: Latch,
    statistics: ReceiveStatistics,
    /// Packets accepted.
    packets: u64,
    /// Of the config: what most packets are, and where their level is told.
    payload_type: u8,
    level_id: Option<u8>,
    audio_level: Option<AudioLevel>,
    rest: Box<Rest>,
}

/// What few packets touch.
#[derive(Debug)]
struct Rest {
    config: InboundConfig,
    events: EventReceiver,
    last_sender_report: Option<SenderReportSeen>,
    /// What the peer said last of our stream.
    reported: Option<ReportBlock>,
    voip: Option<VoipMetrics>,
    stats: InboundStats,
}

/// The NTP time in the peer's last sender report, and ours when it came.
#[derive(Debug, Clone, Copy)]
struct SenderReportSeen {
    ntp: u64,
    arrival: u64,
}

impl Inbound {
    /// A leg answered at `now`.
    #[must_use]
    pub fn new(now: Instant, config: InboundConfig) -> Self {
        Self {
            buffer: JitterBuffer::new(config.jitter),
            latch: Latch::new(now, config.remote, config.signalling),
            statistics: ReceiveStatistics::default(),
            packets: 0,
            payload_type: config.payload_type,
            level_id: config.audio_level,
            audio_level: None,
            rest: Box::new(Rest {
                events: EventReceiver::new(config.event_clock_rate),
                last_sender_report: None,
                reported: None,
                voip: None,
                stats: InboundStats::default(),
                config,
            }),
        }
    }

    /// A re-INVITE changed the stream. Where that needs another jitter buffer, `fresh` (made from the same config) is taken,
    /// and what it replaces is left in its place: this allocates and frees nothing.
    pub fn update(&mut self, now: Instant, config: InboundConfig, fresh: &mut JitterBuffer) {
        self.latch.retarget(now, config.remote, config.signalling);
        let rest = &mut *self.rest;
        if config.payload_type != self.payload_type || config.jitter != rest.config.jitter {
            fresh.succeed(&self.buffer);
            std::mem::swap(&mut self.buffer, fresh);
            self.statistics.restart_timing();
        }
        if config.event_clock_rate != rest.config.event_clock_rate {
            rest.events = EventReceiver::new(config.event_clock_rate);
        }
        (self.payload_type, self.level_id) = (config.payload_type, config.audio_level);
        rest.config = config;
    }

    /// What waits was coded otherwise than what comes now: it is never played.
    pub fn forget_audio(&mut self) {
        self.buffer.reset();
        self.statistics.restart_timing();
    }

    /// Take a datagram from the RTP port.
    pub fn receive(&mut self, arrival: Instant, source: SocketAddr, datagram: &[u8]) -> Received {
        match self.accept(arrival, source, datagram) {
            Ok(packet) => self.sort(arrival, &packet),
            Err(reason) => Received::Dropped(reason),
        }
    }

    /// Take a datagram from the RTCP port (or the RTP port, see [`crate::is_rtcp`]). `ntp` is the arrival in NTP time,
    /// `own_ssrc` that of our [`crate::Outbound`]. `None` if it is a stranger's or malformed.
    pub fn receive_rtcp(
        &mut self,
        ntp: u64,
        source: SocketAddr,
        datagram: &[u8],
        own_ssrc: u32,
    ) -> Option<Incoming> {
        if !self.latch.knows_host(source.ip()) {
            self.rest.stats.strangers += 1;
            return None;
        }
        let Ok(incoming) = rtcp::parse(datagram, own_ssrc) else {
            self.rest.stats.malformed += 1;
            return None;
        };
        if let Some(sender) = incoming.sender.filter(|_| Some(incoming.ssrc) == self.latch.ssrc()) {
            self.rest.last_sender_report = Some(SenderReportSeen { ntp: sender.ntp, arrival: ntp });
        }
        let round_trip = incoming.block.as_ref().and_then(|block| rtcp::round_trip(block, ntp));
        self.rest.stats.round_trip = round_trip.or(self.rest.stats.round_trip);
        self.rest.reported = incoming.block.or(self.rest.reported);
        self.rest.voip = incoming.voip.or(self.rest.voip);
        Some(incoming)
    }

    /// See [`crate::JitterBuffer::expects_more`].
    #[must_use]
    pub fn expects_more(&self, now: Instant) -> bool {
        self.buffer.expects_more(now)
    }

    /// See [`crate::JitterBuffer::next`].
    pub fn next(&mut self, now: Instant, held: u32) -> Next<'_> {
        self.buffer.next(now, held)
    }

    /// See [`crate::JitterBuffer::surplus_units`].
    #[must_use]
    pub fn surplus_units(&self) -> i32 {
        self.buffer.surplus_units()
    }

    /// See [`crate::JitterBuffer::spare_us`].
    #[must_use]
    pub fn spare_us(&self) -> Option<i32> {
        self.buffer.spare_us()
    }

    /// See [`crate::JitterBuffer::hurry`].
    pub fn hurry(&mut self) {
        self.buffer.hurry();
    }

    /// See [`crate::JitterBuffer::skip`].
    pub fn skip(&mut self, units: i32) {
        self.buffer.skip(units);
    }

    /// Where the next RTP packet may be sent; call it once per packet.
    pub fn destination(&mut self, now: Instant) -> Option<SocketAddr> {
        self.latch.destination(now)
    }

    /// Fetches what receiving and playing a packet touches.
    pub fn fetch(&self) {
        self.buffer.fetch();
        self.latch.fetch();
        fetch(&self.statistics);
        fetch(&self.packets);
    }

    /// See [`JitterBuffer::fetch_rest`].
    pub fn fetch_rest(&self) {
        self.buffer.fetch_rest();
    }

    /// Fetches what [`Inbound::destination`] touches.
    pub fn fetch_to_send(&self) {
        self.latch.fetch();
    }

    /// See [`Latch::settled`].
    #[must_use]
    pub fn settled(&self, now: Instant) -> Option<SocketAddr> {
        self.latch.settled(now)
    }

    /// Where RTCP may be sent: where SDP says, unless the RTP comes from elsewhere. `None` until something came from an
    /// address that SDP alone speaks for.
    #[must_use]
    pub fn rtcp_destination(&self) -> Option<SocketAddr> {
        let Some(source) = self.latch.source() else {
            return self
                .rest
                .config
                .remote_rtcp
                .filter(|rtcp| Some(rtcp.ip()) == self.rest.config.signalling);
        };
        if self.rest.config.rtcp_mux {
            return Some(source);
        }
        match self.rest.config.remote_rtcp {
            Some(rtcp) if rtcp.ip() == source.ip() => Some(rtcp),
            _ => source.port().checked_add(1).map(|port| SocketAddr::new(source.ip(), port)),
        }
    }

    /// When the last accepted packet came.
    #[must_use]
    pub fn last_heard(&self) -> Option<Instant> {
        self.latch.last_heard()
    }

    /// Our report of the received stream at `ntp`; starts the next report's period.
    pub fn report_block(&mut self, ntp: u64) -> Option<ReportBlock> {
        self.latch.ssrc()?;
        let mut block = self.statistics.report();
        if let Some(report) = self.rest.last_sender_report {
            block.last_sr = rtcp::middle(report.ntp);
            block.delay_since_last_sr = rtcp::middle(ntp.saturating_sub(report.arrival));
        }
        Some(block)
    }

    /// How loud the last packet is, if its sender tells.
    #[must_use]
    pub fn audio_level(&self) -> Option<AudioLevel> {
        self.audio_level
    }

    /// Delay that we add at present.
    #[must_use]
    pub fn delay(&self) -> Duration {
        self.buffer.delay()
    }

    /// Counters.
    #[must_use]
    pub fn stats(&self) -> InboundStats {
        InboundStats {
            lost: self.statistics.lost().into(),
            jitter: self.statistics.jitter(),
            packets: self.packets,
            buffer: self.buffer.stats(),
            ..self.rest.stats
        }
    }

    /// Only a packet that is well-formed, negotiated and from the right source goes further.
    fn accept<'a>(
        &mut self,
        arrival: Instant,
        source: SocketAddr,
        datagram: &'a [u8],
    ) -> Result<Packet<'a>, DropReason> {
        let Ok(packet) = Packet::parse(datagram) else {
            self.rest.stats.malformed += 1;
            return Err(DropReason::Malformed);
        };
        if !self.is_negotiated(packet.payload_type) {
            self.rest.stats.unnegotiated += 1;
            return Err(DropReason::PayloadType);
        }
        match self.latch.judge(arrival, source, packet.ssrc, packet.sequence) {
            Judgement::Accept => {}
            Judgement::Restart => self.restart(packet.ssrc),
            Judgement::Probation => return Err(DropReason::Probation),
            Judgement::Stranger => {
                self.rest.stats.strangers += 1;
                return Err(DropReason::Stranger);
            }
        }
        Ok(packet)
    }

    fn sort(&mut self, arrival: Instant, packet: &Packet<'_>) -> Received {
        self.packets += 1;
        self.statistics.count(packet.sequence);
        self.audio_level = self.level_id.and_then(|id| packet.extension.audio_level(id));
        if packet.payload_type == self.payload_type {
            return self.sort_audio(arrival, packet);
        }
        self.buffer.insert_other(packet.sequence);
        if Some(packet.payload_type) == self.rest.config.comfort_noise {
            return match SpectralNoise::parse(packet.payload) {
                Some(noise) => Received::ComfortNoise(noise),
                None => self.refuse_payload(),
            };
        }
        match self.rest.events.receive(packet.payload, packet.timestamp) {
            Some(digit) => {
                self.rest.stats.digits += 1;
                Received::Digit(digit)
            }
            None => Received::Event,
        }
    }

    fn sort_audio(&mut self, arrival: Instant, packet: &Packet<'_>) -> Received {
        let told = self.buffer.insert(arrival, packet);
        match told {
            Inserted::Unusable => return self.refuse_payload(),
            Inserted::Duplicate => return Received::Dropped(DropReason::Duplicate),
            Inserted::Restarted => self.statistics.restart_timing(),
            Inserted::Queued | Inserted::Late => {}
        }
        self.statistics.time(packet.timestamp, self.buffer.clock(arrival) as u32);
        if told == Inserted::Late { Received::Dropped(DropReason::Late) } else { Received::Audio }
    }

    fn refuse_payload(&mut self) -> Received {
        self.rest.stats.unusable += 1;
        Received::Dropped(DropReason::Payload)
    }

    fn is_negotiated(&self, payload_type: u8) -> bool {
        payload_type == self.payload_type
            || Some(payload_type) == self.rest.config.event_payload_type
            || Some(payload_type) == self.rest.config.comfort_noise
    }

    /// Another stream: nothing that was learned of the last one holds.
    fn restart(&mut self, ssrc: u32) {
        self.rest.events.reset();
        self.buffer.reset();
        self.statistics = ReceiveStatistics::new(ssrc);
        self.rest.last_sender_report = None;
        self.audio_level = None;
    }
}

#[cfg(test)]
mod tests;
