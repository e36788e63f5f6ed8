//! The continuity of a received RTP stream.

use std::time::{Duration, Instant};

use bytes::Bytes;
use confab_rtp::rtcp::VoipMetrics;

use super::{Arrived, Header};
use crate::media::Format;

/// How far back a late packet is told from a duplicate.
const WINDOW: u16 = 64;

/// What was right and wrong with a stream, since the start or the last restart of the report.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StreamReport {
    /// Packets that came, duplicates included.
    pub packets: u64,
    /// Sequence numbers that never came.
    pub lost: u64,
    /// Packets whose sequence number had come before.
    pub duplicated: u64,
    /// Packets that came after a younger one.
    pub reordered: u64,
    /// Neighbours in sequence whose timestamps are not one packet of audio apart, the second without a marker.
    pub timestamp_jumps: u64,
    /// Changes of the SSRC.
    pub ssrc_changes: u64,
    /// Packets with the marker bit.
    pub markers: u64,
    /// The longest time between two arrivals in ms.
    pub largest_gap_ms: f64,
    /// The interarrival jitter of RFC 3550 §6.4.1 in ms.
    pub jitter_ms: f64,
    /// From the first arrival to the last.
    pub duration: Duration,
}

impl StreamReport {
    /// Whether one stream came whole: nothing lost, doubled or out of step, one SSRC.
    pub fn is_gapless(&self) -> bool {
        self.packets > 0
            && self.lost + self.duplicated + self.reordered + self.timestamp_jumps + self.ssrc_changes == 0
    }
}

/// What came by RTCP.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RtcpReport {
    /// Packets with a sender report.
    pub sender_reports: u64,
    /// Packets with a report block about what we send.
    pub about_us: u64,
    /// The newest VoIP metrics (RFC 3611 §4.7).
    pub voip: Option<VoipMetrics>,
    /// Whether a BYE came.
    pub bye: bool,
    /// The newest compound packet as it came.
    pub newest: Bytes,
}

/// The running account behind a [`StreamReport`].
#[derive(Debug)]
pub(super) struct Continuity {
    format: Format,
    report: StreamReport,
    first: Option<Instant>,
    newest: Option<Newest>,
    last_arrival: Option<Instant>,
    /// RFC 3550's transit time of the last packet and the jitter, in timestamp units.
    transit: Option<f64>,
    jitter: f64,
}

/// The packet with the highest sequence number.
#[derive(Clone, Copy, Debug)]
struct Newest {
    header: Header,
    /// Units of the timestamp that its audio lasts; `None` for what is no audio.
    units: Option<u32>,
    /// Bit n: the packet n places before it came.
    seen: u64,
}

impl Continuity {
    pub(super) fn new(format: Format) -> Self {
        Self {
            format,
            report: StreamReport::default(),
            first: None,
            newest: None,
            last_arrival: None,
            transit: None,
            jitter: 0.0,
        }
    }

    pub(super) fn note(&mut self, packet: &Arrived<'_>) {
        self.note_arrival(packet);
        let units = packet.audio.map(|audio| audio.len() as u32 / self.format.samples_per_unit());
        let fresh = Newest { header: packet.header, units, seen: 1 };
        self.newest = Some(match self.newest {
            None => fresh,
            Some(newest) if newest.header.ssrc != packet.header.ssrc => {
                self.report.ssrc_changes += 1;
                fresh
            }
            Some(newest) => self.note_sequence(newest, fresh),
        });
    }

    pub(super) fn report(&self) -> StreamReport {
        StreamReport {
            jitter_ms: self.jitter * 1000.0 / f64::from(self.format.clock_rate),
            ..self.report.clone()
        }
    }

    fn note_arrival(&mut self, packet: &Arrived<'_>) {
        let at = packet.at;
        let first = *self.first.get_or_insert(at);
        self.report.packets += 1;
        self.report.markers += u64::from(packet.header.marker);
        self.report.duration = at.saturating_duration_since(first);
        if let Some(last) = self.last_arrival.replace(at) {
            let gap = at.saturating_duration_since(last).as_secs_f64() * 1000.0;
            self.report.largest_gap_ms = self.report.largest_gap_ms.max(gap);
        }
        let clock_rate = f64::from(self.format.clock_rate);
        let arrival = at.saturating_duration_since(first).as_secs_f64() * clock_rate;
        let transit = arrival - f64::from(packet.header.timestamp);
        if let Some(last) = self.transit.replace(transit) {
            // A new stream or a wrapped timestamp is a jump of the transit time, not jitter.
            let difference = (transit - last).abs();
            if difference < clock_rate {
                self.jitter += (difference - self.jitter) / 16.0;
            }
        }
    }

    fn note_sequence(&mut self, newest: Newest, fresh: Newest) -> Newest {
        let ahead = fresh.header.sequence.wrapping_sub(newest.header.sequence);
        if ahead == 0 || ahead > u16::MAX / 2 {
            return self.note_old(newest, ahead.wrapping_neg());
        }
        self.report.lost += u64::from(ahead - 1);
        if ahead == 1 && out_of_step(&newest, &fresh) {
            self.report.timestamp_jumps += 1;
        }
        let seen = newest.seen.checked_shl(ahead.into()).unwrap_or(0) | 1;
        Newest { seen, ..fresh }
    }

    /// A packet that is `behind` places before the newest: late, or seen before.
    fn note_old(&mut self, newest: Newest, behind: u16) -> Newest {
        if behind >= WINDOW || newest.seen & (1 << behind) != 0 {
            self.report.duplicated += 1;
            return newest;
        }
        self.report.reordered += 1;
        self.report.lost = self.report.lost.saturating_sub(1);
        Newest { seen: newest.seen | (1 << behind), ..newest }
    }
}

/// Whether the timestamp did not advance by the audio of the packet before, though no marker tells of a silence.
fn out_of_step(before: &Newest, after: &Newest) -> bool {
    if after.header.marker {
        return false;
    }
    let step = after.header.timestamp.wrapping_sub(before.header.timestamp);
    matches!((before.units, after.units), (Some(units), Some(_)) if units != step)
}
