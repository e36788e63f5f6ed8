//! What one codec carries reaches another through a room of any rate: as loud, as late as computed, without a click.

use confab_codec::{Codec, Decoder, Encoder, Opus, Resampler};
use proptest::prelude::*;
use std::f64::consts::TAU;

const RATES: [u32; 5] = [8000, 16_000, 24_000, 32_000, 48_000];
const FREQUENCY: f64 = 1000.0;
/// Peak of a tone of −20 dBov.
const LEVEL: f64 = 4634.0;

/// One direction of a leg: a codec with packets of `ptime` ms.
#[derive(Debug, Clone, Copy)]
struct Leg {
    codec: Codec,
    ptime: usize,
}

impl Leg {
    /// Samples (at `from`, Hz) as they come out of this leg's coders at `to`.
    fn carry(self, samples: &[i16], from: u32, to: u32) -> Vec<i16> {
        let rate = self.codec.coder_rate(if self.codec.is_packetized() { from } else { to });
        let coded = resampled(samples, from, rate);
        let mut encoder = Encoder::new(self.codec, rate).expect("its own rate");
        let mut decoder = Decoder::new(self.codec, rate).expect("its own rate");
        let (mut payload, mut heard) = ([0; 8000], Vec::new());
        for packet in coded.chunks_exact(rate as usize * self.ptime / 1000) {
            let octets = encoder.encode(packet, &mut payload);
            let mut out = vec![0; packet.len()];
            assert_eq!(decoder.decode(&payload[..octets], &mut out), Ok(packet.len()));
            heard.extend(out);
        }
        resampled(&heard, rate, to)
    }

    /// How late a sound comes out of the codec itself, µs: the filters of G.722 (22 samples at 16 kHz), the lookahead
    /// of libopus (6.5 ms).
    fn delay_us(self) -> f64 {
        match self.codec {
            Codec::G722 => 22.0 / 16.0 * 1000.0,
            Codec::Opus(_) => 6500.0,
            _ => 0.0,
        }
    }

    /// How far its own noise is below a tone of −20 dBov at least, dB. What Opus makes of a tone is no noise figure.
    fn noise_distance(self) -> f64 {
        match self.codec {
            Codec::Pcmu | Codec::Pcma => 33.0,
            Codec::G722 => 40.0,
            Codec::L16 { .. } => 60.0,
            Codec::Opus(_) => 20.0,
        }
    }

    fn resampling_us(self, room: u32) -> f64 {
        let rate = self.codec.coder_rate(room);
        2.0 * f64::from(Resampler::new(rate, room).expect("known rates").delay_us())
    }
}

fn resampled(samples: &[i16], from: u32, to: u32) -> Vec<i16> {
    let mut out = vec![0; samples.len() * to as usize / from as usize];
    Resampler::new(from, to).expect("known rates").process(samples, &mut out);
    out
}

fn tone(rate: u32, len: usize) -> Vec<i16> {
    let wave = |n| (TAU * FREQUENCY * n as f64 / f64::from(rate)).sin();
    (0..len).map(|n| (LEVEL * wave(n)).round() as i16).collect()
}

/// Level against [`LEVEL`] in dB, delay in µs (of a period of 1000), what is not the tone in dB under it, and the
/// largest step against the tone's own.
fn analysed(samples: &[i16], rate: u32) -> (f64, f64, f64, f64) {
    let (mut sine, mut cosine) = (0.0, 0.0);
    let turn = |n: usize| (TAU * FREQUENCY * n as f64 / f64::from(rate)).sin_cos();
    for (n, &sample) in samples.iter().enumerate() {
        let (s, c) = turn(n);
        sine += f64::from(sample) * s * 2.0 / samples.len() as f64;
        cosine += f64::from(sample) * c * 2.0 / samples.len() as f64;
    }
    let rest =
        |(n, &sample): (usize, &i16)| (f64::from(sample) - sine * turn(n).0 - cosine * turn(n).1).powi(2);
    let rest = samples.iter().enumerate().map(rest).sum::<f64>() / samples.len() as f64;
    let peak = sine.hypot(cosine);
    let step = samples.windows(2).map(|w| (f64::from(w[1]) - f64::from(w[0])).abs()).fold(0.0, f64::max);
    let own_step = peak * 2.0 * (TAU * FREQUENCY / f64::from(rate) / 2.0).sin();
    let delay = (-cosine.atan2(sine) / TAU * 1000.0).rem_euclid(1000.0);
    (20.0 * (peak / LEVEL).log10(), delay, 10.0 * (peak * peak / 2.0 / rest).log10(), step / own_step)
}

fn legs() -> impl Strategy<Value = Leg> {
    let opus = Opus { bitrate: 64_000, ..Opus::default() };
    let opus = move |packet_ms: usize| Codec::Opus(Opus { packet_ms: packet_ms as u8, ..opus });
    let stream = prop::sample::select(vec![
        Codec::Pcmu,
        Codec::Pcma,
        Codec::G722,
        Codec::L16 { rate: 8000 },
        Codec::L16 { rate: 16_000 },
        Codec::L16 { rate: 48_000 },
    ]);
    prop_oneof![
        3 => (stream, 1_usize..=6).prop_map(|(codec, tens)| Leg { codec, ptime: tens * 10 }),
        1 => prop::sample::select(vec![10, 20, 40, 60]).prop_map(move |ptime| Leg { codec: opus(ptime), ptime }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_codec_reaches_any_other(from in legs(), to in legs(), room in prop::sample::select(RATES.to_vec())) {
        let sent = tone(room, room as usize);
        let heard = to.carry(&from.carry(&sent, room, room), room, room);
        let steady = heard.len() / 5 * 2;
        let start = steady - steady % (room as usize / 1000);
        let (level, delay, distance, step) = analysed(&heard[start..], room);
        prop_assert!(level.abs() < 0.5, "level {level} dB");
        let expected = from.delay_us() + to.delay_us() + from.resampling_us(room) + to.resampling_us(room);
        let off = (delay - expected + 500.0).rem_euclid(1000.0) - 500.0;
        // The filters inside libopus turn the phase a little.
        let tolerance = if from.codec.is_packetized() || to.codec.is_packetized() { 160.0 } else { 40.0 };
        prop_assert!(off.abs() < tolerance, "delay {delay} µs, not {expected} µs");
        // Two codecs of one kind make 3 dB more noise than one.
        let own = from.noise_distance().min(to.noise_distance()) - 3.0;
        prop_assert!(distance > own, "noise {distance} dB below");
        prop_assert!(step < 1.0 + 4.0 * 10_f64.powf(-own / 20.0) * f64::from(room) / 8000.0, "a step of {step}");
    }
}
