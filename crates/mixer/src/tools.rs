//! What a member has beside the plain path: gain control, a gate that sets itself, a guard, digits, denoising.

use crate::agc::Agc;
use crate::echo::Answer;
use crate::gain::cross_fade;
use crate::guard::{Guard, Noise};
use crate::inband::DigitFinder;
use crate::member::{Control, MemberConfig};
use crate::muted::MutedTalk;

/// Which of them are on, and their state. The tick touches it only while one is.
#[derive(Debug, Default)]
pub(crate) struct Tools {
    pub(crate) agc: Option<Agc>,
    pub(crate) noise: Option<Noise>,
    pub(crate) guard: Option<Guard>,
    pub(crate) muted: Option<MutedTalk>,
    pub(crate) echo: Answer,
    /// What finds digits: large, and there only while it is or was wanted.
    pub(crate) finder: Option<Box<DigitFinder>>,
    pub(crate) digits: Switch,
    pub(crate) denoise: Switch,
    wants_denoising: bool,
    /// The level of the gate as it was set.
    pub(crate) energy: u16,
}

/// Something that delays the voice: it comes in and goes with a cross-fade.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Switch {
    pub(crate) is: bool,
    pub(crate) was: bool,
}

impl Switch {
    /// On, or on until this frame.
    pub(crate) fn matters(self) -> bool {
        self.is || self.was
    }

    /// Writes what is heard of the two, or the way from one to the other.
    pub(crate) fn pass(&mut self, without: &[i16], with: &[i16], out: &mut [i16]) {
        let was = std::mem::replace(&mut self.was, self.is);
        match (was, self.is) {
            (false, false) => out.copy_from_slice(without),
            (true, true) => out.copy_from_slice(with),
            (false, true) => cross_fade(without, with, out),
            (true, false) => cross_fade(with, without, out),
        }
    }
}

impl Tools {
    /// Another member has the slot.
    pub(crate) fn reset(&mut self, config: MemberConfig, rate: u32) {
        if let Some(finder) = &mut self.finder {
            finder.reset(rate);
        }
        let digits = Switch { is: config.inband_digits, was: config.inband_digits };
        let denoise = Switch { is: config.denoise, was: config.denoise };
        *self = Self { finder: self.finder.take(), digits, denoise, ..Self::default() };
        self.wants_denoising = config.denoise;
        self.set(Control::Energy(config.energy));
        self.set(Control::AutoEnergy(config.auto_energy));
        self.set(Control::Agc(config.agc));
        self.set(Control::LoudGuard(config.loud_guard));
    }

    /// Goes on where `old` was, at another rate, and leaves it nothing.
    pub(crate) fn adopt(&mut self, old: &mut Self, rate: u32) {
        *self = std::mem::take(old);
        if let Some(finder) = &mut self.finder {
            finder.retune(rate);
        }
    }

    /// Whether noise may be taken out of those voices that are to be without it.
    pub(crate) fn allow_denoising(&mut self, on: bool) {
        self.denoise.is = self.wants_denoising && on;
    }

    pub(crate) fn set(&mut self, control: Control) {
        match control {
            Control::Energy(level) => self.energy = level,
            Control::AutoEnergy(on) => self.noise = on.then(|| self.noise.take().unwrap_or_else(Noise::new)),
            Control::Agc(target) => self.set_agc(target),
            Control::LoudGuard(config) => self.guard = config.map(Guard::new),
            Control::InbandDigits(on) => self.digits.is = on && self.finder.is_some(),
            Control::Denoise(on) => self.wants_denoising = on,
            Control::MuteDetect(on) => self.muted = on.then(|| self.muted.take().unwrap_or_default()),
            Control::Echo(action) => self.echo = Answer::new(action),
            _ => {}
        }
    }

    /// Whether any of them is on, and so the tick has to look here.
    pub(crate) fn in_use(&self) -> bool {
        let listening = self.agc.is_some() || self.noise.is_some() || self.guard.is_some();
        let listening = listening || self.muted.is_some() || self.echo.listens();
        listening || self.digits.matters() || self.denoise.matters()
    }

    /// Whether the voice comes late, so that something is still to come when its frames are silent.
    pub(crate) fn delays(&self) -> bool {
        self.digits.matters() || self.denoise.matters()
    }

    /// The level for the gate.
    pub(crate) fn level(&self) -> u32 {
        match &self.noise {
            Some(noise) => noise.level(self.energy),
            None => self.energy.into(),
        }
    }

    /// Looks at the newest frame, if there is one, and its score; `open` is whether the room hears the member.
    pub(crate) fn judge(
        &mut self,
        frame: Option<&[i16]>,
        score: Option<u32>,
        open: bool,
        interval_ms: u16,
    ) -> Judgement {
        let heard = frame.zip(score);
        let too_loud = heard.is_some_and(|(_, score)| {
            self.guard.as_mut().is_some_and(|guard| guard.hear(score, interval_ms))
        });
        if let (Some(noise), Some((_, score))) = (&mut self.noise, heard) {
            noise.hear(score, interval_ms);
        }
        let muted = self.guard.as_ref().is_some_and(Guard::is_muting) || self.echo.part == 0.0;
        let open = open && !muted;
        let gain = self.agc.as_mut().map_or(1.0, |agc| match heard {
            Some((frame, _)) => agc.next(rms(frame), open, f32::from(interval_ms)),
            None => agc.gain(),
        });
        Judgement { gain, muted, too_loud, part: self.echo.part }
    }

    fn set_agc(&mut self, target: Option<i8>) {
        match (target, &mut self.agc) {
            (Some(target), Some(agc)) => agc.set_target(target),
            (target, agc) => *agc = target.map(Agc::new),
        }
    }
}

/// What the tools make of a frame.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Judgement {
    /// Factor of the gain control.
    pub(crate) gain: f32,
    /// Whether the member is muted for being too loud, and whether that begins now.
    pub(crate) muted: bool,
    pub(crate) too_loud: bool,
    /// What is left of the voice of him who sends back what he is sent.
    pub(crate) part: f32,
}

/// By eight running sums, as a single one would be one long chain.
fn rms(samples: &[i16]) -> f32 {
    let mut sums = [0f32; 8];
    let (groups, _) = samples.as_chunks::<8>(); // frames are whole groups
    for samples in groups {
        for (sum, &sample) in sums.iter_mut().zip(samples) {
            *sum += f32::from(sample) * f32::from(sample);
        }
    }
    (sums.iter().sum::<f32>() / samples.len() as f32).sqrt()
}
