//! Toll fraud ends here: who may not invite does not, who may does so often, and nothing comes back to us.

use confab_conference::{Caller, Dialling, Input, MemberFlag, Outcome, Release};

use crate::invites_setup::{begin, hunt, plan, settings, simultaneous};

#[test]
fn a_trunk_caller_calls_nobody_in_a_hundred_tries() {
    let (mut script, trunk, _) = begin(settings());
    for _ in 0..100 {
        script.press(trunk, "*120001");
        script.wait(6000);
    }
    assert!(script.world.dialled.is_empty() && !script.told("invite"));
}

#[test]
fn a_loop_of_keys_places_five_calls_in_ten_minutes() {
    let mut settings = settings();
    plan(&mut settings).limits.per_member = 5;
    let (mut script, _, station) = begin(settings);
    for _ in 0..60 {
        script.invite(station, "20001");
        if let Some(dialled) = script.world.dialled.last().cloned()
            && script.world.lines.contains_key(&dialled.leg)
        {
            script.fail(dialled.leg, Outcome::Busy);
        }
        script.settle_prompts();
        script.wait(5000);
    }
    assert_eq!(script.world.dialled.len(), 5);
    let refused = script.count("refused: too many invites of the member");
    assert_eq!(refused, 55, "each refusal has its event");
}

/// A trunk delivers as `+49…` or `49…` what is typed as `0049…`.
#[test]
fn no_call_comes_back_to_us_by_another_spelling_of_our_number() {
    for (ours, typed) in [
        ("+4930555", ["4930555", "004930555"]),
        ("4930555", ["4930555", "004930555"]),
        ("004930555", ["4930555", "004930555"]),
    ] {
        let mut settings = settings();
        plan(&mut settings).plan.deny.clear();
        settings.routes.push(crate::tutorial::route(ours, "did", "guest"));
        let (mut script, _, station) = begin(settings);
        for number in typed {
            script.invite(station, number);
            assert!(
                script.told(&format!("invite of {number} by 1004 refused: it would call this server")),
                "{number} is {ours}"
            );
            script.settle_prompts();
        }
        assert!(script.targets().is_empty());
    }
}

/// No number of ours is called, whatever its length, and not through a gateway either.
#[test]
fn no_call_comes_back_to_us() {
    let mut settings = settings();
    settings.routes.push(crate::tutorial::route("02125550000", "did", "guest"));
    let (mut script, _, station) = begin(settings);
    for number in ["2000", "2001", "2002", "2003", "1004", "02125550000"] {
        script.invite(station, number);
        assert_eq!(script.privately(station), ["not-allowed-sound"], "{number}");
        assert!(
            script.told(&format!("invite of {number} by 1004 refused: it would call this server")),
            "{number}"
        );
        script.settle_prompts();
    }
    assert!(script.targets().is_empty());
}

#[test]
fn sound_limit_for_every_limit() {
    for (which, why) in [
        (0, "of the member ring"),
        (1, "of the member"),
        (2, "in the room"),
        (3, "the gateway"),
        (4, "24 hours"),
    ] {
        let mut settings = settings();
        let limits = &mut plan(&mut settings).limits;
        match which {
            0 => limits.pending_per_member = 0,
            1 => limits.per_member = 0,
            2 => limits.live_per_room = 0,
            3 => settings.outcalls.live_per_gateway = 0,
            _ => settings.outcalls.per_day = 0,
        }
        let (mut script, _, station) = begin(settings);
        script.invite(station, "20001");
        assert_eq!(script.privately(station), ["limit-sound"], "{why}");
        assert!(script.told("refused: too many") && script.told(why), "{why}: {:?}", script.events);
        assert!(script.targets().is_empty());
    }
}

#[test]
fn all_at_once_counts_each_call_of_the_room() {
    let mut settings = settings();
    plan(&mut settings).limits.live_per_room = 2;
    hunt(&mut settings, &["1005", "1006", "1007"], simultaneous());
    let (mut script, _, station) = begin(settings);
    script.invite(station, "1005");
    assert!(script.targets().is_empty() && script.told("too many invited in the room"));
}

/// A gateway that is full is passed over; if there is no other way, the inviter hears of the limit.
#[test]
fn a_hunt_passes_over_a_full_gateway() {
    let mut settings = settings();
    settings.outcalls.live_per_gateway = 1;
    let confirm = Dialling { confirm: Some(false), ..Dialling::default() };
    hunt(&mut settings, &["20005", "1006"], confirm);
    let (mut script, _, station) = begin(settings);
    script.invite(station, "20001");
    script.settle_prompts();
    script.invite(station, "1005");
    assert_eq!(script.targets(), ["gateway/mygw/20001", "user/1006"]);
    script.settle_prompts();
    script.fail(script.call_of("1006"), Outcome::Unreachable);
    assert_eq!(script.privately(station), ["unreachable-sound"]);
}

#[test]
fn an_end_is_told_with_what_the_other_side_said() {
    let (mut script, _, station) = begin(settings());
    script.invite(station, "1005");
    let release = Release { status: Some(486), q850: Some(17) };
    script.input(Input::Failed { leg: script.call_of("1005"), outcome: Outcome::Busy, release });
    assert!(script.told("room 1004: invite of user/1005 by 1004: busy (486, Q.850 17)"));
}

/// The flags of the plan, of a list and of an outcall are those of who joins.
#[test]
fn who_is_invited_has_the_flags_of_his_invite() {
    let mut settings = settings();
    plan(&mut settings).flags = [MemberFlag::Mute].into();
    let (mut script, _, station) = begin(settings);
    let invited = script.joined(station, "1005");
    assert!(!script.speaks(invited));
    let mut settings = crate::invites_setup::settings();
    crate::invites_setup::list(&mut settings, &["1005"], Dialling::default());
    let outcall = &mut settings.lists.get_mut("board").unwrap().outcalls[0];
    (outcall.flags, outcall.role) = ([MemberFlag::Deaf].into(), "station".to_owned());
    let (mut script, _, station) = begin(settings);
    script.press(station, "*5");
    let called = script.call_of("1005");
    script.answer(called);
    assert!(script.speaks(called) && script.hears(called).is_none());
    assert!(script.told("1005 joined as station"));
}

/// A phone that picks the call up, or takes it over, stands for the one that was called.
#[test]
fn who_takes_an_invited_call_over_is_taken_back_in_its_place() {
    for answered in [false, true] {
        let (mut script, _, station) = begin(settings());
        script.invite(station, "1005");
        let called = script.call_of("1005");
        if answered {
            script.answer(called);
        }
        let new = script.replace(called, Caller { number: "1009".to_owned(), ..Caller::default() });
        script.settle_prompts();
        assert!(script.speaks(new), "answered before: {answered}");
        script.press(station, "*2");
        assert!(script.ended(new).is_some(), "answered before: {answered}");
    }
}

/// What a caller is called, and what he types, never becomes more than a number.
#[test]
fn what_is_typed_is_a_number_or_nothing() {
    let (mut script, _, station) = begin(settings());
    for keys in ["12*4", "1A05", "*2*2", "####"] {
        script.press(station, "*1");
        script.press(station, keys);
        script.wait(10_000);
        script.settle_prompts();
    }
    assert!(script.targets().is_empty());
}
