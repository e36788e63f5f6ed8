//! Who gets into a room, and who waits in front of it.

use confab_conference::{Cause, ConferenceFlag, Cue, LegId, MemberFlag, PinRole, RosterState, Settings};

use crate::meeting::{Meeting, door, profile_of, settings};
use crate::script::Script;

const CHAIR: &[(&str, &str)] = &[("1", "lock"), ("2", "admit"), ("3", "deny")];

fn with(flags: &[ConferenceFlag]) -> Settings {
    let mut settings = settings(CHAIR, &[("0", "mute")]);
    profile_of(&mut settings).flags = flags.iter().copied().collect();
    settings
}

/// Whether he hears music and nothing of the room, nor it him.
fn waits(script: &mut Script, leg: LegId) -> bool {
    script.settle();
    !script.speaks(leg) && script.hears(leg).is_none() && script.privately(leg) == ["moh"]
}

fn is_in(script: &Script, leg: LegId) -> bool {
    script.speaks(leg) && script.hears(leg) == Some(0)
}

#[test]
fn flag_wait_mod_keeps_all_waiting_for_the_first_moderator() {
    let mut script = Script::with(with(&[ConferenceFlag::WaitMod]));
    let [anne, bob] = ["1", "2"].map(|number| script.call(number, "3001"));
    assert_eq!(script.privately(anne), ["wait-for-leader"]);
    assert!(waits(&mut script, anne) && waits(&mut script, bob));
    assert!(!script.told("created") && !script.told("joined"));
    assert!(script.told("1 waiting") && script.roster(anne).members[0].state == RosterState::Waiting);
    let chair = script.call("100", "3000");
    assert!([anne, bob, chair].iter().all(|leg| is_in(&script, *leg)));
    assert!(script.told("1 not waiting") && script.told("2 joined as member, 3 in the room"));
    assert_eq!(script.privately(anne), ["place-into-conference"]);
    script.hang_up(chair);
    assert!(is_in(&script, anne), "the conference has begun");
    let late = script.call("3", "3001");
    assert!(is_in(&script, late));
}

#[test]
fn sound_wait_for_leader_and_sound_place_into_conference_frame_the_wait() {
    let mut script = Script::with(with(&[ConferenceFlag::WaitMod]));
    let anne = script.call("1", "3001");
    assert_eq!(script.privately(anne), ["wait-for-leader"]);
    script.finish("wait-for-leader");
    assert_eq!(script.privately(anne), ["moh"]);
    script.call("100", "3000");
    assert_eq!(script.privately(anne), ["place-into-conference"]);
}

#[test]
fn sound_begin_is_heard_by_all_when_those_who_waited_join() {
    let mut script = Script::with(with(&[ConferenceFlag::WaitMod]));
    let chair = script.call("100", "3000");
    script.settle();
    script.hang_up(chair);
    script.call("1", "3001");
    let chair = script.call("100", "3000");
    script.settle();
    let count =
        |script: &Script| script.world.announced.iter().flatten().filter(|cue| *cue == "begin").count();
    assert_eq!(count(&script), 1);
    script.call("100", "3000");
    script.settle();
    assert_eq!(count(&script), 1, "nobody waited any more");
    assert!(script.speaks(chair));
}

#[test]
fn flag_permanent_wait_mod_makes_them_wait_again() {
    let mut script = Script::with(with(&[ConferenceFlag::WaitMod, ConferenceFlag::PermanentWaitMod]));
    let anne = script.call("1", "3001");
    let chair = script.call("100", "3000");
    assert!(is_in(&script, anne));
    script.press(anne, "0");
    script.hang_up(chair);
    assert!(waits(&mut script, anne) && script.told("1 left, waits for a leader, 0 in the room"));
    let again = script.call("100", "3000");
    assert_eq!((script.speaks(anne), script.hears(anne)), (false, Some(0)), "as muted as he was");
    script.hang_up(again);
    script.hang_up(anne);
    assert!(script.world.rooms.is_empty());
}

