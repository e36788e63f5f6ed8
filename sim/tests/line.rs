//! What the room makes of bad lines: jitter, stalls, clocks that are off, duplicates, losses.

use std::time::Duration;

use confab_codec::Codec;
use confab_sim::{Conditions, PhoneConfig, PhoneId, Scene, Sound, Talk};

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A talker on this line and a listener on a perfect one.
fn talk(codec: Codec, uplink: Conditions, clock_ppm: f64, seed: u64) -> (Scene, PhoneId, PhoneId) {
    let mut scene = Scene::new(codec.sample_rate().min(16_000), seed);
    let talker = PhoneConfig { uplink, clock_ppm, ..PhoneConfig::new(codec) };
    let talker = scene.join(talker.saying(Talk::always(Sound::voice(seed))));
    let listener = scene.join(PhoneConfig::new(codec));
    (scene, talker, listener)
}

/// The delay in each second from `from` to `to`, where something was said.
fn delays(scene: &Scene, talker: PhoneId, listener: PhoneId, from: u64, to: u64) -> Vec<f64> {
    (from..to).filter_map(|second| scene.delay_ms(talker, listener, secs(second))).collect()
}

fn median(delays: &[f64]) -> f64 {
    let mut sorted = delays.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

#[test]
fn explore() {
    for (name, codec, uplink, ppm) in [
        ("opus loss 5", Codec::Opus(confab_codec::Opus { expected_loss: 5, ..Default::default() }), Conditions::loss(0.05), 0.0),
    ] {
        let (mut scene, talker, listener) = talk(codec, uplink, ppm, 1);
        scene.run_secs(40);
        let all = delays(&scene, talker, listener, 1, 39);
        println!("{name}: median {:.1} {:?}", median(&all), all.iter().map(|d| d.round() as i32).collect::<Vec<_>>());
        for (at, event) in scene.events() { if let confab_audio::Event::LegQuality { leg, quality, verdict } = event { println!("{at:?} {leg:?} {:?} {verdict:?}", quality.uplink) } }
        println!("   {:?}", scene.phone(listener).counts());
    }
}
