//! Sends a WAV file through a codec and a lossy line, and writes what is heard.
//!
//! `degrade CODEC LOSS_PERCENT BURST SEED IN.wav OUT.wav`, with CODEC of pcmu, pcma, g722, l16 and opus. BURST packets
//! are lost at a time. With `silence` as a last argument nothing is concealed, with `ahead` the packet behind a lost
//! one is at hand, as it is where a jitter buffer holds it.

use confab_codec::{Codec, Decoder, Encoder, Opus, Resampler, read_audio};
use std::error::Error;

const PACKET_MS: usize = 20;

struct Line {
    percent: f64,
    burst: usize,
    state: u64,
    left: usize,
}

impl Line {
    /// Whether the next packet is lost.
    fn loses(&mut self) -> bool {
        if self.left == 0 && self.random() < self.percent / 100.0 / self.burst as f64 {
            self.left = self.burst;
        }
        let lost = self.left > 0;
        self.left = self.left.saturating_sub(1);
        lost
    }

    /// Uniform from 0 to 1 (a linear congruential generator).
    fn random(&mut self) -> f64 {
        self.state =
            self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 11) as f64 / (1_u64 << 53) as f64
    }
}

fn codec(name: &str, loss: f64) -> Result<Codec, String> {
    match name {
        "pcmu" => Ok(Codec::Pcmu),
        "pcma" => Ok(Codec::Pcma),
        "g722" => Ok(Codec::G722),
        "l16" => Ok(Codec::L16 { rate: 16_000 }),
        "opus" => Ok(Codec::Opus(Opus { expected_loss: loss.ceil() as u8, ..Opus::default() })),
        _ => Err(format!("no codec {name}")),
    }
}

fn packets(codec: Codec, rate: u32, samples: &[i16]) -> Result<Vec<Vec<u8>>, Box<dyn Error>> {
    let mut encoder = Encoder::new(codec, rate)?;
    let mut octets = [0; 4000];
    let packet = |frame| {
        let length = encoder.encode(frame, &mut octets);
        octets[..length].to_vec()
    };
    Ok(samples.chunks_exact(rate as usize * PACKET_MS / 1000).map(packet).collect())
}

fn heard(mut decoder: Decoder, frame: usize, packets: &[Option<Vec<u8>>], mode: &str) -> Vec<i16> {
    let mut heard = Vec::new();
    for (n, packet) in packets.iter().enumerate() {
        let mut out = vec![0; frame];
        let next = packets.get(n + 1).and_then(Option::as_ref).filter(|_| mode == "ahead");
        match packet {
            Some(packet) => drop(decoder.decode(packet, &mut out)),
            None if mode == "silence" => {}
            None if next.is_some_and(|next| decoder.recover(next, &mut out)) => {}
            None => decoder.conceal(&mut out),
        }
        heard.extend(out);
    }
    heard
}

#[expect(clippy::disallowed_methods, reason = "a tool for people, not a part of the pure crate")]
fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, loss, burst, seed, input, output, mode @ ..] = &arguments[..] else {
        return Err("usage: degrade CODEC LOSS_PERCENT BURST SEED IN.wav OUT.wav [silence|ahead]".into());
    };
    let percent = loss.parse()?;
    let codec = codec(name, percent)?;
    let wav = read_audio(&std::fs::read(input)?, 600)?;
    let rate = codec.coder_rate(wav.rate);
    let mut samples = vec![0; wav.samples.len() / (wav.rate as usize / 100) * (rate as usize / 100)];
    let whole = samples.len() * wav.rate as usize / rate as usize;
    Resampler::new(wav.rate, rate)?.process(&wav.samples[..whole], &mut samples);

    let mut line = Line { percent, burst: burst.parse()?, state: seed.parse()?, left: 0 };
    let packets = packets(codec, rate, &samples)?;
    let arrived: Vec<_> = packets.into_iter().map(|packet| (!line.loses()).then_some(packet)).collect();
    let frame = rate as usize * PACKET_MS / 1000;
    let mode = mode.first().map_or("", String::as_str);
    let heard = heard(Decoder::new(codec, rate)?, frame, &arrived, mode);

    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: rate,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(output, spec)?;
    heard.into_iter().try_for_each(|sample| writer.write_sample(sample))?;
    Ok(writer.finalize()?)
}
