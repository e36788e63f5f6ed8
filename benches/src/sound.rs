//! What is heard: who, at which level, and whether anything else is in it.
//!
//! All tones are orthogonal over one window, so a window is taken apart exactly: the amplitude and the phase of each tone
//! that should be there and of the receiver's own, and what is left over. A frame that is lost, doubled or cut shows as
//! something left over or as a phase that jumps.

use std::f32::consts::{PI, TAU};

use confab_codec::{Codec, CodecError, Decoder};
use confab_rtp::Packet;

use crate::voice::{PERIOD_MS, TALKER_DBOV, tone_hz, tone_steps};

/// A tone further than this from a talker's level is wrong, dB.
const LEVEL_TOLERANCE: f32 = 2.0;

/// The own voice, and whatever is heard while nobody talks, is not louder than this, dBov.
const UNHEARD_DBOV: f32 = -45.0;

/// The same while the talkers' tones may have a hole or a jump, dBov: of each up to 1/4π of its amplitude lies in a tone four
/// steps further then, twice that at a jump, and two talkers add up. A voice that is really heard is as loud as a talker.
const UNHEARD_BESIDE_JUMPS_DBOV: f32 = -28.0;

/// A tone whose phase moves by more than this between two windows has lost or got samples, radians.
const PHASE_TOLERANCE: f32 = 0.35;

/// Complaints that are told in words.
const TOLD: usize = 12;

/// The tables of one rate.
#[derive(Debug)]
pub(crate) struct Analyser {
    /// One turn in as many steps as a window has samples.
    turn: Vec<(f32, f32)>,
    /// What may be left over, dB below the whole.
    impurity: f32,
}

/// What one receiver should hear.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Expected {
    /// The tones of the others in its room who talk.
    pub(crate) others: Vec<usize>,
    /// The callers whose tones these are.
    pub(crate) talkers: Vec<usize>,
    /// Its own.
    pub(crate) own: Option<usize>,
}

/// One receiver that is listened to for a while.
#[derive(Debug)]
pub(crate) struct Ear {
    decoder: Decoder,
    window: Vec<i16>,
    filled: usize,
    next_timestamp: Option<u32>,
    /// Windows since the start or the last break in the stream: a decoder that starts within a stream must settle.
    windows: u32,
    phases: Vec<f32>,
}

/// What was found, over all receivers that were listened to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Findings {
    /// Windows of 80 ms that were looked at.
    pub(crate) windows: u64,
    /// Those before which no packet had left late: in them every glitch is the server's.
    pub(crate) undisturbed: u64,
    /// Windows in which a talker was missing, too loud or too quiet.
    pub(crate) wrong_level: u64,
    /// Windows with something in them that nobody said, or with a jump.
    pub(crate) glitches: u64,
    /// The same while a jitter buffer had reason to move, as we had sent a talker's packet late.
    pub(crate) provoked: u64,
    /// Windows in which a receiver heard itself.
    pub(crate) own_voice: u64,
    /// The quietest and the loudest level of a talker, dBov.
    pub(crate) quietest: Option<f32>,
    /// See `quietest`.
    pub(crate) loudest: Option<f32>,
    /// The most that was left over, dB relative to the whole.
    pub(crate) worst_impurity: Option<f32>,
    /// The first complaints in words.
    pub(crate) complaints: Vec<String>,
}

impl Analyser {
    /// For what the codec's decoder gives.
    pub(crate) fn new(codec: Codec) -> Self {
        let rate = codec.sample_rate();
        let samples = (rate / 1000 * PERIOD_MS) as usize;
        let turn = (0..samples).map(|k| (TAU * k as f32 / samples as f32).sin_cos());
        let impurity = match codec {
            Codec::Pcmu | Codec::Pcma | Codec::L16 { .. } => -26.0,
            Codec::G722 => -22.0,
            Codec::Opus(_) => -10.0,
        };
        Self { turn: turn.map(|(sin, cos)| (cos, sin)).collect(), impurity }
    }

    /// The amplitude and the phase of a tone in a window.
    fn tone(&self, window: &[i16], tone: usize) -> (f32, f32) {
        let (steps, mut at) = (tone_steps(tone), 0);
        let (mut real, mut imaginary) = (0.0, 0.0);
        for &sample in window {
            let (cos, sin) = self.turn[at];
            real += f32::from(sample) * cos;
            imaginary += f32::from(sample) * sin;
            at += steps;
            if at >= self.turn.len() {
                at -= self.turn.len();
            }
        }
        let scale = 2.0 / window.len() as f32;
        ((real * real + imaginary * imaginary).sqrt() * scale, imaginary.atan2(real))
    }
}

impl Ear {
    /// An ear that has heard nothing.
    ///
    /// # Errors
    /// When there is no such decoder.
    pub(crate) fn new(codec: Codec) -> Result<Self, CodecError> {
        let samples = codec.sample_rate() / 1000 * PERIOD_MS;
        Ok(Self {
            decoder: Decoder::new(codec, codec.sample_rate())?,
            window: vec![0; samples as usize * 2],
            filled: 0,
            next_timestamp: None,
            windows: 0,
            phases: Vec::new(),
        })
    }

