//! Finding DTMF digits in audio (ITU-T Q.23, Q.24).
//!
//! Every 5 ms the newest 20 ms are looked at, at 8 kHz and under a Hann window, at the eight frequencies. They are part
//! of a digit if a row and a column tone together make up nearly all of the power, stand to each other as a
//! telephone sends them, and have the right frequency, which the advance of their phases in 5 ms tells far more
//! exactly than the width of the window would. A digit is told once it has gone on for 35 to 40 ms, and once: it may be
//! told again when it was absent for 35 ms of looks, that is, for a gap of 25 ms.

use crate::tone::{COLUMNS, KEYS, ROWS};
use std::f32::consts::{PI, TAU};
use std::sync::LazyLock;

/// The rate at which digits are looked for; all room rates are multiples of it.
const RATE: u32 = 8000;
/// How often is looked, ms and samples at [`RATE`].
pub(crate) const HOP_MS: u32 = 5;
const HOP: usize = 40;
/// How much is looked at.
const WINDOW: usize = 4 * HOP;
/// Least power of what is looked at: −48 dBov.
const AUDIBLE: f32 = 32_768.0 * 32_768.0 * 1.6e-5;
/// Least part of the power that the two tones have: as a mean over the digit (10 dB above all else), and in one look.
const PURITY: f32 = 0.91;
const LOOSE_PURITY: f32 = 0.84;
/// Power of the column tone relative to that of the row tone: −11 dB to +7 dB.
const TWIST: std::ops::RangeInclusive<f32> = 0.08..=5.0;
/// How far a tone may be off its frequency: as a mean over the digit, and in one look.
const DEVIATION: f32 = 0.0245;
const LOOSE_DEVIATION: f32 = 0.034;
/// By what factor the power of a tone may change in a digit (3.5 dB).
const STEADY: f32 = 2.24;
/// Looks that make a digit suspect, looks that tell it, and looks without it that end it.
const SUSPECT: u8 = 2;
const CONFIRM: u8 = 5;
const ABSENT: u8 = 7;

/// The detector of one line.
#[derive(Debug, Clone)]
pub struct Detector {
    decimator: Decimator,
    window: [f32; WINDOW],
    /// The energies of its parts of 5 ms.
    energies: [f32; WINDOW / HOP],
    /// The spectrum 5 ms ago.
    before: [Phasor; 8],
    run: Run,
    /// The digit that was told and goes on, and for how many looks it has been absent.
    told: Option<u8>,
    absent: u8,
}

/// Looks in a row that found the same digit.
#[derive(Debug, Clone, Copy, Default)]
struct Run {
    key: u8,
    looks: u8,
    /// Sums of the purities and deviations, least and most power of both tones.
    purity: f32,
    deviation: [f32; 2],
    least: [f32; 2],
    most: [f32; 2],
}

/// What one look found: a key by its place in Q.23, how far its tones are off, and their power.
#[derive(Debug, Clone, Copy)]
struct Found {
    key: u8,
    deviation: [f32; 2],
    power: [f32; 2],
    purity: f32,
}

/// What 5 ms brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    /// Whether the newest 25 ms are probably part of a digit.
    pub(crate) suspect: bool,
    /// A digit that is certain now.
    pub(crate) digit: Option<char>,
}

impl Detector {
    /// For audio at 8, 16, 24, 32 or 48 kHz.
    pub fn new(rate: u32) -> Self {
        LazyLock::force(&TABLES);
        Self {
            decimator: Decimator::new(rate),
            window: [0.0; WINDOW],
            energies: [0.0; WINDOW / HOP],
            before: [Phasor::default(); 8],
            run: Run::default(),
            told: None,
            absent: 0,
        }
    }

    /// Takes the next samples, a whole number of 5 ms; the digit that became certain in them. Two digits cannot in
    /// less than 60 ms.
    pub fn push(&mut self, samples: &[i16]) -> Option<char> {
        let hop = self.hop();
        samples.chunks_exact(hop).fold(None, |digit, samples| self.look(samples).digit.or(digit))
    }

    /// Samples in 5 ms.
    pub(crate) fn hop(&self) -> usize {
        HOP * self.decimator.factor
    }

    /// Goes on with audio at another rate.
    pub(crate) fn retune(&mut self, rate: u32) {
        self.decimator = Decimator::new(rate);
    }

