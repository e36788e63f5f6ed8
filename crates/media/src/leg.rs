//! One call's media: its sockets, what it receives and what it sends.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use confab_codec::Law;
use confab_mixer::Slot;
use confab_rtp::{Inbound, InboundConfig, JitterConfig, Outbound, Received, is_rtcp};

use crate::clock::{Clock, Random};
use crate::command::{Event, LegId, Stats, StreamConfig};
use crate::format::Format;
use crate::link::Port;
use crate::outbox::{Channel, LONGEST_REPORT, Outbox};
use crate::packetizer::Packetizer;
use crate::playout::Playout;
use crate::ports::{SocketPair, canonical, reachable};
use crate::turn::Turn;

/// Datagrams that one tick reads from one socket: 200 ms of 10 ms packets and some, but no flood.
const READ_BUDGET: usize = 32;

/// The longest datagram that is looked at, octets.
pub(crate) const LONGEST_DATAGRAM: usize = 2048;

const SILENCE_LIMIT: Duration = Duration::from_secs(30);
const SILENCE_LIMIT_ON_HOLD: Duration = Duration::from_secs(300);

/// A started leg. Made by the control side; from then on it lives in a room's worker.
pub(crate) struct Leg {
    pub(crate) id: LegId,
    /// Its place in the room's mixer.
    pub(crate) slot: Option<Slot>,
    sockets: SocketPair,
    is_v6: bool,
    stream: Box<StreamConfig>,
    format: Format,
    inbound: Inbound,
    playout: Playout,
    packetizer: Packetizer,
    outbound: Outbound,
    random: Random,
    report_due: Instant,
    on_hold: bool,
    /// When silence was told or the hold changed last: silence is counted from here at the earliest.
    quiet_since: Instant,
    rtcp_heard: Option<Instant>,
    started: Instant,
    send_failures: u64,
    over_budget: u64,
}

impl Leg {
    /// A leg that starts at `now` in a room that mixes in `format`.
    pub(crate) fn new(
        id: LegId,
        sockets: SocketPair,
        stream: Box<StreamConfig>,
        format: Format,
        seed: u64,
        now: Instant,
    ) -> Self {
        let mut random = Random(seed);
        Self {
            id,
            slot: None,
            is_v6: sockets.is_v6(),
            sockets,
            format,
            inbound: Inbound::new(now, inbound_config(&stream, format)),
            playout: Playout::new(format),
            packetizer: Packetizer::new(stream.ptime_ms),
            outbound: Outbound::new(random.next()),
            report_due: now + confab_rtp::rtcp::interval(random.fraction(), true),
            random,
            stream,
            on_hold: false,
            quiet_since: now,
            rtcp_heard: None,
            started: now,
            send_failures: 0,
            over_budget: 0,
        }
    }

    /// The codec that it hears.
    pub(crate) fn law(&self) -> Law {
        self.stream.law
    }

    /// Takes what the renegotiation brought; what is left in `stream` is to be freed elsewhere.
    pub(crate) fn update(&mut self, now: Instant, stream: &mut Box<StreamConfig>) {
        std::mem::swap(&mut self.stream, stream);
        self.inbound.update(now, inbound_config(&self.stream, self.format));
        if self.stream.law != stream.law || self.stream.ptime_ms != stream.ptime_ms {
            if self.packetizer.pending() > 0 {
                self.outbound.silence(self.packetizer.pending() as u32);
            }
            self.packetizer = Packetizer::new(self.stream.ptime_ms);
        }
    }

    /// On hold a leg may be silent for longer.
    pub(crate) fn hold(&mut self, now: Instant, on: bool) {
        self.on_hold = on;
        self.quiet_since = now;
    }

    /// Reads both sockets until they are empty or the budget is used up.
    pub(crate) fn read(&mut self, turn: &mut Turn<'_>) {
        self.read_channel(Channel::Rtp, turn);
        self.read_channel(Channel::Rtcp, turn);
    }

    fn read_channel(&mut self, channel: Channel, turn: &mut Turn<'_>) {
        for _ in 0..READ_BUDGET {
            let Ok((len, source)) = self.sockets.channel(channel).recv_from(turn.buffer) else { return };
            let (source, datagram) = (canonical(source), &turn.buffer[..len]);
            if channel == Channel::Rtcp || self.stream.rtcp_mux && is_rtcp(datagram) {
                self.take_report(turn.now, turn.clock, source, datagram);
            } else {
                self.take_packet(turn.now, source, datagram, turn.port);
            }
        }
        self.over_budget += 1;
    }

    fn take_packet(&mut self, now: Instant, source: SocketAddr, datagram: &[u8], port: &mut Port) {
        if let Received::Digit(digit) = self.inbound.receive(now, source, datagram) {
            port.emit(Event::Digit { leg: self.id, digit });
        }
    }

    fn take_report(&mut self, now: Instant, clock: &Clock, source: SocketAddr, datagram: &[u8]) {
        let report = self.inbound.receive_rtcp(clock.ntp(now), source, datagram, self.outbound.ssrc());
        if report.is_some() {
            self.rtcp_heard = Some(now);
        }
    }

