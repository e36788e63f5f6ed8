//! From the packets of one leg to one frame per tick, whatever the peer's codec, ptime and clock.

use std::time::Instant;

use confab_codec::stretch::{Audible, lengthen, shorten};
use confab_codec::{Codec, CodecError, Decoder};
use confab_fetch::{fetch, fetch_all};
use confab_rtp::{AudioLevel, Frame, Inbound, LONGEST_PART_MS, Next, SpectralNoise};

use crate::format::{Format, Tuning};
use output::Output;

mod output;

/// The most that one correction of the delay inserts, ms: the longest period of [`lengthen`].
const LONGEST_STEP_MS: usize = 15;

/// A delay that is off by less, ms, is left as it is.
const LEAST_SURPLUS_MS: i32 = 3;

/// A period is taken out where two places of the sound are alike for so long, ms.
const SEAM_MS: i32 = 5;

/// A delay that is off by more than so many ticks is corrected even where that may be heard.
const URGENT_TICKS: i32 = 2;

/// Where the sound had no place to leave something out, so many ticks pass before the next look, unless it is urgent: to look
/// takes as long as all else that is done for a leg in a tick.
const TICKS_BETWEEN_LOOKS: u8 = 4;

/// A packet whose sender says that it is so quiet, −dBov (RFC 6464), need not be decoded.
const SILENT_DBOV: u8 = 80;

/// Nor need one that is so far below the level of a gate that is closed, dB: what leads to a word is nearer to it, and the
/// gate looks back to that.
const MARGIN_DB: u8 = 6;

/// Quiet packets are decoded for so long, ms, that the decoder has come to rest.
const REST_MS: u32 = 200;

/// A sender of Opus that pauses says nothing, but sends a packet each 400 ms (RFC 7587 §3.1.3): the decoder's comfort noise
/// goes on for so long, ms.
const LONGEST_PAUSE_MS: usize = 500;

/// A sound that ends is faded out for so long at least, ms.
const SHORTEST_FADE_MS: usize = 5;

/// The decoded samples of one leg that wait for their tick.
#[derive(Debug)]
pub(crate) struct Playout {
    codec: Codec,
    decoder: Decoder,
    /// Of the decoder, Hz.
    rate: usize,
    /// Of the RTP timestamps, Hz.
    clock_rate: usize,
    /// At the decoder's rate.
    pcm: Box<[i16]>,
    len: usize,
    /// So many of them were written; what is behind is silence, which is written when it is read.
    written: usize,
    /// Samples at the start that the last pull gave out.
    given: usize,
    /// Samples of one tick.
    frame: usize,
    /// Samples that are always kept back, see [`Tuning::lag`].
    lag: usize,
    /// The frame of this tick was decoded where it goes, and is not here.
    passed: bool,
    /// There was no silence since the last packet.
    flowing: bool,
    /// What the sender described to be heard while it pauses (RFC 3389), and the timestamp from which on it does.
    noise: Option<(SpectralNoise, u32)>,
    /// Samples for which the decoder's own comfort noise may go on.
    pausable: usize,
    /// From this timestamp on all packets were told to be quiet.
    quiet_from: Option<u32>,
    /// Ticks until a place for a correction is looked for again.
    looks_in: u8,
    /// The level of its gate while the room does not hear it.
    withheld_below: Option<u32>,
    /// A packet that is told to be so quiet, −dBov, need not be decoded.
    quiet_dbov: u8,
    output: Output,
    undecoded: u64,
    malformed: u64,
}

impl Playout {
    /// For a codec in a room that mixes in `format`.
    ///
    /// # Errors
    /// There is no decoder for the codec.
    pub(crate) fn new(codec: Codec, format: Format, tuning: Tuning) -> Result<Self, CodecError> {
        let coder_rate = tuning.coder_rate(codec, format.rate);
        let rate = coder_rate as usize;
        let frame = rate / 1000 * usize::from(format.interval_ms);
        let output = Output::new(coder_rate, format)?;
        let lag = if output.resamples() { 0 } else { tuning.lag(coder_rate) };
        let capacity = frame + lag + rate / 1000 * (LONGEST_PART_MS as usize + LONGEST_STEP_MS);
        Ok(Self {
            codec,
            decoder: Decoder::new(codec, coder_rate)?,
            rate,
            clock_rate: codec.clock_rate() as usize,
            pcm: vec![0; capacity].into(),
            len: 0,
            written: 0,
            given: 0,
            frame,
            lag,
            passed: false,
            flowing: false,
            noise: None,
            pausable: 0,
            quiet_from: None,
            looks_in: 0,
            withheld_below: None,
            quiet_dbov: SILENT_DBOV,
            output,
            undecoded: 0,
            malformed: 0,
        })
    }