#[test]
fn who_is_sent_back_while_he_types_a_number_types_no_more() {
    let mut settings = with(&[]);
    settings.roles.get_mut("member").unwrap().keys = crate::meeting::keys(&[("*1", "invite")]);
    settings.roles.get_mut("member").unwrap().invite = Some(crate::tutorial::plan());
    door(&mut settings, "3002", &[MemberFlag::WaitMarked]);
    door(&mut settings, "3003", &[MemberFlag::Marked]);
    let mut script = Script::with(settings);
    let marked = script.call("1", "3003");
    let bound = script.call("2", "3002");
    script.settle();
    script.press(bound, "*1100");
    script.hang_up(marked);
    assert_eq!(script.privately(bound), ["wait-for-leader"]);
    script.call("1", "3003");
    script.settle();
    assert!(is_in(&script, bound));
    script.press(bound, "5#");
    assert!(script.world.dialled.is_empty());
}

#[test]
fn who_leaves_while_he_waits_leaves_nothing() {
    let mut script = Script::with(with(&[ConferenceFlag::WaitMod]));
    let anne = script.call("1", "3001");
    script.hang_up(anne);
    assert!(script.world.rooms.is_empty() && !script.told("left"));
    assert_eq!(script.conferences_timeout(), None);
}

#[test]
fn flag_wait_marked_and_flag_marked() {
    let mut settings = with(&[]);
    door(&mut settings, "3002", &[MemberFlag::WaitMarked]);
    door(&mut settings, "3003", &[MemberFlag::Marked]);
    let mut script = Script::with(settings);
    let plain = script.call("1", "3001");
    let bound = script.call("2", "3002");
    assert!(is_in(&script, plain) && waits(&mut script, bound));
    let chair = script.call("100", "3000");
    assert!(waits(&mut script, bound), "a moderator is not marked");
    let marked = script.call("3", "3003");
    assert!(is_in(&script, bound));
    let second = script.call("4", "3003");
    script.hang_up(marked);
    assert!(is_in(&script, bound));
    script.hang_up(second);
    assert!(waits(&mut script, bound) && is_in(&script, plain) && is_in(&script, chair));
}

#[test]
fn flag_marked_waits_for_nobody_though_others_of_his_role_do() {
    let mut settings = with(&[]);
    settings.roles.get_mut("member").unwrap().flags = [MemberFlag::WaitMarked].into();
    door(&mut settings, "3003", &[MemberFlag::Marked]);
    let mut script = Script::with(settings);
    let (bound, marked) = (script.call("1", "3001"), script.call("2", "3003"));
    assert!(is_in(&script, marked) && is_in(&script, bound));
}

#[test]
fn flag_join_only_joins_a_conference_and_makes_none() {
    let mut settings = with(&[]);
    door(&mut settings, "3002", &[MemberFlag::JoinOnly]);
    let mut script = Script::with(settings.clone());
    let early = script.call("1", "3002");
    assert_eq!(script.privately(early), ["join-only"]);
    assert!(script.told("refused: there is no conference yet"));
    script.finish("join-only");
    assert!(script.ended(early).is_some() && script.world.rooms.is_empty());
    script.call("2", "3001");
    let late = script.call("3", "3002");
    assert!(is_in(&script, late));
    profile_of(&mut settings).sounds.set(Cue::JoinOnly, Vec::new());
    let mut script = Script::with(settings);
    let early = script.call("1", "3002");
    assert_eq!(script.world.rejected[&early], 480, "without a sound he is not answered");
}

#[test]
fn sound_join_only_is_heard_by_who_is_refused() {
    let mut settings = with(&[]);
    door(&mut settings, "3002", &[MemberFlag::JoinOnly]);
    let mut script = Script::with(settings);
    let leg = script.call("1", "3002");
    assert_eq!((script.privately(leg), script.hears(leg)), (vec!["join-only"], None));
}

#[test]
fn profile_max_members_does_not_count_moderators() {
    let mut settings = with(&[]);
    profile_of(&mut settings).max_members = Some(2);
    let mut script = Script::with(settings);
    let chairs = [script.call("100", "3000"), script.call("100", "3000")];
    let guests = [script.call("1", "3001"), script.call("2", "3001")];
    assert!(chairs.iter().chain(&guests).all(|leg| is_in(&script, *leg)));
    let third = script.call("3", "3001");
    assert_eq!(script.privately(third), ["max-members"]);
    assert!(script.told("call of 3 to 3001 refused with 486: the room is full"));
    script.finish("max-members");
    assert_eq!(script.ended(third), Some(Cause::Normal));
    let chair = script.call("100", "3000");
    assert!(is_in(&script, chair), "a moderator gets into a full room");
    script.hang_up(guests[0]);
    let fourth = script.call("4", "3001");
    assert!(is_in(&script, fourth));
}

