//! Playbacks to the room and to one member, and comfort noise.

mod support;

use confab_mixer::{Control, Event, Hear, MemberConfig, MixerConfig, Playback, Slot};
use std::sync::Arc;
use support::{FRAME, RATE, Table, heard, member, playback, remove, room};

/// One tick, and what the members hear after it.
fn next<const N: usize>(mixer: &mut Table, slots: [Slot; N]) -> ([Vec<i16>; N], Vec<Event>) {
    let events = mixer.tick().collect();
    (slots.map(|slot| heard(mixer, slot)), events)
}

fn settled(members: usize) -> (Table, Vec<Slot>) {
    let mut mixer = room();
    let slots = (0..members).map(|_| mixer.add(member(100))).collect();
    mixer.tick();
    (mixer, slots)
}

#[test]
fn the_room_hears_a_room_playback_and_the_deaf_do_not() {
    let (mut mixer, slots) = settled(2);
    let deaf = mixer.add(MemberConfig::default());
    mixer.play(None, playback(7, &[500; FRAME * 2]));
    let (frames, events) = next(&mut mixer, [slots[0], slots[1], deaf]);
    assert_eq!(frames, [vec![500; FRAME], vec![500; FRAME], vec![0; FRAME]]);
    assert!(events.is_empty() && mixer.retired().count() == 0);
    let (_, events) = next(&mut mixer, [slots[0]]);
    assert_eq!(events, [Event::PlaybackDone(7)]);
    assert_eq!(mixer.retired().map(|playback| playback.id).collect::<Vec<_>>(), [7]);
    assert_eq!(next(&mut mixer, [slots[0]]), ([vec![0; FRAME]], vec![]));
}

#[test]
fn a_private_playback_is_heard_by_one_over_the_ducked_room() {
    let (mut mixer, slots) = settled(2);
    mixer.set(slots[0], Control::Hear(Hear::Room { gain_db: -20.0 }));
    mixer.play(None, Playback { repeat: true, ..playback(1, &[1000; FRAME]) });
    mixer.tick();
    mixer.play(Some(slots[0]), playback(2, &[30; FRAME]));
    let (frames, events) = next(&mut mixer, [slots[0], slots[1]]);
    assert_eq!(frames, [vec![130; FRAME], vec![1000; FRAME]]);
    assert_eq!(events, [Event::PlaybackDone(2)]);
}

#[test]
fn a_deaf_member_hears_its_private_playback_at_its_volume() {
    let mut mixer = room();
    let slot = mixer.add(MemberConfig::default());
    mixer.set(slot, Control::ListenGain(2));
    mixer.tick();
    mixer.play(Some(slot), playback(1, &[1000; FRAME]));
    let ([frame], _) = next(&mut mixer, [slot]);
    assert!(frame.iter().all(|&sample| sample == 1995), "{frame:?}");
}

#[test]
fn a_stopped_playback_fades_out_at_once_and_is_not_done() {
    let (mut mixer, slots) = settled(1);
    let mut music = playback(3, &[1000; 33]);
    music.repeat = true;
    mixer.play(None, music);
    for _ in 0..20 {
        assert_eq!(next(&mut mixer, [slots[0]]), ([vec![1000; FRAME]], vec![]));
    }
    mixer.stop(3);
    let ([frame], events) = next(&mut mixer, [slots[0]]);
    assert!(frame.windows(2).all(|w| w[0] >= w[1] && w[0] - w[1] < 30) && frame[40..] == [0; 120]);
    assert_eq!((events.len(), mixer.retired().count()), (0, 1));
    assert_eq!(next(&mut mixer, [slots[0]]), ([vec![0; FRAME]], vec![]));
}

#[test]
fn what_was_played_to_a_member_that_leaves_is_handed_back() {
    let (mut mixer, slots) = settled(2);
    let sound: Arc<[i16]> = [1; FRAME].into();
    let mut prompt = playback(4, &[]);
    prompt.sounds = vec![sound.clone()];
    mixer.play(Some(slots[0]), prompt.clone());
    assert_eq!(remove(&mut mixer, slots[0]), []);
    mixer.play(Some(slots[0]), prompt);
    assert_eq!(mixer.tick().count(), 0);
    assert_eq!(Arc::strong_count(&sound), 3);
    assert_eq!(mixer.retired().count(), 2);
    assert_eq!(Arc::strong_count(&sound), 1);
}

#[test]
fn gain_and_lead_in_are_kept() {
    let (mut mixer, slots) = settled(1);
    let mut sound = playback(5, &[1000; FRAME]);
    (sound.gain_db, sound.lead_in_ms) = (-20.0, 30);
    mixer.play(None, sound);
    let frames: Vec<i16> =
        (0..3).flat_map(|_| next(&mut mixer, [slots[0]]).0.into_iter().flatten()).collect();
    assert_eq!(frames, [vec![0; 240], vec![100; FRAME], vec![0; 80]].concat());
}

#[test]
fn comfort_noise_comes_only_when_nobody_talks_and_nothing_plays() {
    let noise: Arc<[i16]> = (1..=7).collect();
    let mut mixer =
        Table::new(MixerConfig { rate: RATE, comfort_noise: Some(noise.clone()), ..Default::default() });
    let (talker, listener) = (mixer.add(member(100)), mixer.add(member(100)));
    mixer.tick();
    let ([frame], _) = next(&mut mixer, [listener]);
    let expected: Vec<i16> = noise.iter().copied().cycle().skip(FRAME).take(FRAME).collect();
    assert_eq!(frame, expected);
    mixer.play(None, playback(1, &[0; FRAME]));
    assert_eq!(next(&mut mixer, [listener]).0, [vec![0; FRAME]]);
    mixer.input(talker, &[4000; FRAME]);
    assert_eq!(next(&mut mixer, [talker, listener]).0, [vec![0; FRAME], vec![4000; FRAME]]);
    assert_eq!(next(&mut mixer, [listener]).0, [vec![0; FRAME]]);
    for _ in 0..40 {
        mixer.tick();
    }
    assert_ne!(next(&mut mixer, [listener]).0, [vec![0; FRAME]]);
}