    /// Takes the next 5 ms.
    pub(crate) fn look(&mut self, samples: &[i16]) -> Look {
        self.window.copy_within(HOP.., 0);
        self.energies.rotate_left(1);
        let newest = &mut self.window[WINDOW - HOP..];
        self.decimator.process(samples, newest);
        self.energies[WINDOW / HOP - 1] = dot(newest, newest);
        let found = self.find();
        let digit = self.follow(found);
        let suspect = found.is_some_and(|found| self.told == Some(found.key) || self.run.looks >= SUSPECT);
        Look { suspect, digit }
    }

    fn find(&mut self) -> Option<Found> {
        if self.energies.iter().sum::<f32>() < AUDIBLE * TABLES.energy {
            // The window only takes away: most lines are quiet most of the time.
            self.before = [Phasor::default(); 8];
            return None;
        }
        let windowed: [f32; WINDOW] = std::array::from_fn(|n| self.window[n] * TABLES.window[n]);
        let power = dot(&windowed, &windowed) / TABLES.energy;
        if power < AUDIBLE {
            self.before = [Phasor::default(); 8];
            return None;
        }
        let now = TABLES.spectrum(&windowed);
        let before = std::mem::replace(&mut self.before, now);
        let (row, column) = (strongest(&now[..4]), 4 + strongest(&now[4..]));
        if (now[row].power() + now[column].power()) * TABLES.scale < power * LOOSE_PURITY / 4.0 {
            return None; // even 4 % off a tone shows more
        }
        let [row_off, column_off] = [row, column].map(|i| TABLES.offset(i, now[i], before[i]));
        let [low, high] =
            [(row, row_off), (column, column_off)].map(|(i, off)| now[i].power() * TABLES.scale / droop(off));
        let deviation = [row_off / ROWS[row], column_off / COLUMNS[column - 4]];
        let purity = (low + high) / power;
        let pure = purity > LOOSE_PURITY && TWIST.contains(&(high / low));
        let exact = deviation.iter().all(|deviation| deviation.abs() < LOOSE_DEVIATION);
        (pure && exact).then_some(Found {
            key: (row * 4 + column - 4) as u8,
            deviation,
            power: [low, high],
            purity,
        })
    }

    /// The digit that this look makes certain.
    fn follow(&mut self, found: Option<Found>) -> Option<char> {
        let Some(found) = found else {
            self.run.looks = 0;
            self.absent = self.absent.saturating_add(1);
            self.told = self.told.filter(|_| self.absent < ABSENT);
            return None;
        };
        if self.told == Some(found.key) {
            self.absent = 0;
            return None;
        }
        self.run.extend(found);
        if !self.run.is_certain() {
            return None;
        }
        (self.told, self.absent) = (Some(found.key), 0);
        KEYS[usize::from(found.key / 4)].chars().nth(usize::from(found.key % 4))
    }
}

impl Run {
    fn extend(&mut self, found: Found) {
        if self.looks == 0 || self.key != found.key || !self.is_steady(found.power) {
            *self = Self { key: found.key, least: found.power, most: found.power, ..Self::default() };
        }
        self.looks = self.looks.saturating_add(1);
        self.purity += found.purity;
        for i in 0..2 {
            self.deviation[i] += found.deviation[i];
            self.least[i] = self.least[i].min(found.power[i]);
            self.most[i] = self.most[i].max(found.power[i]);
        }
    }

    fn is_steady(&self, power: [f32; 2]) -> bool {
        (0..2).all(|i| power[i] < self.least[i] * STEADY && power[i] * STEADY > self.most[i])
    }

    fn is_certain(&self) -> bool {
        let looks = f32::from(self.looks);
        let exact = self.deviation.iter().all(|sum| sum.abs() < DEVIATION * looks);
        self.looks >= CONFIRM && exact && self.purity > PURITY * looks
    }
}

fn strongest(spectrum: &[Phasor]) -> usize {
    let louder = |best: usize, i: usize| if spectrum[i].power() > spectrum[best].power() { i } else { best };
    (0..spectrum.len()).fold(0, louder)
}

/// The part of a tone's power that the window still shows when it is so many Hz off.
fn droop(offset: f32) -> f32 {
    let bins = offset.abs() * WINDOW as f32 / RATE as f32;
    if bins < 0.01 {
        return 1.0;
    }
    let amplitude = (PI * bins).sin() / (PI * bins) / (1.0 - bins * bins).max(0.1);
    (amplitude * amplitude).max(0.1)
}

