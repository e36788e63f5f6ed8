//! Recordings: when they begin and end, who is told, and their time line.

use std::time::Duration;

use confab_conference::{
    AutoRecord, ConferenceFlag, Fact, Input, MemberFlag, RecordingId, Settings, Variable,
};

use crate::meeting::{Meeting, door, profile_of, settings};
use crate::script::Script;
use crate::world::Tape;

const KEYS: &[(&str, &str)] =
    &[("1", "record on"), ("2", "record off"), ("3", "record toggle"), ("4", "record pause"), ("0", "mute")];

fn automatic(start: AutoRecord) -> Settings {
    let mut settings = settings(KEYS, &[("0", "mute")]);
    profile_of(&mut settings).recording.start = start;
    settings
}

impl Script {
    /// The newest recording.
    fn tape(&self) -> (RecordingId, &Tape) {
        self.world.tapes.iter().next_back().map(|(id, tape)| (*id, tape)).expect("nothing was recorded")
    }

    /// One playback that is no music runs to its end.
    fn finish_one(&mut self) {
        let playing = self.world.playing.values().find(|playing| !playing.repeat);
        if let Some(sound) = playing.map(|playing| playing.sounds[0].clone()) {
            self.finish(&sound);
        }
    }

    fn is_recorded(&self) -> bool {
        self.world.tapes.values().any(|tape| !tape.over)
    }

    /// The newest recording has its files.
    fn started(&mut self) {
        let (recording, _) = self.tape();
        self.input(Input::RecordingStarted { recording, path: "/r/x.wav".into() });
    }

    fn stopped(&mut self, error: Option<&str>) {
        let (recording, _) = self.tape();
        self.input(Input::RecordingStopped { recording, error: error.map(Into::into) });
    }

    /// The lines of the newest time line.
    fn marks(&self) -> Vec<String> {
        let of = |fact: &Fact| match fact {
            Fact::Flag(flag) => flag.to_string(),
            Fact::Number(number) => number.to_string(),
            Fact::Text(text) => text.clone(),
        };
        let (_, tape) = self.tape();
        let line = |mark: &confab_conference::Mark| {
            let facts: Vec<_> =
                mark.facts.iter().map(|(name, fact)| format!("{name}={}", of(fact))).collect();
            format!("{} {} {}", mark.what, mark.who.as_deref().unwrap_or("-"), facts.join(" "))
        };
        tape.marks.iter().map(line).collect()
    }
}

#[test]
fn it_begins_with_as_many_members_as_it_takes_ghosts_not_counted() {
    let mut settings = automatic(AutoRecord::Members(2));
    door(&mut settings, "3009", &[MemberFlag::Ghost]);
    let mut script = Script::with(settings);
    script.call("100", "3000");
    script.call("9", "3009");
    assert!(!script.is_recorded());
    let second = script.call("101", "3001");
    assert!(script.is_recorded());
    let (_, tape) = script.tape();
    let expected = [
        (Variable::ConferenceName, "meeting"),
        (Variable::Profile, "meeting"),
        (Variable::CallerIdNumber, "100"),
        (Variable::CallerIdName, "Mr 100"),
    ];
    assert_eq!(tape.variables, expected.map(|(variable, value)| (variable, value.to_owned())));
    assert_eq!(script.world.rooms[&tape.room], "meeting");
    script.hang_up(second);
    assert!(script.is_recorded(), "it goes on as long as the conference");
}

#[test]
fn it_begins_with_the_moderator() {
    let mut script = Script::with(automatic(AutoRecord::Moderator));
    script.call("101", "3001");
    script.call("102", "3001");
    assert!(!script.is_recorded());
    script.call("100", "3000");
    assert!(script.is_recorded());
}

#[test]
fn it_ends_with_the_conference_and_begins_anew_with_the_next() {
    let mut script = Script::with(automatic(AutoRecord::Members(1)));
    let leg = script.call("100", "3000");
    script.started();
    script.hang_up(leg);
    assert!(!script.is_recorded());
    script.stopped(None);
    assert!(script.told("room meeting: recording stopped"));
    assert_eq!(script.load().recordings, 0);
    script.call("101", "3001");
    assert!(script.is_recorded() && script.world.tapes.len() == 2);
}

