//! A recorded room: nothing of it costs the worker an allocation, and all of it is in the files.

mod common;

use std::path::Path;
use std::time::{Duration, Instant};

use allocation_counter::measure;
use common::{Bed, Phone, ROOM, TICK};
use confab_media::{
    Command, Control, Event, FileFormat, Mark, Recorder, RecorderEvent, RecordingId, RecordingSpec, Reel,
};
use confab_mixer::tone_level_dbov;
use serde_json::Value;

const ID: RecordingId = RecordingId(1);

fn spec() -> RecordingSpec {
    RecordingSpec { path: "r".into(), format: FileFormat::Wav, rate: None, head: Some(Mark::new()) }
}

fn mark(what: &str, leg: u64) -> Command {
    let facts = [("what".to_owned(), Value::from(what)), ("leg".to_owned(), leg.into())];
    Command::Mark { recording: ID, line: Box::new(facts.into_iter().collect()) }
}

/// Writes what is on the reel, to its end.
fn write(dir: &Path, reel: Reel) -> RecorderEvent {
    let recorder = Recorder::start(dir.to_owned(), 0, || {}).expect("a thread");
    recorder.record(ID, reel, spec());
    let last = Instant::now() + Duration::from_secs(5);
    let mut events = Vec::new();
    while !matches!(events.last(), Some(RecorderEvent::Stopped { .. })) {
        assert!(Instant::now() < last, "{events:?}");
        std::thread::sleep(Duration::from_millis(5));
        events.extend(recorder.poll_event());
    }
    assert_eq!((recorder.stats().started, recorder.stats().failed), (1, 0));
    events.pop().expect("the last one")
}

fn samples(path: &Path) -> Vec<i16> {
    hound::WavReader::open(path).expect("a file").samples().map(|sample| sample.expect("a sample")).collect()
}

fn time_line(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).expect("a file");
    text.lines().map(|line| serde_json::from_str(line).expect("a line")).collect()
}

/// Two who sing, in a room that is being recorded.
fn bed(test: u8, parts: bool) -> (Bed, Phone, Phone, Reel) {
    let mut bed = Bed::new(test);
    let one = bed.join(1, |phone| phone.sing(300.0, -20.0));
    let two = bed.join(2, |phone| phone.sing(700.0, -26.0));
    let reel = bed.engine.record(ID, ROOM, parts, false).expect("a room");
    bed.settle();
    (bed, one, two, reel)
}

#[test]
fn mix_tracks_and_time_line_share_one_clock() {
    let (mut bed, mut one, mut two, reel) = bed(60, true);
    bed.talk(100, &mut [&mut one, &mut two]);
    bed.command(mark("leave", 2));
    bed.command(Command::StopLeg { leg: two.leg });
    bed.talk(50, &mut [&mut one]);
    bed.command(Command::PauseRecording { recording: ID, on: true });
    bed.talk(10, &mut [&mut one]);
    bed.command(Command::PauseRecording { recording: ID, on: false });
    bed.command(mark("talk", 1));
    bed.talk(10, &mut [&mut one]);
    bed.command(Command::StopRecording { recording: ID });
    bed.settle();
    bed.events();
    let dir = tempfile::tempdir().expect("a folder");
    assert_eq!(write(dir.path(), reel), RecorderEvent::Stopped { recording: ID, error: None });

    let mix = samples(&dir.path().join("r.wav"));
    assert_eq!(mix.len(), 170 * 160, "as long as its ticks");
    let lines = time_line(&dir.path().join("r.jsonl"));
    let at = |what: &str, leg: u64| {
        let line = lines.iter().find(|line| line["what"] == what && line["leg"] == leg).expect("a line");
        (line["sample"].as_u64().expect("a place") as usize, line["file"].as_str().unwrap_or_default())
    };
    assert_eq!((at("leave", 2).0, at("talk", 1).0), (16_000, 160 * 160));
    let mut sum = vec![0i32; mix.len()];
    for (leg, frequency, end) in [(1, 300.0, 170 * 160), (2, 700.0, 100 * 160)] {
        let (start, file) = at("track", leg);
        let track = samples(&dir.path().join(file));
        assert_eq!(start + track.len(), end, "{leg}");
        assert!(start < 1600, "{leg} begins at {start}");
        assert!(tone_level_dbov(&track[1600..14_400], 8000, frequency) > -30.0, "{leg}");
        sum[start..].iter_mut().zip(&track).for_each(|(sum, sample)| *sum += i32::from(*sample));
    }
    assert!(sum.iter().zip(&mix).all(|(sum, mix)| (sum - i32::from(*mix)).abs() <= 1));
    assert!(mix[150 * 160..160 * 160].iter().all(|&sample| sample == 0), "the pause is silent");
}

