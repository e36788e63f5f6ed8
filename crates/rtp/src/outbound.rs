//! What one leg sends: numbers and timestamps.

use crate::rtcp::SenderInfo;
use crate::{EventPacket, Packet};

/// Numbers and stamps the packets of one sent stream: constant SSRC, sequence without gaps, timestamp equal to elapsed
/// media time, marker on the first packet after silence only.
#[derive(Debug)]
pub struct Outbound {
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    after_silence: bool,
    packets: u32,
    octets: u32,
}

impl Outbound {
    /// A stream whose SSRC, first sequence number and first timestamp come from `seed` (RFC 3550 §5.1: random).
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let (first, second) = (scramble(seed), scramble(seed ^ 0x5851_f42d_4c95_7f2d));
        Self {
            ssrc: (first >> 32) as u32,
            sequence: second as u16,
            timestamp: first as u32,
            after_silence: true,
            packets: 0,
            octets: 0,
        }
    }

    /// The header of the next audio packet, of `units` duration (RTP clock units) with `bytes` of payload.
    pub fn header(&mut self, payload_type: u8, units: u32, bytes: usize) -> [u8; Packet::HEADER] {
        let marker = std::mem::take(&mut self.after_silence);
        let packet = Packet { marker, payload_type, timestamp: self.timestamp, ..self.template() };
        self.advance(units, bytes);
        packet.header()
    }

    /// The header of a packet of comfort noise, after which `units` pass without another one. It begins no talk spurt, so it
    /// has no marker (RFC 3551 §4.1).
    pub fn noise_header(&mut self, payload_type: u8, units: u32, bytes: usize) -> [u8; Packet::HEADER] {
        let packet = Packet { payload_type, timestamp: self.timestamp, ..self.template() };
        self.advance(units, bytes);
        self.after_silence = true;
        packet.header()
    }

    /// The header of a packet of a key, in place of the audio of `units` duration (RTP clock units).
    pub fn event_header(
        &mut self,
        payload_type: u8,
        event: &EventPacket,
        units: u32,
    ) -> [u8; Packet::HEADER] {
        self.event_packet(payload_type, event, units).header()
    }

    /// Write the next audio packet of `units` duration (RTP clock units) into `out`; its length, or 0 if `out` is too short.
    pub fn write(&mut self, payload_type: u8, payload: &[u8], units: u32, out: &mut [u8]) -> usize {
        let marker = std::mem::take(&mut self.after_silence);
        let packet = Packet { marker, payload_type, timestamp: self.timestamp, payload, ..self.template() };
        self.advance(units, payload.len());
        packet.write(out)
    }

    /// Write a packet of a key in place of the audio of `units` duration (RTP clock units); its length, or 0 if `out` is too short.
    pub fn write_event(
        &mut self,
        payload_type: u8,
        event: &EventPacket,
        units: u32,
        out: &mut [u8],
    ) -> usize {
        self.event_packet(payload_type, event, units).write(out)
    }

    /// Media time passes without a packet; the next audio packet will carry the marker.
    pub fn silence(&mut self, units: u32) {
        self.timestamp = self.timestamp.wrapping_add(units);
        self.after_silence = true;
    }

    /// Our SSRC.
    #[must_use]
    pub fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// The RTP timestamp of the next packet.
    #[must_use]
    pub fn timestamp(&self) -> u32 {
        self.timestamp
    }

    /// Packets sent so far.
    #[must_use]
    pub fn packets(&self) -> u32 {
        self.packets
    }

    /// For a sender report at the NTP time `ntp` (32.32 fixed point seconds since 1900).
    #[must_use]
    pub fn sender_info(&self, ntp: u64) -> SenderInfo {
        SenderInfo { ntp, rtp_timestamp: self.timestamp, packets: self.packets, octets: self.octets }
    }

    fn event_packet<'a>(&mut self, payload_type: u8, event: &'a EventPacket, units: u32) -> Packet<'a> {
        let EventPacket { marker, timestamp, payload } = event;
        let (marker, timestamp) = (*marker, *timestamp);
        let packet = Packet { marker, payload_type, timestamp, payload, ..self.template() };
        self.advance(units, payload.len());
        packet
    }

    fn template(&self) -> Packet<'static> {
        Packet { sequence: self.sequence, ssrc: self.ssrc, ..Packet::default() }
    }

    fn advance(&mut self, units: u32, bytes: usize) {
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(units);
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add(u32::try_from(bytes).unwrap_or(u32::MAX));
    }
}

/// One step of SplitMix64: spreads a seed over all bits.
fn scramble(seed: u64) -> u64 {
    let z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

#[cfg(test)]
mod tests;
