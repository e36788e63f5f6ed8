use proptest::prelude::*;

use super::*;
use crate::{level_dbov, tone_level_dbov};

const RATE: u32 = 8000;

fn script(text: &str) -> ToneScript {
    ToneScript::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn render(text: &str) -> Vec<i16> {
    script(text).render(RATE, 60)
}

#[track_caller]
fn has_level(samples: &[i16], frequency: f32, dbov: f32) {
    let level = tone_level_dbov(samples, RATE, frequency);
    assert!((level - dbov).abs() < 0.3, "{level} dBov at {frequency} Hz, not {dbov}");
}

#[test]
fn a_ringing_tone_is_two_tones_and_a_pause() {
    let samples = render("%(2000,4000,440,480)");
    assert_eq!(samples.len(), 48_000);
    for frequency in [440.0, 480.0] {
        // −7 dBm0, and half the amplitude as there are two.
        has_level(&samples[800..15_200], frequency, -7.0 - 6.15 - 6.02);
    }
    assert!(samples[16_000..].iter().all(|sample| *sample == 0));
}

#[test]
fn settings_hold_for_what_comes_after_them() {
    let samples = render("v=-20;%(100,0,1000);v=-30;d=200;w=100;5 # ");
    assert_eq!(samples.len(), 800 + 2 * (1600 + 800));
    has_level(&samples[80..720], 1000.0, -26.15);
    for frequency in [770.0, 1336.0] {
        has_level(&samples[1200..2000], frequency, -30.0 - 6.15 - 6.02);
    }
    has_level(&samples[3600..4400], 1477.0, -30.0 - 6.15 - 6.02);
    assert_eq!(render("7(50,50)A(10,10)").len(), 8 * 120);
}

#[test]
fn loops_are_of_the_next_tone_of_the_script_and_of_all() {
    assert_eq!(render("l=3;%(10,0,400)%(10,0,400)").len(), 8 * 40);
    assert_eq!(render("L=3;%(10,10,400);L=9").len(), 8 * 60);
    assert_eq!(render("L=2;%(10,10,400);loops=5").len(), 8 * 200);
    assert_eq!(render("%(10,10,400);loops=0").len(), 8 * 20, "once at least");
    assert_eq!(render("%(10,10,400);loops=100000000").len(), 60 * 8000, "as long as is wanted");
    assert_eq!(render("l=4000000000;%(10,10,400)").len(), 60 * 8000);
}

#[test]
fn what_never_ends_is_made_of_whole_passes() {
    let busy = script("%(500,500,480,620)%(300,400,1000);loops=-1");
    assert!(busy.is_endless() && !script("5").is_endless());
    assert_eq!(busy.render(RATE, 60).len(), 60_000 / 1700 * 1700 * 8);
    assert_eq!(script("%(0,0,400);loops=-1").render(RATE, 60), []);
}

#[test]
fn a_fade_goes_in_steps_and_stays_in_range() {
    let down = render("v=-10;>=100;+=10;%(1000,0,1000)");
    has_level(&down[80..720], 1000.0, -16.15);
    has_level(&down[880..1520], 1000.0, -26.15);
    has_level(&down[7280..7920], 1000.0, -63.0 - 6.15);
    let up = render("v=-10;<=100;+=20;%(300,0,1000)");
    has_level(&up[880..1520], 1000.0, -6.15);
}

#[test]
fn it_does_not_click_and_does_not_wrap() {
    let loud = render("v=0;%(100,0,300,301,302,303,304,305)");
    assert!(loud[0] == 0 && loud[799] == 0 && level_dbov(&loud) < -6.0);
    assert_eq!(render("%(10,0,9000)"), [0; 80], "above what the rate carries");
}

#[test]
fn mistakes_are_named() {
    for (text, why) in [
        ("", "\"\" has no tone"),
        ("v=-10", "\"v=-10\" has no tone"),
        ("%(100,100)", "\"%(100,100)\" is not %(ms, ms, Hz, …)"),
        ("%(100,100,440", "\"%(100,100,440\" has no )"),
        ("1(100)", "\"1(100)\" is not KEY(ms, ms)"),
        ("x", "\"x\" is no tone"),
        ("q=1", "\"q=1\" is no setting"),
        ("v=3;1", "\"3\" is no level from -63 to 0 dB"),
        ("%(1,1,x)", "\"x\" is no number of the right kind"),
        ("%(1,1,NaN)", "\"NaN\" is no frequency in Hz"),
        ("d=9999999;1", "\"9999999\" is longer than an hour"),
        ("1;loops=x", "\"x\" is no number of the right kind"),
    ] {
        assert_eq!(ToneScript::parse(text).unwrap_err().to_string(), why);
    }
    assert!(ToneScript::parse(&"1".repeat(1001)).is_err());
}

/// A tone as text, and what it is to become.
fn steps() -> impl Strategy<Value = Vec<(u32, u32, Vec<u32>, u32)>> {
    let step = (1..200_u32, 0..200_u32, prop::collection::vec(1..4000_u32, 1..18), 1..4_u32);
    prop::collection::vec(step, 1..8)
}

proptest! {
    #[test]
    fn nothing_makes_it_panic_or_last_too_long(text in "[%0-9A-E(),;=\\->< .vdwlLrc+a\n]{0,60}") {
        if let Ok(script) = ToneScript::parse(&text) {
            prop_assert!(script.render(RATE, 2).len() <= 16_000);
        }
    }

    #[test]
    fn any_text_at_all_is_understood_or_refused(text in any::<String>()) {
        _ = ToneScript::parse(&text);
    }

    #[test]
    fn what_is_written_is_read_back(steps in steps(), level in -63..=0_i32) {
        let part = |(on, off, tones, times): &(u32, u32, Vec<u32>, u32)| {
            let tones: Vec<String> = tones.iter().map(u32::to_string).collect();
            format!("l={times}; % ({on}, {off},{})", tones.join(", ")).replace("% (", "%(")
        };
        let text = format!("v={level};{}", steps.iter().map(part).collect::<Vec<_>>().join(";"));
        let read = script(&text);
        prop_assert_eq!(read.steps.len(), steps.len());
        for (read, (on, off, tones, times)) in read.steps.iter().zip(&steps) {
            prop_assert_eq!((read.on_ms, read.off_ms, read.times), (*on, *off, *times));
            prop_assert_eq!(&read.frequencies, &tones.iter().map(|hz| f64::from(*hz)).collect::<Vec<_>>());
            prop_assert_eq!(read.level, f64::from(level));
        }
        let ms: u32 = steps.iter().map(|(on, off, _, times)| (on + off) * times).sum();
        prop_assert_eq!(read.render(RATE, 60).len(), 8 * ms as usize);
    }
}
