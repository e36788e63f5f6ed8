//! Any two phones, whatever their codecs, packets and the room's rate: the level, the delay and the sound are right.

use std::time::Duration;

use confab_audio::Format;
use confab_codec::{Codec, Opus};
use confab_mixer::{MixerConfig, level_dbov, tone_level_dbov};
use confab_sim::{PhoneConfig, Random, Scene, Sound, Talk, measure};

const HZ: f64 = 1000.0;
const CODECS: [Codec; 8] = [
    Codec::Pcmu,
    Codec::Pcma,
    Codec::G722,
    Codec::L16 { rate: 8000 },
    Codec::L16 { rate: 16_000 },
    Codec::L16 { rate: 48_000 },
    OPUS,
    Codec::Opus(Opus { packet_ms: 40, ..SENT }),
];
const SENT: Opus =
    Opus { bitrate: 32_000, complexity: 5, fec: true, expected_loss: 0, dtx: false, packet_ms: 20 };
const OPUS: Codec = Codec::Opus(SENT);

/// Two phones and their room.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    pub(crate) said: Codec,
    pub(crate) heard: Codec,
    pub(crate) said_ptime_ms: u32,
    pub(crate) heard_ptime_ms: u8,
    pub(crate) rate: u32,
    pub(crate) interval_ms: u16,
}

impl Pair {
    fn drawn(random: &mut Random) -> Self {
        let mut draw = |len: usize| (random.fraction() * len as f64) as usize;
        let ptimes = [10, 20, 30, 40, 60];
        let (said, heard) = (CODECS[draw(CODECS.len())], CODECS[draw(CODECS.len())]);
        // What does not fit in one packet of a usual network is not sent.
        let mut ptime = |codec| match codec {
            Codec::L16 { rate: 48_000 } => 10,
            Codec::L16 { .. } => ptimes[draw(4)],
            _ => ptimes[draw(5)],
        };
        Self {
            said,
            heard,
            said_ptime_ms: ptime(said),
            heard_ptime_ms: ptime(heard) as u8,
            rate: Format::RATES[draw(5)],
            interval_ms: [10, 20, 20, 20, 40, 60][draw(6)],
        }
    }

    fn run(self, sound: Sound) -> (Scene, confab_sim::PhoneId, confab_sim::PhoneId) {
        let mixer = MixerConfig { rate: self.rate, interval_ms: self.interval_ms, ..MixerConfig::default() };
        let mut scene = Scene::with(mixer, confab_audio::Tuning::Fixed, 1);
        let talker = PhoneConfig { ptime_ms: self.said_ptime_ms, ..PhoneConfig::new(self.said) };
        let talker = scene.join(talker.saying(Talk::always(sound)));
        let listener =
            scene.join(PhoneConfig { wanted_ptime_ms: self.heard_ptime_ms, ..PhoneConfig::new(self.heard) });
        scene.run(Duration::from_millis(3600));
        (scene, talker, listener)
    }

    /// A tone keeps its level, gains no noise that neither codec makes, and is never broken.
    pub(crate) fn assert_carries_a_tone(self) {
        let (scene, _, listener) = self.run(Sound::tone(HZ as f32, -20.0));
        let heard = scene.phone(listener).heard();
        let sound = heard.between_ms(1500, 3500);
        let level = tone_level_dbov(sound, heard.rate, HZ as f32);
        let noise = measure::residual_dbov(sound, heard.rate, HZ, 20).into_iter().fold(f32::MIN, f32::max);
        assert!((level + 20.0).abs() < 0.5, "{level} dBov: {self:?}");
        assert!(noise < self.noise_dbov() + 3.0, "{noise} dBov of noise: {self:?}");
        assert_eq!(measure::clicks(sound, heard.rate), [], "{self:?}");
    }

