//! Ten phones in a large call, led from one of them: lecture, questions, roll call, recording, a room beside, the end.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use confab_phone::Call;
use confab_tests::{Bridge, Member, SOON, pass, tones, until};

const LEADER: f32 = 400.0;
const LISTENERS: usize = 9;

/// The voice of a listener, Hz.
fn voice(listener: usize) -> f32 {
    480.0 + 60.0 * listener as f32
}

struct Hall {
    leader: Member,
    listeners: Vec<Member>,
}

impl Hall {
    /// The leader by his PIN, the others by theirs; everybody talks all the time.
    async fn open(bridge: &Bridge) -> Self {
        let leader = enter(bridge, "4712", LEADER).await;
        let mut listeners = Vec::new();
        for listener in 0..LISTENERS {
            listeners.push(enter(bridge, "4711", voice(listener)).await);
        }
        Self { leader, listeners }
    }

    async fn lead(&self, keys: &str) {
        self.leader.press(keys).await.unwrap();
    }

    /// Of all listeners exactly these are heard by the leader, and the leader by all.
    async fn only_heard(&self, talking: &[usize]) {
        for listener in 0..LISTENERS {
            if talking.contains(&listener) {
                self.leader.wait_until_hears(voice(listener), SOON).await.unwrap();
            } else {
                self.leader.wait_until_silent_of(voice(listener), SOON).await.unwrap();
            }
            self.listeners[listener].wait_until_hears(LEADER, SOON).await.unwrap();
        }
    }
}

async fn enter(bridge: &Bridge, pin: &str, hz: f32) -> Member {
    let member = bridge.member_as("3000", bridge.caller("4155550001", hz)).await;
    member.press(pin).await.unwrap();
    member
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_phones_hold_a_lecture() {
    let recordings = tempfile::tempdir().unwrap();
    let dir = format!("recording.dir={}", recordings.path().display());
    let bridge = Bridge::of("lecture.toml", &[&dir]).await;
    let hall = Hall::open(&bridge).await;
    hall.only_heard(&(0..LISTENERS).collect::<Vec<_>>()).await;
    only_the_leader_is_heard_in_a_lecture(&hall).await;
    a_question_is_put_in_turn(&hall).await;
    the_roll_call_is_private(&hall).await;
    hall.lead("*3").await;
    two_go_to_the_room_beside_and_come_back(&hall).await;
    hall.lead("*3").await;
    the_leader_ends_it(&hall).await;
    bridge.stop().await;
    the_recording_holds_the_lecture(recordings.path());
}

/// Nobody can unmute himself.
async fn only_the_leader_is_heard_in_a_lecture(hall: &Hall) {
    hall.lead("*51").await;
    hall.only_heard(&[]).await;
    hall.listeners[4].press("*6").await.unwrap();
    pass(Duration::from_millis(600)).await;
    hall.only_heard(&[]).await;
}

/// Hands are served in the order in which they were raised, one at a time; who lowers his is passed over.
async fn a_question_is_put_in_turn(hall: &Hall) {
    hall.lead("*52").await;
    for hand in [2, 5, 7] {
        hall.listeners[hand].press("*1").await.unwrap();
        pass(Duration::from_millis(300)).await;
    }
    hall.listeners[5].press("*2").await.unwrap();
    pass(Duration::from_millis(300)).await;
    for speaker in [2, 7] {
        hall.lead("*7").await;
        hall.only_heard(&[speaker]).await;
    }
    hall.lead("*53").await;
    hall.only_heard(&(0..LISTENERS).collect::<Vec<_>>()).await;
}

/// The leader hears how many there are; the others hear nothing of it.
async fn the_roll_call_is_private(hall: &Hall) {
    let ten = tones::prompt("digits/10.wav");
    hall.lead("*4").await;
    hall.leader.wait_until_hears(ten, SOON).await.unwrap();
    assert!(hall.listeners.iter().all(|listener| !listener.heard().hears(ten)));
}

async fn two_go_to_the_room_beside_and_come_back(hall: &Hall) {
    let (first, second) = (&hall.listeners[0], &hall.listeners[1]);
    for leaver in [first, second] {
        leaver.press("*8").await.unwrap();
    }
    first.wait_until_silent_of(LEADER, SOON).await.unwrap();
    second.wait_until_silent_of(LEADER, SOON).await.unwrap();
    first.wait_until_hears(voice(1), SOON).await.unwrap();
    hall.leader.wait_until_silent_of(voice(0), SOON).await.unwrap();
    for leaver in [first, second] {
        leaver.press("*9").await.unwrap();
    }
    hall.only_heard(&(0..LISTENERS).collect::<Vec<_>>()).await;
    for leaver in [first, second] {
        assert!(leaver.stream_report().is_gapless(), "{:?}", leaver.stream_report());
    }
}

async fn the_leader_ends_it(hall: &Hall) {
    // The call may be over before the last key is up.
    let _ended = hall.leader.press("*0").await;
    for listener in &hall.listeners {
        listener.wait_ended(SOON).await.unwrap();
    }
}

fn the_recording_holds_the_lecture(folder: &Path) {
    let [file] = &wav_files(folder)[..] else { panic!("not one recording: {:?}", wav_files(folder)) };
    let mut reader = hound::WavReader::open(file).unwrap();
    let rate = reader.spec().sample_rate;
    let samples: Vec<i16> = reader.samples().map(Result::unwrap).collect();
    assert!(samples.len() > rate as usize, "{} samples", samples.len());
    let level = confab_mixer::tone_level_dbov(&samples, rate, LEADER);
    assert!(level > -40.0, "the leader is recorded at {level} dBov");
}

fn wav_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { wav_files(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|ending| ending == "wav"))
        .collect()
}

/// 200 callers in two seconds: who is there hears three announcements at most, and his audio never stops.
#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_two_hundred_joins_is_announced_three_times_at_most() {
    let bridge = Bridge::of("lecture.toml", &[]).await;
    let listener = bridge.member_as("9000", bridge.caller("4155550001", LEADER)).await;
    let address = bridge.address();
    let plan = confab_bench::Plan {
        callers: 200,
        ramp: 100.0,
        talkers: 0,
        time: 1.0,
        number: "9000".into(),
        ..confab_bench::Plan::against(address)
    };
    let storm = tokio::task::spawn_blocking(move || confab_bench::run(&plan));
    let announcements = count_of(&listener.call, tones::prompt("conference/conf-welcome.wav"), &storm).await;
    assert!((1..=3).contains(&announcements), "{announcements} announcements");
    storm.await.unwrap().unwrap();
    assert!(listener.stream_report().is_gapless(), "{:?}", listener.stream_report());
    bridge.stop().await;
}

/// How often a tone begins to be heard until the storm is over.
async fn count_of<T>(call: &Call, hz: f32, storm: &tokio::task::JoinHandle<T>) -> usize {
    let (mut count, mut heard) = (0, false);
    while !storm.is_finished() {
        let hears = call.heard().hears(hz);
        count += usize::from(hears && !heard);
        heard = hears;
        pass(Duration::from_millis(50)).await;
    }
    until("the last announcement is over", SOON, || (!call.heard().hears(hz)).then_some(())).await;
    count
}
