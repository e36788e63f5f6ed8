//! One tick of a room of G.711 members: the whole, and its parts.
#![allow(missing_docs, reason = "criterion's macros make public items")]

use confab_codec::{ComfortNoise, Law};
use confab_mixer::{Desk, Hear, MemberConfig, Mixer, MixerConfig, Slot, Tone};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

const RATE: u32 = 8000;
const FRAME: usize = 160;
/// Frames that each member sends round and round.
const FRAMES: usize = 50;
const ENERGY: u16 = 100;

/// A room whose first members talk while the others send the noise of their line.
struct Room {
    mixer: Mixer,
    desk: Desk,
    slots: Vec<Slot>,
    payloads: Vec<Vec<[u8; FRAME]>>,
    encoded: Vec<Option<[u8; FRAME]>>,
    ticks: usize,
}

impl Room {
    fn new(members: usize, talkers: usize) -> Self {
        let mut mixer = Mixer::new(MixerConfig { rate: RATE, ..MixerConfig::default() });
        let member = MemberConfig {
            speak: true,
            hear: Hear::Room { gain_db: 0.0 },
            energy: ENERGY,
            ..Default::default()
        };
        let slots = (0..members).map(|_| mixer.add(member)).collect();
        let payloads = (0..members).map(|i| if i < talkers { voice(i) } else { line_noise(i) }).collect();
        let (desk, encoded) = (Desk::default(), vec![None; members]);
        let mut room = Self { mixer, desk, slots, payloads, encoded, ticks: 0 };
        (0..FRAMES).for_each(|_| room.tick());
        room
    }

    fn decode(&mut self) {
        self.ticks += 1;
        for (slot, payloads) in self.slots.iter().zip(&self.payloads) {
            let mut pcm = [0; FRAME];
            Law::Mu.decode(&payloads[self.ticks % FRAMES], &mut pcm);
            self.mixer.input(*slot, &pcm);
        }
    }

    /// One render and one encode for all who hear the same.
    fn encode(&mut self) {
        self.encoded.fill(None);
        for &slot in &self.slots {
            let key = self.mixer.listening(slot);
            let payload = &mut self.encoded[key.index()];
            if payload.is_none() {
                let pcm = self.mixer.render(&mut self.desk, key);
                Law::Mu.encode(pcm, payload.insert([0; FRAME]));
            }
            black_box(payload);
        }
    }

    fn tick(&mut self) {
        self.decode();
        self.mix();
        self.encode();
    }

    fn mix(&mut self) {
        self.mixer.tick(&mut self.desk);
    }
}

fn encoded(pcm: &[i16]) -> Vec<[u8; FRAME]> {
    let encode = |frame: &[i16]| {
        let mut payload = [0; FRAME];
        Law::Mu.encode(frame, &mut payload);
        payload
    };
    pcm.chunks_exact(FRAME).map(encode).collect()
}

fn voice(member: usize) -> Vec<[u8; FRAME]> {
    let mut pcm = vec![0; FRAMES * FRAME];
    Tone::new(RATE, 200.0 + 70.0 * member as f32, -20.0).fill(&mut pcm);
    encoded(&pcm)
}

fn line_noise(member: usize) -> Vec<[u8; FRAME]> {
    let mut pcm = vec![0; FRAMES * FRAME];
    ComfortNoise::new(400, RATE, member as u64).fill(&mut pcm);
    encoded(&pcm)
}

fn whole_tick(c: &mut Criterion) {
    let mut group = c.benchmark_group("room tick");
    for members in [3, 10, 100, 1000] {
        for talkers in [1, 3, 10].into_iter().filter(|talkers| *talkers <= members) {
            let mut room = Room::new(members, talkers);
            group.throughput(Throughput::Elements(members as u64));
            let id = BenchmarkId::new(format!("{talkers} talkers"), members);
            group.bench_function(id, |b| b.iter(|| room.tick()));
        }
    }
}

