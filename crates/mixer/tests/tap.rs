//! What a recording takes of a room.

mod support;

use confab_mixer::{Control, MixerConfig, Slot, Tap};
use support::{FRAME, RATE, Table, heard, member, playback, room, tone};

/// The mix of the last tick, the tracks of the members, and the rest.
fn tapped(mixer: &mut Table, tap: &mut Tap, slots: &[Slot]) -> (Vec<i16>, Vec<Vec<i16>>) {
    let mut mix = vec![0; FRAME];
    mixer.tap_mix(tap, &mut mix);
    let mut tracks = Vec::new();
    for slot in slots {
        let mut voice = vec![0; FRAME];
        if mixer.tap_voice(tap, *slot, &mut voice) {
            tracks.push(voice);
        }
    }
    let mut rest = vec![0; FRAME];
    if mixer.tap_rest(tap, &mut rest) {
        tracks.push(rest);
    }
    (mix, tracks)
}

#[test]
fn the_sum_of_the_tracks_is_the_mix_and_the_mix_is_what_a_listener_hears() {
    let mut mixer = room();
    let (a, b, c) = (mixer.add(member(100)), mixer.add(member(0)), mixer.add(member(0)));
    mixer.set(b, Control::TalkGain(2));
    mixer.play(None, playback(1, &tone(900.0, -30.0, 40 * FRAME)));
    let voices = [tone(300.0, -20.0, 40 * FRAME), tone(500.0, -26.0, 40 * FRAME)];
    let mut tap = Tap::new(FRAME);
    for n in 0..40 {
        mixer.input(a, &voices[0][n * FRAME..][..FRAME]);
        mixer.input(b, &voices[1][n * FRAME..][..FRAME]);
        if n == 20 {
            mixer.set(a, Control::Speak(false));
        }
        mixer.tick();
        let (mix, tracks) = tapped(&mut mixer, &mut tap, &[a, b, c]);
        let listener = heard(&mut mixer, c);
        assert!(n == 0 || mix == listener, "tick {n}: the listener fades in, then hears just that");
        for (i, sample) in mix.iter().enumerate() {
            let sum: i32 = tracks.iter().map(|track| i32::from(track[i])).sum();
            assert!((sum - i32::from(*sample)).abs() <= 1, "tick {n}: {sum} {sample}");
        }
        let expected = if n > 20 { 2 } else { 3 };
        assert_eq!(tracks.len(), expected, "tick {n}: who is muted has no share, nor who is silent");
    }
}

#[test]
fn a_voice_above_full_scale_loses_nothing_but_its_track_does() {
    let mut mixer = room();
    let a = mixer.add(member(0));
    mixer.set(a, Control::TalkGain(4));
    let mut tap = Tap::new(FRAME);
    for _ in 0..3 {
        mixer.input(a, &[20_000; FRAME]);
        mixer.tick();
    }
    let (mix, tracks) = tapped(&mut mixer, &mut tap, &[a]);
    assert!(mix.iter().all(|&sample| (30_000..=32_767).contains(&sample)));
    assert_eq!((tracks.len(), tracks[0][FRAME - 1]), (2, i16::MAX));
}

#[test]
fn a_private_prompt_is_not_in_it_and_comfort_noise_is() {
    let noise: Vec<i16> = (0..FRAME as i16).collect();
    let config =
        MixerConfig { rate: RATE, comfort_noise: Some(noise.as_slice().into()), ..MixerConfig::default() };
    let mut mixer = Table::new(config);
    let a = mixer.add(member(0));
    mixer.play(Some(a), playback(1, &[5000; FRAME]));
    mixer.tick();
    let (mix, tracks) = tapped(&mut mixer, &mut Tap::new(FRAME), &[a]);
    assert_eq!((&mix, tracks), (&noise, vec![noise.clone()]));
}

#[test]
fn what_came_from_a_member_is_there_though_nobody_may_hear_it() {
    let mut mixer = room();
    let a = mixer.add(confab_mixer::MemberConfig::default());
    let mut out = [0; FRAME];
    mixer.tick();
    assert!(!mixer.tap_input(a, &mut out), "nothing came");
    for n in 1..20 {
        mixer.input(a, &[n; FRAME]);
        mixer.tick();
        assert!(mixer.tap_input(a, &mut out));
        assert_eq!(out, [n; FRAME]);
    }
    mixer.tick();
    assert!(!mixer.tap_input(a, &mut out), "a packet was lost");
}
