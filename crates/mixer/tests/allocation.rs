//! The audio path neither allocates nor frees.

mod support;

use confab_mixer::{Control, Event, Hear, Slot};
use support::{FRAME, member, playback, room, tone};

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

    let counted = allocation_counter::measure(|| {
        for tick in 0..100 {
            for &slot in slots.iter().filter(|slot| tick % 60 < 20 || **slot == slots[tick % 50]) {
                mixer.input(slot).copy_from_slice(&voice);
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