    /// It is to take the part of another one, see [`Playout::follow`].
    pub(crate) fn with_tail(self) -> Self {
        Self { output: self.output.with_tail(), ..self }
    }

    /// Fetches what a tick touches.
    pub(crate) fn fetch(&self) {
        fetch(&self.quiet_from);
        fetch(&self.decoder);
        fetch(&self.pcm);
        fetch(&self.len);
        fetch(&self.noise);
    }

    /// Once that is there: what it points to, unless it is silent as it was.
    pub(crate) fn fetch_rest(&self) {
        if !self.flowing || self.quiet_from.is_some() {
            return;
        }
        fetch_all(&self.pcm[..self.len]);
        self.decoder.fetch_rest();
    }

    /// Packets that were told to be quiet, or tell it themselves, and therefore were not decoded.
    pub(crate) fn undecoded(&self) -> u64 {
        self.undecoded
    }

    /// Packets that the decoder refused.
    pub(crate) fn malformed(&self) -> u64 {
        self.malformed
    }

    /// Delay of the resampler and what stands for it, µs.
    pub(crate) fn delay_us(&self) -> u32 {
        self.output.delay_us() + (self.lag * 1_000_000 / self.rate) as u32
    }

    /// For now the room hears nothing of it that is below this level, a mean of |sample|.
    pub(crate) fn withhold(&mut self, below: Option<u32>) {
        if self.withheld_below != below {
            self.withheld_below = below;
            self.quiet_dbov = below.map_or(SILENT_DBOV, inaudible_dbov);
        }
    }

    /// An audio packet was received, with what its sender says of its level.
    pub(crate) fn note_audio(&mut self, timestamp: u32, level: Option<AudioLevel>) {
        let is_quiet = level.is_some_and(|level| !level.voice && level.dbov >= self.quiet_dbov);
        self.quiet_from = if is_quiet { self.quiet_from.or(Some(timestamp)) } else { None };
    }

    /// The sender pauses from this timestamp on and describes the noise that is to be heard meanwhile.
    pub(crate) fn note_noise(&mut self, timestamp: u32, noise: SpectralNoise) {
        self.noise = Some((noise, timestamp));
    }

    /// Writes the samples of one tick, at the room's rate; false when there is nothing to play, whatever `out` is then. `due` is
    /// the tick's nominal time.
    pub(crate) fn pull(&mut self, due: Instant, inbound: &mut Inbound, out: &mut [i16]) -> bool {
        self.discard_given();
        if self.fill(due, inbound, out)
            && let Some(surplus) = self.surplus(inbound)
        {
            self.take_back(out);
            self.correct(surplus, inbound);
            self.fill(due, inbound, out);
        }
        self.give(out)
    }

    /// Begins afresh in another room, where nobody has heard what `old` would go on with.
    pub(crate) fn begin_after(&mut self, old: &Self) {
        (self.undecoded, self.malformed) = (old.undecoded, old.malformed);
    }

    /// Takes the part of `old`, whose codec was renegotiated: what that would have gone on with is faded out. It is one
    /// [`Playout::with_tail`].
    pub(crate) fn follow(&mut self, old: &mut Self) {
        (self.undecoded, self.malformed) = (old.undecoded, old.malformed);
        if old.flowing || old.output.is_sounding() {
            old.go_on(self.output.begin_tail());
        }
    }

    /// Goes on with the decoder of `old`, of the same codec, where that stood in a room of another rate.
    pub(crate) fn adopt(&mut self, old: &mut Self) {
        self.flowing = old.flowing;
        self.noise = old.noise;
        self.pausable = old.pausable;
        self.quiet_from = old.quiet_from;
        (self.undecoded, self.malformed) = (old.undecoded, old.malformed);
        std::mem::swap(&mut self.decoder, &mut old.decoder);
        // What the one keeps back, the other has in its resampler.
        old.write_silence(old.len);
        let passed = (old.given + old.lag).min(old.len);
        self.output.prime(&old.pcm[..passed]);
        let rest = &old.pcm[passed.saturating_sub(self.lag)..old.len];
        let len = rest.len().min(self.pcm.len());
        self.pcm[..len].copy_from_slice(&rest[..len]);
        (self.len, self.written) = (len, len);
    }

    fn discard_given(&mut self) {
        if self.written > self.given {
            self.pcm.copy_within(self.given..self.written, 0);
        }
        self.written = self.written.saturating_sub(self.given);
        self.len -= self.given;
        self.given = 0;
    }

    /// What it would play next if nothing came.
    fn go_on(&mut self, out: &mut [i16]) {
        self.discard_given();
        let len = out.len() * self.rate / self.output.rate();
        if self.len < len {
            self.conceal(len - self.len);
        }
        self.write_silence(len);
        self.output.give(&self.pcm[..len], false, out);
    }

