//! What callers send: loops of packets that are encoded once, before the run.

use confab_codec::{Codec, CodecError, Encoder};
use confab_mixer::Tone;

use crate::wire::CodecName;

/// Every tone is an odd multiple of this, Hz: it repeats after 80 ms and not sooner, so that a frame that is left out or
/// put in shifts its phase, and tones are orthogonal over 80 ms.
pub(crate) const STEP_HZ: f32 = 12.5;

/// The time after which every tone repeats, ms.
pub(crate) const PERIOD_MS: u32 = 80;

/// The level of a talker, dBov.
pub(crate) const TALKER_DBOV: f32 = -20.0;

/// The level of members who do not talk but send noise, dBov: far below any gate.
const NOISE_DBOV: f64 = -62.0;

/// Tones lie from 412.5 Hz up, 50 Hz apart: within what a telephone carries.
const FIRST_STEP: usize = 33;
const STEPS_APART: usize = 4;
const TONES: usize = 40;

/// An encoder with DTX sends a packet that often, ms.
const DTX_MS: u32 = 400;

/// Where in its packet a burst begins, and how long it lasts, ms.
const BURST_AT_MS: u32 = 5;
const BURST_MS: u32 = 4;
/// A burst begins with the first sample beyond this.
const BURST_THRESHOLD: u16 = 3000;

/// A stateful coder is given so much to settle before what it makes is used, ms.
const SETTLE_MS: u32 = 960;

/// What one caller sends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Voice {
    /// Digital silence.
    Silence,
    /// Noise below any gate.
    Noise,
    /// Silence of which one packet is sent every 400 ms, as an encoder with DTX does.
    Dtx,
    /// The tone of that number.
    Tone(usize),
    /// A short burst in each packet.
    Burst,
}

/// The loops of packets of all voices, in one codec.
#[derive(Debug)]
pub(crate) struct Voices {
    silence: Loop,
    noise: Loop,
    burst: Loop,
    tones: Vec<Loop>,
}

impl Voice {
    /// Whether the packet of that number since the start is sent at all.
    pub(crate) fn is_sent(self, number: usize, ptime_ms: u32) -> bool {
        self != Self::Dtx || number.is_multiple_of((DTX_MS / ptime_ms) as usize)
    }

    /// The level that its packets tell, in dB below the overload point (RFC 6464 §3).
    pub(crate) fn level(self) -> u8 {
        match self {
            Self::Silence | Self::Dtx => 127,
            Self::Noise => -NOISE_DBOV as u8,
            Self::Tone(_) => -TALKER_DBOV as u8,
            Self::Burst => 15,
        }
    }
}

/// Payloads that are sent again and again.
#[derive(Debug)]
pub(crate) struct Loop(Vec<Box<[u8]>>);

impl Loop {
    /// The payload of the packet of that number since the start.
    pub(crate) fn packet(&self, number: usize) -> &[u8] {
        &self.0[number % self.0.len()]
    }
}

impl Voices {
    /// Encodes them all.
    ///
    /// # Errors
    /// When there is no such coder.
    pub(crate) fn new(name: CodecName, ptime_ms: u32) -> Result<Self, CodecError> {
        let codec = name.codec(ptime_ms);
        let rate = codec.sample_rate();
        let make =
            |length_ms: u32, fill: &mut dyn FnMut(&mut [i16])| encoded(codec, ptime_ms, length_ms, fill);
        let length = least_common_multiple(PERIOD_MS, ptime_ms) * if codec.is_packetized() { 25 } else { 1 };
        let tone = |index| {
            let mut tone = Tone::new(rate, tone_hz(index), TALKER_DBOV);
            make(length, &mut |pcm| tone.fill(pcm))
        };
        Ok(Self {
            silence: make(ptime_ms, &mut |pcm| pcm.fill(0))?,
            noise: make(ptime_ms * 50, &mut noise())?,
            burst: make(ptime_ms, &mut |pcm| pcm.copy_from_slice(&burst(rate, ptime_ms)))?,
            tones: (0..TONES).map(tone).collect::<Result<_, _>>()?,
        })
    }

    /// The packets of a voice.
    pub(crate) fn packets(&self, voice: Voice) -> &Loop {
        match voice {
            Voice::Silence | Voice::Dtx => &self.silence,
            Voice::Noise => &self.noise,
            Voice::Burst => &self.burst,
            Voice::Tone(number) => &self.tones[number % TONES],
        }
    }
}

/// The frequency of a tone in steps of [`STEP_HZ`].
pub(crate) fn tone_steps(number: usize) -> usize {
    FIRST_STEP + STEPS_APART * (number % TONES)
}

