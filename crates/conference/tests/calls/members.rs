//! What each flag makes of a member.

use confab_conference::{Control, Input, MemberFlag, Settings};

use crate::meeting::{Meeting, door, profile_of, settings};
use crate::script::Script;

const KEYS: &[(&str, &str)] = &[("0", "mute"), ("*1", "invite")];

/// 3000 is the chair's number, 3001 a guest's, 3002 that of a guest with these flags.
fn flagged(flags: &[MemberFlag]) -> Settings {
    let mut settings = settings(&[], KEYS);
    door(&mut settings, "3002", flags);
    settings
}

#[test]
fn flag_mute_joins_muted_and_is_told_so() {
    let mut script = Script::with(flagged(&[MemberFlag::Mute]));
    let leg = script.call("1", "3002");
    assert!(!script.speaks(leg) && script.hears(leg) == Some(0));
    assert!(script.told("1 joined as member, muted"));
    script.finish("alone");
    assert_eq!(script.privately(leg), ["member-enter"]);
    script.finish("member-enter");
    assert_eq!(script.privately(leg), ["muted"]);
    script.press(leg, "0");
    assert!(script.speaks(leg));
}

#[test]
fn flag_deaf_joins_hearing_nothing_of_the_room() {
    let mut script = Script::with(flagged(&[MemberFlag::Deaf]));
    let leg = script.call("1", "3002");
    assert!(script.speaks(leg) && script.hears(leg).is_none());
}

#[test]
fn flag_mute_detect_tells_who_talks_though_muted_and_not_too_often() {
    let mut meeting = Meeting::of(flagged(&[MemberFlag::MuteDetect, MemberFlag::Mute]), 1);
    let leg = meeting.script.call("7", "3002");
    meeting.script.settle();
    assert!(meeting.script.world.lines[&leg].voice.contains(&Control::MuteDetect(true)));
    assert!(meeting.script.world.lines[&meeting.guests[0]].voice.is_empty());
    let hints = |script: &Script| script.events.iter().filter(|event| event.contains("though muted")).count();
    meeting.script.input(Input::MutedTalk { leg });
    assert_eq!(meeting.script.privately(leg), ["mute-detect"]);
    meeting.script.finish_all();
    meeting.script.wait(14_000);
    meeting.script.input(Input::MutedTalk { leg });
    assert!(meeting.script.privately(leg).is_empty() && hints(&meeting.script) == 1);
    meeting.script.wait(1000);
    meeting.script.input(Input::MutedTalk { leg });
    assert_eq!((meeting.script.privately(leg), hints(&meeting.script)), (vec!["mute-detect"], 2));
    meeting.script.press(leg, "0");
    meeting.script.wait(60_000);
    meeting.script.input(Input::MutedTalk { leg });
    assert_eq!(hints(&meeting.script), 2, "he is not muted any more");
}

#[test]
fn flag_dist_dtmf_sends_keys_to_the_others() {
    let mut meeting = Meeting::of(flagged(&[MemberFlag::DistDtmf]), 2);
    let leg = meeting.script.call("7", "3002");
    meeting.script.settle();
    meeting.script.press(leg, "50");
    for other in [meeting.chair, meeting.guests[0], meeting.guests[1]] {
        assert_eq!(meeting.script.world.lines[&other].keys, "50");
    }
    assert!(meeting.script.world.lines[&leg].keys.is_empty());
    assert!(!meeting.script.speaks(leg), "they act all the same");
    meeting.script.press(meeting.guests[0], "7");
    assert!(meeting.script.world.lines[&leg].keys.is_empty(), "others have no such flag");
}

#[test]
fn flag_skip_dtmf_makes_keys_do_nothing() {
    let mut meeting = Meeting::of(flagged(&[MemberFlag::SkipDtmf, MemberFlag::DistDtmf]), 1);
    let leg = meeting.script.call("7", "3002");
    meeting.script.settle();
    meeting.script.press(leg, "0");
    assert!(meeting.script.speaks(leg) && meeting.script.world.lines[&meeting.chair].keys.is_empty());
}

#[test]
fn flag_moderator_has_the_moderators_keys_of_the_profile() {
    let mut settings = flagged(&[MemberFlag::Moderator]);
    let keys = |action: &'static str| crate::meeting::keys(&[("0", action)]);
    settings.roles.get_mut("member").unwrap().keys = confab_conference::KeyMap::default();
    profile_of(&mut settings).caller_controls = keys("mute");
    profile_of(&mut settings).moderator_controls = keys("mute all");
    let mut meeting = Meeting::of(settings, 2);
    let leg = meeting.script.call("7", "3002");
    meeting.script.settle();
    meeting.script.press(leg, "0");
    assert_eq!(meeting.speaking(), [false, false]);
    assert!(meeting.script.speaks(leg) && meeting.script.speaks(meeting.chair));
}

#[test]
fn profile_caller_controls_are_the_keys_of_roles_without_any() {
    let mut settings = flagged(&[]);
    settings.roles.get_mut("member").unwrap().keys = confab_conference::KeyMap::default();
    profile_of(&mut settings).caller_controls = crate::meeting::keys(&[("5", "mute")]);
    let mut meeting = Meeting::of(settings, 1);
    meeting.script.press(meeting.guests[0], "5");
    assert_eq!(meeting.speaking(), [false]);
    meeting.script.press(meeting.chair, "5");
    assert!(!meeting.script.speaks(meeting.chair), "without moderator-controls a moderator has them, too");
}

