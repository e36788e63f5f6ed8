//! What the counters of a leg say of its line.

use std::time::Duration;

use super::Inbound;
use crate::bursts::GAP_MINIMUM;
use crate::rtcp::VoipMetrics;
use crate::{Downlink, Quality, Score, Sent, Uplink};

/// The delay of a phone that does not tell it.
const USUAL_BUFFER: Duration = Duration::from_millis(40);

impl Inbound {
    /// What the line is like in both directions; `sent` is what [`crate::Outbound`] sends.
    #[must_use]
    pub fn quality(&self, sent: &Sent) -> Quality {
        let half_trip = self.rest.stats.round_trip.unwrap_or_default() / 2;
        let to_us = half_trip + self.buffer.packet_time() + self.buffer.delay();
        let peers_buffer = self.rest.voip.map(|voip| Duration::from_millis(voip.buffer_ms.into()));
        let to_peer = sent.packet_time + half_trip + peers_buffer.unwrap_or(USUAL_BUFFER);
        Quality {
            uplink: self.uplink(to_us, to_us + to_peer),
            downlink: self.downlink(sent, to_peer, to_us + to_peer),
            round_trip: self.rest.stats.round_trip,
            clock_ppm: self.buffer.clock_ppm(),
        }
    }

    /// How we find the stream, for a peer that wants to know (RFC 3611 §4.7). `None` before anything came.
    #[must_use]
    pub fn voip_metrics(&self, sent: &Sent) -> Option<VoipMetrics> {
        let ssrc = self.latch.ssrc()?;
        let Quality { uplink, round_trip, .. } = self.quality(sent);
        let expected = uplink.packets.saturating_add_signed(uplink.lost);
        let told = |milliseconds: Duration| u16::try_from(milliseconds.as_millis()).unwrap_or(u16::MAX);
        let Score { r_factor, mos_lq, mos_cq } = uplink.score;
        let interval = Duration::from_millis(self.rest.config.jitter.interval_ms.into());
        let (delay, target) = (self.buffer.delay(), self.buffer.target());
        Some(VoipMetrics {
            ssrc,
            loss_rate: of_256(uplink.lost.max(0) as f32 / expected.max(1) as f32),
            discard_rate: of_256((uplink.late + uplink.discarded) as f32 / expected.max(1) as f32),
            burst_density: of_256(uplink.burst_density),
            gap_density: of_256(uplink.gap_density),
            burst_ms: u16::try_from(uplink.burst_ms).unwrap_or(u16::MAX),
            gap_ms: u16::try_from(uplink.gap_ms).unwrap_or(u16::MAX),
            round_trip_ms: told(round_trip.unwrap_or_default()),
            end_system_ms: told(self.buffer.packet_time() + delay + interval),
            gap_minimum: GAP_MINIMUM as u8,
            r_factor: Some(r_factor.round() as u8),
            mos_lq: Some((10.0 * mos_lq).round() as u8),
            mos_cq: Some((10.0 * mos_cq).round() as u8),
            buffer_ms: told(delay),
            buffer_maximum_ms: told(delay.max(target)),
            buffer_limit_ms: self.rest.config.jitter.max_delay_ms,
        })
    }

    fn uplink(&self, delay: Duration, mouth_to_ear: Duration) -> Uplink {
        let (stats, bursts) = (self.buffer.stats(), self.buffer.bursts());
        let clock = u64::from(self.rest.config.jitter.clock_rate).max(1);
        let ms = |units: u64| units * 1000 / clock;
        let packet_ms = self.buffer.packet_time().as_secs_f32() * 1000.0;
        let score = self.rest.config.impairment.score(
            bursts.bad_share,
            bursts.ratio,
            mouth_to_ear.as_secs_f32() * 1000.0,
        );
        Uplink {
            packets: self.packets.saturating_sub(stats.duplicates),
            // RFC 3550 lets duplicates make up for losses.
            lost: i64::from(self.statistics.lost()).saturating_add_unsigned(stats.duplicates),
            late: stats.late,
            discarded: stats.discarded,
            duplicates: stats.duplicates,
            concealed_ms: ms(stats.concealed_units),
            stretched_in_ms: ms(stats.stretched_in),
            stretched_out_ms: ms(stats.stretched_out),
            jitter_us: microseconds(self.statistics.jitter(), self.rest.config.jitter.clock_rate),
            buffer_us: whole_microseconds(self.buffer.delay()),
            target_us: whole_microseconds(self.buffer.target()),
            burst_density: bursts.burst_density,
            gap_density: bursts.gap_density,
            burst_ms: (bursts.burst_packets * packet_ms) as u32,
            gap_ms: (bursts.gap_packets * packet_ms) as u32,
            delay,
            score,
        }
    }

    fn downlink(&self, sent: &Sent, delay: Duration, mouth_to_ear: Duration) -> Option<Downlink> {
        let block = self.rest.reported?;
        let lost = block.cumulative_lost.max(0) as f32 / sent.packets.max(1) as f32;
        let loss = self
            .rest
            .voip
            .map_or(lost, |voip| (f32::from(voip.loss_rate) + f32::from(voip.discard_rate)) / 256.0);
        Some(Downlink {
            lost: block.cumulative_lost.into(),
            fraction_lost: f32::from(block.fraction_lost) / 256.0,
            jitter_us: microseconds(block.jitter, sent.clock_rate),
            delay,
            score: sent.impairment.score(loss, 1.0, mouth_to_ear.as_secs_f32() * 1000.0),
            voip: self.rest.voip,
        })
    }
}

fn microseconds(units: u32, clock_rate: u32) -> u32 {
    u32::try_from(u64::from(units) * 1_000_000 / u64::from(clock_rate.max(1))).unwrap_or(u32::MAX)
}

fn whole_microseconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_micros()).unwrap_or(u32::MAX)
}

/// A share of 256, at most 255.
fn of_256(share: f32) -> u8 {
    (share * 256.0) as u8
}

#[cfg(test)]
mod tests;
