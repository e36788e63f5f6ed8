//! What leads from the room's mix to the octets of one codec: resampler, encoder, and the sound that they made last.

use confab_codec::{Codec, CodecError, Concealer, Encoder, Resampler};
use confab_fetch::{fetch, fetch_all};

use super::Coded;
use crate::format::{Format, Tuning};

/// Sound that is kept in any case, ms: what the seam of a [`Feed::retune`] is made of.
const KEPT_MS: usize = 20;

/// The first sound after a change of the room's rate is what the sound before leads one to expect, for so long, ms: until
/// then a new resampler lacks what was before.
const EXPECTED_MS: usize = 5;

/// Below this mean of |sample|, −60 dBov, the hand-over from one encoder to another is not heard.
const QUIET: u32 = 33;

/// A decoder that has heard nothing else for so long, ms, is at rest; and so long after that its listener has just begun to
/// hear: no hand-over is heard less than one then.
const REST_MS: u32 = 200;
const BEGUN_MS: u32 = 100;

/// Encoders that are alike become one after this time, ms, even if it never is quiet: Opus takes many times what G.722
/// takes, and the hand-over is heard less.
const PATIENCE_OPUS_MS: u32 = 5000;
const PATIENCE_MS: u32 = 30_000;

/// Octets of the longest Opus packet that is made: 160 kbit/s for 60 ms (RFC 6716 §3.4 would allow 1275 per frame).
const LONGEST_PACKET: usize = 1200;

/// Octets that the packets of most codecs have.
const USUAL_PACKET: usize = 160;

/// An encoder with what leads to it. Made by the control side and lent to a room.
#[derive(Debug)]
pub struct Feed {
    encoder: Encoder,
    intake: Intake,
    has_seam: bool,
    /// Samples at the encoder's rate: what was coded last, and then `pending` that wait for their packet to be full. None
    /// in one that is light.
    tape: Box<[i16]>,
    pending: usize,
    /// Samples of a frame of the room.
    frame: usize,
    /// Samples of a packet, or of a frame for a codec that is a stream of octets.
    packet: usize,
    /// Of the encoder, Hz.
    rate: u32,
    octets: Box<[u8]>,
    /// Where the pieces in `octets` end.
    ends: Vec<usize>,
    is_silence: bool,
    /// It was too quiet for a hand-over to be heard.
    is_quiet: bool,
    /// For how long it has been, and for how long it has not since it was at rest, ms.
    quiet_ms: u32,
    loud_ms: u32,
}

/// From the room's rate to an encoder's.
#[derive(Debug)]
pub(crate) struct Intake {
    coder: Codec,
    /// With the last frame that went into it.
    resampler: Option<(Resampler, Box<[i16]>)>,
    /// The newest sound, which is kept back in a room whose rate may change where there is no resampler to do so.
    lag: Box<[i16]>,
    /// Leads from the sound before a change of the room's rate into the next frame.
    seam: Option<Box<Concealer>>,
}

impl Intake {
    fn new(codec: Codec, format: Format, tuning: Tuning) -> Result<Self, CodecError> {
        let rate = tuning.coder_rate(codec, format.rate);
        let resampler = match rate == format.rate {
            true => None,
            false => Some((resampler(format.rate, rate)?, vec![0; format.frame()].into())),
        };
        let lag = if resampler.is_none() { tuning.lag(rate) } else { 0 };
        Ok(Self { coder: codec.coder(), resampler, lag: vec![0; lag].into(), seam: None })
    }

    /// For a feed in a room whose rate is about to change.
    ///
    /// # Errors
    /// As for [`Feed::new`].
    pub(crate) fn for_retune(codec: Codec, format: Format) -> Result<Self, CodecError> {
        let seam = Some(Concealer::new(Tuning::Auto.coder_rate(codec, format.rate)).into());
        Ok(Self { seam, ..Self::new(codec, format, Tuning::Auto)? })
    }

    /// What it leads to: feeds of other coders cannot use it.
    pub(super) fn coder(&self) -> Codec {
        self.coder
    }

    fn delays(&self) -> bool {
        self.resampler.is_some() || !self.lag.is_empty()
    }

    fn take_over(&mut self, from: &Self) {
        if let (Some((own, last)), Some((_, heard))) = (&mut self.resampler, &from.resampler) {
            own.prime(heard);
            last.copy_from_slice(heard);
        }
        copy_newest(&from.lag, &mut self.lag);
    }