    /// Listens to one packet of so many RTP timestamp units.
    pub(crate) fn hear(&mut self, packet: &Packet<'_>, units: u32) {
        if self.next_timestamp.is_some_and(|expected| expected != packet.timestamp) {
            (self.filled, self.windows) = (0, 0);
        }
        self.next_timestamp = Some(packet.timestamp.wrapping_add(units));
        if let Ok(samples) = self.decoder.decode(packet.payload, &mut self.window[self.filled..]) {
            self.filled += samples;
        }
    }

    /// Windows since the start or the last break in the stream.
    pub(crate) fn windows(&self) -> u32 {
        self.windows
    }

    /// Forgets what was heard, for another stream.
    pub(crate) fn reset(&mut self) {
        self.decoder.reset();
        (self.filled, self.windows, self.next_timestamp) = (0, 0, None);
    }

    /// Takes apart the window that is full, if one is.
    pub(crate) fn judge(
        &mut self,
        analyser: &Analyser,
        who: usize,
        expected: &Expected,
        disturbed: bool,
        findings: &mut Findings,
    ) {
        let length = analyser.turn.len();
        if self.filled < length {
            return;
        }
        self.windows += 1;
        // The first two windows of a decoder that started within a stream may differ.
        if self.windows > 2 {
            let contiguous = self.windows > 3;
            findings.undisturbed += u64::from(!disturbed);
            let found = self.take_apart(analyser, who, expected, contiguous, findings);
            findings.own(who, found.own, disturbed);
            findings.rest(who, Rest { disturbed, ..found }, analyser.impurity);
        }
        self.window.copy_within(length..self.filled, 0);
        self.filled -= length;
    }

    fn take_apart(
        &mut self,
        analyser: &Analyser,
        who: usize,
        expected: &Expected,
        contiguous: bool,
        findings: &mut Findings,
    ) -> Rest {
        let window = &self.window[..analyser.turn.len()];
        let total = window.iter().map(|&s| f32::from(s) * f32::from(s)).sum::<f32>() / window.len() as f32;
        findings.windows += 1;
        self.phases.resize(expected.others.len(), 0.0);
        let (mut known, mut jumped) = (0.0, false);
        for (&tone, last) in expected.others.iter().zip(&mut self.phases) {
            let (amplitude, phase) = analyser.tone(window, tone);
            known += amplitude * amplitude / 2.0;
            findings.level(who, tone, dbov(amplitude * amplitude / 2.0));
            jumped |= contiguous && angle(phase - *last) > PHASE_TOLERANCE;
            *last = phase;
        }
        let own = expected.own.map_or(0.0, |own| analyser.tone(window, own).0);
        let rest = (total - known).max(0.0);
        Rest {
            total,
            rest,
            own: dbov(own * own / 2.0),
            jumped,
            nobody: expected.others.is_empty(),
            disturbed: false,
        }
    }
}

/// What a window holds beside the talkers.
struct Rest {
    /// The power of all.
    total: f32,
    /// The power of what is no talker's.
    rest: f32,
    /// The receiver's own voice, dBov.
    own: f32,
    jumped: bool,
    nobody: bool,
    disturbed: bool,
}

impl Findings {
    fn level(&mut self, who: usize, tone: usize, level: f32) {
        self.quietest = Some(self.quietest.map_or(level, |least| least.min(level)));
        self.loudest = Some(self.loudest.map_or(level, |most| most.max(level)));
        if (level - TALKER_DBOV).abs() > LEVEL_TOLERANCE {
            self.wrong_level += 1;
            self.complain(|| format!("caller {who} hears {} Hz at {level:.1} dBov", tone_hz(tone)));
        }
    }

    fn own(&mut self, who: usize, level: f32, disturbed: bool) {
        if level > if disturbed { UNHEARD_BESIDE_JUMPS_DBOV } else { UNHEARD_DBOV } {
            self.own_voice += 1;
            self.complain(|| format!("caller {who} hears itself at {level:.1} dBov"));
        }
    }

    fn rest(&mut self, who: usize, rest: Rest, allowed: f32) {
        if rest.nobody {
            let level = dbov(rest.total);
            if level > UNHEARD_DBOV {
                self.glitches += 1;
                self.complain(|| format!("caller {who} hears {level:.1} dBov although nobody talks"));
            }
            return;
        }
        let impurity = 10.0 * (rest.rest.max(1e-3) / rest.total.max(1e-3)).log10();
        self.worst_impurity = Some(self.worst_impurity.map_or(impurity, |worst| worst.max(impurity)));
        if impurity <= allowed && !rest.jumped {
            return;
        }
        if rest.disturbed {
            self.provoked += 1;
        } else {
            self.glitches += 1;
            let what = if rest.jumped { "a jump" } else { "a glitch" };
            self.complain(|| format!("caller {who} hears {what}: {impurity:.1} dB of the sound is nobody's"));
        }
    }

