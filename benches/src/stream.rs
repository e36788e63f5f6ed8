//! What one receiver got: loss, gaps, jumps, jitter, silence.

use std::ops::AddAssign;
use std::time::{Duration, Instant};

use confab_rtp::Packet;

/// Sequence numbers that may be missing at once before it counts as a new start rather than as loss.
const MOST_LOST: u16 = 1000;

/// One received stream.
#[derive(Debug, Default)]
pub(crate) struct Stream {
    last: Option<Last>,
    /// RFC 3550 §6.4.1, in seconds.
    jitter: f64,
    counts: Counts,
}

#[derive(Clone, Copy, Debug)]
struct Last {
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    arrival: Instant,
}

/// What was counted; sums over receivers, but for what is the most of any.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Counts {
    /// Packets of audio that came.
    pub(crate) packets: u64,
    /// Sequence numbers that never came, or came late.
    pub(crate) lost: u64,
    /// Packets that came behind a later one, or twice.
    pub(crate) reordered: u64,
    /// Timestamps that do not follow from the sequence numbers, and changes of the SSRC.
    pub(crate) jumps: u64,
    /// Packets that came later than a phone with one packet in hand can bear.
    pub(crate) gaps: u64,
    /// Packets whose octets are all the same while somebody talks.
    pub(crate) silent: u64,
    /// The longest time between two packets.
    pub(crate) longest_gap: Duration,
    /// The worst jitter of any receiver, in seconds (RFC 3550 §6.4.1).
    pub(crate) jitter: f64,
    /// Receivers that got nothing at all.
    pub(crate) mute_receivers: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.packets += other.packets;
        self.lost += other.lost;
        self.reordered += other.reordered;
        self.jumps += other.jumps;
        self.gaps += other.gaps;
        self.silent += other.silent;
        self.longest_gap = self.longest_gap.max(other.longest_gap);
        self.jitter = self.jitter.max(other.jitter);
        self.mute_receivers += other.mute_receivers;
    }
}

/// How a stream is paced.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// The length of a packet.
    pub(crate) ptime: Duration,
    /// RTP timestamp units in a packet.
    pub(crate) units: u32,
    /// RTP timestamp units in a second.
    pub(crate) clock_rate: u32,
}

impl Stream {
    /// Counts a packet of audio.
    pub(crate) fn note(&mut self, packet: &Packet<'_>, arrival: Instant, pace: Pace) {
        self.counts.packets += 1;
        let this =
            Last { ssrc: packet.ssrc, sequence: packet.sequence, timestamp: packet.timestamp, arrival };
        match self.last {
            Some(last) if last.ssrc == this.ssrc => self.follow(last, this, pace),
            Some(_) => {
                self.counts.jumps += 1;
                self.last = Some(this);
            }
            None => self.last = Some(this),
        }
    }

    /// Counts a packet that says nothing although somebody talks.
    pub(crate) fn note_silent(&mut self) {
        self.counts.silent += 1;
    }

    /// What was counted since the start or the last restart.
    pub(crate) fn counts(&self) -> Counts {
        let mute_receivers = u64::from(self.counts.packets == 0);
        Counts { jitter: self.jitter, mute_receivers, ..self.counts }
    }

    /// Counts anew from here, without forgetting the stream.
    pub(crate) fn restart(&mut self) {
        self.counts = Counts::default();
    }

    fn follow(&mut self, last: Last, this: Last, pace: Pace) {
        let ahead = this.sequence.wrapping_sub(last.sequence);
        if ahead == 0 || ahead > u16::MAX / 2 {
            self.counts.reordered += 1;
            return;
        }
        if ahead < MOST_LOST {
            self.counts.lost += u64::from(ahead) - 1;
        }
        let units = this.timestamp.wrapping_sub(last.timestamp);
        if units != u32::from(ahead).wrapping_mul(pace.units) {
            self.counts.jumps += 1;
        }
        self.time(last, this, units, pace);
        self.last = Some(this);
    }

    fn time(&mut self, last: Last, this: Last, units: u32, pace: Pace) {
        let between = this.arrival.saturating_duration_since(last.arrival);
        let late = between.as_secs_f64() - f64::from(units) / f64::from(pace.clock_rate);
        self.jitter += (late.abs() - self.jitter) / 16.0;
        self.counts.longest_gap = self.counts.longest_gap.max(between);
        if between > pace.ptime * 2 {
            self.counts.gaps += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace { ptime: Duration::from_millis(20), units: 160, clock_rate: 8000 };

    /// The counts after packets of (sequence, timestamp, ms of arrival).
    fn counts(packets: &[(u16, u32, u64)]) -> Counts {
        let (start, mut stream) = (Instant::now(), Stream::default());
        for &(sequence, timestamp, ms) in packets {
            let mut datagram = [0x80; 12];
            datagram[2..4].copy_from_slice(&sequence.to_be_bytes());
            datagram[4..8].copy_from_slice(&timestamp.to_be_bytes());
            stream.note(&Packet::parse(&datagram).unwrap(), start + Duration::from_millis(ms), PACE);
        }
        stream.counts()
    }

    #[test]
    fn a_clean_stream_has_nothing_to_tell() {
        let counts = counts(&[(65_535, 0, 0), (0, 160, 20), (1, 320, 40)]);
        assert_eq!((counts.packets, counts.lost, counts.jumps, counts.gaps), (3, 0, 0, 0));
        assert!(counts.jitter < 1e-6, "{}", counts.jitter);
    }

    #[test]
    fn loss_reordering_jumps_and_gaps_are_told_apart() {
        assert_eq!(counts(&[(1, 0, 0), (4, 480, 60)]).lost, 2);
        assert_eq!(counts(&[(1, 0, 0), (3, 320, 40), (2, 160, 41)]).reordered, 1);
        assert_eq!(counts(&[(1, 0, 0), (2, 480, 20)]).jumps, 1);
        assert_eq!(counts(&[(1, 0, 0), (2, 160, 41)]).gaps, 1);
        assert_eq!(counts(&[]).mute_receivers, 1);
    }
}
