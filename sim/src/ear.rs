//! The receiving half of a phone. It plays what comes when it comes: what it hears is what the room sent and when.

use std::time::Duration;

use confab_codec::{Codec, CodecError, Decoder};
use confab_rtp::{Packet, ReceiveStatistics, rtcp};

use crate::phone::PhoneConfig;
use crate::track::Track;

/// The longest packet that is taken, ms.
const LONGEST_PACKET_MS: usize = 120;
/// The longest loss that is concealed rather than taken for a new start, packets.
const LONGEST_LOSS: u16 = 100;
/// Octets of a receiver report with one block and a name.
const LONGEST_REPORT: usize = 128;

/// What one phone hears.
#[derive(Debug)]
pub(crate) struct Ear {
    codec: Codec,
    decoder: Decoder,
    payload_type: u8,
    frame: Vec<i16>,
    expected: Option<Expected>,
    statistics: Option<ReceiveStatistics>,
    pub(crate) counts: Counts,
    pub(crate) heard: Track,
}

/// What the next packet should be.
#[derive(Clone, Copy, Debug)]
struct Expected {
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
}

/// What a phone saw of the stream that the room sent.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Counts {
    /// Packets of sound.
    pub packets: u64,
    /// Packets that never came, by their numbers.
    pub lost: u64,
    /// Packets that came too late, or twice.
    pub late: u64,
    /// Packets whose timestamp is not that of the last one and its length, though none is missing.
    pub skips: u64,
    /// Datagrams that were no packets of the agreed codec.
    pub strange: u64,
}

impl Ear {
    pub(crate) fn new(config: &PhoneConfig) -> Result<Self, CodecError> {
        let rate = config.codec.coder_rate(config.rate);
        Ok(Self {
            codec: config.codec,
            decoder: Decoder::new(config.codec, rate)?,
            payload_type: config.payload_type(),
            frame: vec![0; rate as usize / 1000 * LONGEST_PACKET_MS],
            expected: None,
            statistics: None,
            counts: Counts::default(),
            heard: Track::new(rate),
        })
    }

    /// A datagram came from the room.
    pub(crate) fn hear(&mut self, at: Duration, datagram: &[u8]) {
        match Packet::parse(datagram) {
            Ok(packet) if packet.payload_type == self.payload_type => self.take(at, &packet),
            _ => self.counts.strange += 1,
        }
    }

    /// A receiver report of what came since the last one (RFC 3550 §6.4.2).
    pub(crate) fn report(&mut self, ssrc: u32) -> Option<Vec<u8>> {
        let block = self.statistics.as_mut()?.report();
        let report =
            rtcp::Report { ssrc, sender: None, block: Some(block), xr: None, cname: "phone", bye: false };
        let mut octets = [0; LONGEST_REPORT];
        let length = report.write(&mut octets);
        Some(octets[..length].to_vec())
    }

    fn take(&mut self, at: Duration, packet: &Packet<'_>) {
        let Ok(samples) = self.decoder.samples_in(packet.payload) else {
            self.counts.strange += 1;
            return;
        };
        if let Some(expected) = self.expected.filter(|expected| expected.ssrc == packet.ssrc) {
            let missing = packet.sequence.wrapping_sub(expected.sequence);
            if missing > u16::MAX / 2 {
                self.counts.late += 1;
                return;
            }
            self.bridge(missing, packet.timestamp.wrapping_sub(expected.timestamp), packet.payload);
        }
        let units = (samples as u64 * u64::from(self.codec.clock_rate()) / u64::from(self.heard.rate)) as u32;
        self.expected = Some(Expected {
            ssrc: packet.ssrc,
            sequence: packet.sequence.wrapping_add(1),
            timestamp: packet.timestamp.wrapping_add(units),
        });
        let statistics = self.statistics.get_or_insert_with(|| ReceiveStatistics::new(packet.ssrc));
        statistics.count(packet.sequence);
        let arrival = at.as_secs_f64() * f64::from(self.codec.clock_rate());
        statistics.time(packet.timestamp, arrival as u32);
        self.play(at, packet.payload);
    }

    fn play(&mut self, at: Duration, payload: &[u8]) {
        self.heard.mark(at);
        match self.decoder.decode(payload, &mut self.frame) {
            Ok(samples) => self.heard.samples.extend_from_slice(&self.frame[..samples]),
            Err(_) => self.counts.strange += 1,
        }
        self.counts.packets += 1;
    }

    /// Fills what is missing before a packet: a loss by concealment, a pause by silence.
    fn bridge(&mut self, missing: u16, units: u32, next: &[u8]) {
        let samples =
            (u64::from(units) * u64::from(self.heard.rate) / u64::from(self.codec.clock_rate())) as usize;
        if missing == 0 && units == 0 {
            return;
        }
        if missing == 0 || missing > LONGEST_LOSS || samples > usize::from(missing) * self.frame.len() {
            self.counts.skips += 1;
            self.heard.samples.resize(self.heard.samples.len() + samples.min(self.frame.len()), 0);
            return;
        }
        self.counts.lost += u64::from(missing);
        let lost = samples / usize::from(missing);
        for number in (1..=missing).rev() {
            let frame = &mut self.frame[..lost];
            if number > 1 || !self.decoder.recover(next, frame) {
                self.decoder.conceal(frame);
            }
            self.heard.samples.extend_from_slice(frame);
        }
    }
}