#[test]
fn sound_max_members_is_heard_by_who_is_refused() {
    let mut settings = with(&[]);
    profile_of(&mut settings).max_members = Some(1);
    let mut script = Script::with(settings);
    script.call("1", "3001");
    let leg = script.call("2", "3001");
    assert_eq!((script.privately(leg), script.hears(leg)), (vec!["max-members"], None));
}

#[test]
fn those_who_wait_count_as_members() {
    let mut settings = with(&[ConferenceFlag::WaitMod]);
    profile_of(&mut settings).max_members = Some(2);
    let mut script = Script::with(settings);
    let legs = ["1", "2", "3"].map(|number| script.call(number, "3001"));
    assert_eq!(script.privately(legs[2]), ["max-members"]);
}

#[test]
fn action_lock_keeps_guests_out_but_no_moderator_and_nobody_who_is_called() {
    let mut settings = with(&[]);
    settings.roles.get_mut("chair").unwrap().keys = crate::meeting::keys(&[("1", "lock"), ("*1", "invite")]);
    settings.roles.get_mut("chair").unwrap().invite = Some(crate::tutorial::plan());
    let mut meeting = Meeting::of(settings, 1);
    meeting.chair_presses("1");
    assert!(meeting.script.told("room meeting: locked"));
    assert_eq!(meeting.room(), ["is-locked"]);
    let refused = meeting.script.call("7", "3001");
    assert_eq!(meeting.script.privately(refused), ["locked"]);
    let chair = meeting.script.call("100", "3000");
    assert!(is_in(&meeting.script, chair));
    let station = meeting.chair;
    let invited = meeting.script.invited(station, "1005");
    meeting.script.answer(invited);
    assert!(is_in(&meeting.script, invited));
    meeting.script.settle();
    meeting.chair_presses("1");
    assert_eq!(meeting.room(), ["is-unlocked"]);
    let late = meeting.script.call("8", "3001");
    assert!(is_in(&meeting.script, late));
}

#[test]
fn sound_locked_is_heard_by_who_is_refused() {
    let mut meeting = Meeting::of(with(&[]), 1);
    meeting.chair_presses("1");
    let refused = meeting.script.call("7", "3001");
    meeting.script.finish("locked");
    assert_eq!(meeting.script.ended(refused), Some(Cause::Normal));
}

#[test]
fn a_lock_does_not_outlive_its_conference() {
    let mut meeting = Meeting::of(with(&[]), 0);
    meeting.chair_presses("1");
    let waiting = meeting.script.call("7", "3001");
    assert_eq!(meeting.script.privately(waiting), ["locked"]);
    let chair = meeting.chair;
    meeting.script.hang_up(chair);
    let guest = meeting.script.call("8", "3001");
    assert!(is_in(&meeting.script, guest));
}

#[test]
fn action_admit_lets_in_and_action_deny_sends_away_the_first_who_waits() {
    let mut meeting = Meeting::of(with(&[ConferenceFlag::Lobby]), 2);
    let (anne, bob) = (meeting.guests[0], meeting.guests[1]);
    meeting.chair_presses("3");
    meeting.script.finish("kicked");
    assert!(meeting.script.ended(anne).is_some());
    meeting.chair_presses("2");
    assert!(is_in(&meeting.script, bob));
    meeting.script.settle();
    assert_eq!(meeting.chair_presses("3"), ["nobody-waits"]);
}

#[test]
fn action_deny_is_for_moderators() {
    let mut settings = with(&[ConferenceFlag::Lobby]);
    settings.roles.get_mut("member").unwrap().keys = crate::meeting::keys(&[("3", "deny"), ("2", "admit")]);
    let mut meeting = Meeting::of(settings, 2);
    let anne = meeting.guests[0];
    meeting.chair_presses("2");
    meeting.script.press(anne, "32");
    assert!(waits(&mut meeting.script, meeting.guests[1]));
}

#[test]
fn sound_lobby_sound_knock_and_sound_admitted_go_with_the_lobby() {
    let mut meeting = Meeting::of(with(&[ConferenceFlag::Lobby]), 0);
    let anne = meeting.script.call("1", "3001");
    assert_eq!(
        (meeting.script.privately(anne), meeting.script.privately(meeting.chair)),
        (vec!["lobby"], vec!["knock"])
    );
    meeting.script.settle();
    meeting.chair_presses("2");
    assert_eq!(meeting.script.privately(anne), ["admitted"]);
}