#[test]
fn where_the_files_are_is_told_of_a_recording_that_was_stopped_at_once() {
    let mut meeting = Meeting::of(settings(KEYS, &[]), 1);
    meeting.chair_presses("12");
    meeting.script.started();
    meeting.script.stopped(None);
    meeting.script.settle();
    let told: Vec<_> = meeting.script.events.iter().filter(|event| event.contains("recording")).collect();
    let expected = ["recording started: /r/x.wav, by 100", "recording stopped, by 100"];
    assert_eq!(told, expected.map(|event| format!("room meeting: {event}")).iter().collect::<Vec<_>>());
    assert_eq!(meeting.script.load().recordings, 0);
}

#[test]
fn a_conference_that_lingers_is_not_recorded_while_nobody_is_there() {
    let mut settings = automatic(AutoRecord::Members(1));
    profile_of(&mut settings).ends.linger = Duration::from_secs(60);
    let mut script = Script::with(settings);
    let leg = script.call("100", "3000");
    script.hang_up(leg);
    assert!(!script.is_recorded());
    script.call("101", "3001");
    assert!(script.is_recorded());
}

#[test]
fn nothing_of_a_failed_room_is_recorded_on() {
    let mut script = Script::with(automatic(AutoRecord::Members(1)));
    script.call("100", "3000");
    let room = script.tape().1.room;
    script.input(Input::RoomFailed { room });
    assert!(!script.is_recorded());
}

#[test]
fn sound_recording_started_is_heard_by_all_once_it_has_its_files() {
    let mut meeting = Meeting::of(automatic(AutoRecord::Members(2)), 1);
    assert!(meeting.room().is_empty());
    meeting.script.started();
    assert_eq!(meeting.room(), ["recording-started"]);
    assert!(meeting.script.told("room meeting: recording started: /r/x.wav"));
}

#[test]
fn sound_recording_notice_is_heard_by_who_joins_later_and_by_nobody_else() {
    let mut meeting = Meeting::of(automatic(AutoRecord::Members(2)), 1);
    meeting.script.started();
    meeting.script.settle();
    let late = meeting.script.call("103", "3001");
    meeting.script.wait(3000);
    let chair = meeting.chair;
    let (mut heard, mut others) = (Vec::new(), Vec::new());
    for _ in 0..4 {
        heard.extend(meeting.script.privately(late).into_iter().map(str::to_owned));
        others.extend(meeting.script.privately(chair).into_iter().map(str::to_owned));
        meeting.script.finish_one();
    }
    assert!(heard.iter().any(|sound| sound == "recording-notice"), "{heard:?}");
    assert!(others.is_empty(), "{others:?}");
}

#[test]
fn action_record_on_begins_a_recording_once() {
    let mut meeting = Meeting::of(automatic(AutoRecord::Never), 1);
    meeting.chair_presses("1");
    assert!(meeting.script.is_recorded());
    meeting.script.started();
    assert!(meeting.script.told("recording started: /r/x.wav, by 100"));
    meeting.chair_presses("1");
    assert_eq!(meeting.script.world.tapes.len(), 1);
}

#[test]
fn action_record_off_ends_it() {
    let mut meeting = Meeting::of(automatic(AutoRecord::Members(1)), 1);
    meeting.script.started();
    meeting.script.settle();
    meeting.chair_presses("2");
    assert!(!meeting.script.is_recorded());
    meeting.script.stopped(None);
    assert!(meeting.script.told("recording stopped, by 100"));
    meeting.script.call("103", "3001");
    assert!(!meeting.script.is_recorded(), "it does not begin again by itself");
    meeting.chair_presses("2");
    assert_eq!(meeting.script.world.tapes.len(), 1, "there is nothing to end");
}

#[test]
fn sound_recording_stopped_is_heard_by_all() {
    let mut meeting = Meeting::of(automatic(AutoRecord::Members(1)), 1);
    meeting.chair_presses("2");
    assert_eq!(meeting.room(), ["recording-stopped"]);
}

#[test]
fn action_record_toggle_begins_and_ends() {
    let mut meeting = Meeting::of(automatic(AutoRecord::Never), 1);
    let recorded = [true, false, true].map(|_| {
        meeting.chair_presses("3");
        meeting.script.is_recorded()
    });
    assert_eq!(recorded, [true, false, true]);
}