    /// Brings a frame of the room to the encoder's rate.
    fn pass(&mut self, frame: &[i16], out: &mut [i16]) {
        match &mut self.resampler {
            None => {
                let (kept, passed) = (self.lag.len(), frame.len() - self.lag.len());
                out[..kept].copy_from_slice(&self.lag);
                out[kept..].copy_from_slice(&frame[..passed]);
                self.lag.copy_from_slice(&frame[passed..]);
            }
            Some((resampler, last)) => {
                resampler.process(frame, out);
                last.copy_from_slice(frame);
            }
        }
    }
}

impl Feed {
    /// Where so few legs have a coder, each brings a feed: all of them may begin to talk at once.
    pub const FEW: usize = 8;

    /// Whether it is so small for such a codec in such a room that each leg brings one, however many there are: it has no
    /// state.
    #[must_use]
    pub fn is_light_for(codec: Codec, format: Format, tuning: Tuning) -> bool {
        let is_stateless = matches!(codec, Codec::Pcmu | Codec::Pcma | Codec::L16 { .. });
        is_stateless && tuning == Tuning::Fixed && codec.sample_rate() == format.rate
    }

    /// A feed for legs of a room that mixes in `format`.
    ///
    /// # Errors
    /// The codec cannot be coded in such a room.
    pub fn new(codec: Codec, format: Format, tuning: Tuning) -> Result<Self, CodecError> {
        let rate = tuning.coder_rate(codec, format.rate);
        let samples = |ms: usize| rate as usize / 1000 * ms;
        let frame = samples(format.interval_ms.into());
        let (packet, octets) = match (codec, codec.octets_per_ms()) {
            (Codec::Opus(opus), _) => {
                let packets = usize::from(format.interval_ms).div_ceil(usize::from(opus.packet_ms.max(10)));
                (samples(opus.packet_ms.max(10).into()), packets * LONGEST_PACKET)
            }
            (_, per_ms) => (frame, per_ms.unwrap_or(0) * usize::from(format.interval_ms)),
        };
        let kept = samples(KEPT_MS.max(codec.prime_ms() as usize));
        let tape = if Self::is_light_for(codec, format, tuning) { 0 } else { kept + packet + frame };
        Ok(Self {
            encoder: Encoder::new(codec, rate)?,
            intake: Intake::new(codec, format, tuning)?,
            has_seam: false,
            tape: vec![0; tape].into(),
            pending: 0,
            frame,
            packet,
            octets: vec![0; octets].into(),
            ends: Vec::with_capacity(frame.div_ceil(packet) + 1),
            rate,
            is_silence: true,
            is_quiet: true,
            quiet_ms: REST_MS,
            loud_ms: 0,
        })
    }

    /// Fetches what a tick touches.
    pub(super) fn fetch(&self) {
        fetch(&self.ends);
        fetch(&self.intake);
        fetch(&self.octets);
        fetch(&self.rate);
        fetch(&self.is_silence);
    }

    /// Once that is there: what it points to, as much as a codec of 64 kbit/s needs of it.
    pub(super) fn fetch_rest(&self) {
        fetch_all(&self.ends);
        fetch_all(self.octets.get(..USUAL_PACKET).unwrap_or(&self.octets));
    }

    /// Whether it is one of those that each leg has.
    pub(super) fn is_light(&self) -> bool {
        self.tape.is_empty()
    }

    /// What it codes now.
    pub(super) fn codec(&self) -> Codec {
        self.encoder.codec()
    }

    /// Whether it can code this: Opus can change how it is set, but not the length of its packets.
    pub(super) fn suits(&self, codec: Codec) -> bool {
        self.codec().coder() == codec.coder()
    }

    /// Codes this from now on, which it must suit.
    pub(super) fn adjust(&mut self, codec: Codec) {
        if codec != self.codec() {
            self.encoder.adjust(codec);
        }
    }

    /// Starts amidst a packet that began with silence, so that it is full when those of all other feeds are.
    pub(super) fn align(&mut self, elapsed_ms: u64) {
        let elapsed = elapsed_ms * u64::from(self.rate) / 1000;
        self.pending = (elapsed % self.packet as u64) as usize;
        self.tape.fill(0);
        (self.quiet_ms, self.loud_ms) = (REST_MS, 0);
    }