    /// Gathers the samples of a tick; whether any of them are new and real.
    fn fill(&mut self, due: Instant, inbound: &mut Inbound, out: &mut [i16]) -> bool {
        let mut heard = false;
        while self.len < self.frame && !self.passed {
            match inbound.next(due, self.held_units()) {
                Next::Packet(packet) => {
                    self.append(&packet, out);
                    heard = true;
                }
                Next::Lost { units, next } => self.bridge(units, next),
                Next::Wait => {
                    self.wait();
                    return false;
                }
            }
        }
        heard
    }

    fn append(&mut self, packet: &Frame<'_>, out: &mut [i16]) {
        if self.len == 0 {
            self.append_silence(self.lag);
        }
        // What was said before the pause may be played after its noise has come.
        self.noise = self.noise.filter(|&(_, since)| is_before(packet.timestamp, since));
        let samples = self.samples(packet.units as usize);
        if self.is_withheld_noise(packet) || self.is_told_quiet(packet) {
            return self.leave_out(samples);
        }
        if packet.splice && self.flowing {
            self.decoder.splice();
        }
        self.flowing = true;
        if self.codec.is_packetized() {
            self.pausable = self.rate / 1000 * LONGEST_PAUSE_MS;
        }
        if self.decode(packet, samples, out).is_err() {
            self.malformed += 1;
            self.conceal(samples);
        }
    }

    /// Decodes a packet behind what waits; if nothing does and it makes a frame, as mostly, at once where that goes.
    fn decode(&mut self, packet: &Frame<'_>, samples: usize, out: &mut [i16]) -> Result<(), CodecError> {
        let passes = self.len == 0 && samples == self.frame && self.output.passes();
        self.write_silence(self.len);
        let into = if passes { &mut *out } else { &mut self.pcm[self.len..] };
        let decoded = match packet.frame {
            None => self.decoder.decode(packet.payload, into),
            Some(frame) => self.decoder.decode_frame(packet.payload, frame, into),
        }?;
        self.passed = passes;
        match passes {
            true => out[decoded..].fill(0),
            false => self.wrote(self.len + decoded),
        }
        Ok(())
    }

    /// The frame that was decoded where it goes is to be changed.
    fn take_back(&mut self, out: &[i16]) {
        if std::mem::take(&mut self.passed) {
            self.pcm[..self.frame].copy_from_slice(out);
            self.wrote(self.frame);
        }
    }

    /// A packet is not decoded.
    fn leave_out(&mut self, samples: usize) {
        self.undecoded += 1;
        self.append_silence(samples);
        self.decoder.splice();
    }

    /// Whether it is but the noise that a sender tells of now and then while it pauses (RFC 7587 §3.1.3), and nobody would
    /// hear it. What follows it without a gap is no pause.
    fn is_withheld_noise(&self, packet: &Frame<'_>) -> bool {
        let is_pause = packet.splice && !self.flowing && self.withheld_below.is_some();
        is_pause && self.decoder.is_voiceless(packet.payload)
    }

    /// Whether all was told to be quiet for so long that the decoder is at rest, as one is that has heard nothing yet.
    fn is_told_quiet(&self, packet: &Frame<'_>) -> bool {
        let Some(since) = self.quiet_from else { return false };
        let quiet_for = packet.timestamp.wrapping_sub(since) as usize;
        let is_at_rest = !self.flowing || quiet_for >= self.clock_rate / 1000 * REST_MS as usize;
        is_at_rest && !is_before(packet.timestamp, since)
    }

    fn append_silence(&mut self, samples: usize) {
        self.len = (self.len + samples).min(self.pcm.len());
    }

    /// Writes the silence before this place.
    fn write_silence(&mut self, end: usize) {
        if self.written < end {
            self.pcm[self.written..end].fill(0);
            self.written = end;
        }
    }

    /// All up to this place is written.
    fn wrote(&mut self, end: usize) {
        (self.len, self.written) = (end, end);
    }

    /// Fills a hole, from the packet behind it if that tells of it. Where nothing follows, a sender of Opus has begun to pause,
    /// as like as not: then there is nothing to fill it with behind a closed gate.
    fn bridge(&mut self, units: u32, next: Option<&[u8]>) {
        let samples = self.samples(units as usize).max(1);
        let is_pause = next.is_none() && self.codec.is_packetized() && self.withheld_below.is_some();
        if is_pause && !self.flowing {
            return self.append_silence(samples);
        }
        self.write_silence(self.len);
        let end = (self.len + samples).min(self.pcm.len());
        let hole = &mut self.pcm[self.len..end];
        if !next.is_some_and(|next| self.decoder.recover(next, hole)) {
            self.decoder.conceal(hole);
        }
        if is_pause {
            fade_out(hole);
            self.flowing = false;
        }
        self.wrote(end);
    }

    fn conceal(&mut self, samples: usize) {
        self.bridge((samples * self.clock_rate / self.rate) as u32, None);
    }

