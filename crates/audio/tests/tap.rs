//! What recordings take of a room.

mod common;

use allocation_counter::measure;
use common::{Bed, Phone, tone_and_rest_dbov};
use confab_audio::{Format, LegId, Taken, Tap, Track, Tuning};
use confab_codec::Codec;
use confab_mixer::{Control, Playback};

const LONGEST: Format = Format { rate: 48_000, interval_ms: 20 };

fn bed() -> Bed {
    let mut bed = Bed::new(8000, 20, Tuning::Auto);
    bed.join(Phone::new(1, Codec::Pcmu).singing(300.0, -20.0));
    bed.join(Phone::new(2, Codec::Pcma).singing(700.0, -26.0));
    bed.join(Phone::new(3, Codec::G722));
    bed.run(400);
    bed
}

/// The tracks of the last tick.
fn tapped(bed: &mut Bed, tap: &mut Tap) -> Vec<(Track, Vec<i16>)> {
    bed.room.tap(&mut bed.desk, tap);
    tap.tracks().map(|(track, samples)| (track, samples.to_vec())).collect()
}

fn assert_sum(tracks: &[(Track, Vec<i16>)]) {
    let (mix, parts) = tracks.split_first().expect("the mix");
    assert_eq!(mix.0, Track::Mix);
    for (i, sample) in mix.1.iter().enumerate() {
        let sum: i32 = parts.iter().map(|(_, part)| i32::from(part[i])).sum();
        assert!((sum - i32::from(*sample)).abs() <= 1);
    }
}

#[test]
fn the_sum_of_all_parts_is_the_mix_at_every_rate() {
    let mut bed = bed();
    let mut tap = Tap::new(Taken::Mix { parts: true }, LONGEST);
    let sounds = vec![vec![1000; 4000].into()];
    bed.room.play(None, Playback { id: 1, sounds, repeat: true, gain_db: -6.0, lead_in_ms: 0, duck_db: 0.0 });
    for rate in [8000, 16_000, 48_000] {
        bed.retune(rate);
        for _ in 0..20 {
            bed.run(20);
            let tracks = tapped(&mut bed, &mut tap);
            assert!(tracks.iter().all(|(_, samples)| samples.len() == rate as usize / 50));
            assert_sum(&tracks);
        }
    }
    bed.room.set(LegId(2), Control::Speak(false));
    bed.run(100);
    let tracks = tapped(&mut bed, &mut tap);
    assert_sum(&tracks);
    let names: Vec<_> = tracks.iter().map(|(track, _)| *track).collect();
    assert_eq!(
        names,
        [Track::Mix, Track::Voice(LegId(1))],
        "the playback went with the rate, and 2 is muted"
    );
}

#[test]
fn what_one_leg_sends_can_be_taken_though_it_is_mute() {
    let mut bed = bed();
    bed.room.set(LegId(1), Control::Speak(false));
    let mut tap = Tap::new(Taken::Input(LegId(1)), LONGEST);
    let mut said = Vec::new();
    for _ in 0..10 {
        bed.run(20);
        let tracks = tapped(&mut bed, &mut tap);
        assert_eq!(tracks[0].0, Track::Input(LegId(1)));
        said.extend_from_slice(&tracks[0].1);
    }
    let (tone, rest) = tone_and_rest_dbov(&said, 8000, 300.0);
    assert!((tone + 20.0).abs() < 0.5 && rest < -50.0, "{tone} {rest}");
    bed.leave(0);
    bed.run(20);
    assert!(tapped(&mut bed, &mut tap).is_empty());
}

#[test]
fn nothing_is_allocated() {
    let mut bed = bed();
    for taken in [Taken::Mix { parts: true }, Taken::Mix { parts: false }, Taken::Input(LegId(1))] {
        let mut tap = Tap::new(taken, LONGEST);
        for _ in 0..5 {
            bed.run(20);
            let counted = measure(|| bed.room.tap(&mut bed.desk, &mut tap));
            assert_eq!(counted.count_total, 0, "{taken:?}");
        }
    }
}
