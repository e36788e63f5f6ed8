//! What one leg receives: from the datagram to a key, or to a place in the jitter buffer.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use crate::latch::{Latch, Verdict};
use crate::rtcp::{self, Incoming, ReportBlock};
use crate::{
    EventReceiver, Inserted, JitterBuffer, JitterConfig, JitterStats, Next, Packet, ReceiveStatistics,
};

/// What a leg receives and from whom.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// Payload type of comfort noise.
    pub comfort_noise: Option<u8>,
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
    /// Comfort noise of this level in −dBov (RFC 3389 §3): 0 to 127.
    ComfortNoise(u8),
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
    /// Dropped: no RTP, or not of a negotiated payload type.
    pub malformed: u64,
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
    config: InboundConfig,
    latch: Latch,
    events: EventReceiver,
    buffer: JitterBuffer,
    statistics: ReceiveStatistics,
    /// Arrival times of the statistics count from here.
    epoch: Instant,
    last_sender_report: Option<SenderReportSeen>,
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
            latch: Latch::new(now, config.remote, config.signalling),
            events: EventReceiver::new(),
            buffer: JitterBuffer::new(config.jitter),
            statistics: ReceiveStatistics::default(),
            epoch: now,
            last_sender_report: None,
            stats: InboundStats::default(),
            config,
        }
    }

    /// A re-INVITE changed the stream.
    pub fn update(&mut self, now: Instant, config: InboundConfig) {
        self.latch.retarget(now, config.remote, config.signalling);
        if config.payload_type != self.config.payload_type {
            self.buffer.reset();
        }
        self.config = config;
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
            self.stats.strangers += 1;
            return None;
        }
        let Ok(incoming) = rtcp::parse(datagram, own_ssrc) else {
            self.stats.malformed += 1;
            return None;
        };
        if let Some(sender) = incoming.sender.filter(|_| Some(incoming.ssrc) == self.latch.ssrc()) {
            self.last_sender_report = Some(SenderReportSeen { ntp: sender.ntp, arrival: ntp });
        }
        let round_trip = incoming.block.as_ref().and_then(|block| rtcp::round_trip(block, ntp));
        self.stats.round_trip = round_trip.or(self.stats.round_trip);
        Some(incoming)
    }

    /// See [`crate::JitterBuffer::next`].
    pub fn next(&mut self, now: Instant, held: usize) -> Next<'_> {
        self.buffer.next(now, held)
    }

    /// See [`crate::JitterBuffer::surplus_samples`].
    #[must_use]
    pub fn surplus_samples(&self) -> i32 {
        self.buffer.surplus_samples()
    }

    /// See [`crate::JitterBuffer::skip`].
    pub fn skip(&mut self, samples: i32) {
        self.buffer.skip(samples);
    }

    /// Where the next RTP packet may be sent; call it once per packet.
    pub fn destination(&mut self, now: Instant) -> Option<SocketAddr> {
        self.latch.destination(now)
    }

    /// Where RTCP may be sent: where SDP says, unless the RTP comes from elsewhere. `None` until something came from an
    /// address that SDP alone speaks for.
    #[must_use]
    pub fn rtcp_destination(&self) -> Option<SocketAddr> {
        let Some(source) = self.latch.source() else {
            return self.config.remote_rtcp.filter(|rtcp| Some(rtcp.ip()) == self.config.signalling);
        };
        if self.config.rtcp_mux {
            return Some(source);
        }
        match self.config.remote_rtcp {
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
        if let Some(report) = self.last_sender_report {
            block.last_sr = rtcp::middle(report.ntp);
            block.delay_since_last_sr = rtcp::middle(ntp.saturating_sub(report.arrival));
        }
        Some(block)
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
            buffer: *self.buffer.stats(),
            ..self.stats
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
            self.stats.malformed += 1;
            return Err(DropReason::Malformed);
        };
        if !self.is_negotiated(packet.payload_type) {
            self.stats.malformed += 1;
            return Err(DropReason::PayloadType);
        }
        match self.latch.judge(arrival, source, packet.ssrc, packet.sequence) {
            Verdict::Accept => {}
            Verdict::Restart => self.restart(packet.ssrc),
            Verdict::Probation => return Err(DropReason::Probation),
            Verdict::Stranger => {
                self.stats.strangers += 1;
                return Err(DropReason::Stranger);
            }
        }
        Ok(packet)
    }

    fn sort(&mut self, arrival: Instant, packet: &Packet<'_>) -> Received {
        self.stats.packets += 1;
        self.statistics.count(packet.sequence);
        if packet.payload_type == self.config.payload_type {
            return self.sort_audio(arrival, packet);
        }
        self.buffer.insert_other(packet.sequence);
        if Some(packet.payload_type) == self.config.comfort_noise {
            return match packet.payload {
                [level, ..] => Received::ComfortNoise(level & 0x7f),
                [] => Received::Dropped(DropReason::Payload),
            };
        }
        match self.events.receive(packet.payload, packet.timestamp) {
            Some(digit) => {
                self.stats.digits += 1;
                Received::Digit(digit)
            }
            None => Received::Event,
        }
    }

    fn sort_audio(&mut self, arrival: Instant, packet: &Packet<'_>) -> Received {
        let elapsed = arrival.saturating_duration_since(self.epoch).as_nanos();
        let clock = elapsed * u128::from(self.config.jitter.clock_rate) / 1_000_000_000;
        self.statistics.time(packet.timestamp, clock as u32);
        match self.buffer.insert(arrival, packet) {
            Inserted::Queued | Inserted::Restarted => Received::Audio,
            Inserted::Duplicate => Received::Dropped(DropReason::Duplicate),
            Inserted::Late => Received::Dropped(DropReason::Late),
            Inserted::Unusable => Received::Dropped(DropReason::Payload),
        }
    }

    fn is_negotiated(&self, payload_type: u8) -> bool {
        payload_type == self.config.payload_type
            || Some(payload_type) == self.config.event_payload_type
            || Some(payload_type) == self.config.comfort_noise
    }

    /// Another stream: nothing that was learned of the last one holds.
    fn restart(&mut self, ssrc: u32) {
        self.events.reset();
        self.buffer.reset();
        self.statistics = ReceiveStatistics::new(ssrc);
        self.last_sender_report = None;
    }
}

#[cfg(test)]
mod tests;
