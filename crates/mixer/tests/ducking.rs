//! Prompts that lower the room, and ears that hear one prompt at a time.

mod support;

use confab_mixer::{Control, Hear, MemberConfig, Playback, Slot, tone_level_dbov};
use support::{FRAME, RATE, Table, heard, member, playback, room, tone};

const TICKS: usize = 50;

/// A talker and two who listen, all settled.
fn hall() -> (Table, Slot, [Slot; 2]) {
    let mut mixer = room();
    let talker = mixer.add(member(0));
    let listeners = [(); 2].map(|()| mixer.add(member(100)));
    mixer.tick();
    (mixer, talker, listeners)
}

fn prompt(id: u64, frequency: f32, duck_db: f32) -> Playback {
    Playback { duck_db, ..playback(id, &tone(frequency, -26.0, TICKS * FRAME)) }
}

/// Lets one talk at 440 Hz meanwhile; what the others hear.
fn talk<const N: usize>(mixer: &mut Table, talker: Slot, ears: [Slot; N], ticks: usize) -> [Vec<i16>; N] {
    let mut all = [(); N].map(|()| Vec::new());
    for frame in tone(440.0, -20.0, ticks * FRAME).chunks_exact(FRAME) {
        mixer.input(talker, frame);
        mixer.tick();
        ears.iter().zip(&mut all).for_each(|(ear, all)| all.extend(heard(mixer, *ear)));
    }
    all
}

fn level(samples: &[i16], frequency: f32) -> f32 {
    tone_level_dbov(samples, RATE, frequency)
}

/// Whether no sample is further from the one before than such tones go, each at most at its level here, −20 and −26 dBov.
fn is_smooth(samples: &[i16], frequencies: &[f32]) -> bool {
    let amplitude = 32_768.0 * 2f32.sqrt() * 10f32.powf(-20.0 / 20.0);
    let step: f32 = frequencies.iter().map(|hz| amplitude * std::f32::consts::TAU * hz / RATE as f32).sum();
    samples.windows(2).all(|pair| f32::from(pair[0].abs_diff(pair[1])) < step * 1.1)
}

#[test]
fn an_announcement_lowers_the_voices_for_all_and_gives_them_back() {
    let (mut mixer, talker, [anne, bert]) = hall();
    talk(&mut mixer, talker, [anne], 20);
    mixer.play(None, prompt(1, 1000.0, 12.0));
    let [during, too] = talk(&mut mixer, talker, [anne, bert], TICKS);
    assert_eq!(during, too);
    assert_eq!(mixer.listening(anne), mixer.listening(bert), "they share it");
    let settled = &during[2 * FRAME..];
    assert!((level(settled, 440.0) + 32.0).abs() < 0.2 && (level(settled, 1000.0) + 26.0).abs() < 0.2);
    let [after] = talk(&mut mixer, talker, [anne], 20);
    assert!((level(&after[2 * FRAME..], 440.0) + 20.0).abs() < 0.1);
    assert!(is_smooth(&[during, after].concat(), &[440.0, 1000.0]));
}

#[test]
fn nobody_hears_himself_while_he_is_lowered() {
    let (mut mixer, talker, _) = hall();
    let silent_prompt = Playback { duck_db: 9.5, ..playback(1, &[0; TICKS * FRAME]) };
    mixer.play(None, silent_prompt);
    let [own] = talk(&mut mixer, talker, [talker], TICKS + 10);
    assert!(own.iter().all(|&sample| sample == 0), "the mix is the sum of the voices, to the last bit");
}

#[test]
fn music_is_lowered_too() {
    let (mut mixer, talker, [anne, _]) = hall();
    let music = Playback { repeat: true, ..playback(1, &tone(1500.0, -30.0, 100 * FRAME)) };
    mixer.play(None, music);
    talk(&mut mixer, talker, [], 10);
    mixer.play(None, prompt(2, 1000.0, 12.0));
    let [during] = talk(&mut mixer, talker, [anne], TICKS);
    assert!((level(&during[2 * FRAME..], 1500.0) + 42.0).abs() < 0.2);
    assert!(is_smooth(&during, &[440.0, 1000.0, 1500.0]));
}

