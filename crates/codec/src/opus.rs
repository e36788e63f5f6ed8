//! Opus by libopus.

mod packet;

use crate::{CodecError, Opus};
use audiopus::coder::{Decoder, Encoder, GenericCtl};
use audiopus::packet::Packet;
use audiopus::{Application, Bitrate, Channels, MutSignals, SampleRate};
use packet::Layout;

/// An encoder of one channel.
#[derive(Debug)]
pub(crate) struct OpusEncoder {
    coder: Encoder,
    /// Samples of a packet.
    packet: usize,
    rate: u32,
    dtx: bool,
    /// Whether the next packet predicts as little as can be from the ones before.
    fresh: bool,
}

/// The longest packet that one frame can make, RFC 6716 §3.2.1, with its TOC.
const MAX_PACKET: usize = 1276;
/// The bits of the TOC that tell how many frames follow; none: one, RFC 6716 §3.1.
const FRAMES: u8 = 3;
/// What libopus itself finds right for 8 kHz, 11 kbit/s, makes a tone 1 dB too quiet.
const NARROWBAND: i32 = 24_000;
/// Bit rates that libopus takes.
const BITRATES: std::ops::RangeInclusive<u32> = 6000..=510_000;

impl OpusEncoder {
    pub(crate) fn new(settings: Opus, rate: u32) -> Result<Self, CodecError> {
        let coder = Encoder::new(sample_rate(rate)?, Channels::Mono, Application::Voip);
        let coder = coder.map_err(|_| CodecError::NoCoder)?;
        let mut encoder = Self { coder, packet: 0, rate, dtx: false, fresh: false };
        encoder.adjust(settings);
        Ok(encoder)
    }

    /// Encodes one packet. 0 octets: none need be sent, or these are no samples of a packet.
    pub(crate) fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> usize {
        let octets = self.coder.encode(pcm, out);
        if std::mem::take(&mut self.fresh) {
            _ = self.coder.set_prediction_disabled(false);
        }
        match octets {
            // Two octets or less: the receiver's own noise serves as well (opus_encode in opus.h).
            Ok(0..=2) if self.dtx => 0,
            octets => octets.unwrap_or(0),
        }
    }

    /// Sets the running encoder anew. No setting can fail, as all are brought into their ranges.
    pub(crate) fn adjust(&mut self, settings: Opus) {
        let coder = &mut self.coder;
        let bitrate = match settings.bitrate {
            0 if self.rate <= 8000 => Bitrate::BitsPerSecond(NARROWBAND),
            0 => Bitrate::Auto,
            bitrate => Bitrate::BitsPerSecond(bitrate.clamp(*BITRATES.start(), *BITRATES.end()) as i32),
        };
        _ = coder.set_bitrate(bitrate);
        _ = coder.set_complexity(settings.complexity.min(10));
        _ = coder.set_inband_fec(settings.fec);
        _ = coder.set_packet_loss_perc(settings.expected_loss.min(100));
        _ = coder.set_dtx(settings.dtx);
        self.dtx = settings.dtx;
        self.packet = self.rate as usize * usize::from(settings.packet_ms) / 1000;
    }

    /// The next packet is to predict as little as can be from the ones before: who did not hear them exactly may join.
    pub(crate) fn refresh(&mut self) {
        self.fresh = self.coder.set_prediction_disabled(true).is_ok();
    }

    /// Begins anew, as if it had coded `heard` before, as far as that is whole packets.
    pub(crate) fn prime(&mut self, heard: &[i16]) {
        _ = self.coder.reset_state();
        let mut unheard = [0; MAX_PACKET];
        let odd = heard.len() % self.packet.max(1);
        for pcm in heard[odd..].chunks_exact(self.packet.max(1)) {
            _ = self.coder.encode(pcm, &mut unheard);
        }
        self.refresh();
    }
}

/// A decoder that mixes two channels into one.
#[derive(Debug)]
pub(crate) struct OpusDecoder {
    coder: Decoder,
    rate: u32,
    /// How what was heard would have gone on; what comes next is faded into from here.
    tail: Box<[i16]>,
    tail_length: usize,
}

/// Length of a cross-fade, ms.
const JOIN_MS: usize = 5;
/// libopus conceals in whole units of 10 ms: of less it would make 10 ms and throw the rest away, which is a click.
const UNITS_PER_SECOND: usize = 100;
/// The longest tail: what a unit was too long, and another one.
const TAIL_UNITS: usize = 2;

impl OpusDecoder {
    pub(crate) fn new(rate: u32) -> Result<Self, CodecError> {
        let coder = Decoder::new(sample_rate(rate)?, Channels::Mono);
        let coder = coder.map_err(|_| CodecError::NoCoder)?;
        let tail = TAIL_UNITS * rate as usize / UNITS_PER_SECOND;
        Ok(Self { coder, rate, tail: vec![0; tail].into(), tail_length: 0 })
    }

    pub(crate) fn samples_in(&self, payload: &[u8]) -> Result<usize, CodecError> {
        Layout::read(payload).map(|layout| layout.samples(self.rate)).ok_or(CodecError::Malformed)
    }