#[test]
fn sound_nobody_waits_answers_a_vain_admit() {
    let mut meeting = Meeting::of(with(&[]), 1);
    assert_eq!(meeting.chair_presses("2"), ["nobody-waits"]);
}

#[test]
fn flag_knock_lets_a_moderator_open_the_locked_room() {
    let mut meeting = Meeting::of(with(&[ConferenceFlag::Knock]), 1);
    meeting.chair_presses("1");
    meeting.script.settle();
    let [anne, bob, carl] = ["7", "8", "9"].map(|number| meeting.script.call(number, "3001"));
    assert_eq!(meeting.script.privately(meeting.chair), ["knock"]);
    assert_eq!(meeting.script.privately(anne), ["lobby"]);
    assert!(waits(&mut meeting.script, anne) && waits(&mut meeting.script, bob));
    meeting.chair_presses("2");
    assert!(is_in(&meeting.script, anne) && !is_in(&meeting.script, bob), "one at a time, the first first");
    assert_eq!(meeting.script.privately(anne), ["admitted"]);
    meeting.chair_presses("3");
    assert_eq!(meeting.script.privately(bob), ["kicked"]);
    meeting.script.finish("kicked");
    assert!(meeting.script.ended(bob).is_some() && !is_in(&meeting.script, carl));
    meeting.chair_presses("1");
    assert!(is_in(&meeting.script, carl), "the room is open again");
}

#[test]
fn flag_lobby_keeps_all_waiting_whom_no_moderator_admits() {
    let mut meeting = Meeting::of(with(&[ConferenceFlag::Lobby]), 2);
    let (anne, bob) = (meeting.guests[0], meeting.guests[1]);
    assert!(waits(&mut meeting.script, anne) && is_in(&meeting.script, meeting.chair));
    meeting.chair_presses("2");
    meeting.chair_presses("2");
    assert!(is_in(&meeting.script, anne) && is_in(&meeting.script, bob));
    meeting.script.settle();
    assert_eq!(meeting.chair_presses("2"), ["nobody-waits"]);
}

#[test]
fn a_moderator_who_comes_late_hears_that_somebody_waits() {
    let mut script = Script::with(with(&[ConferenceFlag::Lobby]));
    let anne = script.call("1", "3001");
    script.settle();
    let chair = script.call("100", "3000");
    assert_eq!(script.privately(chair), ["knock"]);
    assert!(waits(&mut script, anne));
}

#[test]
fn flag_skip_lobby_need_not_wait() {
    let mut settings = with(&[ConferenceFlag::Lobby]);
    door(&mut settings, "3002", &[MemberFlag::SkipLobby]);
    let mut script = Script::with(settings);
    let leg = script.call("1", "3002");
    assert!(is_in(&script, leg));
}

#[test]
fn who_is_admitted_may_still_have_to_wait_for_a_marked_member() {
    let mut settings = with(&[ConferenceFlag::Lobby]);
    door(&mut settings, "3002", &[MemberFlag::WaitMarked]);
    door(&mut settings, "3003", &[MemberFlag::Marked, MemberFlag::SkipLobby]);
    let mut meeting = Meeting::of(settings, 0);
    let anne = meeting.script.call("1", "3002");
    meeting.script.settle();
    meeting.chair_presses("2");
    assert!(waits(&mut meeting.script, anne));
    meeting.script.settle();
    assert_eq!(meeting.chair_presses("2"), ["nobody-waits"], "he was admitted");
    meeting.script.call("2", "3003");
    assert!(is_in(&meeting.script, anne));
}

fn pins(settings: &mut Settings) {
    let guest = PinRole::guest("1234".parse().unwrap());
    let chair = PinRole::moderator("123456".parse().unwrap(), Some("chair".to_owned()));
    profile_of(settings).pins = vec![guest, chair];
}

#[test]
fn profile_pin_lets_a_guest_in() {
    let mut settings = with(&[]);
    profile_of(&mut settings).pins = vec![PinRole::guest("1234".parse().unwrap())];
    let mut script = Script::with(settings);
    let leg = script.call("1", "3001");
    assert_eq!(script.privately(leg), ["pin"]);
    script.press(leg, "1234");
    assert!(is_in(&script, leg) && script.told("1 joined as member"));
}