    /// Becomes a twin of the other feed.
    pub(super) fn take_over(&mut self, from: &Self) {
        (self.pending, self.quiet_ms, self.loud_ms) = (from.pending, from.quiet_ms, from.loud_ms);
        copy_newest(&from.tape, &mut self.tape);
        self.encoder.take_over(&from.encoder, from.heard());
        self.intake.take_over(&from.intake);
    }

    /// Whether nobody hears it when a decoder that followed this one follows the other, after both carried the same for so
    /// long, ms: if no decoder can tell them apart; or they are alike, and it is quiet, has only begun or has been loud for
    /// too long.
    pub(super) fn may_merge_into(&self, other: &Self, together_ms: u32) -> bool {
        let is_delayed_alike = !self.intake.delays() || together_ms > 0;
        let codec = self.codec();
        let patience_ms = if codec.is_packetized() { PATIENCE_OPUS_MS } else { PATIENCE_MS };
        let is_unheard = self.is_quiet || self.loud_ms <= BEGUN_MS || together_ms >= patience_ms;
        let is_alike = together_ms >= codec.merge_ms() && is_unheard;
        is_delayed_alike && (is_alike || self.encoder.is_twin_of(&other.encoder))
    }

    /// Decoders are about to follow it that followed another one.
    pub(super) fn welcome(&mut self) {
        self.encoder.refresh();
    }

    /// Goes on in a room of another rate: the next frame is cross-faded into. What was replaced comes back.
    pub(super) fn retune(&mut self, intake: &mut Intake) {
        std::mem::swap(&mut self.intake, intake);
        if let Some(seam) = &mut self.intake.seam {
            seam.good(&mut self.tape);
            self.has_seam = true;
        }
    }

    /// Takes a frame at the room's rate and codes what is full; how often it encoded.
    pub(super) fn code(&mut self, frame: &[i16]) -> u64 {
        let magnitudes: u32 = frame.iter().map(|&sample| u32::from(sample.unsigned_abs())).sum();
        self.is_silence = magnitudes == 0;
        self.is_quiet = magnitudes < QUIET * frame.len() as u32;
        self.note_loudness();
        if self.is_light() {
            let end = self.encoder.encode(frame, &mut self.octets);
            self.ends.clear();
            self.ends.push(end);
            return 1;
        }
        let kept = self.tape.len() - self.frame;
        self.tape.copy_within(self.frame.., 0);
        let newest = &mut self.tape[kept..];
        self.intake.pass(frame, newest);
        if let Some(seam) = self.intake.seam.as_mut().filter(|_| std::mem::take(&mut self.has_seam)) {
            let (expected, rest) = newest.split_at_mut(self.rate as usize / 1000 * EXPECTED_MS);
            seam.conceal(expected);
            seam.good(rest);
        }
        self.pending += self.frame;
        self.encode()
    }

    fn note_loudness(&mut self) {
        let interval_ms = (self.frame * 1000 / self.rate as usize) as u32;
        match self.is_quiet {
            true => self.quiet_ms = self.quiet_ms.saturating_add(interval_ms),
            false => (self.quiet_ms, self.loud_ms) = (0, self.loud_ms.saturating_add(interval_ms)),
        }
        if self.quiet_ms >= REST_MS {
            self.loud_ms = 0;
        }
    }

    /// What the last frame gave.
    pub(super) fn coded(&self) -> Coded<'_> {
        Coded { octets: &self.octets, ends: &self.ends, is_silence: self.is_silence }
    }

    fn encode(&mut self) -> u64 {
        self.ends.clear();
        let mut end = 0;
        while self.pending >= self.packet {
            let start = self.tape.len() - self.pending;
            let packet = &self.tape[start..start + self.packet];
            end += self.encoder.encode(packet, &mut self.octets[end..]);
            self.ends.push(end);
            self.pending -= self.packet;
        }
        self.ends.len() as u64
    }

    /// What was coded last.
    fn heard(&self) -> &[i16] {
        &self.tape[..self.tape.len() - self.pending]
    }
}

fn resampler(from: u32, to: u32) -> Result<Resampler, CodecError> {
    Resampler::new(from, to).map_err(|_| CodecError::UnsupportedRate(from))
}

/// Copies the end of a tape to the end of another.
fn copy_newest(from: &[i16], to: &mut [i16]) {
    let len = from.len().min(to.len());
    let start = to.len() - len;
    to[start..].copy_from_slice(&from[from.len() - len..]);
}