    /// Nothing comes for the rest of this tick.
    fn wait(&mut self) {
        if self.noise.is_none() && !self.flowing {
            return;
        }
        self.write_silence(self.len);
        let rest = &mut self.pcm[self.len..self.frame];
        if let Some((noise, _)) = &self.noise {
            self.decoder.noise(noise.level, noise.spectrum(), rest);
        } else {
            self.decoder.conceal(rest);
            let is_heard = self.withheld_below.is_none();
            self.pausable = if is_heard { self.pausable.saturating_sub(rest.len()) } else { 0 };
            // What is left of a tick may be too short to fade out in: then it goes on for another one.
            if self.pausable == 0 && rest.len() >= self.rate / 1000 * SHORTEST_FADE_MS {
                fade_out(rest);
                self.flowing = false;
            }
        }
        self.wrote(self.frame);
    }

    /// By how many samples the delay is longer than what the line needs, if that is to be corrected now: such a length is
    /// looked for less often, unless it is urgent.
    fn surplus(&mut self, inbound: &Inbound) -> Option<i32> {
        let most = self.pcm.len() as i64;
        let surplus = i64::from(inbound.surplus_units()) * self.rate as i64 / self.clock_rate as i64;
        let surplus = surplus.clamp(-most, most) as i32;
        if surplus.abs() < LEAST_SURPLUS_MS * self.per_ms() {
            return None;
        }
        self.looks_in = self.looks_in.saturating_sub(1);
        let waits = surplus > 0 && self.looks_in > 0 && !self.is_urgent(surplus);
        (!waits).then_some(surplus)
    }

    /// Brings the delay nearer to what the line needs: in quiet, by whole pitch periods, or where it can be heard if it
    /// must be.
    fn correct(&mut self, surplus: i32, inbound: &mut Inbound) {
        let per_ms = self.per_ms();
        self.write_silence(self.len);
        let audible = match surplus {
            _ if self.is_urgent(surplus) => Audible::Slightly,
            // A packet that comes too late is heard more.
            ..0 => Audible::Hardly,
            // A tone waits until there is more to be cut out, as of few periods none may fit it.
            _ => Audible::Never,
        };
        let removed = if surplus > 0 {
            // No period that is longer than the surplus fits between two places of so short a sound.
            let looked_at = (surplus + SEAM_MS * per_ms) as usize;
            let start = self.len.saturating_sub(looked_at);
            shorten(&mut self.pcm[start..self.len], self.rate as u32, audible) as i32
        } else {
            -(lengthen(&mut self.pcm, self.len, self.rate as u32, audible) as i32)
        };
        self.looks_in = if removed == 0 { TICKS_BETWEEN_LOOKS } else { 0 };
        self.wrote(self.len.saturating_add_signed(-removed as isize).min(self.pcm.len()));
        inbound.skip(removed * (self.clock_rate / 1000) as i32 / per_ms);
    }

    /// Hands out a frame, filled up with silence if there is less; false where all is silence.
    fn give(&mut self, out: &mut [i16]) -> bool {
        if std::mem::take(&mut self.passed) {
            return true;
        }
        let is_silent = self.written == 0;
        if is_silent && !self.output.is_sounding() {
            self.given = self.len.min(self.frame);
            return false;
        }
        self.len = self.len.max(self.frame);
        self.write_silence(self.frame);
        self.given = self.frame;
        self.output.give(&self.pcm[..self.frame], is_silent, out);
        true
    }

    fn is_urgent(&self, surplus: i32) -> bool {
        surplus.abs() > URGENT_TICKS * self.frame as i32
    }

    fn per_ms(&self) -> i32 {
        self.rate as i32 / 1000
    }

    fn samples(&self, units: usize) -> usize {
        units * self.rate / self.clock_rate
    }

    fn held_units(&self) -> u32 {
        (self.len.saturating_sub(self.lag) * self.clock_rate / self.rate) as u32
    }
}

/// What cannot be heard behind a closed gate of this level, −dBov: no mean of |sample| is above the square mean that is told.
fn inaudible_dbov(level: u32) -> u8 {
    let gate = -20.0 * (level.max(1) as f32 / 32_768.0).log10();
    (gate.ceil() as u8).saturating_add(MARGIN_DB).min(SILENT_DBOV)
}

/// Whether an RTP timestamp is before another one, in modular order.
fn is_before(timestamp: u32, other: u32) -> bool {
    timestamp.wrapping_sub(other).cast_signed() < 0
}

fn fade_out(pcm: &mut [i16]) {
    let len = pcm.len() as i32;
    for (at, sample) in pcm.iter_mut().enumerate() {
        *sample = (i32::from(*sample) * (len - at as i32) / (len + 1)) as i16;
    }
}

#[cfg(test)]
mod tests;