/// The parts of the tick of 100 members with 3 talkers.
fn parts(c: &mut Criterion) {
    let mut group = c.benchmark_group("parts of 100 members");
    let mut room = Room::new(100, 3);
    group.bench_function("decode", |b| b.iter(|| room.decode()));
    let (mut silent, hiss) = (Room::new(100, 0), [20; FRAME]);
    group.bench_function("gate and grouping, nobody talks", |b| {
        b.iter(|| {
            silent.slots.iter().for_each(|&slot| silent.mixer.input(slot, &hiss));
            silent.mix();
        });
    });
    group.bench_function("gate, mix and grouping, 3 talk", |b| {
        b.iter(|| {
            room.slots.iter().for_each(|&slot| room.mixer.input(slot, &hiss));
            room.mix();
        });
    });
    room.tick();
    group.bench_function("mix-minus, limit and encode, 4 keys", |b| b.iter(|| room.encode()));
}

/// One member's mix: the subtraction, the gain and the limiter, at rest and at work.
fn render(c: &mut Criterion) {
    let mut group = c.benchmark_group("render");
    let mut pcm = [0; FRAME];
    for (name, level_dbov) in [("limiter at rest", -20.0), ("limiter at work", -3.1)] {
        let mut room = Room::new(4, 0);
        for _ in 0..5 {
            for &slot in &room.slots[..3] {
                Tone::new(RATE, 500.0, level_dbov).fill(&mut pcm);
                room.mixer.input(slot, &pcm);
            }
            room.mix();
        }
        for (who, slot) in [("a listener", room.slots[3]), ("a talker", room.slots[0])] {
            let key = room.mixer.listening(slot);
            group.bench_function(format!("{who}, {name}"), |b| {
                b.iter(|| black_box(room.mixer.render(&mut room.desk, black_box(key))).len());
            });
        }
    }
}

/// A hundred members who send noise at 8 or 48 kHz, with one of the tools on, or nothing; and who are heard or not.
fn tools(c: &mut Criterion) {
    let plain =
        MemberConfig { speak: true, hear: Hear::Room { gain_db: 0.0 }, energy: ENERGY, ..Default::default() };
    let tools = [
        ("none", plain),
        ("denoise", MemberConfig { denoise: true, ..plain }),
        ("agc", MemberConfig { agc: Some(-20), ..plain }),
        ("auto energy", MemberConfig { auto_energy: true, ..plain }),
        ("in-band digits", MemberConfig { inband_digits: true, ..plain }),
    ];
    for rate in [8000, 16_000, 48_000] {
        let mut group = c.benchmark_group(format!("tools of 100 members at {rate} Hz"));
        group.throughput(Throughput::Elements(100));
        for (name, config) in tools {
            for (heard, level_dbov) in [("unheard", -60.0), ("heard", -30.0)] {
                let (mut mixer, mut desk, slots) = crowd(rate, config);
                let frame = tone(rate, level_dbov);
                group.bench_function(format!("{name}, {heard}"), |b| {
                    b.iter(|| {
                        slots.iter().for_each(|&slot| mixer.input(slot, &frame));
                        mixer.tick(&mut desk).count()
                    });
                });
            }
        }
        let (mut mixer, mut desk, _) = crowd(rate, plain);
        group.bench_function("nothing sent", |b| b.iter(|| mixer.tick(&mut desk).count()));
    }
}

fn crowd(rate: u32, config: MemberConfig) -> (Mixer, Desk, Vec<Slot>) {
    let mut mixer = Mixer::new(MixerConfig { rate, denoise: config.denoise, ..MixerConfig::default() });
    let mut desk = Desk::default();
    let slots = (0..100).map(|_| mixer.add(config)).collect();
    (0..100).for_each(|_| drop(mixer.tick(&mut desk)));
    (mixer, desk, slots)
}

fn tone(rate: u32, level_dbov: f32) -> Vec<i16> {
    let mut frame = vec![0; rate as usize / 50];
    Tone::new(rate, 433.0, level_dbov).fill(&mut frame);
    frame
}

criterion_group!(benches, whole_tick, parts, render, tools);
criterion_main!(benches);
