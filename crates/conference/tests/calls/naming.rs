//! Names that are recorded on entering.

use std::time::Duration;

use confab_conference::{AnnounceNames, ClipId, Input, LegId};

use crate::meeting::{Meeting, profile_of, settings};

fn meeting(names: AnnounceNames) -> Meeting {
    let mut settings = settings(&[("1", "roll call")], &[]);
    profile_of(&mut settings).announce_names = names;
    let mut meeting = Meeting::begun(settings);
    let chair = meeting.chair;
    meeting.script.finish("record-name");
    meeting.say(chair, 900);
    meeting.script.settle();
    meeting
}

impl Meeting {
    /// He has said his name, which is so long, ms.
    fn say(&mut self, leg: LegId, ms: u64) -> ClipId {
        let clip = self.script.world.naming.remove(&leg).expect("he is asked for his name");
        self.script.input(Input::NameRecorded { leg, clip, length: Duration::from_millis(ms) });
        clip
    }

    /// He is asked for his name, and says it.
    fn named(&mut self, number: &str) -> (LegId, String) {
        let leg = self.script.call(number, "3001");
        self.script.finish("record-name");
        let clip = self.say(leg, 800);
        (leg, clip.sound())
    }
}

#[test]
fn profile_announce_names_on_announces_by_name() {
    let mut meeting = meeting(AnnounceNames::On);
    let (leg, name) = meeting.named("201");
    assert_eq!(meeting.room(), [name.as_str(), "has-joined"]);
    assert!(meeting.script.speaks(leg));
}

#[test]
fn sound_record_name_asks_for_it_before_he_is_in_the_room() {
    let mut meeting = meeting(AnnounceNames::On);
    let leg = meeting.script.call("201", "3001");
    assert_eq!(meeting.script.privately(leg), ["record-name"]);
    assert!(!meeting.script.speaks(leg) && meeting.script.hears(leg).is_none() && meeting.room() == ["moh"]);
    assert!(!meeting.script.world.naming.contains_key(&leg), "the question first");
    meeting.script.press(leg, "5");
    assert!(meeting.script.privately(leg).is_empty(), "a key ends the question");
    assert!(meeting.script.world.naming.contains_key(&leg));
}

#[test]
fn sound_has_joined_follows_the_name() {
    let mut meeting = meeting(AnnounceNames::On);
    let (_, name) = meeting.named("201");
    assert_eq!(meeting.room(), [name.as_str(), "has-joined"]);
}

#[test]
fn sound_has_left_follows_the_name_which_is_forgotten_then() {
    let mut meeting = meeting(AnnounceNames::On);
    let (leg, name) = meeting.named("201");
    meeting.script.settle();
    meeting.script.hang_up(leg);
    assert_eq!(meeting.room(), [name.as_str(), "has-left"]);
    assert_eq!(meeting.script.world.clips.len(), 2);
    meeting.script.finish("has-left");
    assert_eq!(meeting.script.world.clips.len(), 1, "the chair's");
}

#[test]
fn names_of_several_are_spoken_together() {
    let mut meeting = meeting(AnnounceNames::On);
    let names: Vec<_> = ["201", "202", "203"].into_iter().map(|number| meeting.named(number).1).collect();
    assert_eq!(meeting.room(), [names[0].as_str(), "has-joined"]);
    meeting.script.finish("has-joined");
    meeting.script.wait(2000);
    assert_eq!(meeting.room(), [names[1].as_str(), names[2].as_str(), "have-joined"]);
}

#[test]
fn profile_announce_names_review_lets_him_hear_and_repeat_it() {
    let mut meeting = meeting(AnnounceNames::Review);
    let (leg, first) = meeting.named("201");
    assert_eq!(meeting.script.privately(leg), [first.as_str(), "review-name"]);
    meeting.script.press(leg, "2");
    assert_eq!(meeting.script.privately(leg), ["record-name"]);
    meeting.script.finish("record-name");
    let second = meeting.say(leg, 700).sound();
    meeting.script.press(leg, "1");
    assert_eq!(meeting.room(), [second.as_str(), "has-joined"]);
    assert_eq!(meeting.script.world.clips.len(), 2, "the first one is forgotten");
}

