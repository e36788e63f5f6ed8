//! "Why is he choppy": each cause, put in by hand, is named.

use std::time::Duration;

use confab_audio::Event;
use confab_rtp::Verdict;
use confab_sim::{Conditions, PhoneConfig, Scene, Sound, Talk};

/// What is said of a phone's line in the end.
fn verdict(config: PhoneConfig, lateness_ms: u64) -> Verdict {
    let mut scene = Scene::new(8000, 1);
    let phone = scene.join(config.saying(Talk::always(Sound::voice(1))));
    scene.join(PhoneConfig::default().saying(Talk::always(Sound::voice(2))));
    scene.run_secs(1);
    scene.be_late(Duration::from_millis(lateness_ms));
    scene.run_secs(90);
    let told = |(_, event): &(Duration, Event)| match event {
        Event::LegQuality { verdict, .. } if Scene::is_about(event, phone) => Some(*verdict),
        _ => None,
    };
    scene.events().iter().rev().find_map(told).expect("a line is looked at from time to time")
}

#[test]
fn each_cause_is_named() {
    let bad = Conditions::loss(0.08);
    for (name, config, lateness_ms, expected) in [
        ("nothing", PhoneConfig::default(), 0, Verdict::Good),
        ("his uplink", PhoneConfig { uplink: bad.clone(), ..PhoneConfig::default() }, 0, Verdict::Uplink),
        ("his downlink", PhoneConfig { downlink: bad, ..PhoneConfig::default() }, 0, Verdict::Downlink),
        ("his clock", PhoneConfig { clock_ppm: 3000.0, ..PhoneConfig::default() }, 0, Verdict::Clock),
        ("our load", PhoneConfig::default(), 12, Verdict::OurLoad),
    ] {
        assert_eq!(verdict(config, lateness_ms), expected, "{name}");
    }
}
