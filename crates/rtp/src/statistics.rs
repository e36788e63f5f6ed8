//! Losses and jitter of one received stream (RFC 3550 appendix A).

use crate::rtcp::ReportBlock;

/// A sequence number this far ahead is a restart rather than a loss (RFC 3550 A.1).
const MAX_DROPOUT: u16 = 3000;
/// A sequence number at most this far behind is a late packet (RFC 3550 A.1).
const MAX_MISORDER: u16 = 100;

/// What RFC 3550 wants to know of one received stream (§6.4.1, appendices A.1, A.3, A.8).
#[derive(Debug, Clone, Default)]
pub struct ReceiveStatistics {
    ssrc: u32,
    base: u32,
    highest: u32,
    /// The sequence number after a jump; if it comes next, the stream restarted.
    after_jump: Option<u16>,
    received: u32,
    expected_before: u32,
    received_before: u32,
    transit: Option<u32>,
    /// Sixteen times the jitter.
    jitter: u32,
}

impl ReceiveStatistics {
    /// Statistics of a stream whose first packet is to come.
    #[must_use]
    pub fn new(ssrc: u32) -> Self {
        Self { ssrc, ..Self::default() }
    }

    /// Count a packet.
    pub fn count(&mut self, sequence: u16) {
        if self.received == 0 {
            self.begin(sequence);
        } else if !self.follow(sequence) {
            return;
        }
        self.received = self.received.wrapping_add(1);
    }

    /// Measure the jitter by an audio packet. `arrival` is the time it came, in timestamp units of any origin.
    pub fn time(&mut self, timestamp: u32, arrival: u32) {
        let transit = arrival.wrapping_sub(timestamp);
        let before = self.transit.replace(transit).unwrap_or(transit);
        let difference = transit.wrapping_sub(before).cast_signed().unsigned_abs();
        self.jitter = (self.jitter - ((self.jitter + 8) >> 4)).saturating_add(difference.min(1 << 24));
    }

    /// The sender's clock has jumped, or has another rate: the next packet says nothing of the jitter.
    pub fn restart_timing(&mut self) {
        self.transit = None;
        self.jitter = 0;
    }

    /// Packets lost so far; negative when duplicates outnumber losses.
    #[must_use]
    pub fn lost(&self) -> i32 {
        self.expected().wrapping_sub(self.received).cast_signed()
    }

    /// Interarrival jitter in timestamp units.
    #[must_use]
    pub fn jitter(&self) -> u32 {
        self.jitter >> 4
    }

    /// A report without the times of sender reports, and the start of the next report's period.
    pub fn report(&mut self) -> ReportBlock {
        let expected = self.expected();
        let new_expected = expected.wrapping_sub(self.expected_before);
        let new_received = self.received.wrapping_sub(self.received_before);
        (self.expected_before, self.received_before) = (expected, self.received);
        let lost = new_expected.saturating_sub(new_received).min(new_expected);
        let fraction = (u64::from(lost) * 256).checked_div(u64::from(new_expected)).unwrap_or(0);
        ReportBlock {
            ssrc: self.ssrc,
            fraction_lost: u8::try_from(fraction).unwrap_or(u8::MAX),
            cumulative_lost: self.lost(),
            highest_sequence: self.highest,
            jitter: self.jitter(),
            last_sr: 0,
            delay_since_last_sr: 0,
        }
    }

    fn begin(&mut self, sequence: u16) {
        let Self { ssrc, jitter, .. } = *self;
        *self = Self { ssrc, jitter, base: sequence.into(), highest: sequence.into(), ..Self::default() };
    }

    /// Whether the packet counts; a jump counts when a second packet confirms it.
    fn follow(&mut self, sequence: u16) -> bool {
        let ahead = sequence.wrapping_sub(self.highest as u16);
        if ahead < MAX_DROPOUT {
            self.highest = self.highest.wrapping_add(ahead.into());
        } else if ahead <= u16::MAX - MAX_MISORDER {
            if self.after_jump != Some(sequence) {
                self.after_jump = Some(sequence.wrapping_add(1));
                return false;
            }
            self.begin(sequence);
        }
        self.after_jump = None;
        true
    }

    fn expected(&self) -> u32 {
        if self.received == 0 { 0 } else { self.highest.wrapping_sub(self.base).wrapping_add(1) }
    }
}

#[cfg(test)]
mod tests;