    /// The frame to mix at the tick that was due at `due`; `None` for silence.
    pub(crate) fn pull(&mut self, due: Instant) -> Option<&[i16]> {
        self.playout.pull(due, &mut self.inbound, self.stream.law).filter(|_| self.stream.receive)
    }

    /// Puts the encoded frame into packets. Without anywhere to send, the time passes all the same.
    pub(crate) fn packetize(&mut self, index: usize, now: Instant, frame: &[u8], outbox: &mut Outbox) {
        let Self { packetizer, inbound, outbound, stream, is_v6, .. } = self;
        let may_send = stream.send && stream.remote.is_some();
        packetizer.push(frame, |octets| {
            let samples = octets.len() as u32;
            let Some(to) = may_send.then(|| inbound.destination(now)).flatten() else {
                outbound.silence(samples);
                return;
            };
            let header = outbound.header(stream.send_payload_type, samples, octets.len());
            outbox.push(index, Channel::Rtp, reachable(to, *is_v6), &header, octets);
        });
    }

    /// `samples` of media time pass without a tick.
    pub(crate) fn skip(&mut self, samples: u32) {
        self.outbound.silence(samples);
    }

    /// Writes the RTCP report if one is due (RFC 3550 §6.3).
    pub(crate) fn report(&mut self, index: usize, now: Instant, clock: &Clock, outbox: &mut Outbox) {
        if now < self.report_due {
            return;
        }
        self.report_due = now + confab_rtp::rtcp::interval(self.random.fraction(), false);
        self.write_report(index, clock.ntp(now), false, outbox);
    }

    /// Writes the last RTCP report, with a BYE (RFC 3550 §6.6).
    pub(crate) fn goodbye(&mut self, index: usize, now: Instant, clock: &Clock, outbox: &mut Outbox) {
        self.write_report(index, clock.ntp(now), true, outbox);
    }

    fn write_report(&mut self, index: usize, ntp: u64, bye: bool, outbox: &mut Outbox) {
        let Some(to) = self.inbound.rtcp_destination() else { return };
        let report = confab_rtp::rtcp::Report {
            ssrc: self.outbound.ssrc(),
            sender: (self.outbound.packets() > 0).then(|| self.outbound.sender_info(ntp)),
            block: self.inbound.report_block(ntp),
            cname: &self.stream.cname,
            bye,
        };
        let mut octets = [0; LONGEST_REPORT];
        let len = report.write(&mut octets);
        let channel = if self.stream.rtcp_mux { Channel::Rtp } else { Channel::Rtcp };
        if len > 0 {
            outbox.push(index, channel, reachable(to, self.is_v6), &octets[..len], &[]);
        }
    }

    /// Sends one datagram now.
    pub(crate) fn transmit(&mut self, channel: Channel, to: SocketAddr, octets: &[u8]) {
        if self.sockets.channel(channel).send_to(octets, to).is_err() {
            self.send_failures += 1;
        }
    }

    /// How long the peer has been silent in ms, once per limit that has passed.
    pub(crate) fn silence(&mut self, now: Instant) -> Option<u64> {
        let may_pause = self.on_hold || !self.stream.receive;
        let limit = if may_pause { SILENCE_LIMIT_ON_HOLD } else { SILENCE_LIMIT };
        let heard = self.inbound.last_heard().max(self.rtcp_heard).unwrap_or(self.started);
        if now.saturating_duration_since(heard.max(self.quiet_since)) < limit {
            return None;
        }
        self.quiet_since = now;
        Some(now.saturating_duration_since(heard).as_millis() as u64)
    }

    /// What passed over the leg so far.
    pub(crate) fn stats(&self) -> Stats {
        let inbound = self.inbound.stats();
        Stats {
            packets_sent: u64::from(self.outbound.packets()),
            packets_received: inbound.packets,
            packets_dropped: inbound.malformed
                + inbound.strangers
                + inbound.buffer.late
                + inbound.buffer.duplicates,
            send_failures: self.send_failures,
            packets_lost: inbound.lost.max(0) as u64,
            jitter_us: u64::from(inbound.jitter) * 1_000_000 / u64::from(self.format.rate),
            delay_us: self.inbound.delay().as_micros() as u64,
            over_budget: self.over_budget,
            concealed: inbound.buffer.concealed,
            round_trip_us: inbound.round_trip.map(|time| time.as_micros() as u64),
        }
    }
}

fn inbound_config(stream: &StreamConfig, format: Format) -> InboundConfig {
    InboundConfig {
        remote: stream.remote,
        remote_rtcp: stream.remote_rtcp,
        rtcp_mux: stream.rtcp_mux,
        signalling: stream.signalling_source,
        payload_type: stream.receive_payload_type,
        event_payload_type: stream.event_payload_type,
        comfort_noise: stream.comfort_noise,
        jitter: JitterConfig {
            clock_rate: format.rate,
            interval_ms: format.interval_ms,
            ..JitterConfig::default()
        },
    }
}