#[derive(Debug, Clone, Copy, Default)]
struct Phasor {
    re: f32,
    im: f32,
}

impl Phasor {
    fn at(angle: f32) -> Self {
        Self { re: angle.cos(), im: angle.sin() }
    }

    fn power(self) -> f32 {
        self.re * self.re + self.im * self.im
    }

    /// `self` times the conjugate of `other`.
    fn against(self, other: Self) -> Self {
        Self { re: self.re * other.re + self.im * other.im, im: self.im * other.re - self.re * other.im }
    }
}

/// The window and the eight tones, the same for all detectors.
struct Tables {
    window: [f32; WINDOW],
    /// Sum of the squares of the window.
    energy: f32,
    /// From the power of a phasor to that of its tone.
    scale: f32,
    waves: [[[f32; WINDOW]; 2]; 8],
    /// How far the phase of each tone gets in 5 ms.
    advance: [Phasor; 8],
}

static TABLES: LazyLock<Tables> = LazyLock::new(Tables::new);

impl Tables {
    fn new() -> Self {
        let window = std::array::from_fn(|n| 0.5 - 0.5 * (TAU * (n as f32 + 0.5) / WINDOW as f32).cos());
        let frequencies: [f32; 8] = std::array::from_fn(|i| if i < 4 { ROWS[i] } else { COLUMNS[i - 4] });
        let turns = |i: usize, samples: usize| (frequencies[i] * samples as f32 / RATE as f32).fract();
        let angle = |i, samples| TAU * turns(i, samples);
        let wave = |i, quarter: f32| std::array::from_fn(|n| (angle(i, n) + quarter).cos());
        let sum: f32 = window.iter().sum();
        Self {
            energy: window.iter().map(|w| w * w).sum(),
            scale: 2.0 / (sum * sum),
            waves: std::array::from_fn(|i| [wave(i, 0.0), wave(i, PI / 2.0)]),
            advance: std::array::from_fn(|i| Phasor::at(angle(i, HOP))),
            window,
        }
    }

    fn spectrum(&self, samples: &[f32; WINDOW]) -> [Phasor; 8] {
        self.waves.each_ref().map(|[re, im]| Phasor { re: dot(samples, re), im: dot(samples, im) })
    }

    /// How many Hz a tone is off, by its phase now and 5 ms ago.
    fn offset(&self, tone: usize, now: Phasor, before: Phasor) -> f32 {
        let advance = now.against(before).against(self.advance[tone]);
        advance.im.atan2(advance.re) / TAU * (RATE as f32 / HOP as f32)
    }
}

/// Eight running sums, as a single one would be one long chain.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a, b) = (a.as_chunks::<8>().0, b.as_chunks::<8>().0);
    let mut sums = [0f32; 8];
    for (a, b) in a.iter().zip(b) {
        for i in 0..8 {
            sums[i] += a[i] * b[i];
        }
    }
    sums.iter().sum()
}

/// Brings audio to 8 kHz through a triangular filter: little is left of what would fold onto the tones (−25 dB), and
/// the highest of them loses half a dB.
#[derive(Debug, Clone)]
struct Decimator {
    factor: usize,
    /// What the samples so far give to the next one at 8 kHz.
    carry: f32,
}

impl Decimator {
    fn new(rate: u32) -> Self {
        Self { factor: (rate / RATE).max(1) as usize, carry: 0.0 }
    }

    fn process(&mut self, samples: &[i16], out: &mut [f32]) {
        match self.factor {
            1 => out.iter_mut().zip(samples).for_each(|(out, &sample)| *out = f32::from(sample)),
            2 => self.reduce::<2>(samples, out),
            3 => self.reduce::<3>(samples, out),
            4 => self.reduce::<4>(samples, out),
            _ => self.reduce::<6>(samples, out),
        }
    }

    fn reduce<const FACTOR: usize>(&mut self, samples: &[i16], out: &mut [f32]) {
        let step = 1.0 / (FACTOR * FACTOR) as f32;
        for (out, samples) in out.iter_mut().zip(samples.as_chunks::<FACTOR>().0) {
            let (mut now, mut next) = (0.0, 0.0);
            for (i, &sample) in samples.iter().enumerate() {
                now += (FACTOR - i) as f32 * step * f32::from(sample);
                next += i as f32 * step * f32::from(sample);
            }
            *out = self.carry + now;
            self.carry = next;
        }
    }
}