    fn complain(&mut self, words: impl FnOnce() -> String) {
        if self.complaints.len() < TOLD {
            self.complaints.push(words());
        }
    }
}

fn dbov(mean_square: f32) -> f32 {
    (10.0 * (mean_square / (32_768.0 * 32_768.0)).log10()).max(-127.0)
}

/// How far an angle is from 0, radians.
fn angle(difference: f32) -> f32 {
    let turned = (difference + PI).rem_euclid(TAU) - PI;
    turned.abs()
}

#[cfg(test)]
mod tests {
    use confab_codec::Encoder;
    use confab_mixer::Tone;

    use super::*;

    const FRAME: usize = 160;

    fn tones(numbers: &[usize], frames: usize) -> Vec<i16> {
        let mut sum = vec![0; frames * FRAME];
        for &number in numbers {
            let mut one = vec![0; frames * FRAME];
            Tone::new(8000, tone_hz(number), TALKER_DBOV).fill(&mut one);
            sum.iter_mut().zip(one).for_each(|(sum, sample)| *sum += sample);
        }
        sum
    }

    fn hearing(tones: &[usize]) -> Expected {
        Expected { others: tones.to_vec(), ..Expected::default() }
    }

    /// What an ear finds in these samples.
    fn findings(pcm: &[i16], expected: &Expected) -> Findings {
        heard(pcm, expected, false)
    }

    fn heard(pcm: &[i16], expected: &Expected, disturbed: bool) -> Findings {
        let (analyser, mut findings) = (Analyser::new(Codec::Pcmu), Findings::default());
        let mut ear = Ear::new(Codec::Pcmu).unwrap();
        let mut encoder = Encoder::new(Codec::Pcmu, 8000).unwrap();
        for (number, frame) in pcm.chunks_exact(FRAME).enumerate() {
            let mut datagram = [0x80; 12 + FRAME];
            datagram[4..8].copy_from_slice(&(number as u32 * 160).to_be_bytes());
            encoder.encode(frame, &mut datagram[12..]);
            ear.hear(&Packet::parse(&datagram).unwrap(), 160);
            ear.judge(&analyser, 1, expected, disturbed, &mut findings);
        }
        findings
    }

    fn is_clean(findings: &Findings) -> bool {
        findings.windows > 0 && findings.wrong_level + findings.glitches + findings.own_voice == 0
    }

    #[test]
    fn the_right_tones_are_found_pure() {
        let expected = Expected { own: Some(3), ..hearing(&[0, 7, 39]) };
        let findings = findings(&tones(&[0, 7, 39], 40), &expected);
        assert!(is_clean(&findings), "{findings:?}");
        assert_eq!(findings.windows, 8);
    }

    #[test]
    fn a_missing_talker_the_own_voice_and_a_stranger_are_told() {
        let expected = Expected { own: Some(3), ..hearing(&[0, 7]) };
        assert_eq!(findings(&tones(&[0], 40), &expected).wrong_level, 8);
        assert_eq!(findings(&tones(&[0, 7, 3], 40), &expected).own_voice, 8);
        assert_eq!(findings(&tones(&[0, 7, 20], 40), &expected).glitches, 8);
        assert_eq!(findings(&tones(&[20], 40), &Expected::default()).glitches, 8);
        assert!(is_clean(&findings(&[0; 40 * FRAME], &Expected::default())));
    }

    /// The neighbours' tones are next to the own, where a hole in them leaves most.
    #[test]
    fn a_hole_in_the_neighbours_tones_is_not_the_own_voice() {
        let expected = Expected { own: Some(13), ..hearing(&[12, 14]) };
        let whole = tones(&[12, 14], 60);
        let worst = |disturbed: bool| -> u64 {
            let found = (1..20).map(|length| {
                let mut pcm = whole.clone();
                pcm[16 * FRAME + 40..][..length * 40].fill(0);
                heard(&pcm, &expected, disturbed).own_voice
            });
            found.sum()
        };
        assert!(worst(false) > 0);
        assert_eq!(worst(true), 0);
        assert_eq!(heard(&tones(&[12, 13, 14], 40), &expected, true).own_voice, 8);
    }

    #[test]
    fn a_frame_left_out_or_doubled_or_silent_is_a_glitch() {
        let expected = hearing(&[0, 7]);
        let whole = tones(&[0, 7], 40);
        let mut less = whole.clone();
        less.drain(16 * FRAME..17 * FRAME);
        let mut silent = whole.clone();
        silent[18 * FRAME..19 * FRAME].fill(0);
        let mut click = whole.clone();
        click[18 * FRAME] = 30_000;
        let doubled = [&whole[..17 * FRAME], &whole[16 * FRAME..]].concat();
        for (what, pcm) in [("less", less), ("silent", silent), ("doubled", doubled), ("click", click)] {
            assert!(findings(&pcm, &expected).glitches > 0, "{what}");
        }
    }
}