#[test]
fn sound_review_name_is_followed_by_a_choice_that_need_not_be_made() {
    let mut meeting = meeting(AnnounceNames::Review);
    let (leg, name) = meeting.named("201");
    meeting.script.finish("review-name");
    meeting.script.wait(7999);
    assert!(!meeting.script.speaks(leg));
    meeting.script.wait(1);
    assert!(meeting.script.speaks(leg));
    assert_eq!(meeting.room(), [name.as_str(), "has-joined"]);
}

#[test]
fn who_says_nothing_is_asked_twice_and_has_no_name() {
    let mut meeting = meeting(AnnounceNames::On);
    let leg = meeting.script.call("201", "3001");
    meeting.script.finish("record-name");
    meeting.say(leg, 100);
    assert_eq!(meeting.script.privately(leg), ["record-name"]);
    meeting.script.finish("record-name");
    meeting.say(leg, 0);
    assert_eq!(meeting.room(), ["enter"]);
    assert_eq!(meeting.script.world.clips.len(), 1);
}

#[test]
fn a_recording_that_never_ends_holds_nobody_up() {
    let mut meeting = meeting(AnnounceNames::On);
    let leg = meeting.script.call("201", "3001");
    meeting.script.finish("record-name");
    meeting.script.wait(10_000);
    assert!(meeting.script.speaks(leg));
    let clip = meeting.script.world.naming[&leg];
    meeting.script.input(Input::NameRecorded { leg, clip, length: Duration::from_secs(1) });
    assert_eq!(meeting.script.world.clips.len(), 1);
}

#[test]
fn who_leaves_while_he_is_asked_leaves_nothing() {
    let mut meeting = meeting(AnnounceNames::Review);
    let leg = meeting.script.call("201", "3001");
    meeting.script.finish("record-name");
    meeting.script.hang_up(leg);
    assert_eq!(meeting.script.world.clips.len(), 1);
    meeting.script.hang_up(meeting.chair);
    assert!(meeting.script.world.clips.is_empty(), "nor does the last member");
    assert!(meeting.script.world.rooms.is_empty());
}

#[test]
fn a_roll_call_names_who_has_a_name() {
    let mut meeting = meeting(AnnounceNames::On);
    let (_, name) = meeting.named("201");
    meeting.script.settle();
    let roll = meeting.chair_presses("1");
    assert_eq!(roll[..2], ["d/2.wav", "roll-call"]);
    assert!(roll[2].starts_with("clip://") && roll[3] == name, "{roll:?}");
}

/// The last place goes to who has said his name first; the other one was let in at the door, too.
#[test]
fn a_room_that_was_filled_meanwhile_takes_nobody_who_gave_his_name() {
    let mut settings = settings(&[("2", "lock")], &[]);
    let profile = profile_of(&mut settings);
    (profile.announce_names, profile.max_members) = (AnnounceNames::On, Some(1));
    let mut meeting = Meeting::begun(settings);
    meeting.script.finish("record-name");
    meeting.say(meeting.chair, 900);
    let [first, second] = ["201", "202"].map(|number| meeting.script.call(number, "3001"));
    meeting.script.finish_all();
    meeting.say(first, 800);
    meeting.say(second, 800);
    assert!(meeting.script.speaks(first));
    assert_eq!(meeting.script.privately(second), ["max-members"]);
    assert!(meeting.script.told("202") && !meeting.script.told("202 joined"));
    meeting.script.settle();
    assert!(meeting.script.ended(second).is_some());
    assert_eq!(meeting.script.world.clips.len(), 2, "his name is forgotten");
}
