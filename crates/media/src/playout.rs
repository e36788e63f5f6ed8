//! From the packets of one leg to one frame per tick, whatever the peer's ptime and clock.

use std::time::Instant;

use confab_codec::{Concealer, Law};
use confab_rtp::{Frame, Inbound, Next};

use crate::format::Format;

/// The longest packet that the jitter buffer passes, samples.
const LONGEST_PACKET: usize = 480;

/// The longest room frame, samples.
const LONGEST_FRAME: usize = 480;

/// One correction of the delay, samples: 5 ms, joined by a cross-fade of the same length.
const STEP: usize = 40;

/// Below this mean of |sample| a correction cannot be heard.
const QUIET: u32 = 80;

/// A packet, what was left before it, and one inserted step.
const CAPACITY: usize = LONGEST_FRAME + LONGEST_PACKET + STEP;

/// The decoded samples of one leg that wait for their tick.
#[derive(Debug)]
pub(crate) struct Playout {
    pcm: [i16; CAPACITY],
    len: usize,
    /// Samples at the start that the last pull gave out.
    given: usize,
    /// Samples of one tick.
    frame: usize,
    /// There was no silence since the last packet.
    flowing: bool,
    concealer: Concealer,
}

impl Playout {
    /// For a room that mixes in `format`.
    pub(crate) fn new(format: Format) -> Self {
        let concealer = Concealer::new(format.rate);
        Self {
            pcm: [0; CAPACITY],
            len: 0,
            given: 0,
            frame: format.frame().min(LONGEST_FRAME),
            flowing: false,
            concealer,
        }
    }

    /// The samples of one tick; `None` when there is nothing to play. `due` is the tick's nominal time.
    pub(crate) fn pull(&mut self, due: Instant, inbound: &mut Inbound, law: Law) -> Option<&[i16]> {
        self.discard_given();
        while self.len < self.frame {
            let correction = inbound.surplus_samples();
            let applied = match inbound.next(due, self.len) {
                Next::Packet(packet) => self.append(&packet, law, correction),
                Next::Lost(samples) if samples > 0 => self.conceal(samples as usize),
                Next::Lost(_) | Next::Wait => {
                    self.flowing = false;
                    break;
                }
            };
            if applied != 0 {
                inbound.skip(applied);
            }
        }
        self.give()
    }

    fn discard_given(&mut self) {
        self.pcm.copy_within(self.given..self.len, 0);
        self.len -= self.given;
        self.given = 0;
    }

    /// Hands out a frame, filled up with silence if there is less.
    fn give(&mut self) -> Option<&[i16]> {
        if self.len == 0 {
            return None;
        }
        if self.len < self.frame {
            self.pcm[self.len..self.frame].fill(0);
            self.len = self.frame;
        }
        self.given = self.frame;
        Some(&self.pcm[..self.frame])
    }

    /// Decodes a packet; the samples that were left out (positive) or inserted (negative) to correct the delay.
    fn append(&mut self, packet: &Frame<'_>, law: Law, surplus: i32) -> i32 {
        let end = (self.len + packet.payload.len()).min(CAPACITY - STEP);
        let samples = &mut self.pcm[self.len..end];
        law.decode(packet.payload, samples);
        if packet.splice && self.flowing {
            // The concealer fades from what would have followed into what does.
            self.concealer.conceal(&mut [0]);
        }
        self.concealer.good(samples);
        self.flowing = true;
        let may_correct =
            surplus.unsigned_abs() >= STEP as u32 && samples.len() >= 2 * STEP && is_quiet(samples);
        let start = std::mem::replace(&mut self.len, end);
        match may_correct {
            true if surplus > 0 => self.shorten(start),
            true => self.lengthen(start),
            false => 0,
        }
    }

    fn conceal(&mut self, samples: usize) -> i32 {
        let end = (self.len + samples).min(CAPACITY - STEP);
        self.concealer.conceal(&mut self.pcm[self.len..end]);
        self.len = end;
        0
    }

    /// Fades the step at `start` into the one after it and leaves the first out.
    fn shorten(&mut self, start: usize) -> i32 {
        cross_fade(&mut self.pcm, start, start + STEP, start + STEP);
        self.pcm.copy_within(start + STEP..self.len, start);
        self.len -= STEP;
        STEP as i32
    }

    /// Plays the step at `start` twice: the second time faded over from what followed the first.
    fn lengthen(&mut self, start: usize) -> i32 {
        self.pcm.copy_within(start..self.len, start + STEP);
        self.len += STEP;
        cross_fade(&mut self.pcm, start + 2 * STEP, start + STEP, start + STEP);
        -(STEP as i32)
    }
}

/// Writes at `to` one step that begins as the one at `from` and ends as the one at `into`.
fn cross_fade(pcm: &mut [i16], from: usize, into: usize, to: usize) {
    for i in 0..STEP {
        let fade = i as i32 + 1;
        let mixed = i32::from(pcm[from + i]) * (STEP as i32 + 1 - fade) + i32::from(pcm[into + i]) * fade;
        pcm[to + i] = (mixed / (STEP as i32 + 1)) as i16;
    }
}

