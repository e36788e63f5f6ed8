//! The audio path neither allocates nor frees.

mod support;

use confab_mixer::{
    Control, EchoAction, Event, Hear, LoudGuard, MemberConfig, MixerConfig, Playback, Slot, Tone,
};
use support::{FRAME, Table, member, playback, room, tone};

#[test]
fn a_tick_does_not_allocate() {
    let mut mixer = room();
    let slots: Vec<Slot> = (0..50).map(|_| mixer.add(member(100))).collect();
    for (id, &slot) in slots.iter().enumerate() {
        mixer.play(Some(slot), playback(id as u64, &tone(500.0, -20.0, 5 * FRAME)));
    }
    mixer.play(None, playback(99, &tone(300.0, -6.0, 7 * FRAME)));
    let voice = tone(700.0, -3.1, FRAME);
    let (mut out, mut events, mut retired) = ([0; FRAME], Vec::<Event>::with_capacity(500), 0);
    let mut done = Vec::with_capacity(100);

    mixer.reserve();
    let counted = allocation_counter::measure(|| {
        for tick in 0..100 {
            for &slot in slots.iter().filter(|slot| tick % 60 < 20 || **slot == slots[tick % 50]) {
                mixer.input(slot, &voice);
            }
            mixer.set(slots[tick % 50], Control::Speak(tick % 3 == 0));
            mixer.set(slots[tick % 50], Control::Hear(Hear::Room { gain_db: -15.0 }));
            events.extend(mixer.tick());
            slots.iter().for_each(|&slot| mixer.render(mixer.listening(slot), &mut out));
            done.extend(mixer.retired());
            retired = done.len();
        }
    });

    assert_eq!((counted.count_total, counted.count_current), (0, 0));
    assert_eq!(retired, 51);
    assert!(events.len() > 51 + 50, "{}", events.len());
}

#[test]
fn with_all_tools_on_and_a_change_of_rate_nothing_is_allocated() {
    let config = |rate| MixerConfig {
        rate,
        max_talkers: Some(5),
        denoise: true,
        echo: true,
        ..MixerConfig::default()
    };
    let mut mixer = Table::new(config(8000));
    let guard = LoudGuard { level: 9000, hits: 20, mute_ms: 300 };
    let equipped = MemberConfig {
        auto_energy: true,
        agc: Some(-20),
        denoise: true,
        inband_digits: true,
        loud_guard: Some(guard),
        ..member(100)
    };
    let slots: Vec<Slot> = (0..50).map(|_| mixer.add(equipped)).collect();
    mixer.play(None, Playback { duck_db: 12.0, ..playback(1, &tone(300.0, -30.0, 500 * FRAME)) });
    let mut wide = Table::shell(&config(48_000), 50);
    let mut sounds: Vec<Playback> = vec![playback(1, &[1; 48_000])];
    let frames = [8000, 48_000].map(|rate| {
        let mut frame = vec![0; rate as usize / 2];
        Tone::dtmf(rate, '5', -12.0).unwrap().fill(&mut frame);
        frame
    });
    let (mut out, mut digits, mut too_loud) = (vec![0; 960], 0, 0);

    mixer.reserve();
    let counted = allocation_counter::measure(|| {
        for tick in 0..200 {
            if tick == 100 {
                wide.adopt(&mut mixer, &mut sounds);
                std::mem::swap(&mut wide.mixer, &mut mixer.mixer);
            }
            let all = &frames[usize::from(tick >= 100)];
            let frame = all.chunks(all.len() / 25).nth(tick % 25).unwrap();
            for &slot in slots
                .iter()
                .filter(|slot| (tick / 7 + slots.iter().position(|s| s == *slot).unwrap()) % 3 > 0)
            {
                mixer.input(slot, frame);
            }
            mixer.set(slots[tick % 50], Control::Denoise(tick % 3 == 0));
            mixer.set(slots[tick % 50], Control::InbandDigits(tick % 4 == 0));
            mixer.set(slots[tick % 50], Control::Agc((tick % 5 > 0).then_some(-25)));
            mixer.set(slots[tick % 50], Control::LoudGuard((tick % 6 > 0).then_some(guard)));
            mixer.set(slots[tick % 50], Control::MuteDetect(tick % 7 > 0));
            mixer.set(
                slots[tick % 50],
                Control::Echo(if tick % 8 > 0 { EchoAction::Duck } else { EchoAction::Ignore }),
            );
            mixer.set(slots[tick % 50], Control::Floor(tick % 9 == 0));
            for event in mixer.tick() {
                digits += usize::from(matches!(event, Event::Digit(..)));
                too_loud += usize::from(matches!(event, Event::TooLoud(..)));
            }
            let out = &mut out[..frame.len()];
            slots.iter().for_each(|&slot| mixer.render(mixer.listening(slot), out));
        }
    });

    assert_eq!((counted.count_total, counted.count_current), (0, 0));
    assert!(digits > 50 && too_loud > 10, "{digits} {too_loud}");
}