#[test]
fn action_record_pause_interrupts_and_goes_on() {
    let mut meeting = Meeting::of(automatic(AutoRecord::Members(1)), 1);
    meeting.chair_presses("4");
    assert!(meeting.script.tape().1.paused && meeting.script.told("recording paused, by 100"));
    meeting.chair_presses("4");
    assert!(!meeting.script.tape().1.paused && meeting.script.told("recording goes on, by 100"));
    let pauses: Vec<_> =
        meeting.script.marks().into_iter().filter(|mark| mark.starts_with("pause")).collect();
    assert_eq!(pauses, ["pause - on=true", "pause - on=false"]);
}

#[test]
fn sound_recording_paused_is_heard_by_all() {
    let mut meeting = Meeting::of(automatic(AutoRecord::Members(1)), 1);
    meeting.chair_presses("4");
    assert_eq!(meeting.room(), ["recording-paused"]);
}

#[test]
fn sound_recording_resumed_is_heard_by_all() {
    let mut meeting = Meeting::of(automatic(AutoRecord::Members(1)), 1);
    meeting.chair_presses("4");
    meeting.script.finish("recording-paused");
    meeting.chair_presses("4");
    assert_eq!(meeting.room(), ["recording-resumed"]);
}

#[test]
fn a_participant_has_no_right_to_the_keys() {
    let mut meeting = Meeting::new(&[], KEYS, 1);
    let guest = meeting.guests[0];
    meeting.presses(guest, "134");
    assert!(meeting.script.world.tapes.is_empty());
}

#[test]
fn sound_recording_failed_is_heard_by_all_when_the_disk_is_full() {
    let mut meeting = Meeting::of(automatic(AutoRecord::Members(1)), 1);
    meeting.script.started();
    meeting.script.settle();
    meeting.script.stopped(Some("no space left on device"));
    assert_eq!(meeting.room(), ["recording-failed"]);
    assert!(meeting.script.told("room meeting: recording stopped: no space left on device"));
    assert!(!meeting.script.is_recorded());
    meeting.script.wait(600_000);
    assert_eq!(meeting.script.world.tapes.len(), 1);
}

#[test]
fn flag_restart_auto_record_begins_anew_after_a_stop_and_a_while_after_a_fault() {
    let mut settings = automatic(AutoRecord::Members(1));
    profile_of(&mut settings).flags.insert(ConferenceFlag::RestartAutoRecord);
    let mut meeting = Meeting::of(settings, 1);
    meeting.chair_presses("2");
    assert!(meeting.script.is_recorded() && meeting.script.world.tapes.len() == 2);
    meeting.script.stopped(Some("no space left on device"));
    assert!(!meeting.script.is_recorded());
    meeting.script.wait(30_000);
    assert!(meeting.script.is_recorded() && meeting.script.world.tapes.len() == 3);
}

#[test]
fn a_gap_is_told() {
    let mut meeting = Meeting::of(automatic(AutoRecord::Members(1)), 0);
    let (recording, _) = meeting.script.tape();
    meeting.script.input(Input::RecordingGap { recording, lost: Duration::from_millis(1500) });
    assert!(meeting.script.told("room meeting: recording has a gap of 1500 ms"));
}

#[test]
fn the_time_line_tells_who_came_went_talked_was_muted_and_held_and_no_digit() {
    let mut settings = automatic(AutoRecord::Members(1));
    door(&mut settings, "3009", &[MemberFlag::DistDtmf]);
    let mut script = Script::with(settings);
    let chair = script.call("100", "3000");
    let guest = script.call("101", "3009");
    script.input(Input::Talking { leg: guest, on: true });
    script.press(guest, "70");
    script.hold(chair, true);
    script.hang_up(guest);
    let expected = [
        "present 100 role=chair moderator=true muted=false held=false talking=false",
        "join 101 role=member moderator=false muted=false",
        "talk 101 on=true",
        "key 101 ",
        "key 101 ",
        "talk 101 on=false",
        "mute 101 on=true",
        "hold 100 on=true",
        "leave 101 cause=hung up",
    ];
    let mut marks = script.marks();
    let mut expected = expected.map(str::to_owned).to_vec();
    marks[3..7].sort();
    expected[3..7].sort();
    assert_eq!(marks, expected);
    assert!(script.tape().1.marks.iter().skip(1).all(|mark| mark.leg.is_some()));
}

#[test]
fn the_roster_says_that_it_is_recorded() {
    let mut meeting = Meeting::of(automatic(AutoRecord::Never), 0);
    assert!(!meeting.script.roster(meeting.chair).recording);
    meeting.chair_presses("1");
    assert!(meeting.script.roster(meeting.chair).recording);
}
