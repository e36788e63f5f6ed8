//! How conferences end by themselves, and who ends with whom.

use std::time::Duration;

use confab_conference::{Cause, Input, LegId, MemberFlag, Settings};

use crate::meeting::{Meeting, door, profile_of, settings};
use crate::script::Script;

/// 3001 is a plain guest's number, 3002 that of a guest with these flags.
fn flagged(flags: &[MemberFlag]) -> Settings {
    let mut settings = settings(&[], &[]);
    door(&mut settings, "3002", flags);
    settings
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn out(script: &mut Script, leg: LegId) -> bool {
    script.finish_all();
    script.ended(leg) == Some(Cause::Normal)
}

#[test]
fn flag_mandatory_member_endconf_ends_the_conference_with_him() {
    let mut script = Script::with(flagged(&[MemberFlag::MandatoryMemberEndConf]));
    let guest = script.call("1", "3001");
    let [one, two] = ["2", "3"].map(|number| script.call(number, "3002"));
    script.hang_up(one);
    assert!(script.told("room meeting: ended, its caller left"));
    assert!(out(&mut script, guest) && out(&mut script, two));
    assert!(script.world.rooms.is_empty());
}

#[test]
fn flag_endconf_ends_the_conference_with_the_last_of_them() {
    let mut script = Script::with(flagged(&[MemberFlag::EndConf]));
    let guest = script.call("1", "3001");
    let [one, two] = ["2", "3"].map(|number| script.call(number, "3002"));
    script.hang_up(one);
    assert!(script.speaks(guest));
    script.hang_up(two);
    assert!(script.told("room meeting: ended, nobody is left who leads it"));
    assert_eq!(script.privately(guest), ["kicked"]);
    assert!(out(&mut script, guest));
}

fn with_grace() -> (Script, LegId, LegId) {
    let mut settings = flagged(&[MemberFlag::EndConf]);
    profile_of(&mut settings).ends.grace = seconds(60);
    let mut script = Script::with(settings);
    let (guest, lead) = (script.call("1", "3001"), script.call("2", "3002"));
    script.settle();
    script.hang_up(lead);
    (script, guest, lead)
}

#[test]
fn profile_endconf_grace_time_warns_and_waits() {
    let (mut script, guest, _) = with_grace();
    assert!(script.told("room meeting: ends in 60 s, nobody is left who leads it"));
    assert_eq!(script.in_room(guest), ["ending-soon", "d/60.wav", "seconds"], "at once, before the rest");
    script.wait(59_999);
    assert!(script.speaks(guest));
    script.wait(1);
    assert!(script.told("ended, nobody is left who leads it") && out(&mut script, guest));
    assert!(script.world.rooms.is_empty());
}

#[test]
fn sound_ending_soon_is_followed_by_the_time_that_is_left() {
    let mut settings = flagged(&[]);
    profile_of(&mut settings).ends.max_duration = Some(seconds(3600));
    profile_of(&mut settings).ends.warnings = vec![seconds(600)];
    let mut script = Script::with(settings);
    let guest = script.call("1", "3001");
    script.settle();
    script.wait(3_000_000 - 60_000);
    assert_eq!(script.in_room(guest), ["ending-soon", "d/10.wav", "minutes"]);
}

#[test]
fn sound_seconds_and_sound_minutes_follow_the_number() {
    for (grace, told) in [(119, ["d/1.wav", "seconds"]), (120, ["d/2.wav", "minutes"])] {
        let mut settings = flagged(&[MemberFlag::EndConf]);
        profile_of(&mut settings).ends.grace = seconds(grace);
        let mut script = Script::with(settings);
        let (guest, lead) = (script.call("1", "3001"), script.call("2", "3002"));
        script.settle();
        script.hang_up(lead);
        let heard = script.in_room(guest);
        assert_eq!((heard[0], heard[1], heard[heard.len() - 1]), ("ending-soon", told[0], told[1]));
    }
}

#[test]
fn who_leads_may_come_back_within_the_grace_time() {
    let (mut script, guest, _) = with_grace();
    script.wait(30_000);
    let again = script.call("2", "3002");
    assert!(script.told("room meeting: goes on"));
    script.wait(120_000);
    assert!(script.speaks(guest) && script.speaks(again));
}

#[test]
fn a_conference_that_empties_within_the_grace_time_is_over() {
    let (mut script, guest, _) = with_grace();
    script.hang_up(guest);
    assert!(script.told("ended, the last member left") && script.world.rooms.is_empty());
    assert_eq!(script.conferences_timeout(), None);
}

#[test]
fn flag_mintwo_ends_the_conference_with_fewer_than_two() {
    let mut script = Script::with(flagged(&[MemberFlag::MinTwo]));
    let one = script.call("1", "3002");
    assert!(script.speaks(one), "he may wait for the second");
    let [two, three] = ["2", "3"].map(|number| script.call(number, "3001"));
    script.hang_up(one);
    assert!(script.speaks(two));
    script.hang_up(three);
    assert!(script.told("room meeting: ended, fewer than two were left"));
    assert!(out(&mut script, two));
}

#[test]
fn flag_end_marked_ends_him_with_the_last_marked_member() {
    let mut settings = flagged(&[MemberFlag::EndMarked]);
    door(&mut settings, "3003", &[MemberFlag::Marked]);
    let mut script = Script::with(settings);
    let (plain, bound) = (script.call("1", "3001"), script.call("2", "3002"));
    let [first, last] = ["3", "4"].map(|number| script.call(number, "3003"));
    script.hang_up(first);
    assert!(script.speaks(bound));
    script.hang_up(last);
    assert_eq!(script.privately(bound), ["leader-has-left"]);
    assert!(script.told("2 left, kicked, 1 in the room") && out(&mut script, bound));
    assert!(script.speaks(plain), "the conference goes on");
}

#[test]
fn flag_end_marked_any_ends_him_with_any_marked_member() {
    let mut settings = flagged(&[MemberFlag::EndMarkedAny]);
    door(&mut settings, "3003", &[MemberFlag::Marked]);
    let mut script = Script::with(settings);
    let bound = script.call("2", "3002");
    let [first, last] = ["3", "4"].map(|number| script.call(number, "3003"));
    script.hang_up(first);
    assert!(out(&mut script, bound) && script.speaks(last));
}

#[test]
fn sound_leader_has_left_is_heard_by_who_is_put_out_with_the_leader() {
    let mut settings = flagged(&[MemberFlag::EndMarked, MemberFlag::WaitMarked]);
    door(&mut settings, "3003", &[MemberFlag::Marked]);
    let mut script = Script::with(settings);
    let (marked, bound) = (script.call("3", "3003"), script.call("2", "3002"));
    script.hang_up(marked);
    assert_eq!((script.privately(bound), script.hears(bound)), (vec!["leader-has-left"], None));
}

#[test]
fn profile_terminate_on_silence_ends_a_conference_in_which_nobody_talks() {
    let mut settings = flagged(&[]);
    profile_of(&mut settings).ends.silence = Some(seconds(30));
    let mut script = Script::with(settings);
    let one = script.call("1", "3001");
    script.wait(100_000);
    assert!(script.speaks(one), "who is alone waits for others");
    let two = script.call("2", "3001");
    script.wait(29_000);
    script.input(Input::Talking { leg: two, on: true });
    script.wait(60_000);
    script.input(Input::Talking { leg: two, on: false });
    script.wait(29_999);
    assert!(script.speaks(one));
    script.wait(1);
    assert!(script.told("room meeting: ended, nobody talked"));
    assert!(out(&mut script, one) && out(&mut script, two));
}

#[test]
fn profile_max_duration_ends_the_conference_after_warnings() {
    let mut settings = flagged(&[]);
    let ends = &mut profile_of(&mut settings).ends;
    ends.max_duration = Some(seconds(1000));
    ends.warnings = vec![seconds(60), seconds(300)];
    let mut script = Script::with(settings);
    let first = script.call("1", "3001");
    script.wait(500_000);
    let leg = script.call("2", "3001");
    script.hang_up(first);
    script.wait(500_000);
    for warning in ["ends in 300 s, time limit", "ends in 60 s, time limit"] {
        assert_eq!(script.events.iter().filter(|event| event.contains(warning)).count(), 1);
    }
    assert!(script.told("room meeting: ended, time limit") && out(&mut script, leg));
}

#[test]
fn profile_duration_warnings_are_heard_by_all() {
    let mut settings = flagged(&[]);
    let ends = &mut profile_of(&mut settings).ends;
    (ends.max_duration, ends.warnings) = (Some(seconds(300)), vec![seconds(120), seconds(30), seconds(900)]);
    let mut script = Script::with(settings);
    let leg = script.call("1", "3001");
    script.settle();
    script.wait(120_000);
    assert_eq!(script.in_room(leg), ["ending-soon", "d/2.wav", "minutes"]);
    script.finish_all();
    script.wait(90_000);
    assert_eq!(script.in_room(leg), ["ending-soon", "d/30.wav", "seconds"]);
    assert_eq!(
        script.events.iter().filter(|event| event.contains("ends in")).count(),
        2,
        "900 s are no warning"
    );
}

#[test]
fn profile_linger_keeps_the_empty_conference_for_a_while() {
    let mut settings = settings(&[("1", "lock")], &[]);
    profile_of(&mut settings).ends.linger = seconds(60);
    let mut meeting = Meeting::of(settings, 0);
    meeting.chair_presses("1");
    let chair = meeting.chair;
    meeting.script.hang_up(chair);
    meeting.script.wait(30_000);
    let early = meeting.script.call("1", "3001");
    assert_eq!(meeting.script.privately(early), ["locked"], "the lock is still there");
    meeting.script.finish_all();
    assert!(!meeting.script.told("ended"));
    meeting.script.wait(30_000);
    assert!(meeting.script.told("room meeting: ended, the last member left"));
    assert!(meeting.script.world.rooms.is_empty());
    let late = meeting.script.call("1", "3001");
    assert!(meeting.script.speaks(late));
}

#[test]
fn who_comes_back_to_a_lingering_conference_finds_it_going_on() {
    let mut settings = flagged(&[]);
    profile_of(&mut settings).ends.linger = seconds(60);
    let mut script = Script::with(settings);
    let leg = script.call("1", "3001");
    script.hang_up(leg);
    script.wait(59_000);
    let again = script.call("1", "3001");
    script.wait(120_000);
    assert!(script.speaks(again));
    assert_eq!(script.events.iter().filter(|event| event.contains("created")).count(), 1);
}

/// Each of them ends all the others; they go at once, and not one within the other.
#[test]
fn a_thousand_who_end_with_each_other_end() {
    let mut settings = flagged(&[MemberFlag::Marked, MemberFlag::EndMarkedAny]);
    settings.max_legs = 2000;
    let mut script = Script::with(settings);
    let all: Vec<_> = (0..1000).map(|number| script.call(&number.to_string(), "3002")).collect();
    script.hang_up(all[0]);
    script.wait(3000);
    assert!(all[1..].iter().all(|leg| script.ended(*leg) == Some(Cause::Normal)));
    assert!(script.world.rooms.is_empty() && script.world.playing.is_empty());
}

#[test]
fn the_last_who_is_not_sent_back_is_told_that_he_is_alone() {
    let mut settings = flagged(&[MemberFlag::WaitMarked]);
    door(&mut settings, "3003", &[MemberFlag::Marked]);
    let mut script = Script::with(settings);
    let (plain, marked) = (script.call("1", "3001"), script.call("3", "3003"));
    script.call("2", "3002");
    script.settle();
    script.hang_up(marked);
    script.finish("exit");
    assert_eq!(script.in_room(plain), ["alone"]);
}

#[test]
fn a_warning_that_comes_a_moment_late_tells_the_time_that_was_meant() {
    for (before, spoken) in [(seconds(10), ["d/10.wav", "seconds"]), (seconds(300), ["d/5.wav", "minutes"])] {
        let mut settings = flagged(&[]);
        let ends = &mut profile_of(&mut settings).ends;
        (ends.max_duration, ends.warnings) = (Some(seconds(600)), vec![before]);
        let mut script = Script::with(settings);
        let leg = script.call("1", "3001");
        script.settle();
        let late = script.conferences_timeout().unwrap() + Duration::from_millis(40);
        script.conferences().handle_timeout(late);
        script.hold(leg, true);
        assert_eq!(script.in_room(leg), ["ending-soon", spoken[0], spoken[1]]);
        assert!(script.told(&format!("ends in {} s", before.as_secs())));
    }
}