fn is_quiet(samples: &[i16]) -> bool {
    let sum: u32 = samples.iter().map(|sample| u32::from(sample.unsigned_abs())).sum();
    sum < QUIET * samples.len() as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f32::consts::TAU;
    use std::net::SocketAddr;
    use std::time::Duration;

    use confab_rtp::{InboundConfig, InboundStats, JitterConfig, Packet};

    const FORMAT: Format = Format { rate: 8000, interval_ms: 20 };

    /// A playout that holds a tone of `step` samples per period, which every correction of a step leaves as it is.
    fn holding_tone(len: usize) -> Playout {
        let mut playout = Playout::new(FORMAT);
        playout.pcm = std::array::from_fn(tone_at);
        playout.len = len;
        playout
    }

    fn tone_at(at: usize) -> i16 {
        ((at as f32 * TAU / STEP as f32).sin() * 8000.0) as i16
    }

    fn assert_still_a_tone(playout: &Playout) {
        for (at, &sample) in playout.pcm[..playout.len].iter().enumerate() {
            assert!((sample - tone_at(at)).abs() <= 2, "sample {at}: {sample}, not {}", tone_at(at));
        }
    }

    #[test]
    fn a_step_is_left_out_or_inserted_without_a_seam() {
        let mut playout = holding_tone(200);
        assert_eq!(playout.shorten(40), STEP as i32);
        assert_eq!(playout.len, 160);
        assert_still_a_tone(&playout);
        assert_eq!(playout.lengthen(40), -(STEP as i32));
        assert_eq!(playout.len, 200);
        assert_still_a_tone(&playout);
    }

    #[test]
    fn corrections_wait_for_quiet() {
        for (amplitude, surplus, applied) in [
            (0x80, 200, 0),
            (0x80, -200, 0),
            (0xff, 60, STEP as i32),
            (0xff, -60, -(STEP as i32)),
            (0xff, 20, 0),
        ] {
            let mut playout = Playout::new(FORMAT);
            let packet = Frame { payload: &[amplitude; 160], payload_type: 0, timestamp: 0, splice: false };
            assert_eq!(playout.append(&packet, Law::Mu, surplus), applied, "{amplitude:x} {surplus}");
            assert_eq!(playout.len as i32, 160 - applied);
        }
    }

    #[test]
    fn a_short_rest_is_filled_up_with_silence() {
        let mut playout = holding_tone(100);
        let frame = playout.give().expect("there is something");
        assert_eq!((frame.len(), frame[99], frame[100], frame[159]), (160, tone_at(99), 0, 0));
        playout.discard_given();
        assert!(playout.give().is_none());
    }

    /// Six minutes of a sender whose clock is `ppm` off: 600 ms of sound, 400 ms of quiet, and so on.
    fn worst_delay(ppm: i64, has_pauses: bool) -> (Duration, InboundStats) {
        let start = Instant::now();
        let remote = "127.0.0.1:4000".parse().expect("an address");
        let mut inbound = Inbound::new(start, config(remote));
        let mut playout = Playout::new(FORMAT);
        let (mut sent, mut worst) = (0_u32, Duration::ZERO);
        for tick in 0..360 * 50_u32 {
            let due = start + tick * Duration::from_millis(20);
            while sent_at(start, sent, ppm) <= due {
                let octet = if has_pauses && sent % 50 >= 30 { 0xff } else { 0xa0 + (sent % 7) as u8 };
                let packet = Packet {
                    marker: false,
                    payload_type: 0,
                    sequence: sent as u16,
                    timestamp: sent * 160,
                    ssrc: 1,
                    payload: &[octet; 160],
                };
                let mut datagram = [0; 172];
                packet.write(&mut datagram);
                inbound.receive(sent_at(start, sent, ppm), remote, &datagram);
                sent += 1;
            }
            playout.pull(due, &mut inbound, Law::Mu);
            worst = worst.max(inbound.delay());
        }
        (worst, inbound.stats())
    }

    /// When a packet is sent, 3 ms after a tick at first.
    fn sent_at(start: Instant, packet: u32, ppm: i64) -> Instant {
        start + Duration::from_micros(3000 + (i64::from(packet) * (20_000 - ppm * 20_000 / 1_000_000)) as u64)
    }

    fn config(remote: SocketAddr) -> InboundConfig {
        InboundConfig {
            remote: Some(remote),
            remote_rtcp: None,
            rtcp_mux: true,
            signalling: Some(remote.ip()),
            payload_type: 0,
            event_payload_type: None,
            comfort_noise: None,
            jitter: JitterConfig::default(),
        }
    }

    #[test]
    fn a_clock_that_is_off_builds_up_no_delay() {
        for (ppm, limit_ms) in [(600, 40), (-600, 40), (6250, 80), (-6250, 80)] {
            for has_pauses in [true, false] {
                let (worst, stats) = worst_delay(ppm, has_pauses);
                assert!(
                    worst <= Duration::from_millis(limit_ms),
                    "{ppm} ppm, pauses {has_pauses}: {worst:?}"
                );
                if ppm > 0 && has_pauses {
                    assert_eq!(stats.buffer.discarded, 0, "nothing but quiet is left out: {stats:?}");
                }
            }
        }
    }
}