/// The frequency of a tone, Hz.
pub(crate) fn tone_hz(number: usize) -> f32 {
    tone_steps(number) as f32 * STEP_HZ
}

/// The sample at which a burst begins, if there is one.
pub(crate) fn onset(pcm: &[i16]) -> Option<usize> {
    pcm.iter().position(|sample| sample.unsigned_abs() > BURST_THRESHOLD)
}

/// One packet with a burst of 1 kHz in it.
pub(crate) fn burst(rate: u32, ptime_ms: u32) -> Vec<i16> {
    let at = |ms: u32| (ms * rate / 1000) as usize;
    let mut pcm = vec![0; at(ptime_ms)];
    Tone::new(rate, 1000.0, -8.0).fill(&mut pcm[at(BURST_AT_MS)..at(BURST_AT_MS + BURST_MS)]);
    pcm
}

fn encoded(
    codec: Codec,
    ptime_ms: u32,
    length_ms: u32,
    fill: &mut dyn FnMut(&mut [i16]),
) -> Result<Loop, CodecError> {
    let rate = codec.sample_rate();
    let mut encoder = Encoder::new(codec, rate)?;
    let mut pcm = vec![0; (rate / 1000 * ptime_ms) as usize];
    let mut payload = [0; 4096];
    let mut next = || {
        fill(&mut pcm);
        let octets = encoder.encode(&pcm, &mut payload);
        payload[..octets].into()
    };
    let settle = SETTLE_MS.next_multiple_of(least_common_multiple(PERIOD_MS, ptime_ms)) / ptime_ms;
    (0..settle).for_each(|_| drop::<Box<[u8]>>(next()));
    Ok(Loop((0..length_ms / ptime_ms).map(|_| next()).collect()))
}

/// White noise from a generator of its own: the same in every run.
fn noise() -> impl FnMut(&mut [i16]) {
    let peak = 32_768.0 * 10f64.powf(NOISE_DBOV / 20.0) * 3f64.sqrt();
    let mut state = 1_u32;
    move |pcm| {
        for sample in pcm {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *sample = (f64::from(state.cast_signed()) / f64::from(1_u32 << 31) * peak).round() as i16;
        }
    }
}

fn least_common_multiple(a: u32, b: u32) -> u32 {
    let (mut greater, mut less) = (a, b);
    while less > 0 {
        (greater, less) = (less, greater % less);
    }
    a / greater * b
}

#[cfg(test)]
mod tests {
    use confab_codec::Decoder;
    use confab_mixer::{level_dbov, tone_level_dbov};

    use super::*;

    fn decoded(name: CodecName, voice: Voice, packets: usize) -> Vec<i16> {
        let (codec, voices) = (name.codec(20), Voices::new(name, 20).unwrap());
        let mut decoder = Decoder::new(codec, codec.sample_rate()).unwrap();
        let mut pcm = vec![0; packets * codec.sample_rate() as usize / 50];
        for (number, frame) in pcm.chunks_mut(codec.sample_rate() as usize / 50).enumerate() {
            decoder.decode(voices.packets(voice).packet(number), frame).unwrap();
        }
        pcm
    }

    #[test]
    fn a_tone_is_heard_at_its_level_over_the_seam_of_its_loop() {
        for name in [CodecName::Pcmu, CodecName::Pcma] {
            let level = tone_level_dbov(&decoded(name, Voice::Tone(3), 12), 8000, tone_hz(3));
            assert!((level - TALKER_DBOV).abs() < 0.2, "{name}: {level}");
        }
    }

    #[test]
    fn noise_is_quiet_and_a_burst_is_where_it_should_be() {
        let level = level_dbov(&decoded(CodecName::Pcmu, Voice::Noise, 50));
        assert!((level - NOISE_DBOV as f32).abs() < 3.0, "{level}");
        assert_eq!(onset(&decoded(CodecName::Pcmu, Voice::Silence, 1)), None);
        assert_eq!(onset(&decoded(CodecName::Pcmu, Voice::Burst, 1)), onset(&burst(8000, 20)));
    }

    #[test]
    fn dtx_sends_a_packet_every_400_ms() {
        let sent = |voice: Voice, ptime_ms| (0..100).filter(|&n| voice.is_sent(n, ptime_ms)).count();
        assert_eq!((sent(Voice::Dtx, 20), sent(Voice::Dtx, 40), sent(Voice::Noise, 20)), (5, 10, 100));
    }

    #[test]
    fn loops_fit_any_packet_length() {
        assert_eq!([10, 20, 30, 40, 60].map(|ms| least_common_multiple(80, ms)), [80, 80, 240, 80, 240]);
    }
}