#[test]
fn a_recorded_room_allocates_nothing() {
    let (mut bed, mut one, mut two, reel) = bed(61, true);
    bed.command(mark("join", 1));
    bed.engine.record_name(one.leg, Duration::from_secs(1)).expect("a leg");
    bed.settle();
    bed.talk(5, &mut [&mut one, &mut two]);
    for _ in 0..600 {
        [&mut one, &mut two].into_iter().for_each(Phone::speak);
        let now = bed.now;
        let counted = measure(|| {
            bed.worker.run(now);
        });
        assert_eq!(counted.count_total, 0);
        bed.now += TICK;
        [&mut one, &mut two].into_iter().for_each(|phone| phone.listen(1));
    }
    assert!(bed.engine.take_name(one.leg).is_some());
    drop(reel);
}

#[test]
fn a_room_that_is_closed_ends_its_recording() {
    let (mut bed, one, two, reel) = bed(62, false);
    bed.tick();
    for leg in [one.leg, two.leg] {
        bed.command(Command::StopLeg { leg });
    }
    bed.command(Command::CloseRoom { room: ROOM });
    assert!(bed.engine.command(Command::StopRecording { recording: ID }).is_err(), "it is over");
    bed.settle();
    bed.events();
    let dir = tempfile::tempdir().expect("a folder");
    write(dir.path(), reel);
    assert_eq!(samples(&dir.path().join("r.wav")).len(), 160);
}

#[test]
fn what_one_says_is_kept_though_nobody_may_hear_it() {
    let mut bed = Bed::new(63);
    let mut phone = bed.join_deaf(1, |_| {});
    bed.engine.record_name(phone.leg, Duration::from_secs(4)).expect("a leg");
    bed.settle();
    bed.talk(50, &mut [&mut phone]);
    phone.sing(500.0, -20.0);
    bed.talk(40, &mut [&mut phone]);
    phone.tone = None;
    bed.talk(30, &mut [&mut phone]);
    assert!(named(&mut bed).is_empty(), "he may go on");
    bed.command(Command::StopRecordingName { leg: phone.leg });
    bed.settle();
    assert_eq!(named(&mut bed), [Event::NameRecorded { leg: phone.leg }]);
    let clip = bed.engine.take_name(phone.leg).expect("a clip");
    let seconds = clip.samples.len() as f32 / clip.rate as f32;
    assert!((0.75..1.3).contains(&seconds), "{seconds} s of 0.8 s, and some around it");
    assert!(tone_level_dbov(&clip.samples[1600..6400], 8000, 500.0) > -21.0);
    assert!(bed.engine.take_name(phone.leg).is_none(), "once");
}

#[test]
fn a_name_ends_by_itself_and_silence_is_none() {
    let mut bed = Bed::new(64);
    let mut phone = bed.join_deaf(1, |_| {});
    bed.set(phone.leg, Control::Speak(false));
    bed.engine.record_name(phone.leg, Duration::from_secs(2)).expect("a leg");
    bed.talk(100, &mut [&mut phone]);
    assert_eq!(named(&mut bed), [Event::NameRecorded { leg: phone.leg }]);
    assert!(bed.engine.take_name(phone.leg).expect("a clip").samples.is_empty());
}

fn named(bed: &mut Bed) -> Vec<Event> {
    let all = std::iter::from_fn(|| bed.engine.poll_event());
    all.filter(|event| matches!(event, Event::NameRecorded { .. })).collect()
}