#[test]
fn a_private_prompt_lowers_the_room_for_one_alone() {
    let (mut mixer, talker, [anne, bert]) = hall();
    talk(&mut mixer, talker, [], 20);
    mixer.play(Some(anne), prompt(1, 1000.0, 15.0));
    let [hers, his] = talk(&mut mixer, talker, [anne, bert], TICKS);
    let settled = &hers[2 * FRAME..];
    assert!((level(settled, 440.0) + 35.0).abs() < 0.2 && (level(settled, 1000.0) + 26.0).abs() < 0.2);
    assert!((level(&his, 440.0) + 20.0).abs() < 0.2 && level(&his, 1000.0) < -80.0);
    let [hers_after, his_after] = talk(&mut mixer, talker, [anne, bert], 20);
    assert_eq!(hers_after[FRAME..], his_after[FRAME..]);
    assert_eq!(mixer.listening(anne), mixer.listening(bert), "they are together again");
    assert!(is_smooth(&[hers, hers_after].concat(), &[440.0, 1000.0]));
}

#[test]
fn two_prompts_are_never_in_one_ear() {
    let (mut mixer, talker, [anne, bert]) = hall();
    mixer.play(Some(anne), prompt(1, 1000.0, 0.0));
    talk(&mut mixer, talker, [], 10);
    mixer.play(
        None,
        Playback { sounds: vec![tone(2000.0, -26.0, 100 * FRAME).into()], ..prompt(2, 0.0, 0.0) },
    );
    let [hers, his] = talk(&mut mixer, talker, [anne, bert], 30);
    assert!(level(&hers, 2000.0) < -80.0 && (level(&hers, 1000.0) + 26.0).abs() < 0.2, "only hers");
    assert!((level(&his, 2000.0) + 26.0).abs() < 0.2 && level(&his, 1000.0) < -80.0, "only the room's");
    assert!((level(&hers, 440.0) + 20.0).abs() < 0.2, "and the voices");
    let [hers_after, his_after] = talk(&mut mixer, talker, [anne, bert], 40);
    assert!((level(&hers_after[15 * FRAME..], 2000.0) + 26.0).abs() < 0.2, "what is left of it");
    assert_eq!(hers_after[15 * FRAME..], his_after[15 * FRAME..]);
    assert!(is_smooth(&[hers, hers_after].concat(), &[440.0, 1000.0, 2000.0]));
}

#[test]
fn an_announcement_that_is_interrupted_by_a_private_prompt_fades() {
    let (mut mixer, talker, [anne, _]) = hall();
    mixer
        .play(None, Playback { sounds: vec![tone(500.0, -26.0, 100 * FRAME).into()], ..prompt(1, 0.0, 6.0) });
    let [before] = talk(&mut mixer, talker, [anne], 20);
    mixer.play(Some(anne), prompt(2, 1000.0, 12.0));
    let [during] = talk(&mut mixer, talker, [anne], TICKS + 20);
    assert!(level(&during[2 * FRAME..(TICKS - 1) * FRAME], 500.0) < -80.0);
    assert!((level(&during[(TICKS + 2) * FRAME..], 500.0) + 26.0).abs() < 0.2);
    assert!(is_smooth(&[before, during].concat(), &[440.0, 500.0, 1000.0]));
}

#[test]
fn who_does_not_want_announcements_hears_the_rest() {
    let (mut mixer, talker, [anne, bert]) = hall();
    let cleo = mixer.add(MemberConfig { hear: Hear::Room { gain_db: 0.0 }, ..MemberConfig::default() });
    for slot in [anne, cleo] {
        mixer.set(slot, Control::Announcements(false));
    }
    talk(&mut mixer, talker, [], 5);
    mixer.play(None, prompt(1, 1000.0, 0.0));
    let [hers, his] = talk(&mut mixer, talker, [anne, bert], TICKS);
    assert!(level(&hers, 1000.0) < -80.0 && (level(&hers, 440.0) + 20.0).abs() < 0.2);
    assert!((level(&his, 1000.0) + 26.0).abs() < 0.2);
    assert_eq!(mixer.listening(anne), mixer.listening(cleo), "those who hear the same share it");
}