    /// Length of the packets of either side, ms.
    fn packets_ms(self) -> (f64, f64) {
        let of = |codec, ptime: u32| match codec {
            Codec::Opus(opus) => f64::from(opus.packet_ms),
            _ => f64::from(ptime),
        };
        (of(self.said, self.said_ptime_ms), of(self.heard, self.heard_ptime_ms.into()))
    }

    /// The least and the most delay that such a pair may have, ms: at most a packet and a tick of waiting on the way in, what
    /// a longer packet waits for on the way out, and what codecs and resamplers take.
    fn delay_ms(self) -> (f64, f64) {
        let own = |codec| match codec {
            Codec::Opus(_) => 6.5,
            Codec::G722 => 1.5,
            _ => 0.0,
        };
        let resampled = |codec: Codec| if codec.coder_rate(self.rate) == self.rate { 0.0 } else { 5.0 };
        let (packet_in, packet_out) = self.packets_ms();
        let tick = f64::from(self.interval_ms);
        let codecs = own(self.said) + own(self.heard) + resampled(self.said) + resampled(self.heard);
        (-packet_in, codecs + tick + packet_in.max(tick) + packet_out.max(tick) + 5.0)
    }

    /// The noise of a −20 dBov tone that the worse of the two codecs makes by itself, dBov.
    fn noise_dbov(self) -> f32 {
        let own = |codec| match codec {
            Codec::Pcmu | Codec::Pcma => -52.0,
            Codec::G722 => -50.0,
            Codec::L16 { .. } => -75.0,
            Codec::Opus(_) => -42.0,
        };
        f32::max(own(self.said), own(self.heard))
    }
}

#[test]
fn a_tone_keeps_its_level_and_gains_no_noise() {
    let mut random = Random::new(11);
    (0..60).for_each(|_| Pair::drawn(&mut random).assert_carries_a_tone());
}

#[test]
fn a_voice_comes_in_time_and_whole() {
    let mut random = Random::new(12);
    for _ in 0..30 {
        let pair = Pair::drawn(&mut random);
        let (scene, talker, listener) = pair.run(Sound::voice(2));
        let (least, most) = pair.delay_ms();
        let delays: Vec<f64> = (10..30)
            .step_by(4)
            .filter_map(|step| scene.delay_ms(talker, listener, Duration::from_millis(100 * step)))
            .collect();
        assert!(delays.len() >= 3, "{pair:?}");
        assert!(
            delays.iter().all(|delay| (least..=most).contains(delay)),
            "{delays:?} not in {least}..{most}: {pair:?}"
        );
        let (said, heard) = (scene.phone(talker).said(), scene.phone(listener).heard());
        let levels = level_dbov(said.between_ms(1000, 3000)) - level_dbov(heard.between_ms(1030, 3030));
        assert!(levels.abs() < 1.5, "{levels} dB: {pair:?}");
    }
}

/// Nothing is coded or resampled on the way from one L16 or G.711 phone to another of its kind.
#[test]
fn a_codec_without_loss_hands_on_every_sample() {
    for (codec, rate) in [(Codec::Pcmu, 8000), (Codec::Pcma, 8000), (Codec::L16 { rate: 16_000 }, 16_000)] {
        let mut scene = Scene::new(rate, 1);
        let talker = scene.join(PhoneConfig::new(codec).saying(Talk::always(Sound::voice(2))));
        let listener = scene.join(PhoneConfig::new(codec));
        scene.run_secs(4);
        let (said, heard) = (&scene.phone(talker).said().samples, &scene.phone(listener).heard().samples);
        let frame = rate as usize / 50;
        let through = |samples: &[i16]| {
            confab_sim::carry(codec, rate, samples, confab_sim::Loss::None, 1, confab_sim::Filling::Silence)
        };
        let once = through(said).expect("the codec runs at its rate");
        let same = (0..4)
            .any(|late| once[frame * 10..frame * 150] == heard[frame * (10 + late)..frame * (150 + late)]);
        assert!(same, "{codec:?}");
    }
}