#[test]
fn profile_moderator_controls_do_not_replace_the_keys_of_a_role() {
    let mut settings = settings(&[("1", "lock")], KEYS);
    profile_of(&mut settings).moderator_controls = crate::meeting::keys(&[("1", "mute all")]);
    let mut meeting = Meeting::of(settings, 1);
    meeting.script.press(meeting.chair, "1");
    assert_eq!(meeting.speaking(), [true]);
    assert!(meeting.script.told("room meeting: locked"));
}

#[test]
fn flag_nomoh_hears_no_music_alone() {
    let mut script = Script::with(flagged(&[MemberFlag::NoMoh]));
    let leg = script.call("1", "3002");
    script.settle();
    assert!(script.in_room(leg).is_empty());
    let mut script = Script::with(flagged(&[]));
    let leg = script.call("1", "3002");
    script.settle();
    assert_eq!(script.in_room(leg), ["moh"]);
}

#[test]
fn flag_ghost_is_neither_counted_nor_announced_but_hears_and_is_heard() {
    let mut settings = flagged(&[MemberFlag::Ghost]);
    profile_of(&mut settings).max_members = Some(1);
    let mut script = Script::with(settings);
    let ghost = script.call("9", "3002");
    assert!(script.speaks(ghost) && script.hears(ghost) == Some(0));
    assert!(!script.told("created"), "a ghost makes no conference");
    script.settle();
    assert!(script.in_room(ghost).is_empty());
    let guest = script.call("1", "3001");
    assert!(script.told("room meeting: 1 joined as member, 1 in the room") && script.told("created"));
    assert_eq!(script.in_room(guest), ["alone"], "he counts as alone");
    script.settle();
    assert_eq!(script.in_room(guest), ["moh"]);
    let roster = script.roster(guest);
    assert_eq!((roster.size, roster.members.len()), (1, 1));
    let second = script.call("8", "3002");
    assert!(script.speaks(second), "nor does the limit count ghosts");
    script.settle();
    assert_eq!(script.in_room(guest), ["moh"]);
    let announced = script.world.announced.len();
    script.hang_up(second);
    script.settle();
    assert_eq!(script.world.announced.len(), announced, "nobody is told that a ghost leaves");
    script.hang_up(guest);
    assert!(script.told("room meeting: ended, the last member left"));
    script.hang_up(ghost);
    assert!(script.world.rooms.is_empty());
}

#[test]
fn flag_quiet_comes_and_goes_without_an_announcement() {
    let mut meeting = Meeting::of(flagged(&[MemberFlag::Quiet]), 1);
    let announced = meeting.script.world.announced.len();
    let leg = meeting.script.call("7", "3002");
    assert!(meeting.script.told("7 joined as member, 3 in the room"));
    meeting.script.settle();
    meeting.script.hang_up(leg);
    meeting.script.settle();
    assert_eq!(meeting.script.world.announced.len(), announced);
}

#[test]
fn flags_of_profile_role_and_route_come_together() {
    let mut settings = flagged(&[MemberFlag::Deaf]);
    profile_of(&mut settings).member_flags = [MemberFlag::Mute].into();
    settings.roles.get_mut("member").unwrap().flags = [MemberFlag::MuteDetect].into();
    let mut script = Script::with(settings);
    let leg = script.call("1", "3002");
    assert_eq!((script.speaks(leg), script.hears(leg)), (false, None));
    assert!(script.world.lines[&leg].voice.contains(&Control::MuteDetect(true)));
}

#[test]
fn profile_member_flags_are_everybodys() {
    let mut settings = flagged(&[]);
    profile_of(&mut settings).member_flags = [MemberFlag::Mute].into();
    let mut meeting = Meeting::of(settings, 2);
    assert_eq!(meeting.speaking(), [false, false]);
    assert!(!meeting.script.speaks(meeting.chair), "as in FreeSWITCH, a moderator's, too");
    let chair = meeting.chair;
    meeting.script.hang_up(chair);
}

#[test]
fn flag_audio_always_opens_every_gate() {
    let mut settings = flagged(&[]);
    profile_of(&mut settings).flags = [confab_conference::ConferenceFlag::AudioAlways].into();
    let mut script = Script::with(settings);
    let leg = script.call("1", "3001");
    assert_eq!(script.world.lines[&leg].voice, [Control::AudioAlways(true)]);
}

#[test]
fn profile_energy_level_is_the_gate_of_all() {
    let mut settings = flagged(&[]);
    profile_of(&mut settings).energy_level = 700;
    let mut script = Script::with(settings);
    let leg = script.call("1", "3001");
    assert_eq!(script.world.lines[&leg].energy, 700);
}

#[test]
fn profile_echo_says_what_is_done_about_it() {
    let mut settings = flagged(&[]);
    profile_of(&mut settings).echo = confab_conference::EchoPolicy::Duck;
    let mut script = Script::with(settings);
    let leg = script.call("1", "3001");
    let duck = Control::Echo(confab_conference::EchoPolicy::Duck);
    assert_eq!(script.world.lines[&leg].voice, [duck]);
}

#[test]
fn profile_conference_flags_are_off_by_default() {
    let mut script = Script::with(flagged(&[]));
    let leg = script.call("1", "3001");
    assert!(script.world.lines[&leg].voice.is_empty() && script.speaks(leg));
}