#[test]
fn profile_moderator_pin_makes_a_moderator() {
    let mut settings = with(&[]);
    pins(&mut settings);
    let mut script = Script::with(settings);
    let [guest, chair] = ["1", "2"].map(|number| script.call(number, "3001"));
    script.press(chair, "123456");
    assert!(script.told("2 joined as chair"));
    script.press(guest, "1234");
    assert!(!script.told("1 joined"), "it could become the other PIN");
    script.wait(1500);
    assert!(script.told("1 joined as member"));
    script.settle();
    script.press(guest, "1");
    assert!(!script.told("locked"));
    script.press(chair, "1");
    assert!(script.told("locked"));
    assert!(script.world.rejected.is_empty() && !script.told("wrong"));
}

#[test]
fn a_moderator_pin_without_a_role_keeps_the_role_of_the_route() {
    let mut settings = with(&[ConferenceFlag::WaitMod]);
    profile_of(&mut settings).pins =
        vec![PinRole::guest("1111".parse().unwrap()), PinRole::moderator("2222".parse().unwrap(), None)];
    let mut script = Script::with(settings);
    let guest = script.call("1", "3001");
    script.press(guest, "1111");
    assert!(waits(&mut script, guest));
    let chair = script.call("2", "3001");
    script.press(chair, "2222");
    assert!(script.told("2 joined as member") && is_in(&script, guest));
}

#[test]
fn a_moderator_by_pin_gets_into_a_full_and_locked_room() {
    let mut settings = with(&[]);
    pins(&mut settings);
    profile_of(&mut settings).max_members = Some(1);
    let mut script = Script::with(settings);
    let first = script.call("1", "3001");
    script.press(first, "1234#");
    let [guest, chair] = ["2", "3"].map(|number| script.call(number, "3001"));
    script.press(guest, "1234#");
    assert_eq!(script.privately(guest), ["max-members"]);
    script.press(chair, "123456");
    assert!(script.told("3 joined as chair"));
}

#[test]
fn profile_pin_retries_hold_for_the_moderators_pin_as_well() {
    let mut settings = with(&[]);
    pins(&mut settings);
    profile_of(&mut settings).pin_retries = 2;
    let mut script = Script::with(settings);
    let leg = script.call("1", "3001");
    script.press(leg, "123457");
    assert_eq!(script.privately(leg), ["bad-pin", "pin"]);
    script.press(leg, "654321");
    script.finish("bad-pin");
    assert!(script.ended(leg).is_some());
    for _ in 0..4 {
        let leg = script.call("1", "3001");
        script.press(leg, "999999");
        script.hang_up(leg);
    }
    let leg = script.call("1", "3001");
    assert_eq!(script.world.rejected[&leg], 403, "guesses of either PIN count");
}

#[test]
fn profile_ivr_input_timeout_is_the_time_for_a_pin() {
    let mut settings = with(&[]);
    pins(&mut settings);
    profile_of(&mut settings).pin_timeout = std::time::Duration::from_secs(3);
    let mut script = Script::with(settings);
    let leg = script.call("1", "3001");
    script.finish("pin");
    script.wait(2999);
    assert!(script.privately(leg).is_empty());
    script.wait(1);
    assert_eq!(script.privately(leg), ["bad-pin", "pin"]);
}

#[test]
fn profile_ivr_dtmf_timeout_ends_a_pin_that_could_become_another() {
    let mut settings = with(&[]);
    pins(&mut settings);
    profile_of(&mut settings).digit_timeout = std::time::Duration::from_millis(700);
    let mut script = Script::with(settings);
    let leg = script.call("1", "3001");
    script.press(leg, "1234");
    script.wait(499);
    assert!(!script.told("joined"));
    script.wait(1);
    assert!(script.told("1 joined as member"));
}

#[test]
fn a_pin_that_came_with_the_call_is_not_asked_for() {
    let mut settings = with(&[]);
    pins(&mut settings);
    let mut script = Script::with(settings);
    let with_pin = |pin: &str| confab_conference::Caller {
        number: "5".into(),
        pin: Some(pin.parse().unwrap()),
        ..confab_conference::Caller::default()
    };
    let right = script.arrive(with_pin("123456"), "3001");
    assert!(is_in(&script, right) && script.told("5 joined as chair"));
    let wrong = script.arrive(with_pin("4711"), "3001");
    assert_eq!(script.privately(wrong), ["bad-pin", "pin"]);
    assert!(script.told("5 gave a wrong PIN, tries left: 2") && !script.told("4711"));
    script.press(wrong, "123456");
    assert!(is_in(&script, wrong));
}