    pub(crate) fn is_voiceless(&self, payload: &[u8]) -> bool {
        Layout::read(payload).is_some_and(|layout| layout.is_voiceless())
    }

    /// Decodes a payload that lasts as long as `out`.
    pub(crate) fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> Result<(), CodecError> {
        self.run(Some(payload), out, false)?;
        self.join(out);
        Ok(())
    }

    /// Decodes one frame of a payload into the first samples of `out`.
    pub(crate) fn decode_frame(
        &mut self,
        payload: &[u8],
        frame: usize,
        out: &mut [i16],
    ) -> Result<usize, CodecError> {
        let (&toc, _) = payload.split_first().ok_or(CodecError::Malformed)?;
        let layout = Layout::read(payload).ok_or(CodecError::Malformed)?;
        let out = out.get_mut(..layout.frame_samples(self.rate)).ok_or(CodecError::TooLong)?;
        let frame = layout.frames().nth(frame).ok_or(CodecError::Malformed)?;
        let mut packet = [toc & !FRAMES; MAX_PACKET];
        packet[1..=frame.len()].copy_from_slice(frame);
        self.decode(&packet[..=frame.len()], out)?;
        Ok(out.len())
    }

    /// libopus' own concealment. It makes whole units; what is too much is heard next.
    pub(crate) fn conceal(&mut self, out: &mut [i16]) {
        let unit = self.unit();
        let out = self.take_tail(out);
        let (whole, rest) = out.split_at_mut(out.len() / unit * unit);
        self.extrapolate(whole);
        if !rest.is_empty() {
            self.prolong_tail();
            self.take_tail(rest);
        }
    }

    /// Makes a lost sound from the coarse copy in the packet behind it.
    pub(crate) fn recover(&mut self, next: &[u8], out: &mut [i16]) -> bool {
        let Some(covered) = Layout::read(next).and_then(|layout| layout.recoverable(self.rate)) else {
            return false;
        };
        // What the copy does not reach back to is concealed, in whole units.
        let whole = out.len().checked_sub(covered).is_some_and(|before| before.is_multiple_of(self.unit()));
        if !whole || self.run(Some(next), out, true).is_err() {
            return false;
        }
        self.join(out);
        true
    }

    pub(crate) fn splice(&mut self) {
        if self.tail_length < self.rate as usize * JOIN_MS / 1000 {
            self.prolong_tail();
        }
    }

    /// Cross-fades from the tail, where there is one, into what is heard next.
    pub(crate) fn join(&mut self, out: &mut [i16]) {
        let longest = self.tail_length.min(self.rate as usize * JOIN_MS / 1000);
        let tail = &self.tail[..longest.min(out.len())];
        for (n, (sample, &before)) in out.iter_mut().zip(tail).enumerate() {
            let share = (n + 1) as f32 / (tail.len() + 1) as f32;
            let before = f32::from(before);
            *sample = (before + (f32::from(*sample) - before) * share).round() as i16;
        }
        self.tail_length = 0;
    }

    pub(crate) fn reset(&mut self) {
        _ = self.coder.reset_state();
        self.tail_length = 0;
    }

    fn unit(&self) -> usize {
        self.rate as usize / UNITS_PER_SECOND
    }

    /// Begins `out` with the tail and gives the rest of it.
    fn take_tail<'a>(&mut self, out: &'a mut [i16]) -> &'a mut [i16] {
        let taken = self.tail_length.min(out.len());
        let (start, rest) = out.split_at_mut(taken);
        start.copy_from_slice(&self.tail[..taken]);
        self.tail.copy_within(taken..self.tail_length, 0);
        self.tail_length -= taken;
        rest
    }

    /// Makes the tail longer by a unit, where it has room for one.
    fn prolong_tail(&mut self) {
        let range = self.tail_length..self.tail_length + self.unit();
        let mut tail = std::mem::take(&mut self.tail);
        if let Some(more) = tail.get_mut(range.clone()) {
            self.extrapolate(more);
            self.tail_length = range.end;
        }
        self.tail = tail;
    }

    fn extrapolate(&mut self, out: &mut [i16]) {
        if self.run(None, out, false).is_err() {
            out.fill(0);
        }
    }

    fn run(&mut self, payload: Option<&[u8]>, out: &mut [i16], fec: bool) -> Result<(), CodecError> {
        let packet = payload.map(Packet::try_from).transpose().map_err(|_| CodecError::Malformed)?;
        let room = out.len();
        let out = MutSignals::try_from(out).map_err(|_| CodecError::TooLong)?;
        match self.coder.decode(packet, out, fec) {
            Ok(samples) if samples == room => Ok(()),
            _ => Err(CodecError::Malformed),
        }
    }
}

fn sample_rate(rate: u32) -> Result<SampleRate, CodecError> {
    SampleRate::try_from(rate as i32).map_err(|_| CodecError::UnsupportedRate(rate))
}

#[cfg(test)]
mod tests;
